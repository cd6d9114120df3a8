//! Who is told of what, and when: from what the machines said in a turn to messages on their way.
//!
//! [`heard`] picks from a turn's orders what people might be told of; [`Notify::hear`] decides, and answers with
//! [`Order`]s that belong into the same commit as the turn. [`Notify::stored`] lets go what the store holds,
//! [`Notify::answered`] takes in what came of an attempt, [`Notify::on_time`] does what time says.
//!
//! | file | what it decides |
//! | --- | --- |
//! | `heard`, `say` | what is an event, and its words |
//! | `incident` | since when something is broken, and when it is well again |
//! | `route` | who hears of it |
//! | `coalesce` | whether it makes a message, or is folded into one |
//! | `quiet` | until when messages wait |
//! | `outbox`, `retry` | which delivery is sent next, and what becomes of it |
//!
//! Time is the wall clock, since all of this outlives the daemon; when that is set back, [`Notify::clock_jumped`] sees
//! to it that nothing waits longer than it would have.
//!
//! Invariants: the same events at the same times give the same messages with the same ids; an event that is decided on
//! is in the orders of that turn or in none.
//!
//! Tests: beside each file; whole lives in `tests/`.

mod coalesce;
mod heard;
mod incident;
mod keep;
mod outbox;
mod quiet;
mod retry;
mod route;
mod say;
mod tell;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::plan::{Plan, Role};
use crate::words::event::Event;
use crate::words::event_kind::EventKind;
use crate::words::ids::{RunId, UnitName};
use crate::words::notice::{BellRow, Delivery, MessageId, Notice};
use crate::words::run::{Outcome, RunRecord};
use crate::words::status::InstanceState;
use coalesce::Window;
use incident::Incident;
use outbox::Outbox;

pub use heard::{Heard, heard};
pub use outbox::{AT_ONCE, Answer, MOST_WAITING, NotAgain};

/// What the loop is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Write this delivery, new or changed. One that is pending or held is confirmed by [`Notify::stored`].
    Keep(Box<Delivery>),
    /// Write this row of the bell, new or changed; a changed one is unread again.
    Bell(Box<BellRow>),
    /// Keep this over restarts of the daemon under this name; none forgets it.
    Remember(String, Option<String>),
    /// Send it; what came of it is told to [`Notify::answered`].
    Send(Box<Delivery>),
    /// Tell the world.
    Tell(Event),
}

/// What an earlier daemon left.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// What was to be remembered.
    pub memories: Vec<(String, String)>,
    /// Deliveries that have not ended, oldest first.
    pub deliveries: Vec<Delivery>,
    /// Runs that were running already.
    pub running: Vec<RunId>,
}

/// The whole of it.
#[derive(Debug)]
pub struct Notify {
    plan: Arc<Plan>,
    windows: BTreeMap<String, Window>,
    /// When windows end.
    ends: BTreeSet<(Timestamp, String)>,
    incidents: BTreeMap<String, Incident>,
    /// When what is broken counts as well, if it goes on running.
    well: BTreeSet<(Timestamp, String)>,
    well_at: BTreeMap<String, Timestamp>,
    outbox: Outbox,
    running: BTreeSet<RunId>,
    /// What is remembered, by name.
    remembered: BTreeSet<String>,
    /// The daemon before this one said that it was leaving.
    left: bool,
    stopping: bool,
    /// This daemon leaves: nothing more is sent.
    leaving: bool,
}

impl Notify {
    /// Goes on where an earlier daemon was. What it left unsent is sent by [`Notify::on_time`].
    pub fn new(
        plan: Arc<Plan>,
        restored: Restored,
        now: Timestamp,
        out: &mut Vec<Order>,
    ) -> Notify {
        let mut notify = Notify {
            plan,
            windows: BTreeMap::new(),
            ends: BTreeSet::new(),
            incidents: BTreeMap::new(),
            well: BTreeSet::new(),
            well_at: BTreeMap::new(),
            outbox: Outbox::default(),
            running: restored.running.into_iter().collect(),
            remembered: BTreeSet::new(),
            left: false,
            stopping: false,
            leaving: false,
        };
        notify.recall(restored.memories, out);
        for delivery in restored.deliveries {
            notify.outbox.restore(delivery, now);
        }
        notify.settle_plan(now, out);
        notify
    }

