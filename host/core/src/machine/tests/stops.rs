//! Stopping: the ladder, leftovers, shutting down.

use std::time::Duration;

use crate::sim::plans::{name, plan, service, task};
use crate::sim::script::check;
use crate::words::signal::Signal;
use crate::words::spawn::Scope;

#[test]
fn the_ladder_ends_with_a_kill_and_a_word_when_that_does_not_help() {
    check(
        plan([service("api", |_| {})]),
        &[],
        "
0s manners api undead
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
1s stop api
    1s SIGTERM to #1 Group
    1s api.0 stopping
    1s answer: #1 done
    6s SIGKILL to #1 All
    16s SIGKILL to #1 All
    16s #1 api stopping: pid 101 will not die: SIGKILL had no effect
    16s api.0 stopping: pid 101 will not die: SIGKILL had no effect
1h wait
1h start api
    1h answer: #1 done
1h status api
    api stopping
    .0 stopping restarts 0 up 1h: pid 101 will not die: SIGKILL had no effect
1h die api KILL
    1h #1 api stopped: stopped by an operator; did not stop within 5s after SIGTERM; killed
    1h spawn api.0 #2 Manual
    1h api.0 starting
    1h api.0 running
",
    );
}

#[test]
fn a_stubborn_process_is_killed_after_its_grace() {
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
3s notify api EXTEND 4000000
    7s SIGKILL to #1 All
    7s #1 api stopped: stopped by an operator; did not stop within 5s after SIGTERM; killed
    7s api.0 stopped
9s wait
",
    );
}

