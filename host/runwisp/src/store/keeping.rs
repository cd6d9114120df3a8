//! The writer's connection and what keeps it usable: deleted, damaged and unreachable files.
//!
//! Tests are in `tests/damage.rs`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use runwisp_core::words::ids::RunId;
use rusqlite::Connection;

use super::commit::{UnitNumbers, commit};
use super::error::StoreError;
use super::held::Held;
use super::pending::Pending;
use super::repair::{beside, carry_over, replace_damaged};
use super::schema::{self, Identity, Place};

/// Where the history is now, for those who query it.
#[derive(Clone, Debug)]
pub(super) struct Whereabouts {
    pub(super) place: Place,
    /// What overrules it while it can't be written.
    pub(super) held: Option<Place>,
    /// Changes whenever connections have to be made anew.
    pub(super) generation: u64,
}

/// The same, as it changes.
#[derive(Debug)]
pub(super) struct Located {
    inner: Mutex<Whereabouts>,
}

impl Located {
    pub(super) fn new(place: Place) -> Arc<Located> {
        Arc::new(Located {
            inner: Mutex::new(Whereabouts {
                place,
                held: None,
                generation: 0,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Whereabouts> {
        self.inner
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn get(&self) -> Whereabouts {
        self.lock().clone()
    }

    fn moved(&self, place: Place) {
        let mut inner = self.lock();
        inner.place = place;
        inner.generation += 1;
    }

    fn overruled(&self, held: Option<Place>) {
        let mut inner = self.lock();
        inner.held = held;
        inner.generation += 1;
    }
}

/// The connection.
#[derive(Debug)]
pub(super) struct Keeping {
    /// The file that holds the history, or would if it could.
    path: PathBuf,
    place: Place,
    located: Arc<Located>,
    db: Option<Connection>,
    identity: Option<Identity>,
    numbers: UnitNumbers,
    notices: Vec<String>,
    held: Option<Held>,
}

impl Keeping {
    pub(super) fn new(
        path: PathBuf,
        place: Place,
        db: Connection,
        located: Arc<Located>,
    ) -> Keeping {
        let identity = Identity::of(&path);
        Keeping {
            path,
            place,
            located,
            db: Some(db),
            identity,
            numbers: UnitNumbers::new(),
            notices: Vec::new(),
            held: None,
        }
    }

    /// Makes rows that can't be written now visible to questions. Where even that fails, they are seen once written.
    pub(super) fn hold(&mut self, batch: &Pending) {
        if self.in_memory() {
            return;
        }
        let messages = &batch.messages;
        let changes =
            !batch.hidden.is_empty() || !messages.bell.is_empty() || !messages.read.is_empty();
        let file = changes.then(|| schema::open_reader(&self.place).ok());
        let file = file.flatten();
        if let Err(error) = self.try_hold(batch, file.as_ref()) {
            tracing::debug!(%error, "rows held in memory are not visible");
        }
    }

    fn try_hold(&mut self, batch: &Pending, file: Option<&Connection>) -> Result<(), StoreError> {
        if let Some(held) = &mut self.held {
            return held.write(batch, file);
        }
        let mut held = Held::new()?;
        held.write(batch, file)?;
        self.located.overruled(Some(held.place()));
        self.held = Some(held);
        Ok(())
    }

    /// The file has all rows.
    fn let_go(&mut self) {
        if self.held.take().is_some() {
            self.located.overruled(None);
        }
    }

    /// Whether the history is in memory alone.
    pub(super) fn in_memory(&self) -> bool {
        matches!(self.place, Place::Memory(_))
    }

    /// What has happened that people have to know.
    pub(super) fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// After a failure, a new connection is made: what an old one believes to be on disk may not be.
    pub(super) fn reopen_next_time(&mut self) {
        if !self.in_memory() {
            self.db = None;
        }
    }

    /// Commits, on a sound database if there is a way to get one.
    pub(super) fn commit(&mut self, batch: &Pending) -> Result<Vec<RunId>, StoreError> {
        self.notice_other_file()?;
        if self.db.is_none() {
            match schema::open_writer(&self.place) {
                Ok(db) => self.adopt(db),
                Err(error) if error.is_corruption() => self.replace(&error)?,
                Err(error) => return Err(error),
            }
        }
        let done = match self.try_commit(batch) {
            Err(error) if error.is_corruption() && !self.in_memory() => {
                self.replace(&error)?;
                self.try_commit(batch)
            }
            other => other,
        }?;
        self.let_go();
        Ok(done)
    }

    /// Leaves everything in the one file, so that it alone can be copied, looked at and judged. The last connection to
    /// close would do that too, but queries may still have theirs. Where it fails, the next start finds the same rows in
    /// the write-ahead log.
    pub(super) fn close(self) {
        if let (Some(db), false) = (&self.db, self.in_memory()) {
            let emptied: Result<i64, _> =
                db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
            if let Err(error) = emptied {
                tracing::debug!(%error, "the write-ahead log stays");
            }
        }
    }

    fn try_commit(&mut self, batch: &Pending) -> Result<Vec<RunId>, StoreError> {
        let Some(db) = self.db.as_mut() else {
            return Err(StoreError::Absent(self.path.clone()));
        };
        Ok(commit(db, &mut self.numbers, batch)?)
    }

    /// A query reported damage: is it there?
    pub(super) fn look_for_damage(&mut self) -> Option<String> {
        if self.in_memory() {
            return None;
        }
        let found: String = match &self.db {
            Some(db) => match db.pragma_query_value(None, "quick_check(1)", |row| row.get(0)) {
                Ok(text) => text,
                Err(error) => error.to_string(),
            },
            None => return None,
        };
        if found == "ok" {
            return None;
        }
        self.replace_for(&found).err().map(|error| {
            format!("the history database is damaged ({found}) and could not be replaced: {error}")
        })
    }

    /// Gets a history that was in memory only to disk, if the disk now allows it.
    pub(super) fn come_back(&mut self) -> Option<String> {
        let place = Place::File(self.path.clone());
        let mut file = schema::open_writer(&place).ok()?;
        let memory = self.db.as_ref()?;
        let carried = carry_over(memory, &mut file, u64::MAX).ok()?;
        self.place = place;
        self.adopt(file);
        Some(format!(
            "the history is on disk again; {} runs from memory were added",
            carried.runs
        ))
    }

    /// The file was deleted, or another one was put in its place, while it was open.
    fn notice_other_file(&mut self) -> Result<(), StoreError> {
        if self.in_memory() || self.identity.is_none() {
            return Ok(());
        }
        let found = Identity::of(&self.path);
        if found == self.identity {
            return Ok(());
        }
        let path = self.path.display().to_string();
        let old = self.db.take();
        if found.is_some() {
            drop(old);
            self.identity = None;
            self.notices.push(format!(
                "another file was put in the place of {path}; it is used from now on"
            ));
            return Ok(());
        }
        // The deleted file lives on as long as it is open: its content can be had once more.
        let saved = old.is_some_and(|old| rescue(old, &self.path));
        self.identity = None;
        self.notices.push(if saved {
            format!("{path} was deleted while in use; it was written anew, with all its content")
        } else {
            format!("{path} was deleted while in use; a new, empty history was begun")
        });
        Ok(())
    }

    fn replace(&mut self, error: &StoreError) -> Result<(), StoreError> {
        self.replace_for(&error.to_string())
    }

    fn replace_for(&mut self, reason: &str) -> Result<(), StoreError> {
        self.db = None;
        let (db, notice) = replace_damaged(&self.path, reason, Timestamp::now())?;
        self.notices.push(notice);
        self.adopt(db);
        Ok(())
    }

    fn adopt(&mut self, db: Connection) {
        self.db = Some(db);
        self.numbers.clear();
        self.identity = Identity::of(&self.path);
        self.located.moved(self.place.clone());
    }
}

/// Writes the content of a database whose file is gone to that file's path.
fn rescue(old: Connection, path: &Path) -> bool {
    let fresh = beside(path, ".new");
    let _ = std::fs::remove_file(&fresh);
    let Some(name) = fresh.to_str() else {
        return false;
    };
    let written = old.execute("VACUUM INTO ?1", [name]).is_ok();
    drop(old);
    // A write-ahead log of the deleted file must not be taken for the new one's.
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(path, suffix));
    }
    let placed = written
        && std::fs::File::open(&fresh).is_ok_and(|file| file.sync_all().is_ok())
        && std::fs::rename(&fresh, path).is_ok();
    if !placed {
        let _ = std::fs::remove_file(&fresh);
    }
    placed
}
