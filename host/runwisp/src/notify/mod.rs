//! Telling people: from a delivery of the outbox to the call of a plugin and its answer.
//!
//! [`Telling`] is all that is the same for a while: who there is to be told, and what surrounds every message.
//! [`Telling::tell`] makes the event of a delivery (`compose`), with the end of its log (`tail`), and calls the plugin
//! through [`Notifiers`]. Which delivery is sent when is decided elsewhere, in `runwisp_core::notify`.
//!
//! Invariants: knows the words, the logs and the plugins, and nothing of the loop, the store or the faces; what leaves
//! here for the history has its secrets masked.
//!
//! Tests: beside each file; the whole in `tests/e2e/notifications.rs`.

mod compose;
mod plugins;
pub mod sample;
mod secrets;
mod tail;
pub mod templates;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use runwisp_core::config::notify_plan::NotifierPlan;
use runwisp_core::config::plan::Plan;
use runwisp_core::notify::Answer;
use runwisp_core::words::notice::Delivery;
use runwisp_plugin_host::{Context, Event, Exchange, Failure, Receipt};

pub use plugins::WasmNotifiers;
pub use sample::{Sample, SampleRefusal};

/// One call of a notifier.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The plugin's name.
    pub plugin: String,
    /// The settings, secrets put in.
    pub settings: serde_json::Value,
    /// Values that must not be seen.
    pub secrets: Vec<String>,
    /// What happened.
    pub event: Event,
    /// What surrounds the delivery.
    pub context: Context,
}

/// What came of a call.
#[derive(Debug, Default)]
pub struct Called {
    /// The plugin's own answer; an error is why there is none, and whether it may have one later.
    pub answer: Option<Result<Receipt, Failure>>,
    /// Why there is no answer.
    pub broken: Option<Broken>,
    /// What the plugin did meanwhile, secrets masked.
    pub exchange: Exchange,
    /// The plugin failed too often and is left alone for so long.
    pub suspended: Option<Duration>,
}

/// Why a plugin gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// In plain words.
    pub message: String,
    /// Whether another try makes sense.
    pub lasting: bool,
    /// Not before so long.
    pub after: Option<Duration>,
}

/// A call under way.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Called> + Send + 'a>>;

/// Those who can be called: plugins, or in tests whoever stands in for them.
pub trait Notifiers: Send + Sync + 'static {
    /// Calls one.
    fn call(&self, wanted: Wanted) -> Calling<'_>;

    /// Fills a template with values; the error says what is wrong with it.
    fn render(&self, template: &str, values: &serde_json::Value) -> Result<String, String>;

    /// Lets go of what has not been called for this long.
    fn release_idle(&self, idle: Duration);
}

/// What surrounds every message, as long as a configuration is in force.
#[derive(Clone)]
pub struct Telling {
    /// Who can be called.
    pub notifiers: Arc<dyn Notifiers>,
    /// Where logs are.
    pub data: PathBuf,
    /// The name of the host.
    pub host: String,
    /// The zone of times in messages.
    pub zone: TimeZone,
    /// What links begin with.
    pub external_url: Option<String>,
}

impl Telling {
    /// What a plan says surrounds messages, with plugins as they are installed here.
    pub fn new(plan: &Plan, notifiers: Arc<dyn Notifiers>, data: &Path) -> Self {
        let host = nix::unistd::gethostname().ok();
        Telling {
            notifiers,
            data: data.to_owned(),
            host: host
                .and_then(|name| name.into_string().ok())
                .unwrap_or_else(|| "localhost".to_owned()),
            zone: plan.notify.zone.clone(),
            external_url: plan.daemon.external_url.clone(),
        }
    }
}

/// What came of telling.
#[derive(Debug)]
pub struct Told {
    /// For the outbox, secrets masked.
    pub answer: Answer,
    /// For whoever watches, secrets masked.
    pub exchange: Exchange,
    /// The plugin was suspended by this call; which, and why.
    pub suspended: Option<(String, String)>,
}

