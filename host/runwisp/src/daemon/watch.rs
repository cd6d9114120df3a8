//! Paths whose change restarts a service (`watch`), or puts a certificate in force, by inotify(7).
//!
//! A directory is watched itself, not what is below its own directories; a file by way of its directory, so that being
//! replaced by a rename is a change too. Changes are gathered until a moment of quiet, because one save is many events.
//!
//! Limits: the kernel's number of watches; what can't be watched is said once and left out.
//! Tests: below.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::fmt::Display;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use runwisp_core::words::ids::UnitName;
use tokio::io::unix::AsyncFd;

use super::readiness;

/// How long it has to be quiet before a change is told.
const QUIET: Duration = Duration::from_millis(250);

/// Services, or whoever else watches, with what changed for each, one path.
pub(crate) type Changes<K = UnitName> = BTreeMap<K, String>;

/// Everything watched, for all services.
pub(crate) struct Watches<K = UnitName> {
    inotify: Inotify,
    ready: AsyncFd<OwnedFd>,
    watched: HashMap<WatchDescriptor, Vec<Interest<K>>>,
    changed: Changes<K>,
}

struct Interest<K> {
    unit: K,
    /// The one file of the directory that matters; all of them when none.
    file: Option<OsString>,
    path: PathBuf,
}

impl<K: Ord + Clone + Display> Watches<K> {
    /// Watches nothing yet.
    pub(crate) fn new() -> std::io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        let ready = readiness::of(&inotify)?;
        Ok(Watches {
            inotify,
            ready,
            watched: HashMap::new(),
            changed: BTreeMap::new(),
        })
    }

    /// Watches exactly these paths from now on. Answers with what can't be watched, and why.
    pub(crate) fn set(&mut self, paths: &[(K, PathBuf)]) -> Vec<String> {
        for (descriptor, _) in self.watched.drain() {
            let _ = self.inotify.rm_watch(descriptor);
        }
        self.changed.clear();
        let mut troubles = Vec::new();
        for (unit, path) in paths {
            let (directory, file) = if path.is_dir() {
                (path.as_path(), None)
            } else {
                (
                    path.parent().unwrap_or(Path::new("/")),
                    path.file_name().map(OsString::from),
                )
            };
            let events = AddWatchFlags::IN_CLOSE_WRITE
                | AddWatchFlags::IN_CREATE
                | AddWatchFlags::IN_DELETE
                | AddWatchFlags::IN_MOVED_FROM
                | AddWatchFlags::IN_MOVED_TO
                | AddWatchFlags::IN_ATTRIB;
            match self.inotify.add_watch(directory, events) {
                Ok(descriptor) => {
                    let interest = Interest {
                        unit: unit.clone(),
                        file,
                        path: path.clone(),
                    };
                    self.watched.entry(descriptor).or_default().push(interest);
                }
                Err(error) => troubles.push(format!(
                    "could not watch {} for {unit}: {error}",
                    path.display()
                )),
            }
        }
        troubles
    }

    /// Waits for changes and then for quiet; tells each service once, with one changed path. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Changes<K> {
        loop {
            if self.changed.is_empty() {
                if !woken(&self.ready).await {
                    return std::future::pending().await;
                }
            } else if tokio::time::timeout(QUIET, woken(&self.ready))
                .await
                .is_err()
            {
                return std::mem::take(&mut self.changed);
            }
            self.gather();
        }
    }

    fn gather(&mut self) {
        while let Ok(events) = self.inotify.read_events() {
            for event in events {
                let overflown = event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW);
                let interests: Vec<&Interest<K>> = if overflown {
                    self.watched.values().flatten().collect()
                } else {
                    self.watched.get(&event.wd).into_iter().flatten().collect()
                };
                let hit = |interest: &&Interest<K>| {
                    overflown || interest.file.is_none() || interest.file == event.name
                };
                let names: BTreeSet<_> = interests
                    .into_iter()
                    .filter(hit)
                    .map(|interest| (interest.unit.clone(), interest.path.display().to_string()))
                    .collect();
                self.changed.extend(names);
            }
        }
    }
}

/// Waits until there is something to read; false when there never will be.
async fn woken(ready: &AsyncFd<OwnedFd>) -> bool {
    match ready.readable().await {
        Ok(mut ready) => {
            ready.clear_ready();
            true
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(name: &str) -> UnitName {
        UnitName::new(name).unwrap()
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_replaced_file_and_a_new_one_in_a_directory_are_told_once_each() {
        let dir = tempfile::tempdir().unwrap();
        let conf = dir.path().join("app.conf");
        let templates = dir.path().join("templates");
        std::fs::write(&conf, "1").unwrap();
        std::fs::create_dir(&templates).unwrap();
        let mut watches: Watches = Watches::new().unwrap();
        let paths = [
            (unit("app"), conf.clone()),
            (unit("site"), templates.clone()),
        ];
        assert_eq!(watches.set(&paths), Vec::<String>::new());

        std::fs::write(dir.path().join("unrelated"), "x").unwrap();
        std::fs::write(dir.path().join("app.conf.new"), "2").unwrap();
        std::fs::rename(dir.path().join("app.conf.new"), &conf).unwrap();
        std::fs::write(templates.join("a.html"), "x").unwrap();
        std::fs::write(templates.join("b.html"), "x").unwrap();
        let changed = watches.next().await;
        assert_eq!(
            changed.keys().map(UnitName::as_str).collect::<Vec<_>>(),
            ["app", "site"]
        );
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_not_there_is_said() {
        let mut watches: Watches = Watches::new().unwrap();
        let troubles = watches.set(&[(unit("app"), PathBuf::from("/nowhere/at/all/x"))]);
        assert_eq!(troubles.len(), 1);
    }
}
