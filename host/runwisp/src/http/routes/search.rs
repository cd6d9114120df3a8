//! Search across the output of all runs that are kept.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::{matching, past};
use crate::daemon::handle::Handle;
use crate::daemon::history::Search;
use crate::http::query::{Params, globs, time};
use crate::http::stream;
use crate::wire::{LogItem, LogLine, Problem};

/// How many hits an answer holds when nobody says, and at most.
const DEFAULT_LIMIT: usize = 1_000;
const MAX_LIMIT: usize = 1_000_000;

/// What to look for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    pattern: String,
    unit: Option<String>,
    #[serde(default)]
    ignore_case: bool,
    #[serde(default)]
    fixed: bool,
    since: Option<String>,
    limit: Option<usize>,
}

/// `GET /search`
pub async fn search(
    State(handle): State<Handle>,
    Params(wanted): Params<Wanted>,
) -> Result<Response, Problem> {
    let search = Search {
        pattern: wanted.pattern,
        fixed: wanted.fixed,
        ignore_case: wanted.ignore_case,
        units: matching(&handle, &globs(wanted.unit.as_deref()))?,
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
            let _ = feed.send_blocking(&LogItem::Broken(Problem::from(error)));
        }
    });
    Ok(response)
}
