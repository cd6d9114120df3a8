//! `runwisp restart`: units anew, or the daemon alone.

use super::change::{Change, change};
use super::context::Context;
use super::upgrade;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// What to restart.
///
/// Without a target the daemon process is replaced by a fresh one. Services and tasks go on: their keeper stays.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Units, by name or pattern
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Do not wait until it is known how it went
    #[arg(long)]
    no_wait: bool,
}

/// Restarts it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    if args.targets.is_empty() {
        return upgrade::replace("restart", !args.no_wait, context).await;
    }
    change(Change::Restart, &args.targets, !args.no_wait, context).await
}
