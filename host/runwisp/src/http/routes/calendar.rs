//! The calendar: what fired on each day, and what will.
//!
//! Tests: `wire/calendar.rs`, `wire/tests`.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use runwisp_core::config::plan::{Plan, Role};
use runwisp_core::schedule::{Standing, count_between, preview};
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::run::RunRecord;
use serde::Deserialize;
use utoipa::IntoParams;

use super::schedule::standings;
use super::{matching, past};
use crate::daemon::handle::Handle;
use crate::daemon::history::{History, HistoryError, RunFilter};
use crate::http::caller::Caller;
use crate::http::choose::Filter;
use crate::http::query::{Params, globs, json};
use crate::wire::{Calendar, CalendarTick, Coming, Doc, Problem, days};

/// How many days are told when nobody says, and at most.
const DEFAULT_DAYS: i32 = 7;
const MAX_DAYS: i32 = 62;

/// How many ticks of a task and a day are told one by one at most.
const MOST_TICKS: usize = 50;

/// How many rows of the past are folded at most.
const MOST_ROWS: usize = 50_000;

/// How far several schedules of a task are counted through on a day.
const WORK: u64 = 2_000;

/// Which days.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The first day, such as `2026-11-30`; today unless told.
    #[param(format = Date)]
    from: Option<String>,
    /// The last day; 6 days after the first unless told, 61 at most.
    #[param(format = Date)]
    until: Option<String>,
    /// Names and patterns of units, separated by commas.
    unit: Option<String>,
}

/// What fired on each day, and what will
///
/// The days are those of the daemon's zone. Ticks that are more than 50 for a task and a day are counted, not listed;
/// `GET /ticks` has them.
#[utoipa::path(
    get, path = "/calendar", operation_id = "get_calendar", tag = "time", params(Wanted),
    responses((status = 200, description = "Day by day.", body = Doc<Calendar>)),
)]
pub async fn show(
    State(handle): State<Handle>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Response, Problem> {
    let plan = handle.plan();
    let zone = plan.daemon.timezone.clone();
    let now = Timestamp::now();
    let today = zone.to_datetime(now).date();
    let first = date("from", wanted.from.as_deref())?.unwrap_or(today);
    let last = match date("until", wanted.until.as_deref())? {
        Some(last) => last,
        None => later(first, DEFAULT_DAYS - 1)?,
    };
    let count = 1 + (last - first).get_days();
    if !(1..=MAX_DAYS).contains(&count) {
        return Err(Problem::invalid(format!(
            "from {first} until {last} is not 1 to {MAX_DAYS} days"
        )));
    }
    let (begin, end) = (start(&zone, first)?, start(&zone, later(last, 1)?)?);
    let units = matching(&handle, &caller, &globs(wanted.unit.as_deref()))?;
    let filter = RunFilter {
        scheduled_only: true,
        first_tries: true,
        since: Some(begin),
        due_since: Some(begin),
        due_until: Some(end),
        limit: Some(10_000),
        ..Filter::of(wanted.unit, None).resolve(&handle, &caller)?
    };
    let standings = standings(&handle).await?;
    let told = past(&handle, move |history| {
        let (rows, complete_since) = rows(history, filter)?;
        let ahead = Ahead {
            plan: &plan,
            zone: &zone,
            standings: &standings,
            now,
        };
        let coming = ahead.coming(first, count, units.as_deref());
        let count = usize::try_from(count).unwrap_or_default();
        Ok(Calendar {
            timezone: zone.iana_name().unwrap_or("UTC").to_owned(),
            now,
            days: days(&zone, first, count, &rows, coming, MOST_TICKS),
            complete_since,
        })
    })
    .await?;
    Ok(json(told))
}

fn date(name: &str, text: Option<&str>) -> Result<Option<Date>, Problem> {
    text.map(|text| {
        let parsed = text.parse::<Date>().ok();
        parsed
            .filter(|date| (1970..=9998).contains(&date.year()))
            .ok_or_else(|| {
                Problem::invalid(format!("{name} is not a day such as 2026-11-30: {text:?}"))
            })
    })
    .transpose()
}

fn later(date: Date, days: i32) -> Result<Date, Problem> {
    date.checked_add(jiff::Span::new().days(days))
        .map_err(|e| Problem::invalid(e.to_string()))
}

fn start(zone: &TimeZone, date: Date) -> Result<Timestamp, Problem> {
    zone.to_timestamp(date.at(0, 0, 0, 0))
        .map_err(|e| Problem::invalid(e.to_string()))
}

/// The rows that fit, newest first; and since when they are all, where they are too many.
fn rows(
    history: &dyn History,
    mut filter: RunFilter,
) -> Result<(Vec<RunRecord>, Option<Timestamp>), HistoryError> {
    let mut rows: Vec<RunRecord> = Vec::new();
    // A page looks at so many rows; some may hold few that fit.
    for _ in 0..10 {
        let found = history.runs(&filter)?;
        rows.extend(found.runs);
        match found.next {
            None => return Ok((rows, None)),
            Some(_) if rows.len() >= MOST_ROWS => break,
            next => filter.after = next,
        }
    }
    let oldest = rows.last().map(|row| row.created_at);
    Ok((rows, oldest.or(filter.due_until)))
}

/// What is known of what comes.
struct Ahead<'a> {
    plan: &'a Plan,
    zone: &'a TimeZone,
    standings: &'a BTreeMap<UnitName, Standing>,
    now: Timestamp,
}

impl Ahead<'_> {
    /// What is to come on these days.
    fn coming(&self, first: Date, count: i32, units: Option<&[UnitName]>) -> Vec<Coming> {
        let mut coming = Vec::new();
        let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
        for date in dates.take(usize::try_from(count).unwrap_or_default()) {
            let bounds = (
                start(self.zone, date),
                later(date, 1).and_then(|d| start(self.zone, d)),
            );
            let (Ok(from), Ok(until)) = bounds else {
                continue;
            };
            if until > self.now {
                coming.extend(self.on(date, from, until, units));
            }
        }
        coming
    }

    /// What is to come on a day.
    fn on(
        &self,
        date: Date,
        from: Timestamp,
        until: Timestamp,
        units: Option<&[UnitName]>,
    ) -> Vec<Coming> {
        // Ticks lie after one instant and up to another; a day has its first instant and not the next day's.
        let before = |at: Timestamp| at - jiff::SignedDuration::from_nanos(1);
        let (from, until) = (before(from).max(self.now), before(until));
        let wanted = |name: &UnitName| units.is_none_or(|units| units.contains(name));
        let mut coming = Vec::new();
        for unit in self.plan.units.values().filter(|unit| wanted(&unit.name)) {
            let Role::Task(task) = &unit.role else {
                continue;
            };
            let standing = self.standings.get(&unit.name).copied();
            let standing = standing.unwrap_or(Standing::begun(self.now));
            let count = count_between(&task.schedules, from, until, standing.anchor, WORK);
            if count.ticks == 0 {
                continue;
            }
            let ticks = match usize::try_from(count.ticks) {
                Ok(few) if few <= MOST_TICKS => preview(&task.schedules, standing, from, few),
                _ => Vec::new(),
            };
            coming.push(Coming {
                date,
                unit: unit.name.clone(),
                due: count.ticks,
                exact: count.exact,
                ticks: ticks
                    .into_iter()
                    .filter(|firing| firing.at <= until)
                    .map(|firing| CalendarTick {
                        at: firing.at,
                        run_id: None,
                        outcome: None,
                        note: firing.note,
                    })
                    .collect(),
            });
        }
        coming
    }
}
