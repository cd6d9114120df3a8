//! The output of one run as server-sent events.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use runwisp_core::words::ids::RunId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::find_run;
use super::logs::parse_place;
use crate::daemon::handle::Handle;
use crate::daemon::history::From;
use crate::http::caller::Caller;
use crate::http::follow::follow_run;
use crate::http::query::{Params, RunPath};
use crate::http::sse;
use crate::http::stream::{Feed, Left};
use crate::wire::{LogItem, Problem};

/// Where to begin.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// After this place: the `next` of a page, or the `after` of a line. `Last-Event-ID` does the same and comes first.
    at: Option<String>,
    /// The last so many lines, then what comes.
    tail: Option<u64>,
}

/// The output of a run as it comes
///
/// Server-sent events: `line` with a `LogItem` as data and the place after it as id, then `end` with the run's row.
/// `broken` says why the rest can not be told, and `ping` comes every 15 s.
#[utoipa::path(
    get, path = "/runs/{id}/log/stream", operation_id = "stream_log", tag = "logs",
    params(
        ("id" = RunId, Path, description = "A run."), Begin,
        ("last-event-id" = Option<String>, Header, description = "The id of the last line already seen."),
    ),
    responses((status = 200, description = "Lines, and the end.", body = LogItem, content_type = "text/event-stream")),
)]
pub async fn stream(
    State(handle): State<Handle>,
    caller: Caller,
    RunPath(id): RunPath,
    Params(begin): Params<Begin>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let run = find_run(&handle, &caller, id).await?;
    let from = match (sse::last_id(&headers), begin.at.as_deref(), begin.tail) {
        (Some(at), _, _) | (None, Some(at), None) => From::Place(parse_place(at)?),
        (None, None, Some(lines)) => From::Tail(lines),
        (None, None, None) => From::Head,
        (None, Some(_), Some(_)) => return Err(Problem::invalid("at and tail exclude each other")),
    };
    let (feed, response) = sse::events();
    tokio::spawn(async move {
        let pings = pings(feed.clone());
        // The reader having gone is how most of these end.
        tokio::select! {
            _ = follow_run(handle, run, from, feed) => {}
            Left = pings => {}
        }
    });
    Ok(response)
}

async fn pings(feed: Feed) -> Left {
    loop {
        tokio::time::sleep(sse::PING).await;
        if feed.bytes(sse::ping(None)).await.is_err() {
            return Left;
        }
    }
}
