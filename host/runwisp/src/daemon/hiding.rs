//! Runs that are taken out of sight, or brought back: nobody is shown one as the last of its unit meanwhile.
//!
//! Tests: the rule in the core, the whole in `tests/e2e/api.rs`.

use std::time::Duration;

use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::RunRecord;

use super::clock;
use super::handle::Reply;
use super::main_loop::{Back, MainLoop};
use crate::store::Write;

/// The longest wait for the commit; a disk that is slower than that has the last runs corrected by the next start.
const COMMIT: Duration = Duration::from_secs(2);

/// The newest runs that are left, once some are out of sight.
pub(crate) struct Left {
    gone: Vec<RunId>,
    newest: Option<Vec<RunRecord>>,
    reply: Reply<()>,
}

impl MainLoop {
    /// Takes ended runs out of sight, or brings them back.
    pub(crate) fn hide_runs(&mut self, runs: Vec<RunId>, hide: bool, reply: Reply<()>) {
        let at = hide.then(|| clock::now().wall);
        self.journal.write(Write::HideRuns(runs.clone(), at));
        self.journal.flush();
        let gone = if hide { runs } else { Vec::new() };
        let (queries, writer) = (self.queries.clone(), self.journal.writer());
        let back = self.back.clone();
        tokio::task::spawn_blocking(move || {
            writer.flush(COMMIT);
            let newest = queries.last_ended_per_unit().ok();
            // A loop that has ended shows nothing.
            let _ = back.send(Back::Left(Box::new(Left {
                gone,
                newest,
                reply,
            })));
        });
    }

    pub(crate) fn handle_left(&mut self, left: Left) {
        if let Some(newest) = left.newest {
            self.fleet.forget(&left.gone, newest);
        }
        let _ = left.reply.send(());
    }
}
