//! One service: its instances, what is wanted of them all, and what is remembered of it.
//!
//! Invariant: every change of an instance passes [`ServiceMachine::settle`] before the turn of the unit is over, so
//! what others know of it (readiness, memory) is never behind.

use std::sync::Arc;

use super::instance::{Instance, Phase};
use super::run::Cause;
use super::timers::Deadline;
use super::turn::{Effect, Turn};
use crate::config::plan::{Role, Unit};
use crate::words::action::{Action, Memory};
use crate::words::ids::RunId;
use crate::words::input::Input;
use crate::words::run::{Kind, RunRecord, Trigger};
use crate::words::signal::Signal;
use crate::words::spawn::{Scope, SpawnSpec};
use crate::words::status::{InstanceState, UnitStatus};
use crate::words::time::Now;

/// One service.
#[derive(Clone, Debug)]
pub(crate) struct ServiceMachine {
    pub(crate) unit: Arc<Unit>,
    instances: Vec<Instance>,
    memory: Memory,
    was_ready: bool,
    /// No longer defined: goes once it is quiet.
    retired: bool,
    pub(crate) last_run: Option<Box<RunRecord>>,
}

impl ServiceMachine {
    pub(crate) fn new(unit: Arc<Unit>, memory: Memory) -> ServiceMachine {
        let count = instances_of(&unit);
        ServiceMachine {
            unit,
            instances: (0..count).map(Instance::new).collect(),
            memory,
            was_ready: false,
            retired: false,
            last_run: None,
        }
    }

    /// The daemon starts: what is at rest is wanted up, unless an operator said otherwise.
    pub(crate) fn boot(&mut self, turn: &mut Turn) {
        let wanted = autostart(&self.unit) && !self.memory.held_down;
        for instance in &mut self.instances {
            match &instance.phase {
                Phase::Stopped if wanted => {
                    instance.start(turn, Trigger::Start);
                }
                Phase::Starting(_) | Phase::Running(_) if self.memory.held_down => {
                    let cause = Cause::Asked(BY_OPERATOR);
                    instance.stop(turn, &self.unit, cause);
                }
                Phase::Stopped
                | Phase::Waiting { .. }
                | Phase::Starting(_)
                | Phase::Running(_)
                | Phase::Backoff { .. }
                | Phase::Stopping(_)
                | Phase::Exited { .. }
                | Phase::Fatal { .. } => {}
            }
        }
        self.settle(turn);
    }

    /// What is fatal or has done its work stays so while the keeper lives. Before anything is adopted.
    pub(crate) fn recall(&mut self) {
        let at_rest = |i: &Instance| matches!(i.phase, Phase::Stopped);
        for (index, why) in &self.memory.fatal {
            let why = why.clone();
            if let Some(i) = instance_mut(&mut self.instances, *index).filter(|i| at_rest(i)) {
                i.recall(Phase::Fatal { why });
            }
        }
        for (index, succeeded, why) in &self.memory.exited {
            let (succeeded, why) = (*succeeded, why.clone());
            if let Some(i) = instance_mut(&mut self.instances, *index).filter(|i| at_rest(i)) {
                i.recall(Phase::Exited { succeeded, why });
            }
        }
    }

    /// Wanted up; whether that changes anything.
    pub(crate) fn start(&mut self, turn: &mut Turn, trigger: Trigger) -> bool {
        let mut changed = std::mem::take(&mut self.memory.held_down);
        if changed {
            turn.remember(&self.unit.name, &self.memory);
        }
        for instance in self.wanted() {
            changed |= instance.start(turn, trigger);
        }
        self.settle(turn);
        changed
    }

    /// Wanted down by an operator, which is remembered; whether that changes anything.
    pub(crate) fn stop(&mut self, turn: &mut Turn) -> bool {
        let mut changed = !std::mem::replace(&mut self.memory.held_down, true);
        if changed {
            turn.remember(&self.unit.name, &self.memory);
        }
        changed |= self.stop_all(turn, &Cause::Asked(BY_OPERATOR));
        changed
    }

