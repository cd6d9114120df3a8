//! What a follower of logs has seen, so that it can go on with the next daemon where the last one left it.
//!
//! Invariant: over any number of daemons each line of a run is shown once and in order, and so is its end.
//! Tests: below; `tests/e2e/logs.rs`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use runwisp_core::words::ids::RunId;

use crate::wire::LogItem;

/// Ends remembered. A daemon tells again of the newest run of each unit, not of all there were.
const ENDS: usize = 10_000;

/// Lines are asked for anew from so long before the last one: runs are told side by side, not in one order.
const BEFORE: SignedDuration = SignedDuration::from_secs(10);

/// What has been shown so far.
#[derive(Debug)]
pub(super) struct Following {
    began: Timestamp,
    latest: Option<Timestamp>,
    /// The number of the last line shown, of each run that has not ended.
    shown: BTreeMap<RunId, u64>,
    ended: BTreeSet<RunId>,
}

impl Following {
    /// Nothing has been shown yet.
    pub(super) fn begin(now: Timestamp) -> Following {
        Following {
            began: now,
            latest: None,
            shown: BTreeMap::new(),
            ended: BTreeSet::new(),
        }
    }

    /// Whether this is new, and from now on it is not.
    pub(super) fn is_new(&mut self, item: &LogItem) -> bool {
        match item {
            LogItem::Line(line) if self.ended.contains(&line.run_id) => false,
            LogItem::Line(line) => {
                let shown = self.shown.entry(line.run_id).or_default();
                let new = line.n > *shown;
                *shown = line.n.max(*shown);
                self.latest = self.latest.max(Some(line.ts));
                new
            }
            LogItem::End(end) => {
                self.shown.remove(&end.run_id);
                let new = self.ended.insert(end.run_id);
                if self.ended.len() > ENDS {
                    self.ended.pop_first();
                }
                new
            }
            LogItem::Lagged { .. } | LogItem::Broken(_) => true,
        }
    }

    /// Whether the ends of all these have been shown.
    pub(super) fn has_ended(&self, runs: &[RunId]) -> bool {
        runs.iter().all(|run| self.ended.contains(run))
    }

    /// Runs that are shown in part: the next daemon is asked for them by id, since they may have ended meanwhile.
    pub(super) fn under_way(&self) -> impl Iterator<Item = RunId> {
        self.shown.keys().copied()
    }

    /// From when on the next daemon is asked for lines.
    pub(super) fn since(&self) -> Timestamp {
        let latest = self.latest.and_then(|at| at.checked_sub(BEFORE).ok());
        latest.unwrap_or(self.began)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::LogLine;
    use runwisp_core::words::ids::UnitName;

    fn line(run: u128, n: u64, second: i64) -> LogItem {
        LogItem::Line(LogLine {
            unit: UnitName::new("u").unwrap(),
            run_id: RunId::from_u128(run),
            instance: 0,
            n,
            ts: Timestamp::from_second(second).unwrap(),
            stream: "stdout".to_owned(),
            text: String::new(),
            after: String::new(),
            missing_bytes: 0,
        })
    }

    #[test]
    fn lines_told_again_are_not_shown_again() {
        let mut following = Following::begin(Timestamp::from_second(100).unwrap());
        assert_eq!(following.since().as_second(), 100);
        for (run, n, new) in [
            (1, 7, true),
            (2, 1, true),
            (1, 8, true),
            (1, 7, false),
            (1, 9, true),
        ] {
            assert_eq!(following.is_new(&line(run, n, 200)), new, "{run} {n}");
        }
        let open: Vec<u128> = following.under_way().map(|run| run.as_u128()).collect();
        assert_eq!(open, [1, 2]);
        assert_eq!(following.since().as_second(), 190);
        assert!(!following.has_ended(&[RunId::from_u128(1)]) && following.has_ended(&[]));
    }
}
