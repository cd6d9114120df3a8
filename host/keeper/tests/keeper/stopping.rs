//! Signals to the keeper, with and without a daemon.

use runwisp_core::words::keeper::{Asked, Report};

use crate::bench::{Bench, Process, sh};

fn asked(bench: &mut Bench) -> Asked {
    bench.wait(|report| match report {
        Report::Asked { what } => Some(*what),
        _ => None,
    })
}

#[test]
fn signals_are_handed_to_the_daemon() {
    let mut bench = Bench::new();
    for (signal, what) in [
        (libc::SIGHUP, Asked::Reload),
        (libc::SIGUSR1, Asked::ReopenLog),
        (libc::SIGTERM, Asked::Stop),
        (libc::SIGINT, Asked::StopNow),
    ] {
        bench.signal_keeper(signal);
        assert_eq!(asked(&mut bench), what);
    }
}

#[test]
fn a_request_to_stop_outlives_the_daemon_it_was_told_to() {
    let mut bench = Bench::new();
    bench.signal_keeper(libc::SIGTERM);
    assert_eq!(asked(&mut bench), Asked::Stop);
    bench.daemon_exits(1);
    bench.connect();
    assert_eq!(asked(&mut bench), Asked::Stop);
    // The second to fail: now the keeper does it.
    bench.daemon_exits(1);
    assert_eq!(bench.keeper_exits(), Some(0));
}

#[test]
fn the_third_request_is_obeyed_by_the_keeper_itself() {
    let mut bench = Bench::new();
    let run = bench.spawn(&sh("trap '' TERM INT QUIT; echo up; sleep 300"));
    let main = Process::of(bench.spawned(run));
    bench.printed(run, "up");
    bench.signal_keeper(libc::SIGTERM);
    assert_eq!(asked(&mut bench), Asked::Stop);
    bench.signal_keeper(libc::SIGTERM);
    assert_eq!(asked(&mut bench), Asked::StopNow);
    bench.signal_keeper(libc::SIGTERM);
    bench.keeper_exits();
    assert!(!main.is_alive());
}

#[test]
fn without_a_daemon_the_keeper_stops_everything_in_order() {
    let mut bench = Bench::new();
    let polite = bench.spawn(&sh(
        "trap 'echo bye; exit' TERM; echo up; while :; do sleep 1; done",
    ));
    let mut spec = sh("trap '' TERM; echo up; while :; do sleep 1; done");
    spec.graceful_stop = std::time::Duration::from_millis(50);
    let stubborn = bench.spawn(&spec);
    let main = Process::of(bench.spawned(stubborn));
    bench.printed(polite, "up");
    bench.printed(stubborn, "up");
    // Two failures after the request, and nobody is left to ask.
    bench.signal_keeper(libc::SIGTERM);
    assert_eq!(asked(&mut bench), Asked::Stop);
    bench.daemon_exits(1);
    bench.accept();
    bench.daemon_exits(1);
    assert_eq!(bench.keeper_exits(), Some(0));
    assert!(bench.log(polite).contains("bye"));
    assert!(!main.is_alive());
}
