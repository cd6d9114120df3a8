//! Which runs are asked for, and how they are found without looking at a million rows.
//!
//! Rows come newest first, and ids sort by time, so every index ends in `id`. A filter becomes one or more *streams*:
//! stretches of an index with fixed first columns, each already in order. Several streams (three units, two outcomes)
//! are merged, and each is read only as far as the page needs. What no index covers is checked row by row.
//!
//! Tests are in `tests/queries.rs`; the speed over a million rows is a matter of the benchmark.

use std::collections::BinaryHeap;

use jiff::Timestamp;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::codes::{kind_code, outcome_code, state_code, trigger_code};
use super::rows::{COLUMNS, key, read_run};

/// The most runs one query returns.
pub const MOST_RUNS: usize = 10_000;

/// Beyond so many streams, the newest rows are looked through first.
const MANY_STREAMS: usize = 256;

/// How many of the newest rows that is.
const LOOK_THROUGH: i64 = 4096;

/// Which runs. What is empty or none does not restrict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFilter {
    /// Globs over names of units; a run of any of them.
    pub units: Vec<String>,
    /// The kind the unit had then.
    pub kind: Option<Kind>,
    /// The instance of a service.
    pub instance: Option<u32>,
    /// Where the run is.
    pub state: Option<RunState>,
    /// How it ended; any of these.
    pub outcomes: Vec<Outcome>,
    /// Why it began.
    pub trigger: Option<Trigger>,
    /// The chain of retries.
    pub execution_id: Option<RunId>,
    /// Only runs that stand for a tick of a schedule.
    pub scheduled_only: bool,
    /// Decided at that time or later.
    pub since: Option<Timestamp>,
    /// Decided before that time.
    pub until: Option<Timestamp>,
    /// Only older runs than this one: the next page.
    pub before: Option<RunId>,
    /// How many at most, up to [`MOST_RUNS`]; none is 50.
    pub limit: Option<usize>,
}

impl RunFilter {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(50).min(MOST_RUNS)
    }

    /// The smallest key that can match, and the first that is too large.
    fn keys(&self) -> ([u8; 16], [u8; 16]) {
        let at = |time: Timestamp| u64::try_from(time.as_millisecond()).unwrap_or(0);
        let low = self
            .since
            .map_or(0, |since| RunId::from_parts(at(since), 0).as_u128());
        let high = self.until.map_or(u128::MAX, |until| {
            RunId::from_parts(at(until) + 1, 0).as_u128()
        });
        let high = self.before.map_or(high, |id| high.min(id.as_u128()));
        (low.to_be_bytes(), high.to_be_bytes())
    }

    fn rare_trigger(&self) -> Option<Trigger> {
        self.trigger
            .filter(|trigger| !matches!(trigger, Trigger::Schedule | Trigger::Restart))
    }
}

/// The runs of `units` (all, where none) that the filter lets through, newest first. Globs are resolved already.
pub(super) fn find(
    db: &Connection,
    filter: &RunFilter,
    units: Option<&[i64]>,
) -> rusqlite::Result<Vec<RunRecord>> {
    if filter.limit() == 0 || units.is_some_and(<[i64]>::is_empty) {
        return Ok(Vec::new());
    }
    let mut streams = streams(filter, units);
    if streams.len() > MANY_STREAMS {
        let newest = look_through(db, filter, units.unwrap_or_default())?;
        if newest.len() >= filter.limit() {
            return Ok(newest);
        }
    }
    merge(db, filter, &mut streams)
}

/// A stretch of an index, newest first.
struct Stream {
    index: &'static str,
    /// Conditions that the index covers, with their values.
    fixed: Vec<(&'static str, Value)>,
    /// The units among which its rows are, where the index does not see to that.
    among: Option<String>,
    /// Rows read and not yet given out, newest last.
    ready: Vec<RunRecord>,
    /// Where to go on; none at the end.
    below: Option<[u8; 16]>,
}

fn stream(index: &'static str, fixed: Vec<(&'static str, Value)>) -> Stream {
    Stream {
        index,
        fixed,
        among: None,
        ready: Vec::new(),
        below: None,
    }
}

