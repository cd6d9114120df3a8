//! anacron's table: a period in days, a delay in minutes, a name and a command.
//!
//! anacron runs a job when so many days have passed since it last ran. Here it becomes a time of day, and `catch_up = 1`
//! makes up for one that was missed. Which time: the first hour of `START_HOURS_RANGE` (or `PREFERRED_HOUR`), else
//! half past seven, when Debian starts anacron; plus the delay. A period that is no day, week, month or year becomes
//! `@every`.
//!
//! Tests are below; `crate::tests` has whole tables.

use crate::lines::{Line, unindented};
use crate::table::{self, Setting, Variables};
use crate::when;

/// The minute of the day at which Debian first starts anacron.
const START: u32 = 7 * 60 + 30;

/// One job of anacron's.
#[derive(Clone, Debug)]
pub(crate) struct AnacronJob {
    /// Its line.
    pub(crate) line: u32,
    /// Period, delay and name as they stand there.
    pub(crate) heading: String,
    /// What it means, or why that can't be said.
    pub(crate) meaning: Result<Meaning, String>,
    /// The variables that hold for it.
    pub(crate) variables: Variables,
    /// The comments directly above it.
    pub(crate) comments: Vec<String>,
    /// Whether the line is UTF-8.
    pub(crate) utf8: bool,
    /// Whether there are more variables above it than it can have.
    pub(crate) too_many: bool,
}

impl AnacronJob {
    /// The value of a variable that holds for it.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        let mut all = self.variables.iter();
        all.find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What a job of anacron's means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// Its name.
    pub(crate) name: String,
    /// What it runs.
    pub(crate) command: String,
    /// The schedule it becomes.
    pub(crate) cron: String,
    /// How often it runs, in words.
    pub(crate) period: String,
    /// Whether it has no time of day.
    pub(crate) interval: bool,
}

/// What the table says.
#[derive(Clone, Debug, Default)]
pub(crate) struct AnacronTable {
    /// The jobs and the broken lines.
    pub(crate) jobs: Vec<AnacronJob>,
    /// All variables, in order.
    pub(crate) settings: Vec<Setting>,
}

/// Whether a line looks like a job of anacron's: its name has a letter, which no field of cron's at that place has.
pub(crate) fn is_job(line: &str) -> bool {
    job(line, START).is_ok_and(|job| job.name.contains(|c: char| c.is_alphabetic()))
}

/// Reads a table.
pub(crate) fn read(lines: &[Line<'_>]) -> AnacronTable {
    let mut read = AnacronTable::default();
    let mut variables = Variables::default();
    let mut comments = Vec::new();
    let mut too_many = false;
    for line in joined(lines) {
        let text = unindented(&line.text);
        if text.is_empty() {
            comments.clear();
        } else if let Some(comment) = text.strip_prefix('#') {
            comments.push(comment.to_owned());
        } else if let Some((name, value)) = variable(text) {
            comments.clear();
            too_many |= !table::set(&mut variables, &name, &value);
            read.settings.push(Setting {
                line: line.number,
                name,
                value,
            });
        } else {
            let words: Vec<&str> = text.split_ascii_whitespace().take(3).collect();
            read.jobs.push(AnacronJob {
                line: line.number,
                heading: words.join(" "),
                meaning: job(text, start(&read.settings)),
                variables: variables.clone(),
                comments: std::mem::take(&mut comments),
                utf8: line.utf8,
                too_many,
            });
        }
    }
    read
}

/// Lines with those that end in a backslash joined to the next.
fn joined<'a>(lines: &[Line<'a>]) -> Vec<Line<'a>> {
    let mut joined: Vec<Line<'a>> = Vec::new();
    for line in lines {
        match joined.last_mut() {
            Some(last) if last.text.ends_with('\\') => {
                let before = last.text.strip_suffix('\\').unwrap_or_default();
                last.text = format!("{before} {}", line.text).into();
                last.utf8 &= line.utf8;
            }
            _ => joined.push(line.clone()),
        }
    }
    joined
}

/// `NAME = value`, where blanks belong to the value.
fn variable(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end_matches(crate::lines::BLANK);
    let plain = !name.is_empty() && !name.contains(crate::lines::BLANK);
    plain.then(|| (name.to_owned(), value.to_owned()))
}

