//! Tasks: ticks, slots, retries, what was missed.

use std::time::Duration;

use crate::config::plan::{Curve, Overlap, RunOnStart};
use crate::sim::plans::{name, plan, schedule, service, task};
use crate::sim::script::check;

#[test]
fn a_tick_makes_a_run() {
    check(
        plan([task("job", &["*/5 * * * *"], |_| {})]),
        &[],
        "
0s boot
    5m spawn job.0 #1 Schedule
5m wait
6m status job
    job running, next 2026-01-05T00:10:00Z
    .0 running restarts 0 up 1m
6m exit job 0
    6m #1 job succeeded
    10m spawn job.0 #2 Schedule
10m exit job 75
    10m #2 job failed: exited 75 (temporary failure)
10m status job
    job stopped, next 2026-01-05T00:15:00Z
",
    );
}

#[test]
fn several_schedules_on_one_instant_are_one_tick() {
    check(
        plan([task("job", &["*/5 * * * *", "*/10 * * * *"], |_| {})]),
        &[],
        "
0s boot
    5m spawn job.0 #1 Schedule
5m exit job 0
    5m #1 job succeeded
    10m spawn job.0 #2 Schedule
10m exit job 0
    10m #2 job succeeded
",
    );
}

#[test]
fn an_overlap_queues_skips_or_kills() {
    let of = |rule| {
        move |t: &mut crate::config::plan::Task| {
            t.on_overlap = rule;
            t.max_queued = 1;
        }
    };
    let queue = task("queue", &["* * * * *"], of(Overlap::Queue));
    let skip = task("skip", &["* * * * *"], of(Overlap::Skip));
    let kill = task("kill", &["* * * * *"], of(Overlap::Kill));
    check(
        plan([queue, skip, kill]),
        &[],
        "
0s boot
    1m spawn kill.0 #1 Schedule
    1m spawn queue.0 #2 Schedule
    1m spawn skip.0 #3 Schedule
1m manners kill stubborn
    2m #4 kill queued
    2m SIGTERM to #1 Group
    2m #5 queue queued
    2m #6 skip skipped: run 01KE5QA0K0Z29T5VQV6C5HFJWC was not over
    2m #1 kill stopped: the next run took its place
    2m spawn kill.0 #4 Schedule
2m wait
    3m #7 kill queued
    3m SIGTERM to #4 Group
    3m #8 queue queue_full: as many as may wait were waiting already: 1
    3m #9 skip skipped: run 01KE5QA0K0Z29T5VQV6C5HFJWC was not over
3m wait
3m exit queue 0
    3m #2 queue succeeded
    3m spawn queue.0 #5 Schedule
3m run skip
    3m #10 skip queued
    3m answer: #10 done
3m run skip
    3m #11 skip queue_full: as many as may wait were waiting already: 1
    3m answer: #11 done
    3m5s SIGKILL to #4 All
    3m5s #4 kill stopped: the next run took its place; did not stop within 5s after SIGTERM; killed
    3m5s spawn kill.0 #7 Schedule
3m5s exit skip 0
    3m5s #3 skip succeeded
    3m5s spawn skip.0 #10 Manual
",
    );
}

#[test]
fn slots_are_filled_and_never_overfilled() {
    check(
        plan([task("job", &[], |t| t.max_concurrent = 2)]),
        &[],
        "
0s boot
1s run job
    1s answer: #1 done
    1s spawn job.0 #1 Manual
1s run job
    1s answer: #2 done
    1s spawn job.0 #2 Manual
1s run job
    1s #3 job queued
    1s answer: #3 done
1s start job
    1s #4 job queued
    1s answer: #4 done
2s exit job 0
    2s #1 job succeeded
    2s spawn job.0 #3 Manual
3s stop job
    3s #4 job stopped: stopped by an operator
    3s SIGTERM to #3 Group
    3s SIGTERM to #2 Group
    3s answer: #4 #2 #3 done
    3s #3 job stopped: stopped by an operator
    3s #2 job stopped: stopped by an operator
3s restart job
    3s answer: #5 done
    3s spawn job.0 #5 Manual
",
    );
}

