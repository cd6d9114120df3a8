//! The daemon itself: leaving, with or without coming back.

use axum::extract::State;
use axum::response::Response;

use crate::daemon::handle::{Handle, Leave};
use crate::daemon::successor;
use crate::http::query::json;
use crate::wire::{Leaving, Problem};

/// `POST /daemon/stop`: everything is stopped, then keeper and daemon leave.
pub async fn stop(State(handle): State<Handle>) -> Result<Response, Problem> {
    leave(&handle, Leave::Stop).await
}

/// `POST /daemon/restart`: the daemon process is replaced; what runs goes on.
pub async fn restart(State(handle): State<Handle>) -> Result<Response, Problem> {
    leave(&handle, Leave::Restart).await
}

/// `POST /daemon/upgrade`: keeper and daemon are replaced by the binary at their path; what runs goes on.
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
