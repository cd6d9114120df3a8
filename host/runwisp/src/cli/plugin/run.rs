//! `runwisp plugin run`: one call of a plugin, outside of any daemon, with all that it did. The author's loop.
//!
//! The plugin is granted what it asks for: whoever runs a file on their own terminal trusts it that far.
//!
//! Invariant: no setting that may be a secret is shown.

use runwisp_plugin_host::{
    CallError, Component, Conversion, Entry, Exchange, Failure, Grants, Limits, Note, PluginKind,
    Plugins, Receipt, Source, Terms,
};
use serde_json::{Value, json};

use super::{failure, fetch, look, registry, sample};
use crate::cli::context::Context;
use crate::cli::import::options;
use crate::import::{self, Existing, Purpose};
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// What is called, and with what.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The component, or the name of a plugin
    file: String,
    /// For an importer: what to convert
    sources: Vec<String>,
    /// For a notifier: the kind of event, such as failed, recovered, or service.fatal
    #[arg(long, value_name = "KIND", default_value = "failed")]
    event: String,
    /// For a notifier: what stands behind the colon of `id:target`
    #[arg(long)]
    target: Option<String>,
    /// A setting, or an option of an importer; the value is JSON or else text
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Send nothing; the plugin is told that all went well
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Calls it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let registry = registry(context)?;
    let setup = runwisp_plugin_host::Setup {
        dry_run: args.dry_run,
        ..registry.place().setup()
    };
    let plugins = Plugins::open(setup).map_err(failure::open)?;
    let component = match registry.find(&args.file) {
        Some(found) => {
            found
                .map_err(|error| failure::load(&args.file, &error))?
                .component
        }
        None => Component::bytes(&args.file, fetch::fetch(&plugins, &args.file, None)?.bytes),
    };
    let inspection = look::inspect(&plugins, &component)?;
    let settings = options(&args.settings, "--set")?;
    let mut grants = crate::plugins::asked(&inspection);
    let loaded = plugins
        .wait(plugins.get(&component))
        .map_err(|error| failure::load(&args.file, &error))?;
    match inspection.kind {
        PluginKind::Notifier => {
            let (event, surroundings) = sample::event(&args.event, args.target.clone())?;
            let terms = Terms::delivery(grants, secrets(&settings));
            let call = plugins.wait(loaded.deliver(terms, &settings, event, surroundings));
            shown(context, &call.exchange)?;
            delivered(context, &call.exchange, call.answer)
        }
        PluginKind::Importer => {
            let sources = read(&args.sources, &mut grants)?;
            let terms = Terms {
                grants,
                limits: Limits::import(),
                secrets: Vec::new(),
            };
            let call = plugins.wait(loaded.convert(terms, sources, &settings));
            shown(context, &call.exchange)?;
            converted(context, &call.exchange, call.answer)
        }
    }
}

/// The texts of an importer, whose folders it may read.
fn read(files: &[String], grants: &mut Grants) -> Result<Vec<Source>, Problem> {
    let mut sources = Vec::new();
    for file in files {
        let fetched = fetch::fetch_file(std::path::Path::new(file))?;
        let folder = std::path::Path::new(&fetched.source).parent();
        if let Some(folder) = folder {
            let word = format!("files:{}", folder.display());
            grants.add_word(&word).map_err(|bad| {
                Problem::new("request.invalid", format!("could not allow {file}: {bad}"))
            })?;
        }
        sources.push(Source {
            path: Some(fetched.source),
            bytes: fetched.bytes,
        });
    }
    Ok(sources)
}