#[test]
fn failures_are_tried_again_and_the_last_one_is_chained() {
    let mut job = task("job", &["0 * * * *"], |t| {
        t.retry_attempts = Some(2);
        t.retry_backoff = Curve::Exponential;
    });
    job.on_failure = vec![name("alarm")];
    job.on_success = vec![name("next")];
    let mut next = task("next", &[], |_| {});
    next.manual_trigger = false;
    check(
        plan([job, task("alarm", &[], |_| {}), next]),
        &[],
        "
0s boot
    1h spawn job.0 #1 Schedule
60m exit job 1
    1h #1 job failed: exited 1
    1h #2 job queued: tried again after 5s
    1h5s spawn job.0 #2 Retry attempt 2
60m5s exit job 1
    1h5s #2 job failed: exited 1
    1h5s #3 job queued: tried again after 10s
60m14s status job
    job waiting, next 2026-01-05T02:00:00Z
    .0 waiting restarts 0 retry in 1s: tried again after 10s
    1h15s spawn job.0 #3 Retry attempt 3
60m15s exit job 1
    1h15s #3 job failed: exited 1
    1h15s spawn alarm.0 #4 Chain
61m exit alarm 0
    1h1m #4 alarm succeeded
    2h spawn job.0 #5 Schedule
2h exit job 0
    2h #5 job succeeded
    2h spawn next.0 #6 Chain
2h run next
    2h refused: locked
2h stop next
    2h SIGTERM to #6 Group
    2h answer: #6 done
    2h #6 next stopped: stopped by an operator
",
    );
}

#[test]
fn a_pending_retry_survives_the_daemon_and_not_an_operators_stop() {
    let job = task("job", &[], |t| {
        t.retry_attempts = None;
        t.retry_delay = Duration::from_secs(60);
    });
    check(
        plan([job]),
        &[],
        "
0s boot
0s run job
    0s answer: #1 done
    0s spawn job.0 #1 Manual
10s exit job 1
    10s #1 job failed: exited 1
    10s #2 job queued: tried again after 1m
30s crash
50s crash
    1m10s spawn job.0 #2 Retry attempt 2
70s exit job 1
    1m10s #2 job failed: exited 1
    1m10s #3 job queued: tried again after 1m
80s down
100s boot
    2m10s spawn job.0 #3 Retry attempt 3
130s exit job 1
    2m10s #3 job failed: exited 1
    2m10s #4 job queued: tried again after 1m
140s stop job
    2m20s #4 job stopped: stopped by an operator
    2m20s answer: #4 done
1h wait
",
    );
}

#[test]
fn a_timeout_counts_for_each_attempt() {
    let mut job = task("job", &[], |t| t.retry_attempts = Some(1));
    job.timeout = Some(Duration::from_secs(10));
    check(
        plan([job]),
        &[],
        "
0s manners job stubborn
0s boot
0s run job
    0s answer: #1 done
    0s spawn job.0 #1 Manual
    10s SIGTERM to #1 Group
    15s SIGKILL to #1 All
    15s #1 job timeout: ran longer than 10s; did not stop within 5s after SIGTERM; killed
    15s #2 job queued: tried again after 5s
    20s spawn job.0 #2 Retry attempt 2
    30s SIGTERM to #2 Group
    35s SIGKILL to #2 All
    35s #2 job timeout: ran longer than 10s; did not stop within 5s after SIGTERM; killed
40s wait
",
    );
}

#[test]
fn jitter_delays_the_start_and_not_the_tick() {
    check(
        plan([task("job", &["0 * * * *"], |t| {
            t.jitter = Duration::from_secs(600)
        })]),
        &[],
        "
0s boot
    1h #1 job queued: starts 9m7s later, by jitter
60m1s crash
    1h9m7s89ms603µs904ns spawn job.0 #1 Schedule
70m exit job 0
    1h10m #1 job succeeded
",
    );
}

#[test]
fn run_on_start_is_once_per_daemon_or_boot_and_never_for_a_comeback() {
    let daemon = task("daemon", &[], |t| t.run_on_start = RunOnStart::Daemon);
    let boot = task("boot", &[], |t| t.run_on_start = RunOnStart::Boot);
    check(
        plan([daemon, boot]),
        &[],
        "
0s boot
    0s spawn boot.0 #1 Start
    0s spawn daemon.0 #2 Start
1s exit daemon 0
    1s #2 daemon succeeded
1s exit boot 0
    1s #1 boot succeeded
2s crash
3s down
4s boot
    4s spawn daemon.0 #3 Start
",
    );
}

