//! Output: byte for byte, its index, its limits, and a disk that is full.

use std::fs;
use std::io::Write;
use std::process::Command;

use runwisp_core::words::keeper::{Ask, OutputTotals, Report};
use runwisp_core::words::log_index::{Kind, Record, read_all};
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::{OnFull, Scope, SpawnSpec};

use crate::bench::{Bench, is_root, pid_in, sh, skipped};

/// Prints `count` numbered lines of 16 bytes.
fn lines(count: usize) -> SpawnSpec {
    sh(&format!("seq -f %015.0f 1 {count}"))
}

fn expected_lines(count: usize) -> String {
    (1..=count).map(|n| format!("{n:015}\n")).collect()
}

/// Checks that an index tells of exactly the bytes between two offsets.
fn check_index(index: &[Record], from: u64, to: u64) {
    let mut at = from;
    for record in index {
        assert_eq!(record.offset, at, "{record:?}");
        if matches!(record.kind, Kind::Stdout | Kind::Stderr) {
            at += u64::from(record.len);
        }
    }
    assert_eq!(at, to);
}

#[test]
fn every_byte_arrives_in_order() {
    let mut bench = Bench::new();
    let count = 4 * 1024 * 1024;
    let run = bench.spawn(&lines(count));
    let totals = bench.gone(run);
    assert_eq!(
        totals,
        OutputTotals {
            printed: 16 * count as u64,
            dropped: 0
        }
    );
    assert!(bench.log(run) == expected_lines(count));
    let index = bench.index(run);
    check_index(&index, 0, totals.printed);
    assert_eq!(index.last().unwrap().kind, Kind::Complete);
}

#[test]
fn bytes_that_are_no_text_and_endless_lines_are_nothing_special() {
    let mut bench = Bench::new();
    let run = bench.spawn(&sh("head -c 3000000 /dev/zero; printf '\\377\\376'"));
    assert_eq!(bench.gone(run).printed, 3_000_002);
    let log = fs::read(bench.log_path(run)).unwrap();
    assert!(log[..3_000_000].iter().all(|b| *b == 0) && log[3_000_000..] == [255, 254]);
}

#[test]
fn the_index_tells_the_streams_apart() {
    let mut bench = Bench::new();
    bench.fifo("go");
    let run = bench.spawn(&sh("echo out; read x < go; echo err >&2; exit 0"));
    bench.printed(run, "out");
    fs::write(bench.dir.path().join("go"), "\n").unwrap();
    bench.gone(run);
    let kinds: Vec<(Kind, u32)> = bench.index(run).iter().map(|r| (r.kind, r.len)).collect();
    assert_eq!(
        kinds,
        [(Kind::Stdout, 4), (Kind::Stderr, 4), (Kind::Complete, 0)]
    );
}

#[test]
fn the_oldest_half_makes_room() {
    let mut bench = Bench::new();
    let mut spec = lines(100_000);
    (spec.log_max_size, spec.log_on_full) = (640_000, OnFull::DropOld);
    let run = bench.spawn(&spec);
    let totals = bench.gone(run);
    let path = bench.log_path(run);
    let previous = fs::read_to_string(path.with_added_extension("1")).unwrap();
    let current = bench.log(run);
    assert_eq!(totals.printed, 1_600_000);
    assert_eq!(previous.len(), 320_000);
    assert_eq!(
        totals.dropped,
        totals.printed - (previous.len() + current.len()) as u64
    );
    assert!(expected_lines(100_000).ends_with(&(previous + &current)));

    let base = totals.printed - current.len() as u64;
    let index = bench.index(run);
    assert_eq!((index[0].kind, index[0].offset), (Kind::Rotation, base));
    check_index(&index, base, totals.printed);
    let older = fs::read(path.with_added_extension("idx").with_added_extension("1")).unwrap();
    let older: Vec<Record> = read_all(&older).collect();
    assert_eq!(
        (older[0].kind, older[0].offset),
        (Kind::Rotation, base - 320_000)
    );
    check_index(&older, base - 320_000, base);
    let mut names: Vec<_> = fs::read_dir(&bench.logs)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    let name = run.to_string();
    let wanted =
        ["", ".1", ".idx", ".idx.1"].map(|s| std::ffi::OsString::from(format!("{name}{s}")));
    assert_eq!(names, wanted);
}

