//! From an event to messages: folded or not, for whom, now or in the morning.
//!
//! Tests: `tests/`.

use jiff::Timestamp;

use super::coalesce::{self, Counted, Rule, Verdict};
use super::incident::Told;
use super::route::{self, Addressee};
use super::{Notify, Order, say};
use crate::words::event::Event;
use crate::words::event_kind::EventKind;
use crate::words::ids::{RunId, UnitName};
use crate::words::notice::{
    AboutRun, AboutUnit, BellRow, Delivery, DeliveryState, MessageId, Notice, Target,
};
use crate::words::run::{Kind, Outcome, Trigger};

/// The name of the window for events of this kind about this subject.
fn key(subject: &str, kind: EventKind) -> String {
    format!("{subject}|{kind}")
}

impl Notify {
    /// An event. `began` says that something was well before it.
    pub(super) fn raise(
        &mut self,
        now: Timestamp,
        subject: &str,
        mut notice: Notice,
        began: bool,
        out: &mut Vec<Order>,
    ) {
        let hearers = self.hearers(&notice, &[]);
        if hearers.is_empty() {
            // Nobody is told, so nothing can be folded; what is well again later may interest somebody all the same.
            self.incident_told(subject, &notice, &[], out);
            return;
        }
        let key = key(subject, notice.kind);
        let rule = Rule {
            window: self.plan.notify.coalesce_window,
            limit: self.plan.notify.coalesce_limit,
        };
        let mut slot = self.windows.remove(&key);
        if let Some(window) = &slot {
            self.ends.remove(&(window.ends_at, key.clone()));
        }
        let verdict = coalesce::hear(&mut slot, rule, now, &notice, began);
        if hearers.iter().any(|hearer| hearer.target == Target::Bell) {
            let counted = slot.as_ref().and_then(|window| window.bell);
            let counted = count(counted, &notice, out);
            if let Some(window) = &mut slot {
                window.bell = Some(counted);
            }
        }
        if let Some(window) = slot {
            self.ends.insert((window.ends_at, key.clone()));
            self.windows.insert(key.clone(), window);
        }
        self.remember_window(&key, out);
        match verdict {
            Verdict::Tell(folded, since) => {
                notice.folded = folded;
                notice.since = since;
                self.post_all(now, &notice, &hearers, out);
                self.incident_told(subject, &notice, &hearers, out);
            }
            Verdict::Fold => self.remember_incident(subject, out),
        }
    }

    /// A window is over: what is folded makes one message.
    pub(super) fn close_window(&mut self, now: Timestamp, key: &str, out: &mut Vec<Order>) {
        let Some(window) = self.windows.remove(key) else {
            return;
        };
        self.ends.remove(&(window.ends_at, key.to_owned()));
        self.remember_window(key, out);
        if let Some(notice) = window.close() {
            let hearers = self.hearers(&notice, &[]);
            self.post_all(now, &notice, &hearers, out);
            if let Some((subject, _)) = key.split_once('|') {
                self.incident_told(subject, &notice, &hearers, out);
            }
        }
    }

    /// An incident may be over. With a notice, those who were told of it are told of that too.
    pub(super) fn end_incident(
        &mut self,
        now: Timestamp,
        subject: &str,
        notice: Option<Notice>,
        out: &mut Vec<Order>,
    ) {
        if !self
            .incidents
            .get(subject)
            .is_some_and(super::Incident::is_over)
        {
            return self.remember_incident(subject, out);
        }
        let Some(incident) = self.incidents.remove(subject) else {
            return;
        };
        self.remember_incident(subject, out);
        let Some(mut notice) = notice.filter(|_| !incident.folded) else {
            return;
        };
        say::recovered(&mut notice, &incident);
        notice.folded = self.take_folded(subject, out);
        let hearers = self.hearers(&notice, &incident.targets());
        for hearer in &hearers {
            let told = incident
                .told
                .iter()
                .find(|told| told.target == hearer.target);
            match &hearer.target {
                Target::Bell => {
                    count(None, &notice, out);
                }
                Target::Notifier { .. } => self.post(now, &notice, hearer, told, out),
            }
        }
    }

