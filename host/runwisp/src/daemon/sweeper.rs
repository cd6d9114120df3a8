//! The sweep: ended logs are compressed, and what is too old, too many or too large is removed. Away from the loop,
//! at start and every ten minutes.
//!
//! Tests: the rules in the core, the sweep itself in `logs` and `store`.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::clock;
use super::main_loop::{Back, MainLoop};
use crate::logs::sweep::{self, Rules};

/// From the end of one sweep to the next.
const EVERY: Duration = Duration::from_secs(600);
/// From the start of the daemon to the first, so that a start is not slowed.
const FIRST: Duration = Duration::from_secs(30);

pub(crate) use sweep::Report;

impl MainLoop {
    /// Puts the first sweep on the calendar.
    pub(crate) fn schedule_first_sweep(&self) {
        self.sweep_after(FIRST);
    }

    fn sweep_after(&self, delay: Duration) {
        let back = self.back.clone();
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let _ = back.send(Back::SweepDue);
        });
    }

    pub(crate) fn begin_sweep(&mut self) {
        let rules = Rules::of_plan(self.fleet.plan());
        let data = self.situation.options.data.clone();
        let queries = self.queries.clone();
        let (writer, back, now) = (self.journal.writer(), self.back.clone(), clock::now().wall);
        let sweeping = Arc::clone(&self.room.sweeping);
        tokio::task::spawn_blocking(move || {
            // Nothing is kept in it that a panic could have spoiled.
            let _alone = sweeping.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = back.send(Back::Swept(sweep::sweep(
                &data, &queries, &writer, &rules, now,
            )));
        });
    }

    pub(crate) fn handle_swept(&mut self, report: Report) {
        for trouble in &report.troubles {
            tracing::warn!("{trouble}");
        }
        self.set_trouble("disk", report.short_of_space);
        self.sweep_messages();
        self.sweep_after(EVERY);
    }
}
