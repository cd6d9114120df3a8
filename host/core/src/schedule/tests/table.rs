//! What texts mean and what is wrong with them, as tables.

use jiff::tz::TimeZone;

use super::super::{ScheduleError, Standing, TickKind, TickNote, next_of, preview};
use super::{at, schedule};

/// The first firings of `text` after `from`, in the zone's wall-clock time, in one line.
fn firings(text: &str, zone: &str, from: &str, n: usize) -> String {
    let schedule = schedule(text, zone);
    let from = at(from);
    let shown = preview(
        std::slice::from_ref(&schedule),
        Standing::begun(from),
        from,
        n,
    );
    let shown: Vec<String> = shown
        .iter()
        .map(|firing| {
            let wall = schedule.zone().to_datetime(firing.at);
            wall.strftime("%m-%d %H:%M:%S").to_string()
        })
        .collect();
    shown.join(", ")
}

/// Expressions and their first three firings in UTC, from the beginning of 2026, a Thursday.
const FIRINGS: &[(&str, &str)] = &[
    (
        "30 2 * * *",
        "01-01 02:30:00, 01-02 02:30:00, 01-03 02:30:00",
    ),
    (
        "15 30 2 * * *",
        "01-01 02:30:15, 01-02 02:30:15, 01-03 02:30:15",
    ),
    (
        "*/20 * * * * *",
        "01-01 00:00:20, 01-01 00:00:40, 01-01 00:01:00",
    ),
    (
        "5/25 * * * *",
        "01-01 00:05:00, 01-01 00:30:00, 01-01 00:55:00",
    ),
    (
        "0 0 1 JAN-mar,Dec *",
        "02-01 00:00:00, 03-01 00:00:00, 12-01 00:00:00",
    ),
    (
        "0 0 * * 0",
        "01-04 00:00:00, 01-11 00:00:00, 01-18 00:00:00",
    ),
    (
        "0 0 * * 7",
        "01-04 00:00:00, 01-11 00:00:00, 01-18 00:00:00",
    ),
    (
        "0 0 * * Fri-sun",
        "01-02 00:00:00, 01-03 00:00:00, 01-04 00:00:00",
    ),
    (
        "0 0 * * 6-7",
        "01-03 00:00:00, 01-04 00:00:00, 01-10 00:00:00",
    ),
    (
        "0 0 L * *",
        "01-31 00:00:00, 02-28 00:00:00, 03-31 00:00:00",
    ),
    (
        "0 0 L-2 * *",
        "01-29 00:00:00, 02-26 00:00:00, 03-29 00:00:00",
    ),
    (
        "0 0 LW * *",
        "01-30 00:00:00, 02-27 00:00:00, 03-31 00:00:00",
    ),
    (
        "0 0 1W * *",
        "02-02 00:00:00, 03-02 00:00:00, 04-01 00:00:00",
    ),
    (
        "0 0 31W * *",
        "01-30 00:00:00, 03-31 00:00:00, 05-29 00:00:00",
    ),
    (
        "0 0 1W 8 *",
        "08-03 00:00:00, 08-02 00:00:00, 08-01 00:00:00",
    ),
    (
        "0 0 * * 5L",
        "01-30 00:00:00, 02-27 00:00:00, 03-27 00:00:00",
    ),
    (
        "0 0 * * mon#2",
        "01-12 00:00:00, 02-09 00:00:00, 03-09 00:00:00",
    ),
    (
        "0 0 * * sun#5",
        "03-29 00:00:00, 05-31 00:00:00, 08-30 00:00:00",
    ),
    // Both day fields restricted: either may match.
    (
        "0 0 13 * fri",
        "01-02 00:00:00, 01-09 00:00:00, 01-13 00:00:00",
    ),
    // A day field that begins with a star: both must match.
    (
        "0 0 */2 * fri",
        "01-09 00:00:00, 01-23 00:00:00, 02-13 00:00:00",
    ),
    (
        "0 0 13 * */5",
        "02-13 00:00:00, 03-13 00:00:00, 09-13 00:00:00",
    ),
    (
        "0 0 ? * fri",
        "01-02 00:00:00, 01-09 00:00:00, 01-16 00:00:00",
    ),
    (
        "0 0 29 2 *",
        "02-29 00:00:00, 02-29 00:00:00, 02-29 00:00:00",
    ),
    // Examples of the manual.
    (
        "0 0 * * friL",
        "01-30 00:00:00, 02-27 00:00:00, 03-27 00:00:00",
    ),
    (
        "10-40/15 9 * * *",
        "01-01 09:10:00, 01-01 09:25:00, 01-01 09:40:00",
    ),
    (
        "5/20 9 * * *",
        "01-01 09:05:00, 01-01 09:25:00, 01-01 09:45:00",
    ),
    (
        "0 0 1-7 * mon",
        "01-02 00:00:00, 01-03 00:00:00, 01-04 00:00:00",
    ),
    ("@hourly", "01-01 01:00:00, 01-01 02:00:00, 01-01 03:00:00"),
    ("@daily", "01-02 00:00:00, 01-03 00:00:00, 01-04 00:00:00"),
    (
        "@midnight",
        "01-02 00:00:00, 01-03 00:00:00, 01-04 00:00:00",
    ),
    ("@weekly", "01-04 00:00:00, 01-11 00:00:00, 01-18 00:00:00"),
    ("@monthly", "02-01 00:00:00, 03-01 00:00:00, 04-01 00:00:00"),
    ("@yearly", "01-01 00:00:00, 01-01 00:00:00, 01-01 00:00:00"),
    (
        "@Annually",
        "01-01 00:00:00, 01-01 00:00:00, 01-01 00:00:00",
    ),
    (
        "@every 1h30m",
        "01-01 01:30:00, 01-01 03:00:00, 01-01 04:30:00",
    ),
    (
        "@every 1.5s",
        "01-01 00:00:01, 01-01 00:00:03, 01-01 00:00:04",
    ),
];