    /// What happened in a turn.
    pub fn hear(&mut self, now: Timestamp, all: Vec<Heard>, out: &mut Vec<Order>) {
        for heard in all {
            match heard {
                Heard::Began(row) => self.run_began(now, &row, out),
                Heard::Ended { row, retried } => self.run_ended(now, &row, retried, out),
                Heard::Instance {
                    unit,
                    instance,
                    state,
                    message,
                } => self.instance(now, &unit, instance, state, message, out),
                Heard::Overdue { unit, expected_by } => self.overdue(now, &unit, expected_by, out),
                Heard::Trouble { part, message } => self.trouble(now, &part, message, out),
                Heard::Daemon { crashed, version } => self.daemon(now, crashed, &version, out),
                Heard::Suspended { plugin, message } => {
                    let title = format!("the plugin {plugin} is suspended");
                    let mut notice = say::bare(EventKind::PluginSuspended, now, &plugin, title);
                    notice.sentence = say::sentence_of(&format!("{}: {message}", notice.title));
                    notice.cause = Some(message);
                    notice.facts.push(("plugin".to_owned(), plugin.clone()));
                    self.raise(now, &format!("plugin/{plugin}"), notice, false, out);
                }
            }
        }
        self.dispatch(now, out);
    }

    fn run_began(&mut self, now: Timestamp, row: &RunRecord, out: &mut Vec<Order>) {
        // A daemon that takes a run over hears of its beginning once more.
        if !self.running.insert(row.id) {
            return;
        }
        let notice = say::run(&self.plan, row, EventKind::RunStarted, 0);
        self.raise(now, row.unit.as_str(), notice, false, out);
    }

    fn run_ended(&mut self, now: Timestamp, row: &RunRecord, retried: bool, out: &mut Vec<Order>) {
        self.running.remove(&row.id);
        let Some(outcome) = row.outcome else {
            return;
        };
        let kind = match retried {
            true => EventKind::RunRetrying,
            false => EventKind::of(outcome),
        };
        let subject = row.unit.as_str();
        // Missed ticks are failures of nobody's, so no success can mend them.
        let breaks = outcome.is_failure() && !retried && outcome != Outcome::Missed;
        let (began, failures) = match breaks {
            true => self.broke(now, subject, row.instance, true),
            false => (false, 0),
        };
        let notice = say::run(&self.plan, row, kind, failures);
        self.raise(now, subject, notice, began, out);
        if outcome == Outcome::Succeeded {
            self.mended(now, row, out);
        }
    }

    /// A task's run succeeded, or a service's instance ended well.
    fn mended(&mut self, now: Timestamp, row: &RunRecord, out: &mut Vec<Order>) {
        let subject = row.unit.as_str();
        let left = self
            .incidents
            .get_mut(subject)
            .is_some_and(|i| i.leave(row.instance));
        if left {
            let notice = say::mended(&self.plan, row, now);
            self.end_incident(now, subject, Some(notice), out);
        }
    }

    fn instance(
        &mut self,
        now: Timestamp,
        unit: &UnitName,
        instance: u32,
        state: InstanceState,
        message: Option<String>,
        out: &mut Vec<Order>,
    ) {
        let subject = unit.as_str();
        let kind = match state {
            InstanceState::Fatal => EventKind::ServiceFatal,
            InstanceState::Unhealthy => EventKind::ServiceUnhealthy,
            InstanceState::Running => {
                let healthy_after = self.healthy_after(subject);
                if let Some(incident) = self.incidents.get_mut(subject) {
                    incident.runs(instance, now, healthy_after);
                    self.remember_incident(subject, out);
                }
                return;
            }
            InstanceState::Stopped => {
                // Whoever stopped it knows. One that stops with the daemon is as broken as before when that is back.
                if !self.stopping
                    && self
                        .incidents
                        .get_mut(subject)
                        .is_some_and(|i| i.leave(instance))
                {
                    self.end_incident(now, subject, None, out);
                }
                return;
            }
            InstanceState::Waiting
            | InstanceState::Starting
            | InstanceState::Backoff
            | InstanceState::Stopping
            | InstanceState::Exited => {
                if let Some(incident) = self.incidents.get_mut(subject) {
                    incident.stumbles(instance);
                    self.remember_incident(subject, out);
                }
                return;
            }
        };
        let (began, _) = self.broke(now, subject, instance, false);
        let notice = say::unit(&self.plan, unit, instance, kind, now, message);
        self.raise(now, subject, notice, began, out);
    }