    /// Every instance ends, for this reason; whether that changes anything.
    pub(crate) fn stop_all(&mut self, turn: &mut Turn, cause: &Cause) -> bool {
        let mut changed = false;
        for instance in &mut self.instances {
            changed |= instance.stop(turn, &self.unit, cause.clone());
        }
        self.settle(turn);
        changed
    }

    /// What has no process is down at once: nothing may start any more.
    pub(crate) fn hush(&mut self, turn: &mut Turn) {
        for instance in &mut self.instances {
            if instance.process().is_none() {
                instance.stop(turn, &self.unit, Cause::DaemonStopping);
            }
        }
        self.settle(turn);
    }

    /// Every instance anew, without delay.
    pub(crate) fn restart(&mut self, turn: &mut Turn, trigger: Trigger, why: &'static str) {
        if std::mem::take(&mut self.memory.held_down) {
            turn.remember(&self.unit.name, &self.memory);
        }
        let unit = Arc::clone(&self.unit);
        for instance in self.wanted() {
            instance.restart(turn, &unit, trigger, why);
        }
        self.settle(turn);
    }

    /// A watched path changed: what runs or is about to, starts anew.
    pub(crate) fn watched_changed(&mut self, turn: &mut Turn) {
        let unit = Arc::clone(&self.unit);
        for instance in self.wanted().filter(|i| is_at_work(i)) {
            instance.restart(turn, &unit, Trigger::Watch, "a watched path changed");
        }
        self.settle(turn);
    }

    /// Ends one run and starts its instance anew; whether there is such a run.
    pub(crate) fn stop_run(&mut self, turn: &mut Turn, run: RunId) -> bool {
        let unit = Arc::clone(&self.unit);
        let found = self.by_run(run).map(|instance| {
            if instance.up {
                instance.restart(turn, &unit, Trigger::Restart, BY_OPERATOR);
            }
        });
        self.settle(turn);
        found.is_some()
    }

    /// Sends a signal to every live process; whether there was one.
    pub(crate) fn signal(&self, turn: &mut Turn, signal: Signal, scope: Scope) -> Vec<RunId> {
        let live = self.instances.iter().filter_map(|i| i.process());
        let runs: Vec<RunId> = live
            .filter(|p| p.live.is_up())
            .map(|p| p.live.row.id)
            .collect();
        for run in runs.iter().copied() {
            turn.out.push(Action::Signal { run, signal, scope });
        }
        runs
    }

    /// Nothing speaks against starting what waits.
    pub(crate) fn proceed(&mut self, turn: &mut Turn) {
        for instance in &mut self.instances {
            instance.proceed(turn, &self.unit);
        }
        self.settle(turn);
    }

    /// What waits has to wait on.
    pub(crate) fn held_back(&mut self, turn: &mut Turn, why: &str) {
        for instance in &mut self.instances {
            instance.held_back(turn, &self.unit, why);
        }
    }

    pub(crate) fn handle(&mut self, turn: &mut Turn, run: RunId, input: Input) {
        let unit = Arc::clone(&self.unit);
        if let Some(instance) = self.by_run(run) {
            instance.handle(turn, &unit, input);
        }
        self.settle(turn);
    }

    pub(crate) fn on_time(&mut self, turn: &mut Turn) {
        for instance in &mut self.instances {
            if instance.deadline().is_some_and(|at| at <= turn.now.mono) {
                instance.on_time(turn, &self.unit);
            }
        }
        self.settle(turn);
    }

    pub(crate) fn deadline(&self) -> Deadline {
        Deadline {
            mono: self.instances.iter().filter_map(Instance::deadline).min(),
            wall: None,
        }
    }

    /// Ends every process without grace.
    pub(crate) fn kill(&mut self, turn: &mut Turn, cause: &Cause) {
        for instance in &mut self.instances {
            instance.up = false;
            instance.end(turn, &self.unit, cause.clone(), true);
        }
        self.settle(turn);
    }

    /// Gives up on what will not die.
    pub(crate) fn abandon(&mut self, turn: &mut Turn) {
        for instance in &mut self.instances {
            instance.abandon(turn, &self.unit);
        }
    }