#[test]
fn expressions_fire_when_they_say() {
    let from = "2026-01-01T00:00:00Z";
    for &(text, expected) in FIRINGS {
        assert_eq!(firings(text, "UTC", from, 3), expected, "{text}");
    }
}

/// Texts that are no schedules: code, part of the message, part of the help.
const FAULTS: &[(&str, &str, &str, &str)] = &[
    (
        "",
        "schedule.fields",
        "the schedule is empty",
        "minute, hour",
    ),
    (
        "* * * *",
        "schedule.fields",
        "this one has 4",
        "minute, hour",
    ),
    (
        "0 0 0 1 1 * 2026",
        "schedule.fields",
        "this one has 7",
        "no field for the year",
    ),
    (
        "60 * * * *",
        "schedule.syntax",
        "\"60\" in the minute field is out of range",
        "0 to 59",
    ),
    (
        "0 24 * * *",
        "schedule.syntax",
        "\"24\" in the hour field",
        "0 to 23",
    ),
    (
        "0 0 0 * *",
        "schedule.syntax",
        "\"0\" in the day-of-month field",
        "1 to 31",
    ),
    (
        "0 0 * 13 *",
        "schedule.syntax",
        "\"13\" in the month field",
        "jan to dec",
    ),
    (
        "0 0 * * 8",
        "schedule.syntax",
        "\"8\" in the day-of-week field",
        "Sunday",
    ),
    (
        "61 0 0 * * *",
        "schedule.syntax",
        "\"61\" in the second field",
        "0 to 59",
    ),
    (
        "0 22-2 * * *",
        "schedule.syntax",
        "runs backwards",
        "`22-23,0-2`",
    ),
    (
        "0 0 * * sat-mon",
        "schedule.syntax",
        "runs backwards",
        "`6,0-1`",
    ),
    ("*/0 * * * *", "schedule.syntax", "no usable step", "*/5"),
    (
        "1,,2 * * * *",
        "schedule.syntax",
        "leaves a number out",
        "0 to 59",
    ),
    (
        "5- * * * *",
        "schedule.syntax",
        "leaves a number out",
        "0 to 59",
    ),
    (
        "H * * * *",
        "schedule.syntax",
        "\"H\" in the minute field",
        "jitter",
    ),
    ("0~30 * * * *", "schedule.syntax", "minute field", "jitter"),
    (
        "0 0 * foo *",
        "schedule.syntax",
        "\"foo\" in the month field",
        "jan to dec",
    ),
    (
        "0 0 * * mon#6",
        "schedule.syntax",
        "\"mon#6\"",
        "fifth Monday",
    ),
    ("0 0 * * L", "schedule.syntax", "names no day", "5L"),
    (
        "0 0 32W * *",
        "schedule.syntax",
        "\"32\" in the day-of-month field",
        "15W",
    ),
    ("0 0 L-31 * *", "schedule.syntax", "out of range", "L-30"),
    (
        "0 L * * *",
        "schedule.syntax",
        "\"L\" in the hour field",
        "0 to 23",
    ),
    ("0 0 30 2 *", "schedule.never", "never fires", "months"),
    (
        "0 0 31 4,6,9,11 *",
        "schedule.never",
        "never fires",
        "months",
    ),
    ("0 0 31W 2 *", "schedule.never", "never fires", "months"),
    (
        "@reboot",
        "schedule.reboot",
        "not a schedule",
        "run_on_start = \"boot\"",
    ),
    ("@dayly", "schedule.macro", "\"@dayly\"", "@daily"),
    ("@daily 5", "schedule.macro", "\"@daily 5\"", "@daily"),
    ("@every", "schedule.every", "not a length", "90s"),
    ("@every soon", "schedule.every", "\"soon\"", "90s"),
    ("@every 5", "schedule.every", "\"5\"", "90s"),
    ("@every 999ms", "schedule.too-often", "999ms", "1s"),
    ("@every 0s", "schedule.too-often", "0s", "service"),
];

