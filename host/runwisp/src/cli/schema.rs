//! `runwisp schema`: the JSON Schema of runwisp.toml, for editors.

use super::context::Context;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints it.
pub(super) fn run(_: &Args, context: &Context) -> Result<Exit, Problem> {
    let schema = runwisp_core::config::schema::schema();
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|e| Problem::new("io.failed", format!("could not write JSON: {e}")))?;
    context.out.line(&text)?;
    Ok(Exit::Done)
}
