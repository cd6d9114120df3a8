//! Daemons that die between an event and its message: nothing is lost, and a repeat has the same id.

use std::collections::BTreeSet;

use runwisp_tests::Place;
use runwisp_tests::servers::{Gate, HttpServer, Reply, Request};

use crate::notifications::{config, deliveries, id, outcomes, wait_deliveries};

/// Kills the daemon with SIGKILL when it first comes to this point between a failure and its receipt.
fn dies_at(point: &str) -> (usize, Vec<String>) {
    let server = HttpServer::new();
    let place = Place::new(&config(&server, ""));
    let died = place.path("died");
    let daemon = place.start_with(|command| {
        command.env("RUNWISP_DIE_AT", format!("{point}:{}", died.display()));
    });
    place.trigger("bad");
    daemon.wait("the daemon to die", |_| died.exists().then_some(()));
    let told = daemon.wait("the message to be delivered", |_| {
        let found = deliveries(&daemon, &["--kind", "run.failed", "--state", "delivered"]);
        (!found.is_empty()).then_some(found)
    });
    assert_eq!(told.len(), 1, "{told:?}");
    let runs = daemon.wait_ended("bad", 1);
    assert_eq!((runs.len(), &runs[0]["exit_code"]), (1, &3.into()));
    // That a daemon died is told as well, by another message.
    let about_bad = |request: &&Request| request.text().contains("bad failed");
    let requests = server.requests();
    let ids: BTreeSet<String> = requests.iter().filter(about_bad).map(id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(ids.first().unwrap(), told[0]["id"].as_str().unwrap());
    let outcomes = outcomes(&told[0]).into_iter().map(str::to_owned).collect();
    (requests.iter().filter(about_bad).count(), outcomes)
}

#[test]
fn a_daemon_that_dies_as_it_decides_has_decided_nothing() {
    assert_eq!(dies_at("notify-decided").0, 1);
}

#[test]
fn a_daemon_that_dies_before_it_sends_sends_later() {
    assert_eq!(dies_at("notify-stored").0, 1);
}

#[test]
fn a_daemon_that_dies_as_an_attempt_begins_sends_later() {
    assert_eq!(dies_at("notify-sending").0, 1);
}

#[test]
fn a_daemon_that_dies_before_the_receipt_is_kept_sends_twice_by_one_id() {
    let (requests, outcomes) = dies_at("notify-sent");
    assert_eq!(requests, 2);
    assert_eq!(outcomes.last().map(String::as_str), Some("delivered"));
}

#[test]
fn that_the_daemon_died_is_told() {
    let server = HttpServer::new();
    let place = Place::new(&config(&server, ""));
    let daemon = place.start();
    let attached = daemon.status().daemon_pid();
    runwisp_tests::kill(attached, nix::sys::signal::Signal::SIGKILL);
    daemon.wait_daemon_after(attached);
    let told = wait_deliveries(&daemon, "delivered", 1);
    assert_eq!(told[0]["kind"], "daemon.crashed");
    // One that leaves in good order is no crash.
    let attached = daemon.status().daemon_pid();
    place.cli(&["restart"]).ok();
    daemon.wait_daemon_after(attached);
    place.trigger("bad");
    wait_deliveries(&daemon, "delivered", 2);
    assert_eq!(deliveries(&daemon, &["--kind", "daemon.*"]).len(), 1);
}

#[test]
fn a_daemon_that_leaves_while_a_message_is_on_its_way_leaves_it_to_the_next() {
    let (server, gate) = (HttpServer::new(), Gate::new());
    server.next(Reply::new(200).after(&gate));
    let place = Place::new(&config(&server, ""));
    let daemon = place.start();
    place.trigger("bad");
    server.wait_requests(1);
    let attached = daemon.status().daemon_pid();
    place.cli(&["restart"]).ok();
    daemon.wait_daemon_after(attached);
    let told = wait_deliveries(&daemon, "delivered", 1);
    gate.open();
    assert_eq!(outcomes(&told[0]), ["interrupted", "delivered"]);
    let ids: BTreeSet<String> = server.wait_requests(2).iter().map(id).collect();
    assert_eq!(ids.len(), 1);
}
