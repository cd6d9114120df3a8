//! A schedule as people say it: "at 03:30 on Monday to Friday, Europe/Prague".
//!
//! What can't be said shortly is said field by field; nothing is left out. Tests: below.

use super::civil::{Cron, Days, Times, Weekdays};
use super::{Rule, Schedule};

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const ORDINALS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];

const ALL_HOURS: u64 = (1 << 24) - 1;
const ALL_SIXTY: u64 = (1 << 60) - 1;
const ALL_DAYS: u64 = ((1 << 31) - 1) << 1;
const ALL_WEEKDAYS: u64 = (1 << 7) - 1;
const ALL_MONTHS: u64 = ((1 << 12) - 1) << 1;

/// How many times of day are listed one by one.
const FEW: usize = 6;

impl Schedule {
    /// It in words, with its zone.
    pub fn in_words(&self) -> String {
        match &self.rule {
            Rule::Every(_) => {
                let length = self.text.split_once(char::is_whitespace);
                format!("every {}", length.map_or("", |(_, length)| length.trim()))
            }
            Rule::Cron(cron) => {
                let zone = self.zone.iana_name().unwrap_or("local time");
                format!("{}, {zone}", said(cron))
            }
        }
    }
}

fn said(cron: &Cron) -> String {
    let (times, clock) = times(&cron.times);
    let every_day = cron.days.listed == ALL_DAYS && cron.weekdays.every == ALL_WEEKDAYS;
    let days = match (days(&cron.days), weekdays(&cron.weekdays)) {
        (None, None) => String::new(),
        (Some(days), None) => format!(" on {days}"),
        (None, Some(weekdays)) => format!(" on {weekdays}"),
        (Some(days), Some(weekdays)) if cron.both_days => {
            format!(" on {days}, where that is {weekdays}")
        }
        (Some(days), Some(weekdays)) => format!(" on {days}, and on {weekdays}"),
    };
    let months = match cron.months == ALL_MONTHS {
        true => String::new(),
        false => format!(
            " in {}",
            list(cron.months, |n| MONTHS[usize::from(n) - 1].to_owned())
        ),
    };
    let day = if every_day && clock && months.is_empty() {
        " every day"
    } else {
        ""
    };
    format!("{times}{day}{days}{months}")
}

/// The times, and whether they are told by the clock.
fn times(times: &Times) -> (String, bool) {
    let (hours, minutes, seconds) = (
        members(times.hours),
        members(times.minutes),
        members(times.seconds),
    );
    let whole = times.seconds == 1;
    let count = hours.len() * minutes.len() * seconds.len();
    if count <= FEW {
        let mut clock = Vec::new();
        for hour in &hours {
            for minute in &minutes {
                for second in &seconds {
                    clock.push(match whole {
                        true => format!("{hour:02}:{minute:02}"),
                        false => format!("{hour:02}:{minute:02}:{second:02}"),
                    });
                }
            }
        }
        return (format!("at {}", joined(&clock)), true);
    }
    let hour = match times.hours == ALL_HOURS {
        true => String::new(),
        false => format!(" of {}", numbered("hour", times.hours)),
    };
    let minute = match (step(times.minutes), times.minutes) {
        (Some(1), _) => format!("every minute{hour}"),
        (Some(n), _) => format!("every {n} minutes{hour}"),
        (None, 1) if hour.is_empty() => "every hour".to_owned(),
        (None, _) if hour.is_empty() => {
            format!("at {} of every hour", numbered("minute", times.minutes))
        }
        (None, _) => format!("at {}{hour}", numbered("minute", times.minutes)),
    };
    let told = match (whole, step(times.seconds)) {
        (true, _) => minute,
        (false, Some(n)) => {
            let often = match n {
                1 => "every second".to_owned(),
                n => format!("every {n} seconds"),
            };
            match times.minutes == ALL_SIXTY && hour.is_empty() {
                true => often,
                false => format!("{often}, {minute}"),
            }
        }
        (false, None) => format!("at {}, {minute}", numbered("second", times.seconds)),
    };
    (told, false)
}

/// The days of the month, where not all.
fn days(days: &Days) -> Option<String> {
    let mut parts = Vec::new();
    if days.listed == ALL_DAYS {
        return None;
    }
    if days.listed != 0 {
        parts.push(format!("{} of the month", numbered("day", days.listed)));
    }
    for before in members(days.from_last) {
        parts.push(match before {
            0 => "the last day of the month".to_owned(),
            1 => "the day before the last of the month".to_owned(),
            n => format!("the day {n} days before the last of the month"),
        });
    }
    for day in members(days.nearest) {
        parts.push(format!(
            "the Monday to Friday nearest to day {day} of the month"
        ));
    }
    if days.last_weekday {
        parts.push("the last Monday to Friday of the month".to_owned());
    }
    Some(joined(&parts))
}

