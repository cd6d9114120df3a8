//! One run in flight, of a task or a service: from the decision to its last row.
//!
//! | stage | leaves by |
//! | --- | --- |
//! | `Recording` | durable: ask to spawn, `Spawning` · stop asked: over, never lived |
//! | `Spawning` | spawned: `Up`, and the stop ladder if a stop was asked meanwhile · spawn failed: over |
//! | `Up` | exited: `Ended` · stop asked, timeout, log full, match: the ladder, stays |
//! | `Ended` | gone: over · leftovers after a moment: the ladder for all of them, stays |
//!
//! Over: the last row is recorded and the keeper may forget the run. End and duration are those of the main process.
//!
//! Invariant: one `Spawn` per run at most, none after a stop was asked.

use std::sync::Arc;
use std::time::Duration;

use super::run::{Cause, End, decide};
use super::stop::{Climbed, Ladder};
use super::timers::earlier;
use super::turn::Turn;
use crate::config::plan::{Role, Unit};
use crate::words::action::Action;
use crate::words::event::Event;
use crate::words::keeper::{Exit, OutputTotals};
use crate::words::run::{Outcome, RunRecord, RunState};
use crate::words::spawn::{RunVars, Scope};
use crate::words::time::Mono;

/// How long after the end of its main process a run may still be around before it is held to have left something
/// behind. The keeper says that it is gone in its next breath when nothing is left.
pub(crate) const LEFTOVER_PATIENCE: Duration = Duration::from_millis(20);

/// Where a run in flight is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Recording,
    Spawning,
    Up,
    Ended,
}

/// When a run that has been decided on is spawned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Once its row is on disk, because running it twice would hurt.
    Durable,
    /// In the same turn; the keeper remembers it, and the failures in a row before it.
    AtOnce {
        /// How many.
        failures: u32,
    },
}

/// A run in flight.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) row: RunRecord,
    /// The definition it was started under.
    pub(crate) unit: Arc<Unit>,
    pub(crate) stage: Stage,
    /// When its process began.
    pub(crate) started: Option<Mono>,
    pub(crate) exit: Option<Exit>,
    cause: Option<Cause>,
    matched: Option<String>,
    ladder: Option<Ladder>,
    timeout_at: Option<Mono>,
    leftovers_at: Option<Mono>,
    leftovers: bool,
    abandoned: bool,
    /// No grace once it exists.
    at_once: bool,
}

impl Live {
    fn new(row: RunRecord, unit: Arc<Unit>, stage: Stage) -> Live {
        Live {
            row,
            unit,
            stage,
            started: None,
            exit: None,
            cause: None,
            matched: None,
            ladder: None,
            timeout_at: None,
            leftovers_at: None,
            leftovers: false,
            abandoned: false,
            at_once: false,
        }
    }

    /// Decides on a run.
    pub(crate) fn begin(turn: &mut Turn, mut row: RunRecord, unit: Arc<Unit>, when: When) -> Live {
        row.state = RunState::Starting;
        turn.open(row.id);
        turn.record(&row, when == When::Durable);
        let mut live = Live::new(row, unit, Stage::Recording);
        match when {
            When::Durable => {}
            When::AtOnce { failures } => live.spawn(turn, failures),
        }
        live
    }

    /// Takes over a run that the keeper holds. What else is known of it follows as ordinary inputs.
    pub(crate) fn adopt(turn: &mut Turn, row: RunRecord, unit: Arc<Unit>) -> Live {
        turn.open(row.id);
        Live::new(row, unit, Stage::Spawning)
    }

    /// Its row is on disk.
    pub(crate) fn durable(&mut self, turn: &mut Turn) {
        match self.stage {
            Stage::Recording => self.spawn(turn, 0),
            Stage::Spawning | Stage::Up | Stage::Ended => {}
        }
    }

    fn spawn(&mut self, turn: &mut Turn, failures: u32) {
        self.stage = Stage::Spawning;
        turn.out.push(Action::Spawn {
            row: Box::new(self.row.clone()),
            vars: vars(&self.row, &self.unit),
            failures,
        });
    }

