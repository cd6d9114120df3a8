//! What has happened, as told to the world: history, followers, notifications.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event_kind::EventKind;
use super::ids::{RunId, UnitName};
use super::notice::{DeliveryState, MessageId};
use super::run::{Kind, Outcome, RunState};
use super::status::InstanceState;

/// An event with its place in the one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Envelope {
    /// Grows by one with every event of a data directory; never goes back.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Event {
    /// A run entered a state.
    Run {
        /// The run.
        run: RunId,
        /// Its unit.
        unit: UnitName,
        /// The kind of unit.
        kind: Kind,
        /// The instance of a service.
        instance: u32,
        /// The state it entered.
        state: RunState,
        /// How it ended, if it did.
        outcome: Option<Outcome>,
        /// The cause in plain words, if it ended.
        message: Option<String>,
    },
    /// An instance of a service entered a state.
    Instance {
        /// The service.
        unit: UnitName,
        /// The instance.
        instance: u32,
        /// The state it entered.
        state: InstanceState,
        /// Why, in plain words, where there is something to say.
        message: Option<String>,
    },
    /// A task with `expect_by` or `max_silence` has not finished a run in time.
    Overdue {
        /// The task.
        unit: UnitName,
        /// By when it should have.
        expected_by: Timestamp,
    },
    /// The wall clock was set, or the machine slept.
    ClockJump {
        /// By how many milliseconds; negative means back.
        by_ms: i64,
    },
    /// A new configuration is in force.
    Reloaded {
        /// Units added, changed and removed.
        changed: Vec<UnitName>,
    },
    /// The files of the configuration hold something else than what is in force, or the same again.
    ConfigStale {
        /// Whether they do.
        stale: bool,
    },
    /// The daemon took over.
    DaemonStarted {
        /// Its version.
        version: String,
    },
    /// The daemon is stopping everything.
    DaemonStopping,
    /// Something is wrong with the daemon's own means, or right again: history cannot be written, a disk is full.
    Degraded {
        /// What, as a stable word such as `store` or `log`.
        part: String,
        /// The trouble in plain words; none when it is over.
        message: Option<String>,
    },
    /// A message to people got somewhere: it was decided, waits for another attempt, or came to its end.
    Delivery {
        /// Which.
        delivery: MessageId,
        /// By which notifier.
        notifier: String,
        /// About which unit.
        unit: Option<UnitName>,
        /// What kind of event it tells of.
        kind: EventKind,
        /// Where it is.
        state: DeliveryState,
        /// Why, in plain words, where there is something to say.
        message: Option<String>,
    },
    /// The bell has a new row, or one that counts one more.
    Notification {
        /// Which.
        notification: MessageId,
        /// What kind of event it tells of.
        kind: EventKind,
        /// About which unit.
        unit: Option<UnitName>,
        /// What happened, in a few words.
        title: String,
        /// How often.
        count: u32,
    },
}
