//! The sample that a test of a notifier sends: a delivery with one attempt, past routes, quiet hours and the outbox.
//!
//! Tests: below; `tests/e2e/notifications.rs`.

use jiff::Timestamp;
use runwisp_core::config::plan::Plan;
use runwisp_core::notify::{Answer, sample};
use runwisp_core::words::event_kind::EventKind;
use runwisp_core::words::notice::{
    Attempt, AttemptOutcome, Delivery, DeliveryState, MessageId, Target,
};
use runwisp_plugin_host::Exchange;

use super::Telling;

/// A sample that was sent.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What became of it.
    pub delivery: Delivery,
    /// What was exchanged with the far side, secrets masked.
    pub exchange: Exchange,
}

/// Why no sample was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SampleRefusal {
    /// The configuration in force has no such notifier; those it has.
    NoNotifier {
        /// Its id.
        id: String,
        /// The ids there are.
        known: Vec<String>,
    },
    /// There is no such kind of event.
    NoEvent {
        /// What is wrong.
        why: String,
    },
}

/// Sends a sample without a daemon.
pub async fn alone(
    telling: &Telling,
    plan: &Plan,
    target: &str,
    kind: Option<&str>,
    now: impl Fn() -> Timestamp,
) -> Result<Sample, SampleRefusal> {
    let delivery = delivery(target, kind, now())?;
    let notifiers = &plan.notify.notifiers;
    let Some(notifier) = notifiers.get(&delivery.notifier) else {
        return Err(SampleRefusal::NoNotifier {
            id: delivery.notifier,
            known: notifiers.keys().cloned().collect(),
        });
    };
    let told = telling.tell(notifier, &delivery).await;
    Ok(Sample {
        delivery: ended(delivery, &told.answer, now()),
        exchange: told.exchange,
    })
}

/// The delivery of a sample, before its one attempt.
pub(crate) fn delivery(
    target: &str,
    kind: Option<&str>,
    now: Timestamp,
) -> Result<Delivery, SampleRefusal> {
    let to = Target::new(target);
    let Target::Notifier { id, target } = to.clone() else {
        return Err(SampleRefusal::NoNotifier {
            id: to.to_string(),
            known: Vec::new(),
        });
    };
    let kind = sample_kind(kind).map_err(|why| SampleRefusal::NoEvent { why })?;
    let notice = sample(kind, now);
    Ok(Delivery {
        id: MessageId::derive(now, &notice.id, &to),
        notice,
        notifier: id,
        target,
        template: None,
        answers: None,
        answers_reference: None,
        state: DeliveryState::Sending,
        created_at: now,
        due_at: now,
        next_at: now,
        ended_at: None,
        attempts: Vec::new(),
        reference: None,
    })
}

/// What became of it, for there is only one attempt.
pub(crate) fn ended(mut delivery: Delivery, answer: &Answer, now: Timestamp) -> Delivery {
    let (state, outcome, message) = match answer {
        Answer::Delivered { reference, note } => {
            delivery.reference.clone_from(reference);
            (
                DeliveryState::Delivered,
                AttemptOutcome::Delivered,
                note.clone(),
            )
        }
        Answer::NotNow { message, .. } => (
            DeliveryState::Expired,
            AttemptOutcome::Failed,
            Some(message.clone()),
        ),
        Answer::Never { message } => (
            DeliveryState::Rejected,
            AttemptOutcome::Rejected,
            Some(message.clone()),
        ),
    };
    delivery.attempts.push(Attempt {
        at: delivery.created_at,
        outcome,
        message,
    });
    delivery.state = state;
    delivery.ended_at = Some(now);
    delivery
}

/// Which kind of sample a text asks for.
fn sample_kind(text: Option<&str>) -> Result<EventKind, String> {
    let Some(text) = text else {
        return Ok(EventKind::Test);
    };
    text.parse()
        .or_else(|_| format!("run.{text}").parse())
        .map_err(|_| format!("there is no event `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_of_any_kind_and_for_a_notifier_that_is_named() {
        let now = Timestamp::UNIX_EPOCH;
        let kind = |text| delivery("slack:#ops", text, now).map(|d| d.notice.kind);
        assert_eq!(kind(None), Ok(EventKind::Test));
        assert_eq!(kind(Some("failed")), Ok(EventKind::RunFailed));
        assert_eq!(kind(Some("service.fatal")), Ok(EventKind::ServiceFatal));
        assert!(matches!(
            kind(Some("x")),
            Err(SampleRefusal::NoEvent { .. })
        ));
        assert!(matches!(
            delivery("inapp", None, now),
            Err(SampleRefusal::NoNotifier { .. })
        ));
    }
}