    /// The command has been executed.
    pub(crate) fn spawned(&mut self, turn: &mut Turn, pid: i32, at: Mono, wall: jiff::Timestamp) {
        match self.stage {
            Stage::Recording | Stage::Spawning => {}
            Stage::Up | Stage::Ended => return,
        }
        self.stage = Stage::Up;
        self.started = Some(at);
        self.timeout_at = self.unit.timeout.map(|limit| at.plus(limit));
        self.row.pid = Some(pid);
        self.row.started_at = Some(wall);
        self.row.state = RunState::Running;
        turn.record(&self.row, false);
        match self.cause.clone() {
            Some(cause) if self.at_once => {
                self.kill(turn, cause);
            }
            Some(_) => self.climb(turn),
            None => {}
        }
    }

    /// The command could not be executed: over.
    pub(crate) fn spawn_failed(&mut self, turn: &mut Turn, why: &str) -> Outcome {
        self.finish(turn, Some(why), true)
    }

    /// The main process has ended.
    pub(crate) fn exited(&mut self, turn: &mut Turn, exit: Exit) {
        if self.exit.is_some() {
            return;
        }
        self.stage = Stage::Ended;
        self.timeout_at = None;
        self.leftovers_at = Some(turn.now.mono.plus(LEFTOVER_PATIENCE));
        self.row.exit_code = exit.code;
        self.row.signal = exit.signal;
        self.row.ended_at = Some(exit.wall);
        self.row.duration = self.started.map(|began| exit.mono.since(began));
        self.row.max_rss_bytes = Some(exit.max_rss_bytes);
        self.row.cpu = Some(exit.cpu);
        self.exit = Some(exit);
    }

    /// Nothing of it is left: over.
    pub(crate) fn gone(&mut self, turn: &mut Turn, output: OutputTotals) -> Outcome {
        self.row.log_bytes = output.printed.saturating_sub(output.dropped);
        self.row.log_dropped_bytes = output.dropped;
        self.finish(turn, None, true)
    }

    /// It is to end, for this reason. `Some` when it is over at once, because it never lived.
    pub(crate) fn stop(&mut self, turn: &mut Turn, cause: Cause) -> Option<Outcome> {
        match self.stage {
            Stage::Recording => {
                self.cause.get_or_insert(cause);
                return Some(self.finish(turn, None, false));
            }
            Stage::Spawning => {
                self.cause.get_or_insert(cause);
            }
            Stage::Up => {
                self.cause.get_or_insert(cause);
                self.climb(turn);
            }
            Stage::Ended => self.climb(turn),
        }
        None
    }

    /// It is to end at once, without grace.
    pub(crate) fn kill(&mut self, turn: &mut Turn, cause: Cause) -> Option<Outcome> {
        match self.stage {
            Stage::Recording => return self.stop(turn, cause),
            Stage::Spawning => {
                self.cause.get_or_insert(cause);
                self.at_once = true;
            }
            Stage::Up | Stage::Ended => {
                if self.stage == Stage::Up {
                    self.cause.get_or_insert(cause);
                }
                match &mut self.ladder {
                    Some(ladder) => ladder.kill(turn, self.row.id),
                    None => {
                        let spec = &self.unit.spec;
                        self.ladder = Some(Ladder::begin_with_kill(turn, self.row.id, spec));
                        self.now_stopping(turn);
                    }
                }
            }
        }
        None
    }

    /// A line of its output matched `fail_on_output`.
    pub(crate) fn output_matched(&mut self, turn: &mut Turn, pattern: String) {
        self.matched.get_or_insert(pattern);
        if self.exit.is_none() {
            self.stop(turn, Cause::Matched);
        }
    }

    /// It printed too much.
    pub(crate) fn log_full(&mut self, turn: &mut Turn) {
        if self.exit.is_none() {
            self.stop(turn, Cause::LogFull(self.unit.spec.log_max_size));
        }
    }

    /// It asked for more time to stop.
    pub(crate) fn extend(&mut self, to: Mono) {
        if let Some(ladder) = &mut self.ladder {
            ladder.extend(to);
        }
    }

