//! The Unix socket: made with mode 0600, open to the daemon's own user and to root.
//!
//! Invariant: a caller is identified by the kernel (`SO_PEERCRED`), never by what it says. At most
//! [`MAX_CONNECTIONS`] at once; one more waits in the kernel's queue.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{UnixListener, UnixStream, unix};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::wire::socket::{TooLong, check_path};

/// How many connections are served at once.
pub const MAX_CONNECTIONS: usize = 512;

/// Why the socket could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The path does not fit.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// Something that is no socket stands there.
    #[error("use {0:?} as a socket: there is a file of another kind")]
    Taken(String),
    /// A system call failed.
    #[error("make the socket {path:?}: {error}")]
    Io {
        /// The path.
        path: String,
        /// Why.
        error: io::Error,
    },
}

/// Makes the socket. One left behind by a daemon that is gone is replaced: the caller holds the lock of the data directory.
///
/// The socket is made under another name and renamed, so that nobody ever meets it with other rights than 0600.
pub fn bind(path: &Path) -> Result<UnixListener, ListenError> {
    check_path(path)?;
    let shown = path.to_string_lossy().into_owned();
    let failed = |error| ListenError::Io {
        path: shown.clone(),
        error,
    };
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(ListenError::Taken(shown)),
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(failed(e)),
    }
    let mut fresh = path.as_os_str().to_owned();
    fresh.push("~");
    // A path at the very limit has no room for the other name.
    let fresh = std::path::PathBuf::from(fresh);
    let first = if check_path(&fresh).is_ok() {
        fresh.as_path()
    } else {
        path
    };
    match std::fs::remove_file(first) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(failed(e)),
    }
    let listener = UnixListener::bind(first).map_err(failed)?;
    std::fs::set_permissions(first, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    if first != path {
        std::fs::rename(first, path).map_err(failed)?;
    }
    Ok(listener)
}

/// Removes the socket of a daemon that is leaving. One that can't be removed is replaced by the next daemon.
pub fn remove(path: &Path) {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(), "could not remove the socket");
        }
        _ => {}
    }
}

/// Accepts callers that are root or the daemon's own user; hangs up on all others.
pub struct Trusted {
    listener: UnixListener,
    room: Arc<Semaphore>,
    uid: u32,
}

impl Trusted {
    /// Guards this socket.
    pub fn new(listener: UnixListener) -> Self {
        Trusted {
            listener,
            room: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            uid: nix::unistd::geteuid().as_raw(),
        }
    }
}

/// Whom the kernel says a connection is of.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub u32);

impl Connected<IncomingStream<'_, Trusted>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Trusted>) -> Self {
        Peer(stream.io().uid)
    }
}

impl Listener for Trusted {
    type Io = Connection;
    type Addr = unix::SocketAddr;

    async fn accept(&mut self) -> (Connection, unix::SocketAddr) {
        loop {
            let Ok(room) = Arc::clone(&self.room).acquire_owned().await else {
                // The semaphore is never closed; waiting for ever is what a closed door means.
                std::future::pending::<()>().await;
                continue;
            };
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    let uid = stream.peer_cred().map(|peer| peer.uid());
                    if let Ok(uid) = uid
                        && (uid == 0 || uid == self.uid)
                    {
                        return (
                            Connection {
                                uid,
                                stream,
                                _room: room,
                            },
                            address,
                        );
                    }
                    tracing::warn!("hung up on a caller that is neither root nor this user");
                }
                Err(error) => {
                    // Out of descriptors, most likely: they come back as connections end.
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<unix::SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection, with its place among [`MAX_CONNECTIONS`].
pub struct Connection {
    uid: u32,
    stream: UnixStream,
    _room: OwnedSemaphorePermit,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Serves the API on the socket until the future is dropped.
pub async fn serve(
    listener: UnixListener,
    handle: crate::daemon::handle::Handle,
) -> io::Result<()> {
    let router = super::router::guarded(handle, None).layer(axum::middleware::from_fn(vouched));
    let service = router.into_make_service_with_connect_info::<Peer>();
    axum::serve(Trusted::new(listener), service).await
}

/// Whoever reaches the socket is root or the daemon's own user: the guard lets them do everything.
async fn vouched(
    ConnectInfo(Peer(uid)): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = super::access::guard::Peer::Socket { uid };
    request.extensions_mut().insert(peer);
    next.run(request).await
}
