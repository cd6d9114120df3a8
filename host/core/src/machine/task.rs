//! One task: its slots, what waits for them, its schedule, its retries and what follows a run.
//!
//! A request for a run (a tick, an operator, a retry whose time has come …) meets the slots:
//!
//! | request | free slot | none: `queue` | none: `skip` | none: `kill` |
//! | --- | --- | --- | --- | --- |
//! | tick | runs | waits; `queue_full` beyond `max_queued` | `skipped` | ends the oldest, waits for its slot |
//! | operator, hook, chain, start | runs | as left | as `queue` | as left |
//! | catch-up, retry | runs | waits, bounded by `catch_up` and by the slots | as left | as left |
//!
//! A run that failed is tried again while attempts are left; the retry has its row at once, `queued`, and its time is
//! a function of that row, so it survives the daemon. Whatever is not tried again triggers what follows it.
//!
//! Invariant: never more than `max_concurrent` runs in flight; every due tick has exactly one row.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::backoff;
use super::live::{Live, When};
use super::overdue::Overdue;
use super::plain;
use super::queue::{Queue, Waiting};
use super::run::Cause;
use super::ticker::{self, Due, Ticker};
use super::timers::{Deadline, earlier};
use super::turn::Turn;
use crate::config::plan::{Overlap, Role, RunOnStart, Task, Unit};
use crate::schedule::{CatchUp, Standing, Tick};
use crate::words::action::{Action, Memory};
use crate::words::event::Event;
use crate::words::ids::RunId;
use crate::words::input::Input;
use crate::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};
use crate::words::signal::Signal;
use crate::words::spawn::{RunVars, Scope};

/// One task.
#[derive(Clone, Debug)]
pub(crate) struct TaskMachine {
    pub(crate) unit: Arc<Unit>,
    task: Arc<Task>,
    pub(super) active: Vec<Live>,
    pub(super) queue: Queue,
    ticker: Option<Ticker>,
    overdue: Option<Overdue>,
    memory: Memory,
    /// No longer defined, or the daemon is stopping: nothing new begins.
    retired: bool,
    pub(crate) last_run: Option<Box<RunRecord>>,
}

impl TaskMachine {
    pub(crate) fn new(unit: Arc<Unit>, task: &Task, memory: Memory) -> TaskMachine {
        TaskMachine {
            unit,
            task: Arc::new(task.clone()),
            active: Vec::new(),
            queue: Queue::default(),
            ticker: None,
            overdue: None,
            memory,
            retired: false,
            last_run: None,
        }
    }

    /// The daemon starts: the schedule goes on where it was, and what was missed is made up for.
    pub(crate) fn boot(&mut self, turn: &mut Turn, fresh: bool, boot_id: &str) {
        let wall = turn.now.wall;
        let (ticker, mut changed) = Ticker::begin(&self.task, &mut self.memory, wall);
        self.ticker = Some(ticker);
        self.watch_silence(wall);
        let run = match self.task.run_on_start {
            RunOnStart::No => false,
            RunOnStart::Daemon => fresh,
            RunOnStart::Boot => fresh && self.memory.boot_id.as_deref() != Some(boot_id),
        };
        if run {
            self.request(turn, Trigger::Start, RunVars::new());
        }
        if self.task.run_on_start == RunOnStart::Boot
            && self.memory.boot_id.as_deref() != Some(boot_id)
        {
            self.memory.boot_id = Some(boot_id.to_owned());
            changed = true;
        }
        if changed {
            turn.remember(&self.unit.name, &self.memory);
        }
        self.on_time(turn);
    }

    /// The clock was set, or the machine slept.
    pub(crate) fn clock_jumped(&mut self, turn: &mut Turn, by_ms: i64) {
        let by = SignedDuration::from_millis(by_ms);
        if let Some(ticker) = &mut self.ticker
            && ticker.clock_jumped(&self.task, &mut self.memory, turn.now.wall, by)
        {
            turn.remember(&self.unit.name, &self.memory);
        }
        if self.overdue.is_some() && ticker::is_correction(by) {
            self.watch_silence(turn.now.wall);
        }
        self.on_time(turn);
    }

    /// Begins to watch for runs that do not come, from what is remembered.
    fn watch_silence(&mut self, now: Timestamp) {
        let since = self.memory.known_since.unwrap_or(now);
        let finished = self.memory.finished_at;
        self.overdue = Overdue::is_needed(&self.task)
            .then(|| Overdue::begin(&self.task, since, finished, now));
    }

