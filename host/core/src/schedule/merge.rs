//! Several schedules of one task as one: what falls on the same instant is one tick. And what was missed.

use jiff::Timestamp;

use super::{Schedule, Tick, TickKind};

/// How far several schedules are counted through one by one; see [`count_between`].
const CATCH_UP_WORK: u64 = 10_000;

/// The first tick of any of `schedules` strictly after `after`. Of several on one instant, a due one counts.
pub fn next_of<'s>(
    schedules: impl IntoIterator<Item = &'s Schedule>,
    after: Timestamp,
    anchor: Timestamp,
) -> Option<Tick> {
    next_with(schedules, after, anchor).map(|(_, tick)| tick)
}

/// The same with the schedule it comes from.
pub(super) fn next_with<'s>(
    schedules: impl IntoIterator<Item = &'s Schedule>,
    after: Timestamp,
    anchor: Timestamp,
) -> Option<(&'s Schedule, Tick)> {
    schedules
        .into_iter()
        .filter_map(|schedule| Some((schedule, schedule.next_after(after, anchor)?)))
        .min_by_key(|(_, tick)| (tick.at, tick.kind == TickKind::DstSkipped))
}

/// The last due tick of any of `schedules` at or before `now`; ticks that a change of clocks skips are passed over.
pub fn previous_of(schedules: &[Schedule], now: Timestamp, anchor: Timestamp) -> Option<Tick> {
    schedules
        .iter()
        .filter_map(|schedule| {
            let mut tick = schedule.previous_at_or_before(now, anchor)?;
            while tick.kind == TickKind::DstSkipped {
                tick = schedule.previous_at_or_before(just_before(tick.at)?, anchor)?;
            }
            Some(tick)
        })
        // The first of equals, as in `next_of`.
        .reduce(|best, tick| if tick.at > best.at { tick } else { best })
}

fn just_before(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_nanosecond(at.as_nanosecond() - 1).ok()
}

/// Every tick after `from` and up to `to`, oldest first, both kinds, at most `limit` of them.
pub fn ticks_between(
    schedules: &[Schedule],
    from: Timestamp,
    to: Timestamp,
    anchor: Timestamp,
    limit: usize,
) -> impl Iterator<Item = Tick> {
    let following = move |after| next_of(schedules, after, anchor).filter(|tick| tick.at <= to);
    std::iter::successors(following(from), move |tick| following(tick.at)).take(limit)
}

/// The newest `limit` due ticks after `from` and up to `to`, oldest first.
pub fn newest_of(
    schedules: &[Schedule],
    from: Timestamp,
    to: Timestamp,
    anchor: Timestamp,
    limit: usize,
) -> Vec<Tick> {
    let preceding = |now| previous_of(schedules, now, anchor).filter(|tick| tick.at > from);
    let mut newest: Vec<Tick> =
        std::iter::successors(preceding(to), |tick| preceding(just_before(tick.at)?))
            .take(limit)
            .collect();
    newest.reverse();
    newest
}

/// A number of ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub ticks: u64,
    /// Whether that is the number; otherwise there are at least so many.
    pub exact: bool,
}

/// How many due ticks lie after `from` and up to `to`. One schedule is counted exactly at the cost of the days
/// between; several have to be walked through because of their common instants, and that ends after `work` ticks.
pub fn count_between(
    schedules: &[Schedule],
    from: Timestamp,
    to: Timestamp,
    anchor: Timestamp,
    work: u64,
) -> Count {
    let mut busiest = 0;
    let mut busy = 0;
    for schedule in schedules {
        let ticks = schedule.count(from, to, anchor);
        busiest = busiest.max(ticks);
        busy += usize::from(ticks > 0);
    }
    if busy <= 1 {
        return Count {
            ticks: busiest,
            exact: true,
        };
    }
    if busiest > work {
        return Count {
            ticks: busiest,
            exact: false,
        };
    }
    let limit = usize::try_from(work).unwrap_or(usize::MAX);
    let (mut seen, mut due) = (0, 0);
    for tick in ticks_between(schedules, from, to, anchor, limit) {
        seen += 1;
        due += u64::from(tick.kind == TickKind::Due);
    }
    Count {
        ticks: due.max(busiest),
        exact: seen < work,
    }
}

/// What passed while nothing was there to run it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatchUp {
    /// How many ticks were due.
    pub missed: Count,
    /// The first of them.
    pub first: Option<Timestamp>,
    /// The last of them.
    pub last: Option<Timestamp>,
    /// The newest of them, oldest first: those to make up for.
    pub make_up: Vec<Tick>,
}

impl CatchUp {
    /// How many are not made up for.
    pub fn dropped(&self) -> u64 {
        let made_up = u64::try_from(self.make_up.len()).unwrap_or(u64::MAX);
        self.missed.ticks.saturating_sub(made_up)
    }
}

/// What was missed after `since`, up to which every tick has its row, and up to `now`; the newest `limit` ticks are to
/// be made up for. Ticks that a change of clocks skips were never due and do not count.
pub fn catch_up(
    schedules: &[Schedule],
    since: Timestamp,
    now: Timestamp,
    anchor: Timestamp,
    limit: u32,
) -> CatchUp {
    let first = ticks_between(schedules, since, now, anchor, usize::MAX)
        .find(|tick| tick.kind == TickKind::Due);
    let Some(first) = first else {
        return CatchUp {
            missed: Count {
                ticks: 0,
                exact: true,
            },
            ..CatchUp::default()
        };
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    CatchUp {
        missed: count_between(schedules, since, now, anchor, CATCH_UP_WORK),
        first: Some(first.at),
        last: previous_of(schedules, now, anchor).map(|tick| tick.at),
        make_up: newest_of(schedules, since, now, anchor, limit),
    }
}
