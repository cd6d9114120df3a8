//! One data directory, one daemon.

use runwisp_tests::{Daemon, Place};

const CONFIG: &str = "[services.web]\nrun = \"exec sleep 600\"\n";

#[test]
fn a_second_daemon_on_the_same_data_is_refused_and_the_first_does_not_notice() {
    let place = Place::new(CONFIG);
    let daemon = place.start();
    let before = daemon.wait_state("web", 0, "running");
    let status = Daemon::start_to_fail(&place);
    assert_eq!(status.code(), Some(5), "{status}");
    let log = daemon.log();
    assert!(
        log.contains(&daemon.keeper_pid().to_string()),
        "it names the one that is there: {log}"
    );
    let after = daemon.status();
    assert_eq!(after.pid("web", 0), before.pid("web", 0));
    assert_eq!(after.daemon_pid(), before.daemon_pid());
}

#[test]
fn a_socket_and_a_lock_left_by_a_dead_daemon_are_no_hindrance() {
    let place = Place::new(CONFIG);
    let daemon = place.start();
    daemon.wait_state("web", 0, "running");
    daemon.kill_both();
    assert!(place.socket().exists(), "a killed daemon leaves its socket");
    place.cli(&["status"]).code(4);
    place.start().wait_state("web", 0, "running");
}

#[test]
fn the_socket_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new(CONFIG);
    let daemon = place.start();
    let mode = std::fs::metadata(place.socket())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    drop(daemon);
    assert!(
        !place.socket().exists(),
        "a daemon that leaves takes its socket along"
    );
}
