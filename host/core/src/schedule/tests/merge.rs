//! Several schedules as one, what was missed, and laws that hold for whatever expression.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::{
    Count, Schedule, Tick, TickKind, catch_up, count_between, jitter, newest_of, next_of,
    previous_of, ticks_between,
};
use super::{at, schedule, zone};

fn exact(ticks: u64) -> Count {
    Count { ticks, exact: true }
}

#[test]
fn several_on_one_instant_are_one_tick() {
    let from = at("2026-01-01T00:00:00Z");
    let both = [
        schedule("*/15 * * * *", "UTC"),
        schedule("*/10 * * * *", "UTC"),
    ];
    let minutes: Vec<i8> = ticks_between(&both, from, at("2026-01-01T01:00:00Z"), from, 100)
        .map(|tick| tick.scheduled.minute())
        .collect();
    assert_eq!(minutes, [10, 15, 20, 30, 40, 45, 50, 0]);
}

#[test]
fn what_one_schedule_runs_another_does_not_skip() {
    let from = at("2026-10-25T00:45:00Z");
    let second = at("2026-10-25T01:30:00Z");
    for texts in [
        ["30 2 * * *", "*/30 * * * *"],
        ["*/30 * * * *", "30 2 * * *"],
    ] {
        let both = texts.map(|text| schedule(text, "Europe/Berlin"));
        let found: Vec<Tick> = ticks_between(&both, from, second, from, 100).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[1].at, found[1].kind), (second, TickKind::Due));
        assert_eq!(
            previous_of(&both, second, from).map(|tick| tick.at),
            Some(second)
        );
    }
}

#[test]
fn every_counts_from_its_anchor_whatever_the_clocks_do() {
    let every = schedule("@every 90m", "Europe/Berlin");
    assert!(every.is_interval());
    let anchor = at("2026-03-28T23:00:00.25Z");
    let next = |after: &str| every.next_after(at(after), anchor).unwrap().at;
    // Before the anchor and at it, the first tick is one length after it.
    assert_eq!(next("2020-01-01T00:00:00Z"), at("2026-03-29T00:30:00.25Z"));
    assert_eq!(
        next("2026-03-28T23:00:00.25Z"),
        at("2026-03-29T00:30:00.25Z")
    );
    assert_eq!(
        next("2026-03-29T00:30:00.25Z"),
        at("2026-03-29T02:00:00.25Z")
    );
    assert_eq!(
        every.previous_at_or_before(at("2026-03-29T00:30:00.2Z"), anchor),
        None
    );
    let last = every.previous_at_or_before(at("2026-03-30T00:00:00Z"), anchor);
    assert_eq!(last.unwrap().at, at("2026-03-29T23:00:00.25Z"));
}

#[test]
fn a_downtime_is_counted_and_its_newest_ticks_are_made_up_for() {
    let hourly = [schedule("0 * * * *", "UTC")];
    let (since, now) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T05:30:00Z"));
    let missed = catch_up(&hourly, since, now, since, 2);
    assert_eq!(missed.missed, exact(5));
    assert_eq!(missed.first, Some(at("2026-01-01T01:00:00Z")));
    assert_eq!(missed.last, Some(at("2026-01-01T05:00:00Z")));
    let newest: Vec<Timestamp> = missed.make_up.iter().map(|tick| tick.at).collect();
    assert_eq!(
        newest,
        [at("2026-01-01T04:00:00Z"), at("2026-01-01T05:00:00Z")]
    );
    assert_eq!(missed.dropped(), 3);

    let nothing = catch_up(&hourly, since, at("2026-01-01T00:59:59Z"), since, 2);
    assert_eq!(
        (nothing.missed, nothing.first, nothing.last),
        (exact(0), None, None)
    );
    assert!(nothing.make_up.is_empty());
}

#[test]
fn a_time_that_came_twice_was_not_missed_the_second_time() {
    let nightly = [schedule("30 2 * * *", "Europe/Berlin")];
    let (since, now) = (at("2026-10-25T00:45:00Z"), at("2026-10-25T03:00:00Z"));
    assert_eq!(ticks_between(&nightly, since, now, since, 9).count(), 1);
    let missed = catch_up(&nightly, since, now, since, 5);
    assert_eq!((missed.missed, missed.make_up), (exact(0), Vec::new()));
}

