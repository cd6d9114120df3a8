//! The program is executed in place of the keeper; nothing is lost on the way.

use std::fs;

use runwisp_core::words::keeper::AfterLeave;
use runwisp_core::words::log_index::Kind;

use crate::bench::{Bench, sh};

#[test]
fn pipes_offsets_and_unacknowledged_ends_are_carried_over() {
    let mut bench = Bench::new();
    bench.fifo("go");
    let count = 3_000_000;
    let busy = bench.spawn(&sh(&format!("seq -f %015.0f 1 {count}; exit 4")));
    let mut spec = sh("printf 'a hunt'; read x < go; printf 'er2 b'; exit 5");
    spec.secrets = vec!["hunter2".into()];
    let secret = bench.spawn(&spec);
    let ended = bench.spawn(&sh("exit 3"));
    bench.printed(busy, "000000000000001");
    bench.printed(secret, "a ");
    bench.gone(ended);
    let pids = [bench.spawned(busy), bench.spawned(secret)];
    for _ in 0..3 {
        bench.leave(AfterLeave::Upgrade);
        let held = bench.connect();
        assert_eq!(held.len(), 3);
        assert_eq!([held[0].pid, held[1].pid], pids.map(Some));
        assert_eq!(held[2].exit.as_ref().unwrap().code, Some(3));
        assert_eq!(held[2].gone.unwrap().printed, 0);
    }
    fs::write(bench.dir.path().join("go"), "\n").unwrap();
    assert_eq!(bench.exited(secret).code, Some(5));
    bench.gone(secret);
    assert_eq!(bench.log(secret), "a [redacted] b");
    let (mut exit, mut totals) = (None, None);
    let last = bench.held_after_restart();
    for held in last.into_iter().filter(|h| h.run == busy) {
        (exit, totals) = (held.exit, held.gone);
    }
    let exit = exit.unwrap_or_else(|| bench.exited(busy));
    let totals = totals.unwrap_or_else(|| bench.gone(busy));
    assert_eq!((exit.code, totals.printed), (Some(4), 16 * count));
    let expected: String = (1..=count).map(|n| format!("{n:015}\n")).collect();
    assert!(bench.log(busy) == expected);
    let told: u64 = bench
        .index(busy)
        .iter()
        .filter(|r| r.kind == Kind::Stdout)
        .map(|r| u64::from(r.len))
        .sum();
    assert_eq!(told, totals.printed);
}

#[test]
fn a_program_that_cannot_be_executed_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("program");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_keeper-alone"), &program).unwrap();
    let mut bench = Bench::start(&[], |options| options.program.clone_from(&program));
    bench.connect();
    bench.fifo("go");
    let run = bench.spawn(&sh("read x < go; echo after"));
    bench.spawned(run);
    fs::remove_file(&program).unwrap();
    bench.leave(AfterLeave::Upgrade);
    bench.said("could not upgrade");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_keeper-alone"), &program).unwrap();
    let held = bench.connect();
    assert_eq!(held.len(), 1);
    fs::write(bench.dir.path().join("go"), "\n").unwrap();
    bench.gone(run);
    assert_eq!(bench.log(run), "after\n");
}
