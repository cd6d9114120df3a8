//! What is true now.

use axum::extract::State;
use axum::response::Response;

use super::visible;
use crate::daemon::handle::Handle;
use crate::http::caller::Caller;
use crate::http::query::json;
use crate::wire::{Doc, Problem, Status};

/// The daemon and every unit
#[utoipa::path(
    get, path = "/status", operation_id = "get_status", tag = "daemon",
    responses((status = 200, description = "What is true now.", body = Doc<Status>)),
)]
pub async fn status(State(handle): State<Handle>, caller: Caller) -> Result<Response, Problem> {
    let snapshot = visible(handle.status().await?, &caller);
    Ok(json(Status::from(snapshot)))
}
