//! From a snapshot to the text, metric by metric, in the order of the table.
//!
//! Outcomes that people alert on are there from the beginning, with 0: a counter that first appears at 1 has not grown,
//! as far as its readers can tell.
//!
//! Tests: below.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::Snapshot;
use super::table::{self, Metric};
use super::text::{Dialect, Samples, Text, Value};
use crate::config::plan::{Plan, Role};
use crate::figures::Usage;
use crate::figures::histogram::Histogram;
use crate::figures::tally::{CallResult, OfUnit, TickResult};
use crate::words::ids::{RunId, UnitName};
use crate::words::notice::{AttemptOutcome, DeliveryState};
use crate::words::run::{Kind, Outcome, Trigger};
use crate::words::status::{InstanceState, UnitStatus};

/// The whole text.
pub fn expose(snapshot: &Snapshot, dialect: Dialect) -> String {
    let mut text = Text::new(dialect);
    about(&mut text, snapshot);
    runs(&mut text, snapshot);
    services(&mut text, snapshot);
    tasks(&mut text, snapshot);
    uses(&mut text, snapshot);
    logs(&mut text, snapshot);
    messages(&mut text, snapshot);
    daemon(&mut text, snapshot);
    process(&mut text, snapshot);
    text.end()
}

fn plan(snapshot: &Snapshot) -> &Plan {
    snapshot.tally.plan()
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

/// One value for each unit of the plan, of what was counted of it.
fn each_unit<V: Into<Value>>(
    text: &mut Text,
    metric: &Metric,
    snapshot: &Snapshot,
    value: impl Fn(&OfUnit) -> V,
) {
    each(text, metric, snapshot, |samples, name, unit| {
        samples.add(&[name.as_str()], value(unit));
    });
}

fn each(
    text: &mut Text,
    metric: &Metric,
    snapshot: &Snapshot,
    mut add: impl FnMut(&mut Samples<'_>, &UnitName, &OfUnit),
) {
    let nothing = OfUnit::default();
    let mut samples = text.metric(metric);
    for name in plan(snapshot).units.keys() {
        let unit = snapshot.tally.units.get(name).unwrap_or(&nothing);
        add(&mut samples, name, unit);
    }
}

/// The histogram of each unit that has one.
fn each_histogram(
    text: &mut Text,
    metric: &Metric,
    snapshot: &Snapshot,
    of: impl Fn(&OfUnit) -> Option<&Histogram>,
) {
    let mut samples = text.metric(metric);
    for (name, unit) in &snapshot.tally.units {
        if let Some(histogram) = of(unit) {
            samples.histogram(&[name.as_str()], histogram);
        }
    }
}

/// One value for each unit of which there is one.
fn each_status<V: Into<Value>>(
    text: &mut Text,
    metric: &Metric,
    snapshot: &Snapshot,
    value: impl Fn(&UnitStatus) -> Option<V>,
) {
    let mut samples = text.metric(metric);
    let known = |unit: &&UnitStatus| plan(snapshot).units.contains_key(&unit.name);
    for unit in snapshot.units.iter().filter(known) {
        if let Some(value) = value(unit) {
            samples.add(&[unit.name.as_str()], value);
        }
    }
}

fn about(text: &mut Text, snapshot: &Snapshot) {
    text.metric(&table::BUILD).add(&[&snapshot.version], true);
    let mut samples = text.metric(&table::UNIT);
    for (name, unit) in &plan(snapshot).units {
        let group = unit.group.as_deref().unwrap_or_default();
        samples.add(&[name.as_str(), unit.kind().as_str(), group], true);
    }
}

fn runs(text: &mut Text, snapshot: &Snapshot) {
    each(text, &table::RUNS, snapshot, |samples, name, unit| {
        let always = [Outcome::Succeeded, Outcome::Failed];
        for outcome in always {
            samples.add(
                &[name.as_str(), outcome.as_str()],
                unit.outcomes.of(outcome),
            );
        }
        for (outcome, count) in unit.outcomes.iter() {
            if !always.contains(&outcome) {
                samples.add(&[name.as_str(), outcome.as_str()], count);
            }
        }
    });
    each(text, &table::RUNS_BEGUN, snapshot, |samples, name, unit| {
        for (why, count) in unit.triggers.iter() {
            samples.add(&[name.as_str(), why.as_str()], count);
        }
    });
    each_histogram(text, &table::RUN_DURATION, snapshot, |unit| {
        unit.durations.as_ref()
    });
    each_status(text, &table::LAST_RUN_SUCCESSFUL, snapshot, |unit| {
        let run = unit.last_run.as_ref()?;
        Some(run.outcome == Some(Outcome::Succeeded))
    });
    each_status(text, &table::LAST_RUN_END, snapshot, |unit| {
        unit.last_run.as_ref()?.ended_at.map(seconds)
    });
}

const STATES: [InstanceState; 9] = [
    InstanceState::Stopped,
    InstanceState::Waiting,
    InstanceState::Starting,
    InstanceState::Running,
    InstanceState::Unhealthy,
    InstanceState::Backoff,
    InstanceState::Stopping,
    InstanceState::Exited,
    InstanceState::Fatal,
];

fn services(text: &mut Text, snapshot: &Snapshot) {
    let services: Vec<&UnitName> = plan(snapshot)
        .units
        .iter()
        .filter(|(_, unit)| matches!(unit.role, Role::Service(_)))
        .map(|(name, _)| name)
        .collect();
    let mut samples = text.metric(&table::SERVICE_RESTARTS);
    for name in &services {
        let restarts = snapshot.tally.units.get(*name);
        let restarts = restarts.map_or(0, |unit| unit.triggers.of(Trigger::Restart));
        samples.add(&[name.as_str()], restarts);
    }
    let mut samples = text.metric(&table::SERVICE_INSTANCES);
    let statuses: HashMap<&UnitName, &UnitStatus> = snapshot
        .units
        .iter()
        .map(|unit| (&unit.name, unit))
        .collect();
    for name in &services {
        let Some(status) = statuses.get(name) else {
            continue;
        };
        for wanted in STATES {
            let in_it = status.instances.iter().filter(|i| i.state == wanted);
            samples.add(&[name.as_str(), wanted.as_str()], in_it.count() as u64);
        }
    }
    let mut samples = text.metric(&table::SERVICE_WANTED);
    for (name, unit) in &plan(snapshot).units {
        if let Role::Service(service) = &unit.role {
            samples.add(&[name.as_str()], u64::from(service.instances));
        }
    }
}

fn tasks(text: &mut Text, snapshot: &Snapshot) {
    let count = |unit: &UnitStatus, waits: bool| {
        let fits = |state| (state == InstanceState::Waiting) == waits;
        let found = unit.instances.iter().filter(|i| fits(i.state)).count();
        (unit.kind == Kind::Task).then_some(found as u64)
    };
    each_status(text, &table::TASK_ACTIVE, snapshot, |unit| {
        count(unit, false)
    });
    each_status(text, &table::TASK_QUEUE, snapshot, |unit| count(unit, true));
    each_status(text, &table::NEXT_RUN, snapshot, |unit| {
        unit.next_run_at.map(seconds)
    });
    each(text, &table::TICKS, snapshot, |samples, name, unit| {
        for (result, count) in unit.ticks.iter() {
            let result = match result {
                TickResult::Started => "started",
                TickResult::Not(outcome) => outcome.as_str(),
            };
            samples.add(&[name.as_str(), result], count);
        }
    });
    each_histogram(text, &table::LAG, snapshot, |unit| unit.lags.as_ref());
    each_unit(text, &table::OVERDUE, snapshot, |unit| unit.overdue);
}

fn uses(text: &mut Text, snapshot: &Snapshot) {
    each_unit(text, &table::UNIT_CPU, snapshot, |unit| {
        unit.cpu.as_secs_f64()
    });
    let by_run: HashMap<RunId, Usage> = snapshot
        .look
        .runs
        .iter()
        .map(|run| (run.run, run.usage))
        .collect();
    let mut memory: BTreeMap<&UnitName, u64> = BTreeMap::new();
    for (unit, run, _) in &snapshot.live {
        if let Some(usage) = by_run.get(run) {
            *memory.entry(unit).or_default() += usage.memory_bytes;
        }
    }
    let mut samples = text.metric(&table::UNIT_MEMORY);
    for (unit, bytes) in memory {
        if plan(snapshot).units.contains_key(unit) {
            samples.add(&[unit.as_str()], bytes);
        }
    }
}

fn logs(text: &mut Text, snapshot: &Snapshot) {
    let mut live: HashMap<&UnitName, u64> = HashMap::new();
    for (unit, _, bytes) in &snapshot.live {
        *live.entry(unit).or_default() += bytes;
    }
    each(text, &table::LOG, snapshot, |samples, name, unit| {
        let live = live.get(name).copied().unwrap_or_default();
        samples.add(&[name.as_str()], unit.log_bytes + live);
    });
    each_unit(text, &table::LOG_DROPPED, snapshot, |unit| {
        unit.log_dropped_bytes
    });
}

fn messages(text: &mut Text, snapshot: &Snapshot) {
    let tally = &snapshot.tally;
    let notifiers = &plan(snapshot).notify.notifiers;
    let none = Default::default();
    let of = |id: &String| tally.notifiers.get(id).unwrap_or(&none);
    let mut samples = text.metric(&table::DELIVERIES);
    for id in notifiers.keys() {
        for state in [
            DeliveryState::Delivered,
            DeliveryState::Rejected,
            DeliveryState::Expired,
        ] {
            samples.add(&[id, state.as_str()], of(id).ended.of(state));
        }
    }
    let waiting = tally.waiting();
    let mut samples = text.metric(&table::DELIVERIES_WAITING);
    for id in notifiers.keys() {
        let waiting = waiting.get(id.as_str()).copied().unwrap_or_default();
        samples.add(&[id], waiting);
    }
    let mut samples = text.metric(&table::ATTEMPTS);
    for id in notifiers.keys() {
        for outcome in [
            AttemptOutcome::Delivered,
            AttemptOutcome::Failed,
            AttemptOutcome::Rejected,
            AttemptOutcome::Interrupted,
        ] {
            samples.add(&[id, outcome.as_str()], of(id).attempts.of(outcome));
        }
    }
    let mut samples = text.metric(&table::CALLS);
    for (name, plugin) in &tally.plugins {
        for (result, word) in [
            (CallResult::Delivered, "delivered"),
            (CallResult::NotNow, "not_now"),
            (CallResult::Never, "never"),
        ] {
            samples.add(&[name, word], plugin.calls.of(result));
        }
    }
    let mut samples = text.metric(&table::CALL_DURATION);
    for (name, plugin) in &tally.plugins {
        samples.histogram(&[name], &plugin.durations);
    }
    let mut samples = text.metric(&table::SUSPENSIONS);
    for (name, plugin) in &tally.plugins {
        samples.add(&[name], plugin.suspensions);
    }
}

fn daemon(text: &mut Text, snapshot: &Snapshot) {
    let mut samples = text.metric(&table::TROUBLE);
    for part in &snapshot.troubles {
        samples.add(&[part], true);
    }
    let (reloaded_at, good) = snapshot.tally.reloaded;
    let mut one = |metric: &Metric, value: Value| text.metric(metric).add(&[], value);
    one(&table::FOLLOWERS, snapshot.followers.into());
    one(&table::CONFIG_STALE, snapshot.config_stale.into());
    one(&table::RELOAD_SUCCESSFUL, good.into());
    one(&table::RELOAD_TIME, seconds(reloaded_at).into());
    one(&table::CLOCK_JUMPS, snapshot.tally.clock_jumps.into());
    let mut commits = text.metric(&table::COMMIT_DURATION);
    commits.histogram(&[], &snapshot.commits);
    let mut failed = text.metric(&table::COMMITS_FAILED);
    failed.add(&[], snapshot.failed_commits);
    let mut turns = text.metric(&table::TURN_DURATION);
    turns.histogram(&[], &snapshot.tally.turns);
    maybe(
        text,
        &table::DISK_SIZE,
        snapshot.look.host.map(|host| host.disk_total_bytes),
    );
    maybe(
        text,
        &table::DISK_FREE,
        snapshot.look.host.map(|host| host.disk_free_bytes),
    );
    maybe(
        text,
        &table::KEEPER_MEMORY,
        snapshot.look.keeper_memory_bytes,
    );
}

fn process(text: &mut Text, snapshot: &Snapshot) {
    let own = snapshot.look.daemon;
    maybe(text, &table::CPU, own.map(|own| own.cpu.as_secs_f64()));
    maybe(text, &table::MEMORY, own.map(|own| own.usage.memory_bytes));
    maybe(text, &table::OPEN_FDS, own.map(|own| own.open_fds));
    maybe(text, &table::MAX_FDS, own.map(|own| own.max_fds));
    maybe(text, &table::THREADS, own.map(|own| own.threads));
    maybe(text, &table::START_TIME, Some(seconds(snapshot.started_at)));
}

/// What is known, if it is.
fn maybe<V: Into<Value>>(text: &mut Text, metric: &Metric, value: Option<V>) {
    let mut samples = text.metric(metric);
    if let Some(value) = value {
        samples.add(&[], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::look::Look;
    use crate::figures::tally::{COMMITS, Tally};
    use crate::sim::plans;
    use crate::words::run::{RunRecord, RunState};
    use crate::words::status::InstanceStatus;
    use std::time::Duration;

    fn name(text: &str) -> UnitName {
        UnitName::new(text).unwrap()
    }

    fn status(text: &str, kind: Kind, states: &[InstanceState]) -> UnitStatus {
        let instance = |state| InstanceStatus {
            index: 0,
            state,
            pid: None,
            run_id: None,
            uptime: None,
            restarts: 0,
            retry_in: None,
            message: None,
            usage: None,
        };
        UnitStatus {
            name: name(text),
            kind,
            group: None,
            description: None,
            state: InstanceState::Stopped,
            next_run_at: None,
            standing: None,
            instances: states.iter().copied().map(instance).collect(),
            last_run: None,
        }
    }

    fn snapshot() -> Snapshot {
        let plan = plans::plan([
            plans::task("backup", &[], |_| {}),
            plans::service("api", |service| service.instances = 2),
        ]);
        let mut tally = Tally::new(plan, Timestamp::UNIX_EPOCH, true);
        let at = Timestamp::UNIX_EPOCH;
        let mut row = RunRecord::new(
            RunId::from_parts(1, 0),
            name("backup"),
            Kind::Task,
            Trigger::Manual,
            at,
        );
        tally.run(&row);
        row.state = RunState::Ended;
        row.outcome = Some(Outcome::Timeout);
        row.duration = Some(Duration::from_millis(250));
        row.log_bytes = 10;
        tally.run(&row);
        Snapshot {
            tally,
            units: vec![
                status(
                    "api",
                    Kind::Service,
                    &[InstanceState::Running, InstanceState::Fatal],
                ),
                status(
                    "backup",
                    Kind::Task,
                    &[InstanceState::Running, InstanceState::Waiting],
                ),
                // Gone from the plan, and still stopping.
                status("old", Kind::Service, &[InstanceState::Stopping]),
            ],
            live: vec![(name("api"), RunId::from_parts(2, 0), 32)],
            look: Look::default(),
            commits: Histogram::new(COMMITS),
            failed_commits: 0,
            followers: 4,
            troubles: vec!["store"],
            version: "1.2.3".to_owned(),
            started_at: at,
            config_stale: false,
        }
    }

    #[test]
    fn every_metric_of_the_table_is_told_once_in_its_order() {
        let text = expose(&snapshot(), Dialect::OpenMetrics);
        let told: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
            .collect();
        let table: Vec<&str> = table::METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(told, table);
    }

    #[test]
    fn units_of_the_plan_have_their_figures_and_no_others() {
        let text = expose(&snapshot(), Dialect::OpenMetrics);
        for line in [
            "runwisp_build_info{version=\"1.2.3\"} 1",
            "runwisp_unit_info{unit=\"api\",kind=\"service\",group=\"\"} 1",
            "runwisp_runs_total{unit=\"backup\",outcome=\"timeout\"} 1",
            "runwisp_runs_total{unit=\"backup\",outcome=\"succeeded\"} 0",
            "runwisp_runs_total{unit=\"api\",outcome=\"failed\"} 0",
            "runwisp_runs_begun_total{unit=\"backup\",trigger=\"manual\"} 1",
            "runwisp_run_duration_seconds_bucket{unit=\"backup\",le=\"0.1\"} 0",
            "runwisp_run_duration_seconds_bucket{unit=\"backup\",le=\"0.5\"} 1",
            "runwisp_run_duration_seconds_sum{unit=\"backup\"} 0.25",
            "runwisp_service_instances{unit=\"api\",state=\"fatal\"} 1",
            "runwisp_service_instances_configured{unit=\"api\"} 2",
            "runwisp_service_restarts_total{unit=\"api\"} 0",
            "runwisp_task_active_runs{unit=\"backup\"} 1",
            "runwisp_task_queue_depth{unit=\"backup\"} 1",
            "runwisp_log_bytes_total{unit=\"backup\"} 10",
            "runwisp_log_bytes_total{unit=\"api\"} 32",
            "runwisp_trouble{part=\"store\"} 1",
            "runwisp_followers 4",
        ] {
            assert!(
                text.lines().any(|told| told == line),
                "{line} is not in {text}"
            );
        }
        assert!(
            !text.contains("\"old\"") && !text.contains("runwisp_task_active_runs{unit=\"api\"")
        );
    }
}
