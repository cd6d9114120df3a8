//! Signals from outside, and the keeper's own way to an end.
//!
//! The daemon decides how things are stopped. The keeper passes on what it was asked, and does it itself, with what
//! each specification says, when no daemon is there to do it.
//!
//! Tests: `tests/keeper/stopping.rs`.

use std::time::Duration;

use nix::sys::signal::Signal as Sys;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::keeper::Asked;
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;
use runwisp_core::words::time::Mono;

use crate::main_loop::Keeper;
use crate::say::say;
use crate::{clock, signals};

/// How long the keeper waits for killed processes to be gone. Beyond that they hang in the kernel.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// What has been asked of the keeper by signal, and how far its own end has come.
#[derive(Debug, Default)]
pub(crate) struct Stopping {
    /// Requests to stop so far: the first asks, the second presses, the third is obeyed by the keeper itself.
    requests: u32,
    /// What the daemon is still to be told: stop, stop now, reload, reopen.
    due: [bool; 4],
    /// Daemons that died after they were told to stop.
    deaths: u32,
    /// The exit code, and when the keeper leaves whatever is left.
    ending: Option<(i32, Mono)>,
}

const KINDS: [Asked; 4] = [Asked::StopNow, Asked::Stop, Asked::Reload, Asked::ReopenLog];

impl Stopping {
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// The next thing to tell the daemon.
    pub(crate) fn next_asked(&self) -> Option<Asked> {
        let due = KINDS.iter().zip(self.due).find(|(_, due)| *due);
        due.map(|(what, _)| *what)
    }

    pub(crate) fn mark_told(&mut self, what: Asked) {
        self.set(what, false);
    }

    fn set(&mut self, what: Asked, due: bool) {
        for (kind, flag) in KINDS.iter().zip(&mut self.due) {
            if *kind == what {
                *flag = due;
            }
        }
    }

    /// A new daemon does not know what the last one was told about stopping.
    pub(crate) fn forget_told(&mut self) {
        match self.requests {
            0 => {}
            1 => self.set(Asked::Stop, true),
            _ => self.set(Asked::StopNow, true),
        }
    }

    /// Notes a daemon's death; true if it was the second since a stop was asked for.
    pub(crate) fn daemon_failed_to_stop(&mut self) -> bool {
        self.deaths += u32::from(self.requests > 0);
        self.deaths > 1
    }
}

impl Keeper {
    pub(crate) fn handle_signals(&mut self) {
        while let Some(signal) = signals::next(&self.signals) {
            match signal {
                Sys::SIGTERM | Sys::SIGINT => self.stop_requested(1),
                Sys::SIGQUIT => self.stop_requested(2),
                Sys::SIGHUP => self.stopping.set(Asked::Reload, true),
                Sys::SIGUSR1 => self.stopping.set(Asked::ReopenLog, true),
                Sys::SIGCHLD => self.reap_again = true,
                _ => {}
            }
        }
    }

    /// One more request to stop, at least as urgent as `urgency`.
    fn stop_requested(&mut self, urgency: u32) {
        self.stopping.requests = (self.stopping.requests + 1).max(urgency);
        match self.stopping.requests {
            requests if requests > 2 || (requests > 1 && self.stopping.is_ending()) => {
                let code = self.stopping.ending.map_or(0, |(code, _)| code);
                self.kill_all_and_exit(code);
            }
            _ if !self.daemon.is_there() => self.stop_by_itself(),
            1 => self.stopping.set(Asked::Stop, true),
            _ => self.stopping.set(Asked::StopNow, true),
        }
    }

    /// Stops every run as its specification says; exits when all are gone.
    pub(crate) fn stop_by_itself(&mut self) {
        say("no daemon is there to stop what runs; stopping it");
        self.daemon.restart_at = None;
        let now = clock::mono();
        let mut last = now;
        let left: Vec<RunId> = self.left();
        for id in left {
            let Some(run) = self.runs.get_mut(&id) else {
                continue;
            };
            let stop = run.facts.stop;
            let kill_at = now.plus(stop.grace);
            run.facts.kill_at = Some(kill_at);
            last = last.max(kill_at);
            self.signal(id, stop.signal, stop.scope);
        }
        self.stopping.ending = Some((0, last.plus(KILL_PATIENCE)));
    }

    /// Kills everything that is left; exits with `code` when all is gone.
    pub(crate) fn kill_all_and_exit(&mut self, code: i32) {
        self.daemon.restart_at = None;
        if let Some(pid) = self.daemon.pid {
            // SAFETY: the call takes numbers only; the process is ours and not reaped yet.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        let left: Vec<RunId> = self.left();
        for id in left {
            self.signal(id, Signal::KILL, Scope::All);
        }
        self.stopping.ending = Some((code, clock::mono().plus(KILL_PATIENCE)));
    }

    /// Runs that are not over.
    fn left(&self) -> Vec<RunId> {
        let left = self.runs.values().filter(|run| !run.is_over());
        left.map(|run| run.facts.run).collect()
    }

    /// When something is to be done about a run that does not stop.
    pub(crate) fn patience_ends(&self) -> Option<Mono> {
        let (_, last) = self.stopping.ending?;
        let waiting = self.runs.values().filter(|run| !run.is_over());
        waiting
            .filter_map(|run| run.facts.kill_at)
            .chain([last])
            .min()
    }

    /// Kills the runs whose grace is over.
    pub(crate) fn lose_patience(&mut self, now: Mono) {
        if !self.stopping.is_ending() {
            return;
        }
        for id in self.left() {
            if let Some(run) = self.runs.get_mut(&id)
                && run.facts.kill_at.take_if(|at| *at <= now).is_some()
            {
                self.signal(id, Signal::KILL, Scope::All);
            }
        }
    }

    /// The exit code, when it is time to leave: everything is gone, or will not go.
    pub(crate) fn exit_code(&mut self, now: Mono) -> Option<i32> {
        let (code, last) = self.stopping.ending?;
        let nothing_left = self.daemon.pid.is_none() && self.left().is_empty();
        if nothing_left {
            // Whoever got away from a run that ended just now must not get away from the keeper.
            self.hunt_if_wanted();
        }
        (nothing_left || now >= last).then_some(code)
    }
}
