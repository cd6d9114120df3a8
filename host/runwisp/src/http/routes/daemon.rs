//! The daemon itself: leaving, with or without coming back.

use axum::extract::State;
use axum::response::Response;

use crate::daemon::handle::{Handle, Leave};
use crate::daemon::successor;
use crate::http::query::json;
use crate::wire::{Doc, Leaving, Problem};

/// Stop everything and leave
///
/// Every unit is stopped in order, then keeper and daemon end. The answer comes before it begins.
#[utoipa::path(
    post, path = "/daemon/stop", operation_id = "stop_daemon", tag = "daemon",
    responses((status = 200, description = "It begins.", body = Doc<Leaving>)),
)]
pub async fn stop(State(handle): State<Handle>) -> Result<Response, Problem> {
    leave(&handle, Leave::Stop).await
}

/// Replace the daemon process
///
/// What runs goes on.
#[utoipa::path(
    post, path = "/daemon/restart", operation_id = "restart_daemon", tag = "daemon",
    responses((status = 200, description = "It begins.", body = Doc<Leaving>)),
)]
pub async fn restart(State(handle): State<Handle>) -> Result<Response, Problem> {
    leave(&handle, Leave::Restart).await
}

/// Replace the running program by the one on disk
///
/// What runs goes on. A program that can not go on with what this one holds is refused.
#[utoipa::path(
    post, path = "/daemon/upgrade", operation_id = "upgrade_daemon", tag = "daemon",
    responses((status = 200, description = "It begins.", body = Doc<Leaving>)),
)]
pub async fn upgrade(State(handle): State<Handle>) -> Result<Response, Problem> {
    let program = handle.status().await?.daemon.binary;
    let asked = tokio::task::spawn_blocking(move || successor::ask(&program)).await;
    let refused = |why| {
        Problem::new("upgrade.refused", why)
            .help("Nothing was changed. To use that program, stop everything with `runwisp stop` and start it.")
    };
    asked
        .unwrap_or_else(|error| Err(error.to_string()))
        .map_err(refused)?;
    leave(&handle, Leave::Upgrade).await
}

async fn leave(handle: &Handle, how: Leave) -> Result<Response, Problem> {
    let daemon = handle.status().await?.daemon;
    handle.leave(how).await??;
    Ok(json(Leaving {
        pid: daemon.keeper_pid,
        daemon_pid: daemon.daemon_pid,
    }))
}
