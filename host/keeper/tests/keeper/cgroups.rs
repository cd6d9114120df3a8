//! Limits by cgroup: where they can be had, and what is said where they can't.

use std::fs;

use runwisp_core::words::keeper::SpawnStep;
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
fn where_limits_cannot_be_had_the_unit_does_not_start_and_is_told_why() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("cgroup.controllers"), "cpu memory\n").unwrap();
    let path = root.path().to_owned();
    let mut bench = Bench::start(&[], |options| options.cgroup_root = Some(path));
    bench.connect();
    let run = bench.spawn(&limited(Some(5), None));
    let (step, errno, about) = bench.failed(run);
    assert_eq!((step, errno), (SpawnStep::Cgroup, libc::ENODEV));
    assert!(
        about.contains("pids controller is not available"),
        "{about}"
    );
    assert_eq!(bench.output_of(&sh("echo unlimited")), "unlimited\n");
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
