//! What is broken: from the first failure until it is well again.
//!
//! | | broken | well |
//! | --- | --- | --- |
//! | a failure, of any instance | counts one more | begins |
//! | a task's run succeeds | over: recovered | · |
//! | an instance of a service runs | over once all have been running for `healthy_after` | · |
//! | an instance is stopped by an operator | it is left out; over, silently, when no other is broken | · |
//! | trouble of the daemon's own means ends | over: recovered | · |
//!
//! Kept over restarts of the daemon, so that a recovery says how long it really took.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::retry::plus;
use crate::words::notice::{MessageId, Target};

/// Somebody who was told that it is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Who.
    pub(crate) target: Target,
    /// By which message: the first.
    pub(crate) message: MessageId,
    /// The reference in its receipt.
    pub(crate) reference: Option<String>,
}

/// Something that is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Incident {
    /// When it broke.
    pub(crate) since: Timestamp,
    /// How many runs have failed.
    pub(crate) failures: u32,
    /// Instances that are broken, each with the moment from which it counts as well, if it runs.
    broken: BTreeMap<u32, Option<Timestamp>>,
    /// Who was told.
    pub(crate) told: Vec<Told>,
    /// Whether all that was heard of it was folded into other messages, so that its end is no news either.
    pub(crate) folded: bool,
}

impl Incident {
    /// Something breaks.
    pub(crate) fn begin(at: Timestamp) -> Incident {
        Incident {
            since: at,
            failures: 0,
            broken: BTreeMap::new(),
            told: Vec::new(),
            folded: true,
        }
    }

    /// An instance is broken.
    pub(crate) fn broke(&mut self, instance: u32, counts: bool) {
        self.broken.insert(instance, None);
        self.failures = self.failures.saturating_add(u32::from(counts));
    }

    /// An instance runs: if it goes on doing so, it is well after this length.
    pub(crate) fn runs(&mut self, instance: u32, now: Timestamp, healthy_after: Duration) {
        if let Some(well_at) = self.broken.get_mut(&instance) {
            *well_at = Some(plus(now, healthy_after));
        }
    }

    /// An instance does not run any more.
    pub(crate) fn stumbles(&mut self, instance: u32) {
        if let Some(well_at) = self.broken.get_mut(&instance) {
            *well_at = None;
        }
    }

    /// An instance is well, or not there any more. Whether it was broken.
    pub(crate) fn leave(&mut self, instance: u32) -> bool {
        self.broken.remove(&instance).is_some()
    }

    /// Takes out what has been running for long enough. Whether anything was.
    pub(crate) fn on_time(&mut self, now: Timestamp) -> bool {
        let before = self.broken.len();
        self.broken
            .retain(|_, well_at| well_at.is_none_or(|at| at > now));
        self.broken.len() < before
    }

    /// Whether nothing is broken any more.
    pub(crate) fn is_over(&self) -> bool {
        self.broken.is_empty()
    }

    /// When it has to be looked at next.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.broken.values().flatten().min().copied()
    }

    /// The clock was set back: nothing takes longer than it would have.
    pub(crate) fn clock_jumped(&mut self, now: Timestamp, healthy_after: Duration) {
        for well_at in self.broken.values_mut().flatten() {
            *well_at = (*well_at).min(plus(now, healthy_after));
        }
    }

    /// Somebody was told by a message.
    pub(crate) fn tell(&mut self, target: &Target, message: MessageId) {
        if !self.told.iter().any(|told| told.target == *target) {
            self.told.push(Told {
                target: target.clone(),
                message,
                reference: None,
            });
        }
    }

    /// Who was told.
    pub(crate) fn targets(&self) -> Vec<Target> {
        self.told.iter().map(|told| told.target.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn it_is_over_when_every_instance_has_run_for_long_enough() {
        let minute = Duration::from_secs(60);
        let mut incident = Incident::begin(at(0));
        incident.broke(0, true);
        incident.broke(1, true);
        incident.runs(0, at(10), minute);
        incident.runs(1, at(20), minute);
        incident.stumbles(1);
        assert_eq!(incident.deadline(), Some(at(70)));
        assert!(incident.on_time(at(70)) && !incident.is_over());
        incident.runs(1, at(80), minute);
        assert!(!incident.on_time(at(139)));
        assert!(incident.on_time(at(140)) && incident.is_over());
        assert_eq!(incident.failures, 2);
    }

    #[test]
    fn one_that_never_broke_changes_nothing() {
        let mut incident = Incident::begin(at(0));
        incident.broke(0, true);
        incident.runs(7, at(1), Duration::ZERO);
        assert!(!incident.on_time(at(100)) && !incident.leave(7));
        assert!(incident.leave(0) && incident.is_over());
    }
}
