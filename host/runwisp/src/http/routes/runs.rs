//! Runs: what has happened and what is happening.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::command::Command;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::{Outcome, RunState};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{find_run, matching, past};
use crate::daemon::handle::Handle;
use crate::daemon::history::{MAX_RUNS, RunFilter};
use crate::http::caller::Caller;
use crate::http::query::{Params, RunPath, globs, json, time, word};
use crate::wire::{Accepted, Doc, Problem, Run, Runs};

/// How many runs an answer holds when nobody says.
const DEFAULT_LIMIT: usize = 50;

/// Which runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Names and patterns of units, separated by commas.
    unit: Option<String>,
    /// Where the run is.
    #[param(value_type = Option<RunState>)]
    state: Option<String>,
    /// How the run ended.
    #[param(value_type = Option<Outcome>)]
    outcome: Option<String>,
    /// Only runs decided on at that time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Only runs older than this one: the last of the page before.
    #[param(value_type = Option<RunId>)]
    before: Option<String>,
    /// How many; 50 unless told, 10,000 at most.
    limit: Option<usize>,
}

/// The history of runs
#[utoipa::path(
    get, path = "/runs", operation_id = "list_runs", tag = "runs", params(Filter),
    responses((status = 200, description = "Newest first.", body = Doc<Runs>)),
)]
pub async fn list(
    State(handle): State<Handle>,
    caller: Caller,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let before = filter
        .before
        .map(|text| text.parse().map_err(|_| Problem::no_run(text)))
        .transpose()?;
    let wanted = RunFilter {
        units: kept_units(&handle, &caller, filter.unit.as_deref())?,
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
    caller: &Caller,
    text: Option<&str>,
) -> Result<Option<Vec<UnitName>>, Problem> {
    let globs = globs(text);
    match matching(handle, caller, &globs) {
        Err(problem) => {
            let names: Option<Vec<_>> = globs
                .iter()
                .filter(|glob| glob.is_exact() && caller.sees(glob.as_str()))
                .map(|glob| UnitName::new(glob.as_str()).ok())
                .collect();
            match names {
                Some(names) if names.len() == globs.len() => Ok(Some(names)),
                _ => Err(problem),
            }
        }
        fine => fine,
    }
}

/// One run
#[utoipa::path(
    get, path = "/runs/{id}", operation_id = "get_run", tag = "runs",
    params(("id" = RunId, Path, description = "A run.")),
    responses((status = 200, description = "Its row.", body = Doc<Run>)),
)]
pub async fn show(
    State(handle): State<Handle>,
    caller: Caller,
    RunPath(id): RunPath,
) -> Result<Response, Problem> {
    Ok(json(Run::from(find_run(&handle, &caller, id).await?)))
}

/// Stop a run
#[utoipa::path(
    post, path = "/runs/{id}/stop", operation_id = "stop_run", tag = "runs",
    params(("id" = RunId, Path, description = "A run that has not ended.")),
    responses((status = 200, description = "It is being stopped.", body = Doc<Accepted>)),
)]
pub async fn stop(
    State(handle): State<Handle>,
    caller: Caller,
    RunPath(run): RunPath,
) -> Result<Response, Problem> {
    if caller.units.is_some() {
        find_run(&handle, &caller, run).await?;
    }
    super::units::carry_out(&handle, Command::StopRun { run }).await
}
