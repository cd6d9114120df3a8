//! Messages as rows: deliveries, the bell, and what is remembered about repeats.
//!
//! Tests are in `tests/messages.rs`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use runwisp_core::words::glob::Glob;
use runwisp_core::words::notice::{BellRow, Delivery, DeliveryState, MessageId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::codes::delivery_code;
use super::error::StoreError;
use super::held::Side;
use super::pending_messages::{Keep, Messages};
use super::queries::Queries;

/// Which deliveries are wanted; every field narrows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// By this notifier.
    pub notifier: Option<String>,
    /// About units that fit one of these; empty is any, and none.
    pub units: Vec<Glob>,
    /// Of events that fit one of these; empty is any.
    pub kinds: Vec<Glob>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Decided at or after.
    pub since: Option<Timestamp>,
    /// Only older ones than this.
    pub before: Option<MessageId>,
    /// The most that come back, newest first.
    pub limit: usize,
}

/// Which rows of the bell are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BellFilter {
    /// Only what nobody has read.
    pub unread: bool,
    /// Only what stands behind this place: the next page. A row that counts one more moves to the front.
    pub before: Option<BellPlace>,
    /// The most that come back, newest first.
    pub limit: usize,
}

/// A place in the bell: right behind a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BellPlace {
    /// When the row last counted one more.
    pub last_at: Timestamp,
    /// The row.
    pub id: MessageId,
}

/// A row of the bell as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// The row.
    pub row: BellRow,
    /// Whether somebody has read it since it last counted one more.
    pub read: bool,
}

fn key(id: MessageId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

/// Writes everything.
pub(super) fn write(db: &Connection, messages: &Messages) -> rusqlite::Result<()> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO deliveries (id, event, notifier, unit, kind, state, created_at, ended_at, body) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET \
         event = ?2, unit = ?4, kind = ?5, state = ?6, ended_at = ?8, body = ?9",
    )?;
    for delivery in messages.deliveries.values() {
        // A delivery is plain data that JSON can always say.
        let Ok(body) = serde_json::to_string(delivery) else {
            continue;
        };
        upsert.execute(params![
            key(delivery.id),
            delivery.notice.id,
            delivery.notifier,
            delivery.notice.unit_name().map(|name| name.as_str()),
            delivery.notice.kind.as_str(),
            delivery_code(delivery.state),
            delivery.created_at.as_microsecond(),
            delivery.ended_at.map(Timestamp::as_microsecond),
            body,
        ])?;
    }
    let mut upsert = db.prepare_cached(
        "INSERT INTO notifications (id, last_at, body) VALUES (?1, ?2, ?3) \
         ON CONFLICT (id) DO UPDATE SET last_at = ?2, body = ?3",
    )?;
    for row in messages.bell.values() {
        if let Ok(body) = serde_json::to_string(row) {
            upsert.execute(params![key(row.id), row.last_at.as_microsecond(), body])?;
        }
    }
    for (name, memory) in &messages.memories {
        write_memory(db, name, memory.as_deref())?;
    }
    for read in &messages.read {
        if !read.read {
            db.prepare_cached(
                "UPDATE notifications SET read_at = NULL WHERE id = ?1 OR ?1 IS NULL",
            )?
            .execute([read.id.map(key)])?;
            continue;
        }
        db.prepare_cached(
            "UPDATE notifications SET read_at = ?1 WHERE (id = ?2 OR ?2 IS NULL) \
             AND last_at <= ?1 AND ifnull(read_at, 0) < ?1",
        )?
        .execute(params![read.at.as_microsecond(), read.id.map(key)])?;
    }
    match messages.keep {
        Some(keep) => trim(db, keep),
        None => Ok(()),
    }
}

fn write_memory(db: &Connection, name: &str, memory: Option<&str>) -> rusqlite::Result<()> {
    match memory {
        Some(body) => db
            .prepare_cached(
                "INSERT INTO notify_memories (name, body) VALUES (?1, ?2) \
                 ON CONFLICT (name) DO UPDATE SET body = ?2",
            )?
            .execute(params![name, body])?,
        None => db
            .prepare_cached("DELETE FROM notify_memories WHERE name = ?1")?
            .execute([name])?,
    };
    Ok(())
}

/// Removes what is too old or too many; deliveries that have not ended stay.
fn trim(db: &Connection, keep: Keep) -> rusqlite::Result<()> {
    let most = i64::try_from(keep.newest).unwrap_or(i64::MAX);
    let after = keep.after.as_microsecond();
    db.prepare_cached(
        "DELETE FROM deliveries WHERE ended_at IS NOT NULL AND (ended_at < ?1 OR id <= \
         (SELECT id FROM deliveries WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?2))",
    )?
    .execute(params![after, most])?;
    db.prepare_cached(
        "DELETE FROM notifications WHERE last_at < ?1 OR rowid IN \
         (SELECT rowid FROM notifications ORDER BY last_at DESC, id DESC LIMIT -1 OFFSET ?2)",
    )?
    .execute(params![after, most])?;
    Ok(())
}

