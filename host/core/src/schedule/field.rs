//! One field of a cron expression: lists, ranges, steps, names, and the day fields' `L`, `W` and `#`.

use super::civil::{Days, Weekdays};
use super::{Field, ScheduleError};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Sunday is 0 and, so that ranges may end with it, 7.
const SUNDAY_AGAIN: u8 = 7;

impl Field {
    fn low(self) -> u8 {
        match self {
            Field::Second | Field::Minute | Field::Hour | Field::DayOfWeek => 0,
            Field::DayOfMonth | Field::Month => 1,
        }
    }

    fn high(self) -> u8 {
        match self {
            Field::Second | Field::Minute => 59,
            Field::Hour => 23,
            Field::DayOfMonth => 31,
            Field::Month => 12,
            Field::DayOfWeek => SUNDAY_AGAIN,
        }
    }

    fn bad(self, part: &str, problem: &'static str, help: impl Into<String>) -> ScheduleError {
        ScheduleError::Syntax {
            field: self,
            part: part.to_owned(),
            problem,
            help: help.into(),
        }
    }

    /// What may stand in it, for a help line.
    fn allowed(self) -> String {
        let also = match self {
            Field::Second | Field::Minute | Field::Hour => "",
            Field::DayOfMonth => ", or `L`, `LW`, `15W`",
            Field::Month => ", or jan to dec",
            Field::DayOfWeek => " (0 and 7 are Sunday), or sun to sat, or `5L`, `mon#2`",
        };
        format!(
            "the {self} field takes numbers from {} to {}{also}",
            self.low(),
            self.high()
        )
    }

    /// A number or a name.
    fn value(self, text: &str) -> Result<u8, ScheduleError> {
        let lower = text.to_ascii_lowercase();
        let named = match self {
            Field::Month => MONTHS.iter().zip(1..).find(|(name, _)| **name == lower),
            Field::DayOfWeek => WEEKDAYS.iter().zip(0..).find(|(name, _)| **name == lower),
            _ => None,
        };
        if let Some((_, value)) = named {
            return Ok(value);
        }
        if text.is_empty() {
            return Err(self.bad(text, "leaves a number out", self.allowed()));
        }
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            let help = match text {
                "H" | "h" => "for a start at random within a time, set `jitter`".to_owned(),
                _ if text.contains('~') => {
                    "for a start at random within a time, set `jitter`".to_owned()
                }
                _ => self.allowed(),
            };
            return Err(self.bad(text, "is not a number or a name known there", help));
        }
        text.parse()
            .ok()
            .filter(|value| (self.low()..=self.high()).contains(value))
            .ok_or_else(|| self.bad(text, "is out of range", self.allowed()))
    }

    /// `a-b`, both included.
    fn range(self, part: &str, from: &str, to: &str) -> Result<(u8, u8), ScheduleError> {
        let (first, mut last) = (self.value(from)?, self.value(to)?);
        if self == Field::DayOfWeek && to.eq_ignore_ascii_case("sun") && first > 0 {
            last = SUNDAY_AGAIN;
        }
        if first <= last {
            return Ok((first, last));
        }
        let highest = match self {
            Field::DayOfWeek => SUNDAY_AGAIN - 1,
            _ => self.high(),
        };
        let span = |from: u8, to: u8| match from == to {
            true => from.to_string(),
            false => format!("{from}-{to}"),
        };
        let (end, start) = (span(first, highest), span(self.low(), last));
        let help = format!("write it as two: `{end},{start}`");
        Err(self.bad(part, "runs backwards", help))
    }

    /// One part of a list: `*`, `a`, `a-b`, each with or without `/n`.
    fn part(self, part: &str) -> Result<u64, ScheduleError> {
        let (base, step) = match part.split_once('/') {
            Some((base, step)) => (base, Some(step)),
            None => (part, None),
        };
        let (first, last) = match (base, base.split_once('-')) {
            ("*", _) => (self.low(), self.high()),
            (_, Some((from, to))) => self.range(part, from, to)?,
            (single, None) => {
                let value = self.value(single)?;
                // `5/10` counts on to the end of the field.
                (value, if step.is_some() { self.high() } else { value })
            }
        };
        let step: usize = match step {
            None => 1,
            Some(text) => Some(text)
                .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|text| text.parse().ok())
                .filter(|step| *step > 0)
                .ok_or_else(|| {
                    self.bad(
                        part,
                        "has no usable step",
                        "write a step of 1 or more, as in `*/5`",
                    )
                })?,
        };
        let members = (first..=last).step_by(step);
        Ok(members.fold(0, |set, member| set | 1 << member))
    }
}

