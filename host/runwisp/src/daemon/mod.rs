//! The daemon: the process that decides. [`run`] is its whole life: start, loop, leave.
//!
//! `boot` makes the loop and takes over what an earlier daemon left; `main_loop` turns; `carry_out`, `reports`,
//! `requests`, `reload` and `telling` are its arms. The other modules are hands with one duty each.
//!
//! Invariant: only `main_loop` and its arms hold the machines.

pub mod handle;
mod hiding;
pub mod history;
pub mod options;

mod adopt;
mod boot;
mod callers;
mod carry_out;
mod clock;
mod configuration;
mod counting;
mod data_dir;
mod entropy;
mod exec_probes;
mod failures;
mod fault;
mod greeting;
mod journal;
mod keeper_link;
mod keyed;
mod known;
mod listening;
mod loading;
pub(crate) mod log;
mod looking;
mod main_loop;
mod measured;
mod notify_socket;
mod output;
mod output_rules;
mod past;
mod probes;
mod readiness;
mod reload;
mod reports;
mod requests;
mod room;
mod rows;
mod samples;
mod sampling;
mod serving;
mod situation;
pub(crate) mod specs;
pub(crate) mod successor;
pub(crate) mod survivors;
mod sweeper;
mod systemd;
mod taps;
mod telling;
mod trusted;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use runwisp_core::config::plan::{Plan, Role};
use runwisp_core::words::ids::UnitName;

use main_loop::Leaving;
use options::Options;

/// The exit code of a daemon whose keeper went away.
const KEEPER_GONE: i32 = 1;

/// How many turns the tasks that serve callers get to write their last answers.
const LAST_WORDS: u32 = 32;

/// How long the last commit, and closing the database, may take.
const LAST_COMMIT: Duration = Duration::from_secs(5);

/// Lives the daemon's life. Called in the process that the keeper started, whose end of the socket is inherited.
/// Answers with the exit code.
pub fn run(options: Options) -> i32 {
    log::begin();
    // What the daemon writes is for its own user alone. Children are the keeper's and have a mask of their own.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "could not start: no event loop");
            return KEEPER_GONE;
        }
    };
    runtime.block_on(async {
        match boot::boot(options).await {
            Ok(booted) => live(booted).await,
            Err(code) => code,
        }
    })
}

async fn live(booted: boot::Booted) -> i32 {
    let boot::Booted {
        mut main_loop,
        serving,
        listening,
        turn,
    } = booted;
    let leaving = main_loop.run().await;
    let code = match leaving {
        Leaving::Then(_) => {
            main_loop.last_attempts().await;
            0
        }
        Leaving::KeeperGone => {
            adopt::keeper_gone(&mut main_loop);
            KEEPER_GONE
        }
    };
    main_loop.write_last_samples();
    main_loop.journal.flush();
    // Answers that have been given are still on their way through the tasks that serve callers.
    for _ in 0..LAST_WORDS {
        tokio::task::yield_now().await;
    }
    drop(serving);
    drop(listening);
    // What the keeper was asked last has to be said before the socket closes.
    main_loop.keeper.drain().await;
    let writer = main_loop.journal.writer();
    drop(main_loop);
    // Everything decided so far is on disk, or was said to be lost, before this process ends.
    if !writer.close(LAST_COMMIT) {
        tracing::error!("the end of the history could not be written");
    }
    drop(writer);
    drop(turn);
    code
}

/// The paths whose change restarts a service, each with the service.
fn watched_paths(plan: &Plan) -> impl Iterator<Item = (UnitName, PathBuf)> + '_ {
    plan.units.values().flat_map(|unit| match &unit.role {
        Role::Service(service) => service
            .watch
            .as_slice()
            .iter()
            .map(|path| (unit.name.clone(), path.into()))
            .collect(),
        Role::Task(_) => Vec::new(),
    })
}