#[test]
fn missed_ticks_have_one_row_and_the_newest_are_made_up_for() {
    let two = task("two", &["0 * * * *"], |t| t.catch_up = 2);
    let none = task("none", &["0 * * * *"], |t| t.catch_up = 0);
    let one = task("one", &["0 */4 * * *"], |_| {});
    check(
        plan([two, none, one]),
        &[],
        "
0s boot
10m down
4h30m boot
    4h30m #1 none missed: 4 ticks missed from 2026-01-05T01:00:00Z to 2026-01-05T04:00:00Z; not made up for
    4h30m #2 one missed: 1 tick missed at 2026-01-05T04:00:00Z; it is made up for
    4h30m #4 two missed: 4 ticks missed from 2026-01-05T01:00:00Z to 2026-01-05T04:00:00Z; the newest 2 are made up for
    4h30m #6 two queued
    4h30m spawn one.0 #3 CatchUp
    4h30m spawn two.0 #5 CatchUp
4h31m exit two 0
    4h31m #5 two succeeded
    4h31m spawn two.0 #6 CatchUp
4h31m exit two 0
    4h31m #6 two succeeded
4h31m exit one 0
    4h31m #3 one succeeded
    5h spawn none.0 #7 Schedule
    5h spawn two.0 #8 Schedule
5h wait
",
    );
}

#[test]
fn a_clock_set_forward_is_downtime() {
    check(
        plan([task("job", &["*/10 * * * *"], |_| {})]),
        &[],
        "
0s boot
    10m spawn job.0 #1 Schedule
10m exit job 0
    10m #1 job succeeded
11m jump 3600000
    11m #2 job missed: 6 ticks missed from 2026-01-05T00:20:00Z to 2026-01-05T01:10:00Z; the newest is made up for
    11m spawn job.0 #3 CatchUp
12m exit job 0
    12m #3 job succeeded
    20m spawn job.0 #4 Schedule
20m wait
",
    );
}

/// Three tasks: one follows the clock, one is fixed, one counts from when it was first seen.
fn three() -> std::sync::Arc<crate::config::plan::Plan> {
    let many = |t: &mut crate::config::plan::Task| t.max_concurrent = 100;
    plan([
        task("follows", &["*/10 * * * *"], many),
        task("fixed", &["5,35 0-2 * * *"], many),
        task("every", &["@every 25m"], many),
    ])
}

#[test]
fn a_clock_set_back_goes_on_at_once_for_what_follows_it_and_repeats_no_fixed_time() {
    check(
        three(),
        &[],
        "
0s boot
    5m spawn fixed.0 #1 Schedule
    10m spawn follows.0 #2 Schedule
    20m spawn follows.0 #3 Schedule
    25m spawn every.0 #4 Schedule
    30m spawn follows.0 #5 Schedule
    35m spawn fixed.0 #6 Schedule
36m jump -1800000
    40m spawn follows.0 #7 Schedule
    50m spawn every.0 #8 Schedule
    50m spawn follows.0 #9 Schedule
    1h spawn follows.0 #10 Schedule
64m status fixed
    fixed running, next 2026-01-05T01:05:00Z
    .0 running restarts 0 up 59m
    .1 running restarts 0 up 29m
65m wait
",
    );
}

#[test]
fn a_clock_set_back_by_more_than_three_hours_begins_anew() {
    let many = |t: &mut crate::config::plan::Task| t.max_concurrent = 100;
    check(
        plan([
            task("follows", &["30 * * * *"], many),
            task("fixed", &["0 1 * * *"], many),
            task("every", &["@every 50m"], many),
        ]),
        &[],
        "
0s boot
    30m spawn follows.0 #1 Schedule
    50m spawn every.0 #2 Schedule
    1h spawn fixed.0 #3 Schedule
65m jump -14400000
    1h30m spawn follows.0 #4 Schedule
    1h40m spawn every.0 #5 Schedule
    2h30m spawn every.0 #6 Schedule
    2h30m spawn follows.0 #7 Schedule
    3h20m spawn every.0 #8 Schedule
    3h30m spawn follows.0 #9 Schedule
    4h10m spawn every.0 #10 Schedule
    4h30m spawn follows.0 #11 Schedule
    5h spawn every.0 #12 Schedule
    5h spawn fixed.0 #13 Schedule
5h10m wait
",
    );
}

