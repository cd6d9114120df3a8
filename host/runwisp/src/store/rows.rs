//! Runs as rows, and rows as runs.
//!
//! Times are kept as microseconds, so what comes back is at most a microsecond earlier than what was given.
//! Numbers beyond 63 bits are kept as the largest that fits.

use std::time::Duration;

use jiff::Timestamp;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::RunRecord;
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, Row, params};

use super::codes::{
    kind_code, kind_of, outcome_code, outcome_of, state_code, state_of, trigger_code, trigger_of,
};

/// What every query of runs selects; [`read_run`] reads it by place. `r` is `runs`, `u` is `units`.
pub(super) const COLUMNS: &str = "r.id, u.name, r.kind, r.instance, r.attempt, r.execution_id, \
     r.trigger, r.state, r.outcome, r.exit_code, r.signal, r.pid, r.scheduled_at, r.created_at, \
     r.started_at, r.ended_at, r.duration, r.max_rss_bytes, r.cpu, r.log_bytes, \
     r.log_dropped_bytes, r.message, r.clock_turn, r.params";

/// The column after those: whether the row fits what is asked for.
pub(super) const FITS: usize = 24;

/// The same for a database of an older format, as what is left of a damaged one may be.
pub(super) fn columns_of(format: i64) -> String {
    match format {
        ..=2 => COLUMNS
            .replace("r.clock_turn", "0")
            .replace("r.params", "NULL"),
        3..=5 => COLUMNS.replace("r.params", "NULL"),
        _ => COLUMNS.to_owned(),
    }
}

/// What cannot change once a run is decided is not set again, so that the indexes over it stay untouched.
const UPSERT: &str = "INSERT INTO runs (id, unit, kind, instance, attempt, execution_id, trigger, \
     state, outcome, exit_code, signal, pid, scheduled_at, created_at, started_at, ended_at, \
     duration, max_rss_bytes, cpu, log_bytes, log_dropped_bytes, message, clock_turn, params) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
     ?19, ?20, ?21, ?22, ?23, ?24) \
     ON CONFLICT (id) DO UPDATE SET state = ?8, outcome = ?9, exit_code = ?10, signal = ?11, \
     pid = ?12, started_at = ?15, ended_at = ?16, duration = ?17, max_rss_bytes = ?18, \
     cpu = ?19, log_bytes = ?20, log_dropped_bytes = ?21, message = ?22";

/// The key of a run.
pub(super) fn key(id: RunId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

/// Writes the row, new or changed. `unit` is the number of its unit.
pub(super) fn upsert_run(db: &Connection, unit: i64, run: &RunRecord) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(UPSERT)?;
    statement.execute(params![
        key(run.id),
        unit,
        kind_code(run.kind),
        run.instance,
        run.attempt,
        (run.execution_id != run.id).then(|| key(run.execution_id)),
        trigger_code(run.trigger),
        state_code(run.state),
        run.outcome.map(outcome_code),
        run.exit_code,
        run.signal,
        run.pid,
        run.scheduled_at.map(Timestamp::as_microsecond),
        run.created_at.as_microsecond(),
        run.started_at.map(Timestamp::as_microsecond),
        run.ended_at.map(Timestamp::as_microsecond),
        run.duration.map(micros),
        run.max_rss_bytes.map(fitted),
        run.cpu.map(micros),
        fitted(run.log_bytes),
        fitted(run.log_dropped_bytes),
        run.message,
        run.clock_turn,
        written(&run.params),
    ])?;
    Ok(())
}

/// Reads a row of [`COLUMNS`]. A word of a later version is an error of conversion.
pub(super) fn read_run(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let id = read_id(row, 0)?;
    let name: String = row.get(1)?;
    Ok(RunRecord {
        id,
        unit: UnitName::new(&name).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(1, Type::Text, error.into())
        })?,
        kind: read_code(row, 2, kind_of)?,
        instance: row.get(3)?,
        attempt: row.get(4)?,
        execution_id: match row.get_ref(5)? {
            rusqlite::types::ValueRef::Null => id,
            _ => read_id(row, 5)?,
        },
        trigger: read_code(row, 6, trigger_of)?,
        state: read_code(row, 7, state_of)?,
        outcome: match row.get::<_, Option<i64>>(8)? {
            Some(_) => Some(read_code(row, 8, outcome_of)?),
            None => None,
        },
        exit_code: row.get(9)?,
        signal: row.get(10)?,
        pid: row.get(11)?,
        scheduled_at: read_time(row, 12)?,
        created_at: read_time(row, 13)?.unwrap_or(Timestamp::UNIX_EPOCH),
        started_at: read_time(row, 14)?,
        ended_at: read_time(row, 15)?,
        duration: read_length(row, 16)?,
        max_rss_bytes: row.get::<_, Option<i64>>(17)?.map(i64::unsigned_abs),
        cpu: read_length(row, 18)?,
        log_bytes: row.get::<_, i64>(19)?.unsigned_abs(),
        log_dropped_bytes: row.get::<_, i64>(20)?.unsigned_abs(),
        message: row.get(21)?,
        clock_turn: row.get(22)?,
        params: row
            .get::<_, Option<String>>(23)?
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default(),
    })
}

/// Pairs as JSON, which can always say them; most runs have none.
fn written(params: &[(String, String)]) -> Option<String> {
    (!params.is_empty())
        .then(|| serde_json::to_string(params).ok())
        .flatten()
}

/// Reads a run's key.
pub(super) fn read_id(row: &Row<'_>, column: usize) -> rusqlite::Result<RunId> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(RunId::from_u128(u128::from_be_bytes(bytes)))
}

fn read_code<T>(row: &Row<'_>, column: usize, of: fn(i64) -> Option<T>) -> rusqlite::Result<T> {
    let number: i64 = row.get(column)?;
    of(number).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            Type::Integer,
            FromSqlError::OutOfRange(number).into(),
        )
    })
}

fn read_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let Some(micros) = row.get::<_, Option<i64>>(column)? else {
        return Ok(None);
    };
    Timestamp::from_microsecond(micros)
        .map(Some)
        .map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, error.into())
        })
}

fn read_length(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Duration>> {
    let micros: Option<i64> = row.get(column)?;
    Ok(micros.map(|micros| Duration::from_micros(micros.unsigned_abs())))
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

fn fitted(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
