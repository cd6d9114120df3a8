//! What faces may ask of the daemon's loop, and how it may refuse.
//!
//! Names are exact here; globs are resolved by whoever takes the request in, against [`super::status`].

use serde::{Deserialize, Serialize};

use super::ids::{RunId, UnitName};
use super::run::Trigger;
use super::signal::Signal;
use super::spawn::{RunVars, Scope};

/// One thing asked of a unit or a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Service: wanted up from now on, its counters fresh; a stopped operator's wish is forgotten. Task: one run.
    Start {
        /// Which.
        unit: UnitName,
    },
    /// Service: wanted down until started again, remembered over restarts of the daemon. Task: ends what runs and
    /// drops what is queued; the schedule goes on.
    Stop {
        /// Which.
        unit: UnitName,
    },
    /// Service: every instance anew. Task: ends what runs, then one fresh run.
    Restart {
        /// Which.
        unit: UnitName,
    },
    /// One run of a task.
    Run {
        /// Which.
        unit: UnitName,
        /// On whose behalf: `manual` or `hook`.
        trigger: Trigger,
        /// Parameters, as environment variables.
        params: RunVars,
    },
    /// Ends one run.
    StopRun {
        /// Which.
        run: RunId,
    },
    /// Sends a signal to what runs of a unit; changes no state.
    Signal {
        /// Which.
        unit: UnitName,
        /// Which signal.
        signal: Signal,
        /// To whom.
        scope: Scope,
    },
}

/// What a command came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// The runs it started, queued, or is ending.
    pub runs: Vec<RunId>,
    /// Whether it changed anything: starting what runs, or stopping what is stopped, does not.
    pub changed: bool,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// No unit of that name.
    NoSuchUnit {
        /// The name.
        unit: String,
    },
    /// No such run, or it has ended.
    NoSuchRun {
        /// The run.
        run: RunId,
    },
    /// A signal for something that does not run.
    NotRunning {
        /// The unit.
        unit: UnitName,
    },
    /// `manual_trigger = false`.
    Locked {
        /// The unit.
        unit: UnitName,
    },
    /// The command does not fit the kind of unit.
    WrongKind {
        /// The unit.
        unit: UnitName,
        /// A sentence that says what to do instead.
        help: String,
    },
    /// The daemon is stopping.
    ShuttingDown,
}
