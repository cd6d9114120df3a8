//! The Unix socket while this daemon lives.
//!
//! Tests: `http::listen` for the socket, `tests/e2e/locks.rs` for who may use it.

use std::path::PathBuf;

use tokio::task::JoinHandle;

use super::handle::Handle;
use crate::http::listen::{self, ListenError};

/// Callers are served as long as this lives. Its end takes the socket along; the next daemon of this directory makes its
/// own only after this one has ended (`data_dir::Turn`).
pub(crate) struct Serving {
    task: JoinHandle<()>,
    socket: PathBuf,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
        listen::remove(&self.socket);
    }
}

/// Serves callers on this socket. On a read-only file system there can't be one: that is a trouble to tell of, for
/// nobody can talk to this daemon, but what it supervises goes on.
pub(super) fn serve(
    socket: PathBuf,
    faces: Handle,
) -> Result<Result<Serving, String>, ListenError> {
    let listener = match listen::bind(&socket) {
        Ok(listener) => listener,
        Err(ListenError::Io { path, error })
            if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem =>
        {
            return Ok(Err(format!(
                "no commands are taken: {path} can't be made: {error}"
            )));
        }
        Err(error) => return Err(error),
    };
    let task = tokio::spawn(async move {
        if let Err(error) = listen::serve(listener, faces).await {
            tracing::error!(%error, "the socket is served no more");
        }
    });
    Ok(Ok(Serving { task, socket }))
}
