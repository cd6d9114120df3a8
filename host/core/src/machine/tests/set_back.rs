//! A clock that is set back: what people are told will run is what runs, and a task that goes and comes does not meet
//! its rows of before.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::plan::{Plan, Role};
use crate::schedule::preview;
use crate::sim::plans::{name, plan, task};
use crate::sim::stage::Stage;
use crate::words::action::Action;
use crate::words::input::Input;
use crate::words::run::{RunRecord, Trigger};

const UNITS: [(&str, &str); 3] = [
    ("follows", "*/10 * * * *"),
    ("fixed", "5,35 0-23 * * *"),
    ("every", "@every 25m"),
];

fn three() -> Arc<Plan> {
    let many = |t: &mut crate::config::plan::Task| t.max_concurrent = 100;
    plan(UNITS.map(|(name, cron)| task(name, &[cron], many)))
}

fn started() -> Stage {
    let mut stage = Stage::new(three(), "2026-01-05T00:00:00Z".parse().unwrap(), 1);
    stage.boot();
    stage
}

/// Lets time pass, and gives the rows of ticks that were written.
fn pass(stage: &mut Stage, minutes: u64) -> Vec<RunRecord> {
    stage.log.clear();
    let until = stage.at + Duration::from_secs(60 * minutes);
    while let Some(due) = stage.next_due().filter(|due| *due <= until) {
        stage.at = due.max(stage.at);
        stage.feed(Input::Tick);
    }
    stage.at = until;
    stage.feed(Input::Tick);
    ticks(&stage.log)
}

fn ticks(log: &[Action]) -> Vec<RunRecord> {
    let mut seen = BTreeSet::new();
    let rows = log.iter().filter_map(|action| match action {
        Action::Record { row, .. } | Action::Spawn { row, .. } => Some((**row).clone()),
        _ => None,
    });
    rows.filter(|row| row.trigger == Trigger::Schedule && seen.insert(row.id))
        .collect()
}

/// What `next` and `explain` tell.
fn told(stage: &Stage, unit: &str) -> Vec<Timestamp> {
    let fleet = stage.fleet.as_ref().unwrap();
    let Role::Task(task) = &stage.plan.units[&name(unit)].role else {
        panic!("{unit} is a task");
    };
    let now = stage.now();
    let status = fleet.status_of(now, unit).unwrap();
    let firings = preview(&task.schedules, status.standing.unwrap(), now.wall, 12);
    assert_eq!(firings.first().map(|f| f.at), status.next_run_at, "{unit}");
    firings.into_iter().map(|firing| firing.at).collect()
}

#[test]
fn what_is_told_to_come_is_what_comes() {
    // Not at all, by what is still a drift, within the hour, beyond a row's fixed times, by a correction.
    for back in [0, 30, 36 * 60, 2 * 3600, 4 * 3600] {
        let mut stage = started();
        pass(&mut stage, 136);
        stage.jump(-1000 * back);
        let told = UNITS.map(|(unit, _)| told(&stage, unit));
        let rows = pass(&mut stage, 300);
        for ((unit, _), told) in UNITS.iter().zip(told) {
            let came = rows.iter().filter(|row| row.unit.as_str() == *unit);
            let came: Vec<_> = came.filter_map(|row| row.scheduled_at).collect();
            let shown = came.len().min(told.len());
            assert!(shown >= 5, "{unit} after {back} s back: {came:?}");
            assert_eq!(came[..shown], told[..shown], "{unit} after {back} s back");
        }
    }
}

#[test]
fn a_task_that_goes_and_comes_after_the_clock_was_set_back_meets_no_row_of_before() {
    // Set back before it goes; and once more after it came back.
    for (before, after) in [(-30, 0), (-30, -40), (0, -30), (-240, 0)] {
        let mut stage = started();
        let mut rows = pass(&mut stage, 130);
        stage.jump(before * 60_000);
        rows.extend(pass(&mut stage, 5));
        for units in [plan([]), three()] {
            stage.plan = Arc::clone(&units);
            stage.feed(Input::Apply {
                plan: units,
                only: None,
            });
        }
        rows.extend(pass(&mut stage, 45));
        stage.jump(after * 60_000);
        rows.extend(pass(&mut stage, 120));
        let mut seen = BTreeSet::new();
        for row in &rows {
            let tick = (row.unit.clone(), row.scheduled_at, row.clock_turn);
            assert!(seen.insert(tick), "set back by {before}, {after}: {row:?}");
        }
    }
}
