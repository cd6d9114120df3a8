//! Many short runs.

use std::fmt::Write;

use crate::bench::place::{Place, child};
use crate::bench::stamps::{self, length};
use crate::bench::subjects::{Fleet, Subject, client};

/// `count` tasks that write a stamp and end, with more lines for each.
fn tasks(place: &Place, count: usize, more: &str) -> Fleet {
    let mut ours = String::new();
    for n in 0..count {
        let argv = [child(), "once".into(), place.text("stamps")];
        let _ = writeln!(ours, "[tasks.t{n}]\nrun = {argv:?}\n{more}");
    }
    Fleet {
        ours,
        ..Fleet::default()
    }
}

/// How many runs have ended and are in the history.
fn recorded(place: &Place) -> usize {
    let Ok(mut command) = client(
        place,
        &["runs", "--json", "-n", "10000", "--state", "ended"],
    ) else {
        return 0;
    };
    let output = command.stdout(std::process::Stdio::piped()).output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    text.matches("\"execution_id\"").count()
}

/// 1,000 tasks started by one command, five times: from the command until the last end is in the history.
pub(super) fn short_runs(
    subject: &dyn Subject,
    place: &Place,
    quick: bool,
) -> Result<String, String> {
    let count = if quick { 100 } else { 1000 };
    subject.prepare(place, &tasks(place, count, ""))?;
    let _child = subject.start(place)?;
    stamps::until("the daemon", || {
        client(place, &["status"]).is_ok_and(|mut c| c.status().is_ok_and(|s| s.success()))
    })?;
    let begin = stamps::now();
    for round in 1..=5 {
        let status = client(place, &["start", "t*", "--no-wait"])?.status();
        if !status.is_ok_and(|status| status.success()) {
            return Err("could not start the tasks".into());
        }
        stamps::wait(&place.path("stamps"), "up", count * round)?;
        stamps::until("all ends to be recorded", || {
            recorded(place) >= count * round
        })?;
    }
    let seconds = stamps::now().saturating_sub(begin) as f64 / 1e9;
    Ok(format!("{:.0}/s", (count * 5) as f64 / seconds))
}

/// 1,000 tasks that are due in the same second: how long after it the last of them began.
pub(super) fn same_second(
    subject: &dyn Subject,
    place: &Place,
    quick: bool,
) -> Result<String, String> {
    let count = if quick { 100 } else { 1000 };
    subject.prepare(place, &tasks(place, count, "cron = \"*/20 * * * * *\""))?;
    let _child = subject.start(place)?;
    let times = stamps::wait(&place.path("stamps"), "up", count)?;
    let first = times.iter().min().copied().unwrap_or_default();
    let due = first / 20_000_000_000 * 20_000_000_000;
    let last = times.iter().take(count).max().copied().unwrap_or(due);
    Ok(length(last - due))
}
