//! The daemon may be killed at any moment, and nothing shows it: the promise that this program is made for.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use runwisp_tests::{Daemon, Place, alive, counted, counted_raw, kill, start_time};
use serde_json::Value;

/// How often the daemon is killed, and the longest it lives in between: half a minute of life on average in a minute.
const KILLS: u32 = 30;
const LONGEST_LIFE_MS: u64 = 2_000;

const CONFIG: &str = r#"
    [defaults]
    log_max_size = "16gb"
    [services.fast]
    run = ["{bad_child}", "count"]
    [services.both]
    run = ["{bad_child}", "count", "4000"]
    instances = 2
    [tasks.good]
    run = ["{bad_child}", "exit-after", "300", "0"]
    cron = "* * * * * *"
    max_concurrent = 4
    [tasks.bad]
    run = ["{bad_child}", "exit-after", "700", "7"]
    cron = "*/2 * * * * *"
    max_concurrent = 4
    [tasks.killed]
    run = ["{bad_child}", "die-after", "500", "10"]
    cron = "*/3 * * * * *"
    max_concurrent = 4
    "#;

/// Random enough to hit any moment; the seed is the time, and is said when something fails.
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Duration::from_millis(self.0 % LONGEST_LIFE_MS)
    }
}

/// Every process of a service, by its pid and start time: its true name.
fn children(daemon: &Daemon) -> BTreeSet<(i32, u64)> {
    let status = daemon.status();
    let instances = [("fast", 0), ("both", 0), ("both", 1)];
    let pids = instances
        .iter()
        .filter_map(|(unit, index)| status.pid(unit, *index));
    pids.map(|pid| (pid, start_time(pid).unwrap_or(0)))
        .collect()
}

#[test]
fn thirty_kills_in_a_minute_leave_no_trace() {
    let place = Place::new(CONFIG);
    let daemon = place.start();
    for (unit, index) in [("fast", 0), ("both", 0), ("both", 1)] {
        daemon.wait_state(unit, index, "running");
    }
    let before = children(&daemon);
    let keeper = daemon.keeper_pid();
    let seed =
        u64::from(std::process::id()) << 32 | u64::from(start_time(keeper).unwrap_or(1) as u32 | 1);
    let mut moments = Moments(seed);
    let mut attached = daemon.status().daemon_pid();
    for kill_number in 1..=KILLS {
        thread::sleep(moments.next());
        kill(attached, Signal::SIGKILL);
        attached = daemon.wait_daemon_after(attached);
        assert!(
            alive(keeper),
            "the keeper died at kill {kill_number}, seed {seed}"
        );
    }
    assert_eq!(
        children(&daemon),
        before,
        "a service was restarted or lost, seed {seed}"
    );
    check_numbers(&place, &daemon);
    assert!(daemon.stop().success());
    let daemon = place.start();
    check_rows(&daemon.runs(&[]), seed);
}

/// Every number that was printed is kept exactly once and in order, up to the child's own last word.
fn check_numbers(place: &Place, daemon: &Daemon) {
    let status = daemon.status();
    let runs: Vec<(String, String)> = [("fast", 0), ("both", 0), ("both", 1)]
        .iter()
        .map(|(unit, index)| {
            (
                (*unit).to_owned(),
                status.run_id(unit, *index).expect("it runs"),
            )
        })
        .collect();
    daemon.cli(&["stop", "fast", "both"]).ok();
    for (unit, index) in [("fast", 0), ("both", 0), ("both", 1)] {
        daemon.wait_state(unit, index, "stopped");
    }
    for (unit, run) in runs {
        if unit == "fast" {
            let found = counted_raw(&place.log_file(&run));
            assert!(found.complete && found.last > 100_000, "{unit}: {found:?}");
        } else {
            let found = counted(&place.lines(&run));
            let streams: Vec<&str> = found.keys().map(String::as_str).collect();
            assert_eq!(streams, ["stderr", "stdout"]);
            assert!(
                found
                    .values()
                    .all(|counted| counted.complete && counted.last > 1_000),
                "{unit}: {found:?}"
            );
        }
    }
}

