//! What is counted: folded from the rows, deliveries and events of each turn, in the turn.
//!
//! Every run counts once when it is first seen and once when it ends, however often its row is written; so does every
//! delivery. What an earlier daemon left open is made known first, and counts here only for what becomes of it.
//!
//! Bounds: units, notifiers and plugins are those of the plan in force, about half a kilobyte for each that has run.
//! What leaves the plan is forgotten, and begins at zero if it comes back, which is what readers take for a restart.
//!
//! Tests: below.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::histogram::Histogram;
use crate::config::plan::Plan;
use crate::words::event::Event;
use crate::words::ids::{RunId, UnitName};
use crate::words::notice::{AttemptOutcome, Delivery, DeliveryState, MessageId};
use crate::words::run::{Outcome, RunRecord, RunState, Trigger};

/// How long runs take, seconds: from a probe to a nightly job.
pub const DURATIONS: &[f64] = &[
    0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0,
];
/// How late runs start, seconds.
pub const LAGS: &[f64] = &[0.01, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 3600.0];
/// How long plugins are called, seconds; their limit is 30.
pub const CALLS: &[f64] = &[0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// How long a turn of the loop takes, seconds.
pub const TURNS: &[f64] = &[0.000_1, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];
/// How long a commit takes, seconds.
pub const COMMITS: &[f64] = &[0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// How often each of a few things happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts<K>(Vec<(K, u64)>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Counts(Vec::new())
    }
}

impl<K: Copy + PartialEq> Counts<K> {
    fn add(&mut self, key: K) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, count)) => *count += 1,
            None => self.0.push((key, 1)),
        }
    }

    /// How often this happened.
    pub fn of(&self, key: K) -> u64 {
        let found = self.0.iter().find(|(known, _)| *known == key);
        found.map_or(0, |(_, count)| *count)
    }

    /// All that happened.
    pub fn iter(&self) -> impl Iterator<Item = (K, u64)> + '_ {
        self.0.iter().copied()
    }
}

/// What became of a tick of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TickResult {
    /// A process was started for it.
    Started,
    /// None was, and this is why.
    Not(Outcome),
}

/// What is counted of a unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OfUnit {
    /// Runs that ended, by how.
    pub outcomes: Counts<Outcome>,
    /// Runs that were queued or started, by why.
    pub triggers: Counts<Trigger>,
    /// Ticks of its schedule, by what became of them.
    pub ticks: Counts<TickResult>,
    /// How long runs lived.
    pub durations: Option<Histogram>,
    /// How much later than their tick runs started.
    pub lags: Option<Histogram>,
    /// How often it was overdue.
    pub overdue: u64,
    /// Bytes that ended runs printed and that were kept.
    pub log_bytes: u64,
    /// Bytes that ended runs printed and that were not.
    pub log_dropped_bytes: u64,
    /// Processor time that was seen to be used.
    pub cpu: Duration,
}

/// What is counted of a notifier.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OfNotifier {
    /// Deliveries that came to an end, by which.
    pub ended: Counts<DeliveryState>,
    /// Attempts, by what came of them.
    pub attempts: Counts<AttemptOutcome>,
}

/// What came of a call of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// It delivered.
    Delivered,
    /// It may work later.
    NotNow,
    /// It never will.
    Never,
}

/// What is counted of a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct OfPlugin {
    /// Calls, by what came of them.
    pub calls: Counts<CallResult>,
    /// How long they took.
    pub durations: Histogram,
    /// How often it was suspended.
    pub suspensions: u64,
}

/// A run that has not ended.
#[derive(Clone, Copy, Debug)]
struct Open {
    started: bool,
}

/// A delivery that has not ended.
#[derive(Clone, Debug)]
struct Waiting {
    notifier: String,
    last_attempt: Option<Timestamp>,
}

/// Everything that is counted since this daemon began.
#[derive(Clone, Debug)]
pub struct Tally {
    plan: Arc<Plan>,
    open: HashMap<RunId, Open>,
    waiting: HashMap<MessageId, Waiting>,
    /// By unit; those of which nothing happened are not there.
    pub units: BTreeMap<UnitName, OfUnit>,
    /// By notifier, likewise.
    pub notifiers: BTreeMap<String, OfNotifier>,
    /// By plugin, likewise.
    pub plugins: BTreeMap<String, OfPlugin>,
    /// How long turns of the loop took.
    pub turns: Histogram,
    /// How often the wall clock jumped.
    pub clock_jumps: u64,
    /// When a configuration was last put in force, and whether the last one was good.
    pub reloaded: (Timestamp, bool),
}

