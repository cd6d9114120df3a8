//! `runwisp openapi`: the description of the HTTP API, for those who generate clients.

use super::context::Context;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints it.
pub(super) fn run(_: &Args, context: &Context) -> Result<Exit, Problem> {
    context.out.line(crate::http::openapi::text().trim_end())?;
    Ok(Exit::Done)
}
