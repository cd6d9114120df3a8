//! One turn of the fleet as the machines see it: the time, where orders go, and what other units must hear.

use std::collections::BTreeMap;

use super::ids::Ids;
use crate::config::plan::Unit;
use crate::words::action::{Action, Memory};
use crate::words::event::Event;
use crate::words::ids::{RunId, UnitName};
use crate::words::run::RunRecord;
use crate::words::time::Now;

/// What a unit's change means to others. Spread by the fleet once the unit has come to rest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Instances of a service want to start: somebody has to look at what it depends on.
    WantsStart(usize),
    /// A service has become ready or is ready no more: those who wait for it are looked at.
    Readiness(usize),
    /// A unit has ended and triggers a task.
    Chain {
        /// The task to run.
        target: UnitName,
        /// The unit that ended.
        from: UnitName,
    },
    /// A critical service has ended for good.
    CriticalEnded {
        /// Which.
        unit: UnitName,
        /// How.
        message: String,
    },
    /// Something of this unit has ended: it may be quiet now.
    Rested(usize),
}

/// One turn.
pub(crate) struct Turn<'a> {
    pub(crate) now: Now,
    pub(crate) out: &'a mut Vec<Action>,
    pub(crate) ids: &'a mut Ids,
    pub(crate) effects: &'a mut std::collections::VecDeque<Effect>,
    /// Which unit a run in flight belongs to.
    pub(crate) runs: &'a mut BTreeMap<RunId, usize>,
    /// The unit whose turn it is.
    pub(crate) slot: usize,
    /// The daemon is stopping: nothing may be spawned any more.
    pub(crate) stopping: bool,
}

impl Turn<'_> {
    /// Writes a row and tells of the state it is in.
    pub(crate) fn record(&mut self, row: &RunRecord, confirm: bool) {
        self.out.push(Action::Record {
            row: Box::new(row.clone()),
            confirm,
        });
        self.tell(Event::Run {
            run: row.id,
            unit: row.unit.clone(),
            kind: row.kind,
            instance: row.instance,
            state: row.state,
            outcome: row.outcome,
            message: row.message.clone(),
        });
    }

    pub(crate) fn tell(&mut self, event: Event) {
        self.out.push(Action::Tell(event));
    }

    pub(crate) fn remember(&mut self, unit: &UnitName, memory: &Memory) {
        self.out.push(Action::Remember {
            unit: unit.clone(),
            memory: memory.clone(),
        });
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    /// From now on inputs about this run reach this unit.
    pub(crate) fn open(&mut self, run: RunId) {
        self.runs.insert(run, self.slot);
    }

    /// Inputs about this run are stale from now on.
    pub(crate) fn close(&mut self, run: RunId) {
        self.runs.remove(&run);
        let slot = self.slot;
        self.effect(Effect::Rested(slot));
    }

    /// The unit has succeeded or failed, for good: what is to follow it is triggered.
    pub(crate) fn chain(&mut self, unit: &Unit, succeeded: bool) {
        let targets = if succeeded {
            &unit.on_success
        } else {
            &unit.on_failure
        };
        for target in targets {
            self.effect(Effect::Chain {
                target: target.clone(),
                from: unit.name.clone(),
            });
        }
    }
}
