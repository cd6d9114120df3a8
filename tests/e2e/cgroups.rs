//! Limits by cgroup hold: memory, processor, processes; and nothing is left of the cgroups afterwards.
//!
//! They need root and a cgroup (version 2) with controllers for us; `cargo xtask vm` makes a machine that has it.

use std::fs;
use std::path::{Path, PathBuf};

use runwisp_tests::{Daemon, Place, is_root, skip, until};

/// The cgroup of this test, below which its daemons make theirs; none, and a word about it, where there are no
/// controllers.
fn own_cgroup() -> Option<PathBuf> {
    let controllers = fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").unwrap_or_default();
    let all = ["cpu", "memory", "pids"];
    if !is_root() || !all.iter().all(|name| controllers.contains(name)) {
        skip("needs root and the controllers of cgroup version 2 (`cargo xtask vm` has both)");
        return None;
    }
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    // A daemon of another test may have moved this process to the place that it makes for itself.
    let own = own.trim_end_matches("runwisp-main");
    Some(Path::new("/sys/fs/cgroup").join(own))
}

/// The cgroup of a run.
fn of_run(root: &Path, run: &str) -> PathBuf {
    root.join(format!("runwisp-{run}"))
}

fn no_warning(daemon: &Daemon) {
    let warnings = daemon.status().0["daemon"]["warnings"].to_string();
    assert!(!warnings.contains("limits"), "{warnings}");
}

#[test]
fn what_takes_too_much_memory_is_ended_alone_and_its_outcome_says_so() {
    let Some(root) = own_cgroup() else { return };
    let place = Place::new(
        r#"
        [tasks.hungry]
        run = ["{bad_child}", "eat", "268435456"]
        limits = { memory = "32mb" }
        [tasks.shell]
        run = "{bad_child} eat 268435456; exit 3"
        limits = { memory = "32mb" }
        [services.neighbour]
        run = "exec sleep 600"
        limits = { memory = "32mb" }
        "#,
    );
    let daemon = place.start();
    let before = daemon.wait_state("neighbour", 0, "running");
    for task in ["hungry", "shell"] {
        daemon.trigger(task);
        let row = daemon.wait_ended(task, 1).remove(0);
        assert_eq!(row["outcome"], "oom_killed", "{row:#}");
        let run = row["id"].as_str().unwrap();
        assert!(!of_run(&root, run).exists(), "its cgroup is left");
    }
    no_warning(&daemon);
    let now = daemon.status();
    assert_eq!(now.pid("neighbour", 0), before.pid("neighbour", 0));
    let run = now.run_id("neighbour", 0).unwrap();
    assert!(of_run(&root, &run).exists());
    daemon.stop();
    assert!(!of_run(&root, &run).exists(), "its cgroup is left");
}

#[test]
fn what_forks_too_much_is_refused_more_processes() {
    let Some(root) = own_cgroup() else { return };
    let place = Place::new(
        r#"
        [tasks.forks]
        run = "for i in 1 2 3 4 5 6 7 8; do sleep 600 & echo $i; done"
        limits = { pids = 5 }
        "#,
    );
    let daemon = place.start();
    daemon.trigger("forks");
    let row = daemon.wait_ended("forks", 1).remove(0);
    assert_eq!(row["outcome"], "failed", "{row:#}");
    let texts = daemon.texts("forks");
    // The shell and four others.
    assert!(texts.contains(&"4".to_owned()), "{texts:?}");
    assert!(!texts.contains(&"5".to_owned()), "{texts:?}");
    assert!(!of_run(&root, row["id"].as_str().unwrap()).exists());
    no_warning(&daemon);
}

#[test]
fn what_wants_the_whole_processor_gets_its_share() {
    let Some(root) = own_cgroup() else { return };
    let place = Place::new(
        r#"
        [services.burn]
        run = "while :; do :; done"
        limits = { cpu = 0.2 }
        "#,
    );
    let daemon = place.start();
    let status = daemon.wait_state("burn", 0, "running");
    let group = of_run(&root, &status.run_id("burn", 0).unwrap());
    assert_eq!(
        fs::read_to_string(group.join("cpu.max")).unwrap().trim(),
        "20000 100000"
    );
    until("the kernel to hold it back", || {
        let stat = fs::read_to_string(group.join("cpu.stat")).unwrap_or_default();
        let held = stat.lines().find_map(|l| l.strip_prefix("nr_throttled "));
        held.is_some_and(|n| n.parse().unwrap_or(0) >= 5)
    });
    no_warning(&daemon);
    daemon.stop();
    assert!(!group.exists(), "its cgroup is left");
}

#[test]
fn limits_hold_on_for_runs_that_a_new_daemon_takes_over() {
    let Some(root) = own_cgroup() else { return };
    let place = Place::new(
        r#"
        [services.web]
        run = "exec sleep 600"
        limits = { memory = "64mb", pids = 9 }
        "#,
    );
    let daemon = place.start();
    let before = daemon.wait_state("web", 0, "running");
    place.cli(&["restart"]).ok();
    daemon.wait_daemon_after(before.daemon_pid());
    let after = daemon.wait_state("web", 0, "running");
    assert_eq!(after.pid("web", 0), before.pid("web", 0));
    let group = of_run(&root, &after.run_id("web", 0).unwrap());
    assert_eq!(
        fs::read_to_string(group.join("pids.max")).unwrap().trim(),
        "9"
    );
    place.cli(&["stop", "web"]).ok();
    daemon.wait_state("web", 0, "stopped");
    assert!(!group.exists(), "its cgroup is left");
}