#[test]
fn a_year_of_seconds_is_counted_without_walking_through_it() {
    let every_second = [schedule("* * * * * *", "America/New_York")];
    let (since, now) = (at("2025-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
    let missed = catch_up(&every_second, since, now, since, 3);
    assert_eq!(missed.missed, exact(365 * 86_400));
    assert_eq!(missed.last, Some(now));
    assert_eq!(missed.make_up.len(), 3);
    // Two busy schedules would have to be compared tick by tick: the answer is a lower bound.
    let two = ["* * * * * *", "*/2 * * * * *"].map(|text| schedule(text, "UTC"));
    let count = count_between(&two, since, now, since, 1000);
    assert_eq!((count.ticks, count.exact), (365 * 86_400, false));
}

#[test]
fn a_search_ends_at_the_ends_of_time() {
    let rare = schedule("0 0 29 2 *", "Europe/Berlin");
    assert_eq!(rare.next_after(Timestamp::MAX, Timestamp::MIN), None);
    assert_eq!(
        rare.previous_at_or_before(Timestamp::MIN, Timestamp::MIN),
        None
    );
    let often = schedule("* * * * * *", "Europe/Berlin");
    assert!(often.next_after(Timestamp::MIN, Timestamp::MIN).is_some());
    assert!(
        often
            .previous_at_or_before(Timestamp::MAX, Timestamp::MIN)
            .is_some()
    );
}

#[test]
fn jitter_is_spread_and_always_the_same() {
    let max = Duration::from_secs(100);
    let tick = at("2026-01-01T00:00:00Z");
    // Pinned: a new version of the program must not move what an old one has planned.
    assert_eq!(
        jitter(max, "backup", tick),
        Duration::from_nanos(95_723_240_768)
    );
    assert_eq!(jitter(Duration::ZERO, "backup", tick), Duration::ZERO);
    let mut tenths = [0; 10];
    for number in 0..1000_i64 {
        let delay = jitter(max, &format!("unit-{number}"), tick);
        let later = jitter(max, "backup", tick + SignedDuration::from_mins(number));
        for delay in [delay, later] {
            assert!(delay < max);
            tenths[usize::try_from(delay.as_secs() / 10).unwrap()] += 1;
        }
    }
    assert!(
        tenths.iter().all(|share| (150..250).contains(share)),
        "{tenths:?}"
    );
}

/// Parts of fields, good and odd, from which expressions are put together.
fn field(parts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(parts), 1..3).prop_map(|parts| parts.join(","))
}

fn expression() -> impl Strategy<Value = String> {
    (
        field(&["0", "30", "*", "*/20", "5-50/15", "59"]),
        field(&["0", "30", "*", "*/7", "45-59", "1/13"]),
        field(&["0", "1-3", "*", "*/2", "23", "2"]),
        field(&["*", "1", "L", "*/2", "15W", "LW", "28-31", "L-3"]),
        field(&["*", "mar,oct", "2", "*/3", "jan-apr", "11"]),
        field(&["*", "sun", "mon-fri", "*/2", "5L", "wed#3", "7"]),
    )
        .prop_map(|(s, m, h, d, mo, w)| format!("{s} {m} {h} {d} {mo} {w}"))
}

proptest! {
    /// Walking forward, walking backward and counting see the same ticks.
    #[test]
    fn forward_backward_and_count_agree(
        text in expression(),
        zone_name in prop::sample::select(&["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana"][..]),
        start in 1_700_000_000_i64..1_800_000_000,
        millis in 0_i64..2000,
        n in 1_usize..40,
    ) {
        let Ok(schedule) = Schedule::parse(&text, &zone(zone_name)) else { return Ok(()) };
        let one = [schedule];
        let from = Timestamp::from_millisecond(start * 1000 + millis).unwrap();
        let ticks: Vec<Tick> = ticks_between(&one, from, Timestamp::MAX, from, n).collect();
        let Some(last) = ticks.last() else { return Ok(()) };
        prop_assert!(ticks[0].at > from);
        prop_assert!(ticks.windows(2).all(|pair| pair[0].at < pair[1].at));
        let due: Vec<Tick> = ticks.iter().filter(|tick| tick.kind == TickKind::Due).cloned().collect();
        prop_assert_eq!(newest_of(&one, from, last.at, from, usize::MAX), &due[..]);
        prop_assert_eq!(count_between(&one, from, last.at, from, 0).ticks, due.len() as u64);
        for pair in ticks.windows(2) {
            let just_before = pair[1].at - SignedDuration::from_nanos(1);
            prop_assert_eq!(one[0].previous_at_or_before(just_before, from), Some(pair[0].clone()));
            prop_assert_eq!(next_of(&one, pair[0].at, from), Some(pair[1].clone()));
        }
    }

    /// No text makes the reader panic, and what it accepts can be asked.
    #[test]
    fn any_text_is_read_or_refused(text in "[-0-9*/,#LWlw@a-z?~ .]{0,40}") {
        if let Ok(schedule) = Schedule::parse(&text, &zone("Europe/Berlin")) {
            let from = at("2026-01-01T00:00:00Z");
            prop_assert!(schedule.next_after(from, from).is_some_and(|tick| tick.at > from));
        }
    }
}