#[test]
fn a_new_half_that_cannot_be_made_costs_no_more_than_the_limit() {
    let mut bench = Bench::start(&[("RUNWISP_FAULT", "open:1,open:2,open:3")], |_| {});
    bench.connect();
    let mut spec = lines(10_000);
    (spec.log_max_size, spec.log_on_full) = (64_000, OnFull::DropOld);
    let run = bench.spawn(&spec);
    let totals = bench.gone(run);
    assert_eq!(totals.printed, 160_000);
    let previous = fs::read(bench.log_path(run).with_added_extension("1")).map_or(0, |b| b.len());
    let kept = (previous + bench.log(run).len()) as u64;
    assert_eq!(totals.dropped, totals.printed - kept);
    assert!(kept <= 96_000, "{kept}");
}

#[test]
fn the_newest_output_can_be_what_is_dropped() {
    let mut bench = Bench::new();
    let mut spec = lines(100_000);
    (spec.log_max_size, spec.log_on_full) = (16_000, OnFull::DropNew);
    let run = bench.spawn(&spec);
    let totals = bench.gone(run);
    assert_eq!(
        totals,
        OutputTotals {
            printed: 1_600_000,
            dropped: 1_584_000
        }
    );
    assert_eq!(bench.log(run), expected_lines(1000));
    let index = bench.index(run);
    check_index(&index, 0, 16_000);
    let gap: u64 = index
        .iter()
        .filter(|r| r.kind == Kind::Dropped)
        .map(|r| u64::from(r.len))
        .sum();
    assert_eq!(gap, totals.dropped);
}

#[test]
fn a_run_that_is_to_be_killed_for_its_output_is_told_of_once() {
    let mut bench = Bench::new();
    let mut spec = sh("yes 123456789");
    (spec.log_max_size, spec.log_on_full) = (1000, OnFull::Kill);
    let run = bench.spawn(&spec);
    bench.wait(|r| matches!(r, Report::LogFull { run: r } if *r == run).then_some(()));
    bench.signal(run, Signal::KILL, Scope::All);
    let totals = bench.gone(run);
    assert_eq!(bench.log(run).len(), 1000);
    assert_eq!(totals.dropped, totals.printed - 1000);
}

#[test]
fn a_log_that_is_exactly_full_is_not_too_full() {
    let mut bench = Bench::new();
    let mut spec = sh("printf 1234567890; read x < go");
    (spec.log_max_size, spec.log_on_full) = (10, OnFull::Kill);
    bench.fifo("go");
    let run = bench.spawn(&spec);
    bench.printed(run, "0");
    fs::write(bench.dir.path().join("go"), "\n").unwrap();
    assert_eq!(bench.gone(run).dropped, 0);
    assert!(!bench.has_been_told(|r| matches!(r, Report::LogFull { .. })));
}

#[test]
fn a_flood_starves_nobody() {
    let mut bench = Bench::new();
    let mut flood = sh("yes");
    flood.log_max_size = 1000;
    let floods = [bench.spawn(&flood), bench.spawn(&flood)];
    for _ in 0..10 {
        assert_eq!(bench.output_of(&sh("echo quick")), "quick\n");
    }
    for run in floods {
        bench.signal(run, Signal::KILL, Scope::All);
        bench.gone(run);
    }
}

#[test]
fn secrets_never_reach_the_log() {
    let mut bench = Bench::new();
    let mut spec = sh("printf 'a hunt'; printf 'er2 b\\n'; echo hunter2 >&2; printf hunte");
    spec.secrets = vec!["hunter2".into()];
    let log = bench.output_of(&spec);
    assert!(
        log.contains("a [redacted] b\n") && log.contains("[redacted]\n"),
        "{log:?}"
    );
    assert!(
        !log.contains("hunter2") && log.replace("[redacted]", "").contains("hunte"),
        "{log:?}"
    );
    spec.pty = true;
    let log = bench.output_of(&spec);
    assert!(
        !log.contains("hunter2") && log.contains("[redacted]\n"),
        "{log:?}"
    );
}

