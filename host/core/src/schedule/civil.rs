//! Which wall-clock times a cron expression names. Knows the calendar and no zone.

use jiff::civil::{Date, DateTime, Time, date};

/// Where the search for a first day begins; any day would do, the calendar repeats.
pub(super) const FIRST_DAY: Date = date(2000, 1, 1);

/// The Gregorian calendar, weekdays included, repeats after so many years.
const CALENDAR_CYCLE: i16 = 400;

/// A cron expression, compiled to sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    pub(super) times: Times,
    pub(super) days: Days,
    pub(super) weekdays: Weekdays,
    /// Bits 1 to 12.
    pub(super) months: u64,
    /// Whether a day has to fit both day fields; otherwise one is enough.
    pub(super) both_days: bool,
    /// Whether it runs at fixed times of day, and is spared gaps and repetitions of the wall clock.
    pub(super) fixed_time: bool,
}

/// Times of day: every combination of the three sets, none of them empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Times {
    /// Bits 0 to 23.
    pub(super) hours: u64,
    /// Bits 0 to 59.
    pub(super) minutes: u64,
    /// Bits 0 to 59.
    pub(super) seconds: u64,
}

/// The day-of-month field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Days {
    /// Bits 1 to 31: these days.
    pub(super) listed: u64,
    /// Bits 0 to 30: so many days before the last (`L`, `L-3`).
    pub(super) from_last: u64,
    /// Bits 1 to 31: the weekday nearest to these days, in the same month (`15W`).
    pub(super) nearest: u64,
    /// The last of Monday to Friday (`LW`).
    pub(super) last_weekday: bool,
}

/// The day-of-week field; bits 0 to 6, Sunday first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Weekdays {
    /// Every one in the month.
    pub(super) every: u64,
    /// Only the first to fifth in the month (`mon#2`).
    pub(super) nth: [u64; 5],
    /// Only the last in the month (`5L`).
    pub(super) last: u64,
}

fn has(set: u64, member: i8) -> bool {
    u32::try_from(member).is_ok_and(|member| set.checked_shr(member).unwrap_or(0) & 1 == 1)
}

fn lowest(set: u64) -> Option<i8> {
    first_from(set, 0)
}

/// The least member not below `from`.
fn first_from(set: u64, from: i8) -> Option<i8> {
    let rest = set.checked_shr(u32::try_from(from).ok()?)?;
    let skipped = i8::try_from(rest.trailing_zeros()).ok()?;
    (rest != 0).then_some(from + skipped)
}

/// The greatest member not above `to`.
fn last_to(set: u64, to: i8) -> Option<i8> {
    let unused = 63_u32.checked_sub(u32::try_from(to).ok()?)?;
    let rest = set << unused;
    let skipped = i8::try_from(rest.leading_zeros()).ok()?;
    (rest != 0).then_some(to - skipped)
}

/// How many members are below `limit`.
fn below(set: u64, limit: i8) -> u64 {
    let unused = 64 - u32::try_from(limit).unwrap_or(0);
    u64::from(set.checked_shl(unused).unwrap_or(0).count_ones())
}

impl Times {
    fn at(hour: i8, minute: Option<i8>, second: Option<i8>) -> Option<Time> {
        Time::new(hour, minute?, second?, 0).ok()
    }

    /// The first at or after `time`, whose fraction of a second is zero.
    fn first_from(&self, time: Time) -> Option<Time> {
        let (hour, minute) = (time.hour(), time.minute());
        if has(self.hours, hour) {
            if has(self.minutes, minute)
                && let Some(second) = first_from(self.seconds, time.second())
            {
                return Self::at(hour, Some(minute), Some(second));
            }
            if let Some(minute) = first_from(self.minutes, minute + 1) {
                return Self::at(hour, Some(minute), lowest(self.seconds));
            }
        }
        let hour = first_from(self.hours, hour + 1)?;
        Self::at(hour, lowest(self.minutes), lowest(self.seconds))
    }

    /// The last at or before `time`, whose fraction of a second is zero.
    fn last_to(&self, time: Time) -> Option<Time> {
        let (hour, minute) = (time.hour(), time.minute());
        if has(self.hours, hour) {
            if has(self.minutes, minute)
                && let Some(second) = last_to(self.seconds, time.second())
            {
                return Self::at(hour, Some(minute), Some(second));
            }
            if let Some(minute) = last_to(self.minutes, minute - 1) {
                return Self::at(hour, Some(minute), last_to(self.seconds, 59));
            }
        }
        let hour = last_to(self.hours, hour - 1)?;
        Self::at(hour, last_to(self.minutes, 59), last_to(self.seconds, 59))
    }

    fn per_day(&self) -> u64 {
        below(self.hours, 24) * below(self.minutes, 60) * below(self.seconds, 60)
    }

