//! Messages to people: deliveries, the bell, and samples.

use axum::extract::{Path, State};
use axum::response::Response;
use runwisp_core::words::notice::DeliveryState;
use serde::Deserialize;

use super::past;
use crate::daemon::handle::Handle;
use crate::daemon::history::DeliveryFilter;
use crate::http::query::{JsonBody, Params, globs, json, time, word};
use crate::wire::{Deliveries, Notifications, Problem, ReadBell, TestNotifier, Tested};

/// How many an answer holds when nobody says.
const DEFAULT_LIMIT: usize = 50;
/// How many an answer holds at most.
const MOST: usize = 10_000;

/// Which deliveries.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    notifier: Option<String>,
    unit: Option<String>,
    kind: Option<String>,
    state: Option<String>,
    since: Option<String>,
    limit: Option<usize>,
}

/// `GET /deliveries`
pub async fn deliveries(
    State(handle): State<Handle>,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let wanted = DeliveryFilter {
        notifier: filter.notifier,
        units: globs(filter.unit.as_deref()),
        kinds: globs(filter.kind.as_deref()),
        state: word::<DeliveryState>("state", filter.state.as_deref())?,
        since: time("since", filter.since.as_deref())?,
        limit: filter.limit.unwrap_or(DEFAULT_LIMIT).min(MOST),
    };
    let found = past(&handle, move |history| history.deliveries(&wanted)).await?;
    Ok(json(Deliveries {
        deliveries: found.into_iter().map(Into::into).collect(),
    }))
}

/// Which rows of the bell.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bell {
    #[serde(default)]
    unread: bool,
    limit: Option<usize>,
}

/// `GET /notifications`
pub async fn notifications(
    State(handle): State<Handle>,
    Params(bell): Params<Bell>,
) -> Result<Response, Problem> {
    let limit = bell.limit.unwrap_or(DEFAULT_LIMIT).min(MOST);
    let (rows, unread) = past(&handle, move |history| {
        history.notifications(bell.unread, limit)
    })
    .await?;
    Ok(json(Notifications {
        notifications: rows.into_iter().map(Into::into).collect(),
        unread,
    }))
}

/// `POST /notifications/read`
pub async fn read(
    State(handle): State<Handle>,
    JsonBody(body): JsonBody<ReadBell>,
) -> Result<Response, Problem> {
    handle.read_bell(body.id).await?;
    notifications(State(handle), Params(Bell::default())).await
}

/// `POST /notifiers/{id}/test`
pub async fn test(
    State(handle): State<Handle>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<TestNotifier>,
) -> Result<Response, Problem> {
    let target = match body.target {
        Some(target) => format!("{id}:{target}"),
        None => id,
    };
    let sample = handle.test_notifier(target, body.kind).await??;
    Ok(json(Tested::from(*sample)))
}
