//! Reads the streams of a filter, merged, until a page is full.
//!
//! Rows that no index tells apart are looked at one by one. How many of them one question may look at is bounded; a
//! question that reaches the bound is answered with what it has found and the place where it stopped, so that the next
//! page goes on there.
//!
//! Tests are in `tests/queries.rs`.

use std::collections::{BinaryHeap, HashSet};

use runwisp_core::words::run::RunRecord;
use rusqlite::types::Value;
use rusqlite::{Connection, Row};

use super::filter::{Position, RunFilter, Sort, Stream, conditions, join, streams};
use super::rows::{COLUMNS, FITS, key, read_id, read_run};

/// Beyond so many streams, the newest rows are looked through first.
const MANY_STREAMS: usize = 256;

/// How many of the newest rows that is.
const LOOK_THROUGH: i64 = 4096;

/// How many rows a bounded question looks at.
pub(super) const BOUND: usize = 20_000;

/// What a question found.
#[derive(Debug, Default)]
pub struct Found {
    /// The runs, in order.
    pub runs: Vec<RunRecord>,
    /// Where the next page begins; none where there is nothing more.
    pub next: Option<Position>,
}

/// What is known of the names that a filter asks for.
pub(super) struct Resolved {
    /// The units; none is all of them.
    pub(super) units: Option<Vec<i64>>,
    /// The units whose names hold the text.
    pub(super) named: Vec<i64>,
    /// A condition that leaves out rows which are overruled.
    pub(super) except: &'static str,
}

/// What two databases found, as one page; where both have a run, the second's row counts.
pub(super) fn join_pages(filter: &RunFilter, file: Found, held: Found) -> Found {
    let sort = filter.sort;
    let rank = |run: &RunRecord| sort.rank(sort.position(run));
    // Beyond the place where a page stops, the other's rows can't be put in order.
    let stops = [file.next, held.next];
    let stop = stops.into_iter().flatten().max_by_key(|at| sort.rank(*at));
    let newer: HashSet<_> = held.runs.iter().map(|run| run.id).collect();
    let mut runs = file.runs;
    runs.retain(|run| !newer.contains(&run.id));
    runs.extend(held.runs);
    runs.sort_by_key(|run| std::cmp::Reverse(rank(run)));
    if let Some(stop) = stop {
        runs.retain(|run| rank(run) >= sort.rank(stop));
    }
    let next = if runs.len() > filter.limit() {
        runs.truncate(filter.limit());
        runs.last().map(|run| sort.position(run))
    } else {
        stop
    };
    Found { runs, next }
}

/// The runs that the filter lets through, of which at most `bound` rows are looked at.
pub(super) fn find(
    db: &Connection,
    filter: &RunFilter,
    resolved: &Resolved,
    bound: usize,
) -> rusqlite::Result<Found> {
    let units = resolved.units.as_deref();
    if filter.limit() == 0 || units.is_some_and(<[i64]>::is_empty) {
        return Ok(Found::default());
    }
    let streams = streams(filter, units);
    if streams.len() > MANY_STREAMS && filter.sort == Sort::Newest {
        let newest = look_through(db, filter, resolved)?;
        if newest.len() >= filter.limit() {
            let next = newest.last().map(|run| filter.sort.position(run));
            return Ok(Found { runs: newest, next });
        }
    }
    let most = if streams.len() == 1 {
        filter.limit() + 1
    } else {
        (2 * filter.limit() / streams.len()).clamp(4, 256)
    };
    let mut merge = Merge {
        db,
        filter,
        conditions: conditions(filter, resolved),
        share: (bound / streams.len()).max(most),
        most,
        stopped: None,
    };
    merge.page(streams)
}

/// A stream with what has been read of it.
struct Reading {
    stream: Stream,
    /// Rows read and not yet given out, the next one last.
    ready: Vec<RunRecord>,
    /// Where to go on; none at the end. The first time it is the beginning.
    at: Option<Option<Position>>,
    /// Rows that may still be looked at. Every stream has its own share, so that every page gets on in all of them.
    left: usize,
}

