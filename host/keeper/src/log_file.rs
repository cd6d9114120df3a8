//! One run's log and its index on disk: appends, limits, rotation, and what happens when the disk will not take more.
//!
//! Invariant: nothing here blocks on anything but the page cache, and no failure reaches the run: what can't be
//! written is drained and counted, and a gap record says so once there is room again. The log directory belongs to
//! the daemon, so names in it are handled with the daemon's rights only.
//!
//! The format is `words::log_index`. Tests: `tests/keeper/capture.rs`.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{OFlag, SpliceFFlags, openat, renameat, splice};
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, UnlinkatFlags, ftruncate, setfsgid, setfsuid, unlinkat, write};
use runwisp_core::words::keeper::OutputTotals;
use runwisp_core::words::log_index::{INDEX_SUFFIX, Kind, PREVIOUS_SUFFIX, RECORD_SIZE, Record};
use runwisp_core::words::spawn::OnFull;
use serde::{Deserialize, Serialize};

use crate::{clock, fault};

/// The most index bytes kept back while the disk is full; records beyond that are lost, their bytes are not.
const BACKLOG_MAX: usize = 4096 * RECORD_SIZE;

/// Where a log stands; everything but its descriptors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LogState {
    /// The file's name in its directory.
    pub(crate) name: String,
    /// How much is kept, bytes.
    pub(crate) max_size: u64,
    /// What happens beyond that.
    pub(crate) on_full: OnFull,
    /// Who owns files in the directory, when that is not the keeper's own user.
    pub(crate) owner: Option<(u32, u32)>,
    /// Logical offset of the next byte.
    pub(crate) end: u64,
    /// Logical offset of the current file's first byte.
    pub(crate) base: u64,
    /// Size of the half before the current one.
    pub(crate) previous: u64,
    /// Printed and dropped so far.
    pub(crate) totals: OutputTotals,
    /// Bytes dropped that no record tells of yet.
    pub(crate) gap: u64,
    /// Size of the index.
    pub(crate) index_size: u64,
    /// Records that could not be written yet.
    pub(crate) backlog: Vec<u8>,
    /// Whether more has been printed than is to be kept.
    pub(crate) full: bool,
}

/// A run's log, being written.
#[derive(Debug)]
pub(crate) struct RunLog {
    pub(crate) dir: OwnedFd,
    pub(crate) file: OwnedFd,
    pub(crate) index: OwnedFd,
    pub(crate) state: LogState,
    /// The chunk being gathered; written as one record at the end of the turn.
    pub(crate) chunk: Option<(Kind, u64, u32)>,
}

/// What all logs share: whether anything may be written, and whether it could be.
#[derive(Debug)]
pub(crate) struct Disk {
    /// Whether output is kept at all. The daemon says no when too little room is left; then it is drained and counted.
    pub(crate) keep: bool,
    /// Why output could not be written since the daemon was last told.
    pub(crate) failed: Option<Errno>,
}

impl Disk {
    fn note(&mut self, errno: Errno) {
        // A run that was given a log without room, because none could be made, gets this; its daemon knows.
        if errno != Errno::EPERM {
            self.failed = Some(errno);
        }
    }
}

/// What a pipe gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// This many bytes, kept or dropped.
    Bytes(usize),
    /// Nothing for now.
    Empty,
    /// Nothing, for good.
    End,
    /// The log's file system does not know splice(2); copy instead.
    CannotSplice,
}

impl RunLog {
    /// Logical offset behind the last byte kept.
    pub(crate) fn end(&self) -> u64 {
        self.state.end
    }

