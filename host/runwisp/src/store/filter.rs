//! Which runs are asked for, and by which indexes they are found without looking at a million rows.
//!
//! Ids sort by time, so an index that ends in `id` gives rows by age; two indexes give them by length. A filter becomes
//! one or more *streams*: stretches of an index with fixed first columns, each already in order. What no index covers is
//! a *condition*, checked row by row; `find.rs` bounds how many rows that may take.
//!
//! Pure. Tests are in `tests/queries.rs`; the speed over a million rows is a matter of the benchmark.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use runwisp_core::words::glob::Glob;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};
use rusqlite::types::Value;

use super::codes::{kind_code, outcome_code, state_code, trigger_code};
use super::find::Resolved;
use super::rows::key;

/// The most runs one query returns.
pub const MOST_RUNS: usize = 10_000;

/// Beyond so many units, one index over all of them is read rather than one for each.
const MANY_UNITS: usize = 64;

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// Longest first; runs that never had a process are left out.
    Longest,
    /// Shortest first, likewise.
    Shortest,
}

impl Sort {
    /// Whether rows come with the largest first.
    pub(super) fn descends(self) -> bool {
        matches!(self, Sort::Newest | Sort::Longest)
    }

    /// Whether rows come by length.
    pub(super) fn by_length(self) -> bool {
        matches!(self, Sort::Longest | Sort::Shortest)
    }

    /// A place as a number that is larger for what comes first.
    pub(super) fn rank(self, position: Position) -> (i64, u128) {
        match self.descends() {
            true => (position.length, position.id.as_u128()),
            false => (-position.length, !position.id.as_u128()),
        }
    }

    /// Where a row stands in this order.
    pub(super) fn position(self, run: &RunRecord) -> Position {
        let length = run.duration.map_or(0, |d| d.as_micros());
        Position {
            length: if self.by_length() {
                i64::try_from(length).unwrap_or(i64::MAX)
            } else {
                0
            },
            id: run.id,
        }
    }
}

/// A place in a sorted history: right after this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Its length in microseconds, where rows are sorted by it; else 0.
    pub(super) length: i64,
    /// The run.
    pub(super) id: RunId,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.length, self.id)
    }
}

/// The text is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPosition;

impl FromStr for Position {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let (length, id) = text.split_once('-').ok_or(BadPosition)?;
        Ok(Position {
            length: length.parse().ok().filter(|l| *l >= 0).ok_or(BadPosition)?,
            id: id.parse().map_err(|_| BadPosition)?,
        })
    }
}

/// Which runs. What is empty or none does not restrict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFilter {
    /// Globs over names of units; a run of any of them.
    pub units: Vec<String>,
    /// Globs over names of units that may be seen at all; none is all units, an empty list is no unit.
    pub within: Option<Vec<Glob>>,
    /// The kind the unit had then.
    pub kind: Option<Kind>,
    /// The instance of a service.
    pub instance: Option<u32>,
    /// Where the run is; any of these.
    pub states: Vec<RunState>,
    /// How it ended; any of these.
    pub outcomes: Vec<Outcome>,
    /// Why it began; any of these.
    pub triggers: Vec<Trigger>,
    /// What its process left with; any of these.
    pub exit_codes: Vec<i32>,
    /// The chain of retries.
    pub execution_id: Option<RunId>,
    /// Only runs that retry another.
    pub retries: bool,
    /// Only runs that stand for a tick of a schedule.
    pub scheduled_only: bool,
    /// Only the first try of each, not those that retry it.
    pub first_tries: bool,
    /// Only ticks that were due at that time or later.
    pub due_since: Option<Timestamp>,
    /// Only ticks that were due before that time.
    pub due_until: Option<Timestamp>,
    /// This text stands in the message or in the name of the unit, whatever the case.
    pub text: Option<String>,
    /// Decided at that time or later.
    pub since: Option<Timestamp>,
    /// Decided before that time.
    pub until: Option<Timestamp>,
    /// Only older runs than this one.
    pub before: Option<RunId>,
    /// In which order.
    pub sort: Sort,
    /// Only runs after this place of that order: the next page.
    pub after: Option<Position>,
    /// How many at most, up to [`MOST_RUNS`]; none is 50.
    pub limit: Option<usize>,
}

impl RunFilter {
    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(50).min(MOST_RUNS)
    }

    /// The smallest key that can match, and the first that is too large.
    pub(super) fn keys(&self) -> ([u8; 16], [u8; 16]) {
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

    /// The only trigger that is asked for, where it is a rare one.
    fn rare_trigger(&self) -> Option<Trigger> {
        match self.triggers[..] {
            [trigger] if !matches!(trigger, Trigger::Schedule | Trigger::Restart) => Some(trigger),
            _ => None,
        }
    }
}

