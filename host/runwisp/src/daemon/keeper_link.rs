//! The daemon's end of the socket to the keeper: asks go out in order, reports come in.
//!
//! Nothing here waits: what the socket does not take at once stays in a queue, which holds at most what one burst of
//! decisions asks for, and is written as soon as there is room.
//!
//! Tests: below, over a real socket pair.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use runwisp_core::words::keeper::{Ask, Report, decode};
use runwisp_keeper::channel::{self, Inbox};
use tokio::io::unix::AsyncFd;

use super::readiness;

/// The socket and what waits to be said on it.
pub(crate) struct KeeperLink {
    socket: AsyncFd<OwnedFd>,
    inbox: Inbox,
    outbox: VecDeque<(Ask, Vec<OwnedFd>)>,
}

/// The keeper is gone: everything it held is orphaned.
#[derive(Debug, thiserror::Error)]
#[error("the keeper is gone")]
pub(crate) struct KeeperGone;

impl KeeperLink {
    /// Speaks over `socket`, a non-blocking `SOCK_SEQPACKET`.
    pub(crate) fn new(socket: OwnedFd) -> std::io::Result<Self> {
        Ok(KeeperLink {
            socket: readiness::of(&socket)?,
            inbox: Inbox::default(),
            outbox: VecDeque::new(),
        })
    }

    /// Says something, now or as soon as the socket has room. Descriptors go with it and are closed here.
    pub(crate) fn ask(&mut self, ask: Ask, fds: Vec<OwnedFd>) {
        self.outbox.push_back((ask, fds));
        self.flush();
    }

    fn flush(&mut self) {
        while let Some((ask, fds)) = self.outbox.front() {
            let borrowed: Vec<BorrowedFd<'_>> = fds.iter().map(AsFd::as_fd).collect();
            match channel::send(self.socket.get_ref().as_fd(), ask, &borrowed) {
                // A broken pipe is told by the reading side, once all reports have been read.
                Ok(()) | Err(Errno::EPIPE | Errno::ECONNRESET) => {
                    self.outbox.pop_front();
                }
                Err(Errno::EAGAIN | Errno::EINTR) => return,
                Err(error) => {
                    tracing::error!(%error, "could not send to the keeper; the message is lost");
                    self.outbox.pop_front();
                }
            }
        }
    }

    /// Waits until everything has been said, or the keeper is gone.
    pub(crate) async fn drain(&mut self) {
        while !self.outbox.is_empty() {
            let Ok(mut ready) = self.socket.writable().await else {
                return;
            };
            ready.clear_ready();
            drop(ready);
            self.flush();
        }
    }

    /// The next report, with the descriptors that came with it. Writes what waits meanwhile. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Result<(Report, Vec<OwnedFd>), KeeperGone> {
        loop {
            let interest = if self.outbox.is_empty() {
                tokio::io::Interest::READABLE
            } else {
                tokio::io::Interest::READABLE | tokio::io::Interest::WRITABLE
            };
            let mut ready = self.socket.ready(interest).await.map_err(|_| KeeperGone)?;
            let writable = ready.ready().is_writable();
            match channel::recv(self.socket.get_ref().as_fd(), &mut self.inbox) {
                Ok(None) => return Err(KeeperGone),
                Ok(Some((bytes, fds))) => match decode(&bytes) {
                    Ok(report) => return Ok((report, fds)),
                    Err(error) => {
                        tracing::error!(%error, "the keeper said something that can't be read")
                    }
                },
                Err(Errno::EAGAIN) => ready.clear_ready_matching(tokio::io::Ready::READABLE),
                Err(Errno::EINTR) => {}
                Err(_) => return Err(KeeperGone),
            }
            if writable {
                ready.clear_ready_matching(tokio::io::Ready::WRITABLE);
                drop(ready);
                self.flush();
            }
        }
    }
}
