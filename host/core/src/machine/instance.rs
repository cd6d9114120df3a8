//! One instance of a service: a numbered slot that is wanted up or down, and lives through many runs.
//!
//! Desired (`up`) and actual ([`Phase`]) are two fields. Rows are phases, columns what happens to them; `·` = nothing.
//!
//! | phase | start | stop | restart | proceed | spawned / ready | ended by itself, gone | time |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | Stopped | Waiting | · | Waiting | · | | | · |
//! | Waiting | · | Stopped | · | Starting, spawn | | | · |
//! | Starting | · | Stopping¹ | Stopping¹ | · | Running when ready | Backoff, Waiting, Exited, Fatal² | not ready in time: Stopping |
//! | Running | · | Stopping | Stopping | · | · | Backoff, Waiting, Exited, Fatal² | watchdog, health, timeout: Stopping |
//! | Backoff | Waiting | Stopped | Waiting | · | | | Waiting |
//! | Stopping | wanted up | wanted down | wanted up | · | the ladder begins¹ | Stopped, Waiting, or² | the ladder climbs |
//! | Exited | Waiting | Stopped | Waiting | · | | | · |
//! | Fatal | Waiting | Stopped | Waiting | · | | | · |
//!
//! ¹ A stop before the process exists is remembered and begins when it does.
//! ² By the restart policy, see [`Instance::judge`]. Not for an end that was asked for.
//!
//! Start, stop and restart by an operator make all counters fresh.
//!
//! Invariant: one live run at most; the next is decided on when nothing of the last is left.

mod judge;
mod process;
mod show;

use std::sync::Arc;
use std::time::Duration;

use super::health::{Beat, Pulse};
use super::live::{Live, When};
use super::run::Cause;
use super::turn::{Effect, Turn};
use crate::config::plan::Unit;
use crate::words::action::Action;
use crate::words::event::Event;
use crate::words::ids::RunId;
use crate::words::input::Input;
use crate::words::keeper::Exit;
use crate::words::run::{Kind, Outcome, RunRecord, Trigger};

use crate::words::time::Mono;

use process::service;
pub(crate) use process::{NO_SERVICE, Process};

/// What is true of an instance.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    Stopped,
    Waiting { why: Option<String> },
    Starting(Box<Process>),
    Running(Box<Process>),
    Backoff { until: Mono, why: String },
    Stopping(Box<Process>),
    Exited { succeeded: bool, why: String },
    Fatal { why: String },
}

/// One instance.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) index: u32,
    /// Desired.
    pub(crate) up: bool,
    /// Actual.
    pub(crate) phase: Phase,
    /// Why the next run begins.
    trigger: Trigger,
    /// An operator, a reload or a changed file wants it started as soon as it is down, without delay.
    anew: bool,
    /// Failures in a row, each before it counted as well started.
    failures: u32,
    /// Ends in a row too soon after their start, failures or not: what the delay grows with.
    quick: u32,
    restarts: u32,
    last_run: Option<RunId>,
    /// Newest row that is over.
    pub(crate) ended: Option<Box<RunRecord>>,
}

impl Instance {
    pub(crate) fn new(index: u32) -> Instance {
        Instance {
            index,
            up: false,
            phase: Phase::Stopped,
            trigger: Trigger::Start,
            anew: false,
            failures: 0,
            quick: 0,
            restarts: 0,
            last_run: None,
            ended: None,
        }
    }

    /// Wanted up from now on. Whether that changes anything.
    pub(crate) fn start(&mut self, turn: &mut Turn, trigger: Trigger) -> bool {
        let was_up = std::mem::replace(&mut self.up, true);
        match &self.phase {
            Phase::Stopped | Phase::Backoff { .. } | Phase::Exited { .. } | Phase::Fatal { .. } => {
                self.make_fresh(trigger);
                self.wait(turn);
                true
            }
            Phase::Stopping(_) if !was_up => {
                self.make_fresh(trigger);
                self.anew = true;
                true
            }
            Phase::Waiting { .. } | Phase::Starting(_) | Phase::Running(_) | Phase::Stopping(_) => {
                false
            }
        }
    }

    /// Wanted down from now on. Whether that changes anything.
    pub(crate) fn stop(&mut self, turn: &mut Turn, unit: &Unit, cause: Cause) -> bool {
        let was_up = std::mem::replace(&mut self.up, false);
        self.anew = false;
        self.failures = 0;
        self.quick = 0;
        match &self.phase {
            Phase::Stopped => false,
            Phase::Waiting { .. }
            | Phase::Backoff { .. }
            | Phase::Exited { .. }
            | Phase::Fatal { .. } => {
                self.enter(turn, unit, Phase::Stopped);
                true
            }
            Phase::Starting(_) | Phase::Running(_) => {
                self.end(turn, unit, cause, false);
                true
            }
            Phase::Stopping(_) => was_up,
        }
    }

