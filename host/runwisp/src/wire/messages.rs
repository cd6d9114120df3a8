//! Messages to people on the wire: deliveries, the bell, and what a sample came to.

use jiff::Timestamp;
use runwisp_core::words::event_kind::{EventKind, Severity};
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::notice::{self, Attempt, DeliveryState, MessageId};
use runwisp_plugin_host::Entry;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::daemon::history;
use crate::notify::Sample;

/// `deliveries`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    /// Newest first.
    pub deliveries: Vec<Delivery>,
    /// Where the next page begins: give it back as `before`. None where there is nothing more.
    #[serde(default)]
    pub next: Option<MessageId>,
}

/// One message on its way to one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Its id, the same at every attempt.
    pub id: MessageId,
    /// The event it tells of, the same for every channel.
    pub event_id: String,
    /// The notifier.
    pub notifier: String,
    /// What stands behind the colon of `id:target`.
    pub target: Option<String>,
    /// The unit it is about.
    pub unit: Option<UnitName>,
    /// The run it is about.
    pub run_id: Option<RunId>,
    /// What kind of event.
    pub kind: EventKind,
    /// How much it matters.
    pub severity: Severity,
    /// What happened, in a few words.
    pub title: String,
    /// How many events like it the message stands for, itself not counted.
    pub folded: u32,
    /// Where it is.
    pub state: DeliveryState,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When the next attempt is due, while one is.
    pub next_at: Option<Timestamp>,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
    /// The delivery it answers.
    pub answers: Option<MessageId>,
    /// What names the message at the far side, from its receipt.
    pub receipt: Option<String>,
    /// What was tried, oldest first.
    pub attempts: Vec<Attempt>,
}

/// `notifications`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Notifications {
    /// Newest first.
    pub notifications: Vec<Notification>,
    /// How many of all there are that nobody has read.
    pub unread: u64,
    /// Where the next page begins: give it back as `before`. None where there is nothing more.
    #[serde(default)]
    pub next: Option<String>,
}

/// A row of the bell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Notification {
    /// Its id.
    pub id: MessageId,
    /// What kind of event.
    pub kind: EventKind,
    /// How much it matters.
    pub severity: Severity,
    /// The unit it is about.
    pub unit: Option<UnitName>,
    /// The run it is about, the newest.
    pub run_id: Option<RunId>,
    /// What happened, in a few words.
    pub title: String,
    /// What happened, in a sentence.
    pub sentence: String,
    /// How often.
    pub count: u32,
    /// When for the first time.
    pub first_at: Timestamp,
    /// When for the last time.
    pub last_at: Timestamp,
    /// Whether somebody has read it since.
    pub read: bool,
}

/// `GET /notifiers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Notifiers {
    /// By id.
    pub notifiers: Vec<Notifier>,
}

/// A notifier of the configuration. Its settings are not shown: they hold what opens the way to people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Notifier {
    /// Its id.
    pub id: String,
    /// Its `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The plugin that does its work.
    pub plugin: String,
    /// The newest message that was to go by it.
    pub last_delivery: Option<Delivery>,
}

/// What is read of the bell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBell {
    /// One row; none is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
}

/// How a notifier is tested.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestNotifier {
    /// What stands behind the colon of `id:target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The kind of event the sample is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// `notify test`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tested {
    /// Whether the far side has it.
    pub delivered: bool,
    /// The delivery, with its one attempt.
    pub delivery: Delivery,
    /// What the plugin wrote and asked for, in order, secrets masked.
    pub exchange: Vec<Exchanged>,
    /// How long the call took.
    pub took_ms: u64,
}

/// One thing that happened during a call of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Exchanged {
    /// A line for the operator.
    Line {
        /// `debug`, `info`, `warning` or `error`.
        level: String,
        /// What it says.
        message: String,
    },
    /// Something it asked of the host.
    Call {
        /// What, in a line.
        asked: String,
        /// What was sent with it.
        sent: String,
        /// Whether it worked.
        ok: bool,
        /// What came of it, in a line.
        outcome: String,
        /// What came back with it.
        received: String,
        /// How long it took.
        took_ms: u64,
    },
}

impl From<notice::Delivery> for Delivery {
    fn from(delivery: notice::Delivery) -> Self {
        let waits = matches!(delivery.state, DeliveryState::Pending | DeliveryState::Held);
        Delivery {
            id: delivery.id,
            event_id: delivery.notice.id.clone(),
            unit: delivery.notice.unit_name().cloned(),
            run_id: delivery.notice.run.as_ref().map(|run| run.id),
            kind: delivery.notice.kind,
            severity: delivery.notice.severity(),
            title: delivery.notice.title,
            folded: delivery.notice.folded,
            notifier: delivery.notifier,
            target: delivery.target,
            state: delivery.state,
            created_at: delivery.created_at,
            next_at: waits.then_some(delivery.next_at),
            ended_at: delivery.ended_at,
            answers: delivery.answers,
            receipt: delivery.reference,
            attempts: delivery.attempts,
        }
    }
}

impl From<history::Notification> for Notification {
    fn from(notification: history::Notification) -> Self {
        let history::Notification { row, read } = notification;
        Notification {
            id: row.id,
            kind: row.notice.kind,
            severity: row.notice.severity(),
            unit: row.notice.unit_name().cloned(),
            run_id: row.notice.run.as_ref().map(|run| run.id),
            title: row.notice.title,
            sentence: row.notice.sentence,
            count: row.count,
            first_at: row.first_at,
            last_at: row.last_at,
            read,
        }
    }
}

impl From<Sample> for Tested {
    fn from(sample: Sample) -> Self {
        let ms =
            |length: std::time::Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let exchange = sample
            .exchange
            .entries
            .into_iter()
            .map(|entry| match entry {
                Entry::Line { level, message } => Exchanged::Line {
                    level: format!("{level:?}").to_lowercase(),
                    message,
                },
                Entry::Call(call) => Exchanged::Call {
                    asked: call.asked,
                    sent: call.sent,
                    ok: call.outcome.is_ok(),
                    outcome: call.outcome.unwrap_or_else(|why| why),
                    received: call.received,
                    took_ms: ms(call.took),
                },
            });
        Tested {
            delivered: sample.delivery.state == DeliveryState::Delivered,
            exchange: exchange.collect(),
            took_ms: ms(sample.exchange.wall),
            delivery: sample.delivery.into(),
        }
    }
}
