//! The place of one unit in the fleet: its machine, and runs that fit no machine any more.
//!
//! Invariant: a slot is named by its number for as long as the fleet lives; numbers are never given out twice.

use std::sync::Arc;

use super::live::Live;
use super::run::Cause;
use super::service::{ServiceMachine, gravity};
use super::task::TaskMachine;
use super::timers::{Deadline, earlier};
use super::turn::Turn;
use crate::config::plan::{Role, Unit};
use crate::words::action::Memory;
use crate::words::ids::{RunId, UnitName};
use crate::words::input::Input;
use crate::words::run::{Kind, RunRecord};
use crate::words::status::{InstanceState, InstanceStatus, UnitStatus};
use crate::words::time::Now;

/// What drives a unit.
#[derive(Clone, Debug)]
pub(crate) enum Machine {
    Service(Box<ServiceMachine>),
    Task(Box<TaskMachine>),
    /// The unit is not defined: there are only runs of it.
    None,
}

impl Machine {
    /// The newest ended run, for people to see.
    pub(super) fn last_run(&mut self) -> Option<&mut Option<Box<RunRecord>>> {
        match self {
            Machine::Service(service) => Some(&mut service.last_run),
            Machine::Task(task) => Some(&mut task.last_run),
            Machine::None => None,
        }
    }
}

/// One unit.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) name: UnitName,
    pub(crate) machine: Machine,
    /// Runs of an earlier definition that are being ended.
    pub(crate) strays: Vec<Live>,
    /// What begins here once everything of the machine is gone.
    pub(crate) next: Option<Arc<Unit>>,
    /// Goes once everything of it is gone.
    pub(crate) leaving: bool,
}

impl Machine {
    /// The machine for a unit.
    pub(crate) fn of(unit: Arc<Unit>, memory: Memory) -> Machine {
        match &unit.role {
            Role::Service(_) => Machine::Service(Box::new(ServiceMachine::new(unit, memory))),
            Role::Task(task) => {
                let machine = TaskMachine::new(Arc::clone(&unit), task, memory);
                Machine::Task(Box::new(machine))
            }
        }
    }
}

impl Slot {
    pub(crate) fn new(name: UnitName, machine: Machine) -> Slot {
        Slot {
            name,
            leaving: matches!(machine, Machine::None),
            machine,
            strays: Vec::new(),
            next: None,
        }
    }

    pub(crate) fn boot(&mut self, turn: &mut Turn, fresh: bool, boot_id: &str) {
        match &mut self.machine {
            Machine::Service(service) => service.boot(turn),
            Machine::Task(task) => task.boot(turn, fresh, boot_id),
            Machine::None => {}
        }
    }

    pub(crate) fn handle(&mut self, turn: &mut Turn, run: RunId, input: Input) {
        if let Some(at) = self.strays.iter().position(|live| live.row.id == run) {
            self.handle_stray(turn, at, input);
            return;
        }
        match &mut self.machine {
            Machine::Service(service) => service.handle(turn, run, input),
            Machine::Task(task) => task.handle(turn, run, input),
            Machine::None => {}
        }
    }

    fn handle_stray(&mut self, turn: &mut Turn, at: usize, input: Input) {
        let live = &mut self.strays[at];
        let over = match input {
            Input::Spawned {
                pid, mono, wall, ..
            } => {
                live.spawned(turn, pid, mono, wall);
                false
            }
            Input::SpawnFailed { message, .. } => {
                live.spawn_failed(turn, &message);
                true
            }
            Input::Exited { exit, .. } => {
                live.exited(turn, exit);
                false
            }
            Input::Gone { output, .. } => {
                live.gone(turn, output);
                true
            }
            Input::Durable { .. }
            | Input::LogFull { .. }
            | Input::OutputMatched { .. }
            | Input::Notified { .. }
            | Input::Tick
            | Input::ClockJump { .. }
            | Input::Probed { .. }
            | Input::WatchedChanged { .. }
            | Input::Command { .. }
            | Input::Apply { .. }
            | Input::Shutdown { .. } => false,
        };
        if over {
            self.strays.remove(at);
        }
    }

    pub(crate) fn on_time(&mut self, turn: &mut Turn) {
        for live in &mut self.strays {
            live.on_time(turn);
        }
        match &mut self.machine {
            Machine::Service(service) => service.on_time(turn),
            Machine::Task(task) => task.on_time(turn),
            Machine::None => {}
        }
    }

    pub(crate) fn clock_jumped(&mut self, turn: &mut Turn, by_ms: i64) {
        match &mut self.machine {
            Machine::Task(task) => task.clock_jumped(turn, by_ms),
            Machine::Service(_) | Machine::None => {}
        }
    }

    pub(crate) fn deadline(&self) -> Deadline {
        let own = match &self.machine {
            Machine::Service(service) => service.deadline(),
            Machine::Task(task) => task.deadline(),
            Machine::None => Deadline::default(),
        };
        let strays = self.strays.iter().filter_map(Live::deadline).min();
        Deadline {
            mono: earlier(own.mono, strays),
            wall: own.wall,
        }
    }

