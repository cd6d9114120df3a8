//! What is true now.

use axum::extract::State;
use axum::response::Response;

use crate::daemon::handle::Handle;
use crate::http::query::json;
use crate::wire::{Problem, Status};

/// `GET /status`
pub async fn status(State(handle): State<Handle>) -> Result<Response, Problem> {
    Ok(json(Status::from(handle.status().await?)))
}