impl Queries {
    /// The deliveries that the filter lets through, newest first.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        self.ask_both(|sight| {
            let mut found = BTreeMap::new();
            for side in sight.sides() {
                let some = find(side, filter)?;
                found.extend(some.into_iter().map(|delivery| (delivery.id, delivery)));
            }
            Ok(found.into_values().rev().take(filter.limit).collect())
        })
    }

    /// One delivery.
    pub fn delivery(&self, id: MessageId) -> Result<Option<Delivery>, StoreError> {
        self.ask_both(|sight| {
            let mut found = None;
            for side in sight.sides() {
                found = side
                    .db
                    .prepare_cached("SELECT body FROM deliveries WHERE id = ?1")?
                    .query_row([key(id)], read_body)
                    .optional()?
                    .flatten()
                    .or(found);
            }
            Ok(found)
        })
    }

    /// Deliveries that have not ended, oldest first.
    pub fn open_deliveries(&self) -> Result<Vec<Delivery>, StoreError> {
        self.ask(|db| Ok(read_open(db)?))
    }

    /// What is remembered about repeats and about what is broken.
    pub fn notify_memories(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.ask(|db| Ok(read_memories(db)?))
    }

    /// Rows of the bell, newest first; and how many of all there are that nobody has read.
    pub fn notifications(
        &self,
        filter: BellFilter,
    ) -> Result<(Vec<Notification>, u64), StoreError> {
        self.ask_both(|sight| {
            let mut found = Vec::new();
            let mut total = 0;
            for side in sight.sides() {
                let except = side.except_bell();
                let mut statement = side.db.prepare_cached(&format!(
                    "SELECT body, ifnull(read_at, 0) >= last_at FROM notifications \
                     WHERE (NOT ?1 OR ifnull(read_at, 0) < last_at){except} \
                     AND (?3 IS NULL OR (last_at, id) < (?3, ?4)) \
                     ORDER BY last_at DESC, id DESC LIMIT ?2"
                ))?;
                let most = i64::try_from(filter.limit).unwrap_or(i64::MAX);
                let mut rows = statement.query(params![
                    filter.unread,
                    most,
                    filter.before.map(|place| place.last_at.as_microsecond()),
                    filter.before.map(|place| key(place.id)),
                ])?;
                while let Some(row) = rows.next()? {
                    let read = row.get(1)?;
                    found.extend(read_body(row)?.map(|row| Notification { row, read }));
                }
                let unread: i64 = side.db.query_row(
                    &format!(
                        "SELECT count(*) FROM notifications WHERE ifnull(read_at, 0) < last_at{except}"
                    ),
                    [],
                    |row| row.get(0),
                )?;
                total += unread.unsigned_abs();
            }
            found.sort_by_key(|one: &Notification| std::cmp::Reverse((one.row.last_at, one.row.id)));
            found.truncate(filter.limit);
            Ok((found, total))
        })
    }
}

fn find(side: Side<'_>, filter: &DeliveryFilter) -> rusqlite::Result<Vec<Delivery>> {
    let mut statement = side.db.prepare_cached(&format!(
        "SELECT body, notifier, unit, kind FROM deliveries \
         WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR created_at >= ?2) \
         AND (?3 IS NULL OR notifier = ?3) AND (?4 IS NULL OR id < ?4){} ORDER BY id DESC",
        side.except_deliveries()
    ))?;
    let mut rows = statement.query(params![
        filter.state.map(delivery_code),
        filter.since.map(Timestamp::as_microsecond),
        filter.notifier,
        filter.before.map(key),
    ])?;
    let fits = |globs: &[Glob], text: Option<&str>| {
        globs.is_empty() || text.is_some_and(|text| globs.iter().any(|g| g.matches(text)))
    };
    let mut found = Vec::new();
    while found.len() < filter.limit
        && let Some(row) = rows.next()?
    {
        let unit: Option<String> = row.get(2)?;
        let kind: String = row.get(3)?;
        if fits(&filter.units, unit.as_deref()) && fits(&filter.kinds, Some(&kind)) {
            found.extend(read_body(row)?);
        }
    }
    Ok(found)
}

/// What stands in the first column; none for what a later version wrote, or what was damaged.
fn read_body<T: serde::de::DeserializeOwned>(row: &Row<'_>) -> rusqlite::Result<Option<T>> {
    let body: String = row.get(0)?;
    Ok(serde_json::from_str(&body).ok())
}

pub(super) fn read_open(db: &Connection) -> rusqlite::Result<Vec<Delivery>> {
    let mut statement = db.prepare_cached(
        "SELECT body FROM deliveries INDEXED BY deliveries_open \
         WHERE ended_at IS NULL ORDER BY created_at, id",
    )?;
    let rows = statement.query_map([], read_body)?;
    let found: Vec<Option<Delivery>> = rows.collect::<Result<_, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

pub(super) fn read_memories(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement =
        db.prepare_cached("SELECT name, body FROM notify_memories ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Copies all that can be read from one database to another, where the target does not have it.
pub(super) fn carry_over(from: &Connection, into: &Connection) -> rusqlite::Result<bool> {
    let mut messages = Messages::default();
    let whole = gather(from, &mut messages).is_ok();
    messages.deliveries.retain(|id, _| {
        let there = into
            .prepare_cached("SELECT 1 FROM deliveries WHERE id = ?1 AND ended_at IS NOT NULL")
            .and_then(|mut known| known.exists([key(*id)]));
        !there.unwrap_or(false)
    });
    write(into, &messages)?;
    Ok(whole)
}

/// An earlier format has no such tables; then there is nothing to gather, and nothing is missing.
fn gather(from: &Connection, messages: &mut Messages) -> rusqlite::Result<()> {
    if !from.table_exists(None, "deliveries")? {
        return Ok(());
    }
    let memories = read_memories(from)?;
    messages.memories = memories
        .into_iter()
        .map(|(name, body)| (name, Some(body)))
        .collect();
    let mut statement = from.prepare("SELECT body FROM deliveries ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(delivery) = read_body::<Delivery>(row)? {
            messages.deliveries.insert(delivery.id, Box::new(delivery));
        }
    }
    let mut statement = from.prepare("SELECT body FROM notifications ORDER BY last_at")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(row) = read_body::<BellRow>(row)? {
            messages.bell.insert(row.id, Box::new(row));
        }
    }
    Ok(())
}
