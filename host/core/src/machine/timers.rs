//! When to wake up next: one row per unit and clock, ordered by time.
//!
//! Invariant: a row is always the unit's present deadline; there are no stale rows to wake up for.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::words::time::{Mono, Now};

/// The next moment on each clock at which something is due; none means nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadline {
    /// On the monotonic clock: delays, graces, timeouts, health checks.
    pub mono: Option<Mono>,
    /// On the wall clock: schedules.
    pub wall: Option<Timestamp>,
}

impl Deadline {
    /// The same, or `mono` if that is earlier.
    pub(crate) fn or_mono(mut self, mono: Option<Mono>) -> Self {
        self.mono = earlier(self.mono, mono);
        self
    }
}

/// The earlier of two moments, either of which may be never.
pub(crate) fn earlier<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The table. Units are named by their slot.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    mono: BTreeSet<(Mono, usize)>,
    wall: BTreeSet<(Timestamp, usize)>,
    set: Vec<Deadline>,
}

impl Timers {
    /// Replaces a unit's row.
    pub(crate) fn set(&mut self, slot: usize, to: Deadline) {
        if self.set.len() <= slot {
            self.set.resize(slot + 1, Deadline::default());
        }
        let from = std::mem::replace(&mut self.set[slot], to);
        if from.mono != to.mono {
            from.mono.map(|at| self.mono.remove(&(at, slot)));
            to.mono.map(|at| self.mono.insert((at, slot)));
        }
        if from.wall != to.wall {
            from.wall.map(|at| self.wall.remove(&(at, slot)));
            to.wall.map(|at| self.wall.insert((at, slot)));
        }
    }

    /// The earliest of all.
    pub(crate) fn next(&self) -> Deadline {
        Deadline {
            mono: self.mono.first().map(|(at, _)| *at),
            wall: self.wall.first().map(|(at, _)| *at),
        }
    }

    /// The units whose time has come, schedules first, each in order of time.
    pub(crate) fn due(&self, now: Now, into: &mut Vec<usize>) {
        let wall = self.wall.iter().take_while(|(at, _)| *at <= now.wall);
        into.extend(wall.map(|(_, slot)| *slot));
        let mono = self.mono.iter().take_while(|(at, _)| *at <= now.mono);
        into.extend(mono.map(|(_, slot)| *slot));
    }
}
