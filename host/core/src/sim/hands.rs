//! Simulated hands: a keeper whose children do as they are told, and a store that never fails.
//!
//! What must hold always is checked as orders come in:
//! - a run is spawned once; an instance has one live child at most, a task no more than `max_concurrent`;
//! - nothing is spawned once the shutdown has begun;
//! - a task is spawned only after its row is on disk;
//! - every due tick gets exactly one row, in order: [`Ledger`];
//! - no row is open without a child or a place in a queue: [`Hands::check_at_rest`].

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::plan::{Plan, Role, Task, Unit};
use crate::machine::Adopted;
use crate::schedule;
use crate::words::action::{Action, Memory};
use crate::words::event::Event;
use crate::words::ids::{RunId, UnitName};
use crate::words::input::Input;
use crate::words::keeper::{Exit, OutputTotals};
use crate::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};
use crate::words::signal::Signal;
use crate::words::spawn::Scope;
use crate::words::time::{Mono, Now};

/// How a child takes signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manners {
    /// Any deadly signal ends it and all it started.
    #[default]
    Good,
    /// Only SIGKILL ends it.
    Stubborn,
    /// It leaves something behind that only SIGKILL ends.
    Messy,
    /// Nothing ends it.
    Undead,
}

/// A child of the simulated keeper.
#[derive(Clone, Debug)]
pub struct Child {
    /// What the keeper holds of it.
    pub held: Adopted,
    /// How it takes signals.
    pub manners: Manners,
}

/// Keeper and store.
#[derive(Debug, Default)]
pub struct Hands {
    /// What the keeper holds.
    pub children: BTreeMap<RunId, Child>,
    /// Rows that are not over.
    pub open: BTreeMap<RunId, RunRecord>,
    /// What is remembered of each unit.
    pub memories: BTreeMap<UnitName, Memory>,
    /// How the next children of a unit take signals.
    pub manners: BTreeMap<UnitName, Manners>,
    /// Units whose next spawn fails.
    pub broken: BTreeMap<UnitName, String>,
    /// Every so many spawns take their time; zero is never.
    pub slow_every: u64,
    /// Spawns that take their time, to be finished by [`Hands::spawned`].
    pub slow: Vec<RunId>,
    /// The exit code, once the fleet has left.
    pub left: Option<i32>,
    /// Spawns so far.
    pub spawned: u64,
    /// Ended rows so far.
    pub ended: u64,
    stopping: bool,
    durable: BTreeMap<RunId, ()>,
    alive: BTreeMap<(UnitName, u32), u32>,
    ledger: Ledger,
}

impl Hands {
    /// Carries out one order; what it answers at once.
    pub fn act(&mut self, now: Now, plan: &Plan, action: &Action) -> Option<Input> {
        match action {
            Action::Record { row, confirm } => {
                self.record(now, plan, row);
                let run = row.id;
                confirm.then(|| {
                    self.durable.insert(run, ());
                    Input::Durable { run }
                })
            }
            Action::Spawn { row, failures, .. } => self.spawn(now, plan, row, *failures),
            Action::Forget { run } => {
                self.children.remove(run);
                None
            }
            Action::Remember { unit, memory } => {
                self.ledger.check_memory(now, unit, memory);
                self.memories.insert(unit.clone(), memory.clone());
                None
            }
            Action::Unremember { unit } => {
                self.memories.remove(unit);
                self.ledger.covered.remove(unit);
                None
            }
            Action::Exit { code } => {
                assert_eq!(self.left, None, "the way out is given once");
                self.left = Some(*code);
                None
            }
            Action::Tell(Event::DaemonStopping) => {
                self.stopping = true;
                None
            }
            Action::Signal { .. }
            | Action::Probe { .. }
            | Action::Tell(_)
            | Action::Answer { .. } => None,
        }
    }

    fn record(&mut self, now: Now, plan: &Plan, row: &RunRecord) {
        if !self.open.contains_key(&row.id) && row.kind == Kind::Task {
            self.ledger.new_row(now, plan, row);
        }
        if row.state == RunState::Ended {
            assert!(row.outcome.is_some() && row.ended_at.is_some(), "{row:?}");
            self.open.remove(&row.id);
            self.durable.remove(&row.id);
            self.ended += 1;
        } else {
            self.open.insert(row.id, row.clone());
        }
    }

    fn spawn(&mut self, now: Now, plan: &Plan, row: &RunRecord, failures: u32) -> Option<Input> {
        let run = row.id;
        assert!(!self.stopping, "{} was spawned while stopping", row.unit);
        assert!(!self.children.contains_key(&run), "{run} was spawned twice");
        let task = row.kind == Kind::Task;
        assert!(
            !task || self.durable.contains_key(&run),
            "{run} is not on disk"
        );
        self.spawned += 1;
        let mut held = Adopted {
            row: row.clone(),
            failures,
            pid: None,
            started: None,
            failed: None,
            exit: None,
            gone: None,
            log_full: false,
        };
        if let Some(message) = self.broken.remove(&row.unit) {
            let step = crate::words::keeper::SpawnStep::Exec;
            held.failed = Some((step, 2, message.clone()));
            let manners = Manners::Good;
            self.children.insert(run, Child { held, manners });
            return Some(Input::SpawnFailed {
                run,
                step,
                errno: 2,
                message,
            });
        }
        let alive = self
            .alive
            .entry((row.unit.clone(), row.instance))
            .or_default();
        *alive += 1;
        let most = most_alive(plan.units.get(&row.unit));
        assert!(*alive <= most, "{alive} runs of {} at once", row.unit);
        let manners = self.manners.get(&row.unit).copied().unwrap_or_default();
        self.children.insert(run, Child { held, manners });
        if self.slow_every > 0 && self.spawned.is_multiple_of(self.slow_every) {
            self.slow.push(run);
            return None;
        }
        self.spawned(now, run)
    }

