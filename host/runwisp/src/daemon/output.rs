//! What was printed, as the faces ask for it: the joint between [`super::history`] and [`crate::logs`].
//!
//! Tests: with the logs, `logs/tests/`, and of the whole program.

use std::io::Read;
use std::path::Path;

use runwisp_core::words::run::{RunRecord, RunState};

use super::history::{From, HistoryError, Hit, Line, Page, Search};
use crate::logs::search::{Pattern, Target, search as search_logs};
use crate::logs::{LogError, LogReader};
use crate::store::{Queries, RunFilter};

/// Runs whose logs are searched before the next ones are looked up.
const RUNS_AT_ONCE: usize = 500;

/// At most `limit` lines of a run's output; see [`super::history::History::page`].
pub(super) fn page(
    data: &Path,
    run: &RunRecord,
    from: From,
    limit: usize,
    complete: bool,
) -> Result<Page, HistoryError> {
    let reader = match LogReader::open(data, &run.unit, run.id, complete) {
        Err(LogError::Absent(_)) => return Ok(Page::default()),
        other => other.map_err(failed)?,
    };
    reader.page(from, limit).map_err(failed)
}

/// A run's output byte for byte.
pub(super) fn raw(data: &Path, run: &RunRecord) -> Result<Box<dyn Read + Send>, HistoryError> {
    let ended = run.state == RunState::Ended;
    let reader = LogReader::open(data, &run.unit, run.id, ended).map_err(failed)?;
    Ok(Box::new(reader.bytes(0, u64::MAX).map_err(failed)?))
}

/// Calls `hit` with every line that matches, newest run first, until it says no or the limit is reached.
pub(super) fn search(
    data: &Path,
    queries: &Queries,
    wanted: &Search,
    hit: &mut dyn FnMut(Hit) -> bool,
) -> Result<(), HistoryError> {
    let pattern =
        Pattern::new(&wanted.pattern, wanted.fixed, wanted.ignore_case).map_err(failed)?;
    if wanted.units.as_ref().is_some_and(Vec::is_empty) {
        return Ok(());
    }
    let mut filter = RunFilter {
        units: wanted
            .units
            .iter()
            .flatten()
            .map(ToString::to_string)
            .collect(),
        since: wanted.since,
        limit: Some(RUNS_AT_ONCE),
        ..RunFilter::default()
    };
    let mut left = wanted.limit;
    while left > 0 {
        let runs = queries
            .runs(&filter)
            .map_err(|error| HistoryError::Read(error.to_string()))?;
        let Some(last) = runs.last() else { break };
        filter.before = Some(last.id);
        let printed: Vec<&RunRecord> = runs
            .iter()
            .filter(|run| run.state != RunState::Ended || run.log_bytes > 0)
            .collect();
        let targets: Vec<Target> = printed
            .iter()
            .map(|run| Target {
                unit: run.unit.clone(),
                run: run.id,
                complete: run.state == RunState::Ended,
            })
            .collect();
        let mut more = true;
        search_logs(data, &targets, &pattern, left, &mut |target, found| {
            let instance = printed
                .iter()
                .find(|run| run.id == target.run)
                .map_or(0, |run| run.instance);
            left -= 1;
            more = hit(Hit {
                run: target.run,
                unit: target.unit.clone(),
                instance,
                line: found,
            }) && left > 0;
            more
        })
        .map_err(failed)?;
        if !more {
            break;
        }
    }
    Ok(())
}

/// Lines of one run that match and stand after the line of this number.
pub(super) fn search_run(
    data: &Path,
    run: &RunRecord,
    wanted: &Search,
    after: u64,
) -> Result<Vec<Line>, HistoryError> {
    let pattern =
        Pattern::new(&wanted.pattern, wanted.fixed, wanted.ignore_case).map_err(failed)?;
    let target = Target {
        unit: run.unit.clone(),
        run: run.id,
        complete: run.state == RunState::Ended,
    };
    let mut lines = Vec::new();
    search_logs(data, &[target], &pattern, usize::MAX, &mut |_, line| {
        if line.n > after {
            lines.push(line);
        }
        lines.len() < wanted.limit
    })
    .map_err(failed)?;
    Ok(lines)
}

fn failed(error: LogError) -> HistoryError {
    match error {
        LogError::Pattern(text) => HistoryError::Pattern(text),
        error @ LogError::Absent(_) => HistoryError::NoOutput(error.to_string()),
        other => HistoryError::Read(other.to_string()),
    }
}