    /// Does what time says.
    pub(crate) fn on_time(&mut self, turn: &mut Turn) {
        if self.timeout_at.is_some_and(|at| at <= turn.now.mono) {
            self.timeout_at = None;
            let limit = self.unit.timeout.unwrap_or_default();
            self.stop(turn, Cause::Timeout(limit));
        }
        if self.leftovers_at.is_some_and(|at| at <= turn.now.mono) {
            self.leftovers_at = None;
            self.leftovers = true;
            match &self.ladder {
                Some(ladder) => ladder.widen(turn, self.row.id),
                None => self.climb(turn),
            }
        }
        let climbed = match &mut self.ladder {
            Some(ladder) => ladder.on_time(turn, self.row.id),
            None => Climbed::Quietly,
        };
        if climbed == Climbed::WillNotDie {
            let pid = self.row.pid.unwrap_or_default();
            self.row.message = Some(format!("pid {pid} will not die: SIGKILL had no effect"));
            turn.record(&self.row, false);
            self.tell_will_not_die(turn);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Mono> {
        let ladder = self.ladder.as_ref().and_then(Ladder::deadline);
        earlier(earlier(self.timeout_at, self.leftovers_at), ladder)
    }

    /// Whether it has been asked to end, or is ending.
    pub(crate) fn is_ending(&self) -> bool {
        self.cause.is_some() || self.ladder.is_some() || self.stage == Stage::Ended
    }

    /// Whether its main process lives.
    pub(crate) fn is_up(&self) -> bool {
        match self.stage {
            Stage::Up => true,
            Stage::Recording | Stage::Spawning | Stage::Ended => false,
        }
    }

    /// What was asked of it.
    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Closes a run that nothing more will be heard of.
    pub(crate) fn abandon(&mut self, turn: &mut Turn) -> Outcome {
        self.abandoned = true;
        self.finish(turn, None, false)
    }

    fn climb(&mut self, turn: &mut Turn) {
        if self.ladder.is_some() {
            return;
        }
        self.leftovers |= self.stage == Stage::Ended;
        let scope = match self.stage {
            Stage::Ended => Scope::All,
            Stage::Recording | Stage::Spawning | Stage::Up => self.unit.spec.stop_scope,
        };
        self.ladder = Some(Ladder::begin(turn, self.row.id, &self.unit.spec, scope));
        self.now_stopping(turn);
    }

    fn now_stopping(&mut self, turn: &mut Turn) {
        self.row.state = RunState::Stopping;
        turn.record(&self.row, false);
    }

    fn finish(&mut self, turn: &mut Turn, failed: Option<&str>, held: bool) -> Outcome {
        let (outcome, message) = decide(&End {
            start_failed: failed,
            exit: self.exit.as_ref(),
            cause: self.cause.as_ref(),
            matched: self.matched.as_deref(),
            outlived: self.ladder.as_ref().and_then(Ladder::outlived),
            leftovers: self.leftovers && self.exit.is_some(),
            abandoned: self.abandoned,
            dropped: self.row.log_dropped_bytes,
            exit_codes: &self.unit.exit_codes,
        });
        self.row.state = RunState::Ended;
        self.row.outcome = Some(outcome);
        self.row.message = message;
        self.row.ended_at.get_or_insert(turn.now.wall);
        turn.record(&self.row, false);
        if held {
            turn.out.push(Action::Forget { run: self.row.id });
        }
        turn.close(self.row.id);
        outcome
    }

    fn tell_will_not_die(&self, turn: &mut Turn) {
        if let Role::Service(_) = self.unit.role {
            turn.tell(Event::Instance {
                unit: self.row.unit.clone(),
                instance: self.row.instance,
                state: crate::words::status::InstanceState::Stopping,
                message: self.row.message.clone(),
            });
        }
    }
}

/// What a child is told of its run.
fn vars(row: &RunRecord, unit: &Unit) -> RunVars {
    let count = match &unit.role {
        Role::Service(service) => service.instances,
        Role::Task(_) => 1,
    };
    let mut vars = row.params.clone();
    let mut add = |name: &str, value: String| vars.push((format!("RUNWISP_{name}"), value));
    add("UNIT", row.unit.to_string());
    add("RUN_ID", row.id.to_string());
    add("INSTANCE_INDEX", row.instance.to_string());
    add("INSTANCE_COUNT", count.to_string());
    add("ATTEMPT", row.attempt.to_string());
    add("TRIGGER", row.trigger.as_str().to_owned());
    if let Some(at) = row.scheduled_at {
        add("SCHEDULED_AT", at.to_string());
    }
    vars
}
