//! What of a turn of the machines people might be told of.
//!
//! | the machines said | that is |
//! | --- | --- |
//! | a row that has ended | a run that ended, and whether it is tried again: a row for its retry is among the same orders |
//! | a row that runs | a run that began |
//! | a service's instance entered a state | fatal, unhealthy, or on the way to being well |
//! | a task is overdue | just that |
//!
//! Everything else (queued, starting, stopping, reloads, jumps of the clock) is for the history alone.

use jiff::Timestamp;

use crate::words::action::Action;
use crate::words::event::Event;
use crate::words::ids::UnitName;
use crate::words::run::{Outcome, RunRecord, RunState, Trigger};
use crate::words::status::InstanceState;

/// One thing that people might be told of.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The process of a run began.
    Began(Box<RunRecord>),
    /// A run is over.
    Ended {
        /// Its last row.
        row: Box<RunRecord>,
        /// Whether it is tried again.
        retried: bool,
    },
    /// An instance of a service entered a state.
    Instance {
        /// The service.
        unit: UnitName,
        /// The instance.
        instance: u32,
        /// The state.
        state: InstanceState,
        /// Why, in plain words.
        message: Option<String>,
    },
    /// A task has not finished a run in time.
    Overdue {
        /// The task.
        unit: UnitName,
        /// By when it should have.
        expected_by: Timestamp,
    },
    /// Something of the daemon's own means does not work, or (without a message) works again.
    Trouble {
        /// Which part, as a stable word.
        part: String,
        /// The trouble in plain words.
        message: Option<String>,
    },
    /// This daemon took over.
    Daemon {
        /// Whether the one before died.
        crashed: bool,
        /// Its version.
        version: String,
    },
    /// A plugin failed too often.
    Suspended {
        /// Its name.
        plugin: String,
        /// Why, in plain words.
        message: String,
    },
}

/// Picks it out of the orders of one turn.
pub fn heard(actions: &[Action]) -> Vec<Heard> {
    let mut all = Vec::new();
    for action in actions {
        match action {
            Action::Record { row, .. } => match row.state {
                RunState::Ended => all.push(Heard::Ended {
                    row: row.clone(),
                    retried: is_retried(row, actions),
                }),
                RunState::Running => all.push(Heard::Began(row.clone())),
                RunState::Queued | RunState::Starting | RunState::Stopping => {}
            },
            Action::Tell(Event::Instance {
                unit,
                instance,
                state,
                message,
            }) => all.push(Heard::Instance {
                unit: unit.clone(),
                instance: *instance,
                state: *state,
                message: message.clone(),
            }),
            Action::Tell(Event::Overdue { unit, expected_by }) => all.push(Heard::Overdue {
                unit: unit.clone(),
                expected_by: *expected_by,
            }),
            Action::Tell(_)
            | Action::Spawn { .. }
            | Action::Signal { .. }
            | Action::Forget { .. }
            | Action::Probe { .. }
            | Action::Remember { .. }
            | Action::Unremember { .. }
            | Action::Answer { .. }
            | Action::Exit { .. } => {}
        }
    }
    all
}

/// Whether the orders hold the row of the attempt after this one.
fn is_retried(ended: &RunRecord, actions: &[Action]) -> bool {
    ended.outcome.is_some_and(Outcome::is_failure)
        && actions.iter().any(|action| match action {
            Action::Record { row, .. } => {
                row.trigger == Trigger::Retry
                    && row.execution_id == ended.execution_id
                    && row.attempt == ended.attempt.saturating_add(1)
                    && row.state != RunState::Ended
            }
            _ => false,
        })
}
