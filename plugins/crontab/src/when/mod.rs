//! When a line is due: five fields or an `@word`, from cron's words to ours.
//!
//! Only what every cron on Linux reads in the same way is taken over. The rest is refused with what cron makes of it:
//! some crons stop reading a field where they no longer understand it, and a schedule nobody meant must not be made to run.
//!
//! Tests: below, and `crate::oracle` against recorded answers of Debian's cron and against runwisp's own parser.

mod field;

use crate::facts::Dialect;
use crate::lines::{BLANK, unindented};
use crate::note::Code;
use field::Field;

/// When a job is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Once after the machine has booted.
    Boot,
    /// At times.
    Times {
        /// The expression, as runwisp reads it.
        text: String,
        /// How many minutes a start may be late, picked at random.
        random_minutes: u32,
        /// Whether no day of any calendar fits.
        never: bool,
    },
}

/// The beginning of a job's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    /// When it is due, or why that can't be said.
    pub(crate) when: Result<When, Refusal>,
    /// Whether a `-` in front keeps cron from logging it.
    pub(crate) quiet: bool,
    /// The schedule as it stands there.
    pub(crate) schedule: &'a str,
    /// What stands behind it: a user, a command. Empty when there is nothing.
    pub(crate) rest: &'a str,
}

/// Why a schedule is not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What kind of reason.
    pub(crate) code: Code,
    /// In words.
    pub(crate) message: String,
}

fn refusal(code: Code, message: String) -> Refusal {
    Refusal { code, message }
}

/// Reads the beginning of a line. None when it is not even like one: fewer than five fields.
pub(crate) fn read(line: &str, dialect: Dialect) -> Option<Head<'_>> {
    let line = unindented(line);
    let (quiet, line) = match line.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let mut head = if line.starts_with('@') {
        let (mut word, mut rest) = word(line);
        let length = self::word(rest).0;
        if word == "@every" && length.starts_with(|c: char| c.is_ascii_digit()) {
            // A length of time is no command, though every cron on Linux would take it for one.
            rest = self::word(rest).1;
            word = line[..line.len() - rest.len()].trim_end();
        }
        Head {
            when: special(word),
            quiet,
            schedule: word,
            rest,
        }
    } else {
        let mut rest = line;
        let mut fields = [""; 5];
        for field in &mut fields {
            (*field, rest) = word(rest);
        }
        if fields[4].is_empty() {
            return None;
        }
        // Text of which no field could be one is prose, not a schedule.
        if !fields
            .iter()
            .any(|text| text.starts_with(|c: char| c.is_ascii_digit() || "*~".contains(c)))
        {
            return None;
        }
        Head {
            when: times(fields, dialect),
            quiet,
            schedule: line[..line.len() - rest.len()].trim_end(),
            rest,
        }
    };
    if quiet && dialect == Dialect::Debian {
        let message = "Debian's cron refuses a line that begins with `-`; remove it".to_owned();
        head.when = Err(refusal(Code::Schedule, message));
    }
    Some(head)
}

/// The first word of a text and what follows, without the blanks between.
pub(crate) fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(BLANK);
    let (word, rest) = text.split_at(text.find(BLANK).unwrap_or(text.len()));
    (word, rest.trim_start_matches(BLANK))
}

fn special(word: &str) -> Result<When, Refusal> {
    match word {
        "@reboot" => Ok(When::Boot),
        "@hourly" | "@daily" | "@midnight" | "@weekly" | "@monthly" | "@yearly" | "@annually" => {
            Ok(When::Times {
                text: word.to_owned(),
                random_minutes: 0,
                never: false,
            })
        }
        _ => {
            let lower = word.to_ascii_lowercase();
            let instead = match lower.as_str() {
                "@every_minute" => "`* * * * *`".to_owned(),
                "@every_second" => "a runwisp `cron` of `* * * * * *`".to_owned(),
                _ if lower.starts_with("@every") => {
                    "it as `cron` in runwisp, which does".to_owned()
                }
                _ if lower != word && special(&lower).is_ok() => {
                    format!("`{lower}`, in small letters")
                }
                _ if word.len() > 1 && word[1..].bytes().all(|b| b.is_ascii_digit()) => {
                    format!(
                        "a runwisp `cron` of `@every {}s`, which does not wait for the last run to end",
                        &word[1..]
                    )
                }
                _ => "`@daily` or the like, or five fields".to_owned(),
            };
            Err(refusal(
                Code::Special,
                format!("no cron on Linux knows `{word}`; write {instead}"),
            ))
        }
    }
}

fn times(texts: [&str; 5], dialect: Dialect) -> Result<When, Refusal> {
    let mut written = texts.map(str::to_owned);
    let mut random_minutes = 0;
    if dialect != Dialect::Debian && texts.iter().any(|text| text.contains('~')) {
        for (field, text) in Field::ALL.into_iter().zip(&mut written) {
            let Some((low, high)) = field::random(field, text)? else {
                continue;
            };
            random_minutes += match field {
                Field::Minute => high - low,
                Field::Hour => (high - low) * 60,
                _ => {
                    let message = format!(
                        "cronie picks a day at random for `{text}` in the {} field; name the day",
                        field.name()
                    );
                    return Err(refusal(Code::RandomDay, message));
                }
            };
            *text = low.to_string();
        }
    }
    let mut sets = [0; 5];
    for ((field, text), set) in Field::ALL.into_iter().zip(&written).zip(&mut sets) {
        *set = field::set(field, text)?;
    }
    Ok(When::Times {
        never: never(&written, sets),
        text: written.join(" "),
        random_minutes,
    })
}