    /// A run that somebody or something other than the schedule asks for.
    pub(crate) fn request(&mut self, turn: &mut Turn, trigger: Trigger, params: RunVars) -> RunId {
        let mut row = self.row(turn, trigger);
        row.params = params;
        let id = row.id;
        self.admit(turn, Waiting { row });
        id
    }

    fn row(&self, turn: &mut Turn, trigger: Trigger) -> RunRecord {
        let id = turn.ids.run(turn.now.wall);
        let name = self.unit.name.clone();
        RunRecord::new(id, name, Kind::Task, trigger, turn.now.wall)
    }

    /// A request meets the slots; see the table above.
    pub(super) fn admit(&mut self, turn: &mut Turn, waiting: Waiting) {
        if self.has_free_slot() && self.queue.slots_wanted() == 0 {
            self.launch(turn, waiting);
            return;
        }
        let rule = match (waiting.row.trigger, self.task.on_overlap) {
            (Trigger::Retry | Trigger::CatchUp, _) => return self.wait(turn, waiting),
            (Trigger::Schedule, rule) => rule,
            (_, Overlap::Skip) => Overlap::Queue,
            (_, rule) => rule,
        };
        match rule {
            Overlap::Queue => {
                if self.queue.slots_wanted() < self.task.max_queued as usize {
                    self.wait(turn, waiting);
                } else {
                    let most = self.task.max_queued;
                    let why = format!("as many as may wait were waiting already: {most}");
                    self.close_row(turn, waiting.row, Outcome::QueueFull, why);
                }
            }
            Overlap::Skip => {
                let oldest = self.active.first().map(|live| live.row.id.to_string());
                let why = format!("run {} was not over", oldest.unwrap_or_default());
                self.close_row(turn, waiting.row, Outcome::Skipped, why);
            }
            Overlap::Kill => self.take_over(turn, waiting),
        }
    }

    /// `on_overlap = "kill"`: the newest request gets the slot of the oldest run.
    fn take_over(&mut self, turn: &mut Turn, waiting: Waiting) {
        let superseded = |w: &Waiting| w.row.trigger != Trigger::Retry;
        for old in self.queue.remove_ready(superseded) {
            let why = "a later run took its place".to_owned();
            self.close_row(turn, old.row, Outcome::Skipped, why);
        }
        self.wait(turn, waiting);
        let ending = self.active.iter().filter(|live| live.is_ending()).count();
        if ending < self.queue.slots_wanted()
            && let Some(at) = self.active.iter().position(|live| !live.is_ending())
        {
            let cause = Cause::Asked("the next run took its place");
            self.stop_at(turn, at, cause);
        }
    }

    fn wait(&mut self, turn: &mut Turn, mut waiting: Waiting) {
        if waiting.row.state != RunState::Queued || waiting.row.message.is_some() {
            waiting.row.state = RunState::Queued;
            waiting.row.message = None;
            turn.record(&waiting.row, false);
        }
        self.queue.push(waiting);
        self.fill(turn);
    }

    /// A row is made for it now, and it is run later.
    fn wait_until(&mut self, turn: &mut Turn, mut waiting: Waiting, delay: Duration, why: String) {
        waiting.row.state = RunState::Queued;
        waiting.row.message = Some(why);
        turn.record(&waiting.row, false);
        let at = turn.now.mono.plus(delay);
        self.queue.push_later(at, waiting);
    }

    fn has_free_slot(&self) -> bool {
        self.active.len() < self.task.max_concurrent as usize
    }

    /// Gives free slots to what waits.
    fn fill(&mut self, turn: &mut Turn) {
        while !turn.stopping && self.has_free_slot() {
            match self.queue.pop() {
                Some(waiting) => self.launch(turn, waiting),
                None => return,
            }
        }
    }

    fn launch(&mut self, turn: &mut Turn, mut waiting: Waiting) {
        waiting.row.message = None;
        let unit = Arc::clone(&self.unit);
        let live = Live::begin(turn, waiting.row, unit, When::Durable);
        self.active.push(live);
    }

    fn close_row(&mut self, turn: &mut Turn, mut row: RunRecord, outcome: Outcome, why: String) {
        row.state = RunState::Ended;
        row.outcome = Some(outcome);
        row.ended_at = Some(turn.now.wall);
        row.message = Some(why);
        turn.record(&row, false);
        self.last_run = Some(Box::new(row));
    }

