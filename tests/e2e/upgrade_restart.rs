//! `restart` replaces the daemon, `upgrade` the whole program; what runs does not notice.

use std::fs;

use runwisp_tests::{Place, counted, counted_raw, executable, program, start_time};

const CONFIG: &str = r#"
    [defaults]
    log_max_size = "16gb"
    [services.fast]
    run = ["{bad_child}", "count"]
    [services.both]
    run = ["{bad_child}", "count", "4000"]
    "#;

/// Does `act` three times under load; same pids after, no byte missing. Gives the keeper's pid before and after.
fn under_load(act: &[&str], copy: bool) {
    let dir = tempfile::tempdir().unwrap();
    let binary = if copy {
        dir.path().join("runwisp")
    } else {
        program()
    };
    if copy {
        fs::copy(program(), &binary).unwrap();
    }
    let place = Place::with_program(CONFIG, binary.clone());
    let daemon = place.start();
    daemon.wait_state("fast", 0, "running");
    let status = daemon.wait_state("both", 0, "running");
    let pids = (status.pid("fast", 0), status.pid("both", 0));
    let runs = (
        status.run_id("fast", 0).unwrap(),
        status.run_id("both", 0).unwrap(),
    );
    let keeper = (status.keeper_pid(), start_time(status.keeper_pid()));
    for _ in 0..3 {
        let attached = daemon.status().daemon_pid();
        if copy {
            // As an installer does it: the new file takes the name of the old one.
            let new = dir.path().join("new");
            fs::copy(program(), &new).unwrap();
            fs::rename(&new, &binary).unwrap();
        }
        daemon.cli(act).ok();
        daemon.wait_daemon_after(attached);
        let status = daemon.wait_state("both", 0, "running");
        assert_eq!(
            (status.pid("fast", 0), status.pid("both", 0)),
            pids,
            "children go on"
        );
        assert_eq!(
            (status.keeper_pid(), start_time(status.keeper_pid())),
            keeper,
            "same keeper"
        );
        assert_eq!(
            executable(keeper.0).unwrap(),
            binary,
            "the keeper executes the file that is there now"
        );
    }
    daemon.cli(&["stop", "fast", "both"]).ok();
    daemon.wait_state("fast", 0, "stopped");
    daemon.wait_state("both", 0, "stopped");
    let fast = counted_raw(&place.log_file(&runs.0));
    assert!(fast.complete && fast.last > 1_000, "{fast:?}");
    let both = counted(&place.lines(&runs.1));
    assert!(
        both.len() == 2 && both.values().all(|counted| counted.complete),
        "{both:?}"
    );
    assert_eq!(daemon.runs(&[]).len(), 2, "nothing ran twice");
}

#[test]
fn restart_replaces_the_daemon_under_load() {
    under_load(&["restart"], false);
}

#[test]
fn upgrade_replaces_the_program_under_load() {
    under_load(&["upgrade"], true);
}