/// The most days each month has.
const DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Whether no day fits: the day of the week can't help, and no month has the day.
fn never(texts: &[String; 5], sets: [u64; 5]) -> bool {
    let [_, _, days, months, _] = sets;
    let first_day = days.trailing_zeros();
    let has_it = |month: &usize| months >> month & 1 == 1 && DAYS[month - 1] >= first_day;
    texts[4].starts_with('*') && !(1..=12).any(|month| has_it(&month))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &str, dialect: Dialect) -> String {
        match read(line, dialect).unwrap().when {
            Ok(When::Boot) => "boot".into(),
            Ok(When::Times {
                text,
                random_minutes: 0,
                never: false,
            }) => text,
            Ok(When::Times {
                text,
                random_minutes: 0,
                ..
            }) => format!("{text} never"),
            Ok(When::Times {
                text,
                random_minutes,
                ..
            }) => format!("{text} +{random_minutes}m"),
            Err(refusal) => format!("{}: {}", refusal.code.name(), refusal.message),
        }
    }

    #[test]
    fn what_every_cron_reads_is_taken_over_as_it_stands() {
        for line in [
            "* * * * *",
            "*/5 * * * *",
            "0,30 9-17/2 1,15 jan-mar mon-fri",
            "0 0 * * 7",
            "0 0 1-7 * MON",
            "@daily",
            "@reboot",
            "*,5 * * * *",
            "5-5 * * * *",
            "0 0 29 feb *",
        ] {
            let kept = line.replace("@reboot", "boot");
            assert_eq!(text(line, Dialect::Unknown), kept);
            assert_eq!(text(line, Dialect::Debian), kept);
        }
        assert_eq!(text("  0\t3 *  * *", Dialect::Unknown), "0 3 * * *");
    }

    #[test]
    fn what_stands_behind_the_schedule_is_left_alone() {
        let head = read(" -0 3\t* * *  root  a  b ", Dialect::Cronie).unwrap();
        assert_eq!(
            (head.quiet, head.schedule, head.rest),
            (true, "0 3\t* * *", "root  a  b ")
        );
        assert_eq!(read("* * * * *", Dialect::Unknown).unwrap().rest, "");
        assert_eq!(read("* * * *", Dialect::Unknown), None);
        assert_eq!(read("these are five plain words", Dialect::Unknown), None);
    }

    #[test]
    fn a_day_that_no_month_has_is_never() {
        assert_eq!(text("0 0 31 2 *", Dialect::Unknown), "0 0 31 2 * never");
        assert_eq!(
            text("0 0 31 2,4,jun *", Dialect::Unknown),
            "0 0 31 2,4,jun * never"
        );
        assert_eq!(text("0 0 31 2 mon", Dialect::Unknown), "0 0 31 2 mon");
        assert_eq!(text("0 0 30,31 4 *", Dialect::Unknown), "0 0 30,31 4 *");
    }

    #[test]
    fn random_times_become_the_earliest_and_a_delay() {
        assert_eq!(text("0~59 * * * *", Dialect::Cronie), "0 * * * * +59m");
        assert_eq!(text("~ 1~5 * * *", Dialect::Unknown), "0 1 * * * +299m");
        assert_eq!(text("5~ 3 * * *", Dialect::Cronie), "5 3 * * * +54m");
        assert_eq!(text("~5 3 * * *", Dialect::Cronie), "0 3 * * * +5m");
        assert_eq!(text("7~7 3 * * *", Dialect::Cronie), "7 3 * * *");
    }

    #[test]
    fn what_is_refused_says_what_cron_makes_of_it() {
        let cases = [
            (
                "0~59 * * * *",
                "schedule-unclear: Debian's cron reads `0~59` in the minute field as `0`, cronie refuses the line; write what is meant",
            ),
            (
                "5/10 * * * *",
                "schedule: cron refuses `5/10` in the minute field: a step needs a range, such as `5-59/10`",
            ),
            (
                "0 0 * * fri-sun",
                "schedule-unclear: `fri-sun` in the day-of-week field runs backwards, since Sunday counts as 0: for Debian's cron that is no day at all, cronie refuses the line; write `fri-7`",
            ),
            (
                "0 0 * * mon#2",
                "schedule-unclear: Debian's cron reads `mon#2` in the day-of-week field as `mon`, cronie refuses the line; write what is meant",
            ),
            (
                "60 * * * *",
                "schedule: cron refuses `60` in the minute field: it takes 0 to 59",
            ),
            (
                "0 0 L * *",
                "schedule: cron refuses `L` in the day-of-month field: it takes 1 to 31",
            ),
            (
                "0 0 * january *",
                "schedule: cron refuses `january` in the month field: it takes 1 to 12, or jan to dec",
            ),
            (
                "1,,2 * * * *",
                "schedule: cron refuses `` in the minute field: it takes 0 to 59",
            ),
            (
                "@HOURLY",
                "special-unknown: no cron on Linux knows `@HOURLY`; write `@hourly`, in small letters",
            ),
            (
                "-* * * * *",
                "schedule: Debian's cron refuses a line that begins with `-`; remove it",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(text(line, Dialect::Debian), expected);
        }
    }
}