    pub(crate) fn handle(&mut self, turn: &mut Turn, run: RunId, input: Input) {
        let Some(at) = self.active.iter().position(|live| live.row.id == run) else {
            return;
        };
        let live = &mut self.active[at];
        let over = match input {
            Input::Durable { .. } => {
                live.durable(turn);
                None
            }
            Input::Spawned {
                pid, mono, wall, ..
            } => {
                live.spawned(turn, pid, mono, wall);
                None
            }
            Input::SpawnFailed { message, .. } => Some(live.spawn_failed(turn, &message)),
            Input::Exited { exit, .. } => {
                live.exited(turn, exit);
                None
            }
            Input::Gone { output, .. } => Some(live.gone(turn, output)),
            Input::LogFull { .. } => {
                live.log_full(turn);
                None
            }
            Input::OutputMatched { pattern, .. } => {
                live.output_matched(turn, pattern);
                None
            }
            Input::Notified { said, .. } => {
                if let Some(usec) = said.extend_timeout_usec {
                    live.extend(turn.now.mono.plus(Duration::from_micros(usec)));
                }
                None
            }
            Input::Tick
            | Input::ClockJump { .. }
            | Input::Probed { .. }
            | Input::WatchedChanged { .. }
            | Input::Command { .. }
            | Input::Apply { .. }
            | Input::Shutdown { .. } => None,
        };
        if let Some(outcome) = over {
            self.over(turn, at, outcome);
        }
    }

    /// A run is over: its slot is free, and something may follow it.
    fn over(&mut self, turn: &mut Turn, at: usize, outcome: Outcome) {
        let live = self.active.remove(at);
        let by_itself = !matches!(
            outcome,
            Outcome::Stopped | Outcome::DaemonStopped | Outcome::Interrupted
        );
        if by_itself && Overdue::is_needed(&self.task) {
            // Remembered also where nobody watches for it, as in a daemon for a single run.
            if let Some(overdue) = &mut self.overdue {
                overdue.finished(&self.task, turn.now.wall);
            }
            self.memory.finished_at = Some(turn.now.wall);
            turn.remember(&self.unit.name, &self.memory);
        }
        if !self.try_again(turn, &live, outcome) {
            self.chain(turn, outcome);
        }
        self.last_run = Some(Box::new(live.row));
        self.fill(turn);
    }

    fn try_again(&mut self, turn: &mut Turn, live: &Live, outcome: Outcome) -> bool {
        let attempt = live.row.attempt;
        let left = self.task.retry_attempts.is_none_or(|most| attempt <= most);
        if !outcome.is_failure() || !left || self.retired || turn.stopping {
            return false;
        }
        let mut row = self.row(turn, Trigger::Retry);
        row.attempt = attempt.saturating_add(1);
        row.execution_id = live.row.execution_id;
        row.scheduled_at = live.row.scheduled_at;
        row.clock_turn = live.row.clock_turn;
        row.params = live.row.params.clone();
        let delay = self.retry_delay(attempt);
        let why = format!("tried again after {}", plain::length(delay));
        self.wait_until(turn, Waiting { row }, delay, why);
        self.release(turn);
        true
    }

    fn retry_delay(&self, failed_attempt: u32) -> Duration {
        let (curve, base) = (self.task.retry_backoff, self.task.retry_delay);
        backoff::delay(curve, base, failed_attempt, backoff::RETRY_CEILING)
    }

    fn chain(&mut self, turn: &mut Turn, outcome: Outcome) {
        match outcome {
            Outcome::Succeeded => turn.chain(&self.unit, true),
            _ if outcome.is_failure() && outcome != Outcome::Interrupted => {
                turn.chain(&self.unit, false);
            }
            _ => {}
        }
    }

    /// Does what time says.
    pub(crate) fn on_time(&mut self, turn: &mut Turn) {
        for live in &mut self.active {
            live.on_time(turn);
        }
        self.tick(turn);
        if let Some(overdue) = &mut self.overdue {
            for expected_by in overdue.take_due(&self.task, turn.now.wall) {
                let unit = self.unit.name.clone();
                turn.tell(Event::Overdue { unit, expected_by });
            }
        }
        self.release(turn);
    }

    /// What waited for its time meets the slots.
    fn release(&mut self, turn: &mut Turn) {
        while !turn.stopping
            && let Some(waiting) = self.queue.pop_due(turn.now.mono)
        {
            self.admit(turn, waiting);
        }
    }