/// What is legal in a field and still hardly meant: a step that leaves the field after its first number.
pub(super) fn remark(field: Field, text: &str) -> Option<String> {
    let wide = i64::from(field.high() - field.low());
    text.split(',').find_map(|part| {
        let step: i64 = part.strip_prefix("*/")?.parse().ok()?;
        let unit = match field {
            Field::Second => "s",
            Field::Minute => "m",
            Field::Hour => "h",
            Field::DayOfMonth => "d",
            Field::Month | Field::DayOfWeek => return None,
        };
        (step > wide).then(|| {
            format!(
                "`{part}` in the {field} field is only {}; a run every {step}{unit} is `@every {step}{unit}`",
                field.low()
            )
        })
    })
}

/// Reads a field that is a plain set of numbers.
pub(super) fn set(field: Field, text: &str) -> Result<u64, ScheduleError> {
    text.split(',')
        .try_fold(0, |set, part| Ok(set | field.part(part)?))
}

/// Reads the day-of-month field.
pub(super) fn days(text: &str) -> Result<Days, ScheduleError> {
    let field = Field::DayOfMonth;
    let mut days = Days::default();
    for part in text.split(',') {
        let upper = part.to_ascii_uppercase();
        if upper == "LW" {
            days.last_weekday = true;
        } else if upper == "L" {
            days.from_last |= 1;
        } else if let Some(before) = upper.strip_prefix("L-") {
            let before = before.parse::<u8>().ok().filter(|before| *before <= 30);
            days.from_last |= 1
                << before.ok_or_else(|| {
                    field.bad(
                        part,
                        "is out of range",
                        "`L-1` to `L-30` count back from the last day",
                    )
                })?;
        } else if let Some(day) = upper.strip_suffix('W') {
            days.nearest |= 1 << field.value(day)?;
        } else {
            days.listed |= field.part(part)?;
        }
    }
    Ok(days)
}

/// Reads the day-of-week field.
pub(super) fn weekdays(text: &str) -> Result<Weekdays, ScheduleError> {
    let field = Field::DayOfWeek;
    let single = |text: &str| Ok(1 << (field.value(text)? % SUNDAY_AGAIN));
    let mut weekdays = Weekdays::default();
    for part in text.split(',') {
        if let Some((day, nth)) = part.split_once('#') {
            let place = nth
                .parse::<usize>()
                .ok()
                .and_then(|nth| weekdays.nth.get_mut(nth.checked_sub(1)?));
            let help = "`mon#1` to `mon#5` name the first to the fifth Monday of the month";
            *place.ok_or_else(|| field.bad(part, "is out of range", help))? |= single(day)?;
        } else if let Some(day) = part.strip_suffix(['L', 'l']) {
            if day.is_empty() {
                let help = "say which: `5L` is the last Friday of the month; `L` alone belongs in day-of-month";
                return Err(field.bad(part, "names no day", help));
            }
            weekdays.last |= single(day)?;
        } else {
            let set = field.part(part)?;
            let sunday = set >> SUNDAY_AGAIN & 1;
            weekdays.every |= set & 0x7f | sunday;
        }
    }
    Ok(weekdays)
}
