//! What follows the end of a service; that of a task is in `tasks`.

use crate::config::plan::{Restart, Service};
use crate::sim::plans::{name, plan, service, task};
use crate::sim::script::check;

#[test]
fn what_ends_for_good_triggers_tasks_and_what_is_started_again_does_not() {
    let chained = |text: &str, restart, change: &dyn Fn(&mut Service)| {
        let mut unit = service(text, |s| {
            s.restart = restart;
            change(s);
        });
        unit.on_success = vec![name("praise")];
        unit.on_failure = vec![name("alarm")];
        unit
    };
    let once = chained("once", Restart::Never, &|_| {});
    let loops = chained("loops", Restart::OnFailure, &|s| s.start_retries = 1);
    let last = chained("last", Restart::Never, &|s| s.critical = true);
    check(
        plan([
            once,
            loops,
            last,
            task("praise", &[], |_| {}),
            task("alarm", &[], |t| t.max_queued = 1),
        ]),
        &[],
        "
0s boot
    0s spawn last.0 #1 Start
    0s last.0 starting
    0s spawn loops.0 #2 Start
    0s loops.0 starting
    0s spawn once.0 #3 Start
    0s once.0 starting
    0s last.0 running
    0s loops.0 running
    0s once.0 running
1s exit once 0
    1s #3 once succeeded
    1s once.0 exited: exited 0
    1s spawn praise.0 #4 Chain
2s start once
    2s spawn once.0 #5 Manual
    2s once.0 starting
    2s answer: #5 done
    2s once.0 running
3s exit once 1
    3s #5 once failed: exited 1
    3s once.0 exited: exited 1
    3s spawn alarm.0 #6 Chain
4s start once
    4s spawn once.0 #7 Manual
    4s once.0 starting
    4s answer: #7 done
    4s once.0 running
5s stop once
    5s SIGTERM to #7 Group
    5s once.0 stopping
    5s answer: #7 done
    5s #7 once stopped: stopped by an operator
    5s once.0 stopped
6s exit loops 1
    6s #2 loops failed: exited 1
    6s loops.0 backoff: exited 1
    7s spawn loops.0 #8 Restart
    7s loops.0 starting
    7s loops.0 running
7s exit loops 1
    7s #8 loops failed: exited 1
    7s loops.0 fatal: exited 1
    7s #9 alarm queued
8s start loops
    8s spawn loops.0 #10 Manual
    8s loops.0 starting
    8s answer: #10 done
    8s loops.0 running
9s exit loops 0
    9s #10 loops succeeded
    9s loops.0 exited: exited 0
    9s #11 praise queued
9s crash
    9s last.0 running
10s exit last 1
    10s #1 last failed: exited 1
    10s last.0 exited: exited 1
    10s stopping
    10s #9 alarm daemon_stopped: runwisp was told to stop
    10s SIGTERM to #6 Group
    10s last.0 stopped
    10s loops.0 stopped
    10s #11 praise daemon_stopped: runwisp was told to stop
    10s SIGTERM to #4 Group
    10s #6 alarm daemon_stopped: runwisp was told to stop
    10s #4 praise daemon_stopped: runwisp was told to stop
    10s leave with 1
",
    );
}