struct Merge<'a> {
    db: &'a Connection,
    filter: &'a RunFilter,
    conditions: (String, Vec<Value>),
    /// Rows that may be looked at in each stream.
    share: usize,
    /// Rows read of a stream at once.
    most: usize,
    /// The first place in order up to which all streams have been read, where one ran out of rows to look at.
    stopped: Option<Position>,
}

impl Merge<'_> {
    fn rank(&self, position: Position) -> (i64, u128) {
        self.filter.sort.rank(position)
    }

    /// Takes the first of all streams' next rows until the page is full.
    fn page(&mut self, streams: Vec<Stream>) -> rusqlite::Result<Found> {
        let limit = self.filter.limit();
        let mut readings = Vec::with_capacity(streams.len());
        let mut heads = BinaryHeap::with_capacity(streams.len());
        for (number, stream) in streams.into_iter().enumerate() {
            let mut reading = Reading {
                stream,
                ready: Vec::new(),
                at: Some(self.filter.after),
                left: self.share,
            };
            self.refill(&mut reading)?;
            heads.extend(self.head(&reading, number));
            readings.push(reading);
        }
        let mut runs: Vec<RunRecord> = Vec::with_capacity(limit.min(1024));
        while let Some((rank, number)) = heads.pop() {
            if self
                .stopped
                .is_some_and(|stopped| rank < self.rank(stopped))
            {
                break;
            }
            if runs.len() == limit {
                let last = runs.last().map(|run| self.filter.sort.position(run));
                return Ok(Found { runs, next: last });
            }
            let reading: &mut Reading = &mut readings[number];
            runs.extend(reading.ready.pop());
            if reading.ready.is_empty() {
                self.refill(reading)?;
            }
            heads.extend(self.head(reading, number));
        }
        Ok(Found {
            runs,
            next: self.stopped,
        })
    }

    fn head(&self, reading: &Reading, number: usize) -> Option<((i64, u128), usize)> {
        let run = reading.ready.last()?;
        Some((self.rank(self.filter.sort.position(run)), number))
    }

    /// Reads some more rows of a stream.
    fn refill(&mut self, reading: &mut Reading) -> rusqlite::Result<()> {
        let Some(after) = reading.at.take() else {
            return Ok(());
        };
        let (sql, values) = self.question(&reading.stream, after);
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        let mut last = after;
        while reading.ready.len() < self.most {
            let Some(row) = rows.next()? else {
                reading.ready.reverse();
                return Ok(());
            };
            if reading.left == 0 {
                self.stop(last);
                reading.ready.reverse();
                return Ok(());
            }
            reading.left -= 1;
            last = Some(position(self.filter.sort, row)?);
            // What compares with an absent value is null, which does not fit.
            if row.get::<_, Option<bool>>(FITS)?.unwrap_or(false) {
                reading.ready.push(read_run(row)?);
            }
        }
        reading.at = Some(last);
        reading.ready.reverse();
        Ok(())
    }

    /// A stream has been read up to here and can't be read on.
    fn stop(&mut self, at: Option<Position>) {
        let Some(at) = at else { return };
        let earlier = self
            .stopped
            .is_none_or(|stopped| self.rank(at) > self.rank(stopped));
        if earlier {
            self.stopped = Some(at);
        }
    }

    fn question(&self, stream: &Stream, after: Option<Position>) -> (String, Vec<Value>) {
        let (fits, fit_values) = &self.conditions;
        let mut sql = format!(
            "SELECT {COLUMNS}, ({fits}) FROM runs r {} CROSS JOIN units u ON u.id = r.unit WHERE ",
            stream.index
        );
        let mut values = fit_values.clone();
        self.bounds(&mut sql, &mut values, after);
        for (text, value) in &stream.fixed {
            sql.push_str(" AND ");
            sql.push_str(text);
            values.push(value.clone());
        }
        if let Some(units) = &stream.among {
            sql.push_str(&format!(" AND r.unit IN ({units})"));
        }
        sql.push_str(match self.filter.sort {
            Sort::Newest => " ORDER BY r.id DESC",
            Sort::Oldest => " ORDER BY r.id",
            Sort::Longest => " ORDER BY r.duration DESC, r.id DESC",
            Sort::Shortest => " ORDER BY r.duration, r.id",
        });
        (sql, values)
    }

    /// The stretch of the index: from where the last page ended.
    fn bounds(&self, sql: &mut String, values: &mut Vec<Value>, after: Option<Position>) {
        let (low, high) = self.filter.keys();
        let blob = |key: [u8; 16]| Value::Blob(key.to_vec());
        let (mut low, mut high) = (low, high);
        match (self.filter.sort, after) {
            (Sort::Newest, Some(after)) => high = high.min(key(after.id)),
            (Sort::Oldest, Some(after)) => {
                low = low.max((after.id.as_u128() + 1).to_be_bytes());
            }
            _ => {}
        }
        if !self.filter.sort.by_length() {
            sql.push_str("r.id < ? AND r.id >= ?");
            values.extend([blob(high), blob(low)]);
            return;
        }
        sql.push_str("r.duration IS NOT NULL");
        if let Some(after) = after {
            let sign = if self.filter.sort.descends() {
                "<"
            } else {
                ">"
            };
            sql.push_str(&format!(" AND (r.duration, r.id) {sign} (?, ?)"));
            values.extend([Value::from(after.length), blob(key(after.id))]);
        }
    }
}

