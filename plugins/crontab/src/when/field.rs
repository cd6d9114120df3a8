//! One field of a schedule, read strictly: `*`, `n`, `a-b`, steps behind `*` and ranges, lists, names.
//!
//! Tests: `super` and `crate::oracle`.

use super::{Refusal, refusal};
use crate::note::Code;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Minute,
    Hour,
    Day,
    Month,
    Weekday,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Field {
    pub(super) const ALL: [Field; 5] = [
        Field::Minute,
        Field::Hour,
        Field::Day,
        Field::Month,
        Field::Weekday,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Field::Minute => "minute",
            Field::Hour => "hour",
            Field::Day => "day-of-month",
            Field::Month => "month",
            Field::Weekday => "day-of-week",
        }
    }

    /// The lowest and the highest number.
    fn bounds(self) -> (u32, u32) {
        match self {
            Field::Minute => (0, 59),
            Field::Hour => (0, 23),
            Field::Day => (1, 31),
            Field::Month => (1, 12),
            Field::Weekday => (0, 7),
        }
    }

    fn takes(self) -> String {
        let (low, high) = self.bounds();
        let names = match self {
            Field::Month => ", or jan to dec",
            Field::Weekday => ", or sun to sat",
            _ => "",
        };
        format!("it takes {low} to {high}{names}")
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Field::Month => &MONTHS,
            Field::Weekday => &WEEKDAYS,
            _ => &[],
        }
    }

    fn refuses(self, part: &str, why: &str) -> Refusal {
        let message = format!("cron refuses `{part}` in the {} field: {why}", self.name());
        refusal(Code::Schedule, message)
    }

    /// A number or a name at the beginning of a text, and what stands behind it.
    fn number(self, text: &str) -> Option<(u32, &str)> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            return Some((text[..digits].parse().ok()?, &text[digits..]));
        }
        let letters = text.len()
            - text
                .trim_start_matches(|c: char| c.is_ascii_alphabetic())
                .len();
        let (name, rest) = text.split_at(letters);
        let (low, _) = self.bounds();
        (low..)
            .zip(self.names())
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(number, _)| (number, rest))
    }
}

/// The members of a field, as bits.
pub(super) fn set(field: Field, text: &str) -> Result<u64, Refusal> {
    text.split(',')
        .try_fold(0, |set, part| Ok(set | one(field, part)?))
}

fn one(field: Field, part: &str) -> Result<u64, Refusal> {
    let (low, high) = field.bounds();
    let (first, last, rest) = if let Some(rest) = part.strip_prefix('*') {
        (low, high, rest)
    } else {
        let known = |text| {
            let number = field.number(text);
            number.filter(|(number, _)| (low..=high).contains(number))
        };
        let (first, rest) = known(part).ok_or_else(|| field.refuses(part, &field.takes()))?;
        match rest.strip_prefix('-') {
            None if rest.starts_with('/') => {
                let why = format!("a step needs a range, such as `{first}-{high}{rest}`");
                return Err(field.refuses(part, &why));
            }
            None => (first, first, rest),
            Some(end) => {
                let (last, rest) = known(end).ok_or_else(|| field.refuses(part, &field.takes()))?;
                if first > last {
                    return Err(backwards(field, part));
                }
                (first, last, rest)
            }
        }
    };
    let step = match rest.strip_prefix('/') {
        None if rest.is_empty() => 1,
        None => return Err(unclear(field, part, rest)),
        Some(step) => step
            .parse::<u32>()
            .ok()
            .filter(|number| *number > 0 && step.bytes().all(|b| b.is_ascii_digit()))
            .ok_or_else(|| field.refuses(part, "a step is a number from 1 on"))?,
    };
    let members = (first..=last).step_by(step as usize);
    Ok(members.fold(0, |set, member| set | 1 << member))
}

fn unclear(field: Field, part: &str, rest: &str) -> Refusal {
    let read = &part[..part.len() - rest.len()];
    let cronie = match read {
        "*" => "so does cronie",
        _ => "cronie refuses the line",
    };
    let message = format!(
        "Debian's cron reads `{part}` in the {} field as `{read}`, {cronie}; write what is meant",
        field.name()
    );
    refusal(Code::ScheduleUnclear, message)
}

fn backwards(field: Field, part: &str) -> Refusal {
    let sunday = part.rsplit_once('-').filter(|(_, last)| {
        field == Field::Weekday && ["0", "sun"].contains(&last.to_ascii_lowercase().as_str())
    });
    let (since, instead) = match sunday {
        Some((first, _)) => (", since Sunday counts as 0", format!("write `{first}-7`")),
        None => ("", "write it as two ranges".to_owned()),
    };
    let what = match field {
        Field::Minute => "minute",
        Field::Hour => "hour",
        Field::Day | Field::Weekday => "day",
        Field::Month => "month",
    };
    let message = format!(
        "`{part}` in the {} field runs backwards{since}: for Debian's cron that is no {what} at all, cronie refuses the line; {instead}",
        field.name()
    );
    refusal(Code::ScheduleUnclear, message)
}

/// The bounds of `a~b`, either of which may be left out; none where the field has no `~`.
pub(super) fn random(field: Field, text: &str) -> Result<Option<(u32, u32)>, Refusal> {
    let Some((first, last)) = text.split_once('~') else {
        return Ok(None);
    };
    let (low, high) = field.bounds();
    let number = |text: &str, left_out| match text {
        "" => Some(left_out),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    match (number(first, low), number(last, high)) {
        (Some(first), Some(last)) if low <= first && first <= last && last <= high => {
            Ok(Some((first, last)))
        }
        _ => {
            let message = format!(
                "`{text}` in the {} field is a random time that can't be taken over; write a time, and `jitter` in runwisp",
                field.name()
            );
            Err(refusal(Code::RandomDay, message))
        }
    }
}
