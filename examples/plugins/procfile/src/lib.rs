//! Reads a Procfile, as foreman, honcho, overmind and Heroku have it: a list of programs, one in a line, as
//! `NAME: COMMAND`, and beside it perhaps a file `.env`.
//!
//! Tests are in `tests.rs`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use runwisp_plugin::schemars::{self, JsonSchema};
use runwisp_plugin::{
    Conversion, Definition, Descriptor, Importer, Kind, Note, Place, Row, Setting, Source, Weight,
    files,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// What users may say about an import.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// How many of each program run, as foreman takes it: `all=1,web=2`. One of each, left out.
    formation: Option<String>,
    /// The port of the first program; the next one has it 100 higher. 5000, left out.
    #[serde(default = "first_port")]
    port: u16,
}

fn first_port() -> u16 {
    5000
}

/// The importer.
pub struct Procfile;

impl Importer for Procfile {
    type Options = Options;

    fn describe() -> Descriptor {
        Descriptor::new("procfile", env!("CARGO_PKG_VERSION"), "Imports a Procfile")
            .settings::<Options>()
    }

    fn probe(path: Option<&str>, head: &[u8]) -> u8 {
        let file = path.and_then(|path| path.rsplit('/').next());
        if file.is_some_and(|name| name == "Procfile" || name.starts_with("Procfile.")) {
            return 95;
        }
        let text = String::from_utf8_lossy(head);
        let mut lines = text.lines().filter(|line| !is_blank(line)).peekable();
        match lines.peek().is_some() && lines.all(|line| program(line).is_some()) {
            true => 30,
            false => 0,
        }
    }

    fn convert(sources: &[Source], options: &Options) -> Result<Conversion, Vec<Note>> {
        let formation = formation(options.formation.as_deref().unwrap_or_default())?;
        let mut conversion = Conversion {
            definitions: Vec::new(),
            report: Vec::new(),
            notes: Vec::new(),
            retirement: vec!["stop what runs the Procfile, such as `foreman start`".into()],
        };
        for source in sources {
            let text = String::from_utf8_lossy(&source.bytes);
            let around = Around::of(source, &mut conversion.notes);
            let lines = text.lines().zip(1..).filter(|(line, _)| !is_blank(line));
            for (line, number) in lines {
                let place = around.place(number);
                let programs = conversion.definitions.len() as u16;
                let port = options.port.saturating_add(programs.saturating_mul(100));
                convert_line(line, place, &around, &formation, port, &mut conversion);
            }
        }
        Ok(conversion)
    }
}

runwisp_plugin::importer!(Procfile);

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// Name and command of a line.
fn program(line: &str) -> Option<(&str, &str)> {
    let (name, command) = line.split_once(':')?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    let (name, command) = (name.trim(), command.trim());
    (!name.is_empty() && name.chars().all(plain) && !command.is_empty()).then_some((name, command))
}

/// How many of each run, from `all=1,web=2`.
fn formation(text: &str) -> Result<BTreeMap<String, u32>, Vec<Note>> {
    let pair = |part: &str| {
        let (name, count) = part.split_once('=')?;
        Some((name.trim().to_owned(), count.trim().parse().ok()?))
    };
    let parts = text.split(',').filter(|part| !part.trim().is_empty());
    let pairs: Option<BTreeMap<String, u32>> = parts.map(pair).collect();
    pairs.ok_or_else(|| {
        let nowhere = Place {
            file: None,
            line: 1,
        };
        let message = "the option `formation` is not NAME=NUMBER,…";
        vec![note("bad-option", Weight::Blocking, message, nowhere)]
    })
}

fn note(code: &str, weight: Weight, message: impl Into<String>, source: Place) -> Note {
    Note {
        code: code.into(),
        weight,
        message: message.into(),
        source,
    }
}

/// What surrounds the programs of a Procfile.
struct Around {
    file: Option<String>,
    folder: Option<String>,
    env_file: Option<String>,
}

impl Around {
    /// Looks for `.env` in the folder of a Procfile. Its values stay in it: they may be secrets.
    fn of(source: &Source, notes: &mut Vec<Note>) -> Around {
        let folder = source
            .path
            .as_deref()
            .and_then(|path| path.rsplit_once('/'));
        let found = source
            .path
            .as_deref()
            .map(|path| files::read(Some(path), ".env"));
        let mut around = Around {
            file: source.path.clone(),
            folder: folder.map(|(folder, _)| folder.to_owned()),
            env_file: None,
        };
        match found {
            Some(Ok(content)) => around.env_file = Some(content.path),
            Some(Err(files::Error::Missing(_))) | None => {}
            Some(Err(_)) => {
                let message = "`.env` beside the Procfile could not be read; set `env_file` if the programs need it";
                notes.push(note(
                    "env-unreadable",
                    Weight::Changed,
                    message,
                    around.place(1),
                ));
            }
        }
        around
    }

    fn place(&self, line: u32) -> Place {
        Place {
            file: self.file.clone(),
            line,
        }
    }
}

/// One row of the report for every line, and a service where there is one.
fn convert_line(
    line: &str,
    place: Place,
    around: &Around,
    formation: &BTreeMap<String, u32>,
    port: u16,
    conversion: &mut Conversion,
) {
    let mut row = Row {
        section: program(line).map_or(line.trim(), |(name, _)| name).into(),
        source: place.clone(),
        definitions: Vec::new(),
        notes: Vec::new(),
    };
    let wanted = |name: &str| formation.get(name).or(formation.get("all")).copied();
    match program(line) {
        None => {
            let message = "this line is not `NAME: COMMAND`";
            row.notes
                .push(note("not-a-program", Weight::Blocking, message, place));
        }
        Some((name, _)) if wanted(name) == Some(0) => {
            let message = "the formation has none of it";
            row.notes
                .push(note("none-wanted", Weight::Info, message, place));
        }
        Some((name, command)) => {
            // Heroku runs this one before a release, and not again.
            let kind = if name == "release" {
                Kind::Task
            } else {
                Kind::Service
            };
            if kind == Kind::Task {
                let message =
                    "a task without a schedule: run it before a release, with `runwisp run`";
                row.notes
                    .push(note("release", Weight::Changed, message, place.clone()));
            }
            let count = wanted(name).unwrap_or(1);
            row.definitions.push(conversion.definitions.len() as u32);
            conversion.definitions.push(Definition {
                kind,
                name: name.into(),
                settings: settings(kind, command, count, port, around),
                comments: Vec::new(),
                source: place,
                runnable: true,
            });
        }
    }
    conversion.report.push(row);
}

fn settings(kind: Kind, command: &str, count: u32, port: u16, around: &Around) -> Vec<Setting> {
    let several = kind == Kind::Service && count > 1;
    let has_port = kind == Kind::Service && command.contains("PORT");
    let run = match has_port && several {
        // Each instance has a port of its own, as foreman gives it.
        true => format!("export PORT=$(({port} + RUNWISP_INSTANCE_INDEX)); exec {command}"),
        false => command.to_owned(),
    };
    let env_port = (has_port && !several).then(|| json!(port.to_string()));
    [
        (["run"].as_slice(), Some(json!(run))),
        (&["working_dir"], around.folder.clone().map(Value::from)),
        (&["env_file"], around.env_file.clone().map(Value::from)),
        (&["env", "PORT"], env_port),
        (&["instances"], several.then(|| json!(count))),
    ]
    .into_iter()
    .filter_map(|(path, value)| {
        Some(Setting {
            path: path.iter().map(|key| (*key).into()).collect(),
            value: value?.to_string(),
            note: None,
        })
    })
    .collect()
}
