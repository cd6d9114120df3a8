//! What an earlier daemon left: runs the keeper still holds, rows the store has open, processes nobody holds.
//!
//! The keeper is believed before the store: a run it holds is alive or has an exit status, whatever its row says. A row
//! that is open and held by nobody was never started when the same keeper still lives, and was cut short otherwise.
//!
//! Tests: `tests/e2e/daemon_dies.rs`, `tests/e2e/both_die.rs`.

use std::collections::HashMap;

use runwisp_core::config::plan::{Plan, Unit};
use runwisp_core::machine::Adopted;
use runwisp_core::notify::Heard;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::keeper::{Ask, Held};
use runwisp_core::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;
use runwisp_core::words::time::{Mono, Now};

use super::carry_out::Tag;
use super::clock;
use super::failures;
use super::keeper_link::KeeperLink;
use super::main_loop::{Live, MainLoop};
use super::survivors::{self, Known};
use crate::store::Write;

/// What the keeper holds, sorted.
pub(crate) struct Estate {
    /// Runs to take over.
    pub(crate) adopted: Vec<Adopted>,
    /// Rows the store has open and the keeper knows nothing of; the machines say what becomes of them.
    pub(crate) open: Vec<RunRecord>,
    /// What the keeper holds and nobody wants, such as a health check.
    pub(crate) unwanted: Vec<RunId>,
}

/// Sorts what the keeper holds and what the store has open.
pub(crate) fn sort(held: Vec<Held>, open: Vec<RunRecord>) -> Estate {
    let mut estate = Estate {
        adopted: Vec::new(),
        open: Vec::new(),
        unwanted: Vec::new(),
    };
    let mut rows: HashMap<RunId, RunRecord> = open.into_iter().map(|row| (row.id, row)).collect();
    for run in held {
        // The row on disk is at least as new as the one sent along when it was spawned.
        let row = rows.remove(&run.run);
        match serde_json::from_str::<Tag>(&run.tag) {
            Ok(tag) => estate
                .adopted
                .push(adopted(run, row.unwrap_or(tag.row), tag.failures)),
            Err(_) => estate.unwanted.push(run.run),
        }
    }
    estate.open = rows.into_values().collect();
    estate.open.sort_by_key(|row| row.id);
    estate
}

/// What people are to know of limits, when a run that the keeper holds goes without its own.
pub(crate) fn limits_that_do_not_hold(held: &[Held]) -> Option<String> {
    held.iter()
        .filter(|run| run.gone.is_none())
        .find_map(|run| {
            let why = run.unlimited.as_ref()?;
            Some(failures::unlimited(&run.unit, why))
        })
}

fn adopted(held: Held, row: RunRecord, failures: u32) -> Adopted {
    Adopted {
        row,
        failures,
        pid: held.pid,
        started: held.started,
        failed: held
            .failed
            .map(|(step, errno, about)| (step, errno, failures::spawn_failed(step, errno, &about))),
        exit: held.exit,
        gone: held.gone,
        log_full: held.log_full,
    }
}

/// Closes a row whose processes nobody held to their end.
fn interrupt(row: &mut RunRecord, now: Now) {
    row.state = RunState::Ended;
    row.outcome = Some(Outcome::Interrupted);
    row.ended_at = Some(now.wall);
    row.message = Some(
        "runwisp and its keeper were killed, or the machine went down; how it ended is not known"
            .to_owned(),
    );
}

/// Rows for the runs of processes that were ended and whose row was never written. `recorded` says which have one.
pub(crate) fn unrecorded(
    ended: &[Known],
    recorded: impl Fn(RunId) -> bool,
    plan: &Plan,
    now: Now,
) -> Vec<RunRecord> {
    let mut rows: Vec<RunRecord> = Vec::new();
    for process in ended {
        let known = rows.iter().any(|row| row.id == process.run) || recorded(process.run);
        if !known && let Some(mut row) = row_of(process, plan) {
            interrupt(&mut row, now);
            rows.push(row);
        }
    }
    rows
}

/// A row made from what the process carries in its environment.
fn row_of(survivor: &Known, plan: &Plan) -> Option<RunRecord> {
    let var = |name: &str| survivor.vars.get(name);
    let unit = UnitName::new(var("RUNWISP_UNIT")?).ok()?;
    let created = i64::try_from(survivor.run.unix_ms())
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())?;
    // A task is recorded before it is started.
    let kind = plan.units.get(&unit).map_or(Kind::Service, Unit::kind);
    // A health check has none, and is no run that anybody is told of.
    let trigger = serde_json::Value::String(var("RUNWISP_TRIGGER")?.clone());
    let trigger = serde_json::from_value(trigger).unwrap_or(Trigger::Start);
    let mut row = RunRecord::new(survivor.run, unit, kind, trigger, created);
    row.instance = var("RUNWISP_INSTANCE_INDEX")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    row.attempt = var("RUNWISP_ATTEMPT")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    row.pid = Some(survivor.pid);
    Some(row)
}

/// The keeper takes back what nobody wants.
pub(crate) fn discard(keeper: &mut KeeperLink, unwanted: &[RunId]) {
    for run in unwanted.iter().copied() {
        keeper.ask(
            Ask::Signal {
                run,
                signal: Signal::KILL,
                scope: Scope::All,
            },
            Vec::new(),
        );
        keeper.ask(Ask::Ack { run }, Vec::new());
    }
}

/// The keeper is gone, and nobody else can hold what it held: everything is ended and recorded as interrupted.
pub(crate) fn keeper_gone(main_loop: &mut MainLoop) {
    tracing::error!("the keeper is gone; ending everything it held");
    let now = clock::now();
    survivors::end_all(&main_loop.situation.data_id, |_| false);
    let open: Vec<RunRecord> = main_loop.rows.open().cloned().collect();
    for mut row in open {
        interrupt(&mut row, now);
        row.message = Some(left_by_keeper(&row).to_owned());
        main_loop.record_interrupted(row);
    }
}

/// What became of a run without its keeper. Whoever dropped root can't end what runs as somebody else.
fn left_by_keeper(row: &RunRecord) -> &'static str {
    let pid = row.pid.map(nix::unistd::Pid::from_raw);
    match pid.map(|pid| nix::sys::signal::kill(pid, None)) {
        Some(Err(nix::errno::Errno::EPERM)) => {
            "runwisp's keeper was killed, and the daemon may not end processes of this user; the next start does"
        }
        _ => "runwisp's keeper was killed; the run was ended",
    }
}

impl MainLoop {
    /// A run that ended because nobody held it any more.
    pub(crate) fn record_interrupted(&mut self, row: RunRecord) {
        let row = Box::new(row);
        self.journal.write(Write::Run {
            row: row.clone(),
            confirm: false,
        });
        let retried = false;
        self.hear(clock::now().wall, vec![Heard::Ended { row, retried }]);
    }

    /// What the keeper holds is live from the start.
    pub(crate) fn take_over_live(&mut self, adopted: &[Adopted]) {
        for run in adopted {
            self.rows.sent(&run.row, false);
            self.journal.tally.know_run(&run.row);
            self.live.insert(
                run.row.id,
                Live {
                    unit: run.row.unit.clone(),
                    pid: run.pid,
                    since: run.started.map_or_else(Mono::default, |(mono, _)| mono),
                },
            );
        }
    }
}
