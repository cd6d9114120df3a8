//! Processes that try to get away from their run.

use runwisp_core::words::keeper::AfterLeave;
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;

use crate::bench::{Bench, Process, pid_in, sh};

/// Forks twice and makes a session of its own, as daemons do; keeps the output open or not.
fn escape(redirect: &str, tail: &str) -> String {
    format!(
        "setsid sh -c 'sh -c \"trap : TERM; echo escapee=\\$\\$ > pid; exec sleep 300\" {redirect} & \
         while [ ! -s pid ]; do :; done'; cat pid; {tail}"
    )
}

#[test]
fn one_that_is_silent_is_found_after_the_run_has_ended() {
    let mut bench = Bench::new();
    bench.fifo("go");
    let run = bench.spawn(&sh(&escape("<&- >&- 2>&-", "read x < go")));
    bench.printed(run, "escapee=");
    let escapee = Process::of(pid_in(&bench.log(run), "escapee"));
    assert!(escapee.is_alive());
    bench.signal(run, Signal::KILL, Scope::Process);
    bench.gone(run);
    escapee.wait_for_end();
}

#[test]
fn one_does_not_get_away_because_the_keeper_leaves() {
    let mut bench = Bench::new();
    bench.fifo("go");
    let run = bench.spawn(&sh(&escape("<&- >&- 2>&-", "read x < go")));
    bench.printed(run, "escapee=");
    let escapee = Process::of(pid_in(&bench.log(run), "escapee"));
    bench.signal(run, Signal::KILL, Scope::Process);
    bench.gone(run);
    bench.leave(AfterLeave::Exit(0));
    assert_eq!(bench.keeper_exits(), Some(0));
    escapee.wait_for_end();
}

#[test]
fn one_that_holds_the_output_is_killed_with_everything() {
    let mut bench = Bench::new();
    let run = bench.spawn(&sh(&escape("", "exit 3")));
    assert_eq!(bench.exited(run).code, Some(3));
    let escapee = Process::of(pid_in(&bench.log(run), "escapee"));
    assert!(escapee.is_alive());
    bench.signal(run, Signal::KILL, Scope::All);
    escapee.wait_for_end();
    bench.gone(run);
}

#[test]
fn one_is_killed_with_everything_while_the_main_process_lives() {
    let mut bench = Bench::new();
    let run = bench.spawn(&sh(&escape("", "sleep 300")));
    bench.printed(run, "escapee=");
    let escapee = Process::of(pid_in(&bench.log(run), "escapee"));
    bench.signal(run, Signal::KILL, Scope::All);
    escapee.wait_for_end();
    assert_eq!(bench.exited(run).signal, Some(9));
    bench.gone(run);
}

#[test]
fn others_are_not_mistaken_for_escapees() {
    let mut bench = Bench::new();
    let other = bench.spawn(&sh("setsid sleep 300 & echo own=$!; wait"));
    bench.printed(other, "own=");
    let own = Process::of(pid_in(&bench.log(other), "own"));
    for _ in 0..3 {
        let run = bench.spawn(&sh(&escape("", "exit 0")));
        bench.exited(run);
        bench.signal(run, Signal::KILL, Scope::All);
        bench.gone(run);
    }
    assert!(own.is_alive());
    bench.signal(other, Signal::KILL, Scope::All);
    bench.gone(other);
}

#[test]
fn output_held_by_a_stranger_does_not_keep_a_run() {
    let mut bench = Bench::new();
    bench.fifo("go");
    let run = bench.spawn(&sh("echo main=$$; read x < go; exit 2"));
    bench.printed(run, "main=");
    // This test, not descended from the keeper, takes a copy of the pipe.
    let main = pid_in(&bench.log(run), "main");
    let held = std::fs::OpenOptions::new()
        .write(true)
        .open(format!("/proc/{main}/fd/1"))
        .unwrap();
    bench.signal(run, Signal::KILL, Scope::Process);
    bench.exited(run);
    bench.gone(run);
    drop(held);
}