    fn tick(&mut self, turn: &mut Turn) {
        let Some(ticker) = &mut self.ticker else {
            return;
        };
        if self.retired || turn.stopping {
            return;
        }
        let due = ticker.take_due(&self.task, turn.now.wall);
        if due.is_empty() {
            return;
        }
        ticker.remember(&mut self.memory);
        for due in due {
            match due {
                Due::Run(tick) => self.run_tick(turn, &tick, Trigger::Schedule),
                Due::DstSkipped(tick) => {
                    let mut row = self.row(turn, Trigger::Schedule);
                    self.stamp(&mut row, Some(tick.at));
                    let why = format!("{} had already been", tick.scheduled);
                    self.close_row(turn, row, Outcome::DstSkipped, why);
                }
                Due::Missed(missed) => self.make_up(turn, &missed),
            }
        }
        turn.remember(&self.unit.name, &self.memory);
    }

    fn run_tick(&mut self, turn: &mut Turn, tick: &Tick, trigger: Trigger) {
        let mut row = self.row(turn, trigger);
        self.stamp(&mut row, Some(tick.at));
        let delay = self.jitter(&row);
        if delay.is_zero() {
            self.admit(turn, Waiting { row });
        } else {
            let why = format!("starts {} later, by jitter", plain::length(delay));
            self.wait_until(turn, Waiting { row }, delay, why);
        }
    }

    /// The row is that of this tick.
    fn stamp(&self, row: &mut RunRecord, at: Option<Timestamp>) {
        row.scheduled_at = at;
        row.clock_turn = self.memory.clock_turn;
    }

    fn jitter(&self, row: &RunRecord) -> Duration {
        match (row.trigger, row.scheduled_at) {
            (Trigger::Schedule, Some(at)) => {
                crate::schedule::jitter(self.task.jitter, self.unit.name.as_str(), at)
            }
            _ => Duration::ZERO,
        }
    }

    /// One row says what was missed; the newest of it is run.
    fn make_up(&mut self, turn: &mut Turn, missed: &CatchUp) {
        let (Some(first), Some(last)) = (missed.first, missed.last) else {
            return;
        };
        let mut row = self.row(turn, Trigger::Schedule);
        // The newest tick that gets no row of its own; none when all of them do.
        let made_up = missed.make_up.first().map(|tick| tick.at);
        let stands_for = match made_up {
            None => Some(last),
            Some(at) => (at != first).then_some(first),
        };
        self.stamp(&mut row, stands_for);
        let why = ticker::missed_words(missed, first, last);
        self.close_row(turn, row, Outcome::Missed, why);
        for tick in &missed.make_up {
            self.run_tick(turn, tick, Trigger::CatchUp);
        }
    }

    pub(crate) fn deadline(&self) -> Deadline {
        let live = self.active.iter().filter_map(Live::deadline).min();
        let ticker = self.ticker.as_ref().and_then(Ticker::next);
        let overdue = self.overdue.as_ref().and_then(Overdue::deadline);
        Deadline {
            mono: earlier(live, self.queue.deadline()),
            wall: earlier(ticker.filter(|_| !self.retired), overdue),
        }
    }

    /// Ends what runs and drops what waits. The runs it touched.
    pub(crate) fn stop_all(&mut self, turn: &mut Turn, cause: &Cause) -> Vec<RunId> {
        let mut touched = self.drop_queue(turn, cause);
        touched.extend(self.active.iter().map(|live| live.row.id));
        for at in (0..self.active.len()).rev() {
            self.stop_at(turn, at, cause.clone());
        }
        touched
    }

    fn drop_queue(&mut self, turn: &mut Turn, cause: &Cause) -> Vec<RunId> {
        let (outcome, why) = match cause {
            Cause::DaemonStopping => (Outcome::DaemonStopped, "runwisp was told to stop"),
            Cause::Asked(why) => (Outcome::Stopped, *why),
            _ => (Outcome::Stopped, "stopped"),
        };
        let mut dropped = Vec::new();
        for waiting in self.queue.drain() {
            dropped.push(waiting.row.id);
            self.close_row(turn, waiting.row, outcome, why.to_owned());
        }
        dropped
    }

