//! The wall clock is set forward and back by an hour under a running daemon, and the machine sleeps.
//!
//! The clock and the sleep are the whole machine's, so these tests run only where it was said that it may be touched
//! (`RUNWISP_TEST_CLOCK=1`, as root), alone (`.config/nextest.toml`), and put it back by the monotonic clock, which
//! nobody can set.

use std::process::Command;
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime, clock_settime};
use runwisp_tests::{Daemon, Place, boot_clock, is_root, skip};

const HOUR: i64 = 3600;

/// The true time, kept on a clock that can not be set; puts it back when dropped.
struct TrueTime {
    offset: Duration,
}

impl TrueTime {
    /// None, and a word about it, where the clock may not be touched.
    fn take() -> Option<TrueTime> {
        if std::env::var_os("RUNWISP_TEST_CLOCK").is_none() || !is_root() {
            skip("changes the machine's clock: run as root with RUNWISP_TEST_CLOCK=1");
            return None;
        }
        let wall = Duration::from(clock_gettime(ClockId::CLOCK_REALTIME).unwrap());
        Some(TrueTime {
            offset: wall - boot_clock(),
        })
    }

    /// Sets the wall clock to the true time and so many seconds.
    fn set(&self, seconds: i64) {
        let now = TimeSpec::from(self.offset + boot_clock()) + TimeSpec::new(seconds, 0);
        clock_settime(ClockId::CLOCK_REALTIME, now).unwrap();
    }
}

impl Drop for TrueTime {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// A service, a task that is due every second, one that is due at each of the day's seconds (which are fixed times,
/// since neither minute nor hour begins with `*`), and one that is due every ten minutes.
fn started() -> Daemon {
    let place = Place::new(
        r#"
        [daemon]
        timezone = "UTC"
        [services.web]
        run = "exec sleep 600"
        [tasks.second]
        run = "true"
        cron = "* * * * * *"
        [tasks.fixed]
        run = "true"
        cron = "* 0-59 0-23 * * *"
        [tasks.tenth]
        run = "true"
        cron = "*/10 * * * *"
        "#,
    );
    let daemon = place.start();
    daemon.wait_state("web", 0, "running");
    daemon.wait_ended("second", 1);
    daemon.wait_ended("fixed", 1);
    daemon
}

fn ticks(daemon: &Daemon, unit: &str) -> Vec<String> {
    let rows = daemon.runs(&["--unit", unit]);
    rows.iter()
        .filter_map(|row| row["scheduled_at"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn an_hour_forward_makes_up_for_what_it_may_and_goes_on() {
    let Some(time) = TrueTime::take() else { return };
    let daemon = started();
    let pid = daemon.status().pid("web", 0);
    time.set(HOUR);
    // Six ticks of the hour are gone: one is made up for (catch_up = 1), one row stands for the others.
    let rows = daemon.wait_runs("tenth", "what became of the hour", |runs| {
        let made_up = runs
            .iter()
            .filter(|run| run["trigger"] == "catch_up" && run["state"] == "ended")
            .count();
        (made_up == 1 && runs.iter().any(|run| run["outcome"] == "missed")).then(|| runs.to_vec())
    });
    assert!(
        rows.len() <= 3,
        "one made up for, one missed, and at most one that was due by now: {rows:#?}"
    );
    let before = ticks(&daemon, "second").len();
    daemon.wait_runs("second", "ticks go on", |runs| {
        (runs.len() > before + 1).then_some(())
    });
    assert_eq!(
        daemon.status().pid("web", 0),
        pid,
        "a service does not mind the time"
    );
}

#[test]
fn an_hour_back_repeats_nothing_and_goes_on() {
    let Some(time) = TrueTime::take() else { return };
    time.set(HOUR);
    let daemon = started();
    let pid = daemon.status().pid("web", 0);
    time.set(0);
    let before = ticks(&daemon, "second").len();
    daemon.wait_runs("second", "ticks go on", |runs| {
        (runs.len() > before + 1).then_some(())
    });
    let fixed = ticks(&daemon, "fixed").len();
    daemon.wait_runs("second", "ticks go on", |runs| {
        (runs.len() > before + 4).then_some(())
    });
    assert_eq!(
        ticks(&daemon, "fixed").len(),
        fixed,
        "fixed times wait until the clock has caught up"
    );
    let mut all = ticks(&daemon, "second");
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "a tick ran twice");
    assert_eq!(
        daemon.status().pid("web", 0),
        pid,
        "a service does not mind the time"
    );
}

/// Whether the machine may be suspended here and can be; says so where not.
fn may_sleep() -> bool {
    let can = std::fs::read_to_string("/sys/power/state").is_ok_and(|text| text.contains("mem"));
    let may = std::env::var_os("RUNWISP_TEST_CLOCK").is_some() && is_root() && can;
    if !may {
        skip("suspends the machine: run as root with RUNWISP_TEST_CLOCK=1 on one that can sleep");
    }
    may
}

/// Suspends the machine until its alarm wakes it.
fn sleep(seconds: u64) {
    let asleep = || {
        let awake = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap());
        boot_clock() - awake
    };
    let before = asleep();
    let slept = Command::new("rtcwake")
        .args(["-m", "mem", "-s", &seconds.to_string()])
        .status();
    assert!(slept.unwrap().success());
    let slept = asleep() - before;
    assert!(slept > Duration::from_secs(seconds / 2), "{slept:?}");
}

#[test]
fn a_machine_that_slept_makes_up_for_what_it_may_and_goes_on() {
    if !may_sleep() {
        return;
    }
    let place = Place::new(
        r#"
        [daemon]
        timezone = "UTC"
        [services.web]
        run = "exec sleep 600"
        [tasks.tens]
        run = "true"
        cron = "*/10 * * * * *"
        "#,
    );
    let daemon = place.start();
    let pid = daemon.wait_state("web", 0, "running").pid("web", 0);
    daemon.wait_ended("tens", 1);
    // Ticks of the last minute would merely be late.
    sleep(90);
    // Eight ticks are gone, or more: one is made up for (catch_up = 1), one row stands for the others.
    let rows = daemon.wait_runs("tens", "what became of the sleep", |runs| {
        let made_up = runs
            .iter()
            .filter(|run| run["trigger"] == "catch_up" && run["state"] == "ended")
            .count();
        (made_up == 1 && runs.iter().any(|run| run["outcome"] == "missed")).then(|| runs.to_vec())
    });
    let missed = rows.iter().filter(|run| run["outcome"] == "missed");
    assert_eq!(missed.count(), 1, "{rows:#?}");
    let before = ticks(&daemon, "tens").len();
    daemon.wait_runs("tens", "ticks go on", |runs| {
        (runs.len() > before).then_some(())
    });
    let mut all = ticks(&daemon, "tens");
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "a tick has two rows");
    assert_eq!(daemon.status().pid("web", 0), pid);
}
