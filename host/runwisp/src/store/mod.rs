//! The history: runs, what is remembered of units, the journal of events, and messages to people, in one SQLite file.
//!
//! [`open`] gives a [`Writer`] (one thread, group commit) and [`Queries`] (a few connections that only read).
//!
//! Invariants: knows the words and nothing of the daemon. Trouble with the disk is told, never a reason to stop:
//! the only databases that are refused are those of a later version. One daemon per directory ([`lock`]).
//!
//! Tests are in `tests/` beside this file.

mod audit;
mod boot;
mod codes;
mod commit;
mod error;
mod filter;
mod find;
mod held;
mod keeping;
pub mod lock;
mod messages;
mod pending;
mod pending_messages;
mod queries;
mod repair;
mod rows;
mod runs_kept;
mod samples;
mod schema;
#[cfg(test)]
mod tests;
mod timings;
mod writer;

use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;

pub use boot::boot_id;
pub use commit::EVENTS_KEPT;
pub use error::StoreError;
pub use filter::{BadPosition, MOST_RUNS, Position, RunFilter, Sort};
pub use find::Found;
pub use messages::{BellFilter, BellPlace, DeliveryFilter, Notification};
pub use pending::Write;
pub use pending_messages::{Keep, Read};
pub use queries::{Counts, Queries};
pub use runs_kept::{KEY_KEPT, Request, Summary};
pub use schema::FILE_NAME;
pub use writer::{Health, Kept, Tell, Told, Writer};

use keeping::{Keeping, Located};
use schema::Place;

/// Runs that a history in memory takes over from a file that can only be read.
const SEED_RUNS: u64 = 1_000;

/// An open store.
#[derive(Debug)]
pub struct Opened {
    /// Writes.
    pub writer: Writer,
    /// Reads.
    pub queries: Queries,
    /// What people have to know, each a sentence without its full stop: damage that was found, or that history is not kept.
    pub notices: Vec<String>,
}

/// Opens the history in `dir`, or makes it. A damaged one is moved aside and what can be read carried over; where
/// nothing can be written, history is held in memory and goes to disk as soon as that is possible.
pub fn open(dir: &Path, tell: Tell) -> Result<Opened, StoreError> {
    let path = dir.join(FILE_NAME);
    let mut notices = Vec::new();
    let opened = match open_sound(&path) {
        Err(error) if error.is_corruption() => {
            repair::replace_damaged(&path, &error.to_string(), Timestamp::now()).map(
                |(db, notice)| {
                    notices.push(notice);
                    db
                },
            )
        }
        other => other,
    };
    let mut health = Health::Ok;
    let (place, db) = match opened {
        Ok(db) => (Place::File(path.clone()), db),
        Err(error @ StoreError::Newer { .. }) => return Err(error),
        Err(error) => {
            let text = format!(
                "history is held in memory only, for {} cannot be written: {error}",
                path.display()
            );
            notices.push(text.clone());
            health = Health::Degraded(text);
            let place = Place::memory();
            let db = open_in_memory(&place, &path)?;
            (place, db)
        }
    };
    let located = Located::new(place.clone());
    let keeping = Keeping::new(path, place, db, located.clone());
    let (writer, shared) =
        Writer::start(keeping, tell, health).map_err(|source| StoreError::Io {
            about: "the writer's thread could not be started".to_owned(),
            source,
        })?;
    Ok(Opened {
        writer,
        queries: Queries::new(located, Some(shared)),
        notices,
    })
}

/// Opens the file and reads what the daemon will need at once, so that damage there shows now. The rest is left to be
/// found when it is read: checking a large database takes longer than a start may.
fn open_sound(path: &Path) -> Result<Connection, StoreError> {
    let db = schema::open_writer(&Place::File(path.to_owned()))?;
    queries::read_open_runs(&db)?;
    queries::read_memories(&db)?;
    messages::read_open(&db)?;
    messages::read_memories(&db)?;
    db.query_row("SELECT max(seq) FROM events", [], |_| Ok(()))?;
    db.query_row("SELECT count(*) FROM units", [], |_| Ok(()))?;
    Ok(db)
}

/// A history in memory, with what a file that can be read but not written has to say.
fn open_in_memory(place: &Place, path: &Path) -> Result<Connection, StoreError> {
    let mut db = schema::open_writer(place)?;
    repair::raise_seq_floor(&db, Timestamp::now())?;
    if let Ok(file) = schema::open_immutable(path) {
        repair::carry_over(&file, &mut db, SEED_RUNS)?;
    }
    Ok(db)
}