    /// A spawn has succeeded.
    pub fn spawned(&mut self, now: Now, run: RunId) -> Option<Input> {
        let pid = i32::try_from(self.spawned % 1_000_000).unwrap_or(0) + 100;
        let child = self.children.get_mut(&run)?;
        child.held.pid = Some(pid);
        child.held.started = Some((now.mono, now.wall));
        Some(Input::Spawned {
            run,
            pid,
            mono: now.mono,
            wall: now.wall,
        })
    }

    /// What a signal does to a child, as the reports that follow.
    pub fn signal(&mut self, now: Now, run: RunId, signal: Signal, scope: Scope) -> Vec<Input> {
        let Some(child) = self.children.get(&run) else {
            return Vec::new();
        };
        let started = child.held.started.is_some();
        assert!(started, "{signal} to {run}, which does not exist yet");
        if child.held.gone.is_some() {
            return Vec::new();
        }
        let deadly = !matches!(signal.0, 1 | 10 | 12 | 17 | 18 | 23 | 28);
        let kill = signal == Signal::KILL;
        match child.manners {
            Manners::Undead => Vec::new(),
            Manners::Stubborn if !kill => Vec::new(),
            Manners::Good | Manners::Stubborn | Manners::Messy if !deadly => Vec::new(),
            Manners::Good | Manners::Stubborn => self.end(now, run, None, Some(signal.0)),
            Manners::Messy if kill && scope == Scope::All => {
                let mut reports = self.end(now, run, None, Some(signal.0));
                reports.extend(self.clean(run));
                reports
            }
            Manners::Messy => self.end(now, run, None, Some(signal.0)),
        }
    }

    /// The main process ends; unless it is messy, nothing is left.
    pub fn end(
        &mut self,
        now: Now,
        run: RunId,
        code: Option<i32>,
        signal: Option<i32>,
    ) -> Vec<Input> {
        let Some(child) = self.children.get_mut(&run) else {
            return Vec::new();
        };
        let mut reports = Vec::new();
        if child.held.exit.is_none() && child.held.failed.is_none() {
            let exit = Exit {
                code,
                signal,
                oom: false,
                cpu: Duration::ZERO,
                max_rss_bytes: 1 << 20,
                mono: now.mono,
                wall: now.wall,
            };
            child.held.exit = Some(exit.clone());
            reports.push(Input::Exited { run, exit });
        }
        if child.manners != Manners::Messy {
            reports.extend(self.clean(run));
        }
        reports
    }

    /// Nothing of a run is left any more.
    pub fn clean(&mut self, run: RunId) -> Option<Input> {
        let child = self.children.get_mut(&run)?;
        if child.held.gone.is_some() || child.held.exit.is_none() {
            return None;
        }
        let output = OutputTotals::default();
        child.held.gone = Some(output);
        let row = &child.held.row;
        if let Some(alive) = self.alive.get_mut(&(row.unit.clone(), row.instance)) {
            *alive -= 1;
        }
        Some(Input::Gone { run, output })
    }

    /// The keeper is gone, and everything it held with it.
    pub fn lose_children(&mut self) {
        self.children.clear();
        self.alive.clear();
        self.stopping = false;
        self.left = None;
    }

    /// What a new daemon finds after the old one died: held runs, and open rows.
    pub fn survey(&mut self) -> (Vec<Adopted>, Vec<RunRecord>) {
        let held = self.children.values().map(|child| child.held.clone());
        let open = self.open.values();
        let open = open.filter(|row| !self.children.contains_key(&row.id));
        (held.collect(), open.cloned().collect())
    }

    /// No row is open without a child or a queue to wait in.
    pub fn check_at_rest(&self) {
        for row in self.open.values() {
            let held = self.children.contains_key(&row.id);
            assert!(
                held || row.state == RunState::Queued,
                "nobody holds {row:?}"
            );
        }
        let mut there: BTreeMap<(UnitName, u32), u32> = BTreeMap::new();
        for held in self.children.values().map(|child| &child.held) {
            if held.gone.is_none() && held.failed.is_none() {
                let key = (held.row.unit.clone(), held.row.instance);
                *there.entry(key).or_default() += 1;
            }
        }
        let alive = self.alive.iter().filter(|(_, count)| **count > 0);
        assert!(alive.eq(there.iter()), "{there:?}");
    }
}

