//! What is true now.

use axum::extract::State;
use axum::response::Response;

use super::visible;
use crate::daemon::handle::Handle;
use crate::http::caller::Caller;
use crate::http::query::json;
use crate::wire::{DaemonAlone, Doc, Problem, Status};

/// The daemon and every unit
#[utoipa::path(
    get, path = "/status", operation_id = "get_status", tag = "daemon",
    responses((status = 200, description = "What is true now.", body = Doc<Status>)),
)]
pub async fn status(State(handle): State<Handle>, caller: Caller) -> Result<Response, Problem> {
    let snapshot = visible(handle.status().await?, &caller);
    Ok(json(Status::from(snapshot)))
}

/// The daemon alone
#[utoipa::path(
    get, path = "/daemon", operation_id = "get_daemon", tag = "daemon",
    responses((status = 200, description = "What is true of it now.", body = Doc<DaemonAlone>)),
)]
pub async fn daemon(State(handle): State<Handle>) -> Result<Response, Problem> {
    let status = Status::from(handle.status().await?);
    Ok(json(DaemonAlone {
        daemon: status.daemon,
    }))
}
