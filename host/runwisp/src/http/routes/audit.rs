//! The audit log.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::audit::AuditFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::past;
use crate::daemon::handle::Handle;
use crate::http::query::{Params, json, time};
use crate::wire::access::{Actor, Audit, AuditEntry};
use crate::wire::{Doc, Problem};

/// The most rows of one answer, and how many there are unless more are asked for.
const LIMIT: (usize, usize) = (1_000, 100);

/// Which rows; every parameter narrows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// At most so many, the newest; up to 1,000, left out 100.
    #[param(minimum = 1, maximum = 1_000)]
    limit: Option<usize>,
    /// Older than this row: the `next` of the page before.
    before: Option<i64>,
    /// By this actor: `operator`, `uid 0`, the name of a token.
    actor: Option<String>,
    /// This action, such as `unit.stop`, or all that begin so, such as `unit`.
    action: Option<String>,
    /// To this unit, run or token.
    unit: Option<String>,
    /// At or after, RFC 3339.
    since: Option<String>,
}

/// Show who did what
///
/// Every change, over HTTP and the socket, with what came of it; and tries that were refused, of which a flood is
/// counted, not listed. Newest first.
#[utoipa::path(
    get, path = "/audit", operation_id = "list_audit", tag = "access", params(Wanted),
    responses((status = 200, description = "The rows.", body = Doc<Audit>)),
)]
pub async fn list(
    State(handle): State<Handle>,
    Params(wanted): Params<Wanted>,
) -> Result<Response, Problem> {
    let limit = wanted.limit.unwrap_or(LIMIT.1);
    if !(1..=LIMIT.0).contains(&limit) {
        return Err(Problem::invalid(format!("limit is 1 to {}", LIMIT.0)));
    }
    let filter = AuditFilter {
        before: wanted.before,
        name: wanted.actor,
        action: wanted.action,
        target: wanted.unit,
        since: time("since", wanted.since.as_deref())?,
        // One more tells whether there is another page.
        limit: limit + 1,
    };
    let mut rows = past(&handle, move |history| history.audit(&filter)).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().map(|(id, _)| *id).filter(|_| more);
    let entries = rows.into_iter().map(|(id, row)| AuditEntry {
        id,
        at: row.at,
        actor: Actor {
            kind: row.kind,
            name: row.name,
        },
        from: row.from,
        action: row.action,
        target: row.target,
        detail: row.detail,
        result: row.result,
        status: row.status,
    });
    Ok(json(Audit {
        entries: entries.collect(),
        next,
    }))
}
