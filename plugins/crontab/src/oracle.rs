//! What Debian's cron (3.0pl1-162) made of lines, against what this importer makes of them.
//!
//! `fixtures/oracle/answers.jsonl` was recorded by `fixtures/oracle/record.py`, which runs the real daemon over one file
//! for each line, with a shell that writes down how it was called. And what is taken over means for runwisp's own parser
//! what it means for cron: a second reading of the fields, the simplest there is, says so.

use jiff::tz::TimeZone;
use runwisp_core::schedule::Schedule;
use serde_json::Value;

use crate::facts::Dialect;
use crate::lines::lines;
use crate::note::Code;
use crate::table::{self, Entry};
use crate::when::{self, When};

/// One question to cron, and its answer.
struct Answer {
    kind: String,
    text: String,
    /// Whether cron found fault with the file.
    refused: bool,
    /// How the job was called, if it was.
    ran: Option<Value>,
}

fn answers(kind: &str) -> Vec<Answer> {
    let text = include_str!("../fixtures/oracle/answers.jsonl");
    let answers = text.lines().map(|line| {
        let answer: Value = serde_json::from_str(line).unwrap();
        let text_of = |key: &str| answer[key].as_str().unwrap().to_owned();
        Answer {
            kind: text_of("kind"),
            text: text_of("text"),
            refused: !answer["errors"].as_array().unwrap().is_empty(),
            ran: answer.get("ran").filter(|ran| !ran.is_null()).cloned(),
        }
    });
    let answers: Vec<Answer> = answers.filter(|answer| answer.kind == kind).collect();
    assert!(answers.len() > 5, "{kind}: the recording is gone");
    answers
}

fn entries(text: &str) -> Vec<Entry> {
    table::read(&lines(text.as_bytes()), true, Dialect::Debian).entries
}

#[test]
fn variables_are_those_that_cron_hands_on() {
    // What cron sets itself, and what the recording's own shell was told.
    let own = ["HOME", "PATH", "LOGNAME", "LC_CTYPE"];
    for answer in answers("env") {
        let entries = entries(&format!("{}\n* * * * * root a\n", answer.text));
        let Some(ran) = answer.ran else {
            assert_eq!(entries.len(), 2, "{:?} is no variable", answer.text);
            assert!(entries[0].when.is_err(), "{:?} is no job", answer.text);
            continue;
        };
        let [entry] = entries.as_slice() else {
            panic!("{:?} is a variable", answer.text);
        };
        for (name, value) in ran["env"].as_object().unwrap() {
            let ours = entry.variable(name);
            let set_by_cron = own.contains(&name.as_str()) && (ours.is_none() || name == "LOGNAME");
            assert!(
                set_by_cron || ours == value.as_str(),
                "{:?}: {name} is {ours:?}, not {value}",
                answer.text
            );
        }
        for (name, _) in entry.variables.iter() {
            assert!(
                ran["env"].get(name).is_some(),
                "{:?}: {name} is not handed on",
                answer.text
            );
        }
    }
}

#[test]
fn commands_and_their_input_are_those_of_cron() {
    for answer in answers("command") {
        let line = format!("* * * * * root {}\n", answer.text);
        let entries = entries(&line);
        let Some(ran) = answer.ran else {
            assert!(
                answer.refused && entries[0].when.is_err(),
                "{:?}",
                answer.text
            );
            continue;
        };
        assert!(entries[0].when.is_ok(), "{:?}", answer.text);
        // A shell does not care about blanks around a command; and the carriage return is left out, with a note.
        let plain = |text: &str| text.replace('\r', "").trim_matches([' ', '\t']).to_owned();
        let theirs = ran["argv"][1].as_str().unwrap();
        assert_eq!(
            plain(&entries[0].command.text),
            plain(theirs),
            "{:?}",
            answer.text
        );
        let stdin = ran["stdin"].as_str().unwrap();
        let ours = entries[0].command.stdin.as_deref().unwrap_or_default();
        assert_eq!(plain(ours), plain(stdin), "{:?}", answer.text);
    }
}

