//! From schedules to due ticks: which ticks are new, which were missed, and up to when every tick has its row.
//!
//! | the earliest tick without a row is | then |
//! | --- | --- |
//! | in the future | nothing is due |
//! | at most [`LATE`] old | every tick up to now is due, one by one |
//! | older: the daemon was down, the machine slept, the clock was set forward | all up to now follow the catch-up rule, once |
//!
//! The clock set back, by Debian cron's rule (cron(8)):
//!
//! | by | fixed-time jobs | jobs that follow the clock, `@every` |
//! | --- | --- | --- |
//! | at most [`LATE`] | go on once the clock has caught up | the same |
//! | at most [`CORRECTION`] | the same | go on at once by the new time, so instants come again, each as a tick of a further *turn* of the clock; the grid of an `@every` moves along, so that its spacing stays |
//! | more: it was plainly wrong before | begin anew from now, in a further turn | the same |
//!
//! An instant that comes again and is passed over (the daemon was down) is not made up for: it has its row already.
//!
//! Invariant: `until`, `again` and `turn` are remembered together with the rows up to them; a pair of turn and instant
//! is one tick.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::config::plan::Task;
use crate::schedule::{self, CatchUp, Schedule, Standing, Tick, TickKind};
use crate::words::action::Memory;

/// A tick no older than this is merely late.
pub(crate) const LATE: Duration = Duration::from_secs(60);

/// [`LATE`] for differences that have a sign.
const DRIFT: SignedDuration = SignedDuration::from_secs(60);

/// A clock set back further than this was wrong before.
const CORRECTION: SignedDuration = SignedDuration::from_hours(3);

