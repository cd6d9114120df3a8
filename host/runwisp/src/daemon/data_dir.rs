//! The data directory as the daemon itself sees it: its random name, and the hand-over from a daemon that is leaving.
//!
//! One runwisp per directory is the keeper's lock (`store::lock`); the lock here only keeps two daemons of one
//! directory, an old one that is still cleaning up and a new one, from overlapping.
//!
//! Tests: below.

use std::fs::File;
use std::io;
use std::path::Path;

use nix::fcntl::{Flock, FlockArg};

/// Held while this daemon lives.
pub(crate) struct Turn(
    #[expect(dead_code, reason = "held for what dropping it does")] Option<Flock<File>>,
);

/// Waits until no earlier daemon of this directory is alive. One that lost its keeper ends by itself within seconds.
pub(crate) fn wait_for_turn(data: &Path) -> io::Result<Turn> {
    let file = match File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(data.join("daemon.lock"))
    {
        Ok(file) => file,
        // Nothing can be overwritten there either.
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => return Ok(Turn(None)),
        Err(error) => return Err(error),
    };
    match Flock::lock(file, FlockArg::LockExclusive) {
        Ok(lock) => Ok(Turn(Some(lock))),
        Err((_, errno)) => Err(errno.into()),
    }
}

/// The random name of the directory, made at its first use. It marks the processes that were started from here.
pub(crate) fn id(data: &Path, random: impl FnOnce() -> String) -> String {
    let path = data.join("id");
    if let Ok(id) = std::fs::read_to_string(&path)
        && !id.trim().is_empty()
    {
        return id.trim().to_owned();
    }
    let id = random();
    if let Err(error) = std::fs::write(&path, format!("{id}\n")) {
        tracing::warn!(%error, "could not keep the name of the data directory; leftovers of this daemon will not be known later");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_stays() {
        let dir = tempfile::tempdir().unwrap();
        let first = id(dir.path(), || "one".to_owned());
        assert_eq!(
            (first.as_str(), id(dir.path(), || "two".to_owned()).as_str()),
            ("one", "one")
        );
    }

    #[test]
    fn a_directory_that_cannot_be_written_has_a_name_all_the_same() {
        assert_eq!(id(Path::new("/proc/nowhere"), || "x".to_owned()), "x");
    }

    #[test]
    fn the_turn_comes_when_the_predecessor_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let turn = wait_for_turn(dir.path()).unwrap();
        let path = dir.path().to_owned();
        let waiter = std::thread::spawn(move || wait_for_turn(&path).map(drop));
        drop(turn);
        waiter.join().unwrap().unwrap();
    }
}