/// The days of the week, where not all.
fn weekdays(weekdays: &Weekdays) -> Option<String> {
    if weekdays.every == ALL_WEEKDAYS {
        return None;
    }
    let name = |n: u8| WEEKDAYS[usize::from(n)].to_owned();
    let mut parts = Vec::new();
    if weekdays.every != 0 {
        // A week that ends with Sunday reads better: 1 to 6, then 0.
        let monday_first = (weekdays.every >> 1) | ((weekdays.every & 1) << 6);
        parts.push(list(monday_first, |n| name((n + 1) % 7)));
    }
    for (set, ordinal) in weekdays.nth.iter().zip(ORDINALS) {
        if *set != 0 {
            parts.push(format!("the {ordinal} {} of the month", list(*set, name)));
        }
    }
    if weekdays.last != 0 {
        parts.push(format!(
            "the last {} of the month",
            list(weekdays.last, name)
        ));
    }
    Some(joined(&parts))
}

fn members(set: u64) -> Vec<u8> {
    (0..64).filter(|n| set >> n & 1 == 1).collect()
}

/// The step of a set of minutes or seconds that goes evenly through all of them.
fn step(set: u64) -> Option<u8> {
    (1..=30).filter(|n| 60 % n == 0).find(|n| {
        let grid = (0..60).step_by(usize::from(*n));
        grid.fold(0, |grid, at| grid | 1 << at) == set
    })
}

/// "hour 3", "hours 9 to 17".
fn numbered(what: &str, set: u64) -> String {
    let plural = if set.count_ones() == 1 { "" } else { "s" };
    format!("{what}{plural} {}", list(set, |n| n.to_string()))
}

/// The members, three or more in a row as a range.
fn list(set: u64, name: impl Fn(u8) -> String) -> String {
    let members = members(set);
    let mut parts = Vec::new();
    let mut at = 0;
    while at < members.len() {
        let mut end = at;
        while end + 1 < members.len() && members[end + 1] == members[end] + 1 {
            end += 1;
        }
        if end >= at + 2 {
            parts.push(format!("{} to {}", name(members[at]), name(members[end])));
            at = end + 1;
        } else {
            parts.push(name(members[at]));
            at += 1;
        }
    }
    joined(&parts)
}

fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [many @ .., last] => format!("{} and {last}", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn schedules_are_said_as_people_do() {
        for (text, words) in [
            ("30 3 * * 1-5", "at 03:30 on Monday to Friday"),
            ("@daily", "at 00:00 every day"),
            ("0 3,15 * * *", "at 03:00 and 15:00 every day"),
            ("* * * * *", "every minute"),
            ("*/15 * * * *", "every 15 minutes"),
            ("@hourly", "every hour"),
            ("5 * * * *", "at minute 5 of every hour"),
            (
                "*/20 9-17 * * mon-fri",
                "every 20 minutes of hours 9 to 17 on Monday to Friday",
            ),
            ("0,7 9-17 * * *", "at minutes 0 and 7 of hours 9 to 17"),
            ("* * * * * *", "every second"),
            ("*/10 * * * * *", "every 10 seconds"),
            ("15 30 3 * * *", "at 03:30:15 every day"),
            ("5,7 * * * * *", "at seconds 5 and 7, every minute"),
            ("*/5 0 * * * *", "every 5 seconds, every hour"),
            ("0 0 1 * *", "at 00:00 on day 1 of the month"),
            ("0 0 1 1 *", "at 00:00 on day 1 of the month in January"),
            ("0 0 L * *", "at 00:00 on the last day of the month"),
            (
                "0 0 LW * *",
                "at 00:00 on the last Monday to Friday of the month",
            ),
            (
                "0 0 15W * *",
                "at 00:00 on the Monday to Friday nearest to day 15 of the month",
            ),
            (
                "0 0 * * mon#2",
                "at 00:00 on the second Monday of the month",
            ),
            ("0 0 * * 5L", "at 00:00 on the last Friday of the month"),
            ("0 0 * * 6,0", "at 00:00 on Saturday and Sunday"),
            (
                "0 0 13 * 5",
                "at 00:00 on day 13 of the month, and on Friday",
            ),
            (
                "0 0 */2 * 5",
                "at 00:00 on days 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29 and 31 of the month, where that is Friday",
            ),
            ("0 4 * 6-8 *", "at 04:00 in June to August"),
        ] {
            let schedule = Schedule::parse(text, &TimeZone::UTC).unwrap();
            assert_eq!(schedule.in_words(), format!("{words}, UTC"), "{text}");
        }
        let every = Schedule::parse("@every 90s", &TimeZone::UTC).unwrap();
        assert_eq!(every.in_words(), "every 90s");
    }
}
