//! `runwisp plugin show`: what a plugin is, what it asks for and was granted, and the settings it takes.

use runwisp_plugin_host::Inspection;
use serde_json::{Value, json};

use super::{failure, look, registry};
use crate::cli::context::Context;
use crate::plugins::lock::in_words;
use crate::plugins::{Origin, Plugin};
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// Which one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name
    name: String,
}

/// Shows it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let registry = registry(context)?;
    let Some(found) = registry.find(&args.name) else {
        return Err(failure::unknown(&args.name, &registry.names()));
    };
    let plugin = found.map_err(|error| failure::load(&args.name, &error))?;
    let plugins = registry.place().open().map_err(failure::open)?;
    let inspection = look::inspect(&plugins, &plugin.component)?;
    let schema: Value =
        serde_json::from_str(&inspection.descriptor.settings_schema).unwrap_or_default();
    if context.out.json {
        context
            .out
            .document(document(&plugin, &inspection, &schema))?;
        return Ok(Exit::Done);
    }
    let source = match &plugin.origin {
        Origin::Bundled => "this program".to_owned(),
        Origin::Installed(locked) => locked.source.clone(),
        Origin::Configured(path) => path.clone(),
    };
    for line in look::who(&inspection, &source) {
        context.out.line(&line)?;
    }
    let asked = look::asked(&inspection).words();
    let granted = plugin.grants.words();
    if asked.is_empty() && granted.is_empty() {
        context
            .out
            .line("\nIt asks for nothing beyond writing log lines.")?;
    } else {
        context.out.line("\nIt may")?;
        for word in &granted {
            context
                .out
                .line(&format!("  - {} ({word})", in_words(word)))?;
        }
        for word in asked.iter().filter(|word| !granted.contains(word)) {
            context
                .out
                .line(&format!("  - not {} ({word}): not granted", in_words(word)))?;
        }
    }
    context.out.line(match inspection.kind {
        runwisp_plugin_host::PluginKind::Notifier => "\nSettings, beside `type`",
        runwisp_plugin_host::PluginKind::Importer => "\nOptions, for `--option KEY=VALUE`",
    })?;
    for line in settings(&schema) {
        context.out.line(&line)?;
    }
    Ok(Exit::Done)
}

fn document(plugin: &Plugin, inspection: &Inspection, schema: &Value) -> Value {
    let descriptor = &inspection.descriptor;
    let source = match &plugin.origin {
        Origin::Bundled => Value::Null,
        Origin::Installed(locked) => json!(locked.source),
        Origin::Configured(path) => json!(path),
    };
    json!({
        "name": plugin.name,
        "kind": inspection.kind,
        "version": descriptor.version,
        "interface": inspection.interface,
        "summary": descriptor.summary,
        "homepage": descriptor.homepage,
        "origin": plugin.origin.word(),
        "source": source,
        "sha256": inspection.digest,
        "size_bytes": inspection.size,
        "needs": look::asked(inspection),
        "grants": plugin.grants,
        "imports": inspection.imports,
        "settings_schema": schema,
    })
}

/// The keys of a schema, a line each: name, type, whether it has to be there, what it means.
pub(super) fn settings(schema: &Value) -> Vec<String> {
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(keys) = schema["properties"]
        .as_object()
        .filter(|keys| !keys.is_empty())
    else {
        return vec!["  none".to_owned()];
    };
    let one = |(name, key): (&String, &Value)| {
        let mut line = format!("  {name}");
        if required.contains(&name.as_str()) {
            line.push_str(" (required)");
        }
        if let Some(text) = key["description"].as_str() {
            let first = text.split("\n\n").next().unwrap_or_default();
            line.push_str(&format!(": {}", first.replace('\n', " ")));
        }
        line
    };
    keys.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_told_key_by_key() {
        let schema = json!({
            "properties": {
                "url": {"type": "string", "description": "Where to\nsend.\n\nMore."},
                "colour": {"type": "string"},
            },
            "required": ["url"],
        });
        assert_eq!(
            settings(&schema),
            ["  colour", "  url (required): Where to send."]
        );
        assert_eq!(settings(&json!({})), ["  none"]);
    }
}
