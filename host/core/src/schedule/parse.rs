//! From text to rule: macros, and the five or six fields of a cron expression.

use super::civil::{Cron, Times};
use super::every::Every;
use super::{Field, Rule, ScheduleError, field};

/// No sensible expression is longer.
const MAX_LEN: usize = 1024;

/// Reads a whole schedule.
pub(super) fn rule(text: &str) -> Result<Rule, ScheduleError> {
    if text.len() > MAX_LEN {
        return Err(ScheduleError::TooLong { limit: MAX_LEN });
    }
    let text = text.trim();
    match text.strip_prefix('@') {
        Some(word) => macro_rule(text, word),
        None => cron(text).map(Rule::Cron),
    }
}

/// What is legal and still hardly meant, in words for a warning.
pub(super) fn remark(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let all = [Field::Second, Field::Minute, Field::Hour, Field::DayOfMonth];
    let known = match fields.len() {
        5 => &all[1..],
        6 => &all[..],
        _ => return None,
    };
    let mut pairs = known.iter().zip(fields);
    pairs.find_map(|(known, text)| field::remark(*known, text))
}

fn macro_rule(text: &str, word: &str) -> Result<Rule, ScheduleError> {
    let (name, rest) = word.split_once(char::is_whitespace).unwrap_or((word, ""));
    let expression = match name.to_ascii_lowercase().as_str() {
        "every" => return Every::parse(rest.trim()).map(Rule::Every),
        "reboot" => return Err(ScheduleError::Reboot),
        "hourly" => "0 * * * *",
        "daily" | "midnight" => "0 0 * * *",
        "weekly" => "0 0 * * 0",
        "monthly" => "0 0 1 * *",
        "yearly" | "annually" => "0 0 1 1 *",
        _ => "",
    };
    if expression.is_empty() || !rest.trim().is_empty() {
        return Err(ScheduleError::Macro {
            name: text.to_owned(),
        });
    }
    cron(expression).map(Rule::Cron)
}

fn cron(text: &str) -> Result<Cron, ScheduleError> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let (second, [minute, hour, day, month, weekday]) = match *fields.as_slice() {
        [minute, hour, day, month, weekday] => ("0", [minute, hour, day, month, weekday]),
        [second, minute, hour, day, month, weekday] => {
            (second, [minute, hour, day, month, weekday])
        }
        _ => {
            return Err(ScheduleError::Fields {
                found: fields.len(),
            });
        }
    };
    // A question mark is how some programs say "any day".
    let any_day = |field| if field == "?" { "*" } else { field };
    let (day, weekday) = (any_day(day), any_day(weekday));
    Ok(Cron {
        times: Times {
            seconds: field::set(Field::Second, second)?,
            minutes: field::set(Field::Minute, minute)?,
            hours: field::set(Field::Hour, hour)?,
        },
        days: field::days(day)?,
        months: field::set(Field::Month, month)?,
        weekdays: field::weekdays(weekday)?,
        both_days: day.starts_with('*') || weekday.starts_with('*'),
        fixed_time: !minute.starts_with('*') && !hour.starts_with('*'),
    })
}
