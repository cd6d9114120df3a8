//! What children wrote down: `WORD NANOSECONDS`, one line each.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The longest any figure waits for its children.
const PATIENCE: Duration = Duration::from_secs(300);

/// One line: a word and the wall-clock nanosecond.
pub(super) type Stamp = (String, u128);

/// The wall clock in nanoseconds, as the children read it.
pub(super) fn now() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos())
}

pub(super) fn read(file: &Path) -> Vec<Stamp> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = |line: &str| {
        let (word, time) = line.split_once(' ')?;
        Some((word.to_owned(), time.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// Waits until there are `count` lines with this word, and gives the times of all of them.
pub(super) fn wait(file: &Path, word: &str, count: usize) -> Result<Vec<u128>, String> {
    let until = Instant::now() + PATIENCE;
    loop {
        let stamps = read(file).into_iter().filter(|(found, _)| found == word);
        let times: Vec<u128> = stamps.map(|(_, time)| time).collect();
        if times.len() >= count {
            return Ok(times);
        }
        if Instant::now() > until {
            return Err(format!("{} of {count} children said {word:?}", times.len()));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until `done` says so.
pub(super) fn until(what: &str, mut done: impl FnMut() -> bool) -> Result<(), String> {
    let until = Instant::now() + PATIENCE;
    while !done() {
        if Instant::now() > until {
            return Err(format!("waited in vain for {what}"));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// The middle of some lengths in nanoseconds.
pub(super) fn median(mut lengths: Vec<u128>) -> Option<u128> {
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied()
}

/// A length as people read it.
pub(super) fn length(nanoseconds: u128) -> String {
    let ms = nanoseconds as f64 / 1e6;
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.2} s", ms / 1000.0),
    }
}

/// Whether `done` says so within this time.
pub(super) fn until_for(longest: Duration, mut done: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + longest;
    while !done() {
        if Instant::now() > until {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}