#[test]
fn what_cron_refuses_is_never_made_to_run() {
    for answer in answers("when") {
        let line = format!("{} root a\n", answer.text);
        let entries = entries(&line);
        let ours = &entries[0].when;
        // Too many fields: cron takes the sixth for a user.
        if answer.text.ends_with("2000") {
            assert_eq!(entries[0].user.as_deref(), Some("2000"));
            continue;
        }
        if answer.refused {
            assert!(ours.is_err(), "cron refuses {:?}", answer.text);
            continue;
        }
        // What cron takes is taken, but for what it hardly takes as it was meant.
        let unclear = ours
            .as_ref()
            .is_err_and(|why| why.code == Code::ScheduleUnclear);
        let overflown = answer.text.starts_with("4294967296");
        assert!(
            ours.is_ok() || unclear || overflown,
            "cron takes {:?}: {ours:?}",
            answer.text
        );
    }
}

#[test]
fn whole_files_are_read_as_cron_reads_them() {
    for answer in answers("file") {
        let facts = crate::facts::Facts {
            accounts: Some(["root".to_owned()].into()),
            debian: true,
        };
        let runs = |entry: &&Entry| {
            let user = entry.user.as_deref().unwrap_or_default();
            entry.when.is_ok() && facts.has_account(user) == Some(true)
        };
        let entries = entries(&answer.text);
        let all = entries.iter().filter(runs).count() == entries.len();
        assert_eq!(all, !answer.refused, "{:?}", answer.text);
    }
}

/// The numbers that a field of cron's names, read in the plainest way.
fn members(field: &str, low: u32, high: u32, names: &[&str]) -> Vec<u32> {
    let number = |text: &str| {
        let named = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        named.map_or_else(
            || text.parse().unwrap(),
            |at| u32::try_from(at).unwrap() + low,
        )
    };
    let part = |part: &str| {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((first, last)) => (number(first), number(last)),
            None => (number(range), number(range)),
        };
        (first..=last)
            .step_by(step.parse().unwrap())
            .collect::<Vec<u32>>()
    };
    field.split(',').flat_map(part).collect()
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Whether cron runs `text` in a minute, by the manual's words.
fn due(text: &str, at: jiff::civil::DateTime) -> bool {
    let text = match text {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        text => text,
    };
    let fields: Vec<&str> = text.split(' ').collect();
    let has = |field: usize, low, high, names: &[&str], value: i8| {
        members(fields[field], low, high, names).contains(&u32::try_from(value).unwrap())
    };
    let weekday = at.weekday().to_sunday_zero_offset();
    let day = has(2, 1, 31, &[], at.day());
    let week = has(4, 0, 7, &DAYS, weekday) || (weekday == 0 && has(4, 0, 7, &DAYS, 7));
    let both = fields[2].starts_with('*') || fields[4].starts_with('*');
    has(0, 0, 59, &[], at.minute())
        && has(1, 0, 23, &[], at.hour())
        && has(3, 1, 12, &MONTHS, at.month())
        && if both { day && week } else { day || week }
}

/// Sees that runwisp's parser finds the very minutes at which cron runs a schedule, from a moment on.
pub(crate) fn agrees(text: &str, from: jiff::civil::DateTime) {
    let schedule =
        Schedule::parse(text, &TimeZone::UTC).unwrap_or_else(|why| panic!("{text}: {why}"));
    let zoned = |at: jiff::civil::DateTime| at.to_zoned(TimeZone::UTC).unwrap().timestamp();
    let mut next = schedule
        .next_after(zoned(from), zoned(from))
        .map(|tick| tick.at);
    let mut at = from;
    // A day and a half, minute by minute; and the day on which it runs next.
    for _ in 0..36 * 60 {
        at = at.checked_add(jiff::Span::new().minutes(1)).unwrap();
        assert_eq!(due(text, at), next == Some(zoned(at)), "{text} at {at}");
        if next == Some(zoned(at)) {
            next = schedule
                .next_after(zoned(at), zoned(from))
                .map(|tick| tick.at);
        }
    }
    if let Some(next) = next {
        assert!(
            due(text, next.to_zoned(TimeZone::UTC).datetime()),
            "{text} at {next}"
        );
    }
}

#[test]
fn a_schedule_means_to_runwisp_what_it_means_to_cron() {
    let mut taken = 0;
    for answer in answers("when") {
        let line = format!("{} root a", answer.text);
        let head = when::read(&line, Dialect::Debian);
        if let Some(Ok(When::Times {
            text, never: false, ..
        })) = head.map(|head| head.when)
        {
            agrees(&text, jiff::civil::date(2026, 2, 28).at(0, 0, 0, 0));
            agrees(&text, jiff::civil::date(2028, 12, 31).at(0, 0, 0, 0));
            taken += 1;
        }
    }
    assert!(taken > 30, "only {taken}");
}
