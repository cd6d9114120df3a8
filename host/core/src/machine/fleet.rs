//! The whole: every unit, the order between them, and the one door in.
//!
//! A turn is: one input, for one unit or for all; then the effects it had on others, until there are none; then the
//! deadlines of the units it touched.
//!
//! Invariant: a unit's deadline is in the table whenever the fleet is at rest, so [`Fleet::next_deadline`] costs
//! nothing and nothing wakes up in vain.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::ids::Ids;
use super::order::Order;
use super::shutdown::{GIVE_UP, Shutdown};
use super::slot::{Machine, Slot};
use super::timers::{Deadline, Timers};
use super::turn::{Effect, Turn};
use crate::config::plan::{Plan, Role};
use crate::words::action::{Action, Memory};
use crate::words::event::Event;
use crate::words::ids::{RunId, UnitName};
use crate::words::input::Input;
use crate::words::run::{RunRecord, Trigger};
use crate::words::spawn::RunVars;
use crate::words::status::UnitStatus;
use crate::words::time::Now;

/// What a daemon that starts knows of its own start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// Names this boot of the machine.
    pub boot_id: String,
    /// Where run ids and chance come from.
    pub seed: u64,
    /// Whether the keeper is new too. If not, the daemon merely came back, after a crash or an upgrade.
    pub fresh: bool,
}

/// Every unit of a plan, alive.
#[derive(Debug)]
pub struct Fleet {
    pub(super) plan: Arc<Plan>,
    pub(super) boot: Boot,
    pub(super) slots: Vec<Option<Slot>>,
    pub(super) names: BTreeMap<UnitName, usize>,
    pub(super) runs: BTreeMap<RunId, usize>,
    pub(super) order: Order,
    pub(super) ids: Ids,
    pub(super) effects: VecDeque<Effect>,
    pub(super) shutdown: Option<Shutdown>,
    pub(super) timers: Timers,
    /// What is still to be known of units that are no longer there.
    pub(super) left: BTreeMap<UnitName, Memory>,
    booted: bool,
    due: Vec<usize>,
}

impl Fleet {
    /// A fleet at rest: nothing runs yet, and nothing is known of what does. [`Fleet::adopt`] and [`Fleet::boot`] follow.
    pub fn new(plan: Arc<Plan>, mut memories: BTreeMap<UnitName, Memory>, boot: Boot) -> Fleet {
        let mut fleet = Fleet {
            plan: Arc::clone(&plan),
            ids: Ids::new(boot.seed),
            boot,
            slots: Vec::new(),
            names: BTreeMap::new(),
            runs: BTreeMap::new(),
            order: Order::default(),
            effects: VecDeque::new(),
            shutdown: None,
            timers: Timers::default(),
            left: BTreeMap::new(),
            booted: false,
            due: Vec::new(),
        };
        for unit in plan.units.values() {
            let memory = memories.remove(&unit.name).unwrap_or_default();
            let mut machine = Machine::of(Arc::new(unit.clone()), memory);
            if let (Machine::Service(service), false) = (&mut machine, fleet.boot.fresh) {
                service.recall();
            }
            fleet.add_slot(unit.name.clone(), machine);
        }
        fleet.left = memories;
        fleet.order = Order::of(&fleet.plan, &fleet.names);
        fleet
    }

    /// Begins: autostart, what was missed, `run_on_start`.
    pub fn boot(&mut self, now: Now, out: &mut Vec<Action>) {
        self.booted = true;
        for slot in self.order.sequence.clone() {
            self.boot_slot(now, slot, out);
        }
        self.spread(now, out);
        self.leave_when_done(now, out);
    }

    pub(super) fn boot_slot(&mut self, now: Now, slot: usize, out: &mut Vec<Action>) {
        let (fresh, boot_id) = (self.boot.fresh, self.boot.boot_id.clone());
        self.with(now, slot, out, |slot, turn| {
            slot.boot(turn, fresh, &boot_id);
        });
    }

    /// One thing happened: decides what follows from it.
    pub fn step(&mut self, now: Now, input: Input, out: &mut Vec<Action>) {
        match input {
            Input::Tick => {}
            Input::ClockJump { by_ms } => {
                out.push(Action::Tell(Event::ClockJump { by_ms }));
                for slot in 0..self.slots.len() {
                    self.with(now, slot, out, |slot, turn| slot.clock_jumped(turn, by_ms));
                }
            }
            Input::Durable { run }
            | Input::Spawned { run, .. }
            | Input::SpawnFailed { run, .. }
            | Input::Exited { run, .. }
            | Input::Gone { run, .. }
            | Input::LogFull { run }
            | Input::OutputMatched { run, .. }
            | Input::Probed { run, .. }
            | Input::Notified { run, .. } => {
                if let Some(slot) = self.runs.get(&run).copied() {
                    self.with(now, slot, out, |slot, turn| slot.handle(turn, run, input));
                }
            }
            Input::WatchedChanged { unit, .. } => {
                if let Some(slot) = self.names.get(&unit).copied() {
                    self.with(now, slot, out, |slot, turn| match &mut slot.machine {
                        Machine::Service(service) => service.watched_changed(turn),
                        Machine::Task(_) | Machine::None => {}
                    });
                }
            }
            Input::Command { caller, command } => {
                let answer = self.command(now, command, out);
                self.spread(now, out);
                out.push(Action::Answer { caller, answer });
            }
            Input::Apply { plan, only } => self.apply(now, plan, only, out),
            Input::Shutdown { at_once } => self.begin_shutdown(now, at_once, 0, out),
        }
        self.on_time(now, out);
        self.spread(now, out);
        self.leave_when_done(now, out);
    }

