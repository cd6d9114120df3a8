//! A daemon that is stuck is ended by its keeper, alone: what it looked after goes on, and another takes its place.

use std::time::Duration;

use nix::sys::signal::Signal;
use runwisp_tests::{Place, alive, kill, until_within};

/// Well beyond what the keeper waits.
const LONG: Duration = Duration::from_secs(120);

#[test]
fn a_daemon_that_is_stuck_is_replaced_and_nothing_else_notices() {
    let place = Place::new(
        "[services.web]\nrun = \"exec sleep 600\"\n[tasks.quick]\nrun = \"echo done; exit 5\"\n",
    );
    let daemon = place.start();
    let before = daemon.wait_state("web", 0, "running");
    let (old, web) = (before.daemon_pid(), before.pid("web", 0).unwrap());
    kill(old, Signal::SIGSTOP);
    until_within("the daemon that is stuck to be ended", LONG, || !alive(old));
    daemon.wait_daemon_after(old);
    let after = daemon.wait_state("web", 0, "running");
    assert_eq!(after.pid("web", 0), Some(web));
    assert_eq!(after.keeper_pid(), before.keeper_pid());
    daemon.cli(&["run", "quick"]).code(5);
    assert!(daemon.stop().success());
    let log = std::fs::read_to_string(place.path("daemon.log")).unwrap();
    assert!(log.contains("the daemon is stuck"), "{log}");
}
