//! The output of runs: a page of one, all of one byte for byte, or many as a stream.

use std::io::Read;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use runwisp_core::words::glob::Glob;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::{RunRecord, RunState};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{find_run, matching, past};
use crate::daemon::handle::Handle;
use crate::daemon::history::{From, Place};
use crate::http::caller::Caller;
use crate::http::follow::{Amount, Start, Wanted, follow_into};
use crate::http::query::{Params, RunPath, json, time};
use crate::http::stream;
use crate::wire::{Doc, LogItem, LogPage, Problem, line};

/// How many lines a page holds when nobody says, and at most.
const DEFAULT_LINES: usize = 1_000;
const MAX_LINES: usize = 10_000;

/// How many targets one stream may have.
const MAX_TARGETS: usize = 1_000;

/// Which part of a run's output.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The last so many lines.
    tail: Option<u64>,
    /// From the first line printed at that time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// From this place: the `next` of a page.
    at: Option<String>,
    /// How many lines; 1,000 unless told, 10,000 at most.
    limit: Option<usize>,
    /// All of it byte for byte, as `application/octet-stream`.
    #[serde(default)]
    raw: bool,
}

/// A page of a run's output
#[utoipa::path(
    get, path = "/runs/{id}/log", operation_id = "get_log", tag = "logs",
    params(("id" = RunId, Path, description = "A run."), Part),
    responses((status = 200, description = "A page; or with `raw`, all of it.", content(
        (Doc<LogPage> = "application/json"),
        (String = "application/octet-stream"),
    ))),
)]
pub async fn page(
    State(handle): State<Handle>,
    caller: Caller,
    RunPath(id): RunPath,
    Params(part): Params<Part>,
) -> Result<Response, Problem> {
    let run = find_run(&handle, &caller, id).await?;
    if part.raw {
        return raw(&handle, run).await;
    }
    let since = time("since", part.since.as_deref())?;
    let from = match (part.at.as_deref(), part.tail, since) {
        (Some(at), None, None) => From::Place(place(at)?),
        (None, Some(lines), None) => From::Tail(lines),
        (None, None, Some(since)) => From::Since(since),
        (None, None, None) => From::Head,
        _ => return Err(Problem::invalid("at, tail and since exclude each other")),
    };
    let limit = part.limit.unwrap_or(DEFAULT_LINES).clamp(1, MAX_LINES);
    let ended = run.state == RunState::Ended;
    let (run, page) = past(&handle, move |history| {
        let page = history.page(&run, from, limit, ended)?;
        Ok((run, page))
    })
    .await?;
    Ok(json(LogPage {
        complete: ended && page.lines.len() < limit,
        lines: page
            .lines
            .iter()
            .map(|l| line(&run.unit, run.id, run.instance, l))
            .collect(),
        next: format!("{}:{}", page.next.offset, page.next.line),
    }))
}

fn place(text: &str) -> Result<Place, Problem> {
    text.split_once(':')
        .and_then(|(offset, line)| {
            Some(Place {
                offset: offset.parse().ok()?,
                line: line.parse().ok()?,
            })
        })
        .ok_or_else(|| Problem::invalid(format!("at is not the `next` of a page: {text:?}")))
}

async fn raw(handle: &Handle, run: RunRecord) -> Result<Response, Problem> {
    let mut bytes = past(handle, move |history| history.raw(&run)).await?;
    let (feed, response) = stream::answer("application/octet-stream");
    tokio::task::spawn_blocking(move || {
        let mut piece = vec![0; 64 * 1024];
        loop {
            match bytes.read(&mut piece) {
                Ok(0) => return,
                Ok(n) => {
                    if feed
                        .bytes_blocking(Bytes::copy_from_slice(&piece[..n]))
                        .is_err()
                    {
                        return;
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                // The answer has begun; all that is left is to end it early, and to say so here.
                Err(e) => {
                    tracing::warn!(error = %e, "could not read a log to its end");
                    return;
                }
            }
        }
    });
    Ok(response)
}

/// Which output, of whom.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Many {
    /// Runs, and names and patterns of units, separated by commas; everything unless told. 1,000 at most.
    target: Option<String>,
    /// So many lines of each before its end.
    tail: Option<u64>,
    /// So many lines of each from its beginning.
    head: Option<u64>,
    /// Only lines printed at that time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Whether to go on with what is printed from now on.
    #[serde(default)]
    follow: bool,
}

/// The output of many runs as one stream
///
/// Lines of JSON, each a `LogItem`: what is there, merged by time, then what comes.
#[utoipa::path(
    get, path = "/logs/follow", operation_id = "follow_logs", tag = "logs", params(Many),
    responses((status = 200, description = "Lines, and the ends of runs.", body = LogItem, content_type = "application/x-ndjson")),
)]
pub async fn follow(
    State(handle): State<Handle>,
    caller: Caller,
    Params(many): Params<Many>,
) -> Result<Response, Problem> {
    let since = time("since", many.since.as_deref())?;
    let start = start(&many, since)?;
    let mut globs = Vec::new();
    let mut runs = Vec::new();
    for target in many.target.as_deref().unwrap_or("*").split(',') {
        match target.parse() {
            Ok(id) => runs.push(find_run(&handle, &caller, id).await?),
            Err(_) => globs.push(Glob::new(target)),
        }
    }
    if globs.len() + runs.len() > MAX_TARGETS {
        return Err(Problem::invalid(format!(
            "at most {MAX_TARGETS} targets at once"
        )));
    }
    let wanted = Wanted {
        units: matching(&handle, &caller, &globs)?.unwrap_or_default(),
        runs,
        start,
        follow: many.follow,
        caller,
    };
    let (feed, response) = stream::lines();
    tokio::spawn(async move {
        // The reader having gone is how most of these end.
        let _ = follow_into(handle, wanted, feed).await;
    });
    Ok(response)
}

fn start(many: &Many, since: Option<Timestamp>) -> Result<Start, Problem> {
    let amount = match (many.tail, many.head) {
        (None, None) => Amount::All,
        (Some(lines), None) => Amount::Last(lines),
        (None, Some(_)) if many.follow => {
            return Err(Problem::invalid("head and follow exclude each other"));
        }
        (None, Some(lines)) => Amount::First(lines),
        (Some(_), Some(_)) => return Err(Problem::invalid("tail and head exclude each other")),
    };
    Ok(Start { since, amount })
}
