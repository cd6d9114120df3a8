//! `runwisp start`: services up, or one run of a task.

use super::change::{Change, change};
use super::context::Context;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// What to start.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Units, by name or pattern
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// Do not wait until it is known how it went
    #[arg(long)]
    no_wait: bool,
}

/// Starts it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    change(Change::Start, &args.targets, !args.no_wait, context).await
}
