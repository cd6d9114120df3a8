//! Services: starting, failing, being stopped, being started again.

use std::time::Duration;

use crate::config::plan::{Curve, Restart, Service};
use crate::sim::plans::{plan, service};
use crate::sim::script::check;

fn linear(s: &mut Service) {
    s.restart_backoff = Curve::Linear;
}

#[test]
fn failing_at_once_is_fatal_after_one_start_more_than_its_retries() {
    check(
        plan([service("api", linear)]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
0s exit api 1
    0s #1 api failed: exited 1
    0s api.0 backoff: exited 1
    1s spawn api.0 #2 Restart
    1s api.0 starting
    1s api.0 running
1s exit api 1
    1s #2 api failed: exited 1
    1s api.0 backoff: exited 1
    3s spawn api.0 #3 Restart
    3s api.0 starting
    3s api.0 running
3s die api SEGV
    3s #3 api failed: killed by SIGSEGV
    3s api.0 backoff: killed by SIGSEGV
    6s spawn api.0 #4 Restart
    6s api.0 starting
    6s api.0 running
6s broken api exec api: no such file or directory
6s exit api 1
    6s #4 api failed: exited 1
    6s api.0 fatal: exited 1
1h wait
1h start api
    1h spawn api.0 #5 Manual
    1h api.0 starting
    1h answer: #5 done
    1h #5 api start_failed: exec api: no such file or directory
    1h api.0 backoff: exec api: no such file or directory
1h status api
    api backoff
    .0 backoff restarts 0 retry in 1s: exec api: no such file or directory
",
    );
}

#[test]
fn a_start_that_fails_is_tried_again_like_one_that_ends() {
    check(
        plan([service("api", |s| s.start_retries = 1)]),
        &[],
        "
0s broken api exec api: no such file or directory
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s #1 api start_failed: exec api: no such file or directory
    0s api.0 backoff: exec api: no such file or directory
    1s spawn api.0 #2 Restart
    1s api.0 starting
    1s api.0 running
1s broken api exec api: permission denied
2s wait
5s exit api 1
    5s #2 api failed: exited 1
    5s api.0 fatal: exited 1
",
    );
}

#[test]
fn having_lived_long_enough_forgives_all_failures() {
    check(
        plan([service("api", linear)]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
0s exit api 1
    0s #1 api failed: exited 1
    0s api.0 backoff: exited 1
    1s spawn api.0 #2 Restart
    1s api.0 starting
    1s api.0 running
1s exit api 1
    1s #2 api failed: exited 1
    1s api.0 backoff: exited 1
    3s spawn api.0 #3 Restart
    3s api.0 starting
    3s api.0 running
3s exit api 1
    3s #3 api failed: exited 1
    3s api.0 backoff: exited 1
    6s spawn api.0 #4 Restart
    6s api.0 starting
    6s api.0 running
66s exit api 1
    1m6s #4 api failed: exited 1
    1m6s api.0 backoff: exited 1
    1m7s spawn api.0 #5 Restart
    1m7s api.0 starting
    1m7s api.0 running
67s exit api 1
    1m7s #5 api failed: exited 1
    1m7s api.0 backoff: exited 1
    1m9s spawn api.0 #6 Restart
    1m9s api.0 starting
    1m9s api.0 running
69s status api
    api running
    .0 running restarts 5 up 0s
",
    );
}

#[test]
fn quick_successes_are_paced_and_never_fatal() {
    check(
        plan([service("tick", |s| s.healthy_after = Duration::ZERO)]),
        &[],
        "
0s boot
    0s spawn tick.0 #1 Start
    0s tick.0 starting
    0s tick.0 running
0s exit tick 0
    0s #1 tick succeeded
    0s tick.0 backoff: exited 0
    1s spawn tick.0 #2 Restart
    1s tick.0 starting
    1s tick.0 running
1s exit tick 0
    1s #2 tick succeeded
    1s tick.0 backoff: exited 0
    3s spawn tick.0 #3 Restart
    3s tick.0 starting
    3s tick.0 running
3s exit tick 0
    3s #3 tick succeeded
    3s tick.0 backoff: exited 0
    7s spawn tick.0 #4 Restart
    7s tick.0 starting
    7s tick.0 running
7s exit tick 0
    7s #4 tick succeeded
    7s tick.0 backoff: exited 0
    15s spawn tick.0 #5 Restart
    15s tick.0 starting
    15s tick.0 running
15s exit tick 0
    15s #5 tick succeeded
    15s tick.0 backoff: exited 0
    31s spawn tick.0 #6 Restart
    31s tick.0 starting
    31s tick.0 running
31s exit tick 0
    31s #6 tick succeeded
    31s tick.0 backoff: exited 0
    1m3s spawn tick.0 #7 Restart
    1m3s tick.0 starting
    1m3s tick.0 running
1m31s status tick
    tick running
    .0 running restarts 6 up 28s
",
    );
}

#[test]
fn without_delay_the_next_is_spawned_in_the_same_turn() {
    check(
        plan([service("api", |s| s.restart_delay = Duration::ZERO)]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
2m die api KILL
    2m #1 api failed: killed by SIGKILL
    2m api.0 backoff: killed by SIGKILL
    2m spawn api.0 #2 Restart
    2m api.0 starting
    2m api.0 running
",
    );
}

#[test]
fn restart_policies_leave_ended_what_should_stay_ended() {
    let policy = |restart| move |s: &mut Service| s.restart = restart;
    let once = service("once", policy(Restart::Never));
    let good = service("good", policy(Restart::OnFailure));
    check(
        plan([once, good]),
        &[],
        "
0s boot
    0s spawn good.0 #1 Start
    0s good.0 starting
    0s spawn once.0 #2 Start
    0s once.0 starting
    0s good.0 running
    0s once.0 running
1s exit once 1
    1s #2 once failed: exited 1
    1s once.0 exited: exited 1
1s exit good 3
    1s #1 good failed: exited 3
    1s good.0 backoff: exited 3
    2s spawn good.0 #3 Restart
    2s good.0 starting
    2s good.0 running
5s exit good 0
    5s #3 good succeeded
    5s good.0 exited: exited 0
1h status once
    once exited
    .0 exited restarts 0: exited 1
1h start good
    1h spawn good.0 #4 Manual
    1h good.0 starting
    1h answer: #4 done
    1h good.0 running
",
    );
}

#[test]
fn stop_wins_over_backoff_and_starting_again_is_fresh() {
    check(
        plan([service("api", linear)]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
0s exit api 1
    0s #1 api failed: exited 1
    0s api.0 backoff: exited 1
    1s spawn api.0 #2 Restart
    1s api.0 starting
    1s api.0 running
1s exit api 1
    1s #2 api failed: exited 1
    1s api.0 backoff: exited 1
2s stop api
    2s api.0 stopped
    2s answer: done
2s stop api
    2s answer: no change
1h start api
    1h spawn api.0 #3 Manual
    1h api.0 starting
    1h answer: #3 done
    1h api.0 running
1h exit api 1
    1h #3 api failed: exited 1
    1h api.0 backoff: exited 1
1h start api
    1h spawn api.0 #4 Manual
    1h api.0 starting
    1h answer: #4 done
    1h api.0 running
1h start api
    1h answer: #4 no change
",
    );
}

#[test]
fn an_operators_stop_is_remembered_over_the_daemon() {
    check(
        plan([service("api", |_| {})]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
5s stop api
    5s SIGTERM to #1 Group
    5s api.0 stopping
    5s answer: #1 done
    5s #1 api stopped: stopped by an operator
    5s api.0 stopped
6s crash
7s down
8s boot
8s status api
    api stopped
    .0 stopped restarts 0
9s start api
    9s spawn api.0 #2 Manual
    9s api.0 starting
    9s answer: #2 done
    9s api.0 running
10s down
11s boot
    11s spawn api.0 #3 Start
    11s api.0 starting
    11s api.0 running
",
    );
}

#[test]
fn fatal_and_exited_stay_over_a_crash_and_are_tried_again_after_a_new_start() {
    let api = service("api", |s| s.start_retries = 0);
    let once = service("once", |s| s.restart = Restart::Never);
    check(
        plan([api, once]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s spawn once.0 #2 Start
    0s once.0 starting
    0s api.0 running
    0s once.0 running
1s exit api 1
    1s #1 api failed: exited 1
    1s api.0 fatal: exited 1
1s exit once 0
    1s #2 once succeeded
    1s once.0 exited: exited 0
2s crash
2s status api
    api fatal
    .0 fatal restarts 0: exited 1
2s status once
    once exited
    .0 exited restarts 0: exited 0
3s down
4s boot
    4s spawn api.0 #3 Start
    4s api.0 starting
    4s spawn once.0 #4 Start
    4s once.0 starting
    4s api.0 running
    4s once.0 running
",
    );
}

#[test]
fn restart_does_not_wait_out_a_delay() {
    check(
        plan([service("api", |s| s.instances = 2)]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s spawn api.1 #2 Start
    0s api.1 starting
    0s api.0 running
    0s api.1 running
1s exit api.1 1
    1s #2 api failed: exited 1
    1s api.1 backoff: exited 1
1s restart api
    1s SIGTERM to #1 Group
    1s api.0 stopping
    1s spawn api.1 #3 Manual
    1s api.1 starting
    1s answer: #1 done
    1s #1 api stopped: restarted by an operator
    1s spawn api.0 #4 Manual
    1s api.0 starting
    1s api.1 running
    1s api.0 running
1s status api
    api running
    .0 running restarts 1 up 0s
    .1 running restarts 0 up 0s
",
    );
}

#[test]
fn a_run_stopped_by_an_operator_makes_its_instance_start_anew() {
    check(
        plan([service("api", |s| s.instances = 2)]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s spawn api.1 #2 Start
    0s api.1 starting
    0s api.0 running
    0s api.1 running
1s stoprun #2
    1s SIGTERM to #2 Group
    1s api.1 stopping
    1s answer: #2 done
    1s #2 api stopped: stopped by an operator
    1s spawn api.1 #3 Restart
    1s api.1 starting
    1s api.1 running
1s stoprun #2
    1s refused: no_such_run
",
    );
}

#[test]
fn a_critical_service_takes_everything_with_it() {
    let main = service("main", |s| {
        s.critical = true;
        s.restart = Restart::Never;
    });
    check(
        plan([main, service("side", |_| {})]),
        &[],
        "
0s boot
    0s spawn main.0 #1 Start
    0s main.0 starting
    0s spawn side.0 #2 Start
    0s side.0 starting
    0s main.0 running
    0s side.0 running
5s exit main 3
    5s #1 main failed: exited 3
    5s main.0 exited: exited 3
    5s stopping
    5s main.0 stopped
    5s SIGTERM to #2 Group
    5s side.0 stopping
    5s #2 side daemon_stopped: runwisp was told to stop
    5s side.0 stopped
    5s leave with 1
",
    );
}

#[test]
fn a_watched_path_restarts_what_runs() {
    check(
        plan([service("api", |_| {})]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
5s touched api /srv/api
    5s SIGTERM to #1 Group
    5s api.0 stopping
    5s #1 api stopped: a watched path changed
    5s spawn api.0 #2 Watch
    5s api.0 starting
    5s api.0 running
6s stop api
    6s SIGTERM to #2 Group
    6s api.0 stopping
    6s answer: #2 done
    6s #2 api stopped: stopped by an operator
    6s api.0 stopped
7s touched api /srv/api
",
    );
}

#[test]
fn a_run_may_take_too_long_print_too_much_or_the_wrong_thing() {
    let mut api = service("api", |_| {});
    api.timeout = Some(Duration::from_secs(100));
    check(
        plan([api]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
    1m40s SIGTERM to #1 Group
    1m40s api.0 stopping
    1m40s #1 api timeout: ran longer than 1m40s
    1m40s api.0 backoff: ran longer than 1m40s
100s wait
    1m41s spawn api.0 #2 Restart
    1m41s api.0 starting
    1m41s api.0 running
101s logfull api
    1m41s SIGTERM to #2 Group
    1m41s api.0 stopping
    1m41s #2 api log_overflow: printed more than 100 MiB
    1m41s api.0 backoff: printed more than 100 MiB
    1m43s spawn api.0 #3 Restart
    1m43s api.0 starting
    1m43s api.0 running
104s match api ERROR
    1m44s SIGTERM to #3 Group
    1m44s api.0 stopping
    1m44s #3 api failed: its output matched \"ERROR\"
    1m44s api.0 backoff: its output matched \"ERROR\"
",
    );
}