    /// A new definition. Processes are started anew only where their command, or how it is started, changed.
    pub(crate) fn redefine(&mut self, turn: &mut Turn, unit: Arc<Unit>) {
        let anew = needs_restart(&self.unit, &unit);
        let count = instances_of(&unit);
        self.unit = unit;
        let unit = Arc::clone(&self.unit);
        let up = self.instances.iter().any(|i| i.up);
        let wanted = !self.memory.held_down && (up || autostart(&unit));
        let grown = self.instances.len();
        for index in grown..count as usize {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            self.instances.push(Instance::new(index));
        }
        for (at, instance) in self.instances.iter_mut().enumerate() {
            if at >= count as usize {
                let why = Cause::Asked("the configuration has fewer instances now");
                instance.stop(turn, &unit, why);
                continue;
            }
            if wanted && (at >= grown || !instance.up && instance.process().is_some()) {
                instance.start(turn, Trigger::Reload);
            }
            if anew && is_at_work(instance) {
                instance.restart(turn, &unit, Trigger::Reload, "its definition changed");
            } else {
                instance.redefine(&unit, turn.now.mono);
            }
        }
        self.settle(turn);
    }

    /// The unit is no longer defined: everything of it ends.
    pub(crate) fn retire(&mut self, turn: &mut Turn) {
        self.retired = true;
        self.stop_all(turn, &Cause::Asked("its definition was removed"));
    }

    /// Takes over a run the keeper holds; false when there is no instance for it.
    pub(crate) fn adopt(&mut self, turn: &mut Turn, row: &RunRecord, failures: u32) -> bool {
        let unit = Arc::clone(&self.unit);
        let Some(instance) = instance_mut(&mut self.instances, row.instance) else {
            return false;
        };
        if instance.process().is_some() {
            return false;
        }
        instance.adopt(turn, &unit, row.clone(), failures);
        true
    }

    /// No process of it is left.
    pub(crate) fn is_quiet(&self) -> bool {
        self.instances.iter().all(|i| i.process().is_none())
    }

    /// Nothing of it runs, waits or will.
    pub(crate) fn is_idle(&self) -> bool {
        self.instances.iter().all(|i| match &i.phase {
            Phase::Stopped | Phase::Exited { .. } | Phase::Fatal { .. } => true,
            Phase::Waiting { .. }
            | Phase::Starting(_)
            | Phase::Running(_)
            | Phase::Backoff { .. }
            | Phase::Stopping(_) => false,
        })
    }

    /// What depends on it may start.
    pub(crate) fn is_ready(&self) -> bool {
        !self.retired && !self.instances.is_empty() && self.instances.iter().all(Instance::is_ready)
    }

    /// Why it is not ready, in words that follow its name.
    pub(crate) fn why_not_ready(&self) -> String {
        let instance = self.instances.iter().find(|i| !i.is_ready());
        let Some(instance) = instance else {
            return "has no instance".to_owned();
        };
        let state = match instance.state() {
            InstanceState::Stopped => "is stopped",
            InstanceState::Waiting => "waits itself",
            InstanceState::Starting => "is not ready yet",
            InstanceState::Running => "runs",
            InstanceState::Unhealthy => "is unhealthy",
            InstanceState::Backoff => "is about to be started again",
            InstanceState::Stopping => "is stopping",
            InstanceState::Exited => "has ended",
            InstanceState::Fatal => "is fatal",
        };
        match instance.message() {
            Some(message) if instance.state() != InstanceState::Waiting => {
                format!("{state}: {message}")
            }
            _ => state.to_owned(),
        }
    }

    /// Runs in flight.
    pub(crate) fn runs(&self) -> Vec<RunId> {
        let live = self.instances.iter().filter_map(|i| i.process());
        live.map(|p| p.live.row.id).collect()
    }

    pub(crate) fn status(&self, now: Now) -> UnitStatus {
        let instances: Vec<_> = self.instances.iter().map(|i| i.status(now)).collect();
        let states = instances.iter().map(|i| i.state);
        UnitStatus {
            name: self.unit.name.clone(),
            kind: Kind::Service,
            group: self.unit.group.clone(),
            description: self.unit.description.clone(),
            state: states
                .max_by_key(|state| gravity(*state))
                .unwrap_or(InstanceState::Stopped),
            next_run_at: None,
            standing: None,
            instances,
            last_run: self.last_run.as_deref().cloned(),
        }
    }

