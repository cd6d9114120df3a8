//! The importer plugin: found, asked, and held to what it may read.

use std::path::{Path, PathBuf};

use runwisp_plugin_host::{Conversion, Entry, Level, Limits, Note, PluginKind, Plugins};
use serde_json::{Map, Value};

use super::sources::Sources;
use crate::cli::context::Context;
use crate::cli::plugin::{failure, registry};
use crate::plugins::{Plugin, Registry};
use crate::wire::Problem;

/// How sure an importer has to be before it is chosen.
const SURE: u8 = 30;

/// The plugins, and the way to run them.
pub(super) struct Host {
    registry: Registry,
    plugins: Plugins,
}

impl Host {
    pub(super) fn open(context: &Context) -> Result<Host, Problem> {
        let registry = registry(context)?;
        let plugins = registry.place().open().map_err(failure::open)?;
        Ok(Host { registry, plugins })
    }

    /// The importers there are.
    pub(super) fn importers(&self) -> Vec<String> {
        let mut names = self.registry.names();
        names.retain(|name| self.kind(name) == Some(PluginKind::Importer));
        names
    }

    /// What a plugin is for; one that the configuration names has to be loaded for that.
    fn kind(&self, name: &str) -> Option<PluginKind> {
        let plugin = self.named(name).ok()?;
        plugin
            .kind
            .or_else(|| Some(self.loaded(&plugin).ok()?.kind()))
    }

    fn named(&self, name: &str) -> Result<Plugin, Problem> {
        match self.registry.find(name) {
            Some(found) => found.map_err(|error| failure::load(name, &error)),
            None => Err(failure::unknown(name, &self.registry.names())),
        }
    }

    fn loaded(
        &self,
        plugin: &Plugin,
    ) -> Result<std::sync::Arc<runwisp_plugin_host::Plugin>, Problem> {
        self.plugins
            .wait(self.plugins.get(&plugin.component))
            .map_err(|error| failure::load(&plugin.name, &error))
    }

    /// The importer that knows the sources best.
    pub(super) fn probe(&self, read: &Sources) -> Result<String, Problem> {
        let mut scores: Vec<(u8, String)> = Vec::new();
        for name in self.importers() {
            // An importer that does not load does not know the source, whoever wrote it.
            let Ok(loaded) = self.named(&name).and_then(|plugin| self.loaded(&plugin)) else {
                continue;
            };
            // All sources are of one kind, so the least sure answer counts.
            let mut least = 100;
            for source in &read.sources {
                let call = loaded.probe(source.path.clone(), source.bytes.clone());
                // An importer that fails here does not know the source.
                least = least.min(self.plugins.wait(call).answer.unwrap_or(0));
            }
            scores.push((least, name));
        }
        scores.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        match scores.as_slice() {
            [(best, name), rest @ ..]
                if *best >= SURE && rest.first().is_none_or(|(next, _)| next < best) =>
            {
                Ok(name.clone())
            }
            _ => {
                let names: Vec<&str> = scores.iter().map(|(_, name)| name.as_str()).collect();
                let message = format!("could not tell what {} is", read.title());
                Err(Problem::new("import.unreadable", message).help(format!(
                    "Name its importer: `runwisp import {} …`.",
                    names.join("` or `runwisp import ")
                )))
            }
        }
    }

    /// Converts the sources.
    pub(super) fn convert(
        &self,
        importer: &str,
        read: &Sources,
        allowed: &[PathBuf],
        given: &[String],
        context: &Context,
    ) -> Result<Conversion, Problem> {
        let mut plugin = self.named(importer)?;
        for path in read.folders.iter().chain(allowed) {
            allow(&mut plugin, path)?;
        }
        let loaded = self.loaded(&plugin)?;
        let terms = plugin.terms(Limits::import(), Vec::new());
        let options = plugin.with_shared(&options(given, "--option")?);
        let call = loaded.convert(terms, read.sources.clone(), &options);
        let call = self.plugins.wait(call);
        for entry in &call.exchange.entries {
            match entry {
                Entry::Line {
                    level: Level::Warning | Level::Error,
                    message,
                } => {
                    context.out.message(&format!("{importer}: {message}"));
                }
                Entry::Line { message, .. } => {
                    context.out.detail(&format!("{importer}: {message}"));
                }
                Entry::Call(call) => context.out.detail(&format!("{importer}: {}", call.asked)),
            }
        }
        let answer = call
            .answer
            .map_err(|error| failure::call(importer, &error))?;
        match answer {
            Ok(conversion) => Ok(told(conversion, read)),
            Err(notes) => Err(unreadable(importer, read, &notes)),
        }
    }
}

