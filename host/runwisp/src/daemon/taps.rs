//! Who waits for more output of which run: followers of logs, and the search for `fail_on_output`.
//!
//! The keeper answers one question per run at a time ("tell me once there is more than so much"), so a follower that
//! reads slowly is told seldom, and a flood costs one message per read, not one per line.
//!
//! Tests: below.

use std::collections::HashMap;

use runwisp_core::words::ids::RunId;
use tokio::sync::oneshot;

use super::handle::OutputAt;

/// The waiting, by run.
#[derive(Default)]
pub(crate) struct Taps {
    waiting: HashMap<RunId, Vec<(u64, oneshot::Sender<OutputAt>)>>,
}

impl Taps {
    /// Somebody has seen `from` bytes and waits for more. Answers with what to ask the keeper.
    pub(crate) fn wait(&mut self, run: RunId, from: u64, caller: oneshot::Sender<OutputAt>) -> u64 {
        let callers = self.waiting.entry(run).or_default();
        callers.retain(|(_, caller)| !caller.is_closed());
        callers.push((from, caller));
        callers.iter().map(|(from, _)| *from).min().unwrap_or(from)
    }

    /// What to ask the keeper about a run it has just begun to hold, if somebody waits for its output already.
    pub(crate) fn wanted(&self, run: RunId) -> Option<u64> {
        let callers = self.waiting.get(&run)?;
        callers.iter().map(|(from, _)| *from).min()
    }

    /// The keeper told. Answers with what to ask it next, if somebody still waits.
    pub(crate) fn told(&mut self, run: RunId, mark: OutputAt) -> Option<u64> {
        let mut callers = self.waiting.remove(&run)?;
        let mut left = Vec::new();
        for (from, caller) in callers.drain(..) {
            if mark.complete || from < mark.end {
                let _ = caller.send(mark);
            } else if !caller.is_closed() {
                left.push((from, caller));
            }
        }
        let next = left.iter().map(|(from, _)| *from).min();
        if next.is_some() {
            self.waiting.insert(run, left);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_hears_once_there_is_more_than_it_has_seen() {
        let run = RunId::from_parts(1, 1);
        let mut taps = Taps::default();
        let (slow, mut slow_ear) = oneshot::channel();
        let (quick, mut quick_ear) = oneshot::channel();
        assert_eq!(taps.wait(run, 10, quick), 10);
        assert_eq!(taps.wait(run, 3, slow), 3);

        let mark = OutputAt {
            end: 7,
            complete: false,
        };
        assert_eq!(taps.told(run, mark), Some(10));
        assert_eq!(slow_ear.try_recv(), Ok(mark));
        assert!(quick_ear.try_recv().is_err());

        let last = OutputAt {
            end: 7,
            complete: true,
        };
        assert_eq!(taps.told(run, last), None);
        assert_eq!(quick_ear.try_recv(), Ok(last));
        assert_eq!(taps.told(run, last), None);
    }

    #[test]
    fn who_left_is_forgotten() {
        let run = RunId::from_parts(1, 1);
        let mut taps = Taps::default();
        let (caller, ear) = oneshot::channel();
        taps.wait(run, 0, caller);
        drop(ear);
        assert_eq!(
            taps.told(
                run,
                OutputAt {
                    end: 0,
                    complete: false
                }
            ),
            None
        );
    }
}
