//! Whoever started the daemon (systemd, mostly) is told by sd_notify what it is doing, by the loop itself.

use nix::sys::signal::Signal;
use runwisp_tests::Place;

const CONFIG: &str = "[services.web]\nrun = \"exec sleep 600\"\n";

#[test]
fn a_reload_is_announced_and_its_end_too() {
    let place = Place::new(CONFIG);
    let mut daemon = place.start();
    daemon.signal(Signal::SIGHUP);
    let said = daemon.wait_said("RELOADING=1");
    // Type=notify-reload takes a reload for the one it asked for by this time.
    assert!(said.contains("MONOTONIC_USEC="), "{said}");
    daemon.wait_said("READY=1");
    // A refused reload ends as well, or systemd would wait for ever.
    place.write_config("[services.web\n");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_said("RELOADING=1");
    daemon.wait_said("READY=1");
    daemon.signal(Signal::SIGTERM);
    daemon.wait_said("STOPPING=1");
    assert!(daemon.wait_end().success());
}

#[test]
fn the_watchdog_is_fed_as_long_as_somebody_waits_for_it() {
    let place = Place::new(CONFIG);
    let mut daemon = place.start_with(|command| {
        command.env("WATCHDOG_USEC", "200000");
    });
    for _ in 0..3 {
        daemon.wait_said("WATCHDOG=1");
    }
}

#[test]
fn a_new_daemon_says_that_it_is_ready_too() {
    let place = Place::new(CONFIG);
    let mut daemon = place.start();
    let attached = daemon.status().daemon_pid();
    runwisp_tests::kill(attached, Signal::SIGKILL);
    daemon.wait_said("READY=1");
    assert_ne!(daemon.status().daemon_pid(), attached);
}
