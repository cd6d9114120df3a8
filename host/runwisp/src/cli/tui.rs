//! `runwisp tui`, and `runwisp` alone: the terminal UI of a daemon, here or elsewhere.
//!
//! Alone, and with no daemon at the socket, one is started in the background first; then quitting asks what becomes of it.

use std::io::IsTerminal;

use super::context::Context;
use super::daemon::start_detached;
use super::upgrade::ask_to_leave;
use crate::client::{Client, Uri};
use crate::tui::{self, Manner};
use crate::wire::codes::Exit;
use crate::wire::{Problem, Status};

/// Which daemon: one that runs, at the socket or with --url.
///
/// `?` shows the keys.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Attaches to a daemon that runs.
pub(super) async fn run(_: &Args, context: &Context) -> Result<Exit, Problem> {
    let client = context.client()?;
    // A daemon that is not there, or a token that is wrong, is better told before the screen is taken.
    let _: Status = client.get(&Uri::new(&["status"])).await?;
    show(client, Manner::default(), context).await
}

/// Whether `runwisp` alone can show anything.
pub(super) fn has_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Attaches, and starts a daemon before when none is there.
pub(super) async fn alone(context: &Context) -> Result<Exit, Problem> {
    let client = context.client()?;
    let there = client.get::<Status>(&Uri::new(&["status"])).await;
    let own_daemon = match there {
        Ok(_) => false,
        Err(problem) if problem.code == "daemon.unreachable" && !client.is_remote() => {
            start_detached(context).await?;
            true
        }
        Err(problem) => return Err(problem),
    };
    let manner = Manner {
        own_daemon,
        ..Manner::default()
    };
    show(client, manner, context).await
}

/// Shows it, and does what the user decided on leaving.
pub(super) async fn show(
    client: Client,
    mut manner: Manner,
    context: &Context,
) -> Result<Exit, Problem> {
    manner.plain = context.out.plain;
    let began = std::time::Instant::now();
    let ended = tui::run(client.clone(), manner).await?;
    let ms = began.elapsed().as_millis();
    context
        .out
        .detail(&format!("{} frames in {ms} ms", ended.frames));
    if ended.stop_daemon {
        ask_to_leave(&client, "stop").await?;
        context.out.message("everything is being stopped");
    } else if manner.own_daemon {
        context
            .out
            .message("the daemon runs on; `runwisp stop` ends it");
    }
    Ok(Exit::Done)
}
