//! Every IANA zone around each change of its clocks, against an oracle that steps through the minutes.
//!
//! The oracle knows nothing of stretches, sets or searches: it asks the zone what the wall shows at every minute, and
//! a closure whether that is a time to fire.

use std::collections::HashSet;

use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::super::{
    Schedule, Tick, TickKind, TickNote, count_between, newest_of, previous_of, ticks_between,
};
use super::at;

/// An expression, said a second time as a closure.
struct Case {
    text: &'static str,
    fixed_time: bool,
    fires: fn(DateTime) -> bool,
}

const CASES: [Case; 8] = [
    Case {
        text: "30 2 * * *",
        fixed_time: true,
        fires: |wall| wall.hour() == 2 && wall.minute() == 30,
    },
    Case {
        text: "0 0,3 * * *",
        fixed_time: true,
        fires: |wall| matches!(wall.hour(), 0 | 3) && wall.minute() == 0,
    },
    Case {
        text: "10,50 0-23 * * *",
        fixed_time: true,
        fires: |wall| matches!(wall.minute(), 10 | 50),
    },
    Case {
        text: "15 23,0-1/1 L,1 * *",
        fixed_time: true,
        fires: |wall| {
            wall.minute() == 15
                && matches!(wall.hour(), 23 | 0 | 1)
                && (wall.day() == 1 || wall.day() == wall.date().days_in_month())
        },
    },
    Case {
        text: "45 1-3,23 */2 * fri-sun",
        fixed_time: true,
        fires: |wall| {
            wall.minute() == 45
                && matches!(wall.hour(), 1 | 2 | 3 | 23)
                && wall.day() % 2 == 1
                && matches!(
                    wall.weekday(),
                    Weekday::Friday | Weekday::Saturday | Weekday::Sunday
                )
        },
    },
    Case {
        text: "*/20 * * * *",
        fixed_time: false,
        fires: |wall| wall.minute() % 20 == 0,
    },
    Case {
        text: "30 */2 * * *",
        fixed_time: false,
        fires: |wall| wall.minute() == 30 && wall.hour() % 2 == 0,
    },
    Case {
        text: "*/25 2 * * *",
        fixed_time: false,
        fires: |wall| wall.hour() == 2 && wall.minute() % 25 == 0,
    },
];

/// A minute as the zone tells it.
struct Minute {
    at: Timestamp,
    wall: DateTime,
    /// Whether the wall has shown this before.
    again: bool,
    /// What the wall left out since the minute before.
    left_out: Vec<DateTime>,
}

fn minutes(zone: &TimeZone, first: Timestamp, last: Timestamp) -> Vec<Minute> {
    let mut shown = HashSet::new();
    let mut expected = zone.to_datetime(first);
    let mut minutes = Vec::new();
    let mut at = first;
    while at <= last {
        let wall = zone.to_datetime(at);
        assert_eq!(wall.second(), 0, "offsets of these years are whole minutes");
        let again = !shown.insert(wall);
        let mut left_out = Vec::new();
        while expected < wall {
            left_out.push(expected);
            expected += 1.minute();
        }
        expected = wall + 1.minute();
        minutes.push(Minute {
            at,
            wall,
            again,
            left_out,
        });
        at += SignedDuration::from_mins(1);
    }
    minutes
}

/// What every minute has to say.
fn stepped(case: &Case, minutes: &[Minute]) -> Vec<Tick> {
    let mut ticks: Vec<Tick> = Vec::new();
    for minute in minutes {
        let left_out = minute.left_out.iter().find(|wall| (case.fires)(**wall));
        let tick = |scheduled, note, kind| Tick {
            at: minute.at,
            scheduled,
            note,
            kind,
        };
        if (case.fires)(minute.wall) {
            let second = case.fixed_time && minute.again;
            if second {
                let first = ticks.iter_mut().find(|tick| tick.scheduled == minute.wall);
                first.expect("a repeated time has a first").note = Some(TickNote::FirstOfTwo);
            }
            let note = second.then_some(TickNote::SecondOfTwo);
            let kind = if second {
                TickKind::DstSkipped
            } else {
                TickKind::Due
            };
            ticks.push(tick(minute.wall, note, kind));
        } else if let Some(scheduled) = left_out.filter(|_| case.fixed_time) {
            ticks.push(tick(
                *scheduled,
                Some(TickNote::MovedToGapEnd),
                TickKind::Due,
            ));
        }
    }
    ticks
}

