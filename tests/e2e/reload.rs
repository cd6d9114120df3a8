//! A reload is refused as a whole or put in force as a whole, and touches only what changed.

use runwisp_tests::{Daemon, Place, Status};

const BEFORE: &str = r#"
    [services.same]
    run = "exec sleep 600"
    [services.changed]
    run = "exec sleep 601"
    [services.gone]
    run = "exec sleep 602"
    "#;

const AFTER: &str = r#"
    # A comment, and another order: no change.
    [services.changed]
    run = "exec sleep 701"
    [services.added]
    run = "exec sleep 703"
    [services.same]
    run = "exec sleep 600"
    "#;

fn started() -> (Daemon, Status) {
    let daemon = Place::new(BEFORE).start();
    for unit in ["same", "changed", "gone"] {
        daemon.wait_state(unit, 0, "running");
    }
    let status = daemon.status();
    (daemon, status)
}

#[test]
fn only_what_changed_is_touched() {
    let (daemon, before) = started();
    daemon.write_config(AFTER);
    daemon.wait("the change to be noticed", |status| {
        (status.0["daemon"]["config_stale"] == true).then_some(())
    });
    daemon.cli(&["reload"]).ok();
    daemon.wait("changed anew", |status| {
        status
            .pid("changed", 0)
            .filter(|pid| Some(*pid) != before.pid("changed", 0))
    });
    let after = daemon.wait_state("added", 0, "running");
    assert_eq!(after.pid("same", 0), before.pid("same", 0));
    daemon.wait("gone to be gone", |status| {
        status.unit("gone").is_null().then_some(())
    });
    daemon.wait_ended("gone", 1);
    assert_eq!(daemon.status().0["daemon"]["config_stale"], false);
}

#[test]
fn a_plan_changes_nothing() {
    let (daemon, before) = started();
    daemon.write_config(AFTER);
    let document = daemon.cli(&["reload", "--plan", "--json"]).ok().json();
    let names = |key: &str| document[key].to_string();
    assert!(names("added").contains("added"), "{document:#}");
    assert!(names("changed").contains("changed"), "{document:#}");
    assert!(names("removed").contains("gone"), "{document:#}");
    assert!(!document.to_string().contains("same"), "{document:#}");
    let after = daemon.status();
    for unit in ["same", "changed", "gone"] {
        assert_eq!(after.pid(unit, 0), before.pid(unit, 0), "{unit}");
    }
}

#[test]
fn a_reload_can_be_for_one_unit() {
    let (daemon, before) = started();
    daemon.write_config(AFTER);
    daemon.cli(&["reload", "changed"]).ok();
    daemon.wait("changed anew", |status| {
        status
            .pid("changed", 0)
            .filter(|pid| Some(*pid) != before.pid("changed", 0))
    });
    let after = daemon.status();
    assert_eq!(after.pid("gone", 0), before.pid("gone", 0));
    assert!(after.unit("added").is_null());
}

#[test]
fn a_half_written_file_is_refused_and_nothing_is_touched() {
    let (daemon, before) = started();
    let half = &AFTER[..AFTER.len() * 2 / 3];
    for (text, code) in [
        (format!("{half}\n[services.x"), "config."),
        (
            format!("{BEFORE}\n[services.y]\nrnu = \"true\"\n"),
            "config.",
        ),
    ] {
        daemon.write_config(&text);
        let answer = daemon.cli(&["reload", "--json"]).code(78);
        let document = answer.json();
        assert!(
            document["errors"][0]["code"]
                .as_str()
                .is_some_and(|found| found.starts_with(code)),
            "{document:#}"
        );
        assert!(document["errors"][0]["line"].is_u64(), "{document:#}");
        let after = daemon.status();
        for unit in ["same", "changed", "gone"] {
            assert_eq!(after.pid(unit, 0), before.pid(unit, 0), "{unit}");
        }
    }
    // The daemon that dies now comes back with what was in force, not with what is on disk.
    let attached = daemon.status().daemon_pid();
    runwisp_tests::kill(attached, nix::sys::signal::Signal::SIGKILL);
    daemon.wait_daemon_after(attached);
    let after = daemon.status();
    for unit in ["same", "changed", "gone"] {
        assert_eq!(
            after.pid(unit, 0),
            before.pid(unit, 0),
            "{unit} after the daemon died"
        );
    }
    let warnings = after.0["daemon"]["warnings"].as_array().map_or(0, Vec::len);
    assert!(
        warnings > 0,
        "it says that it runs on an older configuration"
    );
}

#[test]
fn a_hangup_reloads() {
    let (daemon, before) = started();
    daemon.write_config(AFTER);
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    let after = daemon.wait_state("added", 0, "running");
    assert_eq!(after.pid("same", 0), before.pid("same", 0));
}
