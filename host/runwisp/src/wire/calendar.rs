//! Ticks on the wire: one by one, and as a calendar of days.
//!
//! [`days`] folds what was found into days; it is pure. Tests: below.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::{Outcome, RunRecord};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ExplainedTick;

/// `GET /ticks`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ticks {
    /// Newest first.
    pub ticks: Vec<ExplainedTick>,
    /// Where the next page begins: give it back as `cursor`. A page may be short, or empty, and have one: then so many
    /// rows were looked at that it was time to answer. None where there is nothing more.
    pub next: Option<String>,
}

/// `GET /calendar`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Calendar {
    /// The zone of the days.
    pub timezone: String,
    /// When this was true: what is before has been, what is after is to come.
    pub now: Timestamp,
    /// Every day that was asked for, in order.
    pub days: Vec<CalendarDay>,
    /// Where there were too many runs to look at: what was due before this is not told.
    pub complete_since: Option<Timestamp>,
}

/// A day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CalendarDay {
    /// Which.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// Tasks that were due on it, or are to be, by name.
    pub units: Vec<CalendarUnit>,
}

/// What a task does on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CalendarUnit {
    /// The task.
    pub unit: UnitName,
    /// How many ticks were due.
    pub fired: u64,
    /// How their first runs ended; those that have not ended are absent.
    pub outcomes: BTreeMap<String, u64>,
    /// How many ticks are to come.
    pub due: u64,
    /// Whether `due` is only the least there are.
    pub due_is_floor: bool,
    /// The ticks, oldest first, where they are not too many to tell one by one.
    pub ticks: Vec<CalendarTick>,
}

/// A tick.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CalendarTick {
    /// When it was due, or is.
    pub at: Timestamp,
    /// Its first run, where it has been.
    pub run_id: Option<RunId>,
    /// How that ended.
    pub outcome: Option<Outcome>,
    /// What the clocks do to it, where they do something and it is to come.
    pub note: Option<String>,
}

/// What is to come of a task on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Coming {
    /// The day.
    pub date: Date,
    /// The task.
    pub unit: UnitName,
    /// How many ticks.
    pub due: u64,
    /// Whether that is their number.
    pub exact: bool,
    /// The ticks, where they are not too many.
    pub ticks: Vec<CalendarTick>,
}

/// A calendar of the days from `first` on, `count` of them: first tries of ticks that have been, and what is to come.
/// No task has more than `most` ticks of a day told one by one.
pub fn days(
    zone: &TimeZone,
    first: Date,
    count: usize,
    been: &[RunRecord],
    coming: Vec<Coming>,
    most: usize,
) -> Vec<CalendarDay> {
    let dates: Vec<Date> = std::iter::successors(Some(first), |date| date.tomorrow().ok())
        .take(count)
        .collect();
    let mut folded: BTreeMap<(Date, UnitName), CalendarUnit> = BTreeMap::new();
    for row in been {
        let at = row.scheduled_at.unwrap_or(row.created_at);
        let unit = of(&mut folded, zone.to_datetime(at).date(), &row.unit);
        unit.fired += 1;
        if let Some(outcome) = row.outcome {
            *unit
                .outcomes
                .entry(outcome.as_str().to_owned())
                .or_default() += 1;
        }
        unit.ticks.push(CalendarTick {
            at,
            run_id: Some(row.id),
            outcome: row.outcome,
            note: None,
        });
    }
    for coming in coming {
        let unit = of(&mut folded, coming.date, &coming.unit);
        unit.due += coming.due;
        unit.due_is_floor |= !coming.exact;
        unit.ticks.extend(coming.ticks);
    }
    let mut days: BTreeMap<Date, Vec<CalendarUnit>> =
        dates.iter().map(|date| (*date, Vec::new())).collect();
    for ((date, _), mut unit) in folded {
        if unit.fired.saturating_add(unit.due) > most as u64 {
            unit.ticks.clear();
        }
        unit.ticks.sort_by_key(|tick| tick.at);
        if let Some(day) = days.get_mut(&date) {
            day.push(unit);
        }
    }
    days.into_iter()
        .map(|(date, units)| CalendarDay { date, units })
        .collect()
}

fn of<'a>(
    folded: &'a mut BTreeMap<(Date, UnitName), CalendarUnit>,
    date: Date,
    unit: &UnitName,
) -> &'a mut CalendarUnit {
    folded
        .entry((date, unit.clone()))
        .or_insert_with(|| CalendarUnit {
            unit: unit.clone(),
            fired: 0,
            outcomes: BTreeMap::new(),
            due: 0,
            due_is_floor: false,
            ticks: Vec::new(),
        })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use runwisp_core::words::run::RunState;

    use super::*;
    use crate::wire::tests::tick_row;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn ticks_fall_on_the_days_of_the_zone_and_what_is_too_much_is_counted() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let mut ended = tick_row(1, "backup", at("2026-03-01T22:30:00Z"), RunState::Ended);
        ended.outcome = Some(Outcome::Failed);
        let open = tick_row(2, "backup", at("2026-03-01T21:59:59Z"), RunState::Running);
        let outside = tick_row(3, "backup", at("2026-02-20T00:00:00Z"), RunState::Ended);
        let name = UnitName::new("often").unwrap();
        let coming = Coming {
            date: date(2026, 3, 3),
            unit: name.clone(),
            due: 1440,
            exact: false,
            ticks: Vec::new(),
        };
        let told = days(
            &zone,
            date(2026, 3, 1),
            3,
            &[ended, open, outside],
            vec![coming],
            50,
        );
        let dates: Vec<String> = told.iter().map(|day| day.date.to_string()).collect();
        assert_eq!(dates, ["2026-03-01", "2026-03-02", "2026-03-03"]);
        let first = &told[0].units[0];
        assert_eq!((first.fired, first.due, first.outcomes.len()), (1, 0, 0));
        assert_eq!(first.ticks[0].at, at("2026-03-01T21:59:59Z"));
        let second = &told[1].units[0];
        assert_eq!(second.outcomes["failed"], 1);
        assert_eq!(second.ticks[0].outcome, Some(Outcome::Failed));
        let third = &told[2].units[0];
        assert_eq!((third.unit.clone(), third.due), (name, 1440));
        assert!(third.due_is_floor && third.ticks.is_empty());
    }

    #[test]
    fn ticks_that_are_too_many_are_only_counted() {
        let rows: Vec<RunRecord> = (0..3)
            .map(|n| {
                let at = at("2026-03-01T10:00:00Z") + jiff::SignedDuration::from_secs(n);
                tick_row(u64::try_from(n).unwrap(), "backup", at, RunState::Ended)
            })
            .collect();
        let of = |most| days(&TimeZone::UTC, date(2026, 3, 1), 1, &rows, Vec::new(), most);
        assert_eq!(of(3)[0].units[0].ticks.len(), 3);
        let many = of(2);
        assert_eq!(many[0].units[0].fired, 3);
        assert!(many[0].units[0].ticks.is_empty());
    }
}
