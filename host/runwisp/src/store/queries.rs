//! Questions about the history. Every method waits for a disk: call them where waiting is allowed.
//!
//! Connections are few, made when needed, and made anew when the writer had to move to another file. While the file
//! can't be written, faces see what is held ([`super::held`]); what only a start asks for is the file's alone.
//!
//! Invariant: nothing here writes (`query_only`).
//!
//! Tests are in `tests/queries.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use jiff::Timestamp;
use runwisp_core::figures::points::Span;
use runwisp_core::figures::series::Subject;
use runwisp_core::words::action::Memory;
use runwisp_core::words::event::Envelope;
use runwisp_core::words::glob::Glob;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::RunRecord;
use rusqlite::{Connection, OptionalExtension, params};

use super::codes::kind_code;
use super::error::StoreError;
use super::filter::RunFilter;
use super::find::{self, Found, Resolved};
use super::held::{Side, Sight};
use super::keeping::Located;
use super::rows::{COLUMNS, key, read_id, read_run};
use super::schema::{self, FILE_NAME, Place};
use super::writer::Shared;

/// Connections at once; whoever comes when all are in use waits for one.
const CONNECTIONS: usize = 4;

/// How many there are, as the page and `status` show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows of runs.
    pub runs: u64,
    /// Of these, not ended.
    pub open: u64,
    /// Events in the journal.
    pub events: u64,
}

/// A way to ask. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queries {
    pool: Arc<Pool>,
}

#[derive(Debug)]
struct Pool {
    located: Arc<Located>,
    /// The writer, to whom damage is reported; none when the database is read without a daemon.
    writer: Option<Arc<Shared>>,
    idle: Mutex<Idle>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct Idle {
    connections: Vec<Sight>,
    generation: u64,
    lent: usize,
}

impl Queries {
    /// Reads the history of a data directory, with or without a daemon that writes it.
    pub fn open(dir: &Path) -> Result<Queries, StoreError> {
        let place = Place::File(dir.join(FILE_NAME));
        drop(schema::open_reader(&place)?);
        Ok(Queries::new(Located::new(place), None))
    }

    pub(super) fn new(located: Arc<Located>, writer: Option<Arc<Shared>>) -> Queries {
        Queries {
            pool: Arc::new(Pool {
                located,
                writer,
                idle: Mutex::default(),
                returned: Condvar::new(),
            }),
        }
    }

    /// The runs that the filter lets through, in its order, however many rows have to be looked at.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>, StoreError> {
        Ok(self.find(filter, usize::MAX)?.runs)
    }

    /// The same, looking at a bounded number of rows: a page may be short, and says where to go on.
    pub fn look(&self, filter: &RunFilter) -> Result<Found, StoreError> {
        self.find(filter, find::BOUND)
    }

