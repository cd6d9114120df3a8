//! Framing: one message, with its descriptors, per packet of a `SOCK_SEQPACKET` socket. Used by both ends.
//!
//! A packet is a length (4 bytes, little endian) and JSON. A message above [`INLINE_MAX`] travels in a sealed memory
//! file, the first descriptor of a packet of length 0; the message's own descriptors follow it.
//!
//! Invariant: a send is all or nothing, so a full socket (`EAGAIN`) leaves nothing half said. What comes in is
//! bounded: [`MESSAGE_MAX`] bytes, [`FDS_MAX`] descriptors.
//!
//! Tests are below.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use runwisp_core::words::keeper::{INLINE_MAX, encode};
use serde::Serialize;

/// The largest message that is accepted, bytes.
pub const MESSAGE_MAX: usize = 64 * 1024 * 1024;

/// The most descriptors one packet carries.
pub const FDS_MAX: usize = 8;

/// What came in one packet: the JSON, and descriptors (closed on exec).
pub type Received = (Vec<u8>, Vec<OwnedFd>);

/// Sends one message. `EAGAIN` from a socket that is full and does not block: nothing was sent.
pub fn send<T: Serialize>(
    socket: BorrowedFd<'_>,
    message: &T,
    fds: &[BorrowedFd<'_>],
) -> nix::Result<()> {
    let json = encode(message);
    if json.len() <= INLINE_MAX {
        let length = u32::try_from(json.len()).unwrap_or(0);
        return send_packet(socket, &length.to_le_bytes(), &json, fds);
    }
    let memory = sealed_memory(&json)?;
    let mut all = vec![memory.as_fd()];
    all.extend_from_slice(fds);
    send_packet(socket, &0u32.to_le_bytes(), &[], &all)
}

fn send_packet(
    socket: BorrowedFd<'_>,
    length: &[u8],
    json: &[u8],
    fds: &[BorrowedFd<'_>],
) -> nix::Result<()> {
    let raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let control = if raw.is_empty() { &[][..] } else { &rights };
    let parts = [IoSlice::new(length), IoSlice::new(json)];
    loop {
        match sendmsg::<()>(
            socket.as_raw_fd(),
            &parts,
            control,
            MsgFlags::MSG_NOSIGNAL,
            None,
        ) {
            Err(Errno::EINTR) => {}
            other => return other.map(drop),
        }
    }
}

/// Where packets arrive. Kept by the receiver: to clear so many pages for every packet costs more than the packet.
#[derive(Debug)]
pub struct Inbox(Box<[u8]>);

impl Default for Inbox {
    fn default() -> Self {
        Inbox(vec![0; INLINE_MAX + 4].into())
    }
}

/// Receives one message; none at the end of the stream. `EAGAIN` from an empty socket that does not block, `EBADMSG`
/// for a packet that is not a message: the other end can't be trusted to speak this protocol, hang up.
pub fn recv(socket: BorrowedFd<'_>, inbox: &mut Inbox) -> nix::Result<Option<Received>> {
    let mut control = nix::cmsg_space!([RawFd; FDS_MAX]);
    let mut parts = [IoSliceMut::new(&mut inbox.0)];
    let received = loop {
        match recvmsg::<()>(
            socket.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::MSG_CMSG_CLOEXEC,
        ) {
            Err(Errno::EINTR) => {}
            other => break other?,
        }
    };
    let mut fds = Vec::new();
    if let Ok(messages) = received.cmsgs() {
        for message in messages {
            if let ControlMessageOwned::ScmRights(raw) = message {
                // SAFETY: the kernel has just made these descriptors for us, and nobody else knows of them.
                fds.extend(
                    raw.into_iter()
                        .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }),
                );
            }
        }
    }
    let size = received.bytes;
    let cut = received.flags.contains(MsgFlags::MSG_TRUNC);
    if received.flags.contains(MsgFlags::MSG_CTRUNC) {
        // Too many, or no room for them in this process. A message without its descriptors can be answered.
        fds.clear();
    }
    if size == 0 {
        return Ok(None);
    }
    let Some((length, json)) = inbox.0[..size].split_first_chunk::<4>().filter(|_| !cut) else {
        return Err(Errno::EBADMSG);
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > 0 {
        return if length == json.len() {
            Ok(Some((json.to_vec(), fds)))
        } else {
            Err(Errno::EBADMSG)
        };
    }
    if fds.is_empty() {
        // Or there was no room for its descriptor, which leaves nothing to answer to either.
        return Err(Errno::EBADMSG);
    }
    let json = read_sealed(fds.remove(0))?;
    Ok(Some((json, fds)))
}

/// A memory file with this content that nobody can change any more, read from its start.
pub(crate) fn sealed_memory(content: &[u8]) -> nix::Result<OwnedFd> {
    let fd = memfd_create(
        c"runwisp",
        MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING,
    )?;
    let mut file = File::from(fd);
    let written = file.write_all(content).and_then(|()| {
        use std::io::Seek;
        file.rewind()
    });
    written.map_err(|e| Errno::from_raw(e.raw_os_error().unwrap_or(libc::EIO)))?;
    fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::all()))?;
    Ok(file.into())
}