/// A stretch of an index, in order.
pub(super) struct Stream {
    pub(super) index: &'static str,
    /// Conditions that the index covers, with their values.
    pub(super) fixed: Vec<(&'static str, Value)>,
    /// The units among which its rows are, where the index does not see to that.
    pub(super) among: Option<String>,
}

fn stream(index: &'static str, fixed: Vec<(&'static str, Value)>) -> Stream {
    Stream {
        index,
        fixed,
        among: None,
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
pub(super) fn streams(filter: &RunFilter, units: Option<&[i64]>) -> Vec<Stream> {
    if filter.sort.by_length() {
        return by_length(units);
    }
    if let Some(id) = filter.execution_id {
        // The first run of a chain has no execution id of its own: it is found by its key.
        let id = || Value::Blob(key(id).to_vec());
        let chain = vec![("r.execution_id = ?", id())];
        return vec![
            stream_among(units, "INDEXED BY runs_by_execution", chain),
            stream_among(units, "", vec![("r.id = ?", id())]),
        ];
    }
    if !filter.states.is_empty() && !filter.states.contains(&RunState::Ended) {
        let open = |state: &RunState| {
            let fixed = vec![("r.state <> 4 AND r.state = ?", state_code(*state).into())];
            stream_among(units, "INDEXED BY runs_open", fixed)
        };
        return filter.states.iter().map(open).collect();
    }
    if !filter.exit_codes.is_empty() && !filter.exit_codes.contains(&0) {
        let coded = |code: &i32| {
            let fixed = vec![("r.exit_code <> 0 AND r.exit_code = ?", (*code).into())];
            stream_among(units, "INDEXED BY runs_by_exit_code", fixed)
        };
        return filter.exit_codes.iter().map(coded).collect();
    }
    if filter.retries && filter.outcomes.is_empty() {
        let fixed = vec![("r.attempt > ?", Value::from(1))];
        // The index is over a constant, so that SQLite can tell that it applies.
        let fixed = [vec![("r.attempt > 1 AND 1 = ?", Value::from(1))], fixed].concat();
        return vec![stream_among(units, "INDEXED BY runs_that_retry", fixed)];
    }
    by_age(filter, units)
}

/// Longest or shortest first.
fn by_length(units: Option<&[i64]>) -> Vec<Stream> {
    match units {
        Some(units) if units.len() <= MANY_UNITS => units
            .iter()
            .map(|unit| {
                let fixed = vec![("r.unit = ?", Value::from(*unit))];
                stream("INDEXED BY runs_by_unit_and_length", fixed)
            })
            .collect(),
        units => vec![stream_among(units, "INDEXED BY runs_by_length", Vec::new())],
    }
}

fn by_age(filter: &RunFilter, units: Option<&[i64]>) -> Vec<Stream> {
    let by_outcome = !filter.outcomes.is_empty()
        && (filter.rare_trigger().is_none() || filter.outcomes != [Outcome::Succeeded]);
    let unit = |unit: &i64| ("r.unit = ?", Value::from(*unit));
    let outcome = |outcome: &Outcome| ("r.outcome = ?", Value::from(outcome_code(*outcome)));
    match (units, by_outcome, filter.rare_trigger()) {
        (Some(units), true, _) => units
            .iter()
            .flat_map(|u| filter.outcomes.iter().map(move |o| (u, o)))
            .map(|(u, o)| {
                let fixed = vec![unit(u), outcome(o)];
                stream("INDEXED BY runs_by_unit_and_outcome", fixed)
            })
            .collect(),
        (None, true, _) => filter
            .outcomes
            .iter()
            .map(|o| stream("INDEXED BY runs_by_outcome", vec![outcome(o)]))
            .collect(),
        (units, false, Some(trigger)) => {
            let code = Value::from(trigger_code(trigger));
            let why = ("r.trigger <> 0 AND r.trigger <> 5 AND r.trigger = ?", code);
            match units {
                None => vec![stream("INDEXED BY runs_by_rare_trigger", vec![why])],
                Some(units) => units
                    .iter()
                    .map(|u| {
                        let fixed = vec![unit(u), why.clone()];
                        stream("INDEXED BY runs_by_unit_and_rare_trigger", fixed)
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

/// What is checked row by row, as one expression; what an index covers as well does no harm. `named` are the units whose
/// names hold the text that is looked for.
pub(super) fn conditions(filter: &RunFilter, resolved: &Resolved) -> (String, Vec<Value>) {
    let named = &resolved.named;
    let mut sql = format!("r.deleted_at IS NULL{}", resolved.except);
    let mut values = Vec::new();
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
    for (bound, text) in [
        (filter.since, "r.created_at >= ?"),
        (filter.until, "r.created_at < ?"),
        (filter.due_since, "r.scheduled_at >= ?"),
        (filter.due_until, "r.scheduled_at < ?"),
    ] {
        if let Some(at) = bound {
            and(text, at.as_microsecond().into());
        }
    }
    if let Some(before) = filter.before {
        and("r.id < ?", Value::Blob(key(before).to_vec()));
    }
    if let Some(id) = filter.execution_id {
        and(
            "ifnull(r.execution_id, r.id) = ?",
            Value::Blob(key(id).to_vec()),
        );
    }
    if let Some(text) = &filter.text {
        let found = format!(
            "(instr(lower(ifnull(r.message, '')), ?) > 0 OR r.unit IN ({}))",
            join(named)
        );
        and(&found, text.to_lowercase().into());
    }
    for (wanted, text) in [
        (filter.scheduled_only, " AND r.scheduled_at IS NOT NULL"),
        (filter.retries, " AND r.attempt > 1"),
        (filter.first_tries, " AND r.attempt = 1"),
    ] {
        if wanted {
            sql.push_str(text);
        }
    }
    any_of(
        &mut sql,
        "r.state",
        filter.states.iter().map(|s| state_code(*s)),
    );
    any_of(
        &mut sql,
        "r.outcome",
        filter.outcomes.iter().map(|o| outcome_code(*o)),
    );
    any_of(
        &mut sql,
        "r.trigger",
        filter.triggers.iter().map(|t| trigger_code(*t)),
    );
    let codes = filter.exit_codes.iter().map(|c| i64::from(*c));
    any_of(&mut sql, "r.exit_code", codes);
    (sql, values)
}

fn any_of(sql: &mut String, column: &str, numbers: impl Iterator<Item = i64>) {
    let numbers: Vec<i64> = numbers.collect();
    if !numbers.is_empty() {
        sql.push_str(&format!(" AND {column} IN ({})", join(&numbers)));
    }
}

pub(super) fn join(numbers: &[i64]) -> String {
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    texts.join(",")
}