fn stream_among(
    units: Option<&[i64]>,
    index: &'static str,
    fixed: Vec<(&'static str, Value)>,
) -> Stream {
    Stream {
        among: units.map(join),
        ..stream(index, fixed)
    }
}

/// Chooses the indexes. The order of the cases is from the most to the least selective.
fn streams(filter: &RunFilter, units: Option<&[i64]>) -> Vec<Stream> {
    if let Some(id) = filter.execution_id {
        // The first run of a chain has no execution id of its own: it is found by its key.
        return vec![
            stream_among(
                units,
                "INDEXED BY runs_by_execution",
                vec![("r.execution_id = ?", Value::Blob(key(id).to_vec()))],
            ),
            stream_among(units, "", vec![("r.id = ?", Value::Blob(key(id).to_vec()))]),
        ];
    }
    if let Some(state) = filter.state.filter(|state| *state != RunState::Ended) {
        return vec![stream_among(
            units,
            "INDEXED BY runs_open",
            vec![("r.state <> 4 AND r.state = ?", state_code(state).into())],
        )];
    }
    let by_outcome = !filter.outcomes.is_empty()
        && (filter.rare_trigger().is_none() || filter.outcomes != [Outcome::Succeeded]);
    let unit = |unit: &i64| ("r.unit = ?", Value::from(*unit));
    let outcome = |outcome: &Outcome| ("r.outcome = ?", Value::from(outcome_code(*outcome)));
    match (units, by_outcome, filter.rare_trigger()) {
        (Some(units), true, _) => units
            .iter()
            .flat_map(|u| filter.outcomes.iter().map(move |o| (u, o)))
            .map(|(u, o)| {
                stream(
                    "INDEXED BY runs_by_unit_and_outcome",
                    vec![unit(u), outcome(o)],
                )
            })
            .collect(),
        (None, true, _) => filter
            .outcomes
            .iter()
            .map(|o| stream("INDEXED BY runs_by_outcome", vec![outcome(o)]))
            .collect(),
        (units, false, Some(trigger)) => {
            let why = (
                "r.trigger <> 0 AND r.trigger <> 5 AND r.trigger = ?",
                Value::from(trigger_code(trigger)),
            );
            match units {
                None => vec![stream("INDEXED BY runs_by_rare_trigger", vec![why])],
                Some(units) => units
                    .iter()
                    .map(|u| {
                        stream(
                            "INDEXED BY runs_by_unit_and_rare_trigger",
                            vec![unit(u), why.clone()],
                        )
                    })
                    .collect(),
            }
        }
        (Some(units), false, None) => units
            .iter()
            .map(|u| stream("INDEXED BY runs_by_unit", vec![unit(u)]))
            .collect(),
        (None, false, None) => vec![stream("", Vec::new())],
    }
}

/// The conditions that are checked row by row; those an index covers as well do no harm.
fn conditions(filter: &RunFilter, sql: &mut String, values: &mut Vec<Value>) {
    let mut and = |text: &str, value: Value| {
        sql.push_str(" AND ");
        sql.push_str(text);
        values.push(value);
    };
    if let Some(kind) = filter.kind {
        and("r.kind = ?", kind_code(kind).into());
    }
    if let Some(instance) = filter.instance {
        and("r.instance = ?", instance.into());
    }
    if let Some(state) = filter.state {
        and("r.state = ?", state_code(state).into());
    }
    if let Some(trigger) = filter.trigger {
        and("r.trigger = ?", trigger_code(trigger).into());
    }
    if let Some(since) = filter.since {
        and("r.created_at >= ?", since.as_microsecond().into());
    }
    if let Some(until) = filter.until {
        and("r.created_at < ?", until.as_microsecond().into());
    }
    if filter.scheduled_only {
        sql.push_str(" AND r.scheduled_at IS NOT NULL");
    }
    if !filter.outcomes.is_empty() {
        let list: Vec<String> = filter
            .outcomes
            .iter()
            .map(|outcome| outcome_code(*outcome).to_string())
            .collect();
        sql.push_str(&format!(" AND r.outcome IN ({})", list.join(",")));
    }
}

/// Reads up to `most` more rows of a stream.
fn refill(
    db: &Connection,
    filter: &RunFilter,
    stream: &mut Stream,
    most: usize,
) -> rusqlite::Result<()> {
    let Some(below) = stream.below.take() else {
        return Ok(());
    };
    let mut sql = format!(
        "SELECT {COLUMNS} FROM runs r {} CROSS JOIN units u ON u.id = r.unit WHERE r.id < ? AND r.id >= ?",
        stream.index
    );
    let mut values = vec![
        Value::Blob(below.to_vec()),
        Value::Blob(filter.keys().0.to_vec()),
    ];
    for (text, value) in &stream.fixed {
        sql.push_str(" AND ");
        sql.push_str(text);
        values.push(value.clone());
    }
    conditions(filter, &mut sql, &mut values);
    if let Some(units) = &stream.among {
        sql.push_str(&format!(" AND r.unit IN ({units})"));
    }
    sql.push_str(" ORDER BY r.id DESC LIMIT ?");
    values.push(Value::from(i64::try_from(most).unwrap_or(i64::MAX)));
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), read_run)?;
    stream.ready = rows.collect::<Result<_, _>>()?;
    if stream.ready.len() == most {
        stream.below = stream.ready.last().map(|run| key(run.id));
    }
    stream.ready.reverse();
    Ok(())
}

