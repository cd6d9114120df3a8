//! Search across the output of all runs that are kept.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{matching, past};
use crate::daemon::handle::Handle;
use crate::daemon::history::Search;
use crate::http::caller::Caller;
use crate::http::query::{Params, globs, time};
use crate::http::stream;
use crate::wire::{LogItem, LogLine, Problem};

/// How many hits an answer holds when nobody says, and at most.
const DEFAULT_LIMIT: usize = 1_000;
const MAX_LIMIT: usize = 1_000_000;

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// A regular expression, or the text itself with `fixed`.
    pattern: String,
    /// Names and patterns of units, separated by commas.
    unit: Option<String>,
    /// Whether upper and lower case are the same.
    #[serde(default)]
    ignore_case: bool,
    /// Whether `pattern` is plain text.
    #[serde(default)]
    fixed: bool,
    /// Only runs created at that time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// The most hits; 1,000 unless told, 1,000,000 at most.
    limit: Option<usize>,
}

/// Search the output of all runs that are kept
///
/// Newest run first. The answer is a stream of lines of JSON, each a `LogItem`.
#[utoipa::path(
    get, path = "/search", operation_id = "search_logs", tag = "logs", params(Wanted),
    responses((status = 200, description = "The lines that match.", body = LogItem, content_type = "application/x-ndjson")),
)]
pub async fn search(
    State(handle): State<Handle>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Response, Problem> {
    let search = Search {
        pattern: wanted.pattern,
        fixed: wanted.fixed,
        ignore_case: wanted.ignore_case,
        units: matching(&handle, &caller, &globs(wanted.unit.as_deref()))?,
        since: time("since", wanted.since.as_deref())?,
        limit: wanted.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT),
    };
    // A pattern that can not be compiled has to be refused before the answer begins.
    let probe = Search {
        limit: 0,
        ..search.clone()
    };
    past(&handle, move |history| {
        history.search(&probe, &mut |_| false)
    })
    .await?;
    let (feed, response) = stream::lines();
    let history = handle.history();
    tokio::task::spawn_blocking(move || {
        let found = history.search(&search, &mut |hit| {
            feed.send_blocking(&LogItem::Line(LogLine::from(hit)))
                .is_ok()
        });
        if let Err(error) = found {
            let _ = feed.send_blocking(&LogItem::Broken(Problem::from(error).into()));
        }
    });
    Ok(response)
}