    /// Ends what runs and starts anew, without delay.
    pub(crate) fn restart(
        &mut self,
        turn: &mut Turn,
        unit: &Unit,
        trigger: Trigger,
        why: &'static str,
    ) {
        match &self.phase {
            Phase::Stopped
            | Phase::Backoff { .. }
            | Phase::Exited { .. }
            | Phase::Fatal { .. }
            | Phase::Waiting { .. } => {
                self.start(turn, trigger);
            }
            Phase::Starting(_) | Phase::Running(_) => {
                self.renew(trigger);
                self.end(turn, unit, Cause::Asked(why), false);
            }
            Phase::Stopping(_) => self.renew(trigger),
        }
    }

    fn renew(&mut self, trigger: Trigger) {
        self.up = true;
        self.make_fresh(trigger);
        self.anew = true;
    }

    /// Nothing speaks against its start any more.
    pub(crate) fn proceed(&mut self, turn: &mut Turn, unit: &Arc<Unit>) {
        match &self.phase {
            Phase::Waiting { .. } => {}
            Phase::Stopped
            | Phase::Starting(_)
            | Phase::Running(_)
            | Phase::Backoff { .. }
            | Phase::Stopping(_)
            | Phase::Exited { .. }
            | Phase::Fatal { .. } => return,
        }
        let id = turn.ids.run(turn.now.wall);
        let name = unit.name.clone();
        let mut row = RunRecord::new(id, name, Kind::Service, self.trigger, turn.now.wall);
        row.instance = self.index;
        self.last_run = Some(id);
        let when = When::AtOnce {
            failures: self.failures,
        };
        let process = Process {
            live: Live::begin(turn, row, Arc::clone(unit), when),
            pulse: None,
            adopted: false,
        };
        self.enter(turn, unit, Phase::Starting(Box::new(process)));
    }

    /// It has to wait on, and why.
    pub(crate) fn held_back(&mut self, turn: &mut Turn, unit: &Unit, reason: &str) {
        if let Phase::Waiting { why } = &mut self.phase
            && why.as_deref() != Some(reason)
        {
            *why = Some(reason.to_owned());
            self.tell(turn, unit);
        }
    }

    /// Takes over a run the keeper holds. What became of it follows as ordinary inputs.
    pub(crate) fn adopt(
        &mut self,
        turn: &mut Turn,
        unit: &Arc<Unit>,
        row: RunRecord,
        failures: u32,
    ) {
        self.up = true;
        self.failures = failures;
        self.quick = failures;
        self.last_run = Some(row.id);
        let process = Process {
            live: Live::adopt(turn, row, Arc::clone(unit)),
            pulse: None,
            adopted: true,
        };
        self.phase = Phase::Starting(Box::new(process));
    }