    fn find(&self, filter: &RunFilter, bound: usize) -> Result<Found, StoreError> {
        self.ask_both(|sight| {
            let find = |side: Side<'_>| -> Result<Found, StoreError> {
                let resolved = resolve_units(side, filter)?;
                Ok(find::find(side.db, filter, &resolved, bound)?)
            };
            let file = find(sight.first())?;
            match sight.second() {
                Some(held) => Ok(find::join_pages(filter, file, find(held)?)),
                None => Ok(file),
            }
        })
    }

    /// How many runs the filter lets through, and whether that is only the least there are, looking at `most` rows.
    pub fn count(&self, filter: &RunFilter, most: usize) -> Result<(u64, bool), StoreError> {
        self.ask_both(|sight| {
            let mut total = (0, false);
            for side in sight.sides() {
                let resolved = resolve_units(side, filter)?;
                let (count, at_least) = find::count(side.db, filter, &resolved, most)?;
                total = (total.0 + count, total.1 | at_least);
            }
            Ok(total)
        })
    }

    /// The run with this id, or the only one whose id begins so. The start of an id is 4 characters or more.
    pub fn run(&self, id_or_prefix: &str) -> Result<Option<RunRecord>, StoreError> {
        let Some((low, high)) = key_range(id_or_prefix) else {
            return Ok(None);
        };
        self.ask_both(|sight| {
            let mut by_id = BTreeMap::new();
            for side in sight.sides() {
                let mut statement = side.db.prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM runs r CROSS JOIN units u ON u.id = r.unit \
                     WHERE r.id BETWEEN ?1 AND ?2{} ORDER BY r.id DESC LIMIT 4",
                    side.except_runs()
                ))?;
                for run in statement.query_map([low.to_be_bytes(), high.to_be_bytes()], read_run)? {
                    let run = run?;
                    by_id.insert(run.id, run);
                }
            }
            let mut found: Vec<RunRecord> = by_id.into_values().rev().take(4).collect();
            if found.len() > 1 {
                let ids: Vec<String> = found.iter().map(|run| run.id.to_string()).collect();
                return Err(StoreError::Ambiguous {
                    prefix: id_or_prefix.to_owned(),
                    candidates: ids.join(", "),
                });
            }
            Ok(found.pop())
        })
    }

    /// The newest ended run of every unit that has one, of those in sight.
    pub fn last_ended_per_unit(&self) -> Result<Vec<RunRecord>, StoreError> {
        self.ask_both(|sight| {
            let mut by_unit = BTreeMap::new();
            for side in sight.sides() {
                let mut numbers = side.db.prepare_cached("SELECT id FROM units")?;
                let numbers: Vec<i64> = numbers
                    .query_map([], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                let mut newest = side.db.prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM runs r INDEXED BY runs_by_unit \
                     CROSS JOIN units u ON u.id = r.unit \
                     WHERE r.unit = ?1 AND r.state = 4 AND r.deleted_at IS NULL{} ORDER BY r.id DESC LIMIT 1",
                    side.except_runs()
                ))?;
                for number in numbers {
                    let Some(run) = newest.query_row([number], read_run).optional()? else {
                        continue;
                    };
                    let older = by_unit.get(&run.unit);
                    if older.is_none_or(|older: &RunRecord| older.id <= run.id) {
                        by_unit.insert(run.unit.clone(), run);
                    }
                }
            }
            Ok(by_unit.into_values().collect())
        })
    }

    /// Every run that has not ended, oldest first.
    pub fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        self.ask(|db| Ok(read_open_runs(db)?))
    }

    /// What is remembered of units.
    pub fn memories(&self) -> Result<Vec<(UnitName, Memory)>, StoreError> {
        self.ask(|db| Ok(read_memories(db)?))
    }

    /// Events after `seq`, oldest first, at most `limit`.
    pub fn events_since(&self, seq: u64, limit: usize) -> Result<Vec<Envelope>, StoreError> {
        self.ask_both(|sight| {
            let mut events = read_events(&sight.file, seq, limit)?;
            if let Some(held) = sight.second() {
                // What is held came after all that is written.
                let last = events.last().map_or(seq, |event| event.seq);
                events.extend(read_events(held.db, last, limit - events.len())?);
            }
            Ok(events)
        })
    }

    /// What was written down of a subject's use in buckets that begin in this time, oldest first.
    pub fn samples(
        &self,
        subject: &Subject,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Span>, StoreError> {
        self.ask_both(|sight| {
            let mut spans = Vec::new();
            for side in sight.sides() {
                spans.extend(super::samples::read(side.db, subject, from, until)?);
            }
            Ok(spans)
        })
    }

    /// The number of the next event.
    pub fn next_seq(&self) -> Result<u64, StoreError> {
        self.ask_both(|sight| {
            let mut newest = 0;
            for side in sight.sides() {
                let here: i64 = side.db.query_row(
                    "SELECT max(ifnull((SELECT max(seq) FROM events), 0), \
                     ifnull((SELECT value FROM meta WHERE key = 'seq_floor'), 0))",
                    [],
                    |row| row.get(0),
                )?;
                newest = newest.max(here);
            }
            Ok(newest.unsigned_abs() + 1)
        })
    }

    /// How many there are. Counts rows one by one: some 20 ms per million.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        self.ask(|db| {
            let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
            Ok(Counts {
                runs: count("SELECT count(*) FROM runs")?.unsigned_abs(),
                open: count("SELECT count(*) FROM runs WHERE state <> 4")?.unsigned_abs(),
                events: count("SELECT count(*) FROM events")?.unsigned_abs(),
            })
        })
    }

    /// Names of all units that ever had a run, in order.
    pub fn units(&self) -> Result<Vec<UnitName>, StoreError> {
        self.ask(|db| {
            let mut statement = db.prepare_cached("SELECT name FROM units ORDER BY name")?;
            let names: Vec<String> = statement
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(names
                .iter()
                .filter_map(|name| UnitName::new(name).ok())
                .collect())
        })
    }

    /// Ended runs of a unit beyond the newest `keep_runs`, or that ended before `ended_before`; oldest first, at most
    /// `limit`.
    pub fn expired(
        &self,
        unit: &UnitName,
        keep_runs: Option<u64>,
        ended_before: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        self.ask_both(|sight| {
            let (db, except) = (&sight.file, sight.first().except_runs());
            let mut expired = std::collections::BTreeSet::new();
            if let Some(keep) = keep_runs {
                // The newest run that is too many; all before it are too many as well.
                let first: Option<RunId> = db
                    .prepare_cached(&format!(
                        "SELECT r.id FROM runs r INDEXED BY runs_by_unit \
                         WHERE unit = (SELECT id FROM units WHERE name = ?1) AND state = 4{except} \
                         ORDER BY r.id DESC LIMIT 1 OFFSET ?2"
                    ))?
                    .query_row(
                        params![unit.as_str(), i64::try_from(keep).unwrap_or(i64::MAX)],
                        |row| read_id(row, 0),
                    )
                    .optional()?;
                if let Some(first) = first {
                    let mut statement = db.prepare_cached(&format!(
                        "SELECT r.id FROM runs r INDEXED BY runs_by_unit \
                         WHERE unit = (SELECT id FROM units WHERE name = ?1) AND state = 4{except} \
                         AND r.id <= ?2 ORDER BY r.id LIMIT ?3"
                    ))?;
                    let rows = statement
                        .query_map(params![unit.as_str(), key(first), most], |row| {
                            read_id(row, 0)
                        })?;
                    for id in rows {
                        expired.insert(id?);
                    }
                }
            }
            if let Some(before) = ended_before {
                // Runs end in about the order in which they began: a long one may be kept until a later sweep.
                let latest = u64::try_from(before.as_millisecond()).unwrap_or(0);
                let mut statement = db.prepare_cached(&format!(
                    "SELECT r.id FROM runs r INDEXED BY runs_by_unit \
                     WHERE unit = (SELECT id FROM units WHERE name = ?1) AND state = 4{except} \
                     AND r.id < ?2 AND ifnull(ended_at, created_at) < ?3 ORDER BY r.id LIMIT ?4"
                ))?;
                let high = RunId::from_parts(latest, 0);
                let rows = statement.query_map(
                    params![unit.as_str(), key(high), before.as_microsecond(), most],
                    |row| read_id(row, 0),
                )?;
                for id in rows {
                    expired.insert(id?);
                }
            }
            Ok(expired.into_iter().take(limit).collect())
        })
    }

    /// Of these runs, those that have ended or have no row: their logs may be compressed or removed.
    pub fn not_open(&self, runs: &[RunId]) -> Result<Vec<RunId>, StoreError> {
        self.ask_both(|sight| {
            let mut closed = runs.to_vec();
            for side in sight.sides() {
                let mut open = side.db.prepare_cached(&format!(
                    "SELECT 1 FROM runs r WHERE id = ?1 AND state <> 4{}",
                    side.except_runs()
                ))?;
                let mut still = Vec::with_capacity(closed.len());
                for run in closed {
                    if !open.exists([key(run)])? {
                        still.push(run);
                    }
                }
                closed = still;
            }
            Ok(closed)
        })
    }

    /// Asks the file alone: what is held while it can't be written is not seen.
    pub(super) fn ask<T>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.ask_both(|sight| question(&sight.file))
    }

    /// Asks the file, and what overrules it.
    pub(super) fn ask_both<T>(
        &self,
        question: impl FnOnce(&Sight) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (sight, generation) = self.pool.lend()?;
        let answer = question(&sight);
        self.pool.take_back(sight, generation);
        if let (Err(error), Some(writer)) = (&answer, &self.pool.writer)
            && error.is_corruption()
        {
            writer.report_damage();
        }
        answer
    }
}

