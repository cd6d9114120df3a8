//! Services that are ready or not, and those that wait for them.

use std::time::Duration;

use crate::config::plan::{Check, Health, Ready, Restart};
use crate::sim::plans::{name, plan, service};
use crate::sim::script::check;

#[test]
fn what_depends_waits_until_all_it_needs_is_ready() {
    let db = service("db", |s| {
        s.ready = Ready::Notify;
        s.instances = 2;
        s.start_retries = 0;
    });
    let web = service("web", |s| s.depends_on = vec![name("db"), name("cache")]);
    let cache = service("cache", |_| {});
    check(
        plan([db, web, cache]),
        &[],
        "
0s boot
    0s spawn cache.0 #1 Start
    0s cache.0 starting
    0s spawn db.0 #2 Start
    0s db.0 starting
    0s spawn db.1 #3 Start
    0s db.1 starting
    0s web.0 waiting: waits for db, which is not ready yet
    0s cache.0 running
0s status web
    web waiting
    .0 waiting restarts 0: waits for db, which is not ready yet
1s notify db.0 READY
    1s db.0 running
2s notify db.1 READY
    2s db.1 running
    2s spawn web.0 #4 Start
    2s web.0 starting
    2s web.0 running
3s stop web
    3s SIGTERM to #4 Group
    3s web.0 stopping
    3s answer: #4 done
    3s #4 web stopped: stopped by an operator
    3s web.0 stopped
4s exit db.0 1
    4s #2 db failed: exited 1
    4s db.0 fatal: exited 1
5s start web
    5s web.0 waiting: waits for db, which is fatal: exited 1
    5s answer: done
",
    );
}

#[test]
fn a_dependency_that_has_done_its_work_counts() {
    let migrate = service("migrate", |s| {
        s.restart = Restart::OnFailure;
        s.ready = Ready::Notify;
    });
    let web = service("web", |s| s.depends_on = vec![name("migrate")]);
    check(
        plan([migrate, web]),
        &[],
        "
0s boot
    0s spawn migrate.0 #1 Start
    0s migrate.0 starting
    0s web.0 waiting: waits for migrate, which is not ready yet
1s exit migrate 0
    1s #1 migrate succeeded
    1s migrate.0 exited: exited 0
    1s spawn web.0 #2 Start
    1s web.0 starting
    1s web.0 running
",
    );
}

#[test]
fn low_priorities_start_first_and_what_is_needed_goes_before() {
    let web = service("web", |s| {
        s.priority = 1;
        s.depends_on = vec![name("db")];
    });
    let db = service("db", |s| s.priority = 5);
    let first = service("first", |s| s.priority = 0);
    let last = service("a-last", |s| s.priority = 3);
    check(
        plan([web, db, first, last]),
        &[],
        "
0s boot
    0s spawn first.0 #1 Start
    0s first.0 starting
    0s spawn db.0 #2 Start
    0s db.0 starting
    0s web.0 waiting: waits for db, which is not ready yet
    0s spawn a-last.0 #3 Start
    0s a-last.0 starting
    0s first.0 running
    0s db.0 running
    0s spawn web.0 #4 Start
    0s web.0 starting
    0s a-last.0 running
    0s web.0 running
9s shutdown
    9s stopping
    9s SIGTERM to #3 Group
    9s a-last.0 stopping
    9s #3 a-last daemon_stopped: runwisp was told to stop
    9s a-last.0 stopped
    9s SIGTERM to #4 Group
    9s web.0 stopping
    9s #4 web daemon_stopped: runwisp was told to stop
    9s web.0 stopped
    9s SIGTERM to #2 Group
    9s db.0 stopping
    9s #2 db daemon_stopped: runwisp was told to stop
    9s db.0 stopped
    9s SIGTERM to #1 Group
    9s first.0 stopping
    9s #1 first daemon_stopped: runwisp was told to stop
    9s first.0 stopped
    9s leave with 0
",
    );
}

#[test]
fn readiness_by_notify_has_its_time_limit_and_may_be_extended() {
    let api = service("api", |s| {
        s.ready = Ready::Notify;
        s.healthy_after = Duration::from_secs(10);
    });
    check(
        plan([api]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
9s notify api EXTEND 5000000
13s notify api STATUS loading
13s status api
    api starting
    .0 starting restarts 0 up 13s: loading
    14s SIGTERM to #1 Group
    14s api.0 stopping
    14s #1 api unhealthy: not ready within 14s
    14s api.0 backoff: not ready within 14s
    15s spawn api.0 #2 Restart
    15s api.0 starting
15s notify api READY
    15s api.0 running
",
    );
}

#[test]
fn a_watchdog_that_is_not_fed_strikes() {
    let api = service("api", |s| {
        s.watchdog = Some(Duration::from_secs(10));
        s.ready = Ready::Notify;
    });
    check(
        plan([api]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
15s notify api READY
    15s api.0 running
20s notify api WATCHDOG
    30s SIGKILL to #1 All
    30s api.0 stopping
    30s #1 api unhealthy: the watchdog had no WATCHDOG=1 within 10s
    30s api.0 backoff: the watchdog had no WATCHDOG=1 within 10s
    31s spawn api.0 #2 Restart
    31s api.0 starting
31s wait
32s notify api TRIGGER
    32s SIGKILL to #2 All
    32s api.0 stopping
    32s #2 api unhealthy: it asked for its watchdog to strike
    32s api.0 backoff: it asked for its watchdog to strike
",
    );
}

fn health(restart: bool) -> Option<Health> {
    Some(Health {
        check: Check::Tcp("localhost:80".to_owned()),
        interval: Duration::from_secs(10),
        timeout: Duration::from_secs(5),
        retries: 2,
        start_period: Duration::from_secs(3),
        restart,
    })
}

#[test]
fn checks_come_quickly_at_first_and_failures_in_a_row_restart() {
    let api = service("api", |s| {
        s.ready = Ready::Healthy;
        s.health = health(true);
        s.start_retries = 0;
    });
    check(
        plan([api]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s probe #1
0s probe api refused
    1s probe #1
1s probe api refused
    2s probe #1
2s probe api ok
    2s api.0 running
    12s probe #1
12s probe api refused
    22s probe #1
22s probe api ok
    32s probe #1
32s probe api refused
    42s probe #1
42s probe api refused
    42s SIGTERM to #1 Group
    42s api.0 stopping
    42s #1 api unhealthy: its health check failed: refused
    42s api.0 fatal: its health check failed: refused
",
    );
}

#[test]
fn unhealthy_may_be_left_alone() {
    let api = service("api", |s| s.health = health(false));
    check(
        plan([api]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
    0s probe #1
4s probe api refused
    14s probe #1
14s probe api refused
    14s api.0 unhealthy: refused
15s status api
    api unhealthy
    .0 unhealthy restarts 0 up 15s: refused
    24s probe #1
24s probe api ok
    24s api.0 running
",
    );
}
