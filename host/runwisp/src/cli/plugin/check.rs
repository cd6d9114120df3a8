//! `runwisp plugin check`: whether a component is a plugin that this version can run, and how it behaves when it is
//! given nonsense. Nothing is granted to it.

use runwisp_plugin_host::{CallError, Component, Inspection, PluginKind, Plugins, Source, Terms};
use serde_json::{Value, json};

use super::{failure, fetch, look, registry, show};
use crate::cli::context::Context;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// Which file.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The component
    file: String,
}

/// A call with nonsense, and what came of it.
struct Trial {
    what: &'static str,
    ended: Result<(), String>,
}

/// Checks it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    check(context, &args.file)
}

/// Checks a file.
pub(super) fn check(context: &Context, file: &str) -> Result<Exit, Problem> {
    let registry = registry(context)?;
    let plugins = registry.place().open().map_err(failure::open)?;
    let fetched = fetch::fetch(&plugins, file, None)?;
    let component = Component::bytes(file, fetched.bytes);
    let inspection = look::inspect(&plugins, &component)?;
    let schema: Result<Value, _> = serde_json::from_str(&inspection.descriptor.settings_schema);
    let mut trials = vec![Trial {
        what: "its schema is JSON",
        ended: schema.as_ref().map(drop).map_err(ToString::to_string),
    }];
    trials.extend(tried(&plugins, &component, inspection.kind)?);
    let failed = trials.iter().any(|trial| trial.ended.is_err());
    let schema = schema.unwrap_or_default();
    if context.out.json {
        context
            .out
            .document(document(&inspection, &schema, &trials))?;
    } else {
        for line in look::who(&inspection, &fetched.source) {
            context.out.line(&line)?;
        }
        context.out.line(&format!(
            "  ready after {} ms, compiling included where it was new",
            inspection.load_time.as_millis()
        ))?;
        context.out.line("\nIt asks to")?;
        let words = crate::plugins::asked(&inspection).words();
        for line in look::wishes(&words) {
            context.out.line(&line)?;
        }
        if words.is_empty() {
            context.out.line("  nothing beyond writing log lines")?;
        }
        context.out.line("\nSettings")?;
        for line in show::settings(&schema) {
            context.out.line(&line)?;
        }
        context.out.line("")?;
        for trial in &trials {
            let line = match &trial.ended {
                Ok(()) => format!("✓ {}", trial.what),
                Err(why) => format!("! {}: {why}", trial.what),
            };
            context.out.line(&line)?;
        }
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// Calls it with nonsense. Saying that it is nonsense is the right answer; no answer is not.
fn tried(
    plugins: &Plugins,
    component: &Component,
    kind: PluginKind,
) -> Result<Vec<Trial>, Problem> {
    let plugin = plugins
        .wait(plugins.get(component))
        .map_err(|error| failure::load(component.name(), &error))?;
    let ended = |answer: Result<(), CallError>| answer.map_err(|error| error.to_string());
    let garbage = json!({"": [null, {"x": -1.5}], "url": 7, "\u{1F980}": "\u{0}", "to": [[]]});
    let noise: Vec<u8> = (0..4096u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let mut trials = Vec::new();
    match kind {
        PluginKind::Notifier => {
            for (what, settings) in [
                ("it answers about no settings", json!({})),
                ("it answers about settings that make no sense", garbage),
            ] {
                let call = plugins.wait(plugin.check(&settings, Vec::new()));
                trials.push(Trial {
                    what,
                    ended: ended(call.answer.map(drop)),
                });
            }
        }
        PluginKind::Importer => {
            let call = plugins.wait(plugin.probe(None, noise.clone()));
            trials.push(Trial {
                what: "it answers whether noise is its own",
                ended: ended(call.answer.map(drop)),
            });
            for (what, bytes, options) in [
                ("it converts an empty text", Vec::new(), json!({})),
                ("it converts noise", noise, json!({})),
                (
                    "it converts with options that make no sense",
                    Vec::new(),
                    garbage,
                ),
            ] {
                let source = Source { path: None, bytes };
                let terms = Terms::import(runwisp_plugin_host::Grants::default());
                let call = plugins.wait(plugin.convert(terms, vec![source], &options));
                trials.push(Trial {
                    what,
                    ended: ended(call.answer.map(drop)),
                });
            }
        }
    }
    Ok(trials)
}

fn document(inspection: &Inspection, schema: &Value, trials: &[Trial]) -> Value {
    let trials: Vec<Value> = trials
        .iter()
        .map(|trial| json!({"what": trial.what, "passed": trial.ended.is_ok(), "message": trial.ended.as_ref().err()}))
        .collect();
    json!({
        "name": inspection.descriptor.name,
        "kind": inspection.kind,
        "version": inspection.descriptor.version,
        "interface": inspection.interface,
        "summary": inspection.descriptor.summary,
        "sha256": inspection.digest,
        "size_bytes": inspection.size,
        "load_ms": u64::try_from(inspection.load_time.as_millis()).unwrap_or(u64::MAX),
        "needs": crate::plugins::asked(inspection),
        "imports": inspection.imports,
        "settings_schema": schema,
        "trials": trials,
    })
}