impl Pool {
    fn lend(&self) -> Result<(Sight, u64), StoreError> {
        let mut idle = self
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        while idle.lent >= CONNECTIONS {
            idle = self
                .returned
                .wait(idle)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        let now = self.located.get();
        let generation = now.generation;
        if idle.generation != generation {
            idle.generation = generation;
            idle.connections.clear();
        }
        idle.lent += 1;
        let waiting = idle.connections.pop();
        drop(idle);
        let sight = match waiting {
            Some(sight) => Ok(sight),
            None => Sight::open(&now.place, now.held.as_ref()),
        };
        if sight.is_err() {
            self.give_up_place();
        }
        Ok((sight?, generation))
    }

    fn take_back(&self, sight: Sight, generation: u64) {
        let mut idle = self
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if idle.generation == generation {
            idle.connections.push(sight);
        }
        drop(idle);
        self.give_up_place();
    }

    fn give_up_place(&self) {
        let mut idle = self
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        idle.lent = idle.lent.saturating_sub(1);
        self.returned.notify_one();
    }
}

/// The numbers of the units that a filter is about; none when it is about all.
pub(super) fn resolve_units(side: Side<'_>, filter: &RunFilter) -> Result<Resolved, StoreError> {
    let db = side.db;
    let mut resolved = Resolved {
        units: None,
        named: Vec::new(),
        except: side.except_runs(),
    };
    let text = filter.text.as_ref().map(|text| text.to_lowercase());
    if filter.units.is_empty() && filter.kind.is_none() && filter.within.is_none() && text.is_none()
    {
        return Ok(resolved);
    }
    let globs: Vec<Glob> = filter
        .units
        .iter()
        .map(|text| Glob::new(text.as_str()))
        .collect();
    let kinds = filter.kind.map_or(-1, |kind| 1 << kind_code(kind));
    let within = filter.within.as_deref();
    let mut statement = db.prepare_cached("SELECT id, name, kinds FROM units")?;
    let mut rows = statement.query([])?;
    let mut chosen = Vec::new();
    let mut all = true;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(1)?.as_str().unwrap_or_default();
        let matches = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(name));
        let fits = (globs.is_empty() || matches(&globs))
            && within.is_none_or(matches)
            && row.get::<_, i64>(2)? & kinds != 0;
        if text
            .as_ref()
            .is_some_and(|text| name.to_lowercase().contains(text))
        {
            resolved.named.push(row.get(0)?);
        }
        if fits {
            chosen.push(row.get(0)?);
        }
        all &= fits;
    }
    resolved.units = (!all).then_some(chosen);
    Ok(resolved)
}

