//! `restart` replaces the daemon, `upgrade` the whole program; what runs does not notice.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use runwisp_tests::{Answer, Place, counted, counted_raw, executable, program, start_time};

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

#[test]
fn a_program_that_cannot_take_over_is_refused_and_nothing_has_changed() {
    let dir = tempfile::tempdir().unwrap();
    let binary = dir.path().join("runwisp");
    fs::copy(program(), &binary).unwrap();
    let place = Place::with_program("[services.web]\nrun = 'exec sleep 600'", binary.clone());
    let daemon = place.start();
    let before = daemon.wait_state("web", 0, "running");
    // One that says a version, as ours does, and knows nothing of taking over.
    let other = dir.path().join("other");
    let script = "#!/bin/sh\n[ \"$1\" = version ] || exit 2\necho '{\"version\":\"9\"}'\n";
    fs::write(&other, script).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
    let client = |words: &[&str]| {
        let mut command = place.command();
        command.args(words).arg("--data").arg(place.data());
        // A client of its own: the place's is the program that is to be replaced.
        let mut client = std::process::Command::new(program());
        client.args(command.get_args());
        Answer::new(words, client.output().unwrap())
    };
    let refused = client(&["upgrade", "--to", other.to_str().unwrap()]).code(5);
    assert!(refused.stderr.contains("can not take over"), "{refused}");
    assert_eq!(fs::read(&binary).unwrap(), fs::read(program()).unwrap());
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        2,
        "nothing is left beside"
    );
    // Put there by somebody else, it is refused too.
    fs::rename(&other, &binary).unwrap();
    client(&["upgrade"]).code(5);
    let status: serde_json::Value = client(&["status", "--json"]).ok().json();
    let daemon_pid = status["daemon"]["daemon_pid"].as_i64();
    assert_eq!(daemon_pid, Some(i64::from(before.daemon_pid())));
    let new = dir.path().join("new");
    fs::copy(program(), &new).unwrap();
    fs::rename(&new, &binary).unwrap();
    assert_eq!(daemon.status().pid("web", 0), before.pid("web", 0));
}