/// Takes the newest of all streams' next rows until the page is full.
fn merge(
    db: &Connection,
    filter: &RunFilter,
    streams: &mut [Stream],
) -> rusqlite::Result<Vec<RunRecord>> {
    let limit = filter.limit();
    let most = if streams.len() == 1 {
        limit
    } else {
        (2 * limit / streams.len()).clamp(4, 256)
    };
    let mut heads = BinaryHeap::with_capacity(streams.len());
    for (number, stream) in streams.iter_mut().enumerate() {
        stream.below = Some(filter.keys().1);
        refill(db, filter, stream, most)?;
        if let Some(run) = stream.ready.last() {
            heads.push((run.id, number));
        }
    }
    let mut page = Vec::with_capacity(limit.min(1024));
    while let Some((_, number)) = heads.pop() {
        let stream = &mut streams[number];
        page.extend(stream.ready.pop());
        if page.len() == limit {
            break;
        }
        if stream.ready.is_empty() {
            refill(db, filter, stream, most)?;
        }
        if let Some(run) = stream.ready.last() {
            heads.push((run.id, number));
        }
    }
    Ok(page)
}

/// The matching ones among the newest rows of all: enough, more often than not, when many units are asked for.
fn look_through(
    db: &Connection,
    filter: &RunFilter,
    units: &[i64],
) -> rusqlite::Result<Vec<RunRecord>> {
    let (low, high) = filter.keys();
    let mut sql = format!(
        "SELECT {COLUMNS} FROM (SELECT * FROM runs WHERE id < ? AND id >= ? ORDER BY id DESC LIMIT {LOOK_THROUGH}) r \
         CROSS JOIN units u ON u.id = r.unit WHERE r.unit IN ({})",
        join(units)
    );
    let mut values = vec![Value::Blob(high.to_vec()), Value::Blob(low.to_vec())];
    conditions(filter, &mut sql, &mut values);
    sql.push_str(" ORDER BY r.id DESC LIMIT ?");
    values.push(Value::from(
        i64::try_from(filter.limit()).unwrap_or(i64::MAX),
    ));
    let mut statement = db.prepare(&sql)?;
    statement
        .query_map(rusqlite::params_from_iter(values), read_run)?
        .collect()
}

fn join(numbers: &[i64]) -> String {
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    texts.join(",")
}