    /// How much is folded about a subject, now that a message stands for it.
    fn take_folded(&mut self, subject: &str, out: &mut Vec<Order>) -> u32 {
        let mut folded = 0;
        let from = format!("{subject}|");
        let keys: Vec<String> = self
            .windows
            .range(from.clone()..)
            .map(|(key, _)| key.clone())
            .take_while(|key| key.starts_with(&from))
            .collect();
        for key in keys {
            if let Some(window) = self.windows.get_mut(&key) {
                let (count, _) = window.take();
                folded += count;
                if count > 0 {
                    self.remember_window(&key, out);
                }
            }
        }
        folded
    }

    fn hearers(&self, notice: &Notice, told: &[Target]) -> Vec<Addressee> {
        let unit = notice
            .unit_name()
            .and_then(|name| self.plan.units.get(name));
        let keys = unit.map(|unit| &unit.notify);
        route::addressees(&self.plan.notify, keys, notice, told)
    }

    fn post_all(
        &mut self,
        now: Timestamp,
        notice: &Notice,
        hearers: &[Addressee],
        out: &mut Vec<Order>,
    ) {
        for hearer in hearers {
            if hearer.target != Target::Bell {
                self.post(now, notice, hearer, None, out);
            }
        }
    }

    fn post(
        &mut self,
        now: Timestamp,
        notice: &Notice,
        hearer: &Addressee,
        answers: Option<&Told>,
        out: &mut Vec<Order>,
    ) {
        let Target::Notifier { id, target } = &hearer.target else {
            return;
        };
        let quiet = self.quiet_until(now);
        let due_at = quiet.unwrap_or(now);
        let delivery = Delivery {
            id: MessageId::derive(notice.at, &notice.id, &hearer.target),
            notice: notice.clone(),
            notifier: id.clone(),
            target: target.clone(),
            template: hearer.template.clone(),
            answers: answers.map(|told| told.message),
            answers_reference: answers.and_then(|told| told.reference.clone()),
            state: match quiet {
                Some(_) => DeliveryState::Held,
                None => DeliveryState::Pending,
            },
            created_at: now,
            due_at,
            next_at: due_at,
            ended_at: None,
            attempts: Vec::new(),
            reference: None,
        };
        self.outbox.post(delivery, out);
        // A unit that was reloaded alone may name a notifier that the plan in force does not have.
        if !self.plan.notify.notifiers.contains_key(id) {
            self.settle_plan(now, out);
        }
    }

    /// Those who were told of trouble are told when it is over.
    fn incident_told(
        &mut self,
        subject: &str,
        notice: &Notice,
        hearers: &[Addressee],
        out: &mut Vec<Order>,
    ) {
        if notice.kind.is_trouble()
            && let Some(incident) = self.incidents.get_mut(subject)
        {
            incident.folded = false;
            for hearer in hearers {
                let id = MessageId::derive(notice.at, &notice.id, &hearer.target);
                incident.tell(&hearer.target, id);
            }
        }
        self.remember_incident(subject, out);
    }

    /// A receipt has come: whoever answers that message later can name it.
    pub(super) fn note_reference(&mut self, ended: &Delivery, out: &mut Vec<Order>) {
        let Some(reference) = &ended.reference else {
            return;
        };
        let mut learned = Vec::new();
        let subjects = ended.notice.unit_name().map(ToString::to_string);
        for (subject, incident) in &mut self.incidents {
            if subjects.as_ref().is_some_and(|unit| unit != subject) {
                continue;
            }
            for told in incident
                .told
                .iter_mut()
                .filter(|told| told.message == ended.id)
            {
                told.reference = Some(reference.clone());
                learned.push(subject.clone());
            }
        }
        for subject in learned {
            self.remember_incident(&subject, out);
        }
    }