/// The keys of all ids that begin with this text.
fn key_range(prefix: &str) -> Option<(u128, u128)> {
    if !(4..=26).contains(&prefix.len()) || !prefix.is_ascii() {
        return None;
    }
    let low: RunId = format!("{prefix:0<26}").parse().ok()?;
    let high: RunId = format!("{prefix:Z<26}").parse().ok()?;
    Some((low.as_u128(), high.as_u128()))
}

fn read_events(db: &Connection, after: u64, limit: usize) -> rusqlite::Result<Vec<Envelope>> {
    let mut statement =
        db.prepare_cached("SELECT seq, at, body FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let rows = statement.query_map(
        params![
            i64::try_from(after).unwrap_or(i64::MAX),
            i64::try_from(limit).unwrap_or(i64::MAX)
        ],
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?,
            ))
        },
    )?;
    let mut events = Vec::new();
    for row in rows {
        let (seq, at, body) = row?;
        // An event of a later version is passed over, as is one that was damaged.
        if let (Ok(at), Ok(event)) = (Timestamp::from_microsecond(at), serde_json::from_str(&body))
        {
            events.push(Envelope {
                seq: seq.unsigned_abs(),
                at,
                event,
            });
        }
    }
    Ok(events)
}

pub(super) fn read_open_runs(db: &Connection) -> rusqlite::Result<Vec<RunRecord>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM runs r INDEXED BY runs_open \
         CROSS JOIN units u ON u.id = r.unit WHERE r.state <> 4"
    ))?;
    let mut runs: Vec<RunRecord> = statement
        .query_map([], read_run)?
        .collect::<Result<_, _>>()?;
    runs.sort_by_key(|run| run.id);
    Ok(runs)
}

/// A memory that cannot be read is one that is not there: its unit starts afresh.
pub(super) fn read_memories(db: &Connection) -> rusqlite::Result<Vec<(UnitName, Memory)>> {
    let mut statement = db.prepare_cached("SELECT unit, memory FROM memories ORDER BY unit")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut memories = Vec::new();
    for row in rows {
        let (unit, json) = row?;
        if let (Ok(unit), Ok(memory)) = (UnitName::new(&unit), serde_json::from_str(&json)) {
            memories.push((unit, memory));
        }
    }
    Ok(memories)
}
