//! Runs: what has happened and what is happening.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::command::Command;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::{Outcome, RunState};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{find_run, past, tasks};
use crate::daemon::handle::Handle;
use crate::daemon::history::{Found, RunFilter};
use crate::http::caller::Caller;
use crate::http::choose::Filter;
use crate::http::query::{JsonBody, Params, RunPath, json};
use crate::wire::{Accepted, Doc, Problem, RerunBody, Run, RunSummary, Runs};

/// The history of runs
///
/// Every filter and every order is answered from an index, or looks at 20,000 rows at most and says where to go on.
#[utoipa::path(
    get, path = "/runs", operation_id = "list_runs", tag = "runs", params(Filter),
    responses((status = 200, description = "A page.", body = Doc<Runs>)),
)]
pub async fn list(
    State(handle): State<Handle>,
    caller: Caller,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let mut wanted = filter.resolve(&handle, &caller)?;
    if let Some(id) = filter.id() {
        // An id is looked up, and not looked for.
        wanted.text = None;
        wanted.limit = Some(0);
        let found = find_run(&handle, &caller, id).await.ok();
        return Ok(json(Runs {
            total: filter.counts().then_some(u64::from(found.is_some())),
            runs: found.into_iter().map(Run::from).collect(),
            next: None,
            total_is_floor: false,
        }));
    }
    let counts = filter.counts();
    let (found, count) = past(&handle, move |history| {
        let found = history.runs(&wanted)?;
        let count = counts.then(|| history.count(&wanted)).transpose()?;
        Ok((found, count))
    })
    .await?;
    let Found { runs, next } = found;
    Ok(json(Runs {
        runs: runs.into_iter().map(Run::from).collect(),
        next: next.map(|next| next.to_string()),
        total: count.map(|(total, _)| total),
        total_is_floor: count.is_some_and(|(_, floor)| floor),
    }))
}

/// Of which runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Of {
    /// Names and patterns of units, separated by commas.
    unit: Option<String>,
    /// Only runs decided on at that time or later.
    #[param(format = DateTime)]
    since: Option<String>,
}

/// How runs ended
#[utoipa::path(
    get, path = "/runs/summary", operation_id = "summarize_runs", tag = "runs", params(Of),
    responses((status = 200, description = "Numbers, and the newest failure.", body = Doc<RunSummary>)),
)]
pub async fn summary(
    State(handle): State<Handle>,
    caller: Caller,
    Params(of): Params<Of>,
) -> Result<Response, Problem> {
    let wanted = Filter::of(of.unit, of.since).resolve(&handle, &caller)?;
    let failures: Vec<Outcome> = Outcome::ALL
        .into_iter()
        .filter(|outcome| outcome.is_failure())
        .collect();
    let failed = RunFilter {
        outcomes: failures,
        limit: Some(1),
        ..wanted.clone()
    };
    let (summary, last) = past(&handle, move |history| {
        Ok((history.summary(&wanted)?, history.runs(&failed)?.runs.pop()))
    })
    .await?;
    let of = |fits: fn(Outcome) -> bool| {
        let fitting = summary
            .outcomes
            .iter()
            .filter(|(outcome, _)| fits(**outcome));
        fitting.map(|(_, count)| *count).sum()
    };
    Ok(json(RunSummary {
        succeeded: of(|outcome| outcome == Outcome::Succeeded),
        failed: of(Outcome::is_failure),
        other: of(|outcome| outcome != Outcome::Succeeded && !outcome.is_failure()),
        running: summary.open,
        by_outcome: summary
            .outcomes
            .iter()
            .map(|(outcome, count)| (outcome.as_str().to_owned(), *count))
            .collect(),
        last_failure: last.map(Run::from),
    }))
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

/// Remove a run that has ended
///
/// It disappears at once; its row and its output go with a sweep, a minute later or more. Until then
/// `POST /runs/bulk` with `restore` brings it back.
#[utoipa::path(
    delete, path = "/runs/{id}", operation_id = "delete_run", tag = "runs",
    params(("id" = RunId, Path, description = "A run that has ended.")),
    responses((status = 200, description = "It is gone.", body = Doc<Accepted>)),
)]
pub async fn delete(
    State(handle): State<Handle>,
    caller: Caller,
    RunPath(id): RunPath,
) -> Result<Response, Problem> {
    let row = find_run(&handle, &caller, id).await?;
    if row.state != RunState::Ended {
        return Err(
            Problem::new("run.active", format!("run {id} has not ended")).help("Stop it first."),
        );
    }
    handle.hide_runs(vec![id], true).await?;
    Ok(json(Accepted {
        runs: vec![id],
        changed: true,
        run: None,
        unit: None,
    }))
}

/// Run the task of a run once more
///
/// With the same parameters, or with others.
#[utoipa::path(
    post, path = "/runs/{id}/rerun", operation_id = "rerun_run", tag = "runs",
    params(("id" = RunId, Path, description = "A run of a task.")),
    request_body(content = Option<RerunBody>, description = "Other parameters."),
    responses((status = 200, description = "The new run is decided on.", body = Doc<Accepted>)),
)]
pub async fn rerun(
    State(handle): State<Handle>,
    caller: Caller,
    RunPath(id): RunPath,
    JsonBody(body): JsonBody<RerunBody>,
) -> Result<Response, Problem> {
    let row = find_run(&handle, &caller, id).await?;
    let command = tasks::again(&handle, row, body.params)?;
    super::units::carry_out(&handle, command).await
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
