//! Exit statuses, signals, use of resources, groups, and processes that linger.

use std::time::Duration;

use runwisp_core::words::keeper::Ask;
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;

use crate::bench::{Bench, Process, pid_in, sh};

#[test]
fn exit_codes_and_signals_are_told_apart() {
    let mut bench = Bench::new();
    for (script, code, signal) in [
        ("exit 0", Some(0), None),
        ("exit 127", Some(127), None),
        ("exit 255", Some(255), None),
        ("kill -9 $$", None, Some(9)),
        ("kill -SEGV $$", None, Some(11)),
        ("kill -PIPE $$; exit 3", None, Some(13)),
    ] {
        let run = bench.spawn(&sh(script));
        bench.spawned(run);
        let exit = bench.exited(run);
        assert_eq!((exit.code, exit.signal), (code, signal), "{script}");
        bench.gone(run);
        bench.ask(&Ask::Ack { run });
    }
}

#[test]
fn use_of_resources_is_counted() {
    let mut bench = Bench::new();
    let run = bench.spawn(&sh("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"));
    let exit = bench.exited(run);
    assert!(exit.cpu > Duration::from_millis(1), "{exit:?}");
    assert!(exit.max_rss_bytes > 100_000, "{exit:?}");
}

#[test]
fn a_signal_reaches_whom_it_is_meant_for() {
    let script = "trap 'echo main' TERM; (trap 'echo sub; exit' TERM; echo here; sleep 60 & wait) & \
                  wait; wait; echo done";
    for (scope, sub) in [
        (Scope::Process, false),
        (Scope::Group, true),
        (Scope::All, true),
    ] {
        let mut bench = Bench::new();
        let run = bench.spawn(&sh(script));
        bench.printed(run, "here");
        bench.signal(run, Signal::TERM, scope);
        bench.printed(run, "main");
        if sub {
            bench.printed(run, "sub");
        }
        bench.signal(run, Signal::KILL, Scope::All);
        bench.gone(run);
        assert_eq!(bench.log(run).contains("sub"), sub, "{scope:?}");
    }
}

#[test]
fn a_grandchild_that_holds_the_output_open_keeps_the_run_from_being_gone() {
    let mut bench = Bench::new();
    let fifo = bench.fifo("fifo");
    let run = bench.spawn(&sh("(read x < fifo; echo last) & exit 4"));
    assert_eq!(bench.exited(run).code, Some(4));
    std::fs::write(&fifo, "go\n").unwrap();
    assert_eq!(bench.gone(run).printed, 5);
    assert_eq!(bench.log(run), "last\n");
}

#[test]
fn after_the_main_process_its_group_can_still_be_signalled() {
    for scope in [Scope::Group, Scope::All] {
        let mut bench = Bench::new();
        let run = bench.spawn(&sh("trap '' HUP; sleep 60 & echo sub=$!; exit 0"));
        bench.exited(run);
        let sub = Process::of(pid_in(&bench.log(run), "sub"));
        bench.signal(run, Signal::TERM, scope);
        sub.wait_for_end();
        bench.gone(run);
    }
}

#[test]
fn output_printed_just_before_the_end_is_there_when_it_is_reported() {
    let mut bench = Bench::new();
    for _ in 0..20 {
        let run = bench.spawn(&sh("printf 'no newline'; echo err >&2; exit 1"));
        assert_eq!(bench.exited(run).code, Some(1));
        let log = bench.log(run);
        assert!(
            log.contains("no newline") && log.contains("err\n"),
            "{log:?}"
        );
        assert_eq!(bench.gone(run).printed, 14);
    }
}

#[test]
fn a_closed_output_is_not_waited_for() {
    let mut bench = Bench::new();
    let run = bench.spawn(&sh(
        "echo before; exec >&- 2>&-; read x < /proc/self/nothing; exit 5",
    ));
    assert_eq!(bench.exited(run).code, Some(5));
    bench.gone(run);
}

#[test]
fn orphans_are_reaped() {
    let mut bench = Bench::new();
    let run = bench.spawn(&sh("(sleep 0.01 & echo orphan=$!) ; sleep 60"));
    bench.printed(run, "orphan=");
    let orphan = pid_in(&bench.log(run), "orphan");
    // A zombie can't be waited away by anybody but the keeper.
    while std::path::Path::new(&format!("/proc/{orphan}")).exists() {
        std::thread::yield_now();
    }
    bench.signal(run, Signal::KILL, Scope::All);
    bench.gone(run);
}
