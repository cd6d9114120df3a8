//! `runwisp stop`: units down, single runs ended, or everything and the daemon with it.

use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::RunState;

use super::change::{Change, Heard, change};
use super::context::Context;
use super::target::split_runs;
use super::upgrade::ask_to_leave;
use crate::client::{Lines, Uri};
use crate::wire::codes::Exit;
use crate::wire::{Accepted, Problem, Run};

/// What to stop.
///
/// A stopped service stays down until it is started again, also over restarts of the daemon. A stopped task loses its
/// active and waiting runs; its schedule goes on. Without a target everything is stopped in order and the daemon ends.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Units by name or pattern, runs by id
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Do not wait until it has stopped
    #[arg(long)]
    no_wait: bool,
}

/// Stops it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    if args.targets.is_empty() {
        return stop_daemon(!args.no_wait, context).await;
    }
    let (runs, units) = split_runs(&args.targets);
    let mut exit = Exit::Done;
    for id in runs {
        exit = exit.or(stop_run(id, !args.no_wait, context).await?);
    }
    if units.is_empty() {
        return Ok(exit);
    }
    Ok(exit.or(change(Change::Stop, &units, !args.no_wait, context).await?))
}

async fn stop_run(id: RunId, wait: bool, context: &Context) -> Result<Exit, Problem> {
    let client = context.client()?;
    let text = id.to_string();
    let mut events: Lines<Heard> = client.lines(&Uri::new(&["events"])).await?;
    let show = Uri::new(&["runs", &text]);
    let mut run: Run = client.get(&show).await?;
    if run.state == RunState::Ended {
        context.out.message(&format!("{text}: already ended"));
    } else {
        let _: Accepted = client
            .post(&Uri::new(&["runs", &text, "stop"]), &())
            .await?;
        while wait && run.state != RunState::Ended {
            run = client.get(&show).await?;
            if run.state != RunState::Ended && events.next().await?.is_none() {
                return Err(Problem::new(
                    "daemon.leaving",
                    "the daemon left before the run ended",
                ));
            }
        }
        let state = if wait { "ended" } else { "asked" };
        context
            .out
            .message(&format!("{} {text}: {state}", run.unit));
    }
    if context.out.json {
        context.out.document(&run)?;
    }
    Ok(Exit::Done)
}

async fn stop_daemon(wait: bool, context: &Context) -> Result<Exit, Problem> {
    let client = context.client()?;
    let status: crate::wire::Status = client.get(&Uri::new(&["status"])).await?;
    // Held from before the request on: a pid that is taken anew later can not be mistaken for the keeper.
    // Elsewhere there is no pid to hold, and nobody left to ask.
    let keeper = (!client.is_remote())
        .then(|| open_pid(status.daemon.pid))
        .flatten();
    let wait = wait && !client.is_remote();
    let leaving = ask_to_leave(&client, "stop").await?;
    if let (true, Some(keeper)) = (wait, keeper) {
        context.out.detail("everything is being stopped");
        tokio::task::spawn_blocking(move || wait_end(&keeper))
            .await
            .map_err(|e| Problem::new("io.failed", format!("could not wait: {e}")))?;
    }
    if context.out.json {
        context.out.document(&leaving)?;
    } else {
        context.out.message(if wait { "stopped" } else { "asked" });
    }
    Ok(Exit::Done)
}

/// A descriptor of a process; none when it has gone already.
fn open_pid(pid: i32) -> Option<OwnedFd> {
    // SAFETY: pidfd_open takes a pid and flags and touches no memory of ours.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the system call has just made this descriptor, and nobody else knows it.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Waits until the process of this descriptor has ended; it becomes readable then.
fn wait_end(pid: &OwnedFd) {
    let mut fds = [PollFd::new(pid.as_fd(), PollFlags::POLLIN)];
    while poll(&mut fds, PollTimeout::NONE) == Err(nix::errno::Errno::EINTR) {}
}
