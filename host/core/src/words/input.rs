//! What may happen to the machines: the one closed list of ways in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::ids::{RunId, UnitName};
use super::keeper::{Exit, OutputTotals, SpawnStep};
use super::time::Mono;
use crate::config::plan::Plan;

/// Names one waiting caller of a command, so that the answer finds it.
pub type CallerId = u64;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A deadline has passed, or may have.
    Tick,
    /// The wall clock was set or the machine slept: schedules are looked at anew.
    ClockJump {
        /// By how many milliseconds; negative means back.
        by_ms: i64,
    },
    /// A run's row is on disk; or the store is in trouble and it is held in memory, which has to do.
    Durable {
        /// The run.
        run: RunId,
    },
    /// The command has been executed.
    Spawned {
        /// The run.
        run: RunId,
        /// Its main process.
        pid: i32,
        /// When, for lengths.
        mono: Mono,
        /// When, for records.
        wall: jiff::Timestamp,
    },
    /// The command could not be executed.
    SpawnFailed {
        /// The run.
        run: RunId,
        /// What failed.
        step: SpawnStep,
        /// The system's error number.
        errno: i32,
        /// Why, in plain words, such as `exec /usr/bin/foo: no such file or directory`.
        message: String,
    },
    /// The main process has ended; something of the run may still be alive.
    Exited {
        /// The run.
        run: RunId,
        /// How.
        exit: Exit,
    },
    /// Nothing of the run is alive and its output is complete.
    Gone {
        /// The run.
        run: RunId,
        /// Totals of its output.
        output: OutputTotals,
    },
    /// The run printed too much, and is to be killed for it.
    LogFull {
        /// The run.
        run: RunId,
    },
    /// A line of its output matched `fail_on_output`. Always comes before [`Input::Gone`].
    OutputMatched {
        /// The run.
        run: RunId,
        /// The pattern, as written.
        pattern: String,
    },
    /// A health check came back.
    Probed {
        /// The run that was checked.
        run: RunId,
        /// The failure in plain words, or success.
        result: Result<(), String>,
    },
    /// The child said something by sd_notify.
    Notified {
        /// The run.
        run: RunId,
        /// What.
        said: Notified,
    },
    /// A watched path of the service changed.
    WatchedChanged {
        /// The service.
        unit: UnitName,
        /// What changed.
        path: String,
    },
    /// Somebody asks for something.
    Command {
        /// Who waits for the answer.
        caller: CallerId,
        /// What.
        command: Command,
    },
    /// A new plan is to be put in force for these units (all that changed, when none are named).
    Apply {
        /// The whole new plan.
        plan: Arc<Plan>,
        /// Units to touch.
        only: Option<Vec<UnitName>>,
    },
    /// Everything is to be stopped, in order; or at once.
    Shutdown {
        /// Without order and without grace.
        at_once: bool,
    },
}

/// What a child may say by sd_notify(3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// `READY=1`.
    pub ready: bool,
    /// `WATCHDOG=1`.
    pub watchdog: bool,
    /// `WATCHDOG=trigger`.
    pub trigger: bool,
    /// `STOPPING=1`.
    pub stopping: bool,
    /// `STATUS=…`, at most 512 characters.
    pub status: Option<String>,
    /// `EXTEND_TIMEOUT_USEC=…`, microseconds.
    pub extend_timeout_usec: Option<u64>,
}
