//! Failures around plugins, as problems with their codes.

use runwisp_core::config::nearest;
use runwisp_plugin_host::{CallError, InspectError, LoadError, OpenError};

use super::Problem;
use crate::plugins::{NoLook, PlaceError};

/// There was no look at plugins.
pub fn look(error: NoLook) -> Problem {
    match error {
        NoLook::Place(error) => place(error),
        NoLook::Open(error) => open(error),
        NoLook::Unknown { name, known } => unknown(&name, &known),
    }
}

/// The lock file or the store can't be used.
pub fn place(error: PlaceError) -> Problem {
    match &error {
        PlaceError::Bad { .. } => Problem::new("plugin.lock", error.to_string()).help(
            "Take it from where the configuration is kept, or remove it and add the plugins again.",
        ),
        _ => Problem::new("io.failed", error.to_string()),
    }
}

/// Plugins can't be run at all.
pub fn open(error: OpenError) -> Problem {
    Problem::new("plugin.failed", format!("could not run plugins: {error}"))
}

/// A component does not load.
pub fn load(name: &str, error: &LoadError) -> Problem {
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
pub fn inspect(name: &str, error: &InspectError) -> Problem {
    match error {
        InspectError::Load(error) => load(name, error),
        other => Problem::new("plugin.invalid", format!("could not use {name}: {other}")),
    }
}

/// A call has no answer.
pub fn call(name: &str, error: &CallError) -> Problem {
    Problem::new("plugin.failed", format!("{name} gave no answer: {error}"))
}

/// Nothing has this name.
pub fn unknown(name: &str, known: &[String]) -> Problem {
    let problem = Problem::new("plugin.unknown", format!("there is no plugin `{name}`"));
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => problem.help(format!("Did you mean `{near}`?")),
        None => problem.help(format!(
            "There are {}; `runwisp plugin add` brings others.",
            known.join(", ")
        )),
    }
}
