//! Search in the output of one run.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::ids::RunId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{find_run, past};
use crate::daemon::handle::Handle;
use crate::daemon::history::Search;
use crate::http::caller::Caller;
use crate::http::query::{Params, RunPath, json};
use crate::wire::{Doc, Hits, Problem, line};

/// How many hits a page holds when nobody says, and at most.
const DEFAULT_LIMIT: usize = 200;
const MAX_LIMIT: usize = 10_000;

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The text itself, or a regular expression with `regex`.
    q: String,
    /// Whether `q` is a regular expression.
    #[serde(default)]
    regex: bool,
    /// Whether upper and lower case are told apart.
    #[serde(default)]
    case: bool,
    /// How many hits; 200 unless told, 10,000 at most.
    limit: Option<usize>,
    /// Only lines after the one of this number: the `next` of a page.
    after: Option<u64>,
}

/// Search in the output of a run
#[utoipa::path(
    get, path = "/runs/{id}/log/search", operation_id = "search_log", tag = "logs",
    params(("id" = RunId, Path, description = "A run."), Wanted),
    responses((status = 200, description = "The lines that match, in order.", body = Doc<Hits>)),
)]
pub async fn search(
    State(handle): State<Handle>,
    caller: Caller,
    RunPath(id): RunPath,
    Params(wanted): Params<Wanted>,
) -> Result<Response, Problem> {
    let run = find_run(&handle, &caller, id).await?;
    let limit = wanted.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let search = Search {
        pattern: wanted.q,
        fixed: !wanted.regex,
        ignore_case: !wanted.case,
        units: None,
        since: None,
        limit,
    };
    let after = wanted.after.unwrap_or(0);
    let (run, lines) = past(&handle, move |history| {
        let lines = history.search_run(&run, &search, after)?;
        Ok((run, lines))
    })
    .await?;
    let full = lines.len() >= limit;
    Ok(json(Hits {
        next: lines.last().filter(|_| full).map(|line| line.n),
        total_is_floor: full,
        hits: lines
            .iter()
            .map(|l| line(&run.unit, run.id, run.instance, l))
            .collect(),
    }))
}