impl Tally {
    /// Nothing yet. `good` says whether the plan is what the files say, or the last one that was good.
    pub fn new(plan: Arc<Plan>, now: Timestamp, good: bool) -> Self {
        Tally {
            plan,
            open: HashMap::new(),
            waiting: HashMap::new(),
            units: BTreeMap::new(),
            notifiers: BTreeMap::new(),
            plugins: BTreeMap::new(),
            turns: Histogram::new(TURNS),
            clock_jumps: 0,
            reloaded: (now, good),
        }
    }

    /// The plan whose units are counted.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// A run that an earlier daemon has counted as begun.
    pub fn know_run(&mut self, row: &RunRecord) {
        if row.state != RunState::Ended {
            let started = row.started_at.is_some();
            self.open.insert(row.id, Open { started });
        }
    }

    /// A delivery that an earlier daemon left.
    pub fn know_delivery(&mut self, delivery: &Delivery) {
        let last_attempt = delivery.attempts.last().map(|attempt| attempt.at);
        let notifier = delivery.notifier.clone();
        let waiting = Waiting {
            notifier,
            last_attempt,
        };
        self.waiting.insert(delivery.id, waiting);
    }

    /// Another plan is in force.
    pub fn apply(&mut self, plan: &Arc<Plan>) {
        self.plan = Arc::clone(plan);
        self.units.retain(|name, _| plan.units.contains_key(name));
        let notifiers = &plan.notify.notifiers;
        self.notifiers.retain(|id, _| notifiers.contains_key(id));
        self.plugins
            .retain(|name, _| notifiers.values().any(|n| n.plugin == *name));
    }

    /// An attempt to put a new configuration in force is over.
    pub fn reloaded(&mut self, now: Timestamp, good: bool) {
        self.reloaded = match good {
            true => (now, true),
            false => (self.reloaded.0, false),
        };
    }

    fn unit(&mut self, name: &UnitName) -> Option<&mut OfUnit> {
        if !self.units.contains_key(name) {
            if !self.plan.units.contains_key(name) {
                return None;
            }
            self.units.insert(name.clone(), OfUnit::default());
        }
        self.units.get_mut(name)
    }

    /// A row was written.
    pub fn run(&mut self, row: &RunRecord) {
        let before = self.open.remove(&row.id);
        let ended = row.state == RunState::Ended;
        let started = row.started_at.is_some();
        if !ended {
            self.open.insert(row.id, Open { started });
        }
        let starts_now = started && !before.is_some_and(|open| open.started);
        let tick = row.scheduled_at.filter(|_| row.attempt == 1);
        let Some(unit) = self.unit(&row.unit) else {
            return;
        };
        if before.is_none() && !ended {
            unit.triggers.add(row.trigger);
        }
        if let (true, Some(tick), Some(start)) = (starts_now, tick, row.started_at) {
            let lag = Duration::try_from(start.duration_since(tick)).unwrap_or_default();
            let lags = unit.lags.get_or_insert_with(|| Histogram::new(LAGS));
            lags.add(lag);
            unit.ticks.add(TickResult::Started);
        }
        if !ended {
            return;
        }
        let outcome = row.outcome.unwrap_or(Outcome::Interrupted);
        unit.outcomes.add(outcome);
        unit.log_bytes += row.log_bytes;
        unit.log_dropped_bytes += row.log_dropped_bytes;
        if tick.is_some() && !started {
            unit.ticks.add(TickResult::Not(outcome));
        }
        if let Some(duration) = row.duration {
            let durations = unit
                .durations
                .get_or_insert_with(|| Histogram::new(DURATIONS));
            durations.add(duration);
        }
    }

    /// A delivery was written.
    pub fn delivery(&mut self, delivery: &Delivery) {
        let before = self.waiting.remove(&delivery.id);
        let last = delivery.attempts.last();
        let known = before.and_then(|waiting| waiting.last_attempt);
        let fresh = last.filter(|attempt| known != Some(attempt.at));
        let ended = delivery.state.is_final();
        if !ended {
            self.know_delivery(delivery);
        }
        if !self.plan.notify.notifiers.contains_key(&delivery.notifier) {
            return;
        }
        let notifier = self.notifiers.entry(delivery.notifier.clone()).or_default();
        if let Some(attempt) = fresh {
            notifier.attempts.add(attempt.outcome);
        }
        if ended {
            notifier.ended.add(delivery.state);
        }
    }

