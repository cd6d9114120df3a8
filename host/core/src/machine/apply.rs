//! A new plan comes into force: only what changed is touched.
//!
//! | a unit is | then |
//! | --- | --- |
//! | the same, perhaps in another place of the files | nothing |
//! | new | begins as at a boot |
//! | changed | its machine is told; processes start anew only where their command, or how it is started, changed |
//! | of another kind now | ends; the new one begins when nothing of the old one is left |
//! | no longer there | a service stops, a task's runs end by themselves; then it is forgotten, but for what `ticker::left` keeps |
//!
//! Invariant: a plan is put in force as a whole or for the named units only; the others keep their definitions.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fleet::Fleet;
use super::order::Order;
use super::slot::Machine;
use super::ticker;
use crate::config::plan::{Plan, Unit};
use crate::words::action::{Action, Memory};
use crate::words::event::Event;
use crate::words::ids::UnitName;
use crate::words::time::Now;

impl Fleet {
    pub(super) fn apply(
        &mut self,
        now: Now,
        plan: Arc<Plan>,
        only: Option<Vec<UnitName>>,
        out: &mut Vec<Action>,
    ) {
        if self.is_stopping() {
            return;
        }
        let old = Arc::clone(&self.plan);
        self.plan = match &only {
            Some(names) => Arc::new(merge(&old, &plan, names)),
            None => plan,
        };
        let new = Arc::clone(&self.plan);
        let all: BTreeSet<&UnitName> = old.units.keys().chain(new.units.keys()).collect();
        let differs = |name: &&UnitName| !same(old.units.get(*name), new.units.get(*name));
        let changed: Vec<UnitName> = all.into_iter().filter(differs).cloned().collect();
        let mut added = Vec::new();
        for name in &changed {
            match new.units.get(name) {
                Some(unit) => added.extend(self.put(now, unit, out)),
                None => self.take_away(now, name, out),
            }
        }
        self.order = Order::of(&self.plan, &self.names);
        for slot in self.order.sequence.clone() {
            if added.contains(&slot) {
                self.boot_slot(now, slot, out);
            }
        }
        out.push(Action::Tell(Event::Reloaded { changed }));
        self.spread(now, out);
        self.look_at_waiting(now, out);
    }

    /// Puts one unit in force. The slot that has to be booted, for a new one.
    fn put(&mut self, now: Now, unit: &Unit, out: &mut Vec<Action>) -> Option<usize> {
        let unit = Arc::new(unit.clone());
        let Some(at) = self.names.get(&unit.name).copied() else {
            let machine = Machine::of(Arc::clone(&unit), self.what_is_left(now, &unit.name));
            return Some(self.add_slot(unit.name.clone(), machine));
        };
        self.leave_behind(now, at);
        self.with(now, at, out, |slot, turn| {
            if slot.kind() == Some(unit.kind()) && !slot.leaving && slot.next.is_none() {
                match &mut slot.machine {
                    Machine::Service(service) => service.redefine(turn, unit),
                    Machine::Task(task) => task.redefine(turn, unit),
                    Machine::None => {}
                }
                return;
            }
            slot.leaving = false;
            slot.next = Some(unit);
            slot.retire(turn, true);
        });
        self.settle_leaving(now, at, out);
        None
    }

    fn take_away(&mut self, now: Now, name: &UnitName, out: &mut Vec<Action>) {
        let Some(at) = self.names.get(name).copied() else {
            return;
        };
        self.leave_behind(now, at);
        self.with(now, at, out, |slot, turn| {
            slot.leaving = true;
            slot.next = None;
            slot.retire(turn, false);
        });
        self.settle_leaving(now, at, out);
    }

    /// If nothing of a unit is left that had to go, it goes, or makes room for what comes after it.
    pub(super) fn settle_leaving(&mut self, now: Now, at: usize, out: &mut Vec<Action>) {
        let Some(slot) = self.slots.get_mut(at).and_then(Option::as_mut) else {
            return;
        };
        if !slot.is_quiet() {
            return;
        }
        let name = slot.name.clone();
        let next = slot.next.take();
        if next.is_none() && !slot.leaving {
            return;
        }
        out.push(match self.left.get(&name) {
            Some(memory) => Action::Remember {
                unit: name.clone(),
                memory: memory.clone(),
            },
            None => Action::Unremember { unit: name.clone() },
        });
        let Some(unit) = next else {
            self.slots[at] = None;
            self.names.remove(&name);
            self.timers.set(at, super::timers::Deadline::default());
            return;
        };
        let memory = self.what_is_left(now, &name);
        if let Some(slot) = self.slots.get_mut(at).and_then(Option::as_mut) {
            slot.machine = Machine::of(unit, memory);
        }
        self.boot_slot(now, at, out);
    }

    /// Keeps what has to be known of a unit if it comes back.
    fn leave_behind(&mut self, now: Now, at: usize) {
        let Some(slot) = self.slots.get(at).and_then(Option::as_ref) else {
            return;
        };
        if let Machine::Task(task) = &slot.machine
            && let Some(memory) = task.left(now.wall)
        {
            self.left.insert(slot.name.clone(), memory);
        }
    }

    /// What a unit that is new knows of one of its name that was there before.
    fn what_is_left(&mut self, now: Now, name: &UnitName) -> Memory {
        let left = self.left.remove(name);
        left.and_then(|memory| ticker::left(&memory, now.wall))
            .unwrap_or_default()
    }

    /// What a service depends on may be another now.
    fn look_at_waiting(&mut self, now: Now, out: &mut Vec<Action>) {
        for slot in self.order.sequence.clone() {
            self.effects
                .push_back(super::turn::Effect::WantsStart(slot));
        }
        self.spread(now, out);
    }
}

/// `old` with the named units as they are in `new`.
fn merge(old: &Plan, new: &Plan, names: &[UnitName]) -> Plan {
    let mut merged = old.clone();
    for name in names {
        match new.units.get(name) {
            Some(unit) => merged.units.insert(name.clone(), unit.clone()),
            None => merged.units.remove(name),
        };
    }
    merged
}

/// Whether two definitions say the same, wherever they stand.
fn same(old: Option<&Unit>, new: Option<&Unit>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => {
            let mut moved = old.clone();
            moved.source = new.source.clone();
            moved == *new
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