fn most_alive(unit: Option<&Unit>) -> u32 {
    match unit.map(|unit| &unit.role) {
        Some(Role::Task(task)) => task.max_concurrent,
        Some(Role::Service(_)) | None => 1,
    }
}

/// Every due tick has one row: the next row of a unit is that of its next tick after the last one covered. Where the
/// clock was set back, the same holds of the ticks that come again.
#[derive(Debug, Default)]
struct Ledger {
    covered: BTreeMap<UnitName, Covered>,
}

/// Up to when the ticks of a unit are known to have their rows.
#[derive(Debug)]
struct Covered {
    until: Timestamp,
    again: Option<Timestamp>,
    turn: u32,
    schedule: Option<String>,
}

/// How old a tick that comes again may be and still be run.
const LATE: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

impl Covered {
    /// The first tick after those covered that comes again and may not be passed over.
    fn next_again(&self, now: Now, task: &Task) -> Option<Timestamp> {
        let after = self.again?.max(now.wall - LATE);
        let follow = task.schedules.iter().filter(|s| s.follows_clock());
        let next = schedule::next_of(follow, after, self.until)?.at;
        (next <= self.until).then_some(next)
    }

    fn new_tick(&mut self, now: Now, task: &Task, row: &RunRecord) {
        let next = schedule::next_of(&task.schedules, self.until, self.until);
        let next = next.map(|tick| tick.at);
        let interval = task.schedules.iter().any(schedule::Schedule::is_interval);
        if row.outcome == Some(Outcome::Missed) {
            assert!(interval || next.is_some_and(|at| at <= now.wall), "{row:?}");
            self.until = now.wall;
            return;
        }
        let at = row.scheduled_at.expect("a tick's row says which");
        assert_eq!(row.clock_turn, self.turn, "{row:?}");
        assert!(at <= now.wall, "{at} is yet to come: {row:?}");
        let again = self.next_again(now, task);
        if at <= self.until {
            assert!(self.again < Some(at), "{at} has its row already: {row:?}");
            assert!(
                interval || again == Some(at),
                "{again:?} has no row: {row:?}"
            );
            self.again = Some(at);
        } else {
            assert!(interval || again.is_none(), "{again:?} has no row: {row:?}");
            assert!(interval || next == Some(at), "{next:?} has no row: {row:?}");
            self.until = at;
        }
    }

    /// What a unit remembers says no more and no less than its rows, but when the clock was set back.
    fn check(&mut self, now: Now, unit: &UnitName, memory: &Memory, until: Timestamp) {
        if memory.clock_turn == self.turn {
            assert_eq!(self.until, until, "{unit} remembers what it did not do");
            let over = memory.again_until.is_none() && until <= now.wall;
            assert!(
                over || self.again == memory.again_until,
                "{unit}: {self:?}, {memory:?}"
            );
        } else {
            assert_eq!(
                memory.clock_turn,
                self.turn + 1,
                "{unit} counts clock turns"
            );
            let behind = self.again.unwrap_or(self.until).duration_since(now.wall);
            let far = self.until.duration_since(now.wall);
            match memory.again_until {
                Some(again) => {
                    assert!(
                        behind > LATE,
                        "{unit}: the clock was not set back: {self:?}"
                    );
                    assert_eq!((again, until), (now.wall, self.until), "{unit}: {self:?}");
                    assert!(
                        far <= jiff::SignedDuration::from_hours(3),
                        "{unit}: {self:?}"
                    );
                }
                None => assert!(until == now.wall && far.is_positive(), "{unit}: {self:?}"),
            }
        }
        self.until = until;
        self.again = memory.again_until;
        self.turn = memory.clock_turn;
    }
}

impl Ledger {
    fn new_row(&mut self, now: Now, plan: &Plan, row: &RunRecord) {
        let Some(Role::Task(task)) = plan.units.get(&row.unit).map(|unit| &unit.role) else {
            return;
        };
        let Some(covered) = self.covered.get_mut(&row.unit) else {
            return;
        };
        if row.attempt > 1 || row.trigger != Trigger::Schedule {
            let made_up = row.trigger != Trigger::CatchUp
                || row.scheduled_at.is_some_and(|at| at <= covered.until);
            assert!(made_up, "made up for before it was missed: {row:?}");
            return;
        }
        covered.new_tick(now, task, row);
    }

    fn check_memory(&mut self, now: Now, unit: &UnitName, memory: &Memory) {
        let Some(until) = memory.ticked_until else {
            return;
        };
        match self.covered.get_mut(unit) {
            Some(covered) if covered.schedule == memory.schedule => {
                covered.check(now, unit, memory, until);
            }
            Some(_) | None => {
                let covered = Covered {
                    until,
                    again: memory.again_until,
                    turn: memory.clock_turn,
                    schedule: memory.schedule.clone(),
                };
                self.covered.insert(unit.clone(), covered);
            }
        }
    }
}

/// A moment of both clocks.
pub fn moment(start: Timestamp, mono: Duration, offset_ms: i64) -> Now {
    let wall = start + mono;
    Now {
        mono: Mono(1_000_000_000).plus(mono),
        wall: wall + jiff::SignedDuration::from_millis(offset_ms),
    }
}
