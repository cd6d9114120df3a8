//! When a task is due: cron expressions, `@every`, time zones, and the nights the clocks change.
//!
//! A [`Schedule`] is read once ([`Schedule::parse`]) and then asked for its [`Tick`]s, forward or backward in time.
//! The day rule and the treatment of clock changes are those of Debian's cron; `docs/schedules.md` is the page users
//! read about them.
//!
//! | file | what it decides |
//! | --- | --- |
//! | `field`, `parse` | what a text means |
//! | `civil` | which wall-clock times an expression names, knowing no zone |
//! | `stretch` | between which instants a zone's offset from UTC is constant |
//! | `walk` | which instants those wall-clock times become |
//! | `every` | the grid of `@every` |
//! | `merge` | several schedules of one task; missed ticks |
//! | `standing` | which tick is next, also after the clock was set back |
//! | `preview`, `said`, `jitter` | what people are told; the random delay |
//!
//! Invariant: no clock, no file, no zone look-up by name: the same question always has the same answer.
//!
//! Tests: `tests/`, among them every IANA zone against a stepping oracle, and goldens made with another program.

mod civil;
mod error;
mod every;
mod field;
mod jitter;
mod merge;
mod parse;
mod preview;
mod said;
mod standing;
mod stretch;
#[cfg(test)]
mod tests;
mod walk;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub use crate::words::status::Standing;
pub use error::{Field, ScheduleError};
pub use jitter::jitter;
pub use merge::{
    CatchUp, Count, catch_up, count_between, newest_of, next_of, previous_of, ticks_between,
};
pub use preview::{Firing, preview};

/// One schedule, compiled. It has at least one tick in every 400 years.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    text: String,
    zone: TimeZone,
    rule: Rule,
}

/// What a text means.
#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Cron(civil::Cron),
    Every(every::Every),
}

/// An instant at which a schedule has something to say. Each tick is worth exactly one row: one to run, or one that
/// says why it is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// When, to the second for cron expressions.
    pub at: Timestamp,
    /// The wall-clock time the expression asked for, in the schedule's zone. Differs from that of `at` only for a
    /// tick moved out of a gap; of several times moved together, the first.
    pub scheduled: DateTime,
    /// What a change of the clocks did to it.
    pub note: Option<TickNote>,
    /// What is to become of it.
    pub kind: TickKind,
}

/// What is to become of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TickKind {
    /// It is due: run it.
    Due,
    /// Its wall-clock time has been before, an hour ago: record it as `dst_skipped`, do not run it.
    DstSkipped,
}

/// What a change of the clocks did to a tick. Only fixed-time jobs have these: those whose minute and hour fields
/// both begin with something else than `*`. All others simply follow the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TickNote {
    /// Its wall-clock time does not exist; it is due at the end of the gap.
    MovedToGapEnd,
    /// Its wall-clock time comes twice; this is the first, which is due.
    FirstOfTwo,
    /// Its wall-clock time comes twice; this is the second, which is not run.
    SecondOfTwo,
}

impl Schedule {
    /// Reads a cron expression of five fields, or six with leading seconds, a macro such as `@daily`, or
    /// `@every 90s`. Its times are those of `zone`.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Schedule, ScheduleError> {
        let rule = parse::rule(text)?;
        if let Rule::Cron(cron) = &rule
            && cron.next_day(civil::FIRST_DAY).is_none()
        {
            return Err(ScheduleError::Never {
                text: text.trim().to_owned(),
            });
        }
        Ok(Schedule {
            text: text.trim().to_owned(),
            zone: zone.clone(),
            rule,
        })
    }

    /// The text it was read from, without space around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The zone its times are in.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether it is an `@every`, whose ticks count from an anchor and know no wall clock.
    pub fn is_interval(&self) -> bool {
        matches!(self.rule, Rule::Every(_))
    }

    /// Whether it goes by whatever the clock shows, also a second time: all but the fixed-time jobs.
    pub(crate) fn follows_clock(&self) -> bool {
        match &self.rule {
            Rule::Cron(cron) => !cron.fixed_time,
            Rule::Every(_) => true,
        }
    }

    /// What is legal in it and still hardly meant, for a warning: `*/90` minutes is not every 90 minutes.
    pub fn remark(&self) -> Option<String> {
        parse::remark(&self.text)
    }

    /// The first tick strictly after `after`. `anchor` is where the grid of an `@every` begins; its first tick is one
    /// length later. None when the range of representable time is exhausted.
    pub fn next_after(&self, after: Timestamp, anchor: Timestamp) -> Option<Tick> {
        match &self.rule {
            Rule::Cron(cron) => walk::next(cron, &self.zone, after),
            Rule::Every(every) => every.next(after, anchor).map(|at| self.on_grid(at)),
        }
    }

    /// The last tick at or before `now`, of whichever kind.
    pub fn previous_at_or_before(&self, now: Timestamp, anchor: Timestamp) -> Option<Tick> {
        match &self.rule {
            Rule::Cron(cron) => walk::previous(cron, &self.zone, now),
            Rule::Every(every) => every.previous(now, anchor).map(|at| self.on_grid(at)),
        }
    }

    /// How many due ticks lie after `from` and up to `to`, both known exactly without visiting each of them.
    fn count(&self, from: Timestamp, to: Timestamp, anchor: Timestamp) -> u64 {
        match &self.rule {
            Rule::Cron(cron) => walk::count(cron, &self.zone, from, to),
            Rule::Every(every) => every.count(from, to, anchor),
        }
    }

    fn on_grid(&self, at: Timestamp) -> Tick {
        Tick {
            at,
            scheduled: self.zone.to_datetime(at),
            note: None,
            kind: TickKind::Due,
        }
    }
}
