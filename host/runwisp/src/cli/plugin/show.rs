//! `runwisp plugin show`: what a plugin is, what it asks for and was granted, and the settings it takes.

use serde_json::Value;

use super::{failure, look, registry};
use crate::cli::context::Context;
use crate::plugins::lock::in_words;
use crate::plugins::{Known, Looked, asked};
use crate::wire::codes::Exit;
use crate::wire::{PluginDetails, Problem};

/// Which one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name
    name: String,
}

/// Shows it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let registry = registry(context)?;
    let plugins = registry.place().open().map_err(failure::open)?;
    let known = Known::default();
    let looked = plugins.wait(registry.look(&plugins, &known, Some(&args.name)));
    for looked in looked.map_err(failure::look)? {
        show(&looked, context)?;
    }
    Ok(Exit::Done)
}

fn show(looked: &Looked, context: &Context) -> Result<(), Problem> {
    let plugin = match &looked.plugin {
        Ok(plugin) => plugin,
        Err(error) => return Err(failure::load(&looked.name, error)),
    };
    let inspection = match &looked.inspection {
        Some(Ok(inspection)) => inspection,
        Some(Err(error)) => return Err(failure::inspect(plugin.component.name(), error)),
        None => return Ok(()),
    };
    let details = PluginDetails::from(looked);
    if context.out.json {
        return context.out.document(details);
    }
    let source = plugin.origin.source().unwrap_or("this program");
    for line in look::who(inspection, source) {
        context.out.line(&line)?;
    }
    let asked = asked(inspection).words();
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
    for line in settings(&details.settings_schema) {
        context.out.line(&line)?;
    }
    Ok(())
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
    use serde_json::json;

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
