//! `runwisp plugin remove`: takes an installed plugin out.

use serde_json::json;

use super::{failure, registry};
use crate::bundled;
use crate::cli::context::Context;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// Which one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name
    name: String,
}

/// Removes it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let registry = registry(context)?;
    let name = &args.name;
    let Some(locked) = registry.locked(name) else {
        if bundled::find(name).is_some() {
            return Err(Problem::new(
                "plugin.refused",
                format!("could not remove {name}: it is part of runwisp"),
            ));
        }
        return Err(failure::unknown(name, &registry.names()));
    };
    registry.place().remove(name).map_err(failure::place)?;
    registry
        .place()
        .forget(locked.sha256)
        .map_err(failure::place)?;
    context
        .out
        .message(&format!("removed {name} {}", locked.version));
    if bundled::find(name).is_some() {
        context
            .out
            .message(&format!("the bundled {name} is in its place again"));
    }
    if context.out.json {
        context
            .out
            .document(json!({"name": name, "done": "removed"}))?;
    }
    Ok(Exit::Done)
}