    fn overdue(&mut self, now: Timestamp, unit: &UnitName, by: Timestamp, out: &mut Vec<Order>) {
        let (began, _) = self.broke(now, unit.as_str(), 0, false);
        let by_text = self.in_words(by);
        let cause = format!("no run had finished by {by_text}");
        let mut notice = say::unit(
            &self.plan,
            unit,
            0,
            EventKind::TaskOverdue,
            now,
            Some(cause),
        );
        notice.id = format!("task.overdue/{unit}/{}", by.as_millisecond());
        notice
            .facts
            .push(("expected_by".to_owned(), by.to_string()));
        self.raise(now, unit.as_str(), notice, began, out);
    }

    fn trouble(
        &mut self,
        now: Timestamp,
        part: &str,
        message: Option<String>,
        out: &mut Vec<Order>,
    ) {
        let subject = format!("daemon/{part}");
        let notice = say::trouble(part, message, now);
        if notice.kind != EventKind::DaemonRecovered {
            let (began, _) = self.broke(now, &subject, 0, false);
            self.raise(now, &subject, notice, began, out);
        } else if self.incidents.get_mut(&subject).is_some_and(|i| i.leave(0)) {
            self.end_incident(now, &subject, Some(notice), out);
        }
    }

    fn daemon(&mut self, now: Timestamp, crashed: bool, version: &str, out: &mut Vec<Order>) {
        let kind = match crashed && !self.left {
            true => EventKind::DaemonCrashed,
            false => EventKind::DaemonStarted,
        };
        if std::mem::take(&mut self.left) {
            self.remember(keep::LEFT.to_owned(), None, out);
        }
        let title = match kind {
            EventKind::DaemonCrashed => "runwisp's daemon died and came back",
            _ => "runwisp's daemon started",
        };
        let mut notice = say::bare(kind, now, "", title.to_owned());
        if kind == EventKind::DaemonCrashed {
            notice.sentence.push_str(" What it supervises went on.");
        }
        notice
            .facts
            .push(("version".to_owned(), version.to_owned()));
        self.raise(now, "daemon", notice, false, out);
    }

    /// Something is broken: whether that is new, and how often it has failed.
    fn broke(&mut self, now: Timestamp, subject: &str, instance: u32, counts: bool) -> (bool, u32) {
        let new = !self.incidents.contains_key(subject);
        let incident = self
            .incidents
            .entry(subject.to_owned())
            .or_insert_with(|| Incident::begin(now));
        incident.broke(instance, counts);
        (new, incident.failures)
    }

    fn healthy_after(&self, unit: &str) -> std::time::Duration {
        let unit = self.plan.units.get(unit);
        unit.map_or(std::time::Duration::ZERO, |unit| match &unit.role {
            Role::Service(service) => service.healthy_after,
            Role::Task(_) => std::time::Duration::ZERO,
        })
    }

    /// The store holds these deliveries, or says that memory has to do.
    pub fn stored(&mut self, now: Timestamp, ids: &[MessageId], out: &mut Vec<Order>) {
        self.outbox.stored(ids);
        self.dispatch(now, out);
    }

    /// Somebody wants a delivery that did not arrive to be sent once more. As it is now.
    pub fn again(
        &mut self,
        now: Timestamp,
        delivery: Delivery,
        out: &mut Vec<Order>,
    ) -> Result<Delivery, NotAgain> {
        let notifiers = &self.plan.notify.notifiers;
        if delivery.state.is_final() && !notifiers.contains_key(&delivery.notifier) {
            return Err(NotAgain::NoNotifier);
        }
        self.outbox.again(now, delivery, out)
    }

    /// An attempt is over.
    pub fn answered(
        &mut self,
        now: Timestamp,
        id: MessageId,
        answer: Answer,
        out: &mut Vec<Order>,
    ) {
        let budget = self.plan.notify.retry_budget;
        if let Some(ended) = self.outbox.answered(now, id, answer, budget, out) {
            self.note_reference(&ended, out);
            if outbox::is_worth_telling(&ended) {
                self.tell_undelivered(now, &ended, out);
            }
        }
        self.dispatch(now, out);
    }