    /// The next moment on each clock at which [`Input::Tick`] is to come.
    pub fn next_deadline(&self) -> Deadline {
        let shutdown = self.shutdown.as_ref().and_then(Shutdown::deadline);
        self.timers.next().or_mono(shutdown)
    }

    /// Every unit, by name.
    pub fn status(&self, now: Now) -> Vec<UnitStatus> {
        let slots = self.names.values();
        slots
            .filter_map(|slot| self.slot(*slot)?.status(now))
            .collect()
    }

    /// One unit.
    pub fn status_of(&self, now: Now, unit: &str) -> Option<UnitStatus> {
        self.slot(*self.names.get(unit)?)?.status(now)
    }

    /// The plan in force.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Whether nothing runs, waits or is scheduled.
    pub fn is_idle(&self) -> bool {
        self.runs.is_empty() && self.slots.iter().flatten().all(Slot::is_idle)
    }

    /// Whether everything is being stopped.
    pub fn is_stopping(&self) -> bool {
        self.shutdown.is_some()
    }

    /// Tells the fleet of the newest ended run of each unit, for people to see; nothing is decided by it.
    pub fn recall(&mut self, rows: impl IntoIterator<Item = RunRecord>) {
        for row in rows {
            let slot = self.names.get(&row.unit).copied();
            let Some(slot) = slot.and_then(|at| self.slots.get_mut(at)?.as_mut()) else {
                continue;
            };
            if let Some(last) = slot.machine.last_run() {
                *last = Some(Box::new(row));
            }
        }
    }

    /// These runs are out of sight, and the newest of each unit that are left are these. What has ended since they were
    /// looked for stays.
    pub fn forget(&mut self, gone: &[RunId], newest: impl IntoIterator<Item = RunRecord>) {
        for slot in self.slots.iter_mut().flatten() {
            if let Some(last) = slot.machine.last_run()
                && last.as_ref().is_some_and(|row| gone.contains(&row.id))
            {
                *last = None;
            }
        }
        let newer = |row: &RunRecord, fleet: &mut Fleet| {
            let slot = fleet.names.get(&row.unit).copied();
            let last = slot.and_then(|at| fleet.slots.get_mut(at)?.as_mut()?.machine.last_run());
            last.is_some_and(|last| last.as_ref().is_none_or(|last| last.id < row.id))
        };
        for row in newest {
            if newer(&row, self) {
                self.recall([row]);
            }
        }
    }

    pub(super) fn slot(&self, slot: usize) -> Option<&Slot> {
        self.slots.get(slot)?.as_ref()
    }

    pub(super) fn add_slot(&mut self, name: UnitName, machine: Machine) -> usize {
        let slot = self.slots.len();
        self.slots.push(Some(Slot::new(name.clone(), machine)));
        self.names.insert(name, slot);
        slot
    }

    /// Gives one unit its turn; its deadline is up to date after it.
    pub(super) fn with<R>(
        &mut self,
        now: Now,
        at: usize,
        out: &mut Vec<Action>,
        act: impl FnOnce(&mut Slot, &mut Turn) -> R,
    ) -> Option<R> {
        let slot = self.slots.get_mut(at)?.as_mut()?;
        let mut turn = Turn {
            now,
            out,
            ids: &mut self.ids,
            effects: &mut self.effects,
            runs: &mut self.runs,
            slot: at,
            stopping: self.shutdown.is_some(),
        };
        let result = act(slot, &mut turn);
        self.timers.set(at, slot.deadline());
        Some(result)
    }

    fn on_time(&mut self, now: Now, out: &mut Vec<Action>) {
        let mut due = std::mem::take(&mut self.due);
        self.timers.due(now, &mut due);
        for slot in due.drain(..) {
            self.with(now, slot, out, |slot, turn| slot.on_time(turn));
        }
        self.due = due;
        let Some(shutdown) = &mut self.shutdown else {
            return;
        };
        if shutdown.kill_at.is_some_and(|at| at <= now.mono) {
            self.kill_all(now, out);
        } else if shutdown.give_up_at.is_some_and(|at| at <= now.mono) {
            shutdown.give_up_at = None;
            for slot in 0..self.slots.len() {
                self.with(now, slot, out, |slot, turn| slot.abandon(turn));
            }
        }
    }

