//! The next firings in the words of people, for `runwisp next` and `runwisp explain`.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::{Schedule, Standing, Tick, TickKind, TickNote};

/// One firing to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// When.
    pub at: Timestamp,
    /// What a change of the clocks does to it.
    pub note: Option<String>,
}

/// The first `n` firings after `from` of a task that has come so far.
pub fn preview(
    schedules: &[Schedule],
    standing: Standing,
    from: Timestamp,
    n: usize,
) -> Vec<Firing> {
    let mut firings = Vec::new();
    let mut standing = standing.passed(from);
    while firings.len() < n
        && let Some((schedule, tick)) = standing.next(schedules)
    {
        standing = standing.passed(tick.at);
        if tick.kind == TickKind::Due {
            firings.push(Firing {
                at: tick.at,
                note: note(schedule, &tick),
            });
        }
    }
    firings
}

fn note(schedule: &Schedule, tick: &Tick) -> Option<String> {
    match tick.note? {
        TickNote::MovedToGapEnd => {
            let shown = schedule.zone().to_datetime(tick.at);
            let same_day = shown.date() == tick.scheduled.date();
            Some(format!(
                "clocks go forward: {} does not exist, runs at {}",
                time(tick.scheduled, same_day),
                time(shown, same_day)
            ))
        }
        TickNote::FirstOfTwo => Some(format!(
            "clocks go back: the second {} of the night is not run",
            time(tick.scheduled, true)
        )),
        TickNote::SecondOfTwo => Some(format!(
            "clocks go back: this is the second {}, it is not run",
            time(tick.scheduled, true)
        )),
    }
}

/// A wall-clock time, as short as it can be without a doubt.
fn time(wall: DateTime, without_date: bool) -> String {
    let time = match wall.second() {
        0 => format!("{:02}:{:02}", wall.hour(), wall.minute()),
        second => format!("{:02}:{:02}:{second:02}", wall.hour(), wall.minute()),
    };
    if without_date {
        time
    } else {
        format!("{} {time}", wall.date())
    }
}