/// The minute of the day at which anacron begins, by the variables so far.
fn start(settings: &[Setting]) -> u32 {
    let of = |name| settings.iter().rev().find(|setting| setting.name == name);
    let hour = |text: &str| text.trim().parse::<u32>().ok().filter(|hour| *hour < 24);
    let preferred = of("PREFERRED_HOUR").and_then(|setting| hour(&setting.value));
    let range = of("START_HOURS_RANGE")
        .and_then(|setting| setting.value.split_once('-'))
        .and_then(|(first, _)| hour(first));
    preferred.or(range).map_or(START, |hour| hour * 60)
}

fn job(line: &str, start: u32) -> Result<Meaning, String> {
    let (period, rest) = when::word(line);
    let (delay, rest) = when::word(rest);
    let (name, command) = when::word(rest);
    let command = command.trim_end();
    if command.is_empty() || name.contains('/') {
        return Err(
            "this is neither `NAME=value` nor a period, a delay, a name and a command".into(),
        );
    }
    let delay: u32 = number(delay).ok_or("the delay is no number of minutes")?;
    let at = start.saturating_add(delay) % (24 * 60);
    let (minute, hour) = (at % 60, at / 60);
    let (cron, period, interval) = match (period, number(period)) {
        ("@daily", _) | (_, Some(1)) => (
            format!("{minute} {hour} * * *"),
            "every day".to_owned(),
            false,
        ),
        ("@weekly", _) | (_, Some(7)) => (
            format!("{minute} {hour} * * 0"),
            "every week".to_owned(),
            false,
        ),
        ("@monthly", _) | (_, Some(30 | 31)) => (
            format!("{minute} {hour} 1 * *"),
            "every month".to_owned(),
            false,
        ),
        ("@yearly" | "@annually" | "@annualy", _) | (_, Some(365 | 366)) => (
            format!("{minute} {hour} 1 1 *"),
            "every year".to_owned(),
            false,
        ),
        (_, Some(days @ 2..=36_500)) => (
            format!("@every {days}d"),
            format!("every {days} days"),
            true,
        ),
        _ => {
            return Err(format!(
                "`{period}` is no period that anacron knows; write a number of days, or `@daily`, `@weekly`, `@monthly`, `@yearly`"
            ));
        }
    };
    Ok(Meaning {
        name: name.to_owned(),
        command: command.to_owned(),
        cron,
        period,
        interval,
    })
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::lines;

    fn crons(text: &str) -> Vec<String> {
        let jobs = read(&lines(text.as_bytes())).jobs.into_iter();
        jobs.map(|job| match job.meaning {
            Ok(meaning) => format!("{}: {} | {}", meaning.name, meaning.cron, meaning.command),
            Err(why) => why,
        })
        .collect()
    }

    #[test]
    fn periods_become_times_of_day() {
        assert_eq!(
            crons(
                "1 5 cron.daily run-parts /etc/cron.daily\n7\t10 w x y\n@monthly 15 m x\n30 0 n x\n3 0 t x\n@yearly 1000 y z\n"
            ),
            [
                "cron.daily: 35 7 * * * | run-parts /etc/cron.daily",
                "w: 40 7 * * 0 | x y",
                "m: 45 7 1 * * | x",
                "n: 30 7 1 * * | x",
                "t: @every 3d | x",
                "y: 10 0 1 1 * | z",
            ]
        );
    }

    #[test]
    fn hours_come_from_the_variables_above() {
        assert_eq!(
            crons("START_HOURS_RANGE=3-22\n1 5 a x\nPREFERRED_HOUR=5\n1 5 b x\n"),
            ["a: 5 3 * * * | x", "b: 5 5 * * * | x"]
        );
    }

    #[test]
    fn lines_go_on_behind_a_backslash() {
        assert_eq!(crons("1 5 a x \\\n  y\n"), ["a: 35 7 * * * | x    y"]);
        assert_eq!(read(&lines(b"1 5 a x \\\n y\n1 5 b x\n")).jobs[1].line, 3);
    }

    #[test]
    fn what_is_no_job_is_said() {
        assert!(!is_job("1 5 a"));
        assert!(!is_job("1 x a b"));
        assert!(!is_job("0 5 a b"));
        assert!(!is_job("1 3 * * *"));
        assert!(!is_job("@hourly 5 a b"));
        assert!(!is_job("0 3 * * * backup"));
        assert_eq!(variable("A = b"), Some(("A".into(), " b".into())));
    }
}
