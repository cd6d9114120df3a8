//! `@every`: a fixed grid of instants, exempt from everything a wall clock does.

use std::time::Duration;

use jiff::Timestamp;

use super::ScheduleError;

/// The grid's spacing, nanoseconds, at least one second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Every {
    spacing: i128,
}

impl Every {
    /// Reads what follows the word `@every`.
    pub(super) fn parse(length: &str) -> Result<Every, ScheduleError> {
        let spacing = parse_length(length).ok_or_else(|| ScheduleError::Every {
            length: length.to_owned(),
        })?;
        if spacing < Duration::from_secs(1) {
            return Err(ScheduleError::TooOften {
                length: length.to_owned(),
            });
        }
        Ok(Every {
            spacing: i128::from(spacing.as_secs()) * 1_000_000_000
                + i128::from(spacing.subsec_nanos()),
        })
    }

    /// How many grid points lie at or before `at`; the anchor itself is not one.
    fn passed(&self, at: Timestamp, anchor: Timestamp) -> i128 {
        let since = at.as_nanosecond() - anchor.as_nanosecond();
        since.div_euclid(self.spacing).max(0)
    }

    fn point(&self, number: i128, anchor: Timestamp) -> Option<Timestamp> {
        Timestamp::from_nanosecond(anchor.as_nanosecond() + number * self.spacing).ok()
    }

    /// The first grid point strictly after `after`.
    pub(super) fn next(&self, after: Timestamp, anchor: Timestamp) -> Option<Timestamp> {
        self.point(self.passed(after, anchor) + 1, anchor)
    }

    /// The last grid point at or before `at`.
    pub(super) fn previous(&self, at: Timestamp, anchor: Timestamp) -> Option<Timestamp> {
        match self.passed(at, anchor) {
            0 => None,
            number => self.point(number, anchor),
        }
    }

    /// How many grid points lie after `from` and up to `to`.
    pub(super) fn count(&self, from: Timestamp, to: Timestamp, anchor: Timestamp) -> u64 {
        let count = self.passed(to, anchor) - self.passed(from, anchor);
        u64::try_from(count).unwrap_or(0)
    }
}

/// Reads `90s`, `1h30m`, `1.5h`, `2d`, `1w`, `300ms`: numbers with units, added up.
fn parse_length(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit_nanos: u64 = match unit {
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "w" => 604_800_000_000_000,
            _ => return None,
        };
        total = total.checked_add(times(number, unit_nanos)?)?;
        rest = tail.trim_start();
    }
    Some(total)
}

/// A decimal number of units, exact to the nanosecond.
fn times(number: &str, unit_nanos: u64) -> Option<Duration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    let part =
        u128::from(fraction.parse::<u64>().ok()?) * u128::from(unit_nanos) / u128::from(scale);
    let nanos = whole
        .parse::<u64>()
        .ok()?
        .checked_mul(unit_nanos)?
        .checked_add(u64::try_from(part).ok()?)?;
    Some(Duration::from_nanos(nanos))
}