    /// Ends one run, also one that waits; whether there is one.
    pub(crate) fn stop_run(&mut self, turn: &mut Turn, run: RunId) -> bool {
        let why = "stopped by an operator";
        if let Some(waiting) = self.queue.remove(run) {
            self.close_row(turn, waiting.row, Outcome::Stopped, why.to_owned());
            return true;
        }
        let found = self.active.iter().position(|live| live.row.id == run);
        if let Some(at) = found {
            self.stop_at(turn, at, Cause::Asked(why));
        }
        found.is_some()
    }

    fn stop_at(&mut self, turn: &mut Turn, at: usize, cause: Cause) {
        if let Some(outcome) = self.active[at].stop(turn, cause) {
            self.over(turn, at, outcome);
        }
    }

    /// Ends what runs without grace.
    pub(crate) fn kill(&mut self, turn: &mut Turn, cause: &Cause) {
        for at in (0..self.active.len()).rev() {
            if let Some(outcome) = self.active[at].kill(turn, cause.clone()) {
                self.over(turn, at, outcome);
            }
        }
    }

    /// Gives up on what will not die.
    pub(crate) fn abandon(&mut self, turn: &mut Turn) {
        while let Some(mut live) = self.active.pop() {
            live.abandon(turn);
            self.last_run = Some(Box::new(live.row));
        }
    }

    /// Sends a signal to every live run.
    pub(crate) fn signal(&self, turn: &mut Turn, signal: Signal, scope: Scope) -> Vec<RunId> {
        let up = self.active.iter().filter(|live| live.is_up());
        let runs: Vec<RunId> = up.map(|live| live.row.id).collect();
        for run in runs.iter().copied() {
            turn.out.push(Action::Signal { run, signal, scope });
        }
        runs
    }

    /// The unit is no longer defined: what waits is dropped, what runs ends by itself.
    pub(crate) fn retire(&mut self, turn: &mut Turn) {
        self.retired = true;
        self.ticker = None;
        self.overdue = None;
        self.drop_queue(turn, &Cause::Asked("its definition was removed"));
    }

    /// A new definition: what runs goes on under the old one.
    pub(crate) fn redefine(&mut self, turn: &mut Turn, unit: Arc<Unit>) {
        let Role::Task(task) = &unit.role else {
            return;
        };
        self.task = Arc::new(task.clone());
        self.unit = Arc::clone(&unit);
        self.retired = false;
        let wall = turn.now.wall;
        let (ticker, changed) = Ticker::begin(&self.task, &mut self.memory, wall);
        self.ticker = Some(ticker);
        self.watch_silence(wall);
        if changed {
            turn.remember(&self.unit.name, &self.memory);
        }
        self.fill(turn);
    }

    /// Takes over a run the keeper holds.
    pub(crate) fn adopt(&mut self, turn: &mut Turn, row: RunRecord) {
        let unit = Arc::clone(&self.unit);
        self.active.push(Live::adopt(turn, row, unit));
    }

    /// Takes over a row that waited when the last daemon died. Its time is a function of the row.
    pub(crate) fn adopt_waiting(&mut self, turn: &mut Turn, row: RunRecord) {
        let (from, delay) = match row.trigger {
            Trigger::Retry => {
                let failed_attempt = row.attempt.saturating_sub(1);
                (row.created_at, self.retry_delay(failed_attempt))
            }
            _ => (row.created_at, self.jitter(&row)),
        };
        let passed = turn.now.wall.duration_since(from);
        let passed = Duration::try_from(passed).unwrap_or(Duration::ZERO);
        let at = turn.now.mono.plus(delay.saturating_sub(passed));
        self.queue.push_later(at, Waiting { row });
    }

    /// No process of it is left, and nothing waits.
    pub(crate) fn is_quiet(&self) -> bool {
        self.active.is_empty()
    }

    /// Nothing of it runs, waits or is scheduled.
    pub(crate) fn is_idle(&self) -> bool {
        let scheduled = self.ticker.as_ref().and_then(Ticker::next).is_some();
        self.active.is_empty() && self.queue.is_empty() && !scheduled
    }

    pub(super) fn next_run_at(&self) -> Option<Timestamp> {
        let ticker = self.ticker.as_ref()?;
        ticker.next_run(&self.task)
    }

    /// What has to be known of it once it is gone.
    pub(super) fn left(&self, now: Timestamp) -> Option<Memory> {
        ticker::left(&self.memory, now)
    }

    pub(super) fn standing(&self) -> Option<Standing> {
        self.ticker.as_ref().map(Ticker::standing)
    }
}
