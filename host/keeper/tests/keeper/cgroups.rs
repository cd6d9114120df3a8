//! Limits by cgroup: where they can be had, and what is said where they can't.

use std::fs;

use runwisp_core::words::keeper::Report;
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::{CgroupLimits, Scope};

use crate::bench::{Bench, sh, skipped};

fn limited(
    pids_max: Option<u64>,
    memory_max: Option<u64>,
) -> runwisp_core::words::spawn::SpawnSpec {
    let mut spec = sh("for i in 1 2 3 4 5 6 7 8 9; do sleep 300 & done; echo up; wait");
    spec.cgroup = CgroupLimits {
        memory_max,
        cpu_milli: None,
        pids_max,
    };
    spec
}

/// A directory that is no cgroup.
#[test]
fn where_limits_cannot_be_had_the_unit_runs_without_and_the_daemon_is_told_why() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("cgroup.controllers"), "cpu memory\n").unwrap();
    let path = root.path().to_owned();
    let mut bench = Bench::start(&[], |options| options.cgroup_root = Some(path));
    bench.connect();
    let why = |report: &Report| match report {
        Report::Spawned { unlimited, .. } => Some(unlimited.clone()),
        _ => None,
    };
    let run = bench.spawn(&limited(Some(5), None));
    let told = bench
        .wait(why)
        .expect("it says that the limit does not hold");
    assert!(told.contains("pids controller is not available"), "{told}");
    bench.printed(run, "up");
    let held = bench.held_after_restart();
    assert_eq!(held[0].unlimited.as_ref(), Some(&told));
    bench.signal(run, Signal::KILL, Scope::All);
    bench.gone(run);
    bench.spawn(&sh("true"));
    assert_eq!(bench.wait(why), None);
}

#[test]
fn a_limit_holds_for_all_the_run_starts() {
    let own = fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").unwrap_or_default();
    if !own.contains("pids") || !crate::bench::is_root() {
        skipped("no cgroup version 2 with controllers for us here");
        return;
    }
    let mut bench = Bench::new();
    let run = bench.spawn(&limited(Some(3), None));
    bench.printed(run, "fork");
    bench.signal(run, Signal::KILL, Scope::All);
    bench.gone(run);
    let left = fs::read_dir("/sys/fs/cgroup").unwrap();
    let left = left.filter(|e| {
        e.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains(&run.to_string())
    });
    assert_eq!(left.count(), 0);
}
