//! Taking over from a daemon that died: what the keeper holds, and what the store has open.
//!
//! | there is | it becomes |
//! | --- | --- |
//! | a held run of a service's instance, alive | its run; held to be ready, its health is checked anew |
//! | a held run of a task, alive | one of its runs |
//! | a held run of anything else: the unit, kind or instance is gone | a stray: ended, and recorded to its end |
//! | a held run that ended meanwhile | its end is judged now, as if it had been seen |
//! | a waiting row of a task, or one that was decided and never reached the keeper, which lives | waits again, its time as before |
//! | any other open row | closed as `interrupted`: nobody holds it |
//!
//! A pending retry is the second last kind: its row is made, `queued`, when the attempt before it fails, and its time
//! is that of the row plus the delay of its attempt.
//!
//! Invariant: nothing is spawned here; [`Fleet::boot`] does that with all of this known.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::fleet::Fleet;
use super::instance::NO_SERVICE;
use super::live::Live;
use super::run::Cause;
use super::slot::Machine;
use crate::config::plan::{Role, SourcePlace, Unit};
use crate::words::action::Action;
use crate::words::input::Input;
use crate::words::keeper::{Exit, OutputTotals, SpawnStep};
use crate::words::run::{Kind, Outcome, RunRecord, RunState};
use crate::words::signal::Signal;
use crate::words::spawn::{CgroupLimits, EnvBase, OnFull, Scope, SpawnSpec, Stdin};
use crate::words::time::{Mono, Now};

/// A run the keeper holds, with its row and what else its tag told.
#[derive(Clone, Debug, PartialEq)]
pub struct Adopted {
    /// Its row, as it was when it was spawned.
    pub row: RunRecord,
    /// Failures in a row before it.
    pub failures: u32,
    /// Its main process; none while it is being started.
    pub pid: Option<i32>,
    /// When it was executed.
    pub started: Option<(Mono, Timestamp)>,
    /// The failure of its start: the step, the error number, and plain words.
    pub failed: Option<(SpawnStep, i32, String)>,
    /// How the main process ended.
    pub exit: Option<Exit>,
    /// Totals of its output, once nothing of it is left.
    pub gone: Option<OutputTotals>,
    /// Whether it printed too much.
    pub log_full: bool,
}

impl Fleet {
    /// Takes over what the keeper holds and what the store has open. Before [`Fleet::boot`], once.
    pub fn adopt(
        &mut self,
        now: Now,
        mut adopted: Vec<Adopted>,
        open: Vec<RunRecord>,
        out: &mut Vec<Action>,
    ) {
        adopted.sort_by_key(|held| held.row.id);
        for held in adopted {
            self.ids.seen(held.row.id);
            self.adopt_held(now, held, out);
        }
        for row in open {
            self.ids.seen(row.id);
            if !self.runs.contains_key(&row.id) {
                self.adopt_row(now, row, out);
            }
        }
    }

    fn adopt_held(&mut self, now: Now, held: Adopted, out: &mut Vec<Action>) {
        let name = held.row.unit.clone();
        let at = match self.names.get(&name) {
            Some(at) => *at,
            None => self.add_slot(name, Machine::None),
        };
        let run = held.row.id;
        let (row, failures) = (held.row.clone(), held.failures);
        let ended = held.exit.is_some() || held.failed.is_some();
        self.with(now, at, out, |slot, turn| {
            let fits = match (&mut slot.machine, row.kind) {
                (Machine::Service(service), Kind::Service) => service.adopt(turn, &row, failures),
                (Machine::Task(task), Kind::Task) => {
                    task.adopt(turn, row.clone());
                    true
                }
                (Machine::Service(_) | Machine::Task(_) | Machine::None, _) => false,
            };
            if !fits {
                let unit = Arc::new(stranger(&row));
                let mut stray = Live::adopt(turn, row, unit);
                if !ended {
                    stray.stop(turn, Cause::Asked("its definition was removed"));
                }
                slot.strays.push(stray);
            }
        });
        for input in history(held) {
            self.with(now, at, out, |slot, turn| slot.handle(turn, run, input));
        }
    }

    fn adopt_row(&mut self, now: Now, mut row: RunRecord, out: &mut Vec<Action>) {
        let waits = row.kind == Kind::Task
            && match row.state {
                RunState::Queued => true,
                // A keeper that lives knows all it was ever asked to spawn; of one that is gone nobody can tell.
                RunState::Starting => !self.boot.fresh,
                RunState::Running | RunState::Stopping | RunState::Ended => false,
            };
        let at = self.names.get(&row.unit).copied();
        let taken = at.filter(|_| waits).and_then(|at| {
            self.with(now, at, out, |slot, turn| match &mut slot.machine {
                Machine::Task(task) => {
                    task.adopt_waiting(turn, row.clone());
                    true
                }
                Machine::Service(_) | Machine::None => false,
            })
        });
        if taken == Some(true) || row.state == RunState::Ended {
            return;
        }
        row.state = RunState::Ended;
        row.outcome = Some(Outcome::Interrupted);
        row.ended_at = Some(now.wall);
        row.message = Some("runwisp was gone while it ran; how it ended is not known".to_owned());
        out.push(Action::Record {
            row: Box::new(row),
            confirm: false,
        });
    }
}

/// What became of a held run, as the inputs it would have been.
fn history(held: Adopted) -> Vec<Input> {
    let run = held.row.id;
    let mut inputs = Vec::new();
    if let (Some(pid), Some((mono, wall))) = (held.pid, held.started) {
        inputs.push(Input::Spawned {
            run,
            pid,
            mono,
            wall,
        });
    }
    if let Some((step, errno, message)) = held.failed {
        inputs.push(Input::SpawnFailed {
            run,
            step,
            errno,
            message,
        });
    }
    if held.log_full {
        inputs.push(Input::LogFull { run });
    }
    inputs.extend(held.exit.map(|exit| Input::Exited { run, exit }));
    inputs.extend(held.gone.map(|output| Input::Gone { run, output }));
    inputs
}

/// What stands in for the definition of a unit that is gone: enough to end its runs.
fn stranger(row: &RunRecord) -> Unit {
    Unit {
        name: row.unit.clone(),
        source: SourcePlace::default(),
        description: None,
        group: None,
        spec: blank_spec(),
        user: None,
        command: String::new(),
        exit_codes: vec![0],
        fail_on_output: Vec::new(),
        timeout: None,
        keep_runs: None,
        keep_for: None,
        on_success: Vec::new(),
        on_failure: Vec::new(),
        manual_trigger: true,
        notify: Default::default(),
        edges: serde_json::Value::Null,
        role: Role::Service(NO_SERVICE.clone()),
    }
}

/// Five seconds after SIGTERM, SIGKILL: the built-in way of stopping.
fn blank_spec() -> SpawnSpec {
    SpawnSpec {
        argv: Vec::new(),
        env_base: EnvBase::Inherit,
        env: Vec::new(),
        cwd: None,
        run_as: None,
        umask: None,
        rlimits: Vec::new(),
        nice: None,
        oom_score_adj: None,
        cgroup: CgroupLimits::default(),
        stdin: Stdin::Null,
        pty: false,
        notify: false,
        watchdog: None,
        secrets: Vec::new(),
        log_max_size: 0,
        log_on_full: OnFull::DropOld,
        stop_signal: Signal::TERM,
        graceful_stop: Duration::from_secs(5),
        stop_scope: Scope::Group,
    }
}
