//! The audit log as rows. The newest [`AUDIT_KEPT`] are kept.
//!
//! Tests are in `tests/audit.rs`.

use std::collections::VecDeque;

use jiff::Timestamp;
use runwisp_core::words::audit::{AuditEntry, AuditFilter};
use rusqlite::{Connection, Row, params};

use super::error::StoreError;
use super::queries::Queries;

/// How many rows are kept.
pub(super) const AUDIT_KEPT: i64 = 50_000;

const INSERT: &str = "INSERT INTO audit (at, kind, name, origin, action, target, detail, result, status) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const COLUMNS: &str = "id, at, kind, name, origin, action, target, detail, result, status";

/// Adds rows, and removes what is too much.
pub(super) fn write(db: &Connection, entries: &VecDeque<AuditEntry>) -> rusqlite::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut insert = db.prepare_cached(INSERT)?;
    for entry in entries {
        insert.execute(params![
            entry.at.as_microsecond(),
            entry.kind,
            entry.name,
            entry.from,
            entry.action,
            entry.target,
            entry.detail,
            entry.result,
            entry.status,
        ])?;
    }
    db.prepare_cached("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1")?
        .execute([AUDIT_KEPT])?;
    Ok(())
}

impl Queries {
    /// Rows of the audit log, newest first, each with its number.
    pub fn audit(&self, filter: &AuditFilter) -> Result<Vec<(i64, AuditEntry)>, StoreError> {
        self.ask_both(|sight| {
            let Some(held) = sight.second() else {
                return Ok(read_page(&sight.file, filter)?);
            };
            // Rows that are held have numbers from 1; they come after all of the file.
            let written: i64 =
                sight
                    .file
                    .query_row("SELECT ifnull(max(id), 0) FROM audit", [], |row| row.get(0))?;
            let newest = AuditFilter {
                before: filter.before.map(|before| before - written),
                ..filter.clone()
            };
            let mut found = read_page(held.db, &newest)?;
            for (id, _) in &mut found {
                *id += written;
            }
            let older = AuditFilter {
                limit: filter.limit - found.len(),
                ..filter.clone()
            };
            found.extend(read_page(&sight.file, &older)?);
            Ok(found)
        })
    }
}

fn read_page(db: &Connection, filter: &AuditFilter) -> rusqlite::Result<Vec<(i64, AuditEntry)>> {
    let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM audit WHERE (?1 IS NULL OR id < ?1) AND (?2 IS NULL OR name = ?2) \
                 AND (?3 IS NULL OR action = ?3 OR substr(action, 1, length(?3) + 1) = ?3 || '.') \
                 AND (?4 IS NULL OR target = ?4) AND (?5 IS NULL OR at >= ?5) ORDER BY id DESC LIMIT ?6"
            ))?;
    let rows = statement.query_map(
        params![
            filter.before,
            filter.name,
            filter.action,
            filter.target,
            filter.since.map(Timestamp::as_microsecond),
            i64::try_from(filter.limit).unwrap_or(i64::MAX),
        ],
        read,
    )?;
    rows.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, AuditEntry)> {
    let entry = AuditEntry {
        at: Timestamp::from_microsecond(row.get(1)?).unwrap_or(Timestamp::UNIX_EPOCH),
        kind: row.get(2)?,
        name: row.get(3)?,
        from: row.get(4)?,
        action: row.get(5)?,
        target: row.get(6)?,
        detail: row.get(7)?,
        result: row.get(8)?,
        status: row.get(9)?,
    };
    Ok((row.get(0)?, entry))
}

/// Copies what can be read from one database to another. Whether that was all.
pub(super) fn carry_over(from: &Connection, into: &Connection) -> rusqlite::Result<bool> {
    let mut entries = VecDeque::new();
    let whole = gather(from, &mut entries).is_ok();
    write(into, &entries)?;
    Ok(whole)
}

/// An earlier format has no such table; then nothing is missing.
fn gather(from: &Connection, entries: &mut VecDeque<AuditEntry>) -> rusqlite::Result<()> {
    if !from.table_exists(None, "audit")? {
        return Ok(());
    }
    let mut statement = from.prepare(&format!("SELECT {COLUMNS} FROM audit ORDER BY id"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        entries.push_back(read(row)?.1);
    }
    Ok(())
}