    /// Moves at most `limit` bytes from `pipe` into the log, or into `null` where they can't be kept.
    pub(crate) fn take(
        &mut self,
        pipe: BorrowedFd<'_>,
        kind: Kind,
        limit: usize,
        null: BorrowedFd<'_>,
        disk: &mut Disk,
    ) -> Taken {
        let room = disk.keep.then(|| self.room());
        let room_here = usize::try_from(room.unwrap_or(0)).unwrap_or(usize::MAX);
        let limit_here = room_here.min(limit);
        let mut moved = Err(Errno::ENOSPC);
        if limit_here > 0 {
            moved = fault::check("write").and_then(|()| {
                let mut offset =
                    i64::try_from(self.state.end - self.state.base).unwrap_or(i64::MAX);
                splice_now(pipe, self.file.as_fd(), Some(&mut offset), limit_here)
            });
        }
        match moved {
            Ok(0) => Taken::End,
            Ok(n) => {
                self.count_printed(n);
                self.kept(kind, n);
                Taken::Bytes(n)
            }
            Err(Errno::EAGAIN) => Taken::Empty,
            Err(Errno::EINVAL) => Taken::CannotSplice,
            Err(errno) => match splice_now(pipe, null, None, limit) {
                Ok(0) => Taken::End,
                Ok(n) => {
                    self.count_printed(n);
                    self.dropped(n);
                    self.not_kept(room, errno, disk);
                    Taken::Bytes(n)
                }
                Err(Errno::EAGAIN) => Taken::Empty,
                Err(_) => Taken::End,
            },
        }
    }

    /// Appends bytes that had to be copied; what can't be kept is dropped and counted.
    pub(crate) fn append(&mut self, mut bytes: &[u8], kind: Kind, disk: &mut Disk) {
        while !bytes.is_empty() {
            let room = disk.keep.then(|| self.room());
            let room_here = usize::try_from(room.unwrap_or(0)).unwrap_or(usize::MAX);
            let piece = &bytes[..room_here.min(bytes.len())];
            let offset = i64::try_from(self.state.end - self.state.base).unwrap_or(i64::MAX);
            let written = match fault::check("write") {
                Ok(()) if !piece.is_empty() => nix::sys::uio::pwrite(&self.file, piece, offset),
                _ => Err(Errno::ENOSPC),
            };
            match written {
                Ok(n) if n > 0 => {
                    self.kept(kind, n);
                    bytes = &bytes[n..];
                }
                Err(Errno::EINTR) => {}
                other => {
                    self.dropped(bytes.len());
                    self.not_kept(room, other.err().unwrap_or(Errno::ENOSPC), disk);
                    return;
                }
            }
        }
    }

    /// Whose fault it was: the limit's, the disk's, or nobody's while nothing is to be kept.
    fn not_kept(&mut self, room: Option<u64>, errno: Errno, disk: &mut Disk) {
        match room {
            Some(0) => self.state.full = true,
            Some(_) => disk.note(errno),
            None => {}
        }
    }

    /// Counts bytes that came out of the process.
    pub(crate) fn count_printed(&mut self, n: usize) {
        self.state.totals.printed += n as u64;
    }

    /// How many bytes may be written now; makes room if the rules say so.
    fn room(&mut self) -> u64 {
        let max = self.state.max_size;
        let used = self.state.end - self.state.base;
        let halves = self.state.on_full == OnFull::DropOld && max >= 2;
        if halves && (used < max / 2 || self.rotate().is_ok()) {
            max / 2 - (self.state.end - self.state.base)
        } else {
            max.saturating_sub(used)
        }
    }

    fn kept(&mut self, kind: Kind, n: usize) {
        if self.state.gap > 0 {
            self.finish_chunk();
            self.write_gap();
        }
        let n32 = u32::try_from(n).unwrap_or(u32::MAX);
        match &mut self.chunk {
            Some((open, _, len)) if *open == kind => *len = len.saturating_add(n32),
            _ => {
                self.finish_chunk();
                self.chunk = Some((kind, self.state.end, n32));
            }
        }
        self.state.end += n as u64;
    }

    fn dropped(&mut self, n: usize) {
        self.state.totals.dropped += n as u64;
        self.state.gap += n as u64;
    }

    /// Writes the record of what has been gathered. To be called when a turn is over.
    pub(crate) fn finish_chunk(&mut self) {
        if let Some((kind, offset, len)) = self.chunk.take() {
            self.record(offset, len, kind);
        }
    }

