//! Runs that are being removed, requests that were answered, and how many runs ended how.
//!
//! A run that was removed is hidden at once and goes, with its log, in a sweep a minute later or more; until then it
//! can be brought back. Tests are in `tests/kept.rs`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::{Outcome, RunRecord};
use rusqlite::{OptionalExtension, Transaction, params};

use super::codes::{outcome_code, outcome_of};
use super::error::StoreError;
use super::filter::RunFilter;
use super::held::Side;
use super::pending::Pending;
use super::queries::{Queries, resolve_units};
use super::rows::{COLUMNS, key, read_id, read_run};

/// How long a key is remembered.
pub const KEY_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A request with a key, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What the caller calls it.
    pub key: String,
    /// For which unit.
    pub unit: UnitName,
    /// What was asked, to tell another request with the same key.
    pub body: String,
    /// The run.
    pub run: RunId,
    /// When.
    pub at: Timestamp,
}

/// How runs ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many ended so.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// How many have not ended.
    pub open: u64,
}

impl Summary {
    /// So many more ended so, or fewer.
    fn add(&mut self, code: i64, count: i64) {
        if let Some(outcome) = outcome_of(code) {
            let entry = self.outcomes.entry(outcome).or_default();
            *entry = entry.saturating_add_signed(count);
        }
    }
}

/// Writes what is pending of this.
pub(super) fn write(transaction: &Transaction<'_>, pending: &Pending) -> rusqlite::Result<()> {
    for (id, at) in &pending.hidden {
        // A run that has not ended is not removed, whoever asks.
        transaction
            .prepare_cached("UPDATE runs SET deleted_at = ?2 WHERE id = ?1 AND state = 4")?
            .execute(params![key(*id), at.map(Timestamp::as_microsecond)])?;
    }
    for request in &pending.requests {
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO requests (key, unit, body, run, at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                request.key,
                request.unit.as_str(),
                request.body,
                key(request.run),
                request.at.as_microsecond(),
            ])?;
        let old = request.at.checked_sub(KEY_KEPT).unwrap_or(Timestamp::MIN);
        transaction
            .prepare_cached("DELETE FROM requests WHERE at < ?1")?
            .execute([old.as_microsecond()])?;
    }
    Ok(())
}

impl Queries {
    /// Whether a run is hidden.
    pub fn is_hidden(&self, run: RunId) -> Result<bool, StoreError> {
        self.ask_both(|sight| {
            let mut hidden = false;
            for side in sight.sides() {
                hidden |= side
                    .db
                    .prepare_cached(&format!(
                        "SELECT 1 FROM runs r WHERE id = ?1 AND deleted_at IS NOT NULL{}",
                        side.except_runs()
                    ))?
                    .exists([key(run)])?;
            }
            Ok(hidden)
        })
    }