    /// Lets what a unit came to reach the others, until nothing is left to tell.
    pub(super) fn spread(&mut self, now: Now, out: &mut Vec<Action>) {
        while let Some(effect) = self.effects.pop_front() {
            match effect {
                Effect::WantsStart(slot) => self.try_start(now, slot, out),
                Effect::Readiness(slot) => {
                    for above in self.order.needed_by(slot).to_vec() {
                        self.try_start(now, above, out);
                    }
                }
                Effect::Chain { target, from: _ } => {
                    let slot = self.names.get(&target).copied();
                    if let (Some(slot), None) = (slot, &self.shutdown) {
                        self.with(now, slot, out, |slot, turn| match &mut slot.machine {
                            Machine::Task(task) if !slot.leaving => {
                                task.request(turn, Trigger::Chain, RunVars::new());
                            }
                            Machine::Task(_) | Machine::Service(_) | Machine::None => {}
                        });
                    }
                }
                Effect::CriticalEnded { .. } => self.begin_shutdown(now, false, 1, out),
                Effect::Rested(slot) => self.rested(now, slot, out),
            }
        }
    }

    /// Starts what waits in a service, if all it depends on is ready.
    fn try_start(&mut self, now: Now, at: usize, out: &mut Vec<Action>) {
        if self.shutdown.is_some() {
            return;
        }
        let blocked = self.blocked(at);
        self.with(now, at, out, |slot, turn| match &mut slot.machine {
            Machine::Service(service) => match blocked {
                None => service.proceed(turn),
                Some(why) => service.held_back(turn, &why),
            },
            Machine::Task(_) | Machine::None => {}
        });
    }

    /// What a service still has to wait for.
    fn blocked(&self, at: usize) -> Option<String> {
        let Machine::Service(service) = &self.slot(at)?.machine else {
            return None;
        };
        let Role::Service(plan) = &service.unit.role else {
            return None;
        };
        plan.depends_on.iter().find_map(|need| {
            let slot = self.names.get(need).and_then(|slot| self.slot(*slot));
            let why = match slot.map(|slot| &slot.machine) {
                Some(Machine::Service(needed)) if needed.is_ready() => return None,
                Some(Machine::Service(needed)) => needed.why_not_ready(),
                Some(Machine::Task(_)) => "is a task".to_owned(),
                Some(Machine::None) | None => "is not defined".to_owned(),
            };
            Some(format!("waits for {need}, which {why}"))
        })
    }

    /// Something of a unit has ended: if it was the last, others may go on.
    fn rested(&mut self, now: Now, at: usize, out: &mut Vec<Action>) {
        if self.slot(at).is_none_or(|slot| !slot.is_quiet()) {
            return;
        }
        if let Some(shutdown) = &mut self.shutdown {
            if shutdown.rested(at, &self.order) {
                self.stop_next(now, out);
            }
            return;
        }
        self.settle_leaving(now, at, out);
    }

    /// Stops everything. A second time: without order and grace.
    pub(super) fn begin_shutdown(
        &mut self,
        now: Now,
        at_once: bool,
        code: i32,
        out: &mut Vec<Action>,
    ) {
        if self.shutdown.is_some() {
            if at_once {
                self.kill_all(now, out);
            }
            return;
        }
        let ceiling = now.mono.plus(self.plan.daemon.shutdown_timeout);
        self.shutdown = Some(Shutdown::begin(code, ceiling));
        out.push(Action::Tell(Event::DaemonStopping));
        for slot in 0..self.slots.len() {
            self.with(now, slot, out, |slot, turn| slot.hush(turn));
        }
        let there = |slot: &usize| self.slot(*slot).is_some_and(|slot| !slot.is_quiet());
        let alive: Vec<usize> = (0..self.slots.len()).filter(there).collect();
        if let Some(shutdown) = &mut self.shutdown {
            shutdown.survey(&alive, &self.order);
        }
        if at_once || self.plan.daemon.shutdown_timeout.is_zero() {
            self.kill_all(now, out);
        }
        self.stop_next(now, out);
    }

    fn stop_next(&mut self, now: Now, out: &mut Vec<Action>) {
        let Some(shutdown) = &mut self.shutdown else {
            return;
        };
        for slot in shutdown.release(&self.order) {
            self.with(now, slot, out, |slot, turn| slot.stop(turn));
        }
        if let Some(shutdown) = &mut self.shutdown
            && shutdown.is_done()
            && !std::mem::replace(&mut shutdown.left, true)
        {
            let code = shutdown.code;
            out.push(Action::Exit { code });
        }
    }

    fn kill_all(&mut self, now: Now, out: &mut Vec<Action>) {
        if let Some(shutdown) = &mut self.shutdown {
            shutdown.kill_at = None;
            shutdown.give_up_at.get_or_insert(now.mono.plus(GIVE_UP));
        }
        for slot in 0..self.slots.len() {
            self.with(now, slot, out, |slot, turn| slot.kill(turn));
        }
    }

    /// `exit_when_done`.
    fn leave_when_done(&mut self, now: Now, out: &mut Vec<Action>) {
        let wanted = self.plan.daemon.exit_when_done && self.booted;
        if wanted && self.shutdown.is_none() && self.is_idle() {
            self.begin_shutdown(now, false, 0, out);
        }
    }
}
