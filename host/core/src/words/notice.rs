//! What people are told: one event with all that is known of it, for whom, and what became of the message.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::fnv1a64;
use super::event_kind::{EventKind, Severity};
use super::ids::{BadRunId, RunId, UnitName};
use super::run::{Kind, Outcome, Trigger};

/// Names a message: a delivery, or a row of the bell. A ULID that is derived from the event and from whom it goes to, so
/// that deciding the same thing twice makes the same message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(RunId);

impl MessageId {
    /// The id of what `target` is told of the event of this id, which happened at `at`.
    pub fn derive(at: Timestamp, event: &str, target: &Target) -> Self {
        let ms = u64::try_from(at.as_millisecond()).unwrap_or(0);
        let half = |salt| u128::from(fnv1a64(format!("{salt}\n{event}\n{target}").as_bytes()));
        let (high, low) = (half('a'), half('b'));
        MessageId(RunId::from_parts(ms, (high << 16) ^ low))
    }

    /// The id as a number; ids of later events are larger.
    pub fn as_u128(self) -> u128 {
        self.0.as_u128()
    }

    /// The id that this number stands for.
    pub fn from_u128(number: u128) -> Self {
        MessageId(RunId::from_u128(number))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MessageId {
    type Err = BadRunId;
    fn from_str(text: &str) -> Result<Self, BadRunId> {
        text.parse().map(MessageId)
    }
}

/// Somebody who can be told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// The list of notifications that runwisp itself keeps: `inapp`.
    Bell,
    /// A notifier: `id`, or `id:target`.
    Notifier {
        /// Its id in the configuration.
        id: String,
        /// What the plugin makes of it: a channel, a chat, an address.
        target: Option<String>,
    },
}

/// The name of the bell in a configuration.
pub const BELL: &str = "inapp";

impl Target {
    /// The target that a text names, whether it exists or not.
    pub fn new(text: &str) -> Target {
        match text.split_once(':') {
            None if text == BELL => Target::Bell,
            None => Target::Notifier {
                id: text.to_owned(),
                target: None,
            },
            Some((id, target)) => Target::Notifier {
                id: id.to_owned(),
                target: Some(target.to_owned()),
            },
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Bell => f.write_str(BELL),
            Target::Notifier { id, target: None } => f.write_str(id),
            Target::Notifier {
                id,
                target: Some(target),
            } => write!(f, "{id}:{target}"),
        }
    }
}

impl From<String> for Target {
    fn from(text: String) -> Target {
        Target::new(&text)
    }
}

impl From<Target> for String {
    fn from(target: Target) -> String {
        target.to_string()
    }
}

/// The unit that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutUnit {
    /// Its name.
    pub name: UnitName,
    /// What it is.
    pub kind: Kind,
    /// The heading it is shown under.
    pub group: Option<String>,
    /// What people read about it in lists.
    pub description: Option<String>,
    /// The instance of a service that has several.
    pub instance: Option<u32>,
}

/// The run that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutRun {
    /// Its id.
    pub id: RunId,
    /// 1 for the first try.
    pub attempt: u32,
    /// Why it began.
    pub trigger: Trigger,
    /// How it ended; none while it runs.
    pub outcome: Option<Outcome>,
    /// The exit code, when the process left by itself.
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// The tick it stands for.
    pub scheduled_at: Option<Timestamp>,
    /// When its process began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How long the process lived, in milliseconds.
    pub duration_ms: Option<u64>,
}

/// An event as people are told of it. What belongs to the moment of telling (host, zone, output, link) is added then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The same however often it is told of, and by whichever daemon.
    pub id: String,
    /// What kind of event.
    pub kind: EventKind,
    /// When it happened.
    pub at: Timestamp,
    /// What it is about; none for what concerns the daemon itself.
    pub unit: Option<AboutUnit>,
    /// The run it is about.
    pub run: Option<AboutRun>,
    /// What happened, in a few words without a full stop.
    pub title: String,
    /// What happened, in a sentence.
    pub sentence: String,
    /// The cause in plain words.
    pub cause: Option<String>,
    /// Failures in a row, this one included; 0 when nothing failed.
    pub failures: u32,
    /// How many events like this one the message stands for, itself not counted.
    pub folded: u32,
    /// When the first of them happened, or when what has recovered now broke.
    pub since: Option<Timestamp>,
    /// For how long, in milliseconds.
    pub lasted_ms: Option<u64>,
    /// Further facts: a name in lower case with `_`, and a value.
    pub facts: Vec<(String, String)>,
}

