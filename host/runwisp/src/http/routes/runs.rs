//! Runs: what has happened and what is happening.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::command::Command;
use serde::Deserialize;

use super::{find_run, matching, past};
use crate::daemon::handle::Handle;
use crate::daemon::history::{MAX_RUNS, RunFilter};
use crate::http::query::{Params, RunPath, globs, json, time, word};
use crate::wire::{Problem, Run, Runs};

/// How many runs an answer holds when nobody says.
const DEFAULT_LIMIT: usize = 50;

/// Which runs.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    unit: Option<String>,
    state: Option<String>,
    outcome: Option<String>,
    since: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
}

/// `GET /runs`
pub async fn list(
    State(handle): State<Handle>,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let before = filter
        .before
        .map(|text| text.parse().map_err(|_| Problem::no_run(text)))
        .transpose()?;
    let wanted = RunFilter {
        units: kept_units(&handle, filter.unit.as_deref())?,
        state: word("state", filter.state.as_deref())?,
        outcome: word("outcome", filter.outcome.as_deref())?,
        since: time("since", filter.since.as_deref())?,
        before,
        scheduled_only: false,
        limit: filter.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_RUNS),
    };
    let rows = past(&handle, move |history| history.runs(&wanted)).await?;
    Ok(json(Runs {
        runs: rows.into_iter().map(Run::from).collect(),
    }))
}

/// Like [`matching`], but an exact name may also be one of a unit that is gone and has left runs behind.
fn kept_units(
    handle: &Handle,
    text: Option<&str>,
) -> Result<Option<Vec<runwisp_core::words::ids::UnitName>>, Problem> {
    let globs = globs(text);
    match matching(handle, &globs) {
        Err(problem) => {
            let names: Option<Vec<_>> = globs
                .iter()
                .filter(|glob| glob.is_exact())
                .map(|glob| runwisp_core::words::ids::UnitName::new(glob.as_str()).ok())
                .collect();
            match names {
                Some(names) if names.len() == globs.len() => Ok(Some(names)),
                _ => Err(problem),
            }
        }
        fine => fine,
    }
}

/// `GET /runs/{id}`
pub async fn show(State(handle): State<Handle>, RunPath(id): RunPath) -> Result<Response, Problem> {
    Ok(json(Run::from(find_run(&handle, id).await?)))
}

/// `POST /runs/{id}/stop`
pub async fn stop(
    State(handle): State<Handle>,
    RunPath(run): RunPath,
) -> Result<Response, Problem> {
    super::units::carry_out(&handle, Command::StopRun { run }).await
}
