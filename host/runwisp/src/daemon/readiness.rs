//! Waiting for a descriptor on tokio's loop, soundly: the loop gets a descriptor of its own for the same open file.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use tokio::io::unix::AsyncFd;

/// Something to wait on until `source` can be read or written. `source` has to be non-blocking.
pub(crate) fn of(source: &impl AsFd) -> io::Result<AsyncFd<OwnedFd>> {
    let own = source.as_fd().try_clone_to_owned()?;
    // SAFETY: the descriptor is owned by what is registered, and an `OwnedFd` always names the same open file.
    unsafe { AsyncFd::register(own) }.map_err(io::Error::other)
}
