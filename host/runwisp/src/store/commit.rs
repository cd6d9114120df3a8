//! One transaction: what is pending, on disk at once or not at all.

use std::collections::HashMap;

use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::Kind;
use rusqlite::{Connection, ErrorCode, Transaction, params};

use super::audit;
use super::codes::kind_code;
use super::pending::Pending;
use super::rows::{key, upsert_run};
use super::samples;
use super::{messages, runs_kept};

/// How many events the journal keeps; older ones are removed as new ones come.
pub const EVENTS_KEPT: u64 = 100_000;

/// How many events may be too many before the journal is trimmed.
const TRIM_EVERY: u64 = 1_000;

/// The numbers of units that this connection has seen. Forgotten when a transaction fails.
pub(super) type UnitNumbers = HashMap<(UnitName, Kind), i64>;

/// Writes everything. Returns the runs whose rows were refused because their tick has its row already; all else that
/// fails, fails the whole.
pub(super) fn commit(
    db: &mut Connection,
    numbers: &mut UnitNumbers,
    pending: &Pending,
) -> rusqlite::Result<Vec<RunId>> {
    let done = write(db, numbers, pending);
    if done.is_err() {
        numbers.clear();
    }
    done
}

fn write(
    db: &mut Connection,
    numbers: &mut UnitNumbers,
    pending: &Pending,
) -> rusqlite::Result<Vec<RunId>> {
    let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut refused = Vec::new();
    for (id, row) in &pending.runs {
        let unit = unit_number(&transaction, numbers, &row.unit, row.kind)?;
        match upsert_run(&transaction, unit, row) {
            // The statement is undone, the transaction goes on.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                refused.push(*id);
            }
            other => other?,
        }
    }
    if !pending.deleted.is_empty() {
        let mut statement = transaction.prepare_cached("DELETE FROM runs WHERE id = ?1")?;
        for id in &pending.deleted {
            statement.execute([key(*id)])?;
        }
    }
    runs_kept::write(&transaction, pending)?;
    write_memories(&transaction, pending)?;
    write_events(&transaction, pending)?;
    messages::write(&transaction, &pending.messages)?;
    audit::write(&transaction, &pending.audit)?;
    samples::write(&transaction, &pending.samples)?;
    transaction.commit()?;
    Ok(refused)
}

fn unit_number(
    transaction: &Transaction<'_>,
    numbers: &mut UnitNumbers,
    unit: &UnitName,
    kind: Kind,
) -> rusqlite::Result<i64> {
    let seen = (unit.clone(), kind);
    if let Some(number) = numbers.get(&seen) {
        return Ok(*number);
    }
    let number = transaction
        .prepare_cached(
            "INSERT INTO units (name, kinds) VALUES (?1, ?2) \
             ON CONFLICT (name) DO UPDATE SET kinds = kinds | ?2 RETURNING id",
        )?
        .query_row(params![unit.as_str(), 1 << kind_code(kind)], |row| {
            row.get(0)
        })?;
    numbers.insert(seen, number);
    Ok(number)
}

fn write_memories(transaction: &Transaction<'_>, pending: &Pending) -> rusqlite::Result<()> {
    for (unit, memory) in &pending.memories {
        match memory.as_ref().map(serde_json::to_string) {
            Some(Ok(json)) => {
                transaction
                    .prepare_cached(
                        "INSERT INTO memories (unit, memory) VALUES (?1, ?2) \
                         ON CONFLICT (unit) DO UPDATE SET memory = ?2",
                    )?
                    .execute(params![unit.as_str(), json])?;
            }
            // A memory is plain data that JSON can always say.
            Some(Err(_)) => {}
            None => {
                transaction
                    .prepare_cached("DELETE FROM memories WHERE unit = ?1")?
                    .execute([unit.as_str()])?;
            }
        }
    }
    Ok(())
}

fn write_events(transaction: &Transaction<'_>, pending: &Pending) -> rusqlite::Result<()> {
    let mut statement = transaction
        .prepare_cached("INSERT OR IGNORE INTO events (seq, at, body) VALUES (?1, ?2, ?3)")?;
    for envelope in &pending.events {
        if let Ok(body) = serde_json::to_string(&envelope.event) {
            statement.execute(params![
                stored(envelope.seq),
                envelope.at.as_microsecond(),
                body
            ])?;
        }
    }
    let Some(newest) = pending.events.back().map(|envelope| envelope.seq) else {
        return Ok(());
    };
    let first = pending
        .events
        .front()
        .map_or(newest, |envelope| envelope.seq);
    if newest / TRIM_EVERY != first.saturating_sub(1) / TRIM_EVERY {
        transaction
            .prepare_cached("DELETE FROM events WHERE seq <= ?1")?
            .execute([stored(newest.saturating_sub(EVENTS_KEPT))])?;
    }
    Ok(())
}

fn stored(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
