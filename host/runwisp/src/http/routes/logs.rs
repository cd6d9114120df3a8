//! The output of runs: a page of one, all of one byte for byte, or many as a stream.

use std::io::Read;

use axum::extract::State;
use axum::http::{HeaderValue, header};
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
use crate::wire::{Doc, LogItem, LogPage, Problem, line, place};

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
    /// From the line of this number, from 1. Numbers count the lines that are kept.
    from: Option<u64>,
    /// From the first line printed at that time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Only lines printed before that time.
    #[param(format = DateTime)]
    until: Option<String>,
    /// From this place: the `next` of a page, or the `after` of a line.
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
    let until = time("until", part.until.as_deref())?;
    let from = match (part.at.as_deref(), part.tail, since, part.from) {
        (Some(at), None, None, None) => From::Place(parse_place(at)?),
        (None, Some(lines), None, None) => From::Tail(lines),
        (None, None, Some(since), None) => From::Since(since),
        (None, None, None, Some(number)) => From::Line(number),
        (None, None, None, None) => From::Head,
        _ => {
            let message = "at, tail, since and from exclude each other";
            return Err(Problem::invalid(message));
        }
    };
    let limit = part.limit.unwrap_or(DEFAULT_LINES).clamp(1, MAX_LINES);
    let ended = run.state == RunState::Ended;
    let (run, mut page) = past(&handle, move |history| {
        let page = history.page(&run, from, limit, ended)?;
        Ok((run, page))
    })
    .await?;
    let complete = ended && page.lines.len() < limit;
    if let Some(until) = until
        && let Some(first) = page.lines.iter().position(|line| line.ts >= until)
    {
        page.lines.truncate(first);
        page.next = page.lines.last().map_or(page.begin, |line| line.place());
    }
    Ok(json(LogPage {
        complete,
        total_lines: page.total,
        lines: page
            .lines
            .iter()
            .map(|l| line(&run.unit, run.id, run.instance, l))
            .collect(),
        next: place(page.next),
    }))
}

pub(super) fn parse_place(text: &str) -> Result<Place, Problem> {
    text.split_once(':')
        .and_then(|(offset, line)| {
            Some(Place {
                offset: offset.parse().ok()?,
                line: line.parse().ok()?,
            })
        })
        .ok_or_else(|| Problem::invalid(format!("at is not the `next` of a page: {text:?}")))
}

/// All of a run's output, byte for byte
#[utoipa::path(
    get, path = "/runs/{id}/log/raw", operation_id = "download_log", tag = "logs",
    params(("id" = RunId, Path, description = "A run.")),
    responses((status = 200, description = "A file to keep.", body = String, content_type = "application/octet-stream")),
)]
pub async fn download(
    State(handle): State<Handle>,
    caller: Caller,
    RunPath(id): RunPath,
) -> Result<Response, Problem> {
    let run = find_run(&handle, &caller, id).await?;
    // Names of units are letters, digits and a few marks that need no quoting.
    let name = format!("attachment; filename=\"{}-{id}.log\"", run.unit);
    let mut response = raw(&handle, run).await?;
    if let Ok(value) = HeaderValue::from_str(&name) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
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