    /// Does what time says.
    pub fn on_time(&mut self, now: Timestamp, out: &mut Vec<Order>) {
        while let Some((at, _)) = self.ends.first()
            && *at <= now
            && let Some((_, key)) = self.ends.pop_first()
        {
            self.close_window(now, &key, out);
        }
        while let Some((at, _)) = self.well.first()
            && *at <= now
            && let Some((_, subject)) = self.well.pop_first()
        {
            if self
                .incidents
                .get_mut(&subject)
                .is_some_and(|i| i.on_time(now))
                && let Ok(unit) = UnitName::new(&subject)
            {
                let kind = EventKind::ServiceRecovered;
                let notice = say::unit(&self.plan, &unit, 0, kind, now, None);
                self.end_incident(now, &subject, Some(notice), out);
            }
        }
        self.dispatch(now, out);
    }

    /// When time has something to say next.
    pub fn deadline(&self) -> Option<Timestamp> {
        let ends = self.ends.first().map(|(at, _)| *at);
        let well = self.well.first().map(|(at, _)| *at);
        ends.into_iter()
            .chain(well)
            .chain(self.outbox.deadline())
            .min()
    }

    /// A new plan is in force. Where it says anything else about notifications, what is folded goes out first.
    pub fn apply(&mut self, now: Timestamp, plan: Arc<Plan>, out: &mut Vec<Order>) {
        if self.plan.notify != plan.notify {
            self.flush(now, out);
        }
        self.plan = plan;
        self.settle_plan(now, out);
        self.outbox.hold(now, self.quiet_until(now), out);
        self.dispatch(now, out);
    }

    /// Everything is being stopped: what is folded goes out now, or never might.
    pub fn stopping(&mut self, now: Timestamp, out: &mut Vec<Order>) {
        self.stopping = true;
        self.flush(now, out);
    }

    fn flush(&mut self, now: Timestamp, out: &mut Vec<Order>) {
        self.ends.clear();
        for key in self.windows.keys().cloned().collect::<Vec<_>>() {
            self.close_window(now, &key, out);
        }
        self.dispatch(now, out);
    }

    /// The clock was set, or the machine slept.
    pub fn clock_jumped(&mut self, now: Timestamp, out: &mut Vec<Order>) {
        let latest = retry::plus(now, self.plan.notify.coalesce_window);
        self.ends.clear();
        for (key, window) in &mut self.windows {
            window.ends_at = window.ends_at.min(latest);
            self.ends.insert((window.ends_at, key.clone()));
        }
        for subject in self.incidents.keys().cloned().collect::<Vec<_>>() {
            let healthy_after = self.healthy_after(&subject);
            if let Some(incident) = self.incidents.get_mut(&subject) {
                incident.clock_jumped(now, healthy_after);
            }
            self.remember_incident(&subject, out);
        }
        self.outbox.hold(now, self.quiet_until(now), out);
        self.on_time(now, out);
    }

    /// Sends what is due.
    fn dispatch(&mut self, now: Timestamp, out: &mut Vec<Order>) {
        if !self.leaving {
            self.outbox.dispatch(now, out);
        }
    }

    /// How many attempts are under way.
    pub fn sending(&self) -> usize {
        self.outbox.sending()
    }

    /// Notifiers in trouble, a line each.
    pub fn troubles(&self) -> Vec<String> {
        self.outbox
            .troubles()
            .map(|(id, waiting, why)| match waiting {
                0 => format!("the notifier {id} does not deliver: {why}"),
                1 => format!("the notifier {id} does not deliver: {why}; 1 message waits"),
                n => format!("the notifier {id} does not deliver: {why}; {n} messages wait"),
            })
            .collect()
    }

    fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        let notify = &self.plan.notify;
        quiet::until(&notify.quiet_hours, &notify.zone, now)
    }

    /// A moment as people write it, in the daemon's zone.
    fn in_words(&self, at: Timestamp) -> String {
        at.to_zoned(self.plan.notify.zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S %Z")
            .to_string()
    }
}

/// The sample that a test sends.
pub fn sample(kind: EventKind, at: Timestamp) -> Notice {
    tell::sample(kind, at)
}
