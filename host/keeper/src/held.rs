//! One run as the keeper holds it, and what the daemon is still to be told of it.
//!
//! Reports are never queued: what has been told is remembered, and what is due is derived from the state when the
//! socket can take it. So a slow daemon costs no memory, and a new one is told everything by the list in its welcome.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use jiff::Timestamp;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::keeper::{Exit, Held, OutputTotals, Report, SpawnStep};
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::{OnFull, Scope};
use runwisp_core::words::time::Mono;
use serde::{Deserialize, Serialize};

use crate::capture::Capture;

/// What the current daemon knows of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) failed: bool,
    pub(crate) spawned: bool,
    pub(crate) log_full: bool,
    pub(crate) exited: bool,
    pub(crate) gone: bool,
}

/// How the keeper itself stops a run when no daemon is there to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StopPlan {
    pub(crate) signal: Signal,
    pub(crate) scope: Scope,
    pub(crate) grace: std::time::Duration,
}

/// The facts about a run that survive an upgrade as they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) run: RunId,
    pub(crate) unit: UnitName,
    pub(crate) tag: String,
    /// The main process, also its session and process group; 0 when there never was one.
    pub(crate) pid: i32,
    pub(crate) started: Option<(Mono, Timestamp)>,
    pub(crate) failed: Option<(SpawnStep, i32, String)>,
    pub(crate) exit: Option<Exit>,
    pub(crate) gone: Option<OutputTotals>,
    pub(crate) on_full: OnFull,
    pub(crate) stop: StopPlan,
    pub(crate) cgroup: Option<PathBuf>,
    /// Why it has no cgroup although it has limits.
    #[serde(default)]
    pub(crate) unlimited: Option<String>,
    /// Everything of it that is found is to be killed.
    pub(crate) killing: bool,
    /// When the keeper itself loses its patience with it.
    pub(crate) kill_at: Option<Mono>,
    /// The last hunt found processes outside its group: its end needs another hunt.
    pub(crate) escaped: bool,
}

impl Facts {
    /// Of a run nothing has happened to yet.
    pub(crate) fn new(run: RunId, unit: UnitName, tag: String) -> Facts {
        Facts {
            run,
            unit,
            tag,
            pid: 0,
            started: None,
            failed: None,
            exit: None,
            gone: None,
            on_full: OnFull::default(),
            stop: StopPlan {
                signal: Signal::TERM,
                scope: Scope::Group,
                grace: std::time::Duration::ZERO,
            },
            cgroup: None,
            unlimited: None,
            killing: false,
            kill_at: None,
            escaped: false,
        }
    }
}

/// A run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) facts: Facts,
    /// Its number among the keeper's events.
    pub(crate) slot: u32,
    /// Closes when the program is executed.
    pub(crate) exec: Option<OwnedFd>,
    pub(crate) capture: Capture,
    /// Bytes seen by somebody who wants to hear of more.
    pub(crate) watch: Option<u64>,
    pub(crate) told: Told,
    /// Whether it is in the list of runs with something to report.
    pub(crate) listed: bool,
}

impl Run {
    /// Whether its main process may still be alive.
    pub(crate) fn is_alive(&self) -> bool {
        self.facts.pid > 0 && self.facts.exit.is_none() && self.facts.failed.is_none()
    }

    /// Whether its main process has ended, but something of it may be left.
    pub(crate) fn is_lingering(&self) -> bool {
        self.facts.exit.is_some() && self.facts.gone.is_none()
    }

    /// Whether the run is over for the keeper.
    pub(crate) fn is_over(&self) -> bool {
        self.facts.gone.is_some() || self.facts.failed.is_some()
    }

    fn is_log_full(&self) -> bool {
        self.facts.on_full == OnFull::Kill && self.capture.is_full()
    }

    /// The next thing the daemon is to be told, in the order in which it happened.
    pub(crate) fn next_report(&self) -> Option<Report> {
        let facts = &self.facts;
        let run = facts.run;
        if let (Some((step, errno, about)), false) = (&facts.failed, self.told.failed) {
            let (step, errno, about) = (*step, *errno, about.clone());
            return Some(Report::SpawnFailed {
                run,
                step,
                errno,
                about,
            });
        }
        if let (Some((mono, wall)), false) = (facts.started, self.told.spawned) {
            let pid = facts.pid;
            return Some(Report::Spawned {
                run,
                pid,
                mono,
                wall,
                unlimited: facts.unlimited.clone(),
            });
        }
        if self.is_log_full() && !self.told.log_full {
            return Some(Report::LogFull { run });
        }
        let (end, complete) = (self.capture.end(), self.capture.is_complete());
        if self.watch.is_some_and(|from| complete || end > from) {
            return Some(Report::Output { run, end, complete });
        }
        if let (Some(exit), false) = (&facts.exit, self.told.exited) {
            let exit = exit.clone();
            return Some(Report::Exited { run, exit });
        }
        match facts.gone {
            Some(output) if !self.told.gone => Some(Report::Gone { run, output }),
            _ => None,
        }
    }

    /// Remembers that the daemon was told.
    pub(crate) fn mark_told(&mut self, report: &Report) {
        match report {
            Report::SpawnFailed { .. } => self.told.failed = true,
            Report::Spawned { .. } => self.told.spawned = true,
            Report::LogFull { .. } => self.told.log_full = true,
            Report::Output { .. } => self.watch = None,
            Report::Exited { .. } => self.told.exited = true,
            Report::Gone { .. } => self.told.gone = true,
            Report::Welcome { .. }
            | Report::Loaded { .. }
            | Report::OutputLost { .. }
            | Report::Asked { .. } => {}
        }
    }

    /// The daemon has been told everything, by the list in its welcome.
    pub(crate) fn mark_all_told(&mut self) {
        self.watch = None;
        self.told = Told {
            failed: self.facts.failed.is_some(),
            spawned: self.facts.started.is_some(),
            log_full: self.is_log_full(),
            exited: self.facts.exit.is_some(),
            gone: self.facts.gone.is_some(),
        };
    }

    /// How it looks in the list.
    pub(crate) fn held(&self) -> Held {
        let facts = &self.facts;
        Held {
            run: facts.run,
            unit: facts.unit.clone(),
            tag: facts.tag.clone(),
            pid: facts.started.map(|_| facts.pid),
            started: facts.started,
            unlimited: facts.unlimited.clone(),
            failed: facts.failed.clone(),
            exit: facts.exit.clone(),
            gone: facts.gone,
            log_full: self.is_log_full(),
        }
    }
}
