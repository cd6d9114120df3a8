//! A database that is not sound any more: put aside, not thrown away, and what can be read is carried over.
//!
//! Invariant: nothing here deletes a damaged file.
//!
//! Tests are in `tests/damage.rs`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::RunState;
use rusqlite::Connection;

use super::commit::{UnitNumbers, commit};
use super::error::StoreError;
use super::pending::{Pending, Write};
use super::rows::{columns_of, key, read_run};
use super::schema::{self, Place};

/// Rows carried over in one transaction.
const CHUNK: usize = 10_000;

/// What was carried over from one database to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    /// Rows of runs.
    pub(super) runs: u64,
    /// Whether everything could be read.
    pub(super) whole: bool,
}

/// `path` with something added to its name, such as `-wal`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Renames the database and what belongs to it; returns the new name of the database.
pub(super) fn move_aside(path: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    let stamp = now.strftime("%Y%m%dT%H%M%S%3fZ").to_string();
    let aside = beside(path, &format!(".corrupt-{stamp}"));
    for suffix in ["-wal", "-shm", ""] {
        let from = beside(path, suffix);
        match fs::rename(&from, beside(&aside, suffix)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            other => other.map_err(|source| StoreError::Io {
                about: format!("{} could not be moved aside", from.display()),
                source,
            })?,
        }
    }
    Ok(aside)
}

/// Moves the damaged database aside, opens a fresh one, and carries over what can be read. The text tells people.
pub(super) fn replace_damaged(
    path: &Path,
    reason: &str,
    now: Timestamp,
) -> Result<(Connection, String), StoreError> {
    let aside = move_aside(path, now)?;
    let mut db = schema::open_writer(&Place::File(path.to_owned()))?;
    raise_seq_floor(&db, now)?;
    let carried = match schema::open_damaged(&aside) {
        Ok(damaged) => carry_over(&damaged, &mut db, u64::MAX)?,
        Err(_) => Carried::default(),
    };
    let saved = match (carried.runs, carried.whole) {
        (0, false) => "nothing in it could be read".to_owned(),
        (runs, true) => format!("all {runs} runs that it held were carried over"),
        (runs, false) => format!("{runs} runs could still be read and were carried over"),
    };
    let text = format!(
        "the history database was damaged ({reason}); it was moved to {} and a new one was begun; {saved}",
        aside.display()
    );
    Ok((db, text))
}

/// Sequence numbers of events never go back, also where the journal is lost: they go on from the milliseconds since
/// 1970, which is more than any journal can have counted to.
pub(super) fn raise_seq_floor(db: &Connection, now: Timestamp) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO meta (key, value) VALUES ('seq_floor', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1",
        [now.as_millisecond()],
    )?;
    Ok(())
}

/// Copies memories and runs, newest first, at most `most` runs. What cannot be read is passed over; an error means
/// that the target could not be written. Rows of the target that say a run has ended are left alone.
pub(super) fn carry_over(
    from: &Connection,
    into: &mut Connection,
    most: u64,
) -> Result<Carried, StoreError> {
    let mut numbers = UnitNumbers::new();
    let mut chunk = Pending::default();
    let memories = super::queries::read_memories(from);
    let mut carried = Carried {
        runs: 0,
        whole: memories.is_ok(),
    };
    for (unit, memory) in memories.unwrap_or_default() {
        chunk.add(Write::Remember(unit, memory));
    }
    // From both ends towards the damage: a broken page in the middle stops a walk in either direction.
    let mut oldest: Option<RunId> = None;
    for newest_first in [true, false] {
        if newest_first || !carried.whole {
            let mut keep = |run: Box<runwisp_core::words::run::RunRecord>| {
                if newest_first {
                    oldest = Some(run.id);
                } else if oldest.is_some_and(|oldest| run.id >= oldest) {
                    return Ok(false);
                }
                carried.runs += 1;
                chunk.add(Write::Run {
                    row: run,
                    confirm: false,
                });
                if chunk.rows() >= CHUNK {
                    write_unended(into, &mut numbers, std::mem::take(&mut chunk))?;
                }
                Ok(carried.runs < most)
            };
            let whole = walk(from, newest_first, &mut keep)?;
            carried.whole &= whole;
        }
    }
    write_unended(into, &mut numbers, chunk)?;
    let messages = super::messages::carry_over(from, into)?;
    carried.whole &= messages;
    carried.whole &= super::audit::carry_over(from, into)?;
    Ok(carried)
}

/// Feeds `keep` with runs until it has enough (`false`), the end, or damage. Returns whether there was no damage.
fn walk(
    from: &Connection,
    newest_first: bool,
    keep: &mut dyn FnMut(Box<runwisp_core::words::run::RunRecord>) -> Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    let order = if newest_first { "DESC" } else { "ASC" };
    let columns = columns_of(schema::format_of(from).unwrap_or_default());
    let Ok(mut statement) = from.prepare(&format!(
        "SELECT {columns} FROM runs r CROSS JOIN units u ON u.id = r.unit ORDER BY r.id {order}"
    )) else {
        return Ok(false);
    };
    let Ok(mut rows) = statement.query([]) else {
        return Ok(false);
    };
    let mut sound = true;
    loop {
        match rows.next() {
            Ok(None) => return Ok(sound),
            Err(_) => return Ok(false),
            Ok(Some(row)) => match read_run(row) {
                Ok(run) => {
                    if !keep(Box::new(run))? {
                        return Ok(sound);
                    }
                }
                Err(_) => sound = false,
            },
        }
    }
}

fn write_unended(
    into: &mut Connection,
    numbers: &mut UnitNumbers,
    mut chunk: Pending,
) -> Result<(), StoreError> {
    {
        let mut known = into.prepare_cached("SELECT 1 FROM runs WHERE id = ?1 AND state = ?2")?;
        let ended = super::codes::state_code(RunState::Ended);
        let mut failed = None;
        chunk.runs.retain(
            |id, _| match known.exists(rusqlite::params![key(*id), ended]) {
                Ok(exists) => !exists,
                Err(error) => {
                    failed = Some(error);
                    true
                }
            },
        );
        if let Some(error) = failed {
            return Err(error.into());
        }
    }
    commit(into, numbers, &chunk)?;
    Ok(())
}
