//! What the restart policy makes of an end that nobody asked for.
//!
//! Invariant: delays never shrink while ends come too soon; only having been well started makes them short again.

use std::time::Duration;

use super::{Instance, Phase, Process, service};
use crate::config::plan::{Restart, Unit};
use crate::machine::backoff;
use crate::machine::plain;
use crate::machine::turn::{Effect, Turn};
use crate::words::run::Outcome;

/// A run that lived shorter than this makes the next delay longer, however short `healthy_after` is.
const STEADY: Duration = Duration::from_secs(1);

impl Instance {
    /// It ended and nobody asked for it: what the restart policy makes of that.
    ///
    /// A failure before it counted as well started adds to `failures`, as does any end as unhealthy; one more than
    /// `start_retries` is fatal. A success, or having been well started, makes `failures` zero. The delay grows with
    /// `quick`, which also counts quick successes: they are paced, never fatal.
    pub(super) fn judge(
        &mut self,
        turn: &mut Turn,
        unit: &Unit,
        process: &Process,
        outcome: Outcome,
    ) {
        let service = service(unit);
        let exit = process.live.exit.as_ref();
        let at = exit.map_or(turn.now.mono, |exit| exit.mono);
        let well = process.well_started(service, at);
        let succeeded = outcome == Outcome::Succeeded;
        let why = process.live.row.message.clone().unwrap_or_else(|| {
            let code = exit.and_then(|e| e.code).unwrap_or_default();
            plain::exited(code)
        });
        if well || succeeded {
            self.failures = 0;
        }
        if !succeeded && (!well || outcome == Outcome::Unhealthy) {
            self.failures = self.failures.saturating_add(1);
        }
        let steady = well && process.lived(at) >= STEADY && outcome != Outcome::Unhealthy;
        self.quick = if steady {
            1
        } else {
            self.quick.saturating_add(1)
        };
        let again = match service.restart {
            Restart::Always => true,
            Restart::OnFailure => !succeeded,
            Restart::Never => false,
        };
        if !again {
            self.gone_for_good(turn, unit, Phase::Exited { succeeded, why }, succeeded);
        } else if self.failures > service.start_retries {
            self.gone_for_good(turn, unit, Phase::Fatal { why }, false);
        } else {
            let delay = backoff::delay(
                service.restart_backoff,
                service.restart_delay,
                self.quick,
                service.restart_delay_max,
            );
            let until = at.plus(delay);
            self.enter(turn, unit, Phase::Backoff { until, why });
            self.on_time(turn, unit);
        }
    }

    /// It is not tried again, so this is what its success or failure came to. A restart in between triggers nothing:
    /// a loop of crashes would be a flood of runs.
    fn gone_for_good(&mut self, turn: &mut Turn, unit: &Unit, phase: Phase, succeeded: bool) {
        self.enter(turn, unit, phase);
        if service(unit).critical {
            turn.effect(Effect::CriticalEnded {
                unit: unit.name.clone(),
                message: self.message().unwrap_or_default(),
            });
        }
        // Last: when everything is about to stop, nothing is triggered.
        turn.chain(unit, succeeded);
    }
}
