//! `expect_by` and `max_silence`: noticing the run that did not come.
//!
//! A run is finished when it ended by itself, however; being stopped does not count. `expect_by` is looked at when its
//! time comes: a run has to have finished since the time before. `max_silence` counts from the last finished run, or from when
//! the unit was first seen. Each is told once per period.
//!
//! Invariant: no finished run is needed for a period in which the unit was not there from the beginning.

use jiff::Timestamp;

use super::timers::earlier;
use crate::config::plan::Task;
use crate::schedule;

/// What is watched of one task.
#[derive(Clone, Debug)]
pub(crate) struct Overdue {
    since: Timestamp,
    finished_at: Option<Timestamp>,
    expect_next: Option<Timestamp>,
    silent_at: Option<Timestamp>,
}

impl Overdue {
    pub(crate) fn begin(
        task: &Task,
        since: Timestamp,
        finished_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Overdue {
        let mut overdue = Overdue {
            // What lies ahead was put down by a clock that was wrong.
            since: since.min(now),
            finished_at: finished_at.map(|at| at.min(now)),
            expect_next: next(task, now, since),
            silent_at: None,
        };
        overdue.count_silence(task);
        overdue
    }

    /// Whether anything is watched: then the last finished run is worth remembering.
    pub(crate) fn is_needed(task: &Task) -> bool {
        !task.expect_by.is_empty() || task.max_silence.is_some()
    }

    /// A run has ended by itself.
    pub(crate) fn finished(&mut self, task: &Task, at: Timestamp) {
        self.finished_at = Some(at);
        self.count_silence(task);
    }

    /// By when a run should have finished that did not, for each that has become so.
    pub(crate) fn take_due(&mut self, task: &Task, now: Timestamp) -> Vec<Timestamp> {
        let mut due = Vec::new();
        if let Some(at) = self.expect_next.take_if(|at| *at <= now) {
            let before = at - jiff::SignedDuration::from_nanos(1);
            let from = schedule::previous_of(&task.expect_by, before, self.since);
            let from = from.map_or(self.since, |tick| tick.at);
            let there = self.since <= from;
            if there && self.finished_at.is_none_or(|finished| finished <= from) {
                due.push(at);
            }
            self.expect_next = next(task, now.max(at), self.since);
        }
        due.extend(self.silent_at.take_if(|at| *at <= now));
        due
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        earlier(self.expect_next, self.silent_at)
    }

    fn count_silence(&mut self, task: &Task) {
        let from = self.finished_at.unwrap_or(self.since);
        self.silent_at = task
            .max_silence
            .and_then(|most| from.checked_add(most).ok());
    }
}

fn next(task: &Task, after: Timestamp, since: Timestamp) -> Option<Timestamp> {
    schedule::next_of(&task.expect_by, after, since).map(|tick| tick.at)
}