    /// A message could not be delivered: the bell says so, once per notifier and window.
    pub(super) fn tell_undelivered(
        &mut self,
        now: Timestamp,
        ended: &Delivery,
        out: &mut Vec<Order>,
    ) {
        let title = format!("a message by {} was not delivered", ended.to());
        let mut notice = say::bare(EventKind::DeliveryFailed, now, &ended.id.to_string(), title);
        let why = ended
            .attempts
            .last()
            .and_then(|attempt| attempt.message.clone());
        notice.sentence = match &why {
            Some(why) => format!(
                "\"{}\" did not reach {}: {why}.",
                ended.notice.title,
                ended.to()
            ),
            None => format!("\"{}\" did not reach {}.", ended.notice.title, ended.to()),
        };
        notice.cause = why;
        notice.unit = ended.notice.unit.clone();
        notice
            .facts
            .push(("delivery".to_owned(), ended.id.to_string()));
        notice
            .facts
            .push(("state".to_owned(), ended.state.as_str().to_owned()));
        let key = key(&format!("notifier/{}", ended.notifier), notice.kind);
        let window = self.plan.notify.coalesce_window;
        let mut slot = self.windows.remove(&key);
        if let Some(window) = &slot {
            self.ends.remove(&(window.ends_at, key.clone()));
        }
        let rule = Rule {
            window,
            limit: u32::MAX,
        };
        coalesce::hear(&mut slot, rule, now, &notice, false);
        let counted = count(slot.as_ref().and_then(|window| window.bell), &notice, out);
        if let Some(mut window) = slot {
            // The bell counts; there is no message that a summary would belong to.
            window.take();
            window.bell = Some(counted);
            self.ends.insert((window.ends_at, key.clone()));
            self.windows.insert(key.clone(), window);
        }
        self.remember_window(&key, out);
    }
}

/// Puts an event into the bell: a row of its own, or one more in the row of its window.
fn count(counted: Option<Counted>, notice: &Notice, out: &mut Vec<Order>) -> Counted {
    let counted = match counted {
        Some(before) => Counted {
            count: before.count.saturating_add(1),
            ..before
        },
        None => Counted {
            id: MessageId::derive(notice.at, &notice.id, &Target::Bell),
            count: 1,
            first_at: notice.at,
        },
    };
    out.push(Order::Bell(Box::new(BellRow {
        id: counted.id,
        notice: notice.clone(),
        count: counted.count,
        first_at: counted.first_at,
        last_at: notice.at,
    })));
    out.push(Order::Tell(Event::Notification {
        notification: counted.id,
        kind: notice.kind,
        unit: notice.unit_name().cloned(),
        title: notice.title.clone(),
        count: counted.count,
    }));
    counted
}

/// The sample that a test sends: a failure that never was, or any other kind.
pub(super) fn sample(kind: EventKind, at: Timestamp) -> Notice {
    let title = match kind {
        EventKind::Test => "runwisp says hello".to_owned(),
        kind => format!("a sample of {kind}"),
    };
    let mut notice = say::bare(kind, at, "sample", title);
    notice.sentence = "This is a test message from runwisp; nothing has happened.".to_owned();
    if kind == EventKind::Test || kind.as_str().starts_with("daemon.") {
        return notice;
    }
    let began = at - jiff::SignedDuration::from_secs(42);
    let service = kind.as_str().starts_with("service.");
    notice.unit = UnitName::new("example").ok().map(|name| AboutUnit {
        name,
        kind: if service { Kind::Service } else { Kind::Task },
        group: Some("samples".to_owned()),
        description: Some("a unit that does not exist".to_owned()),
        instance: None,
    });
    let failed = kind.is_trouble() || kind == EventKind::RunRetrying;
    notice.run = Some(AboutRun {
        id: RunId::from_parts(u64::try_from(at.as_millisecond()).unwrap_or_default(), 0),
        attempt: 1,
        trigger: Trigger::Schedule,
        outcome: Some(if failed {
            Outcome::Failed
        } else {
            Outcome::Succeeded
        }),
        exit_code: Some(i32::from(failed)),
        signal: None,
        scheduled_at: Some(began),
        started_at: Some(began),
        ended_at: Some(at),
        duration_ms: Some(42_000),
    });
    if failed {
        notice.cause = Some("exited 1".to_owned());
        notice.failures = 3;
        notice.since = Some(began);
    }
    if kind.is_recovery() {
        notice.since = Some(began);
        notice.lasted_ms = Some(42_000);
    }
    notice
}
