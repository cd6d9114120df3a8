//! Failures around plugins, as problems with their codes.

use runwisp_core::config::nearest;
use runwisp_plugin_host::{CallError, InspectError, LoadError, OpenError};

use crate::plugins::PlaceError;
use crate::wire::Problem;

/// The lock file or the store can't be used.
pub(in crate::cli) fn place(error: PlaceError) -> Problem {
    match &error {
        PlaceError::Bad { .. } => Problem::new("plugin.lock", error.to_string()).help(
            "Take it from where the configuration is kept, or remove it and add the plugins again.",
        ),
        _ => Problem::new("io.failed", error.to_string()),
    }
}

/// Plugins can't be run at all.
pub(in crate::cli) fn open(error: OpenError) -> Problem {
    Problem::new("plugin.failed", format!("could not run plugins: {error}"))
}

/// A component does not load.
pub(in crate::cli) fn load(name: &str, error: &LoadError) -> Problem {
    let code = match error {
        LoadError::Changed { .. } => "plugin.refused",
        _ => "plugin.invalid",
    };
    let problem = Problem::new(code, format!("could not load {name}: {error}"));
    match error {
        LoadError::Unreadable { .. } => problem.help(format!(
            "`runwisp plugin update {name}` takes it from its source again."
        )),
        _ => problem,
    }
}

/// A component is no plugin.
pub(in crate::cli) fn inspect(name: &str, error: &InspectError) -> Problem {
    match error {
        InspectError::Load(error) => load(name, error),
        other => Problem::new("plugin.invalid", format!("could not use {name}: {other}")),
    }
}

/// A call has no answer.
pub(in crate::cli) fn call(name: &str, error: &CallError) -> Problem {
    Problem::new("plugin.failed", format!("{name} gave no answer: {error}"))
}

/// Nothing has this name.
pub(in crate::cli) fn unknown(name: &str, known: &[String]) -> Problem {
    let problem = Problem::new("plugin.unknown", format!("there is no plugin `{name}`"));
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => problem.help(format!("Did you mean `{near}`?")),
        None => problem.help(format!(
            "There are {}; `runwisp plugin add` brings others.",
            known.join(", ")
        )),
    }
}
