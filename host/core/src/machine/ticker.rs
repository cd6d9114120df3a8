//! From schedules to due ticks: which ticks are new, which were missed, and up to when every tick has its row.
//!
//! | the earliest tick without a row is | then |
//! | --- | --- |
//! | in the future | nothing is due |
//! | at most [`LATE`] old | every tick up to now is due, one by one |
//! | older: the daemon was down, the machine slept, the clock was set forward | all up to now follow the catch-up rule, once |
//!
//! The clock going back changes nothing: a tick that has its row is not due again. Only when it goes back by more
//! than [`CORRECTION`] was it plainly wrong before; then schedules begin anew from now, or a machine that
//! once started in the wrong year would stay silent until then.
//!
//! Invariant: `until` is remembered together with the rows up to it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::config::plan::Task;
use crate::schedule::{self, CatchUp, Tick, TickKind};
use crate::words::action::Memory;

/// A tick no older than this is merely late.
pub(crate) const LATE: Duration = Duration::from_secs(60);

/// A clock set back further than this was wrong before.
const CORRECTION: SignedDuration = SignedDuration::from_hours(24);

/// What became due.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Due {
    /// A tick to run.
    Run(Tick),
    /// A tick whose wall-clock time has been before.
    DstSkipped(Tick),
    /// Ticks that passed while nothing was there to run them.
    Missed(CatchUp),
}

/// The clockwork of one task.
#[derive(Clone, Debug)]
pub(crate) struct Ticker {
    /// Every tick up to here has its row.
    until: Timestamp,
    /// Where the grid of an `@every` begins.
    anchor: Timestamp,
    next: Option<Tick>,
}

impl Ticker {
    /// Goes on where memory says, or begins now: for a new unit, or for another schedule than the one remembered.
    /// Brings the memory up to date; whether it changed.
    pub(crate) fn begin(task: &Task, memory: &mut Memory, now: Timestamp) -> (Ticker, bool) {
        let text = text_of(task);
        let mut changed = false;
        if memory.schedule.as_ref() != Some(&text) {
            let known = memory.schedule.is_some();
            memory.schedule = Some(text);
            // A memory without the text, but with the times, is of the same schedule: take its word for it.
            if known || memory.known_since.is_none() {
                memory.known_since = Some(now);
                memory.ticked_until = Some(now);
            }
            changed = true;
        }
        let anchor = memory.known_since.unwrap_or(now);
        let until = memory.ticked_until.unwrap_or(now).max(anchor);
        let mut ticker = Ticker {
            until,
            anchor,
            next: None,
        };
        changed |= ticker.clock_jumped(task, memory, now);
        (ticker, changed)
    }

    /// The clock was set: looks for the next tick anew. Whether the memory changed.
    pub(crate) fn clock_jumped(
        &mut self,
        task: &Task,
        memory: &mut Memory,
        now: Timestamp,
    ) -> bool {
        let corrected = self.until.duration_since(now) > CORRECTION;
        if corrected {
            self.until = now;
            self.anchor = self.anchor.min(now);
            memory.ticked_until = Some(self.until);
            memory.known_since = Some(self.anchor);
        }
        self.look_ahead(task);
        corrected
    }

    /// What is due now; from now on it counts as having its rows.
    pub(crate) fn take_due(&mut self, task: &Task, now: Timestamp) -> Vec<Due> {
        let mut due = Vec::new();
        let Some(first) = self.next.take_if(|tick| tick.at <= now) else {
            return due;
        };
        if now.duration_since(first.at).unsigned_abs() > LATE {
            let (limit, schedules) = (task.catch_up, &task.schedules);
            let missed = schedule::catch_up(schedules, self.until, now, self.anchor, limit);
            self.until = now;
            due.push(Due::Missed(missed));
        } else {
            let mut tick = Some(first);
            while let Some(this) = tick.take_if(|tick| tick.at <= now) {
                self.until = this.at;
                tick = schedule::next_of(&task.schedules, this.at, self.anchor);
                due.push(match this.kind {
                    TickKind::Due => Due::Run(this),
                    TickKind::DstSkipped => Due::DstSkipped(this),
                });
            }
            self.next = tick;
            return due;
        }
        self.look_ahead(task);
        due
    }

    /// The next tick without a row.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.next.as_ref().map(|tick| tick.at)
    }

    /// The next tick that is run.
    pub(crate) fn next_run(&self, task: &Task) -> Option<Timestamp> {
        let mut tick = self.next.clone()?;
        while tick.kind == TickKind::DstSkipped {
            tick = schedule::next_of(&task.schedules, tick.at, self.anchor)?;
        }
        Some(tick.at)
    }

    /// Up to here every tick has its row.
    pub(crate) fn until(&self) -> Timestamp {
        self.until
    }

    fn look_ahead(&mut self, task: &Task) {
        self.next = schedule::next_of(&task.schedules, self.until, self.anchor);
    }
}

/// The schedules as one text, to notice that they are others.
fn text_of(task: &Task) -> String {
    let mut text = String::new();
    for schedule in &task.schedules {
        let zone = schedule.zone().iana_name().unwrap_or("local");
        text.push_str(&format!("{} in {zone}\n", schedule.text()));
    }
    text
}
