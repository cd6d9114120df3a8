//! Ways to run the daemon: in the background, by directories that systemd names, and every signal it answers to.

use std::fs;

use nix::sys::signal::Signal;
use runwisp_tests::{Place, alive, kill, until};

const CONFIG: &str = r#"
    [services.web]
    run = "exec sleep 600"
    [services.deaf]
    run = ["{children}ignores-term.sh"]
    graceful_stop = "1h"
    [daemon]
    shutdown_timeout = "1h"
    "#;

/// `stop` without a target, and nothing is left of what went to the background.
#[track_caller]
fn stop(place: &Place) {
    place.cli(&["stop"]).ok();
    until("everything to leave", || place.processes().is_empty());
}

#[test]
fn in_the_background_until_it_is_stopped() {
    let place = Place::new("[services.web]\nrun = \"exec sleep 600\"\n");
    place.cli(&["daemon", "--listen", "off", "--detach"]).ok();
    let status = place.status();
    let keeper = status.keeper_pid();
    assert!(alive(keeper) && place.data().join("daemon.log").exists());
    stop(&place);
    assert!(!alive(keeper) && !place.socket().exists());
}

#[test]
fn in_the_background_only_if_it_gets_ready() {
    let place = Place::new("[services.web]\nrnu = \"exec sleep 600\"\n");
    let answer = place
        .cli(&["daemon", "--listen", "off", "--detach"])
        .code(78);
    assert!(answer.stderr.contains("rnu"), "{answer}");
    assert!(place.processes().is_empty());
}

#[test]
fn quit_waits_for_nobody() {
    let place = Place::new(CONFIG);
    let mut daemon = place.start();
    daemon.wait("deaf to be deaf", |_| {
        (daemon.texts("deaf") == ["deaf"]).then_some(())
    });
    daemon.signal(Signal::SIGQUIT);
    daemon.wait_end();
}

#[test]
fn an_interrupt_stops_in_order() {
    let place = Place::new("[services.web]\nrun = \"exec sleep 600\"\n");
    let mut daemon = place.start();
    daemon.wait_state("web", 0, "running");
    daemon.signal(Signal::SIGINT);
    assert!(daemon.wait_end().success());
    let daemon = place.start();
    assert_eq!(daemon.wait_ended("web", 1)[0]["outcome"], "daemon_stopped");
}

#[test]
fn its_log_is_opened_anew_after_it_was_moved() {
    let place = Place::new("[services.web]\nrun = \"exec sleep 600\"\n");
    place.cli(&["daemon", "--listen", "off", "--detach"]).ok();
    let keeper = place.status().keeper_pid();
    let log = place.data().join("daemon.log");
    fs::rename(&log, place.data().join("daemon.log.old")).unwrap();
    kill(keeper, Signal::SIGUSR1);
    until("a new log", || log.exists());
    stop(&place);
}

#[test]
fn directories_are_those_that_systemd_names() {
    let place = Place::new("");
    let config = place.path("etc");
    fs::create_dir(&config).unwrap();
    fs::write(
        config.join("runwisp.toml"),
        "[services.web]\nrun = \"exec sleep 600\"\n",
    )
    .unwrap();
    let mut command = place.command();
    command.args(["daemon", "--listen", "off", "--detach"]);
    command
        .env("STATE_DIRECTORY", place.data())
        .env("CONFIGURATION_DIRECTORY", &config);
    assert!(command.status().unwrap().success());
    let status = place.status();
    assert_eq!(
        status.0["daemon"]["config"],
        config.join("runwisp.toml").to_string_lossy().as_ref()
    );
    assert!(!status.unit("web").is_null());
    stop(&place);
}