    /// Of these runs, the rows of those that are hidden.
    pub fn rows_hidden(&self, runs: &[RunId]) -> Result<Vec<RunRecord>, StoreError> {
        self.ask_both(|sight| {
            let mut rows = Vec::new();
            for side in sight.sides() {
                let mut statement = side.db.prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM runs r CROSS JOIN units u ON u.id = r.unit \
                     WHERE r.id = ?1 AND r.deleted_at IS NOT NULL{}",
                    side.except_runs()
                ))?;
                for run in runs {
                    rows.extend(statement.query_row([key(*run)], read_run).optional()?);
                }
            }
            Ok(rows)
        })
    }

    /// Runs that were hidden before that time, with their units; at most `limit`.
    pub fn hidden(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<(RunId, UnitName)>, StoreError> {
        self.ask_both(|sight| {
            // What is hidden in memory alone waits: its rows could not be removed now anyway.
            let mut statement = sight.file.prepare_cached(&format!(
                "SELECT r.id, u.name FROM runs r INDEXED BY runs_deleted \
                 CROSS JOIN units u ON u.id = r.unit \
                 WHERE r.deleted_at IS NOT NULL AND r.deleted_at < ?1{} ORDER BY r.deleted_at LIMIT ?2",
                sight.first().except_runs()
            ))?;
            let most = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![before.as_microsecond(), most])?;
            let mut hidden = Vec::new();
            while let Some(row) = rows.next()? {
                let name: String = row.get(1)?;
                if let Ok(unit) = UnitName::new(&name) {
                    hidden.push((read_id(row, 0)?, unit));
                }
            }
            Ok(hidden)
        })
    }

    /// What a request with this key came to, after that time.
    pub fn request(
        &self,
        unit: &UnitName,
        name: &str,
        after: Timestamp,
    ) -> Result<Option<Request>, StoreError> {
        self.ask_both(|sight| {
            let mut found = None;
            for side in sight.sides() {
                found = side
                    .db
                    .prepare_cached(
                        "SELECT run, body, at FROM requests WHERE unit = ?1 AND key = ?2 AND at >= ?3",
                    )?
                    .query_row(
                        params![unit.as_str(), name, after.as_microsecond()],
                        |row| Ok((read_id(row, 0)?, row.get(1)?, row.get::<_, i64>(2)?)),
                    )
                    .optional()?
                    .or(found);
            }
            Ok(found.map(|(run, body, at)| Request {
                key: name.to_owned(),
                unit: unit.clone(),
                body,
                run,
                at: Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH),
            }))
        })
    }

    /// How the runs of the filter's units ended, of those decided since its `since`; its other fields do not count. Read
    /// from indexes alone.
    pub fn summary(&self, filter: &RunFilter) -> Result<Summary, StoreError> {
        self.ask_both(|sight| {
            let mut summary = Summary::default();
            for side in sight.sides() {
                summarize(side, filter, &mut summary)?;
            }
            summary.outcomes.retain(|_, count| *count > 0);
            Ok(summary)
        })
    }
}

/// Adds the runs of one database, but those that are hidden or overruled.
fn summarize(side: Side<'_>, filter: &RunFilter, summary: &mut Summary) -> Result<(), StoreError> {
    let db = side.db;
    let units = resolve_units(side, filter)?.units;
    let low = filter.keys().0;
    let chosen = |unit: i64| units.as_ref().is_none_or(|units| units.contains(&unit));
    for code in Outcome::ALL.map(outcome_code) {
        let Some(units) = &units else {
            let count = db
                .prepare_cached(
                    "SELECT count(*) FROM runs INDEXED BY runs_by_outcome \
                     WHERE outcome = ?1 AND id >= ?2",
                )?
                .query_row(params![code, low], |row| row.get(0))?;
            summary.add(code, count);
            continue;
        };
        let mut statement = db.prepare_cached(
            "SELECT count(*) FROM runs INDEXED BY runs_by_unit_and_outcome \
             WHERE unit = ?3 AND outcome = ?1 AND id >= ?2",
        )?;
        for unit in units {
            let count = statement.query_row(params![code, low, unit], |row| row.get(0))?;
            summary.add(code, count);
        }
    }
    let mut uncounted = vec![
        "SELECT unit, outcome FROM runs INDEXED BY runs_deleted \
         WHERE deleted_at IS NOT NULL AND outcome IS NOT NULL AND id >= ?1",
    ];
    if side.is_overruled() {
        uncounted.push(
            "SELECT r.unit, r.outcome FROM held.overruled o CROSS JOIN runs r ON r.id = o.id \
             WHERE r.deleted_at IS NULL AND r.outcome IS NOT NULL AND r.id >= ?1",
        );
    }
    for sql in uncounted {
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query([low])?;
        while let Some(row) = rows.next()? {
            if chosen(row.get(0)?) {
                summary.add(row.get(1)?, -1);
            }
        }
    }
    let mut statement = db.prepare_cached(&format!(
        "SELECT unit FROM runs r INDEXED BY runs_open WHERE state <> 4{}",
        side.except_runs()
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        summary.open += u64::from(chosen(row.get(0)?));
    }
    Ok(())
}