    /// Brings what others know of it up to date.
    fn settle(&mut self, turn: &mut Turn) {
        while self.instances.len() > instances_of(&self.unit) as usize
            && let Some(last) = self.instances.last()
            && last.process().is_none()
        {
            self.instances.pop();
        }
        let ended = self.instances.iter_mut().filter_map(|i| i.ended.take());
        if let Some(newest) = ended.max_by_key(|row| row.id) {
            self.last_run = Some(newest);
        }
        let (fatal, exited) = at_end(&self.instances);
        if self.memory.fatal != fatal || self.memory.exited != exited {
            self.memory.fatal = fatal;
            self.memory.exited = exited;
            if !self.retired && !turn.stopping {
                turn.remember(&self.unit.name, &self.memory);
            }
        }
        let ready = self.is_ready();
        if std::mem::replace(&mut self.was_ready, ready) != ready {
            let slot = turn.slot;
            turn.effect(Effect::Readiness(slot));
        }
    }

    /// The instances the definition still asks for.
    fn wanted(&mut self) -> impl Iterator<Item = &mut Instance> {
        let count = instances_of(&self.unit) as usize;
        self.instances.iter_mut().take(count)
    }

    fn by_run(&mut self, run: RunId) -> Option<&mut Instance> {
        self.instances
            .iter_mut()
            .find(|i| i.process().is_some_and(|p| p.live.row.id == run))
    }
}

const BY_OPERATOR: &str = "stopped by an operator";

type AtEnd = (Vec<(u32, String)>, Vec<(u32, bool, String)>);

fn at_end(instances: &[Instance]) -> AtEnd {
    let (mut fatal, mut exited) = AtEnd::default();
    for instance in instances {
        match &instance.phase {
            Phase::Fatal { why } => fatal.push((instance.index, why.clone())),
            Phase::Exited { succeeded, why } => {
                exited.push((instance.index, *succeeded, why.clone()));
            }
            Phase::Stopped
            | Phase::Waiting { .. }
            | Phase::Starting(_)
            | Phase::Running(_)
            | Phase::Backoff { .. }
            | Phase::Stopping(_) => {}
        }
    }
    (fatal, exited)
}

/// Whether it runs, or is about to: what a change of its definition or of a watched file starts anew.
fn is_at_work(instance: &Instance) -> bool {
    match &instance.phase {
        Phase::Starting(_) | Phase::Running(_) | Phase::Backoff { .. } => true,
        Phase::Stopping(_) => instance.up,
        Phase::Stopped | Phase::Waiting { .. } | Phase::Exited { .. } | Phase::Fatal { .. } => {
            false
        }
    }
}

fn instance_mut(instances: &mut [Instance], index: u32) -> Option<&mut Instance> {
    instances.iter_mut().find(|i| i.index == index)
}

fn instances_of(unit: &Unit) -> u32 {
    match &unit.role {
        Role::Service(service) => service.instances,
        Role::Task(_) => 0,
    }
}

fn autostart(unit: &Unit) -> bool {
    match &unit.role {
        Role::Service(service) => service.autostart,
        Role::Task(_) => false,
    }
}

/// Whether a process started under `old` differs from one started under `new`. How it is stopped may change under it.
fn needs_restart(old: &Unit, new: &Unit) -> bool {
    let same_stop = SpawnSpec {
        stop_signal: new.spec.stop_signal,
        graceful_stop: new.spec.graceful_stop,
        stop_scope: new.spec.stop_scope,
        ..old.spec.clone()
    };
    same_stop != new.spec || old.user != new.user
}

/// Which state of an instance matters most to people.
pub(crate) fn gravity(state: InstanceState) -> u8 {
    match state {
        InstanceState::Fatal => 8,
        InstanceState::Backoff => 7,
        InstanceState::Unhealthy => 6,
        InstanceState::Stopping => 5,
        InstanceState::Starting => 4,
        InstanceState::Waiting => 3,
        InstanceState::Running => 2,
        InstanceState::Exited => 1,
        InstanceState::Stopped => 0,
    }
}
