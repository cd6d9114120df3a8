//! `runwisp plugin list`: every plugin that can be named.

use runwisp_plugin_host::{LoadError, Plugins};
use serde_json::{Value, json};

use super::{failure, registry};
use crate::cli::context::Context;
use crate::cli::table::{cell, harmless, table};
use crate::plugins::{Origin, Plugin};
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// Lists them.
pub(super) fn run(_: &Args, context: &Context) -> Result<Exit, Problem> {
    let registry = registry(context)?;
    let plugins = registry.place().open().map_err(failure::open)?;
    let mut rows = Vec::new();
    for name in registry.names() {
        if let Some(found) = registry.find(&name) {
            rows.push(row(&plugins, &name, found));
        }
    }
    if context.out.json {
        context.out.document(json!({"plugins": rows}))?;
        return Ok(Exit::Done);
    }
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |key: &str| cell(row[key].as_str().unwrap_or("-"));
            let what = row["summary"].as_str().or(row["problem"].as_str());
            vec![
                text("name"),
                text("kind"),
                text("version"),
                text("origin"),
                text("state"),
                cell(harmless(what.unwrap_or_default())),
            ]
        })
        .collect();
    let heading = ["NAME", "KIND", "VERSION", "FROM", "STATE", "WHAT IT DOES"];
    context
        .out
        .text(&table(&heading, &lines, context.out.color))?;
    Ok(Exit::Done)
}

fn row(plugins: &Plugins, name: &str, found: Result<Plugin, LoadError>) -> Value {
    let plugin = match found {
        Ok(plugin) => plugin,
        Err(error) => {
            return json!({
                "name": name, "kind": null, "version": null, "interface": null, "origin": "configured",
                "source": null, "sha256": null, "grants": [], "summary": null,
                "state": state(&error), "problem": error.to_string(),
            });
        }
    };
    let locked = match &plugin.origin {
        Origin::Installed(locked) => Some(locked),
        _ => None,
    };
    let source = match &plugin.origin {
        Origin::Bundled => None,
        Origin::Installed(locked) => Some(locked.source.as_str()),
        Origin::Configured(path) => Some(path.as_str()),
    };
    let mut row = json!({
        "name": name,
        "kind": plugin.kind,
        "version": locked.map(|locked| &locked.version),
        "interface": locked.map(|locked| &locked.interface),
        "origin": plugin.origin.word(),
        "source": source,
        "sha256": plugin.component.digest(),
        "grants": plugin.grants,
        "summary": null,
        "state": "ready",
        "problem": null,
    });
    match plugins.wait(plugins.inspect(&plugin.component)) {
        Ok(inspection) => {
            row["kind"] = json!(inspection.kind);
            row["version"] = json!(inspection.descriptor.version);
            row["interface"] = json!(inspection.interface);
            row["summary"] = json!(inspection.descriptor.summary);
        }
        Err(error) => {
            row["state"] = match &error {
                runwisp_plugin_host::InspectError::Load(error) => json!(state(error)),
                _ => json!("broken"),
            };
            row["problem"] = json!(look_problem(name, &error));
        }
    }
    row
}

fn look_problem(name: &str, error: &runwisp_plugin_host::InspectError) -> String {
    failure::inspect(name, error).message
}

fn state(error: &LoadError) -> &'static str {
    match error {
        LoadError::Unreadable { .. } => "missing",
        LoadError::Changed { .. } => "changed",
        _ => "broken",
    }
}
