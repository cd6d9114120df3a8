//! The runs of a task that wait: for a free slot, in order; or for their time, as a jittered start or a retry.
//!
//! Every run here has its row, in state `queued`, so that none is lost with the daemon.
//!
//! Invariant: runs come out in the order in which they became ready; a retry goes before what has not begun yet.

use std::collections::VecDeque;

use crate::words::ids::RunId;
use crate::words::run::{RunRecord, Trigger};
use crate::words::time::Mono;

/// One run that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) row: RunRecord,
}

/// All that waits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    ready: VecDeque<Waiting>,
    /// With the time of each, unordered; there are few.
    later: Vec<(Mono, Waiting)>,
}

impl Queue {
    /// Waits for a slot.
    pub(crate) fn push(&mut self, waiting: Waiting) {
        match waiting.row.trigger {
            Trigger::Retry => self.ready.push_front(waiting),
            _ => self.ready.push_back(waiting),
        }
    }

    /// Waits for its time.
    pub(crate) fn push_later(&mut self, at: Mono, waiting: Waiting) {
        self.later.push((at, waiting));
    }

    /// The next that only waits for a slot.
    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        self.ready.pop_front()
    }

    /// One whose time has come, the earliest first.
    pub(crate) fn pop_due(&mut self, now: Mono) -> Option<Waiting> {
        let due = self.later.iter().enumerate();
        let due = due.filter(|(_, (at, _))| *at <= now);
        let (place, _) = due.min_by_key(|(_, (at, waiting))| (*at, waiting.row.id))?;
        Some(self.later.swap_remove(place).1)
    }

    /// How many wait for a slot.
    pub(crate) fn slots_wanted(&self) -> usize {
        self.ready.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.later.is_empty()
    }

    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.later.iter().map(|(at, _)| *at).min()
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, run: RunId) -> Option<Waiting> {
        if let Some(at) = self.ready.iter().position(|w| w.row.id == run) {
            return self.ready.remove(at);
        }
        let at = self.later.iter().position(|(_, w)| w.row.id == run)?;
        Some(self.later.swap_remove(at).1)
    }

    /// Takes out those for which `which` holds and that wait for a slot.
    pub(crate) fn remove_ready(&mut self, which: impl Fn(&Waiting) -> bool) -> Vec<Waiting> {
        let (out, stay) = self.ready.drain(..).partition(|w| which(w));
        self.ready = stay;
        Vec::from_iter::<VecDeque<Waiting>>(out)
    }

    /// Takes everything out, oldest first.
    pub(crate) fn drain(&mut self) -> Vec<Waiting> {
        let later = self.later.drain(..).map(|(_, waiting)| waiting);
        let mut all: Vec<Waiting> = self.ready.drain(..).chain(later).collect();
        all.sort_by_key(|waiting| waiting.row.id);
        all
    }

    /// Everything that waits, with the time of what waits for one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Option<Mono>, &Waiting)> {
        let ready = self.ready.iter().map(|waiting| (None, waiting));
        ready.chain(self.later.iter().map(|(at, waiting)| (Some(*at), waiting)))
    }
}