impl Telling {
    /// Makes the message of a delivery and hands it to its notifier.
    pub async fn tell(&self, plan: &NotifierPlan, delivery: &Delivery) -> Told {
        let secrets = secrets::of(&plan.settings, &plan.secrets);
        let hide = |text: String| secrets::hide(&secrets, &text);
        let tail = self.tail(delivery).await;
        let around = compose::Around {
            zone: &self.zone,
            host: &self.host,
            external_url: self.external_url.as_deref(),
        };
        let event = compose::event(&delivery.notice, &around, tail);
        let (text, complaint) = match self.text(delivery, &event).await {
            Ok(text) => (text, None),
            // A message in other words is better than none.
            Err(why) => (
                None,
                Some(format!("the template of the route does not work: {why}")),
            ),
        };
        let wanted = Wanted {
            plugin: plan.plugin.clone(),
            settings: plan.settings.clone(),
            secrets: secrets.clone(),
            context: compose::context(delivery, text),
            event,
        };
        let called = self.notifiers.call(wanted).await;
        let answer = match judge(called.answer, called.broken) {
            Answer::Delivered { reference, note } => Answer::Delivered {
                reference,
                note: complaint.or(note).map(hide),
            },
            Answer::NotNow { message, after } => Answer::NotNow {
                message: hide(message),
                after,
            },
            Answer::Never { message } => Answer::Never {
                message: hide(message),
            },
        };
        let suspended = called.suspended.map(|rest| {
            let why = match &answer {
                Answer::NotNow { message, .. } | Answer::Never { message } => message.as_str(),
                Answer::Delivered { .. } => "it failed several times in a row",
            };
            let minutes = rest.as_secs().div_ceil(60);
            (
                plan.plugin.clone(),
                format!("{why}; it is left alone for {minutes} min"),
            )
        });
        Told {
            answer,
            exchange: called.exchange,
            suspended,
        }
    }

    /// The text that the route's template makes, if it has one. Rendered away from the caller's thread, which is the
    /// loop's: a template may use up to its limit of processor time.
    async fn text(&self, delivery: &Delivery, event: &Event) -> Result<Option<String>, String> {
        let Some(template) = delivery.template.clone() else {
            return Ok(None);
        };
        let (notifiers, values) = (Arc::clone(&self.notifiers), compose::values(event));
        tokio::task::spawn_blocking(move || notifiers.render(&template, &values))
            .await
            .map_err(|error| error.to_string())?
            .map(Some)
    }

    async fn tail(&self, delivery: &Delivery) -> Vec<String> {
        let (Some(unit), Some(run)) = (&delivery.notice.unit, &delivery.notice.run) else {
            return Vec::new();
        };
        let (data, unit, run) = (self.data.clone(), unit.name.clone(), run.id);
        tokio::task::spawn_blocking(move || tail::of(&data, &unit, run))
            .await
            .unwrap_or_default()
    }
}

/// What an answer, or none, means for the delivery.
fn judge(answer: Option<Result<Receipt, Failure>>, broken: Option<Broken>) -> Answer {
    match (answer, broken) {
        (Some(Ok(receipt)), _) => Answer::Delivered {
            reference: receipt.reference,
            note: receipt.note,
        },
        (Some(Err(Failure::Config(message) | Failure::Rejected(message))), _) => {
            Answer::Never { message }
        }
        (Some(Err(Failure::Retry(later))), _) => Answer::NotNow {
            message: later.message,
            after: later
                .after_seconds
                .map(|seconds| Duration::from_secs(seconds.into())),
        },
        (None, Some(broken)) if broken.lasting => Answer::Never {
            message: broken.message,
        },
        (None, broken) => {
            let broken = broken.unwrap_or_else(|| Broken {
                message: "the plugin gave no answer".to_owned(),
                lasting: false,
                after: None,
            });
            Answer::NotNow {
                message: broken.message,
                after: broken.after,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runwisp_core::words::event_kind::EventKind;

    /// The manual's table of events is this one.
    #[test]
    fn the_manual_lists_every_event_as_it_is() {
        let page = include_str!("../../../../docs/notifications.md");
        let rows: Vec<&str> = page.lines().filter(|line| is_event(line)).collect();
        let known: Vec<String> = EventKind::ALL
            .iter()
            .map(|kind| {
                format!(
                    "| `{kind}` | {} | {} |",
                    kind.severity().as_str(),
                    kind.doc()
                )
            })
            .collect();
        assert_eq!(rows, known);
    }

    fn is_event(line: &str) -> bool {
        let name = line
            .strip_prefix("| `")
            .and_then(|rest| rest.split('`').next());
        name.is_some_and(|name| name.contains('.'))
    }

    #[test]
    fn what_a_plugin_says_is_what_becomes_of_the_delivery() {
        let broken = |lasting| Broken {
            message: "it crashed".to_owned(),
            lasting,
            after: None,
        };
        let rejected = || Failure::Rejected("no".to_owned());
        assert!(matches!(
            judge(Some(Err(rejected())), None),
            Answer::Never { .. }
        ));
        assert!(matches!(
            judge(None, Some(broken(true))),
            Answer::Never { .. }
        ));
        assert!(matches!(
            judge(None, Some(broken(false))),
            Answer::NotNow { .. }
        ));
        assert!(matches!(judge(None, None), Answer::NotNow { .. }));
        let later = runwisp_plugin_host::Later {
            message: "busy".to_owned(),
            after_seconds: Some(7),
        };
        let after = Some(Duration::from_secs(7));
        let answer = judge(Some(Err(Failure::Retry(later))), None);
        let message = "busy".to_owned();
        assert_eq!(answer, Answer::NotNow { message, after });
    }
}
