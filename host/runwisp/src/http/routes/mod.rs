//! The handlers, one file per noun.

pub mod audit;
pub mod bulk;
pub mod calendar;
pub mod daemon;
pub mod events;
pub mod figures;
pub mod healthz;
pub mod hooks;
pub mod log_search;
pub mod log_stream;
pub mod logs;
pub mod messages;
pub mod metrics;
pub mod password;
pub mod plugins;
pub mod reload;
pub mod runs;
pub mod schedule;
pub mod search;
pub mod session;
pub mod status;
pub mod tasks;
pub mod ticks;
pub mod tokens;
pub mod units;

use crate::daemon::handle::{Handle, StatusSnapshot};
use crate::daemon::history::{History, HistoryError};
use crate::http::caller::Caller;
use crate::wire::Problem;
use runwisp_core::words::glob::Glob;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::RunRecord;

/// Asks the history on the blocking pool.
pub(super) async fn past<T: Send + 'static>(
    handle: &Handle,
    question: impl FnOnce(&dyn History) -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, Problem> {
    let history = handle.history();
    tokio::task::spawn_blocking(move || question(history.as_ref()))
        .await
        .map_err(|_| Problem::new("history.unreadable", "reading the history broke off"))?
        .map_err(Problem::from)
}

/// A run of the caller's units, as the loop knows it or as the history does.
pub(super) async fn find_run(
    handle: &Handle,
    caller: &Caller,
    id: RunId,
) -> Result<RunRecord, Problem> {
    let row = match handle.run(id, false).await? {
        Some(row) => Some(*row),
        None => past(handle, move |history| history.run(id)).await?,
    };
    row.filter(|row| caller.sees(row.unit.as_str()))
        .ok_or_else(|| Problem::no_run(id))
}

/// What of a status is the caller's to see.
pub(super) fn visible(mut snapshot: StatusSnapshot, caller: &Caller) -> StatusSnapshot {
    snapshot
        .units
        .retain(|unit| caller.sees(unit.name.as_str()));
    snapshot
}

/// Refuses a unit that is not the caller's as if it did not exist.
pub(super) fn theirs(caller: &Caller, unit: &UnitName) -> Result<(), Problem> {
    if caller.sees(unit.as_str()) {
        Ok(())
    } else {
        Err(Problem::no_unit(unit.as_str()))
    }
}

/// The units of the plan in force that fit and are the caller's; none means all. A pattern that fits nothing is a
/// problem.
pub(in crate::http) fn matching(
    handle: &Handle,
    caller: &Caller,
    globs: &[Glob],
) -> Result<Option<Vec<UnitName>>, Problem> {
    let plan = handle.plan();
    if globs.is_empty() {
        let theirs = || plan.units.keys().filter(|name| caller.sees(name.as_str()));
        return Ok(caller.units.as_ref().map(|_| theirs().cloned().collect()));
    }
    let mut names = Vec::new();
    for glob in globs {
        let before = names.len();
        names.extend(
            plan.units
                .keys()
                .filter(|name| glob.matches(name.as_str()) && caller.sees(name.as_str()))
                .cloned(),
        );
        if names.len() == before {
            return Err(Problem::no_unit(glob.as_str()));
        }
    }
    names.sort();
    names.dedup();
    Ok(Some(names))
}
