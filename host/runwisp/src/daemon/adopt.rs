//! What an earlier daemon left: runs the keeper still holds, rows the store has open, processes nobody holds.
//!
//! The keeper is believed before the store: a run it holds is alive or has an exit status, whatever its row says. A row
//! that is open and held by nobody was never started when the same keeper still lives, and was cut short otherwise.
//!
//! Tests: `tests/e2e/daemon_dies.rs`, `tests/e2e/both_die.rs`.

use std::collections::HashMap;

use runwisp_core::machine::Adopted;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::keeper::{Ask, Held};
use runwisp_core::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;
use runwisp_core::words::time::Now;

use super::carry_out::Tag;
use super::clock;
use super::failures;
use super::keeper_link::KeeperLink;
use super::main_loop::{Live, MainLoop};
use super::survivors::{self, Survivor};
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

/// Ends the processes of earlier runs that nobody holds, and answers with rows for those whose row was never written.
pub(crate) fn end_survivors(
    data_id: &str,
    held: &[RunId],
    rows: &[RunRecord],
    now: Now,
) -> Vec<RunRecord> {
    let survivors = match survivors::find(data_id, |run| held.contains(&run)) {
        Ok(survivors) => survivors,
        Err(error) => {
            tracing::error!(%error, "could not look for processes of earlier runs");
            return Vec::new();
        }
    };
    if survivors.is_empty() {
        return Vec::new();
    }
    tracing::warn!(
        processes = survivors.len(),
        "ending processes of earlier runs that nobody holds any more"
    );
    survivors::end(&survivors);
    let mut unknown: Vec<RunRecord> = Vec::new();
    for survivor in &survivors {
        let known = rows
            .iter()
            .chain(&unknown)
            .any(|row| row.id == survivor.run);
        if !known && let Some(mut row) = row_of(survivor) {
            interrupt(&mut row, now);
            unknown.push(row);
        }
    }
    unknown
}

/// A row made from what the process carries in its environment.
fn row_of(survivor: &Survivor) -> Option<RunRecord> {
    let var = |name: &str| survivor.vars.get(name);
    let unit = UnitName::new(var("RUNWISP_UNIT")?).ok()?;
    let created = i64::try_from(survivor.run.unix_ms())
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())?;
    let kind = if var("RUNWISP_INSTANCE_COUNT").is_some_and(|count| count != "0") {
        Kind::Service
    } else {
        Kind::Task
    };
    let trigger = var("RUNWISP_TRIGGER")
        .and_then(|text| serde_json::from_value(serde_json::Value::String(text.clone())).ok())
        .unwrap_or(Trigger::Start);
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
    let open: Vec<RunRecord> = main_loop.rows.open().cloned().collect();
    for mut row in open {
        interrupt(&mut row, now);
        row.message = Some("runwisp's keeper was killed; the run was ended".to_owned());
        main_loop.journal.write(Write::Run {
            row: Box::new(row),
            confirm: false,
        });
    }
    end_survivors(&main_loop.situation.data_id, &[], &[], now);
}

impl MainLoop {
    /// What the keeper holds is live from the start.
    pub(crate) fn take_over_live(&mut self, adopted: &[Adopted]) {
        for run in adopted {
            self.rows.sent(&run.row, false);
            self.live.insert(
                run.row.id,
                Live {
                    unit: run.row.unit.clone(),
                    pid: run.pid,
                },
            );
        }
    }
}
