//! Messages to people: deliveries, the bell, and samples.

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use runwisp_core::notify::NotAgain;
use runwisp_core::words::notice::{self, DeliveryState, MessageId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::past;
use crate::daemon::handle::Handle;
use crate::daemon::history::{BellFilter, BellPlace, DeliveryFilter};
use crate::http::caller::Caller;
use crate::http::query::{JsonBody, Params, globs, json, time, word};
use crate::wire::{
    Deliveries, Delivery, Doc, Notifications, Notifier, Notifiers, Problem, ReadBell, TestNotifier,
    Tested,
};

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
    /// Where a page ended: its `next`.
    #[param(value_type = Option<MessageId>)]
    before: Option<String>,
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
    caller: Caller,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let wanted = DeliveryFilter {
        notifier: filter.notifier,
        units: globs(filter.unit.as_deref()),
        kinds: globs(filter.kind.as_deref()),
        state: word::<DeliveryState>("state", filter.state.as_deref())?,
        since: time("since", filter.since.as_deref())?,
        before: place("before", filter.before.as_deref(), |text| text.parse().ok())?,
        limit: filter.limit.unwrap_or(DEFAULT_LIMIT).min(MOST),
    };
    let limit = wanted.limit;
    let found = past(&handle, move |history| history.deliveries(&wanted)).await?;
    let last = found.last().filter(|_| found.len() == limit);
    let next = last.map(|delivery| delivery.id);
    let theirs = |delivery: &notice::Delivery| caller.sees_any(delivery.notice.unit_name());
    Ok(json(Deliveries {
        deliveries: found.into_iter().filter(theirs).map(Into::into).collect(),
        next,
    }))
}

/// Send a message that did not arrive once more
///
/// By the same id, so that a far side can tell a repeat, and with a `retry_budget` of its own. The answer does not wait
/// for the far side.
#[utoipa::path(
    post, path = "/deliveries/{id}/retry", operation_id = "retry_delivery", tag = "messages",
    params(("id" = MessageId, Path, description = "A delivery that was rejected or has expired.")),
    responses((status = 200, description = "The delivery, on its way.", body = Doc<Delivery>)),
)]
pub async fn retry(
    State(handle): State<Handle>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || {
        Problem::new("delivery.unknown", format!("there is no delivery {id:?}"))
            .help("`runwisp deliveries` shows those that are kept.")
    };
    let wanted: MessageId = id.parse().map_err(|_| unknown())?;
    let found = past(&handle, move |history| history.delivery(wanted)).await?;
    let theirs = |delivery: &notice::Delivery| caller.sees_any(delivery.notice.unit_name());
    let delivery = found.filter(theirs).ok_or_else(unknown)?;
    let notifier = delivery.notifier.clone();
    let again = handle.send_again(Box::new(delivery)).await?;
    let delivery = again.map_err(|why| {
        let refused = |text: String| Problem::new("delivery.refused", text);
        match why {
            NotAgain::Waits => refused(format!("delivery {id} is on its way already")),
            NotAgain::Arrived => refused(format!("delivery {id} has arrived")),
            NotAgain::NoNotifier => refused(format!(
                "the notifier {notifier} of delivery {id} is not defined any more"
            ))
            .help("Define it again, and reload."),
        }
    })?;
    Ok(json(Delivery::from(*delivery)))
}

