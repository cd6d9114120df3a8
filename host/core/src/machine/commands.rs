//! What operators ask for: one function per command, each answered.
//!
//! Invariant: a command that is refused changes nothing.

use super::fleet::Fleet;
use super::run::Cause;
use super::slot::Machine;
use crate::words::action::Action;
use crate::words::command::{Command, Done, Refusal};
use crate::words::ids::{RunId, UnitName};
use crate::words::run::Trigger;
use crate::words::signal::Signal;
use crate::words::spawn::{RunVars, Scope};
use crate::words::time::Now;

type Answer = Result<Done, Refusal>;

impl Fleet {
    pub(super) fn command(&mut self, now: Now, command: Command, out: &mut Vec<Action>) -> Answer {
        if self.is_stopping() {
            return Err(Refusal::ShuttingDown);
        }
        match command {
            Command::Start { unit } => self.command_start(now, &unit, out),
            Command::Stop { unit } => self.command_stop(now, &unit, out),
            Command::Restart { unit } => self.command_restart(now, &unit, out),
            Command::Run {
                unit,
                trigger,
                params,
            } => self.command_run(now, &unit, trigger, params, out),
            Command::StopRun { run } => self.command_stop_run(now, run, out),
            Command::Signal {
                unit,
                signal,
                scope,
            } => self.command_signal(now, &unit, signal, scope, out),
        }
    }

    fn command_start(&mut self, now: Now, unit: &UnitName, out: &mut Vec<Action>) -> Answer {
        let slot = self.unlocked(unit)?;
        let changed = self.with(now, slot, out, |slot, turn| match &mut slot.machine {
            Machine::Service(service) => (service.start(turn, Trigger::Manual), None),
            Machine::Task(task) => {
                let run = task.request(turn, Trigger::Manual, RunVars::new());
                (true, Some(run))
            }
            Machine::None => (false, None),
        });
        self.spread(now, out);
        let (changed, run) = changed.unwrap_or((false, None));
        let runs = match run {
            Some(run) => vec![run],
            None => self.runs_of(slot),
        };
        Ok(Done { runs, changed })
    }

    fn command_stop(&mut self, now: Now, unit: &UnitName, out: &mut Vec<Action>) -> Answer {
        let slot = self.known(unit)?;
        if self.kind_is_service(slot) {
            self.unlocked(unit)?;
        }
        let runs = self.runs_of(slot);
        let done = self.with(now, slot, out, |slot, turn| match &mut slot.machine {
            Machine::Service(service) => {
                let changed = service.stop(turn);
                Done { runs, changed }
            }
            Machine::Task(task) => {
                let runs = task.stop_all(turn, &Cause::Asked("stopped by an operator"));
                let changed = !runs.is_empty();
                Done { runs, changed }
            }
            Machine::None => nothing(),
        });
        Ok(done.unwrap_or_else(nothing))
    }

    fn command_restart(&mut self, now: Now, unit: &UnitName, out: &mut Vec<Action>) -> Answer {
        let slot = self.unlocked(unit)?;
        let mut runs = self.runs_of(slot);
        let fresh = self.with(now, slot, out, |slot, turn| match &mut slot.machine {
            Machine::Service(service) => {
                service.restart(turn, Trigger::Manual, "restarted by an operator");
                None
            }
            Machine::Task(task) => {
                task.stop_all(turn, &Cause::Asked("restarted by an operator"));
                Some(task.request(turn, Trigger::Manual, RunVars::new()))
            }
            Machine::None => None,
        });
        runs.extend(fresh.flatten());
        let changed = true;
        Ok(Done { runs, changed })
    }

    fn command_run(
        &mut self,
        now: Now,
        unit: &UnitName,
        trigger: Trigger,
        params: RunVars,
        out: &mut Vec<Action>,
    ) -> Answer {
        let slot = match trigger {
            Trigger::Hook => self.known(unit)?,
            _ => self.unlocked(unit)?,
        };
        if self.kind_is_service(slot) {
            return Err(Refusal::WrongKind {
                unit: unit.clone(),
                help: "It is a service, which is started rather than run.".to_owned(),
            });
        }
        let run = self.with(now, slot, out, |slot, turn| match &mut slot.machine {
            Machine::Task(task) => Some(task.request(turn, trigger, params)),
            Machine::Service(_) | Machine::None => None,
        });
        Ok(Done {
            runs: run.flatten().into_iter().collect(),
            changed: true,
        })
    }

    fn command_stop_run(&mut self, now: Now, run: RunId, out: &mut Vec<Action>) -> Answer {
        let slot = self.runs.get(&run).copied();
        let slot = slot.or_else(|| self.slot_of_waiting(run));
        let found = slot.and_then(|slot| {
            self.with(now, slot, out, |slot, turn| match &mut slot.machine {
                Machine::Service(service) => service.stop_run(turn, run),
                Machine::Task(task) => task.stop_run(turn, run),
                Machine::None => false,
            })
        });
        if found != Some(true) {
            return Err(Refusal::NoSuchRun { run });
        }
        Ok(Done {
            runs: vec![run],
            changed: true,
        })
    }

    fn command_signal(
        &mut self,
        now: Now,
        unit: &UnitName,
        signal: Signal,
        scope: Scope,
        out: &mut Vec<Action>,
    ) -> Answer {
        let slot = self.known(unit)?;
        let runs = self.with(now, slot, out, |slot, turn| match &slot.machine {
            Machine::Service(service) => service.signal(turn, signal, scope),
            Machine::Task(task) => task.signal(turn, signal, scope),
            Machine::None => Vec::new(),
        });
        let runs = runs.unwrap_or_default();
        if runs.is_empty() {
            return Err(Refusal::NotRunning { unit: unit.clone() });
        }
        Ok(Done {
            runs,
            changed: false,
        })
    }

    /// The slot of a unit that is defined.
    fn known(&self, unit: &UnitName) -> Result<usize, Refusal> {
        let slot = self.names.get(unit).copied();
        slot.filter(|_| self.plan.units.contains_key(unit))
            .ok_or_else(|| Refusal::NoSuchUnit {
                unit: unit.to_string(),
            })
    }

    /// The slot of a unit that operators may trigger.
    fn unlocked(&self, unit: &UnitName) -> Result<usize, Refusal> {
        let slot = self.known(unit)?;
        match self.plan.units.get(unit) {
            Some(plan) if !plan.manual_trigger => Err(Refusal::Locked { unit: unit.clone() }),
            Some(_) | None => Ok(slot),
        }
    }

    fn kind_is_service(&self, slot: usize) -> bool {
        let machine = self.slot(slot).map(|slot| &slot.machine);
        matches!(machine, Some(Machine::Service(_)))
    }

    fn runs_of(&self, slot: usize) -> Vec<RunId> {
        match self.slot(slot).map(|slot| &slot.machine) {
            Some(Machine::Service(service)) => service.runs(),
            Some(Machine::Task(task)) => task.active.iter().map(|live| live.row.id).collect(),
            Some(Machine::None) | None => Vec::new(),
        }
    }

    fn slot_of_waiting(&self, run: RunId) -> Option<usize> {
        self.slots.iter().position(|slot| match slot {
            Some(slot) => match &slot.machine {
                Machine::Task(task) => task.queue.iter().any(|(_, w)| w.row.id == run),
                Machine::Service(_) | Machine::None => false,
            },
            None => false,
        })
    }
}

fn nothing() -> Done {
    Done {
        runs: Vec::new(),
        changed: false,
    }
}
