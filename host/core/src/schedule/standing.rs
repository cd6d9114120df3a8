//! Where a task has come with its schedules, and so which tick is its next: the one rule for what is run and for what
//! people are told will be.
//!
//! Invariant: without a clock that was set back, this is `next_of` after `until`.

use jiff::Timestamp;

use super::merge::next_with;
use super::{Schedule, Tick};
use crate::words::status::Standing;

impl Standing {
    /// That of a task that begins now.
    pub fn begun(now: Timestamp) -> Standing {
        Standing {
            until: now,
            again: None,
            anchor: now,
        }
    }

    /// The first tick without a row, and where it comes from.
    pub fn next<'s>(&self, schedules: &'s [Schedule]) -> Option<(&'s Schedule, Tick)> {
        self.again
            .and_then(|again| self.next_again(schedules, again))
            .or_else(|| next_with(schedules, self.until, self.anchor))
    }

    /// The first tick after `after` that comes again.
    pub(crate) fn next_again<'s>(
        &self,
        schedules: &'s [Schedule],
        after: Timestamp,
    ) -> Option<(&'s Schedule, Tick)> {
        let follow = schedules.iter().filter(|s| s.follows_clock());
        next_with(follow, after, self.anchor).filter(|(_, tick)| tick.at <= self.until)
    }

    /// The same once every tick up to `at` has its row.
    #[must_use]
    pub fn passed(mut self, at: Timestamp) -> Standing {
        match self.again {
            Some(again) if at < self.until => self.again = Some(again.max(at)),
            _ => {
                self.again = None;
                self.until = self.until.max(at);
            }
        }
        self
    }
}
