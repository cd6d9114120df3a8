//! Units to play with: the built-in defaults, and what a test changes about them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::config::plan::{
    Curve, DaemonPlan, Overlap, Plan, Ready, Restart, Role, RunOnStart, Service, SourcePlace,
    StoragePlan, Task, Unit,
};
use crate::schedule::Schedule;
use crate::words::ids::UnitName;
use crate::words::signal::Signal;
use crate::words::spawn::{CgroupLimits, EnvBase, OnFull, Scope, SpawnSpec, Stdin};

/// A plan of these units, with a ceiling of ten seconds for stopping it.
pub fn plan(units: impl IntoIterator<Item = Unit>) -> Arc<Plan> {
    let units = units.into_iter().map(|unit| (unit.name.clone(), unit));
    Arc::new(Plan {
        daemon: DaemonPlan {
            listen: None,
            external_url: None,
            timezone: TimeZone::UTC,
            shutdown_timeout: Duration::from_secs(10),
            user: None,
            exit_when_done: false,
            http: serde_json::Value::Null,
        },
        storage: StoragePlan::default(),
        units: BTreeMap::from_iter(units),
        notify: Default::default(),
        edges: serde_json::Value::Null,
    })
}

/// A service with the built-in defaults, changed by `change`.
pub fn service(name: &str, change: impl FnOnce(&mut Service)) -> Unit {
    let mut service = Service {
        instances: 1,
        restart: Restart::Always,
        restart_delay: Duration::from_secs(1),
        restart_backoff: Curve::Exponential,
        restart_delay_max: Duration::from_secs(60),
        healthy_after: Duration::from_secs(60),
        start_retries: 3,
        priority: 999,
        autostart: true,
        depends_on: Vec::new(),
        health: None,
        ready: Ready::Spawned,
        watchdog: None,
        watch: Vec::new(),
        critical: false,
    };
    change(&mut service);
    unit(name, Role::Service(service))
}

/// A task with the built-in defaults, due by `crons` in UTC, changed by `change`.
pub fn task(name: &str, crons: &[&str], change: impl FnOnce(&mut Task)) -> Unit {
    let mut task = Task {
        schedules: crons.iter().map(|text| schedule(text)).collect(),
        jitter: Duration::ZERO,
        run_on_start: RunOnStart::No,
        catch_up: 1,
        on_overlap: Overlap::Queue,
        max_concurrent: 1,
        max_queued: 100,
        retry_attempts: Some(0),
        retry_delay: Duration::from_secs(5),
        retry_backoff: Curve::Constant,
        expect_by: Vec::new(),
        max_silence: None,
    };
    change(&mut task);
    unit(name, Role::Task(task))
}

/// A schedule in UTC.
pub fn schedule(text: &str) -> Schedule {
    Schedule::parse(text, &TimeZone::UTC).expect("tests write schedules that can be read")
}

/// A name.
pub fn name(text: &str) -> UnitName {
    UnitName::new(text).expect("tests write names that are names")
}

fn unit(text: &str, role: Role) -> Unit {
    Unit {
        name: name(text),
        source: SourcePlace::default(),
        description: None,
        group: None,
        spec: spec(text),
        user: None,
        command: text.to_owned(),
        exit_codes: vec![0],
        fail_on_output: Vec::new(),
        timeout: None,
        keep_runs: None,
        keep_for: None,
        on_success: Vec::new(),
        on_failure: Vec::new(),
        manual_trigger: true,
        notify: Default::default(),
        edges: serde_json::Value::Null,
        role,
    }
}

fn spec(command: &str) -> SpawnSpec {
    SpawnSpec {
        argv: vec![command.to_owned()],
        env_base: EnvBase::Inherit,
        env: Vec::new(),
        cwd: None,
        run_as: None,
        umask: None,
        rlimits: Vec::new(),
        nice: None,
        oom_score_adj: None,
        cgroup: CgroupLimits::default(),
        stdin: Stdin::Null,
        pty: false,
        notify: false,
        watchdog: None,
        secrets: Vec::new(),
        log_max_size: 100 << 20,
        log_on_full: OnFull::DropOld,
        stop_signal: Signal::TERM,
        graceful_stop: Duration::from_secs(5),
        stop_scope: Scope::Group,
    }
}