#[test]
fn a_clock_set_back_a_little_repeats_nothing() {
    check(
        three(),
        &[],
        "
0s boot
    5m spawn fixed.0 #1 Schedule
    10m spawn follows.0 #2 Schedule
10m1s jump -30000
    20m30s spawn follows.0 #3 Schedule
20m30s wait
",
    );
}

#[test]
fn a_clock_set_back_while_nobody_looks_is_noticed_at_the_start() {
    check(
        three(),
        &[],
        "
0s boot
    5m spawn fixed.0 #1 Schedule
    10m spawn follows.0 #2 Schedule
    20m spawn follows.0 #3 Schedule
20m jump 3000000
    20m #4 every missed: 2 ticks missed from 2026-01-05T00:25:00Z to 2026-01-05T00:50:00Z; the newest is made up for
    20m #6 fixed missed: 2 ticks missed from 2026-01-05T00:35:00Z to 2026-01-05T01:05:00Z; the newest is made up for
    20m #8 follows missed: 5 ticks missed from 2026-01-05T00:30:00Z to 2026-01-05T01:10:00Z; the newest is made up for
    20m spawn every.0 #5 CatchUp
    20m spawn fixed.0 #7 CatchUp
    20m spawn follows.0 #9 CatchUp
    25m spawn every.0 #10 Schedule
    30m spawn follows.0 #11 Schedule
    40m spawn follows.0 #12 Schedule
    45m spawn fixed.0 #13 Schedule
    50m spawn every.0 #14 Schedule
    50m spawn follows.0 #15 Schedule
    1h spawn follows.0 #16 Schedule
    1h10m spawn follows.0 #17 Schedule
70m away
71m skew -3600000
72m back
    1h20m spawn follows.0 #18 Schedule
    1h30m spawn follows.0 #19 Schedule
    1h37m spawn every.0 #20 Schedule
    1h40m spawn follows.0 #21 Schedule
100m wait
",
    );
}

#[test]
fn the_second_of_two_equal_times_is_recorded_and_not_run() {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let mut job = task("job", &[], |_| {});
    if let crate::config::plan::Role::Task(task) = &mut job.role {
        task.schedules = vec![crate::schedule::Schedule::parse("30 2 25 10 *", &zone).unwrap()];
    }
    check(
        plan([job]),
        &[],
        "
0s boot
7032h25m wait
    7032h30m spawn job.0 #1 Schedule
7032h40m exit job 0
    7032h40m #1 job succeeded
    7033h30m #2 job dst_skipped: 2026-10-25T02:30:00 had already been
7034h wait
",
    );
}

#[test]
fn a_run_that_does_not_come_is_told_of_once_per_period() {
    let job = task("job", &[], |t| {
        t.expect_by = vec![schedule("0 6 * * *")];
        t.max_silence = Some(Duration::from_secs(50 * 3600));
    });
    check(
        plan([job]),
        &[],
        "
0s boot
1h run job
    1h answer: #1 done
    1h spawn job.0 #1 Manual
2h exit job 0
    2h #1 job succeeded
    30h job overdue by 2026-01-06T06:00:00Z
    52h job overdue by 2026-01-07T04:00:00Z
    54h job overdue by 2026-01-07T06:00:00Z
    78h job overdue by 2026-01-08T06:00:00Z
80h wait
",
    );
}

#[test]
fn commands_that_do_not_fit_are_refused() {
    let mut locked = task("locked", &[], |_| {});
    locked.manual_trigger = false;
    check(
        plan([locked, service("api", |_| {})]),
        &[],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
1s run locked
    1s refused: locked
1s start locked
    1s refused: locked
1s stop locked
    1s answer: no change
1s run api
    1s refused: wrong_kind
1s start nobody
    1s refused: no_such_unit
",
    );
}
