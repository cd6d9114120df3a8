//! Curves of what was used, in buckets of five minutes.
//!
//! A bucket that is there already is added to by weight: the daemon before wrote down its share when it left.
//!
//! Bounds: `runwisp_core::figures::bucket` says what is kept. They are figures, not history: a database that is damaged
//! takes them along, and those that wait for a disk give way to everything else.
//!
//! Tests are in `tests/samples.rs`.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use runwisp_core::figures::Usage;
use runwisp_core::figures::bucket::{Full, LENGTH};
use runwisp_core::figures::points::Span;
use runwisp_core::figures::series::Subject;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// The numbers of what is no unit; those of units begin at 1.
const HOST: i64 = 0;
const DAEMON: i64 = -1;

/// Buckets that wait while nothing can be written: two hours.
const WAITING: usize = 24;

/// One bucket more waits to be written; the oldest gives way.
pub(super) fn wait(waiting: &mut VecDeque<Full>, full: Full) {
    waiting.push_back(full);
    while waiting.len() > WAITING {
        waiting.pop_front();
    }
}

pub(super) fn write(
    transaction: &Transaction<'_>,
    waiting: &VecDeque<Full>,
) -> rusqlite::Result<()> {
    for full in waiting {
        let at = full.at.as_microsecond();
        for row in &full.rows {
            // A unit that was measured has run, and so has its number from its run's row.
            let Some(subject) = number(transaction, &row.subject)? else {
                continue;
            };
            transaction
                .prepare_cached(
                    "INSERT INTO samples (at, subject, weight, cpu, memory) VALUES (?1, ?2, ?3, ?4, ?5) \
                     ON CONFLICT (at, subject) DO UPDATE SET \
                     cpu = (cpu * weight + excluded.cpu * excluded.weight) / (weight + excluded.weight), \
                     weight = weight + excluded.weight, memory = max(memory, excluded.memory)",
                )?
                .execute(params![
                    at,
                    subject,
                    row.weight_ms.max(1).cast_signed(),
                    row.usage.cpu_percent,
                    row.usage.memory_bytes.cast_signed(),
                ])?;
        }
    }
    let Some(newest) = waiting.back() else {
        return Ok(());
    };
    transaction
        .prepare_cached("DELETE FROM samples WHERE at < ?1")?
        .execute([newest.keep_after().as_microsecond()])?;
    Ok(())
}

fn number(db: &Connection, subject: &Subject) -> rusqlite::Result<Option<i64>> {
    match subject {
        Subject::Host => Ok(Some(HOST)),
        Subject::Daemon => Ok(Some(DAEMON)),
        Subject::Unit(unit) => db
            .prepare_cached("SELECT id FROM units WHERE name = ?1")?
            .query_row([unit.as_str()], |row| row.get(0))
            .optional(),
    }
}

/// What was written down of a subject in buckets that begin in this time, oldest first.
pub(super) fn read(
    db: &Connection,
    subject: &Subject,
    from: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<Vec<Span>> {
    let Some(subject) = number(db, subject)? else {
        return Ok(Vec::new());
    };
    let mut statement = db.prepare_cached(
        "SELECT at, cpu, memory FROM samples WHERE at BETWEEN ?1 AND ?2 AND subject = ?3 ORDER BY at",
    )?;
    let rows = statement.query_map(
        params![from.as_microsecond(), until.as_microsecond(), subject],
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, f64>(1)?,
                row.get::<_, i64>(2)?,
            ))
        },
    )?;
    let length = SignedDuration::try_from(LENGTH).unwrap_or_default();
    let mut spans = Vec::new();
    for row in rows {
        let (at, cpu_percent, memory) = row?;
        let ends = |at: Timestamp| Some((at, at.checked_add(length).ok()?));
        if let Some((from, until)) = Timestamp::from_microsecond(at).ok().and_then(ends) {
            spans.push(Span {
                from,
                until,
                usage: Usage {
                    cpu_percent,
                    memory_bytes: memory.unsigned_abs(),
                },
            });
        }
    }
    Ok(spans)
}
