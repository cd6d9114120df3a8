//! From wall-clock times to instants: forward, backward, and counted.
//!
//! The rule is Debian cron's. A fixed-time job whose time falls into a gap is due once, at the gap's end; one whose
//! time comes twice is due the first time only. Every other job follows the clock: what is left out is left out, what
//! comes twice runs twice. Unlike that program, changes of more than three hours are no exception here: a zone that
//! skips a whole day is not an operator who corrects a clock.
//!
//! Assumption: two changes of offset are further apart than either of them is wide. True of every zone since 1970.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::civil::Cron;
use super::stretch::Stretch;
use super::{Tick, TickKind, TickNote};

const SECOND: i128 = 1_000_000_000;

/// The last whole second at or before `at`.
fn floor(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_nanosecond(at.as_nanosecond().div_euclid(SECOND) * SECOND).ok()
}

fn second_after(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_nanosecond((at.as_nanosecond().div_euclid(SECOND) + 1) * SECOND).ok()
}

/// The first tick strictly after `after`.
pub(super) fn next(cron: &Cron, zone: &TimeZone, after: Timestamp) -> Option<Tick> {
    let mut from = second_after(after)?;
    loop {
        let stretch = Stretch::around(zone, from);
        let wall = cron.next_wall(stretch.wall(from));
        let starts_here = stretch.start.is_some_and(|start| start.at == from);
        if starts_here
            && wall != Some(stretch.wall(from))
            && let Some(tick) = moved(cron, &stretch)
        {
            return Some(tick);
        }
        if let Some(wall) = wall
            && let Some(at) = stretch.instant(wall)
        {
            return Some(natural(cron, &stretch, wall, at));
        }
        from = stretch.end?.at;
    }
}

/// The last tick at or before `now`.
pub(super) fn previous(cron: &Cron, zone: &TimeZone, now: Timestamp) -> Option<Tick> {
    let mut to = floor(now)?;
    loop {
        let stretch = Stretch::around(zone, to);
        if let Some(wall) = cron.previous_wall(stretch.wall(to))
            && let Some(at) = stretch.instant(wall)
        {
            return Some(natural(cron, &stretch, wall, at));
        }
        if let Some(tick) = moved(cron, &stretch) {
            return Some(tick);
        }
        let start = stretch.start?.at;
        to = Timestamp::from_nanosecond(start.as_nanosecond() - SECOND).ok()?;
    }
}

/// How many due ticks lie after `from` and up to `to`.
pub(super) fn count(cron: &Cron, zone: &TimeZone, from: Timestamp, to: Timestamp) -> u64 {
    let (Some(mut from), Some(end)) = (second_after(from), second_after(to)) else {
        return 0;
    };
    let mut count = 0;
    while from < end {
        let stretch = Stretch::around(zone, from);
        let until = stretch.end.map_or(end, |edge| edge.at.min(end));
        let mut first = stretch.wall(from);
        let starts_here = stretch.start.is_some_and(|start| start.at == from);
        if starts_here && cron.next_wall(first) != Some(first) && moved(cron, &stretch).is_some() {
            count += 1;
        }
        if cron.fixed_time
            && let Some(repeats_until) = stretch.repeats_until()
        {
            first = first.max(repeats_until);
        }
        count += cron.count_walls(first, stretch.wall(until));
        from = until;
    }
    count
}

/// The tick of a fixed-time job at the end of the gap before `stretch`, if it has a time in that gap.
fn moved(cron: &Cron, stretch: &Stretch) -> Option<Tick> {
    let (gap_start, gap_end) = stretch.gap_before().filter(|_| cron.fixed_time)?;
    let scheduled = cron.next_wall(gap_start).filter(|wall| *wall < gap_end)?;
    Some(Tick {
        at: stretch.start?.at,
        scheduled,
        note: Some(TickNote::MovedToGapEnd),
        kind: TickKind::Due,
    })
}

/// The tick at a wall-clock time that exists.
fn natural(cron: &Cron, stretch: &Stretch, wall: DateTime, at: Timestamp) -> Tick {
    let second = cron.fixed_time && stretch.repeats_until().is_some_and(|until| wall < until);
    let first = cron.fixed_time && stretch.repeated_from().is_some_and(|from| wall >= from);
    let (note, kind) = match (second, first) {
        (true, _) => (Some(TickNote::SecondOfTwo), TickKind::DstSkipped),
        (false, true) => (Some(TickNote::FirstOfTwo), TickKind::Due),
        (false, false) => (None, TickKind::Due),
    };
    Tick {
        at,
        scheduled: wall,
        note,
        kind,
    }
}
