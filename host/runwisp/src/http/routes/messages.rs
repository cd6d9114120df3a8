//! Messages to people: deliveries, the bell, and samples.

use axum::extract::{Path, State};
use axum::response::Response;
use runwisp_core::words::notice::DeliveryState;
use serde::Deserialize;
use utoipa::IntoParams;

use super::past;
use crate::daemon::handle::Handle;
use crate::daemon::history::DeliveryFilter;
use crate::http::query::{JsonBody, Params, globs, json, time, word};
use crate::wire::{Deliveries, Doc, Notifications, Problem, ReadBell, TestNotifier, Tested};

/// How many an answer holds when nobody says.
const DEFAULT_LIMIT: usize = 50;
/// How many an answer holds at most.
const MOST: usize = 10_000;

/// Which deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The id of a notifier.
    notifier: Option<String>,
    /// Names and patterns of units, separated by commas.
    unit: Option<String>,
    /// Names and patterns of kinds of events, separated by commas.
    kind: Option<String>,
    /// Where the message is.
    #[param(value_type = Option<DeliveryState>)]
    state: Option<String>,
    /// Only what was decided at that time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// How many; 50 unless told, 10,000 at most.
    limit: Option<usize>,
}

/// Messages that were sent, that wait, and that did not arrive
#[utoipa::path(
    get, path = "/deliveries", operation_id = "list_deliveries", tag = "messages", params(Filter),
    responses((status = 200, description = "Newest first.", body = Doc<Deliveries>)),
)]
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
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Bell {
    /// Only what nobody has read.
    #[serde(default)]
    unread: bool,
    /// How many; 50 unless told, 10,000 at most.
    limit: Option<usize>,
}

/// The bell: what happened that people should know
#[utoipa::path(
    get, path = "/notifications", operation_id = "list_notifications", tag = "messages", params(Bell),
    responses((status = 200, description = "Newest first.", body = Doc<Notifications>)),
)]
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

/// Mark rows of the bell as read
#[utoipa::path(
    post, path = "/notifications/read", operation_id = "read_notifications", tag = "messages",
    request_body(content = Option<ReadBell>, description = "Which row; without a body, all."),
    responses((status = 200, description = "The bell as it is now.", body = Doc<Notifications>)),
)]
pub async fn read(
    State(handle): State<Handle>,
    JsonBody(body): JsonBody<ReadBell>,
) -> Result<Response, Problem> {
    handle.read_bell(body.id).await?;
    notifications(State(handle), Params(Bell::default())).await
}

/// Send a sample by a notifier
///
/// The answer comes once the far side has answered, and tells all that was exchanged, secrets masked.
#[utoipa::path(
    post, path = "/notifiers/{id}/test", operation_id = "test_notifier", tag = "messages",
    params(("id" = String, Path, description = "A notifier of the configuration.")),
    request_body(content = Option<TestNotifier>, description = "Of what kind, and to whom."),
    responses((status = 200, description = "What came of it.", body = Doc<Tested>)),
)]
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