/// Whether a clock set `by` so much was plainly wrong before.
pub(crate) fn is_correction(by: SignedDuration) -> bool {
    -by > CORRECTION
}

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
    standing: Standing,
    /// How often the clock was set back.
    turn: u32,
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
                // Instants to come may have rows of the schedule before.
                let comes_again = memory.ticked_until.is_some_and(|until| until > now);
                memory.clock_turn += u32::from(comes_again);
                memory.known_since = Some(now);
                memory.ticked_until = Some(now);
                memory.again_until = None;
            }
            changed = true;
        }
        let anchor = memory.known_since.unwrap_or(now);
        let until = memory.ticked_until.unwrap_or(now).max(anchor);
        let mut ticker = Ticker {
            standing: Standing {
                until,
                again: memory.again_until,
                anchor,
            },
            turn: memory.clock_turn,
            next: None,
        };
        // Nobody saw by how much the clock was set meanwhile: at least to where it is from where it had been.
        let behind = now
            .duration_since(ticker.reached())
            .min(SignedDuration::ZERO);
        changed |= ticker.clock_jumped(task, memory, now, behind);
        (ticker, changed)
    }

    /// The clock was set `by` so much: looks for the next tick anew. Whether the memory changed.
    pub(crate) fn clock_jumped(
        &mut self,
        task: &Task,
        memory: &mut Memory,
        now: Timestamp,
        by: SignedDuration,
    ) -> bool {
        let set_back = -by > DRIFT;
        if set_back {
            if task.schedules.iter().any(Schedule::is_interval) {
                self.standing.anchor = self
                    .standing
                    .anchor
                    .checked_add(by)
                    .unwrap_or(self.standing.anchor);
            }
            self.turn_back(now, by);
            self.remember(memory);
        }
        self.look_ahead(task);
        set_back
    }

    fn turn_back(&mut self, now: Timestamp, by: SignedDuration) {
        let ahead = self.standing.until.duration_since(now);
        if ahead > CORRECTION || (is_correction(by) && ahead.is_positive()) {
            self.standing.until = now;
            self.standing.anchor = self.standing.anchor.min(now);
            self.standing.again = None;
            self.turn += 1;
        } else if self.reached().duration_since(now) > DRIFT {
            self.standing.again = Some(now);
            self.turn += 1;
        }
    }

    /// Up to where the clock had come when a tick was last due.
    fn reached(&self) -> Timestamp {
        self.standing.again.unwrap_or(self.standing.until)
    }

    /// What is due now; from now on it counts as having its rows.
    pub(crate) fn take_due(&mut self, task: &Task, now: Timestamp) -> Vec<Due> {
        let mut due = Vec::new();
        if self.next.as_ref().is_none_or(|tick| tick.at > now) {
            return due;
        }
        self.take_again(task, now, &mut due);
        let mut next = match &self.next {
            Some(tick) if tick.at > self.standing.until => self.next.take(),
            _ => schedule::next_of(&task.schedules, self.standing.until, self.standing.anchor),
        };
        let first = next.as_ref().map_or(now, |tick| tick.at);
        if first < now && now.duration_since(first).unsigned_abs() > LATE {
            let (limit, schedules) = (task.catch_up, &task.schedules);
            let missed = schedule::catch_up(
                schedules,
                self.standing.until,
                now,
                self.standing.anchor,
                limit,
            );
            self.standing.until = now;
            due.push(Due::Missed(missed));
            self.look_ahead(task);
            return due;
        }
        while let Some(this) = next.take_if(|tick| tick.at <= now) {
            self.standing.until = this.at;
            next = schedule::next_of(&task.schedules, this.at, self.standing.anchor);
            due.push(match this.kind {
                TickKind::Due => Due::Run(this),
                TickKind::DstSkipped => Due::DstSkipped(this),
            });
        }
        self.next = next;
        if self.standing.again.is_some() {
            self.look_ahead(task);
        }
        due
    }

    /// The ticks up to `until` that come again.
    fn take_again(&mut self, task: &Task, now: Timestamp, due: &mut Vec<Due>) {
        let Some(again) = self.standing.again else {
            return;
        };
        let oldest = now.checked_sub(LATE).unwrap_or(again);
        let mut done = again.max(oldest);
        let next = |done| {
            let (_, tick) = self.standing.next_again(&task.schedules, done)?;
            (tick.at <= now).then_some(tick)
        };
        while let Some(tick) = next(done) {
            done = tick.at;
            due.push(Due::Run(tick));
        }
        self.standing.again = (now < self.standing.until).then_some(done);
    }

    /// The next tick without a row.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.next.as_ref().map(|tick| tick.at)
    }

    /// The next tick that is run.
    pub(crate) fn next_run(&self, task: &Task) -> Option<Timestamp> {
        let mut tick = self.next.clone()?;
        let mut standing = self.standing;
        while tick.kind == TickKind::DstSkipped {
            standing = standing.passed(tick.at);
            (_, tick) = standing.next(&task.schedules)?;
        }
        Some(tick.at)
    }

    /// Where it has come.
    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// What is to survive the daemon.
    pub(crate) fn remember(&self, memory: &mut Memory) {
        memory.ticked_until = Some(self.standing.until);
        memory.again_until = self.standing.again;
        memory.clock_turn = self.turn;
        memory.known_since = Some(self.standing.anchor);
    }

    fn look_ahead(&mut self, task: &Task) {
        let next = self.standing.next(&task.schedules);
        self.next = next.map(|(_, tick)| tick);
    }
}

/// What has to be known of a task that goes, should one of its name come: where the clock was set back, instants to come
/// have rows already, and a turn that was used must not be used again.
pub(super) fn left(memory: &Memory, now: Timestamp) -> Option<Memory> {
    let comes_again = memory.ticked_until.is_some_and(|until| until > now);
    (comes_again || memory.clock_turn > 0).then(|| Memory {
        // No schedule has this text, so whichever comes begins anew.
        schedule: Some(String::new()),
        ticked_until: memory.ticked_until,
        clock_turn: memory.clock_turn,
        ..Memory::default()
    })
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

/// What was missed, and what is made up for, for the row that stands for it.
pub(super) fn missed_words(missed: &CatchUp, first: Timestamp, last: Timestamp) -> String {
    let count = missed.missed.ticks;
    let least = if missed.missed.exact { "" } else { "at least " };
    let made_up = match missed.make_up.len() {
        0 => "not made up for".to_owned(),
        1 if count == 1 => "it is made up for".to_owned(),
        1 => "the newest is made up for".to_owned(),
        n => format!("the newest {n} are made up for"),
    };
    if first == last {
        format!("1 tick missed at {first}; {made_up}")
    } else {
        format!("{least}{count} ticks missed from {first} to {last}; {made_up}")
    }
}