    /// The notifier of a delivery that has not come to its end.
    pub fn notifier_of(&self, delivery: MessageId) -> Option<String> {
        let waiting = self.waiting.get(&delivery)?;
        Some(waiting.notifier.clone())
    }

    /// How many deliveries of each notifier have not come to their end.
    pub fn waiting(&self) -> BTreeMap<&str, u64> {
        let mut waiting = BTreeMap::new();
        for delivery in self.waiting.values() {
            *waiting.entry(delivery.notifier.as_str()).or_default() += 1;
        }
        waiting
    }

    /// Something happened.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Overdue { unit, .. } => {
                if let Some(unit) = self.unit(unit) {
                    unit.overdue += 1;
                }
            }
            Event::ClockJump { .. } => self.clock_jumps += 1,
            _ => {}
        }
    }

    /// A notifier's plugin was called. A call that never began took no time.
    pub fn call(&mut self, notifier: &str, result: CallResult, took: Duration, suspended: bool) {
        let Some(plan) = self.plan.notify.notifiers.get(notifier) else {
            return;
        };
        let plugin = self.plugins.entry(plan.plugin.clone());
        let plugin = plugin.or_insert_with(|| OfPlugin {
            calls: Counts::default(),
            durations: Histogram::new(CALLS),
            suspensions: 0,
        });
        plugin.calls.add(result);
        if !took.is_zero() {
            plugin.durations.add(took);
        }
        plugin.suspensions += u64::from(suspended);
    }

    /// Processor time that a unit was seen to use.
    pub fn used(&mut self, unit: &UnitName, cpu: Duration) {
        if let Some(unit) = self.unit(unit) {
            unit.cpu = unit.cpu.saturating_add(cpu);
        }
    }

    /// A turn of the loop is over.
    pub fn turn(&mut self, took: Duration) {
        self.turns.add(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::notify_plan::NotifierPlan;
    use crate::sim::plans;
    use crate::words::event_kind::EventKind;
    use crate::words::notice::{Attempt, Notice};
    use crate::words::run::Kind;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(n).unwrap()
    }

    fn tally() -> Tally {
        let mut plan = (*plans::plan([plans::task("backup", &["0 3 * * *"], |_| {})])).clone();
        let webhook = NotifierPlan {
            plugin: "webhook".to_owned(),
            settings: serde_json::Value::Null,
            secrets: Vec::new(),
        };
        plan.notify.notifiers = [("ops".to_owned(), webhook)].into();
        let plan = Arc::new(plan);
        Tally::new(plan, second(0), true)
    }

    fn row(n: u64, unit: &str) -> RunRecord {
        let name = UnitName::new(unit).unwrap();
        let id = RunId::from_parts(n, 0);
        let mut row = RunRecord::new(id, name, Kind::Task, Trigger::Schedule, second(10));
        row.scheduled_at = Some(second(10));
        row
    }

    fn of<'a>(tally: &'a Tally, unit: &str) -> &'a OfUnit {
        &tally.units[&UnitName::new(unit).unwrap()]
    }

    #[test]
    fn a_run_counts_once_however_often_its_row_is_written() {
        let mut tally = tally();
        let mut row = row(1, "backup");
        row.state = RunState::Queued;
        tally.run(&row);
        row.state = RunState::Starting;
        tally.run(&row);
        row.state = RunState::Running;
        row.started_at = Some(second(13));
        tally.run(&row);
        row.message = Some("still there".to_owned());
        tally.run(&row);
        row.state = RunState::Ended;
        row.outcome = Some(Outcome::Timeout);
        row.duration = Some(Duration::from_secs(2));
        (row.log_bytes, row.log_dropped_bytes) = (70, 7);
        tally.run(&row);
        let unit = of(&tally, "backup");
        assert_eq!(
            unit.triggers.iter().collect::<Vec<_>>(),
            [(Trigger::Schedule, 1)]
        );
        assert_eq!(
            unit.outcomes.iter().collect::<Vec<_>>(),
            [(Outcome::Timeout, 1)]
        );
        assert_eq!(
            unit.ticks.iter().collect::<Vec<_>>(),
            [(TickResult::Started, 1)]
        );
        assert_eq!(unit.lags.as_ref().unwrap().sum(), Duration::from_secs(3));
        assert_eq!(
            unit.durations.as_ref().unwrap().sum(),
            Duration::from_secs(2)
        );
        assert_eq!((unit.log_bytes, unit.log_dropped_bytes), (70, 7));
        assert!(tally.open.is_empty());
    }

    #[test]
    fn a_tick_that_was_not_run_counts_by_its_reason_and_begins_nothing() {
        let mut tally = tally();
        let mut row = row(1, "backup");
        row.state = RunState::Ended;
        row.outcome = Some(Outcome::Skipped);
        tally.run(&row);
        let unit = of(&tally, "backup");
        let not = TickResult::Not(Outcome::Skipped);
        assert_eq!(unit.ticks.iter().collect::<Vec<_>>(), [(not, 1)]);
        assert_eq!(unit.triggers.iter().count(), 0);
        assert_eq!(unit.outcomes.of(Outcome::Skipped), 1);
        assert!(unit.durations.is_none());
    }

    #[test]
    fn what_an_earlier_daemon_began_counts_only_for_its_end() {
        let mut tally = tally();
        let mut row = row(1, "backup");
        row.state = RunState::Running;
        row.started_at = Some(second(13));
        tally.know_run(&row);
        tally.run(&row);
        row.state = RunState::Ended;
        row.outcome = Some(Outcome::Succeeded);
        tally.run(&row);
        let unit = of(&tally, "backup");
        assert_eq!(unit.triggers.iter().count(), 0);
        assert!(unit.lags.is_none());
        assert_eq!(unit.outcomes.of(Outcome::Succeeded), 1);
    }

    #[test]
    fn only_what_is_in_the_plan_is_counted_and_what_leaves_it_is_forgotten() {
        let mut tally = tally();
        tally.run(&row(1, "stranger"));
        tally.used(&UnitName::new("stranger").unwrap(), Duration::from_secs(1));
        tally.call("stranger", CallResult::Never, Duration::ZERO, false);
        assert!(tally.units.is_empty() && tally.plugins.is_empty());
        tally.run(&row(2, "backup"));
        tally.call("ops", CallResult::NotNow, Duration::from_millis(20), true);
        assert_eq!(
            (tally.units.len(), tally.plugins["webhook"].suspensions),
            (1, 1)
        );
        tally.apply(&plans::plan([plans::task("other", &[], |_| {})]));
        assert!(tally.units.is_empty() && tally.plugins.is_empty());
        // Its run, which still ends, is nobody's.
        let mut ended = row(2, "backup");
        ended.state = RunState::Ended;
        tally.run(&ended);
        assert!(tally.units.is_empty() && !tally.open.contains_key(&ended.id));
    }

    #[test]
    fn a_delivery_counts_each_attempt_and_its_end_once() {
        let mut tally = tally();
        let notice = Notice {
            id: "x".to_owned(),
            kind: EventKind::RunFailed,
            at: second(1),
            unit: None,
            run: None,
            title: String::new(),
            sentence: String::new(),
            cause: None,
            failures: 1,
            folded: 0,
            since: None,
            lasted_ms: None,
            facts: Vec::new(),
        };
        let mut delivery = Delivery {
            id: MessageId::from_u128(1),
            notice,
            notifier: "ops".to_owned(),
            target: None,
            template: None,
            answers: None,
            answers_reference: None,
            state: DeliveryState::Pending,
            created_at: second(1),
            due_at: second(1),
            next_at: second(1),
            ended_at: None,
            attempts: Vec::new(),
            reference: None,
        };
        tally.delivery(&delivery);
        assert_eq!(tally.waiting()["ops"], 1);
        let attempt = |at, outcome| Attempt {
            at: second(at),
            outcome,
            message: None,
        };
        delivery.attempts.push(attempt(2, AttemptOutcome::Failed));
        tally.delivery(&delivery);
        delivery.state = DeliveryState::Sending;
        tally.delivery(&delivery);
        delivery
            .attempts
            .push(attempt(3, AttemptOutcome::Delivered));
        delivery.state = DeliveryState::Delivered;
        tally.delivery(&delivery);
        let ops = &tally.notifiers["ops"];
        assert_eq!(ops.attempts.of(AttemptOutcome::Failed), 1);
        assert_eq!(ops.attempts.of(AttemptOutcome::Delivered), 1);
        assert_eq!(
            ops.ended.iter().collect::<Vec<_>>(),
            [(DeliveryState::Delivered, 1)]
        );
        assert!(tally.waiting().is_empty());
    }

    #[test]
    fn a_refused_configuration_leaves_the_time_of_the_last_good_one() {
        let mut tally = tally();
        tally.reloaded(second(5), true);
        tally.reloaded(second(9), false);
        assert_eq!(tally.reloaded, (second(5), false));
    }
}
