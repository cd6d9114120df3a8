//! Whether a plugin is called at all: one that fails several times in a row rests for a while.
//!
//! | state | an answer | a fault | a call is asked for |
//! | --- | --- | --- | --- |
//! | trusted, n faults in a row | trusted, 0 | n + 1 < 5: trusted, n + 1 · else: suspended, 1 min | admitted |
//! | suspended until t | (of a call from before) stays | stays | before t: refused · from t: on trial, admitted |
//! | on trial | trusted, 0; told | suspended, twice as long, at most 1 h; told | refused until the trial is over |
//!
//! What a plugin answers counts as an answer, a failed delivery too. A fault is one of its own: a trap, a limit, no
//! answer in time.
//!
//! Invariant: pure; time comes in as an argument.

use std::time::{Duration, Instant};

/// Faults in a row that suspend.
const FAULTS: u32 = 5;
/// The first rest.
const FIRST: Duration = Duration::from_secs(60);
/// The longest rest.
const LONGEST: Duration = Duration::from_secs(3600);

/// How a plugin stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Standing {
    Trusted { faults: u32 },
    Suspended { until: Instant, rest: Duration },
    OnTrial { since: Instant, rest: Duration },
}

/// A change that people should hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It failed several times in a row and is not called for this long.
    Suspended(Duration),
    /// It answered again.
    Trusted,
}

impl Default for Standing {
    fn default() -> Standing {
        Standing::Trusted { faults: 0 }
    }
}

impl Standing {
    /// Whether a call may begin. The error is for how long not.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        match *self {
            Standing::Trusted { .. } => Ok(()),
            Standing::Suspended { until, .. } if now < until => Err(until - now),
            Standing::Suspended { rest, .. } => {
                *self = Standing::OnTrial { since: now, rest };
                Ok(())
            }
            // A trial whose caller went away must not keep the plugin out for ever.
            Standing::OnTrial { since, rest } => {
                let over = since + FIRST;
                if now < over {
                    return Err(over - now);
                }
                *self = Standing::OnTrial { since: now, rest };
                Ok(())
            }
        }
    }

    /// For how long no call may begin.
    pub(crate) fn rests(self, now: Instant) -> Option<Duration> {
        match self {
            Standing::Suspended { until, .. } if now < until => Some(until - now),
            Standing::Trusted { .. } | Standing::Suspended { .. } | Standing::OnTrial { .. } => {
                None
            }
        }
    }

    /// Takes in how a call ended.
    pub(crate) fn ended(&mut self, faulty: bool, now: Instant) -> Option<Change> {
        match *self {
            Standing::Trusted { faults } if faulty && faults + 1 >= FAULTS => {
                Some(self.suspend(FIRST, now))
            }
            Standing::Trusted { faults } => {
                let faults = if faulty { faults + 1 } else { 0 };
                *self = Standing::Trusted { faults };
                None
            }
            Standing::Suspended { .. } => None,
            Standing::OnTrial { rest, .. } if faulty => {
                Some(self.suspend((rest * 2).min(LONGEST), now))
            }
            Standing::OnTrial { .. } => {
                *self = Standing::default();
                Some(Change::Trusted)
            }
        }
    }

    fn suspend(&mut self, rest: Duration, now: Instant) -> Change {
        *self = Standing::Suspended {
            until: now + rest,
            rest,
        };
        Change::Suspended(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn suspended(now: Instant) -> Standing {
        let mut standing = Standing::default();
        for _ in 1..FAULTS {
            assert_eq!(standing.ended(true, now), None);
        }
        assert_eq!(standing.ended(true, now), Some(Change::Suspended(FIRST)));
        standing
    }

    #[test]
    fn faults_in_a_row_suspend_and_an_answer_between_them_forgives() {
        let now = Instant::now();
        let mut standing = Standing::default();
        for _ in 0..10 {
            for _ in 1..FAULTS {
                assert_eq!(standing.ended(true, now), None);
            }
            assert_eq!(standing.ended(false, now), None);
        }
        assert_eq!(standing.admit(now), Ok(()));
        assert_eq!(suspended(now).admit(now + SECOND), Err(FIRST - SECOND));
        assert_eq!(standing.rests(now), None);
        assert_eq!(suspended(now).rests(now + SECOND), Some(FIRST - SECOND));
        assert_eq!(suspended(now).rests(now + FIRST), None);
    }

    #[test]
    fn after_its_rest_one_call_is_tried() {
        let now = Instant::now();
        let mut standing = suspended(now);
        assert_eq!(standing.admit(now + FIRST), Ok(()));
        assert!(standing.admit(now + FIRST).is_err());
        assert_eq!(standing.ended(false, now + FIRST), Some(Change::Trusted));
        assert_eq!(standing, Standing::default());
    }

    #[test]
    fn a_failed_trial_doubles_the_rest_up_to_an_hour() {
        let mut now = Instant::now();
        let mut standing = suspended(now);
        let mut rest = FIRST;
        for _ in 0..10 {
            now += rest;
            assert_eq!(standing.admit(now), Ok(()));
            rest = (rest * 2).min(LONGEST);
            assert_eq!(standing.ended(true, now), Some(Change::Suspended(rest)));
        }
        assert_eq!(rest, LONGEST);
    }

    #[test]
    fn calls_from_before_the_suspension_change_nothing() {
        let now = Instant::now();
        let mut standing = suspended(now);
        let before = standing;
        assert_eq!(standing.ended(false, now), None);
        assert_eq!(standing.ended(true, now), None);
        assert_eq!(standing, before);
    }

    #[test]
    fn a_trial_that_nobody_ended_is_followed_by_another() {
        let now = Instant::now();
        let mut standing = suspended(now);
        assert_eq!(standing.admit(now + FIRST), Ok(()));
        assert_eq!(standing.admit(now + FIRST + FIRST), Ok(()));
    }
}
