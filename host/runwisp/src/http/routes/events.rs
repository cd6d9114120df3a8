//! The event stream, resumed at a sequence number.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::event::Envelope;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;

use super::past;
use crate::daemon::handle::Handle;
use crate::http::caller::Caller;
use crate::http::query::Params;
use crate::http::stream::{self, Feed, Left};
use crate::wire::{LogItem, Problem};

/// How many events are read from the history at once.
const PAGE: usize = 1_000;

/// Where to begin.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// The last event already seen; without it, events from now on.
    after: Option<u64>,
}

/// What happens, as it happens
///
/// Lines of JSON, each an `Envelope`.
#[utoipa::path(
    get, path = "/events", operation_id = "follow_events", tag = "events", params(Since),
    responses((status = 200, description = "Events in order.", body = Envelope, content_type = "application/x-ndjson")),
)]
pub async fn events(
    State(handle): State<Handle>,
    caller: Caller,
    Params(since): Params<Since>,
) -> Result<Response, Problem> {
    let mut live = handle.events();
    let (feed, response) = stream::lines();
    tokio::spawn(async move {
        let mut seen = since.after;
        // Each turn that lagged, or begins in the past, catches up from the history first.
        let mut behind = seen.is_some();
        loop {
            if behind && catch_up(&handle, &caller, &feed, &mut seen).await.is_err() {
                return;
            }
            behind = false;
            let event = tokio::select! {
                event = live.recv() => event,
                () = feed.left() => return,
            };
            match event {
                Ok(event) if seen.is_some_and(|seen| event.seq <= seen) => {}
                Ok(event) => {
                    seen = Some(event.seq);
                    if caller.hears(&event.event) && feed.send(event.as_ref()).await.is_err() {
                        return;
                    }
                }
                Err(RecvError::Closed) => return,
                Err(RecvError::Lagged(missed)) if seen.is_none() => {
                    if feed.send(&LogItem::Lagged { missed }).await.is_err() {
                        return;
                    }
                }
                Err(RecvError::Lagged(_)) => behind = true,
            }
        }
    });
    Ok(response)
}

async fn catch_up(
    handle: &Handle,
    caller: &Caller,
    feed: &Feed,
    seen: &mut Option<u64>,
) -> Result<(), Left> {
    loop {
        let after = seen.unwrap_or(0);
        let page: Vec<Envelope> =
            match past(handle, move |history| history.events(after, PAGE)).await {
                Ok(page) => page,
                Err(problem) => {
                    feed.send(&LogItem::Broken(problem.into())).await?;
                    return Err(Left);
                }
            };
        let full = page.len() == PAGE;
        for event in page {
            *seen = Some(event.seq);
            if caller.hears(&event.event) {
                feed.send(&event).await?;
            }
        }
        if !full {
            return Ok(());
        }
    }
}