impl Notice {
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.kind.severity()
    }

    /// The name of the unit it is about.
    pub fn unit_name(&self) -> Option<&UnitName> {
        self.unit.as_ref().map(|unit| &unit.name)
    }
}

/// Where a delivery is. The table of its life stands in `notify/outbox.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeliveryState {
    /// Waits for its turn, or for the next attempt.
    Pending,
    /// Waits for the end of the quiet hours.
    Held,
    /// An attempt is under way.
    Sending,
    /// The far side has it.
    Delivered,
    /// It can not be delivered, now or later.
    Rejected,
    /// It was tried for as long as `retry_budget` allows.
    Expired,
}

impl DeliveryState {
    /// Whether nothing more will come of it.
    pub fn is_final(self) -> bool {
        match self {
            DeliveryState::Pending | DeliveryState::Held | DeliveryState::Sending => false,
            DeliveryState::Delivered | DeliveryState::Rejected | DeliveryState::Expired => true,
        }
    }

    /// The name used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Pending => "pending",
            DeliveryState::Held => "held",
            DeliveryState::Sending => "sending",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Rejected => "rejected",
            DeliveryState::Expired => "expired",
        }
    }
}

/// What came of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AttemptOutcome {
    /// The far side has the message.
    Delivered,
    /// It did not work, and may work later.
    Failed,
    /// The far side, or the plugin, will never have it.
    Rejected,
    /// The daemon died during the attempt; whether the message arrived is not known.
    Interrupted,
}

impl AttemptOutcome {
    /// The name used in JSON, in metrics and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            AttemptOutcome::Delivered => "delivered",
            AttemptOutcome::Failed => "failed",
            AttemptOutcome::Rejected => "rejected",
            AttemptOutcome::Interrupted => "interrupted",
        }
    }
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// What there is to say about it, secrets masked.
    pub message: Option<String>,
}

/// One message on its way to one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id; far sides can tell a repeat by it.
    pub id: MessageId,
    /// What it tells.
    pub notice: Notice,
    /// The notifier.
    pub notifier: String,
    /// What stands behind the colon of `id:target`.
    pub target: Option<String>,
    /// The template of the user's route, if it has one.
    pub template: Option<String>,
    /// The delivery it answers: a recovery answers the failure.
    pub answers: Option<MessageId>,
    /// The reference in the receipt of that delivery, as far as it is known.
    pub answers_reference: Option<String>,
    /// Where it is.
    pub state: DeliveryState,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When it was first due: the budget for retries begins here.
    pub due_at: Timestamp,
    /// When the next attempt is due.
    pub next_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
    /// What was tried.
    pub attempts: Vec<Attempt>,
    /// What names the message at the far side.
    pub reference: Option<String>,
}

impl Delivery {
    /// Whom it goes to.
    pub fn to(&self) -> Target {
        Target::Notifier {
            id: self.notifier.clone(),
            target: self.target.clone(),
        }
    }
}

/// A row of the bell: an event and its repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BellRow {
    /// Its id.
    pub id: MessageId,
    /// The newest of the events.
    pub notice: Notice,
    /// How many there were.
    pub count: u32,
    /// When the first happened.
    pub first_at: Timestamp,
    /// When the newest happened.
    pub last_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_survive_text() {
        for text in [
            "inapp",
            "slack",
            "slack:#ops",
            "mail:a@b.example",
            "tg:-100:5",
        ] {
            assert_eq!(Target::new(text).to_string(), text);
        }
        assert_eq!(Target::new("inapp"), Target::Bell);
    }

    #[test]
    fn the_same_event_for_the_same_target_is_the_same_message() {
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let id = |event: &str, target: &str| MessageId::derive(at, event, &Target::new(target));
        assert_eq!(id("a", "slack"), id("a", "slack"));
        assert_ne!(id("a", "slack"), id("a", "slack:#ops"));
        assert_ne!(id("a", "slack"), id("b", "slack"));
        assert_eq!(id("a", "slack").to_string().parse(), Ok(id("a", "slack")));
    }
}
