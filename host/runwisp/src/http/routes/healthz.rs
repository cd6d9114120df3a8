//! Whether the daemon is alive, for whoever watches it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::daemon::handle::Handle;
use crate::wire::Problem;

/// `GET /healthz`: `ok` once the loop has taken a turn for it.
pub async fn healthz(State(handle): State<Handle>) -> Result<Response, Problem> {
    handle.status().await?;
    Ok("ok\n".into_response())
}