/// Which rows of the bell.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Bell {
    /// Only what nobody has read.
    #[serde(default)]
    unread: bool,
    /// Where a page ended: its `next`. What happens again meanwhile moves to the front.
    before: Option<String>,
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
    caller: Caller,
    Params(bell): Params<Bell>,
) -> Result<Response, Problem> {
    let limit = bell.limit.unwrap_or(DEFAULT_LIMIT).min(MOST);
    // Whoever sees few units gets their rows out of all there are, which are not many.
    let asked = if caller.units.is_some() { MOST } else { limit };
    let filter = BellFilter {
        unread: bell.unread,
        before: place("before", bell.before.as_deref(), bell_place)?,
        limit: asked,
    };
    let (mut rows, mut unread) =
        past(&handle, move |history| history.notifications(filter)).await?;
    let more = rows.len() >= limit;
    if caller.units.is_some() {
        rows.retain(|row| caller.sees_any(row.row.notice.unit_name()));
        unread = rows.iter().filter(|row| !row.read).count() as u64;
        rows.truncate(limit);
    }
    let last = rows.last().filter(|_| more && rows.len() == limit);
    let next = last.map(|last| format!("{}-{}", last.row.last_at.as_microsecond(), last.row.id));
    Ok(json(Notifications {
        next,
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
    caller: Caller,
    JsonBody(body): JsonBody<ReadBell>,
) -> Result<Response, Problem> {
    match (body.id, &caller.units) {
        (id, None) => handle.read_bell(id, true).await?,
        (wanted, Some(_)) => {
            let theirs = rows_of(&handle, &caller).await?;
            let fits = |id: &MessageId| wanted.is_none_or(|wanted| wanted == *id);
            for id in theirs.into_iter().filter(fits) {
                handle.read_bell(Some(id), true).await?;
            }
        }
    }
    notifications(State(handle), caller, Params(Bell::default())).await
}

/// Mark a row of the bell as unread
#[utoipa::path(
    post, path = "/notifications/{id}/unread", operation_id = "unread_notification", tag = "messages",
    params(("id" = MessageId, Path, description = "A row of the bell.")),
    responses((status = 200, description = "The bell as it is now.", body = Doc<Notifications>)),
)]
pub async fn unread(
    State(handle): State<Handle>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || {
        Problem::new(
            "notification.unknown",
            format!("there is no notification {id:?}"),
        )
        .help("`runwisp notifications` shows those that are kept.")
    };
    let wanted: MessageId = id.parse().map_err(|_| unknown())?;
    if !rows_of(&handle, &caller).await?.contains(&wanted) {
        return Err(unknown());
    }
    handle.read_bell(Some(wanted), false).await?;
    notifications(State(handle), caller, Params(Bell::default())).await
}

/// Where a page ended, as its `next` tells it.
fn place<T>(
    name: &str,
    text: Option<&str>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let unread = |text| Problem::invalid(format!("{name} is not the `next` of a page: {text:?}"));
    text.map(|text| read(text).ok_or_else(|| unread(text)))
        .transpose()
}

fn bell_place(text: &str) -> Option<BellPlace> {
    let (at, id) = text.split_once('-')?;
    Some(BellPlace {
        last_at: Timestamp::from_microsecond(at.parse().ok()?).ok()?,
        id: id.parse().ok()?,
    })
}

/// The rows of the bell that are the caller's.
async fn rows_of(handle: &Handle, caller: &Caller) -> Result<Vec<MessageId>, Problem> {
    let all = BellFilter {
        limit: MOST,
        ..BellFilter::default()
    };
    let (rows, _) = past(handle, move |history| history.notifications(all)).await?;
    let theirs = rows
        .into_iter()
        .filter(|row| caller.sees_any(row.row.notice.unit_name()));
    Ok(theirs.map(|row| row.row.id).collect())
}

/// The notifiers of the configuration
#[utoipa::path(
    get, path = "/notifiers", operation_id = "list_notifiers", tag = "messages",
    responses((status = 200, description = "By id.", body = Doc<Notifiers>)),
)]
pub async fn notifiers(State(handle): State<Handle>) -> Result<Response, Problem> {
    let plan = handle.plan();
    let ids: Vec<(String, String)> = plan
        .notify
        .notifiers
        .iter()
        .map(|(id, notifier)| (id.clone(), notifier.plugin.clone()))
        .collect();
    let found = past(&handle, move |history| {
        let mut found = Vec::with_capacity(ids.len());
        for (id, plugin) in ids {
            let newest = DeliveryFilter {
                notifier: Some(id.clone()),
                limit: 1,
                ..DeliveryFilter::default()
            };
            let last = history.deliveries(&newest)?.pop();
            found.push((id, plugin, last));
        }
        Ok(found)
    })
    .await?;
    Ok(json(Notifiers {
        notifiers: found
            .into_iter()
            .map(|(id, plugin, last)| Notifier {
                id,
                plugin: plugin.clone(),
                kind: plugin,
                last_delivery: last.map(Into::into),
            })
            .collect(),
    }))
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
