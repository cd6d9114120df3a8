//! Ways to run the daemon: in the background, by directories that systemd names, and every signal it answers to.

use std::fs;

use nix::sys::signal::Signal;
use runwisp_tests::{Place, alive, kill};

const CONFIG: &str = r#"
    [services.web]
    run = "exec sleep 600"
    [services.deaf]
    run = ["{children}ignores-term.sh"]
    graceful_stop = "1h"
    [daemon]
    shutdown_timeout = "1h"
    "#;

#[test]
fn in_the_background_until_it_is_stopped() {
    let place = Place::new("[services.web]\nrun = \"exec sleep 600\"\n");
    place.cli(&["daemon", "--listen", "off", "--detach"]).ok();
    let status = place.status();
    let keeper = status.keeper_pid();
    assert!(alive(keeper) && place.data().join("daemon.log").exists());
    place.cli(&["stop"]).ok();
    let until = std::time::Instant::now() + runwisp_tests::PATIENCE;
    while alive(keeper) {
        assert!(std::time::Instant::now() < until, "it does not leave");
        std::thread::yield_now();
    }
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
    let until = std::time::Instant::now() + runwisp_tests::PATIENCE;
    while !log.exists() {
        assert!(std::time::Instant::now() < until, "no new log");
        std::thread::yield_now();
    }
    place.cli(&["stop"]).ok();
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
    place.cli(&["stop"]).ok();
}
