//! What the machines may order of the hands.

use super::command::{Done, Refusal};
use super::event::Event;
use super::ids::{RunId, UnitName};
use super::input::CallerId;
use super::run::RunRecord;
use super::signal::Signal;
use super::spawn::{RunVars, Scope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Write the row, new or changed, when convenient; with `confirm`, answer [`super::input::Input::Durable`] once it is on disk.
    Record {
        /// The row.
        row: Box<RunRecord>,
        /// Whether somebody waits.
        confirm: bool,
    },
    /// Start the unit's command.
    Spawn {
        /// The run's row, which also travels as the keeper's tag.
        row: Box<RunRecord>,
        /// What differs from run to run.
        vars: RunVars,
        /// Failures in a row before this start, kept with the run over a daemon's death.
        failures: u32,
    },
    /// Send a signal.
    Signal {
        /// The run.
        run: RunId,
        /// The signal.
        signal: Signal,
        /// To whom.
        scope: Scope,
    },
    /// The run's last row is recorded above; once it is on disk the keeper may forget the run.
    Forget {
        /// The run.
        run: RunId,
    },
    /// Check the health of a run; answer [`super::input::Input::Probed`] within the check's timeout.
    Probe {
        /// The run.
        run: RunId,
        /// Its unit, whose plan says how.
        unit: UnitName,
        /// Its instance.
        instance: u32,
    },
    /// Keep this over restarts of the daemon.
    Remember {
        /// The unit.
        unit: UnitName,
        /// What.
        memory: Memory,
    },
    /// Forget a unit that is no longer defined.
    Unremember {
        /// The unit.
        unit: UnitName,
    },
    /// Tell the world.
    Tell(Event),
    /// Answer a caller.
    Answer {
        /// Who.
        caller: CallerId,
        /// What.
        answer: Result<Done, Refusal>,
    },
    /// Everything is down: leave.
    Exit {
        /// With this code.
        code: i32,
    },
}

/// What is kept of a unit over restarts of the daemon, besides its runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The operator stopped it.
    #[serde(default)]
    pub held_down: bool,
    /// Instances that are fatal, with the reason.
    #[serde(default)]
    pub fatal: Vec<(u32, String)>,
    /// Instances that ended and whose restart policy leaves them so: whether they succeeded, and how they ended.
    #[serde(default)]
    pub exited: Vec<(u32, bool, String)>,
    /// The schedule the next two are about, as text; another one begins anew.
    #[serde(default)]
    pub schedule: Option<String>,
    /// When a run last ended by itself; kept only for tasks with `expect_by` or `max_silence`.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
    /// Up to and including this instant every tick of the schedule has its row.
    #[serde(default)]
    pub ticked_until: Option<Timestamp>,
    /// The clock was set back to before `ticked_until`: up to here, ticks of schedules that follow the clock have their
    /// rows of the second time.
    #[serde(default)]
    pub again_until: Option<Timestamp>,
    /// How often the clock was set back.
    #[serde(default)]
    pub clock_turn: u32,
    /// When the unit was first seen with its schedule; ticks before that were never due.
    #[serde(default)]
    pub known_since: Option<Timestamp>,
    /// The boot for which `run_on_start = "boot"` has been honoured.
    #[serde(default)]
    pub boot_id: Option<String>,
}