fn position(sort: Sort, row: &Row<'_>) -> rusqlite::Result<Position> {
    let length: Option<i64> = match sort.by_length() {
        true => row.get("duration")?,
        false => None,
    };
    Ok(Position {
        length: length.unwrap_or(0),
        id: read_id(row, 0)?,
    })
}

/// How many rows fit, and whether that is only the least there are: no more than `most` rows are looked at.
pub(super) fn count(
    db: &Connection,
    filter: &RunFilter,
    resolved: &Resolved,
    most: usize,
) -> rusqlite::Result<(u64, bool)> {
    let units = resolved.units.as_deref();
    if units.is_some_and(<[i64]>::is_empty) {
        return Ok((0, false));
    }
    let merge = Merge {
        db,
        filter,
        conditions: conditions(filter, resolved),
        share: 0,
        most: 0,
        stopped: None,
    };
    let (mut total, mut left) = (0, i64::try_from(most).unwrap_or(i64::MAX));
    for stream in streams(filter, units) {
        let (sql, mut values) = merge.question(&stream, None);
        let from = sql.find(" FROM runs r").unwrap_or_default();
        let order = sql.find(" ORDER BY").unwrap_or(sql.len());
        let fits = &merge.conditions.0;
        let sql = format!(
            "SELECT count(*), ifnull(sum(fits), 0) FROM (SELECT ({fits}) AS fits{} LIMIT ?)",
            &sql[from..order]
        );
        values.push(Value::from(left + 1));
        let (looked, found): (i64, i64) =
            db.query_row(&sql, rusqlite::params_from_iter(values), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        total += found.unsigned_abs();
        left -= looked;
        if left < 0 {
            let most = u64::try_from(most).unwrap_or(u64::MAX);
            return Ok((total.min(most), true));
        }
    }
    Ok((total, false))
}

/// The matching ones among the newest rows of all: enough, more often than not, when many units are asked for.
fn look_through(
    db: &Connection,
    filter: &RunFilter,
    resolved: &Resolved,
) -> rusqlite::Result<Vec<RunRecord>> {
    let (low, high) = filter.keys();
    let high = filter.after.map_or(high, |after| high.min(key(after.id)));
    let (fits, fit_values) = conditions(filter, resolved);
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT * FROM runs WHERE id < ? AND id >= ? ORDER BY id DESC LIMIT {LOOK_THROUGH}) r \
         CROSS JOIN units u ON u.id = r.unit WHERE r.unit IN ({}) AND {fits} ORDER BY r.id DESC LIMIT ?",
        join(resolved.units.as_deref().unwrap_or_default())
    );
    let mut values = vec![Value::Blob(high.to_vec()), Value::Blob(low.to_vec())];
    values.extend(fit_values);
    let limit = i64::try_from(filter.limit()).unwrap_or(i64::MAX);
    values.push(Value::from(limit));
    let mut statement = db.prepare(&sql)?;
    statement
        .query_map(rusqlite::params_from_iter(values), read_run)?
        .collect()
}
