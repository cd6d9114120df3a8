//! What can't be written to the file, as questions see it: a second database, in memory, that overrules the first.
//!
//! It has the format of the file and is written by the same code, so a question is put to both and the answers are
//! joined; of the file, rows that this one overrules are left out. It holds the newest state of each row and goes as
//! soon as the file has all of them.
//!
//! Invariant: nothing is kept here that does not wait to be written as well; losing it costs nothing but sight.
//!
//! Tests are in `tests/held.rs`.

use runwisp_core::words::ids::RunId;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::commit::{UnitNumbers, commit};
use super::error::StoreError;
use super::pending::Pending;
use super::rows::{COLUMNS, key, read_run};
use super::schema::{self, Place};

/// Beside the format of the file: whose rows in the file do not count.
const BESIDE: &str = "
    CREATE TABLE overruled (id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TRIGGER runs_overrule AFTER INSERT ON runs
        BEGIN INSERT OR IGNORE INTO overruled (id) VALUES (new.id); END;";

/// What is held, for its writer.
#[derive(Debug)]
pub(super) struct Held {
    db: Connection,
    place: Place,
    numbers: UnitNumbers,
    has_bell: bool,
}

impl Held {
    pub(super) fn new() -> Result<Held, StoreError> {
        let place = Place::memory();
        let db = schema::open_writer(&place)?;
        db.execute_batch(BESIDE)?;
        Ok(Held {
            db,
            place,
            numbers: UnitNumbers::new(),
            has_bell: false,
        })
    }

    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// Takes one more batch in. `file` has what a change is a change of, if it can be read.
    pub(super) fn write(
        &mut self,
        batch: &Pending,
        file: Option<&Connection>,
    ) -> Result<(), StoreError> {
        if let Some(file) = file {
            self.fetch_runs(batch, file)?;
            self.fetch_bell(batch, file)?;
        }
        for id in &batch.deleted {
            self.db
                .prepare_cached("INSERT OR IGNORE INTO overruled (id) VALUES (?1)")?
                .execute([key(*id)])?;
        }
        commit(&mut self.db, &mut self.numbers, batch)?;
        Ok(())
    }

    /// Runs that are taken out of sight have to be here for that.
    fn fetch_runs(&mut self, batch: &Pending, file: &Connection) -> Result<(), StoreError> {
        let mut fetched = Pending::default();
        for id in batch.hidden.keys() {
            if batch.runs.contains_key(id) || self.overrules(*id)? {
                continue;
            }
            let found = file
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM runs r CROSS JOIN units u ON u.id = r.unit WHERE r.id = ?1"
                ))?
                .query_row([key(*id)], read_run)
                .optional()?;
            if let Some(run) = found {
                fetched.runs.insert(*id, Box::new(run));
            }
        }
        if !fetched.is_empty() {
            commit(&mut self.db, &mut self.numbers, &fetched)?;
        }
        Ok(())
    }

    fn overrules(&self, run: RunId) -> rusqlite::Result<bool> {
        self.db
            .prepare_cached("SELECT 1 FROM overruled WHERE id = ?1")?
            .exists([key(run)])
    }

    /// The bell is small, and what was read of it changes all over: the first change brings all of it here.
    fn fetch_bell(&mut self, batch: &Pending, file: &Connection) -> Result<(), StoreError> {
        let messages = &batch.messages;
        if self.has_bell || messages.bell.is_empty() && messages.read.is_empty() {
            return Ok(());
        }
        let mut from = file.prepare("SELECT id, last_at, read_at, body FROM notifications")?;
        let mut rows = from.query([])?;
        let transaction = self.db.transaction()?;
        while let Some(row) = rows.next()? {
            transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO notifications (id, last_at, read_at, body) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![
                    row.get::<_, Value>(0)?,
                    row.get::<_, Value>(1)?,
                    row.get::<_, Value>(2)?,
                    row.get::<_, Value>(3)?
                ])?;
        }
        transaction.commit()?;
        self.has_bell = true;
        Ok(())
    }
}

/// Connections of one reader: to the file, and to what overrules it while it can't be written.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) file: Connection,
    held: Option<Connection>,
}

/// One of the two, for a question that is put to both.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) db: &'a Connection,
    overruled: bool,
}

impl Side<'_> {
    /// What a condition on runs (`r`) has to be joined with.
    pub(super) fn except_runs(&self) -> &'static str {
        self.only(" AND r.id NOT IN (SELECT id FROM held.overruled)")
    }

    /// What a condition on deliveries has to be joined with.
    pub(super) fn except_deliveries(&self) -> &'static str {
        self.only(" AND id NOT IN (SELECT id FROM held.deliveries)")
    }

    /// What a condition on rows of the bell has to be joined with.
    pub(super) fn except_bell(&self) -> &'static str {
        self.only(" AND id NOT IN (SELECT id FROM held.notifications)")
    }

    /// Whether there is another side that overrules this one.
    pub(super) fn is_overruled(&self) -> bool {
        self.overruled
    }

    fn only(&self, text: &'static str) -> &'static str {
        if self.overruled { text } else { "" }
    }
}

#[cfg(test)]
impl<'a> Side<'a> {
    /// A database that nothing overrules.
    pub(super) fn alone(db: &'a Connection) -> Side<'a> {
        Side {
            db,
            overruled: false,
        }
    }
}

impl Sight {
    pub(super) fn open(place: &Place, held: Option<&Place>) -> Result<Sight, StoreError> {
        let file = schema::open_reader(place)?;
        let Some(Place::Memory(name)) = held else {
            return Ok(Sight { file, held: None });
        };
        let held = schema::open_reader(&Place::Memory(name.clone()))?;
        // It may be gone since: then the file has it all, and this one is empty.
        let held = held.table_exists(None, "overruled")?.then_some(held);
        if held.is_some() {
            file.execute("ATTACH ?1 AS held", [name])?;
        }
        Ok(Sight { file, held })
    }

    /// The file alone.
    pub(super) fn first(&self) -> Side<'_> {
        Side {
            db: &self.file,
            overruled: self.held.is_some(),
        }
    }

    /// What overrules it. To be asked after the file, so that a row on its way is seen twice rather than never.
    pub(super) fn second(&self) -> Option<Side<'_>> {
        self.held.as_ref().map(|db| Side {
            db,
            overruled: false,
        })
    }

    /// Both.
    pub(super) fn sides(&self) -> impl Iterator<Item = Side<'_>> {
        std::iter::once(self.first()).chain(self.second())
    }
}
