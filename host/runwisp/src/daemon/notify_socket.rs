//! What children say by sd_notify(3): datagrams with the sender's pid, attributed to a run.
//!
//! The keeper owns the socket, so words said while no daemon lives wait in it. A sender belongs to the run whose main
//! process is the sender or one of its ancestors; failing that, to the run its environment names.
//!
//! Limits: 4 KiB per datagram, 512 characters of status.
//! Tests: below for the text, `tests/e2e/services.rs` for the whole.

use std::io::IoSliceMut;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixAddr, recvmsg};
use runwisp_core::words::ids::RunId;
use runwisp_core::words::input::Notified;
use tokio::io::unix::AsyncFd;

use super::readiness;

const STATUS_MAX: usize = 512;
/// How far up the tree of processes a sender's run is looked for.
const ANCESTORS: usize = 16;

/// The receiving end.
pub(crate) struct NotifySocket {
    socket: AsyncFd<OwnedFd>,
}

impl NotifySocket {
    /// Listens on the socket the keeper handed over.
    pub(crate) fn new(socket: OwnedFd) -> std::io::Result<Self> {
        Ok(NotifySocket {
            socket: readiness::of(&socket)?,
        })
    }

    /// The next word and its sender's pid. Cancel-safe.
    pub(crate) async fn next(&self) -> (i32, Notified) {
        loop {
            let Ok(mut ready) = self.socket.readable().await else {
                return std::future::pending().await;
            };
            match receive(self.socket.get_ref()) {
                Ok(Some(word)) => return word,
                Ok(None) => {}
                Err(Errno::EAGAIN) => ready.clear_ready(),
                Err(error) => {
                    tracing::warn!(%error, "could not read an sd_notify message");
                    ready.clear_ready();
                }
            }
        }
    }
}

fn receive(socket: &OwnedFd) -> nix::Result<Option<(i32, Notified)>> {
    let mut bytes = [0u8; 4096];
    let mut space = nix::cmsg_space!(nix::sys::socket::UnixCredentials, [std::os::fd::RawFd; 4]);
    let mut slices = [IoSliceMut::new(&mut bytes)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut slices, Some(&mut space), flags)?;
    let mut pid = None;
    for control in message.cmsgs()? {
        match control {
            ControlMessageOwned::ScmCredentials(credentials) => pid = Some(credentials.pid()),
            // FDSTORE and the like: not served, and not leaked either.
            ControlMessageOwned::ScmRights(fds) => fds.into_iter().for_each(|fd| {
                let _ = nix::unistd::close(fd);
            }),
            _ => {}
        }
    }
    let length = message.bytes;
    Ok(pid
        .filter(|pid| *pid > 0)
        .map(|pid| (pid, parse(&String::from_utf8_lossy(&bytes[..length])))))
}

/// Reads the newline-separated assignments; unknown ones are passed over.
fn parse(text: &str) -> Notified {
    let mut said = Notified::default();
    for line in text.lines() {
        match line.split_once('=') {
            Some(("READY", "1")) => said.ready = true,
            Some(("WATCHDOG", "1")) => said.watchdog = true,
            Some(("WATCHDOG", "trigger")) => said.trigger = true,
            Some(("STOPPING", "1")) => said.stopping = true,
            Some(("STATUS", status)) => {
                said.status = Some(status.chars().take(STATUS_MAX).collect())
            }
            Some(("EXTEND_TIMEOUT_USEC", usec)) => said.extend_timeout_usec = usec.parse().ok(),
            _ => {}
        }
    }
    said
}

/// The run a sender belongs to; `run_of` knows the main processes.
pub(crate) fn run_of_sender(pid: i32, run_of: impl Fn(i32) -> Option<RunId>) -> Option<RunId> {
    let mut ancestor = pid;
    for _ in 0..ANCESTORS {
        if let Some(run) = run_of(ancestor) {
            return Some(run);
        }
        match parent_of(ancestor) {
            Some(parent) if parent > 1 => ancestor = parent,
            _ => break,
        }
    }
    let environ = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let named = environ
        .split(|b| *b == 0)
        .find_map(|entry| entry.strip_prefix(b"RUNWISP_RUN_ID="))?;
    std::str::from_utf8(named).ok()?.parse().ok()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; what follows the last bracket is: state, parent.
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_and_unknown_ones_passed_over() {
        let said = parse("READY=1\nSTATUS=serving\nMAINPID=77\nEXTEND_TIMEOUT_USEC=5000000\n");
        let want = Notified {
            ready: true,
            status: Some("serving".to_owned()),
            extend_timeout_usec: Some(5_000_000),
            ..Notified::default()
        };
        assert_eq!(said, want);
        assert!(parse("WATCHDOG=trigger").trigger);
        assert_eq!(
            parse(&format!("STATUS={}", "é".repeat(600)))
                .status
                .map(|s| s.chars().count()),
            Some(512)
        );
        assert_eq!(parse("\0\u{fffd}==="), Notified::default());
    }

    #[test]
    fn a_grandchild_speaks_for_the_run_of_its_ancestor() {
        let me = i32::try_from(std::process::id()).unwrap();
        let parent = parent_of(me).unwrap();
        let run = RunId::from_parts(1, 1);
        assert_eq!(
            run_of_sender(me, |pid| (pid == parent).then_some(run)),
            Some(run)
        );
        assert_eq!(run_of_sender(me, |_| None), None);
    }
}
