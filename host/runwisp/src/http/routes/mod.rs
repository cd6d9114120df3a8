//! The handlers, one file per noun.

pub mod daemon;
pub mod events;
pub mod figures;
pub mod logs;
pub mod messages;
pub mod reload;
pub mod runs;
pub mod schedule;
pub mod search;
pub mod status;
pub mod units;

use crate::daemon::handle::Handle;
use crate::daemon::history::{History, HistoryError};
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

/// A run, as the loop knows it or as the history does.
pub(super) async fn find_run(handle: &Handle, id: RunId) -> Result<RunRecord, Problem> {
    if let Some(row) = handle.run(id, false).await? {
        return Ok(*row);
    }
    past(handle, move |history| history.run(id))
        .await?
        .ok_or_else(|| Problem::no_run(id))
}

/// The units of the plan in force that fit; none means all. A pattern that fits nothing is a problem.
pub(super) fn matching(handle: &Handle, globs: &[Glob]) -> Result<Option<Vec<UnitName>>, Problem> {
    if globs.is_empty() {
        return Ok(None);
    }
    let plan = handle.plan();
    let mut names = Vec::new();
    for glob in globs {
        let before = names.len();
        names.extend(
            plan.units
                .keys()
                .filter(|name| glob.matches(name.as_str()))
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
