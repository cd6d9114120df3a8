//! One daemon per data directory.
//!
//! The lock is the kernel's (`flock(2)` on the directory itself), so nothing stale ever blocks a start, and deleting
//! the `lock` file does not open the door: that file only tells the pid. It also works on a read-only file system.
//!
//! Tests are below.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// Why the directory could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody holds it.
    #[error("{dir} is in use by another runwisp{}", .pid.map(|pid| format!(", pid {pid}")).unwrap_or_default())]
    Held {
        /// The directory.
        dir: PathBuf,
        /// Who, where that is known.
        pid: Option<i32>,
    },
    /// The system said no.
    #[error("{dir} could not be locked: {source}")]
    Io {
        /// The directory.
        dir: PathBuf,
        /// Its reason.
        source: io::Error,
    },
}

/// Held as long as the daemon lives; released by the kernel when the last process that has the descriptor is gone.
#[derive(Debug)]
pub struct InstanceLock {
    held: Held,
}

#[derive(Debug)]
enum Held {
    Taken(Flock<File>),
    Inherited(OwnedFd),
}

impl InstanceLock {
    /// Locks `dir` for this process and writes its pid to `dir/lock`. Never waits.
    pub fn take(dir: &Path) -> Result<InstanceLock, LockError> {
        let failed = |source| LockError::Io {
            dir: dir.to_owned(),
            source,
        };
        let directory = File::open(dir).map_err(failed)?;
        match Flock::lock(directory, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => {
                // Only information: a full or read-only disk must not keep the daemon from starting.
                let _ = write_pid(&dir.join("lock"));
                Ok(InstanceLock {
                    held: Held::Taken(lock),
                })
            }
            Err((_, Errno::EWOULDBLOCK)) => Err(LockError::Held {
                dir: dir.to_owned(),
                pid: holder(dir),
            }),
            Err((_, errno)) => Err(failed(errno.into())),
        }
    }

    /// A lock taken by an earlier image of this process, or by the parent, whose descriptor was handed on.
    pub fn inherited(descriptor: OwnedFd) -> InstanceLock {
        InstanceLock {
            held: Held::Inherited(descriptor),
        }
    }
}

impl AsFd for InstanceLock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.held {
            Held::Taken(lock) => lock.as_fd(),
            Held::Inherited(descriptor) => descriptor.as_fd(),
        }
    }
}

/// A new file each time: whoever takes the lock may be root, and the directory another user's, who could have put a
/// link to something precious there.
fn write_pid(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).open(path)?;
    writeln!(file, "{}", std::process::id())
}

/// The pid that `dir/lock` tells of.
pub fn holder(dir: &Path) -> Option<i32> {
    let mut text = String::new();
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(dir.join("lock"))
        .ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_daemon_is_refused_with_the_pid_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = InstanceLock::take(dir.path()).unwrap();
        let me = i32::try_from(std::process::id()).unwrap();
        let refused = InstanceLock::take(dir.path()).unwrap_err();
        assert!(matches!(refused, LockError::Held { pid: Some(pid), .. } if pid == me));
        drop(first);
        InstanceLock::take(dir.path()).unwrap();
    }

    #[test]
    fn a_stale_or_deleted_lock_file_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("lock"), "1\n").unwrap();
        let _held = InstanceLock::take(dir.path()).unwrap();
        std::fs::remove_file(dir.path().join("lock")).unwrap();
        assert!(matches!(
            InstanceLock::take(dir.path()),
            Err(LockError::Held { pid: None, .. })
        ));
    }
}