#[test]
fn what_is_wrong_has_a_code_a_place_and_a_help() {
    for &(text, code, message, help) in FAULTS {
        let error = super::Schedule::parse(text, &TimeZone::UTC).expect_err(text);
        assert_eq!(error.code(), code, "{text}");
        assert!(error.to_string().contains(message), "{text}: {error}");
        assert!(error.help().contains(help), "{text}: {}", error.help());
    }
    let long = "1,".repeat(600);
    let error = super::Schedule::parse(&long, &TimeZone::UTC).expect_err("too long");
    assert_eq!(error, ScheduleError::TooLong { limit: 1024 });
}

#[test]
fn a_fixed_time_in_a_gap_is_due_once_at_its_end() {
    let from = at("2026-03-28T12:00:00Z");
    for text in ["30 2 * * *", "0 30 2 * * *", "0,15,30 2 * * *"] {
        let tick = schedule(text, "Europe/Berlin")
            .next_after(from, from)
            .unwrap();
        assert_eq!(tick.at, at("2026-03-29T01:00:00Z"), "{text}");
        assert_eq!(tick.note, Some(TickNote::MovedToGapEnd));
        assert_eq!(tick.kind, TickKind::Due);
    }
    let berlin = schedule("30 2 * * *", "Europe/Berlin");
    let note = preview(&[berlin], Standing::begun(from), from, 1)[0]
        .note
        .clone()
        .unwrap();
    assert_eq!(
        note,
        "clocks go forward: 02:30 does not exist, runs at 03:00"
    );
}

#[test]
fn a_fixed_time_that_comes_twice_is_due_once_and_skipped_once() {
    let from = at("2026-10-24T12:00:00Z");
    let berlin = [schedule("30 2 * * *", "Europe/Berlin")];
    let first = next_of(&berlin, from, from).unwrap();
    assert_eq!(first.at, at("2026-10-25T00:30:00Z"));
    assert_eq!(
        (first.note, first.kind),
        (Some(TickNote::FirstOfTwo), TickKind::Due)
    );
    let second = next_of(&berlin, first.at, from).unwrap();
    assert_eq!(second.at, at("2026-10-25T01:30:00Z"));
    assert_eq!(second.scheduled, first.scheduled);
    assert_eq!(
        (second.note, second.kind),
        (Some(TickNote::SecondOfTwo), TickKind::DstSkipped)
    );
    let shown = preview(&berlin, Standing::begun(from), from, 2);
    assert_eq!(
        shown[0].note.as_deref(),
        Some("clocks go back: the second 02:30 of the night is not run")
    );
    assert_eq!(shown[1].at, at("2026-10-26T01:30:00Z"));
}

#[test]
fn a_step_beyond_its_field_is_remarked_on() {
    for (text, remark) in [
        ("*/90 * * * *", Some("`@every 90m`")),
        ("0 */36 * * *", Some("`@every 36h`")),
        ("*/60 * * * * *", Some("in the second field is only 0")),
        ("*/59 */23 */30 */12 */7", None),
        ("@every 90m", None),
    ] {
        let found = schedule(text, "UTC").remark();
        match remark {
            Some(part) => assert!(found.is_some_and(|found| found.contains(part)), "{text}"),
            None => assert_eq!(found, None, "{text}"),
        }
    }
}
