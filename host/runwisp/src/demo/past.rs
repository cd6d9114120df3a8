//! A day of the demo's shop that never was: which runs, how they ended, what they printed. Pure: the same day for the
//! same `now`, but for the clock.
//!
//! Tests: below.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use runwisp_core::words::ids::{BadName, RunId, UnitName};
use runwisp_core::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};

/// How much of it there is.
const DAY: i64 = 24 * 3600;

/// A run that is over.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub(super) row: RunRecord,
    pub(super) printed: Vec<Printed>,
}

/// A line that it printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) after: Duration,
    pub(super) stderr: bool,
    pub(super) text: String,
}

/// A unit's habits.
struct Habit {
    unit: &'static str,
    kind: Kind,
    /// From one run to the next, seconds; a multiple is where the clock's minutes are.
    every: i64,
    /// How long one takes, milliseconds.
    takes: u64,
    /// One in so many fails; 0 is none, 1 is each.
    fails: u64,
    code: i32,
    lines: fn(u64, bool) -> Vec<(bool, String)>,
}

const HABITS: &[Habit] = &[
    Habit {
        unit: "sync-orders",
        kind: Kind::Task,
        every: 120,
        takes: 5_200,
        fails: 23,
        code: 1,
        lines: sync_orders,
    },
    Habit {
        unit: "invoices",
        kind: Kind::Task,
        every: 300,
        takes: 2_400,
        fails: 4,
        code: 2,
        lines: invoices,
    },
    Habit {
        unit: "database-backup",
        kind: Kind::Task,
        every: 900,
        takes: 41_000,
        fails: 0,
        code: 0,
        lines: backup,
    },
    Habit {
        unit: "certificate-check",
        kind: Kind::Task,
        every: 3_600,
        takes: 320,
        fails: 1,
        code: 1,
        lines: certificates,
    },
    Habit {
        unit: "sales-report",
        kind: Kind::Task,
        every: DAY,
        takes: 93_000,
        fails: 0,
        code: 0,
        lines: report,
    },
    Habit {
        unit: "stock-feed",
        kind: Kind::Service,
        every: 5_400,
        takes: 5_391_000,
        fails: 1,
        code: 1,
        lines: feed,
    },
];

/// The day before `now`, oldest first.
pub(super) fn day(now: Timestamp) -> Result<Vec<Past>, BadName> {
    let mut day = Vec::new();
    for (n, habit) in (0_u64..).zip(HABITS) {
        let last = now.as_second() - now.as_second().rem_euclid(habit.every);
        let times = DAY / habit.every;
        for back in (0..times).rev() {
            let second = last - back * habit.every;
            let at = Timestamp::from_second(second).unwrap_or(now);
            let past = past(habit, at, dice(second.unsigned_abs(), n))?;
            // What would still run is left to the daemon.
            if past.row.ended_at.is_some_and(|ended| ended < now) {
                day.push(past);
            }
        }
    }
    day.sort_by_key(|past| past.row.created_at);
    Ok(day)
}

fn past(habit: &Habit, at: Timestamp, dice: u64) -> Result<Past, BadName> {
    let failed = habit.fails > 0 && dice.is_multiple_of(habit.fails);
    // A fifth more or less than usual.
    let takes = habit.takes * (80 + dice % 41) / 100;
    let trigger = match habit.kind {
        Kind::Task => Trigger::Schedule,
        Kind::Service => Trigger::Restart,
    };
    let ms = u64::try_from(at.as_millisecond()).unwrap_or(0);
    let id = RunId::from_parts(ms, u128::from(dice));
    let mut row = RunRecord::new(id, UnitName::new(habit.unit)?, habit.kind, trigger, at);
    let later = |ms: u64| at + SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0));
    row.scheduled_at = (habit.kind == Kind::Task).then_some(at);
    row.state = RunState::Ended;
    row.started_at = Some(later(3));
    row.ended_at = Some(later(takes + 3));
    row.duration = Some(Duration::from_millis(takes));
    row.max_rss_bytes = Some(4_000_000 + dice % 9_000_000);
    row.cpu = Some(Duration::from_millis(takes / 40 + 2));
    row.outcome = Some(if failed {
        Outcome::Failed
    } else {
        Outcome::Succeeded
    });
    let code = if failed { habit.code } else { 0 };
    row.exit_code = Some(code);
    row.message = failed.then(|| format!("exited {code}"));
    let lines = (habit.lines)(dice, failed);
    let step = takes / (lines.len() as u64 + 1);
    let printed: Vec<Printed> = (1..)
        .zip(lines)
        .map(|(n, (stderr, text))| Printed {
            after: Duration::from_millis(step * n),
            stderr,
            text,
        })
        .collect();
    row.log_bytes = printed.iter().map(|line| line.text.len() as u64 + 1).sum();
    Ok(Past { row, printed })
}

