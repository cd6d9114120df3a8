//! What a daemon takes over from the one before it.

use crate::sim::plans::{plan, service, task};
use crate::sim::script::check;

#[test]
fn what_runs_goes_on_running_under_the_next_daemon() {
    check(
        plan([
            service("api", |s| s.instances = 2),
            task("job", &["0 * * * *"], |_| {}),
        ]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s spawn api.1 #2 Start
    0s api.1 starting
    0s api.0 running
    0s api.1 running
    1h spawn job.0 #3 Schedule
60m run job
    1h #4 job queued
    1h answer: #4 done
61m crash
    1h1m api.0 running
    1h1m api.1 running
61m status api
    api running
    .0 running restarts 0 up 1h1m
    .1 running restarts 0 up 1h1m
62m exit job 0
    1h2m #3 job succeeded
    1h2m spawn job.0 #4 Manual
62m exit job 0
    1h2m #4 job succeeded
63m exit api.0 1
    1h3m #1 api failed: exited 1
    1h3m api.0 backoff: exited 1
",
    );
}

#[test]
fn what_ended_meanwhile_is_judged_as_if_it_had_been_seen() {
    check(
        plan([
            service("api", |s| s.start_retries = 1),
            task("job", &[], |t| t.retry_attempts = None),
        ]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
0s run job
    0s answer: #2 done
    0s spawn job.0 #2 Manual
1s away
2s exit api 1
2s exit job 3
3s back
    3s api.0 running
    3s #1 api failed: exited 1
    3s api.0 backoff: exited 1
    3s #2 job failed: exited 3
    3s #3 job queued: tried again after 5s
    3s spawn api.0 #4 Restart
    3s api.0 starting
    3s api.0 running
4s away
5s exit api 1
6s back
    6s api.0 running
    6s #4 api failed: exited 1
    6s api.0 fatal: exited 1
",
    );
}

#[test]
fn a_stop_that_was_under_way_goes_on() {
    check(
        plan([service("api", |_| {})]),
        &[],
        "
0s manners api stubborn
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
1s stop api
    1s SIGTERM to #1 Group
    1s api.0 stopping
    1s answer: #1 done
2s crash
    2s api.0 running
    2s SIGTERM to #1 Group
    2s api.0 stopping
    7s SIGKILL to #1 All
    7s #1 api stopped: stopped by an operator; did not stop within 5s after SIGTERM; killed
    7s api.0 stopped
10s wait
",
    );
}

#[test]
fn runs_of_units_that_are_gone_are_ended_and_recorded() {
    let none = plan([service("other", |_| {})]);
    check(
        plan([service("api", |s| s.instances = 2)]),
        &[("none", none)],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s spawn api.1 #2 Start
    0s api.1 starting
    0s api.0 running
    0s api.1 running
1s away
1s plan none
2s back
    2s SIGTERM to #1 Group
    2s SIGTERM to #2 Group
    2s spawn other.0 #3 Start
    2s other.0 starting
    2s #1 api stopped: its definition was removed
    2s #2 api stopped: its definition was removed
    2s api is forgotten
    2s other.0 running
3s status api
    no such unit
",
    );
}

#[test]
fn a_run_that_may_have_begun_is_not_run_again() {
    check(
        plan([task("job", &[], |_| {})]),
        &[],
        "
0s slow
0s boot
0s run job
    0s answer: #1 done
    0s spawn job.0 #1 Manual
1s down
2s quick
2s boot
1h status job
    job stopped
",
    );
}