/// Reads a sealed memory file. Anything else is refused: reading a pipe, say, could block for ever.
fn read_sealed(fd: OwnedFd) -> nix::Result<Vec<u8>> {
    let seals = fcntl(&fd, FcntlArg::F_GET_SEALS).map_err(|_| Errno::EBADMSG)?;
    if !SealFlag::from_bits_truncate(seals).contains(SealFlag::F_SEAL_WRITE) {
        return Err(Errno::EBADMSG);
    }
    let mut json = Vec::new();
    let limit = u64::try_from(MESSAGE_MAX).unwrap_or(u64::MAX);
    let read = File::from(fd).take(limit + 1).read_to_end(&mut json);
    match read {
        Ok(n) if n <= MESSAGE_MAX => Ok(json),
        _ => Err(Errno::EBADMSG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

    fn pair() -> (OwnedFd, OwnedFd) {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap()
    }

    fn check(text: &str) {
        let (a, b) = pair();
        let (read, _write) = nix::unistd::pipe().unwrap();
        send(a.as_fd(), &text, &[read.as_fd()]).unwrap();
        let (json, fds) = recv(b.as_fd(), &mut Inbox::default()).unwrap().unwrap();
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
        assert_eq!(fds.len(), 1);
        drop(a);
        assert!(recv(b.as_fd(), &mut Inbox::default()).unwrap().is_none());
    }

    #[test]
    fn messages_of_any_size_arrive_with_their_descriptors() {
        check("");
        check(&"x".repeat(INLINE_MAX - 2));
        check(&"x".repeat(INLINE_MAX));
        check(&"x".repeat(10 * INLINE_MAX));
    }

    #[test]
    fn a_full_socket_takes_nothing_rather_than_half() {
        let (a, b) = pair();
        let mut sent = 0;
        while send(a.as_fd(), &sent, &[]).is_ok() {
            sent += 1;
        }
        for expected in 0..sent {
            let (json, _) = recv(b.as_fd(), &mut Inbox::default()).unwrap().unwrap();
            assert_eq!(json, expected.to_string().as_bytes());
        }
        assert_eq!(
            recv(b.as_fd(), &mut Inbox::default()).err(),
            Some(Errno::EAGAIN)
        );
    }

    #[test]
    fn what_is_not_a_message_is_refused() {
        let (a, b) = pair();
        let (read, _write) = nix::unistd::pipe().unwrap();
        send_packet(a.as_fd(), &9u32.to_le_bytes(), b"{}", &[]).unwrap();
        send_packet(a.as_fd(), &0u32.to_le_bytes(), b"", &[]).unwrap();
        send_packet(a.as_fd(), &0u32.to_le_bytes(), b"", &[read.as_fd()]).unwrap();
        send_packet(a.as_fd(), b"ab", b"", &[]).unwrap();
        for _ in 0..4 {
            assert_eq!(
                recv(b.as_fd(), &mut Inbox::default()).err(),
                Some(Errno::EBADMSG)
            );
        }
    }
}