/// A number that looks like chance and is not.
fn dice(second: u64, salt: u64) -> u64 {
    let mut x = second ^ (salt + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) % 1_000_000
}

fn said(text: impl Into<String>) -> (bool, String) {
    (false, text.into())
}

fn warned(text: impl Into<String>) -> (bool, String) {
    (true, text.into())
}

fn sync_orders(dice: u64, failed: bool) -> Vec<(bool, String)> {
    let mut lines = vec![said("asking for orders since the last run")];
    let many = dice % 7 + 1;
    lines.extend((0..many).map(|n| said(format!("order {}: stored", 71_000 + dice % 900 + n))));
    if failed {
        lines.push(warned(
            "\u{1b}[31merror:\u{1b}[0m the marketplace answered 502 Bad Gateway",
        ));
    } else {
        lines.push(said(format!("{many} orders stored")));
    }
    lines
}

fn invoices(dice: u64, failed: bool) -> Vec<(bool, String)> {
    let many = dice % 9 + 3;
    let mut lines = vec![said(format!("{many} orders without an invoice"))];
    lines.extend((0..many).map(|n| said(format!("invoice 2026-{:04} written", dice % 4_000 + n))));
    if failed {
        lines.push(warned(
            "\u{1b}[31merror:\u{1b}[0m customer 8817 has no address",
        ));
        lines.push(warned("  at invoices/render.py:112"));
        lines.push(warned("  at invoices/main.py:40"));
    }
    lines
}

fn backup(dice: u64, _: bool) -> Vec<(bool, String)> {
    let tables = ["customers", "orders", "items", "pictures", "sessions"];
    let mut lines: Vec<_> = tables
        .iter()
        .map(|table| said(format!("dumping {table:<10} done")))
        .collect();
    lines.push(said("compressing  10%\rcompressing  60%\rcompressing 100%"));
    lines.push(said(format!(
        "shop.sql.zst: {} MiB, checksum fine",
        180 + dice % 9
    )));
    lines
}

fn certificates(_: u64, _: bool) -> Vec<(bool, String)> {
    vec![
        said("shop.example: 61 days left"),
        warned("mail.shop.example: 9 days left"),
    ]
}

fn report(dice: u64, _: bool) -> Vec<(bool, String)> {
    let countries = "AT BE CH DE DK ES FI FR IT NL NO PL PT SE".split(' ');
    countries
        .zip(1..)
        .map(|(country, n)| said(format!("{country}: {} orders", dice * n % 900)))
        .collect()
}

fn feed(dice: u64, _: bool) -> Vec<(bool, String)> {
    let mut lines = vec![said("connected to warehouse:5672")];
    lines.extend((1..400).map(|n| {
        said(format!(
            "stock of item {} is now {}",
            n * 131 % 997,
            (n * 17 + dice) % 40
        ))
    }));
    lines.push(warned("connection reset by peer"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_day_is_over_and_holds_failures_among_many_successes() {
        let now: Timestamp = "2026-03-01T12:03:20Z".parse().unwrap();
        let day = day(now).unwrap();
        assert!((1_000..1_300).contains(&day.len()), "{}", day.len());
        let ids: BTreeSet<_> = day.iter().map(|past| past.row.id).collect();
        assert_eq!(ids.len(), day.len());
        let began = now - SignedDuration::from_hours(24);
        for past in &day {
            let row = &past.row;
            assert!(
                row.created_at >= began - SignedDuration::from_hours(1)
                    && row.ended_at.unwrap() < now
            );
            let bytes: usize = past.printed.iter().map(|line| line.text.len() + 1).sum();
            assert_eq!((row.log_bytes, row.outcome.is_some()), (bytes as u64, true));
        }
        let failed = day
            .iter()
            .filter(|past| past.row.outcome == Some(Outcome::Failed))
            .count();
        assert!((60..300).contains(&failed), "{failed}");
    }
}