fn allow(plugin: &mut Plugin, path: &Path) -> Result<(), Problem> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut both = vec![absolute.clone()];
    both.extend(
        std::fs::canonicalize(&absolute)
            .ok()
            .filter(|real| *real != absolute),
    );
    for path in both {
        let word = format!("files:{}", path.display());
        plugin.grants.add_word(&word).map_err(|bad| {
            Problem::new(
                "request.invalid",
                format!("could not allow {}: {bad}", path.display()),
            )
        })?;
    }
    Ok(())
}

/// `KEY=VALUE`, where a value is JSON or else text, and a key may lead into a table with dots.
pub(in crate::cli) fn options(given: &[String], flag: &str) -> Result<Value, Problem> {
    let mut all = Value::Object(Map::new());
    for option in given {
        let wrong = || {
            Problem::new(
                "request.invalid",
                format!("`{flag} {option}` is not KEY=VALUE"),
            )
        };
        let (key, value) = option.split_once('=').ok_or_else(wrong)?;
        if key.is_empty() {
            return Err(wrong());
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        let mut at = &mut all;
        for part in key.split('.') {
            if !at.is_object() && !at.is_null() {
                return Err(wrong());
            }
            at = &mut at[part];
        }
        *at = value;
    }
    Ok(all)
}

/// The conversion in the user's words: no path that stands for standard input, and the flag where a grant is missing.
fn told(mut conversion: Conversion, read: &Sources) -> Conversion {
    let own = |place: &mut runwisp_plugin_host::Place| {
        if place.file.is_some() && place.file == read.stdin_path {
            place.file = None;
        }
    };
    for definition in &mut conversion.definitions {
        own(&mut definition.source);
    }
    let whole = conversion.notes.iter_mut();
    for row in &mut conversion.report {
        own(&mut row.source);
        for note in &mut row.notes {
            own(&mut note.source);
            flag(&mut note.message);
        }
    }
    for note in whole {
        own(&mut note.source);
        flag(&mut note.message);
    }
    conversion
}

/// What a refusal of the host asks for, as the flag that gives it.
fn flag(message: &mut String) {
    const GRANT: &str = "it needs the grant `files:";
    if message.contains(GRANT) {
        *message = message.replace(GRANT, "allow it with `--allow-read ");
    }
}

fn unreadable(importer: &str, read: &Sources, notes: &[Note]) -> Problem {
    let said: Vec<String> = notes
        .iter()
        .map(|note| {
            let mut message = note.message.clone();
            flag(&mut message);
            match note
                .source
                .file
                .as_ref()
                .filter(|file| Some(*file) != read.stdin_path.as_ref())
            {
                Some(file) => format!("{file}:{}: {message} ({})", note.source.line, note.code),
                None => format!("line {}: {message} ({})", note.source.line, note.code),
            }
        })
        .collect();
    let problem = Problem::new(
        "import.unreadable",
        format!("could not read {} as {importer} would", read.title()),
    );
    Problem {
        rendered: Some(said.join("\n")),
        ..problem
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_are_json_or_text() {
        let options = |all: &[&str]| {
            let all: Vec<String> = all.iter().map(|o| (*o).to_owned()).collect();
            super::options(&all, "--option").map_err(|p| p.code)
        };
        assert_eq!(
            options(&["system=true", "env.HOME=/root", "env.N=\"1\"", "x=a=b"]),
            Ok(json!({"system": true, "env": {"HOME": "/root", "N": "1"}, "x": "a=b"}))
        );
        for wrong in [&["system"][..], &["=1"], &["a=1", "a.b=2"]] {
            assert_eq!(options(wrong), Err("request.invalid".to_owned()));
        }
    }

    #[test]
    fn a_refusal_names_the_flag() {
        let mut message = "/etc/x/a is not granted; it needs the grant `files:/etc/x`".to_owned();
        flag(&mut message);
        assert_eq!(
            message,
            "/etc/x/a is not granted; allow it with `--allow-read /etc/x`"
        );
    }
}
