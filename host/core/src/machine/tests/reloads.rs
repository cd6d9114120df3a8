//! What a new plan touches, and what it leaves alone.

use std::time::Duration;

use crate::sim::plans::{name, plan, service, task};
use crate::sim::script::check;

#[test]
fn only_what_changed_is_touched() {
    let same = service("same", |_| {});
    let mut moved = service("moved", |_| {});
    let mut told = service("told", |s| s.instances = 3);
    let mut anew = service("anew", |_| {});
    let mut held = service("held", |_| {});
    let gone = service("gone", |_| {});
    let before = plan([
        same.clone(),
        moved.clone(),
        told.clone(),
        anew.clone(),
        held.clone(),
        gone,
    ]);
    moved.source.line = 7;
    told.description = Some("new".to_owned());
    told.spec.graceful_stop = Duration::from_secs(1);
    if let crate::config::plan::Role::Service(s) = &mut told.role {
        s.instances = 2;
    }
    anew.spec.env.push(("A".to_owned(), "1".to_owned()));
    held.spec.nice = Some(5);
    let new = service("new", |s| s.depends_on = vec![name("anew")]);
    let after = plan([same, moved, told, anew, held, new]);
    check(
        before,
        &[("after", after)],
        "
0s boot
    0s spawn anew.0 #1 Start
    0s anew.0 starting
    0s spawn gone.0 #2 Start
    0s gone.0 starting
    0s spawn held.0 #3 Start
    0s held.0 starting
    0s spawn moved.0 #4 Start
    0s moved.0 starting
    0s spawn same.0 #5 Start
    0s same.0 starting
    0s spawn told.0 #6 Start
    0s told.0 starting
    0s spawn told.1 #7 Start
    0s told.1 starting
    0s spawn told.2 #8 Start
    0s told.2 starting
    0s anew.0 running
    0s gone.0 running
    0s held.0 running
    0s moved.0 running
    0s same.0 running
    0s told.0 running
    0s told.1 running
    0s told.2 running
1s stop held
    1s SIGTERM to #3 Group
    1s held.0 stopping
    1s answer: #3 done
    1s #3 held stopped: stopped by an operator
    1s held.0 stopped
2s manners told stubborn
2s apply after
    2s SIGTERM to #1 Group
    2s anew.0 stopping
    2s SIGTERM to #2 Group
    2s gone.0 stopping
    2s SIGTERM to #8 Group
    2s told.2 stopping
    2s reloaded anew gone held new told
    2s new.0 waiting: waits for anew, which is stopping
    2s #1 anew stopped: its definition changed
    2s spawn anew.0 #9 Reload
    2s anew.0 starting
    2s #2 gone stopped: its definition was removed
    2s gone.0 stopped
    2s gone is forgotten
    2s #8 told stopped: the configuration has fewer instances now
    2s told.2 stopped
    2s anew.0 running
    2s spawn new.0 #10 Start
    2s new.0 starting
    2s new.0 running
3s stop told
    3s SIGTERM to #6 Group
    3s told.0 stopping
    3s SIGTERM to #7 Group
    3s told.1 stopping
    3s answer: #6 #7 done
    3s #6 told stopped: stopped by an operator
    3s told.0 stopped
    3s #7 told stopped: stopped by an operator
    3s told.1 stopped
5s status told
    told stopped
    .0 stopped restarts 0
    .1 stopped restarts 0
",
    );
}

#[test]
fn instances_come_and_go_at_the_end() {
    let of = |n| plan([service("api", |s| s.instances = n)]);
    check(
        of(1),
        &[("three", of(3)), ("two", of(2)), ("one", of(1))],
        "
0s boot
    0s spawn api.0 #1 Start
    0s api.0 starting
    0s api.0 running
1s apply three
    1s reloaded api
    1s spawn api.1 #2 Reload
    1s api.1 starting
    1s spawn api.2 #3 Reload
    1s api.2 starting
    1s api.1 running
    1s api.2 running
2s apply one
    2s SIGTERM to #2 Group
    2s api.1 stopping
    2s SIGTERM to #3 Group
    2s api.2 stopping
    2s reloaded api
    2s #2 api stopped: the configuration has fewer instances now
    2s api.1 stopped
    2s #3 api stopped: the configuration has fewer instances now
    2s api.2 stopped
2s apply two
    2s reloaded api
    2s spawn api.1 #4 Reload
    2s api.1 starting
    2s api.1 running
",
    );
}

#[test]
fn a_task_in_flight_ends_under_its_old_definition() {
    let old = task("job", &["0 * * * *"], |_| {});
    let mut new = task("job", &["30 * * * *"], |t| t.max_concurrent = 2);
    new.exit_codes = vec![7];
    check(
        plan([old]),
        &[("new", plan([new])), ("none", plan([]))],
        "
0s boot
    1h spawn job.0 #1 Schedule
60m run job
    1h #2 job queued
    1h answer: #2 done
60m apply new
    1h reloaded job
    1h spawn job.0 #2 Manual
60m exit job 0
    1h #1 job succeeded
    1h30m spawn job.0 #3 Schedule
90m exit job 7
    1h30m #2 job succeeded
91m exit job 7
    1h31m #3 job succeeded
91m run job
    1h31m answer: #4 done
    1h31m spawn job.0 #4 Manual
92m apply none
    1h32m reloaded job
93m status job
    job running
    .0 running restarts 0 up 2m
94m exit job 7
    1h34m #4 job succeeded
    1h34m job is forgotten
95m status job
    no such unit
",
    );
}

#[test]
fn a_unit_that_changes_kind_ends_and_begins_anew() {
    check(
        plan([service("x", |_| {})]),
        &[("task", plan([task("x", &["* * * * *"], |_| {})]))],
        "
0s manners x stubborn
0s boot
    0s spawn x.0 #1 Start
    0s x.0 starting
    0s x.0 running
1s apply task
    1s SIGTERM to #1 Group
    1s x.0 stopping
    1s reloaded x
    6s SIGKILL to #1 All
    6s #1 x stopped: its definition was removed; did not stop within 5s after SIGTERM; killed
    6s x.0 stopped
    6s x is forgotten
10s manners x good
    1m spawn x.0 #2 Schedule
1m exit x 0
    1m #2 x succeeded
",
    );
}

#[test]
fn what_is_removed_and_comes_back_is_there_once() {
    let with = plan([service("x", |_| {})]);
    check(
        with.clone(),
        &[("none", plan([])), ("with", with)],
        "
0s manners x stubborn
0s boot
    0s spawn x.0 #1 Start
    0s x.0 starting
    0s x.0 running
1s apply none
    1s SIGTERM to #1 Group
    1s x.0 stopping
    1s reloaded x
2s apply with
    2s reloaded x
    6s SIGKILL to #1 All
    6s #1 x stopped: its definition was removed; did not stop within 5s after SIGTERM; killed
    6s x.0 stopped
    6s x is forgotten
    6s spawn x.0 #2 Start
    6s x.0 starting
    6s x.0 running
10s status x
    x running
    .0 running restarts 0 up 4s
11s apply none
    11s SIGTERM to #2 Group
    11s x.0 stopping
    11s reloaded x
    16s SIGKILL to #2 All
    16s #2 x stopped: its definition was removed; did not stop within 5s after SIGTERM; killed
    16s x.0 stopped
    16s x is forgotten
20s status x
    no such unit
21s apply with
    21s reloaded x
    21s spawn x.0 #3 Start
    21s x.0 starting
    21s x.0 running
",
    );
}
