//! Faults on order, for tests: `RUNWISP_FAULT=fork:3,open:1` makes the third fork and the first open fail.
//!
//! Compiled always, so that tests run the very program that ships; without the variable a check is one load and a
//! branch. The variable is read once, from the keeper's own environment, which its children never inherit.
//!
//! Points: `fork` (EAGAIN), `pipe` (EMFILE), `exec` (ENOEXEC), `open` (EMFILE: a log's new half), `write` (ENOSPC: a
//! piece of a log).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;

/// Failures not yet due: the point's name, and how many calls are left until the one that fails.
static ORDERED: OnceLock<Vec<(String, AtomicU32)>> = OnceLock::new();

/// Reads the order.
pub(crate) fn init() {
    let text = std::env::var("RUNWISP_FAULT").unwrap_or_default();
    let _ = ORDERED.set(parse(&text));
}

fn parse(text: &str) -> Vec<(String, AtomicU32)> {
    text.split(',')
        .filter_map(|part| part.trim().split_once(':'))
        .filter_map(|(name, nth)| Some((name.to_owned(), AtomicU32::new(nth.parse().ok()?))))
        .collect()
}

/// Fails if this call of `point` was ordered to.
pub(crate) fn check(point: &str) -> nix::Result<()> {
    let ordered = ORDERED.get().map_or(&[][..], Vec::as_slice);
    for (name, left) in ordered.iter().filter(|(name, _)| name == point) {
        // Counts down to zero and stays there.
        let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        if before == Ok(1) {
            return Err(match name.as_str() {
                "fork" => Errno::EAGAIN,
                "exec" => Errno::ENOEXEC,
                "write" => Errno::ENOSPC,
                _ => Errno::EMFILE,
            });
        }
    }
    Ok(())
}
