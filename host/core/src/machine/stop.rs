//! The stop ladder: how a run is brought to its end.
//!
//! | rung | on entering | leaves by |
//! | --- | --- | --- |
//! | `Asked` | the unit's stop signal to its stop scope | grace over: `Killed` |
//! | `Killed` | SIGKILL to everything the run started | patience over: `WillNotDie` |
//! | `WillNotDie` | SIGKILL once more; told once | nothing: it is waited for |
//!
//! A grace of zero enters at `Killed`. Whatever the rung, the run's [`Gone`](crate::words::input::Input::Gone) ends
//! the ladder with the run. Climbing never goes down, and no rung is entered twice.

use std::time::Duration;

use super::turn::Turn;
use crate::words::action::Action;
use crate::words::ids::RunId;
use crate::words::signal::Signal;
use crate::words::spawn::{Scope, SpawnSpec};
use crate::words::time::Mono;

/// How long after SIGKILL people are told that it does not help.
pub(crate) const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// How far the ladder has been climbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rung {
    Asked { until: Mono },
    Killed { until: Mono },
    WillNotDie,
}

/// A ladder that is being climbed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ladder {
    rung: Rung,
    signal: Signal,
    grace: Duration,
    /// The grace ran out, rather than never having been given.
    outlived: bool,
}

/// What climbing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Climbed {
    /// Nothing people need to hear of.
    Quietly,
    /// SIGKILL did not help.
    WillNotDie,
}

impl Ladder {
    /// Takes the first rung.
    pub(crate) fn begin(turn: &mut Turn, run: RunId, spec: &SpawnSpec, scope: Scope) -> Ladder {
        let mut ladder = Ladder {
            rung: Rung::Asked {
                until: turn.now.mono.plus(spec.graceful_stop),
            },
            signal: spec.stop_signal,
            grace: spec.graceful_stop,
            outlived: false,
        };
        if spec.graceful_stop.is_zero() {
            ladder.kill(turn, run);
        } else {
            send(turn, run, spec.stop_signal, scope);
        }
        ladder
    }

    /// Straight to SIGKILL.
    pub(crate) fn begin_with_kill(turn: &mut Turn, run: RunId, spec: &SpawnSpec) -> Ladder {
        let mut ladder = Ladder {
            rung: Rung::Asked {
                until: turn.now.mono,
            },
            signal: spec.stop_signal,
            grace: Duration::ZERO,
            outlived: false,
        };
        ladder.kill(turn, run);
        ladder
    }

    /// SIGKILL now, if it has not been sent yet.
    pub(crate) fn kill(&mut self, turn: &mut Turn, run: RunId) {
        match self.rung {
            Rung::Asked { .. } => {
                self.rung = Rung::Killed {
                    until: turn.now.mono.plus(KILL_PATIENCE),
                };
                send(turn, run, Signal::KILL, Scope::All);
            }
            Rung::Killed { .. } | Rung::WillNotDie => {}
        }
    }

    /// The main process is gone and others are not: they are asked too, within the same grace.
    pub(crate) fn widen(&self, turn: &mut Turn, run: RunId) {
        match self.rung {
            Rung::Asked { .. } => send(turn, run, self.signal, Scope::All),
            Rung::Killed { .. } | Rung::WillNotDie => {}
        }
    }

    /// The run asked for more time (`EXTEND_TIMEOUT_USEC`).
    pub(crate) fn extend(&mut self, to: Mono) {
        match &mut self.rung {
            Rung::Asked { until } => *until = (*until).max(to),
            Rung::Killed { .. } | Rung::WillNotDie => {}
        }
    }

    /// Climbs as far as time says.
    pub(crate) fn on_time(&mut self, turn: &mut Turn, run: RunId) -> Climbed {
        match self.rung {
            Rung::Asked { until } if until <= turn.now.mono => {
                self.outlived = true;
                self.kill(turn, run);
                Climbed::Quietly
            }
            Rung::Killed { until } if until <= turn.now.mono => {
                self.rung = Rung::WillNotDie;
                send(turn, run, Signal::KILL, Scope::All);
                Climbed::WillNotDie
            }
            Rung::Asked { .. } | Rung::Killed { .. } | Rung::WillNotDie => Climbed::Quietly,
        }
    }

    /// The stop signal and the grace it did not keep, if it came to that.
    pub(crate) fn outlived(&self) -> Option<(Signal, Duration)> {
        self.outlived.then_some((self.signal, self.grace))
    }

    pub(crate) fn deadline(&self) -> Option<Mono> {
        match self.rung {
            Rung::Asked { until } | Rung::Killed { until } => Some(until),
            Rung::WillNotDie => None,
        }
    }
}

fn send(turn: &mut Turn, run: RunId, signal: Signal, scope: Scope) {
    turn.out.push(Action::Signal { run, signal, scope });
}