/// No row is open, every end is the true one, every tick has one row, services have one run per instance.
fn check_rows(rows: &[Value], seed: u64) {
    let of = |unit: &str| {
        rows.iter()
            .filter(|row| row["unit"] == unit)
            .cloned()
            .collect::<Vec<_>>()
    };
    let ended: Vec<_> = rows
        .iter()
        .filter(|row| row["unit"] != "fast" && row["unit"] != "both")
        .collect();
    assert_eq!(
        of("fast")
            .iter()
            .filter(|row| row["outcome"] == "stopped")
            .count(),
        1,
        "seed {seed}"
    );
    assert_eq!(
        of("both")
            .iter()
            .filter(|row| row["outcome"] == "stopped")
            .count(),
        2,
        "seed {seed}"
    );
    for (unit, outcome, code, signal) in [
        ("good", "succeeded", Some(0), None),
        ("bad", "failed", Some(7), None),
        ("killed", "failed", None, Some(10)),
    ] {
        let rows = of(unit);
        assert!(rows.len() > 5, "{unit}: {} rows", rows.len());
        let mut ticks = BTreeSet::new();
        for row in &rows {
            let tick = row["scheduled_at"].as_str();
            assert!(
                ticks.insert(tick),
                "{unit}: two rows for {tick:?}, seed {seed}"
            );
            let never_ran = matches!(
                row["outcome"].as_str(),
                Some("missed" | "skipped" | "queue_full")
            );
            let cut_off = row["outcome"] == "daemon_stopped";
            let found = (
                row["outcome"].as_str(),
                row["exit_code"].as_i64(),
                row["signal"].as_i64(),
            );
            let is_open =
                row["ended_at"].is_null() && row["created_at"].as_str() < newest_tick(&ended);
            assert!(!is_open, "an open row, seed {seed}: {row:#}");
            if row["state"] == "ended" && !never_ran && !cut_off {
                assert_eq!(found, (Some(outcome), code, signal), "seed {seed}: {row:#}");
            }
        }
    }
}

/// When the newest row but those of the last moment was made: what is newer may still run.
fn newest_tick<'a>(rows: &[&'a Value]) -> Option<&'a str> {
    let mut made: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["created_at"].as_str())
        .collect();
    made.sort_unstable();
    made.len().checked_sub(10).map(|at| made[at])
}

#[test]
fn exit_statuses_of_children_that_end_while_no_daemon_is_there_are_kept() {
    let place = Place::new(
        r#"
        [tasks.ends]
        run = "read line < {dir}/fifo; exit 42"
        "#,
    );
    runwisp_tests::fifo(&place.path("fifo"));
    let daemon = place.start();
    daemon.trigger("ends");
    let status = daemon.wait_state("ends", 0, "running");
    let (child, attached) = (status.pid("ends", 0).unwrap(), status.daemon_pid());
    kill(attached, Signal::SIGKILL);
    runwisp_tests::poke(&place.path("fifo"));
    daemon.wait("the child's end", |_| (!alive(child)).then_some(()));
    let rows = daemon.wait_ended("ends", 1);
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0]["outcome"].as_str(), rows[0]["exit_code"].as_i64()),
        (Some("failed"), Some(42))
    );
}

#[test]
fn a_service_that_dies_while_no_daemon_is_there_is_started_again_once() {
    let place = Place::new("[services.web]\nrun = \"exec sleep 600\"\nrestart_delay = \"0s\"\n");
    let daemon = place.start();
    let status = daemon.wait_state("web", 0, "running");
    let (child, attached) = (status.pid("web", 0).unwrap(), status.daemon_pid());
    kill(attached, Signal::SIGKILL);
    kill(child, Signal::SIGKILL);
    daemon.wait_daemon_after(attached);
    daemon.wait("another child", |status| {
        status.pid("web", 0).filter(|pid| *pid != child)
    });
    let rows = daemon.wait_ended("web", 1);
    let outcomes: Vec<_> = rows.iter().map(|row| row["outcome"].as_str()).collect();
    assert_eq!(outcomes, [Some("failed"), None]);
}

#[test]
fn a_daemon_that_can_not_begin_again_takes_nothing_with_it() {
    let good = "[services.web]\nrun = \"exec sleep 600\"\n";
    let place = Place::new(good);
    let daemon = place.start();
    let status = daemon.wait_state("web", 0, "running");
    let (child, attached) = (status.pid("web", 0).unwrap(), status.daemon_pid());
    place.write_config("[services.web]\nrun = [\n");
    std::fs::remove_file(place.data().join("last-good.json")).unwrap();
    kill(attached, Signal::SIGKILL);
    daemon.wait_log("the configuration is refused");
    place.write_config(good);
    daemon.wait_daemon_after(attached);
    let after = daemon.wait_state("web", 0, "running");
    assert_eq!(after.pid("web", 0), Some(child));
}