/// Log lines and host calls, in their order, for people.
fn shown(context: &Context, exchange: &Exchange) -> Result<(), Problem> {
    if context.out.json {
        return Ok(());
    }
    for entry in &exchange.entries {
        match entry {
            Entry::Line { level, message } => {
                let level = format!("{level:?}").to_lowercase();
                context.out.line(&format!("{level}: {message}"))?;
            }
            Entry::Call(call) => {
                let outcome = match &call.outcome {
                    Ok(outcome) => outcome,
                    Err(why) => why,
                };
                context.out.line(&format!(
                    "{} → {outcome} ({} ms)",
                    call.asked,
                    call.took.as_millis()
                ))?;
                for (mark, text) in [(">", &call.sent), ("<", &call.received)] {
                    for line in text.lines() {
                        context.out.line(&format!("  {mark} {line}"))?;
                    }
                }
            }
        }
    }
    if exchange.dropped > 0 {
        context
            .out
            .line(&format!("and {} lines and calls more", exchange.dropped))?;
    }
    for line in exchange.output.lines() {
        context.out.line(&format!("output: {line}"))?;
    }
    Ok(())
}

fn delivered(
    context: &Context,
    exchange: &Exchange,
    answer: Result<Result<Receipt, Failure>, CallError>,
) -> Result<Exit, Problem> {
    let (result, message) = match &answer {
        Ok(Ok(receipt)) => (
            "delivered",
            receipt.note.clone().or(receipt.reference.clone()),
        ),
        Ok(Err(Failure::Config(why))) => ("config", Some(why.clone())),
        Ok(Err(Failure::Rejected(why))) => ("rejected", Some(why.clone())),
        Ok(Err(Failure::Retry(later))) => ("retry", Some(later.message.clone())),
        Err(error) => ("no answer", Some(error.to_string())),
    };
    finish(context, exchange, result, message.as_deref())?;
    Ok(if result == "delivered" {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn converted(
    context: &Context,
    exchange: &Exchange,
    answer: Result<Result<Conversion, Vec<Note>>, CallError>,
) -> Result<Exit, Problem> {
    match answer {
        Ok(Ok(conversion)) => {
            let imported = import::import(&conversion, &Existing::default(), Purpose::File);
            if !context.out.json {
                context.out.text(&imported.toml)?;
                context.out.text(&import::people(&imported, false))?;
            }
            let said = import::summary(&imported);
            finish(context, exchange, "converted", Some(&said))?;
            Ok(if imported.blocked() {
                Exit::Failed
            } else {
                Exit::Done
            })
        }
        Ok(Err(notes)) => {
            let said: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
            finish(context, exchange, "not its format", Some(&said.join("; ")))?;
            Ok(Exit::BadConfig)
        }
        Err(error) => {
            finish(context, exchange, "no answer", Some(&error.to_string()))?;
            Ok(Exit::Failed)
        }
    }
}

fn finish(
    context: &Context,
    exchange: &Exchange,
    result: &str,
    message: Option<&str>,
) -> Result<(), Problem> {
    if context.out.json {
        return context.out.document(json!({
            "result": result,
            "message": message,
            "exchange": exchange,
        }));
    }
    let message = message.map(|text| format!(": {text}")).unwrap_or_default();
    context.out.line(&format!(
        "{result}{message}\n{} ms, of them {} ms computing; {} of memory",
        exchange.wall.as_millis(),
        exchange.processor.as_millis(),
        crate::human::size(exchange.memory as u64)
    ))
}

/// The settings that may be secret, by what they are called.
fn secrets(settings: &Value) -> Vec<String> {
    const NAMES: [&str; 7] = [
        "pass", "secret", "token", "key", "webhook", "auth", "header",
    ];
    let Some(settings) = settings.as_object() else {
        return Vec::new();
    };
    let named = settings.iter().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        NAMES.iter().any(|part| name.contains(part))
    });
    named
        .flat_map(|(_, value)| crate::plugins::texts(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_like_a_secret_is_one() {
        let settings = json!({
            "url": "https://h", "webhook_url": "https://s", "token": "t", "headers": {"X": "v"}, "port": 1
        });
        assert_eq!(secrets(&settings), ["v", "t", "https://s"]);
    }
}
