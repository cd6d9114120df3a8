//! Keeper and daemon are killed together: the next start ends what survived, says so, and runs nothing twice.

use nix::sys::signal::Signal;
use runwisp_tests::{Place, alive, kill, read_when_there, steal_pid, until};

const CONFIG: &str = r#"
    [services.web]
    run = "echo one; exec sleep 600"
    instances = 2
    [services.escapee]
    run = ["{children}escapee.sh", "{dir}/escapee.pid"]
    [tasks.long]
    run = "exec sleep 600"
    "#;

#[test]
fn survivors_are_found_and_ended_before_anything_starts() {
    let place = Place::new(CONFIG);
    let daemon = place.start();
    daemon.trigger("long");
    let escapee: i32 = read_when_there(&place.path("escapee.pid")).parse().unwrap();
    let mut old = vec![escapee];
    for (unit, index) in [("web", 0), ("web", 1), ("escapee", 0), ("long", 0)] {
        old.push(
            daemon
                .wait_state(unit, index, "running")
                .pid(unit, index)
                .unwrap(),
        );
    }
    daemon.kill_both();
    assert!(
        old.iter().all(|pid| alive(*pid)),
        "children outlive their keeper"
    );

    let daemon = place.start();
    for (unit, index) in [("web", 0), ("web", 1), ("escapee", 0)] {
        daemon.wait_state(unit, index, "running");
    }
    let left: Vec<_> = old.iter().filter(|pid| alive(**pid)).collect();
    assert!(left.is_empty(), "left of the old ones: {left:?}");
    for (unit, runs) in [("web", 4), ("escapee", 2), ("long", 1)] {
        let rows = daemon.runs(&["--unit", unit]);
        assert_eq!(rows.len(), runs, "{rows:#?}");
        let interrupted: Vec<_> = rows
            .iter()
            .filter(|row| row["outcome"] == "interrupted")
            .collect();
        assert_eq!(interrupted.len(), runs.div_ceil(2), "{rows:#?}");
        assert!(
            interrupted
                .iter()
                .all(|row| row["message"].is_string() && row["ended_at"].is_string())
        );
    }
}

#[test]
fn the_daemon_ends_what_it_knows_when_its_keeper_is_killed() {
    let place = Place::new("[services.web]\nrun = \"exec sleep 600\"\n");
    let mut daemon = place.start();
    let status = daemon.wait_state("web", 0, "running");
    let (child, attached) = (status.pid("web", 0).unwrap(), status.daemon_pid());
    daemon.signal(Signal::SIGKILL);
    daemon.wait_end();
    until("daemon and child to be gone", || {
        !alive(attached) && !alive(child)
    });
    assert_eq!(
        place.start().wait_ended("web", 1)[0]["outcome"],
        "interrupted"
    );
}

#[test]
fn a_stranger_that_got_the_pid_of_a_survivor_is_left_alone() {
    let place = Place::new("[services.web]\nrun = \"exec sleep 600\"\n");
    let daemon = place.start();
    let child = daemon
        .wait_state("web", 0, "running")
        .pid("web", 0)
        .unwrap();
    daemon.kill_both();
    kill(child, Signal::SIGKILL);
    until("the survivor to be gone", || !alive(child));
    let Some(mut stranger) = steal_pid(child) else {
        return runwisp_tests::skip("pids can not be chosen here (not root, or no ns_last_pid)");
    };
    let daemon = place.start();
    daemon.wait_state("web", 0, "running");
    assert!(alive(child), "the stranger was killed");
    assert_eq!(daemon.wait_ended("web", 1)[0]["outcome"], "interrupted");
    drop(daemon);
    let _ = stranger.kill();
    let _ = stranger.wait();
}
