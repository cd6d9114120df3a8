//! The event stream, resumed at a sequence number.
//!
//! Followers share one stream: an event is put into the form of server-sent events once, whoever wants it. A reader that
//! is too slow for it reads on from the history, at its own pace.
//!
//! Invariant: what waits for one reader is bounded by its feed; nobody waits for a reader.

use std::pin::pin;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use runwisp_core::words::event::{Envelope, Event};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;

use super::past;
use crate::daemon::handle::{Handle, Told};
use crate::http::caller::Caller;
use crate::http::query::Params;
use crate::http::sse;
use crate::http::stream::{self, Feed, Left};
use crate::wire::{LogItem, Problem};

/// How many events are read from the history at once.
const PAGE: usize = 1_000;

/// Where to begin.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// The last event already seen; without it, events from now on. `Last-Event-ID` does the same.
    after: Option<u64>,
}

/// What happens, as it happens
///
/// As server-sent events where `Accept` names `text/event-stream`: each has its `event` as name, its `seq` as id, and an
/// `Envelope` as data; `gap` says that events between are no longer kept, and `ping` comes every 15 s. Otherwise lines of
/// JSON, each an `Envelope`.
#[utoipa::path(
    get, path = "/events", operation_id = "follow_events", tag = "events",
    params(Since, ("last-event-id" = Option<String>, Header, description = "The id of the last event already seen.")),
    responses((status = 200, description = "Events in order.", content(
        (Envelope = "application/x-ndjson"),
        (Envelope = "text/event-stream"),
    ))),
)]
pub async fn events(
    State(handle): State<Handle>,
    caller: Caller,
    Params(since): Params<Since>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = match (since.after, sse::last_id(&headers)) {
        (_, Some(id)) => Some(id.parse().map_err(|_| {
            Problem::invalid(format!("last-event-id is not the id of an event: {id:?}"))
        })?),
        (after, None) => after,
    };
    // Listening begins before looking, so that no event falls between the two.
    let live = handle.events();
    let newest = past(&handle, |history| history.newest_event()).await;
    let events = sse::wanted(&headers);
    let (feed, response) = if events {
        sse::events()
    } else {
        stream::lines()
    };
    let follower = Follower {
        caller,
        feed,
        events,
        // A history that can't be read keeps nobody from what happens now.
        seen: after.or(newest.ok()),
        handle,
    };
    tokio::spawn(follower.follow(live, after.is_some()));
    Ok(response)
}

/// Somebody who follows.
struct Follower {
    handle: Handle,
    caller: Caller,
    feed: Feed,
    /// Whether in the form of server-sent events.
    events: bool,
    /// The last event that was told, or passed over.
    seen: Option<u64>,
}

impl Follower {
    async fn follow(
        mut self,
        mut live: tokio::sync::broadcast::Receiver<std::sync::Arc<Told>>,
        mut behind: bool,
    ) -> Result<(), Left> {
        if self.events && !behind {
            // A reader that is cut off before the first event has a place to come back to.
            let id = self.seen.map(|seen| seen.to_string());
            self.feed.bytes(sse::ping(id.as_deref())).await?;
        }
        loop {
            // Each turn that lagged, or begins in the past, catches up from the history first.
            if behind {
                self.catch_up().await?;
            }
            behind = false;
            let feed = self.feed.clone();
            let ping = pin!(tokio::time::sleep(sse::PING));
            let event = tokio::select! {
                event = live.recv() => event,
                () = feed.left() => return Err(Left),
                () = ping, if self.events => {
                    self.feed.bytes(sse::ping(None)).await?;
                    continue;
                }
            };
            match event {
                Ok(event) if self.seen.is_some_and(|seen| event.seq <= seen) => {}
                Ok(event) => {
                    self.seen = Some(event.seq);
                    if self.caller.hears(&event.event) {
                        let bytes = match self.events {
                            true => event.form(framed),
                            false => stream::json_line(&**event),
                        };
                        self.feed.bytes(bytes).await?;
                    }
                }
                Err(RecvError::Closed) => return Ok(()),
                Err(RecvError::Lagged(missed)) if self.seen.is_none() => self.gap(missed).await?,
                Err(RecvError::Lagged(_)) => behind = true,
            }
        }
    }

    /// Tells what has happened since the last event that was seen, from the history.
    async fn catch_up(&mut self) -> Result<(), Left> {
        loop {
            let after = self.seen.unwrap_or(0);
            let read = past(&self.handle, move |history| {
                Ok((history.events(after, PAGE)?, history.newest_event()?))
            });
            let (page, newest) = match read.await {
                Ok(read) => read,
                Err(problem) => {
                    let broken = LogItem::Broken(problem.into());
                    self.feed.tell(&broken).await?;
                    return Err(Left);
                }
            };
            match page.first() {
                // Numbers never go back, unless this is another history than the one the reader knows.
                None if newest < after => {
                    self.seen = Some(newest);
                    return self.gap(1).await;
                }
                None => return Ok(()),
                Some(first) if first.seq > after + 1 => self.gap(first.seq - after - 1).await?,
                Some(_) => {}
            }
            for event in page {
                self.seen = Some(event.seq);
                if self.caller.hears(&event.event) {
                    let bytes = match self.events {
                        true => framed(&event),
                        false => stream::json_line(&event),
                    };
                    self.feed.bytes(bytes).await?;
                }
            }
        }
    }

    /// Says that events are missing, so that the reader looks at everything anew.
    async fn gap(&self, missed: u64) -> Result<(), Left> {
        let lagged = LogItem::Lagged { missed };
        self.feed
            .bytes(match self.events {
                true => sse::frame(None, "gap", &lagged),
                false => stream::json_line(&lagged),
            })
            .await
    }
}

/// An event as browsers want it.
fn framed(envelope: &Envelope) -> Bytes {
    let name = match &envelope.event {
        Event::Run { .. } => "run",
        Event::Instance { .. } => "instance",
        Event::Overdue { .. } => "overdue",
        Event::ClockJump { .. } => "clock_jump",
        Event::Reloaded { .. } => "reloaded",
        Event::ConfigStale { .. } => "config_stale",
        Event::DaemonStarted { .. } => "daemon_started",
        Event::DaemonStopping => "daemon_stopping",
        Event::Degraded { .. } => "degraded",
        Event::Delivery { .. } => "delivery",
        Event::Notification { .. } => "notification",
    };
    sse::frame(Some(&envelope.seq.to_string()), name, envelope)
}