    /// What it came to under an earlier daemon, when nothing of it runs.
    pub(crate) fn recall(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// Something happened to its run.
    pub(crate) fn handle(&mut self, turn: &mut Turn, unit: &Unit, input: Input) {
        let Some(process) = self.process_mut() else {
            return;
        };
        let live = &mut process.live;
        match input {
            Input::Spawned {
                pid, mono, wall, ..
            } => {
                live.spawned(turn, pid, mono, wall);
                self.executed(turn, unit, mono);
            }
            Input::SpawnFailed { message, .. } => {
                let outcome = live.spawn_failed(turn, &message);
                self.over(turn, unit, outcome);
            }
            Input::Exited { exit, .. } => self.exited(turn, exit),
            Input::Gone { output, .. } => {
                let outcome = live.gone(turn, output);
                self.over(turn, unit, outcome);
            }
            Input::LogFull { .. } => {
                live.log_full(turn);
                self.follow(turn, unit);
            }
            Input::OutputMatched { pattern, .. } => {
                live.output_matched(turn, pattern);
                self.follow(turn, unit);
            }
            Input::Probed { result, .. } => {
                let now = turn.now.mono;
                let beat = process.pulse_beat(|p| p.probed(service(unit), now, result));
                self.heed(turn, unit, beat);
            }
            Input::Notified { said, .. } => {
                let now = turn.now.mono;
                if let Some(usec) = said.extend_timeout_usec {
                    live.extend(now.plus(Duration::from_micros(usec)));
                }
                let beat = process.pulse_beat(|p| p.notified(service(unit), now, &said));
                self.heed(turn, unit, beat);
            }
            Input::Tick
            | Input::ClockJump { .. }
            | Input::Durable { .. }
            | Input::WatchedChanged { .. }
            | Input::Command { .. }
            | Input::Apply { .. }
            | Input::Shutdown { .. } => {}
        }
    }

    /// Does what time says.
    pub(crate) fn on_time(&mut self, turn: &mut Turn, unit: &Unit) {
        match &mut self.phase {
            Phase::Backoff { until, .. } => {
                if *until <= turn.now.mono {
                    self.restarts = self.restarts.saturating_add(1);
                    self.trigger = Trigger::Restart;
                    self.wait(turn);
                }
            }
            Phase::Starting(process) | Phase::Running(process) => {
                process.live.on_time(turn);
                self.follow(turn, unit);
                self.take_pulse(turn, unit);
            }
            Phase::Stopping(process) => process.live.on_time(turn),
            Phase::Stopped | Phase::Waiting { .. } | Phase::Exited { .. } | Phase::Fatal { .. } => {
            }
        }
    }

    pub(crate) fn deadline(&self) -> Option<Mono> {
        match &self.phase {
            Phase::Backoff { until, .. } => Some(*until),
            Phase::Starting(process) | Phase::Running(process) => {
                let pulse = process.pulse.as_ref().and_then(Pulse::deadline);
                super::timers::earlier(process.live.deadline(), pulse)
            }
            Phase::Stopping(process) => process.live.deadline(),
            Phase::Stopped | Phase::Waiting { .. } | Phase::Exited { .. } | Phase::Fatal { .. } => {
                None
            }
        }
    }

    /// Ends its process for this reason; the phase follows.
    pub(crate) fn end(&mut self, turn: &mut Turn, unit: &Unit, cause: Cause, at_once: bool) {
        let Some(process) = self.process_mut() else {
            return;
        };
        let over = if at_once {
            process.live.kill(turn, cause)
        } else {
            process.live.stop(turn, cause)
        };
        match over {
            Some(outcome) => self.over(turn, unit, outcome),
            None => self.follow(turn, unit),
        }
    }

    /// Gives up on a process that will not die.
    pub(crate) fn abandon(&mut self, turn: &mut Turn, unit: &Unit) {
        if let Some(process) = self.process_mut() {
            let outcome = process.live.abandon(turn);
            self.over(turn, unit, outcome);
        }
    }

    fn make_fresh(&mut self, trigger: Trigger) {
        self.trigger = trigger;
        self.failures = 0;
        self.quick = 0;
        self.restarts = 0;
    }

    fn wait(&mut self, turn: &mut Turn) {
        self.anew = false;
        self.phase = Phase::Waiting { why: None };
        let slot = turn.slot;
        turn.effect(Effect::WantsStart(slot));
    }

    /// The command has been executed: the pulse begins.
    fn executed(&mut self, turn: &mut Turn, unit: &Unit, at: Mono) {
        let now = turn.now.mono;
        let Some(process) = self.process_mut() else {
            return;
        };
        let pulse = if process.adopted {
            Pulse::resume(service(unit), at, now)
        } else {
            Pulse::begin(service(unit), at)
        };
        let ready = pulse.ready;
        process.pulse = Some(pulse);
        if ready {
            self.heed(turn, unit, Beat::Ready);
        }
        self.take_pulse(turn, unit);
    }

    fn take_pulse(&mut self, turn: &mut Turn, unit: &Unit) {
        loop {
            let now = turn.now.mono;
            let beat = match &mut self.phase {
                Phase::Starting(process) | Phase::Running(process) => {
                    process.pulse_beat(|p| p.on_time(service(unit), now))
                }
                Phase::Stopped
                | Phase::Waiting { .. }
                | Phase::Backoff { .. }
                | Phase::Stopping(_)
                | Phase::Exited { .. }
                | Phase::Fatal { .. } => return,
            };
            if beat == Beat::Steady {
                return;
            }
            self.heed(turn, unit, beat);
        }
    }

    /// Acts on what the pulse tells.
    fn heed(&mut self, turn: &mut Turn, unit: &Unit, beat: Beat) {
        match beat {
            Beat::Steady => {}
            Beat::Probe => {
                if let Some(process) = self.process_mut() {
                    turn.out.push(Action::Probe {
                        run: process.live.row.id,
                        unit: unit.name.clone(),
                        instance: process.live.row.instance,
                    });
                }
            }
            Beat::Ready => match std::mem::replace(&mut self.phase, Phase::Stopped) {
                Phase::Starting(process) => self.enter(turn, unit, Phase::Running(process)),
                other => self.phase = other,
            },
            Beat::Unhealthy | Beat::Recovered => match &self.phase {
                Phase::Running(_) => self.tell(turn, unit),
                Phase::Starting(_)
                | Phase::Stopped
                | Phase::Waiting { .. }
                | Phase::Backoff { .. }
                | Phase::Stopping(_)
                | Phase::Exited { .. }
                | Phase::Fatal { .. } => {}
            },
            Beat::Failed { why, at_once } => match &self.phase {
                Phase::Starting(_) | Phase::Running(_) => {
                    self.end(turn, unit, Cause::Unhealthy(why), at_once);
                }
                Phase::Stopped
                | Phase::Waiting { .. }
                | Phase::Backoff { .. }
                | Phase::Stopping(_)
                | Phase::Exited { .. }
                | Phase::Fatal { .. } => {}
            },
        }
    }

    /// The main process has ended. Whether anything is left shows in the keeper's next breath, so nobody is told yet.
    fn exited(&mut self, turn: &mut Turn, exit: Exit) {
        if let Some(process) = self.process_mut() {
            process.live.exited(turn, exit);
        }
        match std::mem::replace(&mut self.phase, Phase::Stopped) {
            Phase::Starting(process) | Phase::Running(process) | Phase::Stopping(process) => {
                self.phase = Phase::Stopping(process);
            }
            other @ (Phase::Stopped
            | Phase::Waiting { .. }
            | Phase::Backoff { .. }
            | Phase::Exited { .. }
            | Phase::Fatal { .. }) => self.phase = other,
        }
    }

    /// Goes over to `Stopping` once the run has been asked to end.
    fn follow(&mut self, turn: &mut Turn, unit: &Unit) {
        match std::mem::replace(&mut self.phase, Phase::Stopped) {
            Phase::Starting(process) | Phase::Running(process) if process.live.is_ending() => {
                self.enter(turn, unit, Phase::Stopping(process));
            }
            other => self.phase = other,
        }
    }

    /// Nothing of the run is left.
    fn over(&mut self, turn: &mut Turn, unit: &Unit, outcome: Outcome) {
        let process = match std::mem::replace(&mut self.phase, Phase::Stopped) {
            Phase::Starting(process) | Phase::Running(process) | Phase::Stopping(process) => {
                process
            }
            other @ (Phase::Stopped
            | Phase::Waiting { .. }
            | Phase::Backoff { .. }
            | Phase::Exited { .. }
            | Phase::Fatal { .. }) => {
                self.phase = other;
                return;
            }
        };
        self.ended = Some(Box::new(process.live.row.clone()));
        if !self.up || turn.stopping {
            self.enter(turn, unit, Phase::Stopped);
        } else if self.anew || matches!(process.live.cause(), Some(Cause::Asked(_))) {
            self.restarts = self.restarts.saturating_add(1);
            self.wait(turn);
        } else {
            self.judge(turn, unit, &process, outcome);
        }
    }

    fn enter(&mut self, turn: &mut Turn, unit: &Unit, phase: Phase) {
        self.phase = phase;
        self.tell(turn, unit);
    }

    fn tell(&self, turn: &mut Turn, unit: &Unit) {
        turn.tell(Event::Instance {
            unit: unit.name.clone(),
            instance: self.index,
            state: self.state(),
            message: self.message(),
        });
    }

    /// Its run in flight.
    pub(crate) fn process(&self) -> Option<&Process> {
        match &self.phase {
            Phase::Starting(process) | Phase::Running(process) | Phase::Stopping(process) => {
                Some(process)
            }
            Phase::Stopped
            | Phase::Waiting { .. }
            | Phase::Backoff { .. }
            | Phase::Exited { .. }
            | Phase::Fatal { .. } => None,
        }
    }

    fn process_mut(&mut self) -> Option<&mut Process> {
        match &mut self.phase {
            Phase::Starting(process) | Phase::Running(process) | Phase::Stopping(process) => {
                Some(process)
            }
            Phase::Stopped
            | Phase::Waiting { .. }
            | Phase::Backoff { .. }
            | Phase::Exited { .. }
            | Phase::Fatal { .. } => None,
        }
    }

    /// The definition changed in what needs no restart.
    pub(crate) fn redefine(&mut self, unit: &Arc<Unit>, now: Mono) {
        let Some(process) = self.process_mut() else {
            return;
        };
        let old = std::mem::replace(&mut process.live.unit, Arc::clone(unit));
        let (old, new) = (service(&old), service(unit));
        if let Some(pulse) = &mut process.pulse
            && pulse.ready
            && (&old.health, old.watchdog) != (&new.health, new.watchdog)
        {
            let started = process.live.started.unwrap_or(now);
            *pulse = Pulse::resume(new, started, now);
        }
    }
}