    /// The daemon is stopping: nothing starts any more; tasks end, services wait for their turn.
    pub(crate) fn hush(&mut self, turn: &mut Turn) {
        for live in &mut self.strays {
            live.stop(turn, Cause::DaemonStopping);
        }
        self.next = None;
        match &mut self.machine {
            Machine::Service(service) => service.hush(turn),
            Machine::Task(task) => {
                task.stop_all(turn, &Cause::DaemonStopping);
            }
            Machine::None => {}
        }
    }

    /// Its definition is gone. A task's runs end by themselves, unless something else has to `make_room` for the next.
    pub(crate) fn retire(&mut self, turn: &mut Turn, make_room: bool) {
        match &mut self.machine {
            Machine::Service(service) => service.retire(turn),
            Machine::Task(task) => {
                task.retire(turn);
                if make_room {
                    task.stop_all(turn, &Cause::Asked("its definition was replaced"));
                }
            }
            Machine::None => {}
        }
    }

    /// Its turn to stop has come.
    pub(crate) fn stop(&mut self, turn: &mut Turn) {
        match &mut self.machine {
            Machine::Service(service) => {
                service.stop_all(turn, &Cause::DaemonStopping);
            }
            Machine::Task(_) | Machine::None => {}
        }
    }

    /// The daemon's patience is over.
    pub(crate) fn kill(&mut self, turn: &mut Turn) {
        for live in &mut self.strays {
            live.kill(turn, Cause::DaemonStopping);
        }
        match &mut self.machine {
            Machine::Service(service) => service.kill(turn, &Cause::DaemonStopping),
            Machine::Task(task) => task.kill(turn, &Cause::DaemonStopping),
            Machine::None => {}
        }
    }

    /// Gives up on what will not die.
    pub(crate) fn abandon(&mut self, turn: &mut Turn) {
        while let Some(mut live) = self.strays.pop() {
            live.abandon(turn);
        }
        match &mut self.machine {
            Machine::Service(service) => service.abandon(turn),
            Machine::Task(task) => task.abandon(turn),
            Machine::None => {}
        }
    }

    /// No process of it is left.
    pub(crate) fn is_quiet(&self) -> bool {
        self.strays.is_empty()
            && match &self.machine {
                Machine::Service(service) => service.is_quiet(),
                Machine::Task(task) => task.is_quiet(),
                Machine::None => true,
            }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.strays.is_empty()
            && self.next.is_none()
            && match &self.machine {
                Machine::Service(service) => service.is_idle(),
                Machine::Task(task) => task.is_idle(),
                Machine::None => true,
            }
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        match &self.machine {
            Machine::Service(_) => Some(Kind::Service),
            Machine::Task(_) => Some(Kind::Task),
            Machine::None => None,
        }
    }

    /// What people see; nothing for a unit that is no longer defined and has no run left.
    pub(crate) fn status(&self, now: Now) -> Option<UnitStatus> {
        let mut status = match &self.machine {
            Machine::Service(service) => service.status(now),
            Machine::Task(task) => task_status(task, now),
            Machine::None => UnitStatus {
                name: self.name.clone(),
                kind: self.strays.first()?.row.kind,
                group: None,
                description: None,
                state: InstanceState::Stopping,
                next_run_at: None,
                standing: None,
                instances: Vec::new(),
                last_run: None,
            },
        };
        for live in &self.strays {
            let index = live.row.instance;
            status.instances.push(run_status(live, index, now));
        }
        Some(status)
    }
}

fn task_status(task: &TaskMachine, now: Now) -> UnitStatus {
    let mut instances: Vec<InstanceStatus> = Vec::new();
    for (index, live) in (0..).zip(&task.active) {
        instances.push(run_status(live, index, now));
    }
    for (index, (at, waiting)) in (task.active.len()..).zip(task.queue.iter()) {
        instances.push(InstanceStatus {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            state: InstanceState::Waiting,
            pid: None,
            run_id: Some(waiting.row.id),
            uptime: None,
            restarts: 0,
            retry_in: at.map(|at| at.since(now.mono)),
            message: waiting.row.message.clone(),
            usage: None,
        });
    }
    UnitStatus {
        name: task.unit.name.clone(),
        kind: Kind::Task,
        group: task.unit.group.clone(),
        description: task.unit.description.clone(),
        state: instances
            .iter()
            .map(|i| i.state)
            .max_by_key(|state| gravity(*state))
            .unwrap_or(InstanceState::Stopped),
        next_run_at: task.next_run_at(),
        standing: task.standing(),
        instances,
        last_run: task.last_run.as_deref().cloned(),
    }
}

fn run_status(live: &Live, index: u32, now: Now) -> InstanceStatus {
    let alive = live.exit.is_none();
    InstanceStatus {
        index,
        state: match (live.is_ending(), live.is_up()) {
            (true, _) => InstanceState::Stopping,
            (false, true) => InstanceState::Running,
            (false, false) => InstanceState::Starting,
        },
        pid: live.row.pid.filter(|_| alive),
        run_id: Some(live.row.id),
        uptime: live
            .started
            .filter(|_| alive)
            .map(|began| now.mono.since(began)),
        restarts: 0,
        retry_in: None,
        message: live.row.message.clone(),
        usage: None,
    }
}