    fn write_gap(&mut self) {
        while self.state.gap > 0 {
            let len = u32::try_from(self.state.gap).unwrap_or(u32::MAX);
            self.state.gap -= u64::from(len);
            self.record(self.state.end, len, Kind::Dropped);
        }
    }

    /// Nothing more will come: says so in the index.
    pub(crate) fn complete(&mut self) {
        self.finish_chunk();
        self.write_gap();
        self.record(self.state.end, 0, Kind::Complete);
    }

    fn record(&mut self, offset: u64, len: u32, kind: Kind) {
        let time = clock::unix_us();
        let record = Record {
            offset,
            time,
            len,
            kind,
        };
        if self.state.backlog.len() < BACKLOG_MAX {
            self.state.backlog.extend_from_slice(&record.encode());
        }
        self.write_backlog();
    }

    /// Writes what the index still lacks. A record is written whole or not at all.
    fn write_backlog(&mut self) {
        let written = write(&self.index, &self.state.backlog).unwrap_or(0);
        let whole = written - written % RECORD_SIZE;
        self.state.backlog.drain(..whole);
        self.state.index_size += whole as u64;
        if whole < written {
            let size = i64::try_from(self.state.index_size).unwrap_or(i64::MAX);
            // If even this fails the index has a torn record; it can be rebuilt from the log.
            let _ = ftruncate(&self.index, size);
        }
    }

    /// Makes the current file the previous one and begins a new one. On failure nothing has changed.
    fn rotate(&mut self) -> nix::Result<()> {
        self.finish_chunk();
        let _as_owner = FsUser::become_one(self.state.owner);
        let name = self.state.name.clone();
        let index_name = format!("{name}{INDEX_SUFFIX}");
        let file = self.create(&format!("{name}.new"), OFlag::empty())?;
        let index = self.create(&format!("{index_name}.new"), OFlag::O_APPEND)?;
        for (name, from) in [(&index_name, ".new"), (&name, ".new")] {
            renameat(&self.dir, name.as_str(), &self.dir, previous(name).as_str())?;
            let fresh = format!("{name}{from}");
            renameat(&self.dir, fresh.as_str(), &self.dir, name.as_str())?;
        }
        let size = self.state.end - self.state.base;
        self.state.totals.dropped += self.state.previous;
        self.state.previous = size;
        self.state.base = self.state.end;
        (self.file, self.index) = (file, index);
        self.state.index_size = 0;
        self.state.backlog.clear();
        self.record(self.state.end, 0, Kind::Rotation);
        Ok(())
    }

    fn create(&self, name: &str, extra: OFlag) -> nix::Result<OwnedFd> {
        fault::check("open")?;
        let _ = unlinkat(&self.dir, name, UnlinkatFlags::NoRemoveDir);
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        openat(&self.dir, name, flags | OFlag::O_CLOEXEC | extra, mode)
    }
}

fn previous(name: &str) -> String {
    format!("{name}{PREVIOUS_SUFFIX}")
}

/// splice(2) that waits for nothing, not even to be interrupted twice.
fn splice_now(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    mut offset: Option<&mut i64>,
    limit: usize,
) -> nix::Result<usize> {
    let flags = SpliceFFlags::SPLICE_F_NONBLOCK | SpliceFFlags::SPLICE_F_MOVE;
    loop {
        match splice(from, None, to, offset.as_deref_mut(), limit, flags) {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// File access with another user's rights, until dropped. Without it a daemon that lost its privileges could have a
/// keeper that still has them rename files anywhere.
struct FsUser {
    before: Option<(Uid, Gid)>,
}

impl FsUser {
    fn become_one(owner: Option<(u32, u32)>) -> FsUser {
        FsUser {
            before: owner.map(|(uid, gid)| {
                let group = setfsgid(Gid::from_raw(gid));
                (setfsuid(Uid::from_raw(uid)), group)
            }),
        }
    }
}

impl Drop for FsUser {
    fn drop(&mut self) {
        if let Some((uid, gid)) = self.before {
            setfsuid(uid);
            setfsgid(gid);
        }
    }
}
