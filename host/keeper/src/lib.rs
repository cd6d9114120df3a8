//! The keeper: the small process that spawns, reaps, signals and captures output, and outlives every daemon.
//!
//! One thread, one epoll loop, no configuration, no database, no network. It holds runs and specifications in memory,
//! talks to one daemon (its child) over a socket pair, and does nothing by itself but what keeps the promise that no
//! output and no exit status is lost: it captures, reaps, remembers until told that it may forget, and starts the
//! daemon again. `runwisp_core::words::keeper` is what the two say to each other.
//!
//! The way through the files: [`run`] → `main_loop` (a turn) → `asks` (what the daemon wants) → `spawn` and `child`
//! (before and after fork) → `capture` and `log_file` (output) → `reap` and `escapees` (ends) → `reports` and `held`
//! (what the daemon is told) → `daemon_process`, `stopping`, `upgrade`, `loader`.
//!
//! Invariants: nothing here blocks on a child, a reader or the daemon. No signal reaches a process that is not known
//! to be the run's. With nothing to do, nothing wakes up.
//!
//! Tests: pure parts beside their code, the rest in `tests/keeper/` with real children and a scripted daemon.
#![warn(missing_docs)]

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::PathBuf;

use runwisp_core::words::spawn::RunAs;
use serde::{Deserialize, Serialize};

mod asks;
mod capture;
mod cgroup;
pub mod channel;
mod child;
mod clock;
mod daemon_process;
mod environment;
mod escapees;
mod fault;
mod held;
mod hunt;
mod loader;
mod log_file;
mod main_loop;
mod poll;
mod pulse;
mod reap;
mod reports;
mod say;
mod signals;
mod spawn;
mod stopping;
mod upgrade;

pub use upgrade::{STATE_FORMAT, can_take_over};

/// The variable that tells the daemon which descriptor leads to its keeper. The daemon must mark the descriptor
/// close-on-exec, and end when it reads the end of file there: its keeper is dead.
pub const FD_VARIABLE: &str = "RUNWISP_KEEPER_FD";

/// The descriptor it always is.
pub const DAEMON_FD: i32 = 3;

/// What a keeper needs to know. Carried through upgrades.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeeperOptions {
    /// The program: executed to start the daemon and the loader, and in place of the keeper at an upgrade. A path
    /// that will lead to the new version then; see [`own_program`].
    pub program: PathBuf,
    /// The daemon's arguments, without the program itself. It finds its socket at descriptor [`DAEMON_FD`].
    pub daemon_args: Vec<OsString>,
    /// Whom the daemon runs as, if not as the keeper. Its logs are then handled with that user's rights.
    pub daemon_user: Option<RunAs>,
    /// The loader's arguments, where specifications are taken from the keeper's own loader only. The loader prints
    /// one JSON list of `words::keeper::Defined`.
    pub loader: Option<Vec<OsString>>,
    /// Where cgroups are made; the keeper's own cgroup when not given.
    pub cgroup_root: Option<PathBuf>,
    /// A descriptor that stays open as long as there is a keeper, upgrades included, and that nobody else gets: the
    /// lock of the data directory.
    #[serde(default)]
    pub lock: Option<RawFd>,
}

impl KeeperOptions {
    fn owner_of_logs(&self) -> Option<(u32, u32)> {
        self.daemon_user.as_ref().map(|user| (user.uid, user.gid))
    }
}

/// Keeps until told to leave, and gives the exit code. A daemon that ends before its first `Hello` ends the keeper
/// with its code, as nothing has been entrusted to either yet; every later one is started again.
pub fn run(options: KeeperOptions) -> i32 {
    fault::init();
    match main_loop::Keeper::new(options) {
        Ok(mut keeper) => {
            keeper.start_daemon();
            keeper.main_loop()
        }
        Err(errno) => {
            say::say(&format!("could not start: {errno}"));
            1
        }
    }
}

/// Whether this process was a keeper before it executed this program (an upgrade). Then this goes on keeping, and
/// gives the exit code. To be called before anything that could fail: all that is needed was carried over.
pub fn resume() -> Option<i32> {
    fault::init();
    let saved = upgrade::saved_state()?;
    match upgrade::restore(saved) {
        Ok(mut keeper) => {
            keeper.start_daemon();
            Some(keeper.main_loop())
        }
        Err(reason) => {
            say::say(&format!("could not go on after the upgrade: {reason}"));
            Some(70)
        }
    }
}

/// The path this program was started by: symbolic links in it are kept, so that it leads to the new version once an
/// upgrade has changed them.
pub fn own_program() -> std::io::Result<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let exact = std::env::current_exe()?;
    let identity = |path: &PathBuf| std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    let Some(said) = std::env::args_os().next().map(PathBuf::from) else {
        return Ok(exact);
    };
    let candidates: Vec<PathBuf> = if said.components().count() > 1 {
        vec![std::path::absolute(&said)?]
    } else {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .map(|dir| dir.join(&said))
            .collect()
    };
    let same = candidates
        .into_iter()
        .find(|c| c.is_absolute() && identity(c) == identity(&exact));
    Ok(same.unwrap_or(exact))
}
