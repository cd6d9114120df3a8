//! The settings of notifiers, judged by their plugins: findings with their places in the user's file.
//!
//! A plugin that is there and says that settings can't be used makes an error. One that can't be asked makes a warning:
//! what is wrong with a plugin must not keep a service from being changed.
//!
//! Invariant: nothing is granted but templates, and no secret stands in a finding.
//!
//! Tests: below, and the goldens of `tests/config/plugin-*.toml`.

use runwisp_core::config::nearest;
use runwisp_core::config::notify_plan::WrittenNotifier;
use runwisp_core::words::diagnostic::{Diagnostic, Severity};
use runwisp_plugin_host::{Finding, LoadError, PluginKind, Plugins, Severity as Weight};
use serde_json::Value;

use super::named::Plugin;
use super::registry::Registry;
use super::schema;
use crate::config::Loaded;

/// What stands in place of a secret.
const HIDDEN: &str = "•••";
/// The shortest text that is hidden.
const SHORTEST_SECRET: usize = 4;

/// Adds what the plugins find to what was found before; a plan with an error is none.
pub fn judge(loaded: &mut Loaded, registry: &Registry) {
    if loaded.notifiers.is_empty() {
        return;
    }
    let tables = loaded.plan.as_ref().map(|plan| &plan.notify.plugins);
    let registry = registry.clone().with(tables.cloned().unwrap_or_default());
    let plugins = registry.place().open();
    let mut found = Vec::new();
    for notifier in &loaded.notifiers {
        // What the compiler has found wrong already is not judged twice.
        let own = format!("notifiers.{}", notifier.id);
        let known = loaded.diagnostics.iter().any(|finding| {
            finding.severity == Severity::Error
                && finding
                    .key
                    .as_ref()
                    .is_some_and(|key| key.starts_with(&own))
        });
        if known || notifier.plugin.is_empty() {
            continue;
        }
        let plan = loaded.plan.as_ref();
        let plan = plan.and_then(|plan| plan.notify.notifiers.get(&notifier.id));
        let (settings, secrets) = match plan {
            Some(plan) => (&plan.settings, plan.secrets.clone()),
            // Which texts are secret is not known, so all of them may be.
            None => (&notifier.settings, schema::texts(&notifier.settings)),
        };
        let mut mine = one(&registry, &plugins, notifier, settings, &secrets);
        for finding in &mut mine {
            finding.key = Some(own.clone());
            hide(&secrets, finding);
        }
        found.extend(mine);
    }
    let refused = found.iter().any(|f| f.severity == Severity::Error);
    loaded.diagnostics.extend(found);
    loaded.diagnostics.sort_by_key(|finding| finding.span);
    if refused {
        loaded.plan = None;
    }
}

fn one(
    registry: &Registry,
    plugins: &Result<Plugins, runwisp_plugin_host::OpenError>,
    notifier: &WrittenNotifier,
    settings: &Value,
    secrets: &[String],
) -> Vec<Diagnostic> {
    let name = &notifier.plugin;
    let at = notifier.place("/type");
    let unusable = |why: &dyn std::fmt::Display| {
        let message = format!("the settings can't be checked: {why}");
        vec![Diagnostic::warning("plugin.unusable", at, message)]
    };
    let plugin = match registry.find(name) {
        None => return vec![unknown(registry, notifier)],
        Some(Err(error)) => return unusable(&error),
        Some(Ok(plugin)) => plugin,
    };
    if plugin.kind == Some(PluginKind::Importer) {
        let message = format!("`{name}` is an importer, and tells nobody anything");
        return vec![
            Diagnostic::error("plugin.unknown", at, message)
                .help(format!("The notifiers are {}.", notifiers(registry))),
        ];
    }
    let plugins = match plugins {
        Ok(plugins) => plugins,
        Err(error) => return unusable(error),
    };
    match asked(plugins, &plugin, settings, secrets) {
        Ok(findings) => findings.iter().map(|f| placed(notifier, f)).collect(),
        Err(why) => unusable(&why),
    }
}

/// What schema and plugin say. The error says why they say nothing.
fn asked(
    plugins: &Plugins,
    plugin: &Plugin,
    settings: &Value,
    secrets: &[String],
) -> Result<Vec<Finding>, String> {
    let told = |error: LoadError| format!("could not load {}: {error}", plugin.name);
    let loaded = plugins.wait(plugins.get(&plugin.component)).map_err(told)?;
    if loaded.kind() == PluginKind::Importer {
        return Err(format!("{} is an importer", plugin.name));
    }
    let described = plugins.wait(loaded.describe()).answer;
    let described =
        described.map_err(|error| format!("{} gave no answer: {error}", plugin.name))?;
    let schema: Value = serde_json::from_str(&described.settings_schema).unwrap_or_default();
    let misfits = schema::misfits(&schema, settings);
    if !misfits.is_empty() {
        let finding = |misfit: schema::Misfit| Finding {
            severity: Weight::Error,
            pointer: misfit.pointer,
            message: misfit.message,
            help: misfit.help,
        };
        return Ok(misfits.into_iter().map(finding).collect());
    }
    let secrets = [secrets, &schema::secrets(&schema, settings)].concat();
    let call = plugins.wait(loaded.check(settings, secrets));
    call.answer
        .map_err(|error| format!("{} gave no answer: {error}", plugin.name))
}

fn placed(notifier: &WrittenNotifier, finding: &Finding) -> Diagnostic {
    let at = notifier.place(&finding.pointer);
    let made = match finding.severity {
        Weight::Error => Diagnostic::error("plugin.settings", at, &finding.message),
        Weight::Warning | Weight::Info => {
            Diagnostic::warning("plugin.settings", at, &finding.message)
        }
    };
    match &finding.help {
        Some(help) => made.help(help),
        None => made,
    }
}

fn unknown(registry: &Registry, notifier: &WrittenNotifier) -> Diagnostic {
    let name = &notifier.plugin;
    let names = registry.names();
    let help = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean \"{near}\"?"),
        None => format!(
            "The notifiers are {}; `runwisp plugin add` brings others.",
            notifiers(registry)
        ),
    };
    let message = format!("there is no plugin `{name}`");
    Diagnostic::error("plugin.unknown", notifier.place("/type"), message).help(help)
}

fn notifiers(registry: &Registry) -> String {
    let mut names = registry.names();
    names.retain(|name| match registry.find(name) {
        Some(Ok(plugin)) => plugin.kind != Some(PluginKind::Importer),
        _ => false,
    });
    names.join(", ")
}

fn hide(secrets: &[String], finding: &mut Diagnostic) {
    let help = finding.help.as_mut();
    for text in std::iter::once(&mut finding.message).chain(help) {
        for secret in secrets.iter().filter(|s| s.len() >= SHORTEST_SECRET) {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), HIDDEN);
            }
        }
    }
}