#[test]
fn a_full_disk_blocks_nobody_and_is_told_of() {
    if !is_root() {
        skipped("only root can mount a small file system");
        return;
    }
    let mut bench = Bench::new();
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
        .arg(&bench.logs)
        .status()
        .unwrap();
    if !mount.success() {
        skipped("no small file system could be mounted");
        return;
    }
    let filler = bench.logs.join("filler");
    fs::write(&filler, vec![0; 2800 * 1024]).unwrap();
    bench.fifo("go");
    let run = bench.spawn(&sh(
        "seq -f %015.0f 1 524288; read x < go; echo after; exit 6",
    ));
    // The pipe opens when all has been printed, although little could be kept. Then there is room again: more than the
    // largest pipe may still hold, so that what comes last is kept.
    let mut go = fs::File::options()
        .write(true)
        .open(bench.dir.path().join("go"))
        .unwrap();
    let lost = |r: &Report| match r {
        Report::OutputLost { errno } => Some(*errno),
        _ => None,
    };
    assert_eq!(bench.wait(lost), nix::libc::ENOSPC);
    fs::remove_file(&filler).unwrap();
    go.write_all(b"\n").unwrap();
    assert_eq!(bench.exited(run).code, Some(6));
    let totals = bench.gone(run);
    let log = bench.log(run);
    assert_eq!(totals.printed, 16 * 524_288 + 6);
    assert_eq!(totals.dropped, totals.printed - log.len() as u64);
    assert!(
        totals.dropped > 6_000_000 && log.ends_with("after\n"),
        "{totals:?}"
    );
    let index = bench.index(run);
    check_index(&index, 0, log.len() as u64);
    assert!(index.iter().any(|r| r.kind == Kind::Dropped));
    let status = Command::new("umount")
        .arg("-l")
        .arg(&bench.logs)
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn output_is_dropped_while_the_daemon_wants_none_kept_and_kept_again_after() {
    let mut bench = Bench::new();
    let [go, on] = ["go", "on"].map(|name| bench.fifo(name));
    let run = bench.spawn(&sh(
        "echo one; read x < go; echo two; read x < on; echo three",
    ));
    bench.printed(run, "one");
    bench.ask(&Ask::KeepOutput { keep: false });
    // Asks are answered in their order: the one before has been heard.
    bench.output_of(&sh(":"));
    fs::write(go, "\n").unwrap();
    let mut on = fs::File::options().write(true).open(on).unwrap();
    bench.output_of(&sh("echo nothing of this is kept"));
    bench.ask(&Ask::KeepOutput { keep: true });
    bench.output_of(&sh(":"));
    on.write_all(b"\n").unwrap();
    let totals = bench.gone(run);
    assert_eq!((totals.printed, totals.dropped), (14, 4));
    assert_eq!(bench.log(run), "one\nthree\n");
    assert!(!bench.has_been_told(|r| matches!(r, Report::OutputLost { .. })));
}

#[test]
fn a_failed_write_leaves_a_gap_that_the_index_shows() {
    let mut bench = Bench::start(&[("RUNWISP_FAULT", "write:2")], |_| {});
    bench.connect();
    let [go, on] = ["go", "on"].map(|name| bench.fifo(name));
    let script = "echo main=$$; read x < go; echo two; read x < on; echo three";
    let run = bench.spawn(&sh(script));
    bench.printed(run, "main=");
    let main = pid_in(&bench.log(run), "main");
    let first = bench.log(run).len() as u32;
    fs::write(go, "\n").unwrap();
    let mut on = fs::File::options().write(true).open(on).unwrap();
    // Now the second piece has been printed; it is lost once it has been taken.
    while unread(main) > 0 {
        std::thread::yield_now();
    }
    on.write_all(b"\n").unwrap();
    let totals = bench.gone(run);
    assert_eq!((totals.printed, totals.dropped), (u64::from(first) + 10, 4));
    assert!(bench.log(run).ends_with(&format!("{main}\nthree\n")));
    let kinds: Vec<(Kind, u64, u32)> = bench
        .index(run)
        .iter()
        .map(|r| (r.kind, r.offset, r.len))
        .collect();
    let expected = [
        (Kind::Stdout, 0, first),
        (Kind::Dropped, u64::from(first), 4),
        (Kind::Stdout, u64::from(first), 6),
        (Kind::Complete, u64::from(first) + 6, 0),
    ];
    assert_eq!(kinds, expected);
}

/// Bytes in the pipe that is this process's standard output.
fn unread(pid: i32) -> i32 {
    let pipe = fs::File::open(format!("/proc/{pid}/fd/1")).unwrap();
    let mut n = 0;
    // SAFETY: the pipe is open, and there is a place for the answer.
    unsafe {
        libc::ioctl(
            std::os::fd::AsRawFd::as_raw_fd(&pipe),
            libc::FIONREAD,
            &raw mut n,
        )
    };
    n
}