/// Every case around one change; how many ticks the change touched.
fn check_change(name: &str, zone: &TimeZone, change: Timestamp) -> usize {
    let (first, last) = (
        change - SignedDuration::from_hours(4),
        change + SignedDuration::from_hours(4),
    );
    let minutes = minutes(zone, first, last);
    let mut touched = 0;
    for case in &CASES {
        let expected = stepped(case, &minutes);
        touched += expected.iter().filter(|tick| tick.note.is_some()).count();
        check(case, name, zone, change, &expected);
    }
    touched
}

/// Forward, backward and counted.
fn check(case: &Case, name: &str, zone: &TimeZone, change: Timestamp, expected: &[Tick]) {
    let from = change - SignedDuration::from_hours(4) - SignedDuration::from_nanos(1);
    let last = change + SignedDuration::from_hours(4);
    let place = format!("{} in {name} around {change}", case.text);
    let schedule = [Schedule::parse(case.text, zone).expect("a schedule")];

    let forward: Vec<Tick> = ticks_between(&schedule, from, last, from, usize::MAX).collect();
    assert_eq!(forward, expected, "{place}");

    let due: Vec<Tick> = expected
        .iter()
        .filter(|tick| tick.kind == TickKind::Due)
        .cloned()
        .collect();
    assert_eq!(
        newest_of(&schedule, from, last, from, usize::MAX),
        due,
        "backward: {place}"
    );
    for middle in [change - SignedDuration::from_secs(1), change] {
        let mut before = due.iter().filter(|tick| tick.at <= middle);
        let count = before.clone().count() as u64;
        assert_eq!(
            count_between(&schedule, from, middle, from, 0).ticks,
            count,
            "{place}"
        );
        if let Some(latest) = before.next_back() {
            assert_eq!(
                previous_of(&schedule, middle, from).as_ref(),
                Some(latest),
                "{place}"
            );
        }
    }
    let count = count_between(&schedule, from, last, from, 0);
    assert_eq!(
        (count.ticks, count.exact),
        (due.len() as u64, true),
        "{place}"
    );
}

#[test]
fn every_zone_agrees_with_stepping_through_the_minutes() {
    let (begin, end) = (at("2024-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let (mut zones, mut changes, mut noted) = (0, 0, 0);
    for name in jiff::tz::db().available() {
        let zone = super::zone(name.as_str());
        zones += 1;
        for change in zone.following(begin) {
            if change.timestamp() >= end {
                break;
            }
            changes += 1;
            noted += check_change(name.as_str(), &zone, change.timestamp());
        }
    }
    // Guards the test itself: the database was there, and changes were met.
    assert!(
        zones > 500 && changes > 1000 && noted > 5000,
        "{zones} {changes} {noted}"
    );
}

#[test]
fn changes_of_the_past_that_were_odd() {
    for (name, change) in [
        ("Pacific/Apia", "2011-12-30T10:00:00Z"), // a day that never was
        ("Pacific/Kwajalein", "1993-08-21T12:00:00Z"), // likewise
        ("America/Caracas", "2007-12-09T07:00:00Z"), // back by half an hour
        ("Asia/Pyongyang", "2018-05-04T15:00:00Z"), // forward by half an hour, at midnight
        ("Europe/Lisbon", "1992-09-27T01:00:00Z"), // only its name changed
        ("Antarctica/Casey", "2018-03-10T17:00:00Z"), // back by three hours
    ] {
        check_change(name, &super::zone(name), at(change));
    }
}
