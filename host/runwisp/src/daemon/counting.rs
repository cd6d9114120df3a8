//! The loop's arm for what is counted: everything there is to tell, at one moment.
//!
//! Counting itself is done by the journal, in the turn; see `runwisp_core::figures::tally`. What a reader costs the loop
//! is a copy of the counts.
//!
//! Tests: the counting in the core, the whole in `tests/e2e/metrics.rs`.

use std::time::Duration;

use runwisp_core::figures::exposition::Snapshot;
use runwisp_core::figures::tally::CallResult;
use runwisp_core::notify::Answer;

use super::clock;
use super::main_loop::MainLoop;

/// What came of a call.
pub(crate) fn result_of(answer: &Answer) -> CallResult {
    match answer {
        Answer::Delivered { .. } => CallResult::Delivered,
        Answer::NotNow { .. } => CallResult::NotNow,
        Answer::Never { .. } => CallResult::Never,
    }
}

impl MainLoop {
    /// Everything that is told, but what live runs have printed.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let (commits, failed_commits) = self.journal.timings();
        let live = self.live.iter();
        Snapshot {
            tally: self.journal.tally.clone(),
            units: self.fleet.status(clock::now()),
            live: live
                .map(|(run, live)| (live.unit.clone(), *run, 0))
                .collect(),
            look: self.sampling.latest().clone(),
            commits,
            failed_commits,
            followers: self.journal.followers(),
            troubles: self.situation.troubles.keys().copied().collect(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.situation.started_at,
            config_stale: self.situation.loaded.is_stale(),
        }
    }

    /// A notifier's plugin was called.
    pub(crate) fn count_call(
        &mut self,
        notifier: Option<&str>,
        answer: &Answer,
        took: Duration,
        suspended: bool,
    ) {
        if let Some(notifier) = notifier {
            self.journal
                .tally
                .call(notifier, result_of(answer), took, suspended);
        }
    }
}