#[test]
fn no_grace_is_a_kill_at_once() {
    let mut api = service("api", |_| {});
    api.spec.graceful_stop = Duration::ZERO;
    api.spec.stop_signal = Signal::INT;
    check(
        plan([api]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
1s stop api
    1s SIGKILL to #1 All
    1s api.0 stopping
    1s answer: #1 done
    1s #1 api stopped: stopped by an operator
    1s api.0 stopped
",
    );
}

#[test]
fn leftovers_of_an_ended_run_are_asked_and_killed_before_the_next_begins() {
    let mut api = service("api", |s| s.restart_delay = Duration::ZERO);
    api.spec.stop_scope = Scope::Process;
    check(
        plan([api]),
        &[],
        "
0s manners api messy
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
1s exit api 1
    1s20ms SIGTERM to #1 All
    6s20ms SIGKILL to #1 All
    6s20ms #1 api failed: exited 1; left processes behind, which had to be killed
    6s20ms api.0 backoff: exited 1; left processes behind, which had to be killed
    6s20ms spawn api.0 #2 Restart
    6s20ms api.0 starting
    6s20ms api.0 running
9s stop api
    9s SIGTERM to #2 Process
    9s api.0 stopping
    9s answer: #2 done
    9s20ms SIGTERM to #2 All
    14s SIGKILL to #2 All
    14s #2 api stopped: stopped by an operator; left processes behind, which had to be killed
    14s api.0 stopped
20s wait
",
    );
}

#[test]
fn shutting_down_goes_against_the_order_and_in_parallel() {
    let db = service("db", |_| {});
    let web = service("web", |s| s.depends_on = vec![name("db")]);
    let other = service("other", |_| {});
    let late = service("late", |s| s.priority = 1000);
    let job = task("job", &["@every 1s"], |_| {});
    check(
        plan([db, web, other, late, job]),
        &[],
        "
0s manners web stubborn
0s boot
    0s spawn db.0 #1 Start
    0s db.0 starting
    0s spawn other.0 #2 Start
    0s other.0 starting
    0s web.0 waiting: waits for db, which is not ready yet
    0s spawn late.0 #3 Start
    0s late.0 starting
    0s db.0 running
    0s spawn web.0 #4 Start
    0s web.0 starting
    0s other.0 running
    0s late.0 running
    0s web.0 running
    1s spawn job.0 #5 Schedule
1.5s shutdown
    1s500ms stopping
    1s500ms SIGTERM to #5 Group
    1s500ms #5 job daemon_stopped: runwisp was told to stop
    1s500ms SIGTERM to #3 Group
    1s500ms late.0 stopping
    1s500ms #3 late daemon_stopped: runwisp was told to stop
    1s500ms late.0 stopped
    1s500ms SIGTERM to #2 Group
    1s500ms other.0 stopping
    1s500ms SIGTERM to #4 Group
    1s500ms web.0 stopping
    1s500ms #2 other daemon_stopped: runwisp was told to stop
    1s500ms other.0 stopped
",
    );
}

#[test]
fn the_ceiling_ends_what_is_left_and_a_second_request_does_so_at_once() {
    let mut slow = service("slow", |_| {});
    slow.spec.graceful_stop = Duration::from_secs(60);
    let needs = service("needs", |s| s.depends_on = vec![name("slow")]);
    let plan = plan([slow, needs]);
    check(
        plan.clone(),
        &[],
        "
0s manners slow stubborn
0s manners needs stubborn
0s boot
    0s spawn slow.0 #1 Start
    0s slow.0 starting
    0s needs.0 waiting: waits for slow, which is not ready yet
    0s slow.0 running
    0s spawn needs.0 #2 Start
    0s needs.0 starting
    0s needs.0 running
1s shutdown
    1s stopping
    1s SIGTERM to #2 Group
    1s needs.0 stopping
    6s SIGKILL to #2 All
    6s #2 needs daemon_stopped: runwisp was told to stop; did not stop within 5s after SIGTERM; killed
    6s needs.0 stopped
    6s SIGTERM to #1 Group
    6s slow.0 stopping
    11s SIGKILL to #1 All
    11s #1 slow daemon_stopped: runwisp was told to stop
    11s slow.0 stopped
    11s leave with 0
60s start slow
    1m refused: shutting_down
",
    );
    check(
        plan,
        &[],
        "
0s manners slow undead
0s boot
    0s spawn slow.0 #1 Start
    0s slow.0 starting
    0s needs.0 waiting: waits for slow, which is not ready yet
    0s slow.0 running
    0s spawn needs.0 #2 Start
    0s needs.0 starting
    0s needs.0 running
1s shutdown
    1s stopping
    1s SIGTERM to #2 Group
    1s needs.0 stopping
    1s #2 needs daemon_stopped: runwisp was told to stop
    1s needs.0 stopped
    1s SIGTERM to #1 Group
    1s slow.0 stopping
2s shutdown!
    2s SIGKILL to #1 All
    7s #1 slow daemon_stopped: runwisp was told to stop; would not die, and was left
    7s slow.0 stopped
    7s leave with 0
30s wait
",
    );
}

#[test]
fn nothing_starts_once_stopping_has_begun() {
    let api = service("api", |_| {});
    let job = task("job", &["* * * * *"], |t| t.retry_attempts = None);
    check(
        plan([api, job]),
        &[],
        "
0s manners job stubborn
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
59s stop api
    59s SIGTERM to #2 Group
    59s api.0 stopping
    59s answer: #2 done
    59s #2 api stopped: stopped by an operator
    59s api.0 stopped
    1m spawn job.0 #3 Schedule
60s run job
    1m #4 job queued
    1m answer: #4 done
60s start api
    1m spawn api.0 #5 Manual
    1m api.0 starting
    1m answer: #5 done
    1m api.0 running
60s exit api 1
    1m #5 api failed: exited 1
    1m api.0 backoff: exited 1
60s shutdown
    1m stopping
    1m api.0 stopped
    1m #4 job daemon_stopped: runwisp was told to stop
    1m SIGTERM to #3 Group
    1m5s SIGKILL to #3 All
    1m5s #3 job daemon_stopped: runwisp was told to stop; did not stop within 5s after SIGTERM; killed
    1m5s leave with 0
70s start api
    1m10s refused: shutting_down
",
    );
}

#[test]
fn when_nothing_is_left_to_do_it_leaves_if_told_so() {
    let once = service("once", |s| {
        s.restart = crate::config::plan::Restart::OnFailure
    });
    let job = task("job", &[], |t| {
        t.run_on_start = crate::config::plan::RunOnStart::Daemon;
    });
    let mut plan = plan([once, job]).as_ref().clone();
    plan.daemon.exit_when_done = true;
    check(
        plan.into(),
        &[],
        "
0s boot
    0s spawn once.0 #2 Start
    0s once.0 starting
    0s spawn job.0 #1 Start
    0s once.0 running
1s exit once 0
    1s #2 once succeeded
    1s once.0 exited: exited 0
2s exit job 1
    2s #1 job failed: exited 1
    2s stopping
    2s once.0 stopped
    2s leave with 0
",
    );
}

#[test]
fn signals_reach_only_what_runs() {
    check(
        plan([service("api", |_| {})]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
1s signal api HUP
    1s SIGHUP to #1 Process
    1s answer: #1 no change
1s stop api
    1s SIGTERM to #1 Group
    1s api.0 stopping
    1s answer: #1 done
    1s #1 api stopped: stopped by an operator
    1s api.0 stopped
1s signal api HUP
    1s refused: not_running
1s signal nobody HUP
    1s refused: no_such_unit
",
    );
}

#[test]
fn a_stop_before_the_process_exists_is_remembered_until_it_does() {
    let job = task("job", &[], |_| {});
    check(
        plan([service("api", |_| {}), service("web", |_| {}), job]),
        &[],
        "
0s slow
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s spawn web.0 #2 Start
    0s web.0 starting
0s run job
    0s answer: #3 done
    0s spawn job.0 #3 Manual
1s stop api
    1s api.0 stopping
    1s answer: #1 done
1s restart web
    1s web.0 stopping
    1s answer: #2 done
1s stop job
    1s answer: #3 done
2s spawned api
    2s SIGTERM to #1 Group
    2s #1 api stopped: stopped by an operator
    2s api.0 stopped
2s spawned web
    2s SIGTERM to #2 Group
    2s #2 web stopped: restarted by an operator
    2s spawn web.0 #4 Manual
    2s web.0 starting
2s spawned job
    2s SIGTERM to #3 Group
    2s #3 job stopped: stopped by an operator
3s spawned web
    3s web.0 running
4s start api
    4s spawn api.0 #5 Manual
    4s api.0 starting
    4s answer: #5 done
5s stop api
    5s api.0 stopping
    5s answer: #5 done
6s start api
    6s answer: #5 done
7s spawned api
    7s SIGTERM to #5 Group
    7s #5 api stopped: stopped by an operator
    7s spawn api.0 #6 Manual
    7s api.0 starting
8s spawned api
    8s api.0 running
9s restart api
    9s SIGTERM to #6 Group
    9s api.0 stopping
    9s answer: #6 done
    9s #6 api stopped: restarted by an operator
    9s spawn api.0 #7 Manual
    9s api.0 starting
9s shutdown
    9s stopping
    9s api.0 stopping
    9s SIGTERM to #4 Group
    9s web.0 stopping
    9s #4 web daemon_stopped: runwisp was told to stop
    9s web.0 stopped
20s spawned api
    20s SIGKILL to #7 All
    20s #7 api daemon_stopped: runwisp was told to stop
    20s api.0 stopped
    20s leave with 0
",
    );
}