    /// How many are earlier than `time`, whose fraction of a second is zero.
    fn before(&self, time: Time) -> u64 {
        let (per_hour, per_minute) = (
            below(self.minutes, 60) * below(self.seconds, 60),
            below(self.seconds, 60),
        );
        let mut count = below(self.hours, time.hour()) * per_hour;
        if has(self.hours, time.hour()) {
            count += below(self.minutes, time.minute()) * per_minute;
            if has(self.minutes, time.minute()) {
                count += below(self.seconds, time.second());
            }
        }
        count
    }
}

impl Days {
    fn contains(&self, day: Date) -> bool {
        has(self.listed, day.day())
            || has(self.from_last, day.days_in_month() - day.day())
            || (self.nearest != 0 && self.nearest_contains(day))
            || (self.last_weekday && day.day() == nearest_weekday(day.last_of_month()))
    }

    fn nearest_contains(&self, day: Date) -> bool {
        // The nearest weekday is at most two days away from the day that was named.
        (-2..=2).any(|away| {
            let named = day.day() + away;
            has(self.nearest, named)
                && Date::new(day.year(), day.month(), named)
                    .is_ok_and(|named| nearest_weekday(named) == day.day())
        })
    }
}

/// The day of the month, Monday to Friday, nearest to `day` in its month.
fn nearest_weekday(day: Date) -> i8 {
    let number = day.day();
    match day.weekday().to_sunday_zero_offset() {
        6 if number == 1 => 3,
        6 => number - 1,
        0 if number == day.days_in_month() => number - 2,
        0 => number + 1,
        _ => number,
    }
}

impl Weekdays {
    fn contains(&self, day: Date) -> bool {
        let weekday = day.weekday().to_sunday_zero_offset();
        let nth = usize::try_from((day.day() - 1) / 7)
            .ok()
            .and_then(|nth| self.nth.get(nth));
        has(self.every, weekday)
            || nth.is_some_and(|set| has(*set, weekday))
            || (has(self.last, weekday) && day.day() + 7 > day.days_in_month())
    }
}

impl Cron {
    fn on_day(&self, day: Date) -> bool {
        has(self.months, day.month())
            && if self.both_days {
                self.days.contains(day) && self.weekdays.contains(day)
            } else {
                self.days.contains(day) || self.weekdays.contains(day)
            }
    }

    /// The first day at or after `from` on which it fires; none when no day ever fits.
    pub(super) fn next_day(&self, from: Date) -> Option<Date> {
        let mut day = from;
        while !self.on_day(day) {
            if !has(self.months, day.month()) {
                day = day.last_of_month();
            }
            day = day.tomorrow().ok()?;
            if day.year() - from.year() > CALENDAR_CYCLE {
                return None;
            }
        }
        Some(day)
    }

    /// The last day at or before `from` on which it fires.
    fn previous_day(&self, from: Date) -> Option<Date> {
        let mut day = from;
        while !self.on_day(day) {
            if !has(self.months, day.month()) {
                day = day.first_of_month();
            }
            day = day.yesterday().ok()?;
            if from.year() - day.year() > CALENDAR_CYCLE {
                return None;
            }
        }
        Some(day)
    }

    /// The first wall-clock time at or after `from`, a whole second.
    pub(super) fn next_wall(&self, from: DateTime) -> Option<DateTime> {
        if self.on_day(from.date())
            && let Some(time) = self.times.first_from(from.time())
        {
            return Some(from.date().to_datetime(time));
        }
        let day = self.next_day(from.date().tomorrow().ok()?)?;
        Some(day.to_datetime(self.times.first_from(Time::midnight())?))
    }

    /// The last wall-clock time at or before `from`, a whole second.
    pub(super) fn previous_wall(&self, from: DateTime) -> Option<DateTime> {
        if self.on_day(from.date())
            && let Some(time) = self.times.last_to(from.time())
        {
            return Some(from.date().to_datetime(time));
        }
        let day = self.previous_day(from.date().yesterday().ok()?)?;
        Some(day.to_datetime(self.times.last_to(Time::constant(23, 59, 59, 0))?))
    }

    /// How many wall-clock times lie at or after `from` and before `to`, both whole seconds. Its cost is that of the
    /// days between, however many times a day has.
    pub(super) fn count_walls(&self, from: DateTime, to: DateTime) -> u64 {
        if from >= to {
            return 0;
        }
        let mut count = 0;
        let mut next = self.next_day(from.date());
        while let Some(day) = next.filter(|day| *day < to.date()) {
            count += self.times.per_day();
            next = day.tomorrow().ok().and_then(|day| self.next_day(day));
        }
        if self.on_day(to.date()) {
            count += self.times.before(to.time());
        }
        if self.on_day(from.date()) {
            count -= self.times.before(from.time());
        }
        count
    }
}
