//! The first words between a new daemon and its keeper.
//!
//! Tests: `tests/e2e/daemon_dies.rs`.

use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use runwisp_core::words::keeper::{Ask, Held, PROTOCOL, Report};
use runwisp_keeper::FD_VARIABLE;

use super::boot::{FAILED, Refused};
use super::keeper_link::KeeperLink;

/// What the keeper says to a new daemon.
pub(super) struct Welcome {
    /// Every run it holds.
    pub(super) held: Vec<Held>,
    /// Where children's sd_notify words arrive.
    pub(super) notify: OwnedFd,
    /// No daemon of this keeper came before.
    pub(super) fresh: bool,
    /// Only its own loader may tell it what to run.
    pub(super) trusts_loader_only: bool,
}

/// Takes the descriptor that the keeper left open, and keeps it from the children of this process.
pub(super) fn inherited_socket() -> std::io::Result<OwnedFd> {
    let number = std::env::var(FD_VARIABLE)
        .ok()
        .and_then(|text| text.parse::<i32>().ok());
    let number = number
        .filter(|fd| *fd > 2)
        .ok_or_else(|| std::io::Error::other("no socket was inherited"))?;
    nix::fcntl::fcntl(
        // SAFETY: only looked at here; an invalid number is an error of the call.
        unsafe { std::os::fd::BorrowedFd::borrow_raw(number) },
        nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC),
    )?;
    // SAFETY: valid, as the call above has shown, and nobody else in this process knows it.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    nix::fcntl::fcntl(
        socket.as_fd(),
        nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK),
    )?;
    Ok(socket)
}

/// Says hello and hears what the keeper holds.
pub(super) async fn greet(keeper: &mut KeeperLink) -> Result<Welcome, Refused> {
    keeper.ask(Ask::Hello { protocol: PROTOCOL }, Vec::new());
    loop {
        let Ok((report, mut fds)) = keeper.next().await else {
            tracing::error!("the keeper is gone");
            return Err(Refused(FAILED));
        };
        let Report::Welcome {
            protocol,
            version,
            trusts_loader_only,
            generation,
            runs,
            ..
        } = report
        else {
            // Reports made before the greeting; everything they say is in the list of runs too.
            continue;
        };
        if protocol != PROTOCOL {
            tracing::error!(
                "the keeper is of version {version} and speaks protocol {protocol}, this daemon speaks {PROTOCOL}; \
                 `runwisp upgrade` replaces both"
            );
            return Err(Refused(FAILED));
        }
        let Some(notify) = fds.pop() else {
            tracing::error!("the keeper sent no sd_notify socket");
            return Err(Refused(FAILED));
        };
        return Ok(Welcome {
            held: runs,
            notify,
            fresh: generation == 0,
            trusts_loader_only,
        });
    }
}
