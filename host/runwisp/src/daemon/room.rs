//! Room for output: how much is left on the disk of the logs, and what follows from that.
//!
//! Looked at for two reasons only, so that an idle daemon stays idle: `[storage] min_free_space` asks for it, or the
//! keeper says that output could not be written. Below `min_free_space` the oldest logs make room; where that does not
//! do, the keeper is asked to keep no output until there is room again.
//!
//! Invariant: the disk is looked at away from the loop, and one look at a time.
//!
//! Tests: `tests/e2e/disk.rs`.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runwisp_core::config::plan::StoragePlan;
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::keeper::Ask;
use tokio::time::Instant;

use super::clock;
use super::failures;
use super::main_loop::{Back, MainLoop};
use crate::logs::sweep::{Rules, sweep};
use crate::logs::{self, LogError};

/// From one look to the next: while output is lost, and otherwise.
const WHILE_LOST: Duration = Duration::from_secs(1);
const OTHERWISE: Duration = Duration::from_secs(5);

/// The keeper tells of losses once a second: having heard nothing for so long means that there are none.
const CALM: Duration = Duration::from_millis(2500);

/// With less than this, the next piece of output would be lost again.
const SOME: u64 = 64 * 1024;

/// What is known of the room for output.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// A look is under way, or on the calendar.
    looking: bool,
    /// The keeper was asked to keep no output.
    closed: bool,
    /// When output was last lost.
    lost: Option<Instant>,
    /// A unit for which no log could be made.
    without_log: Option<UnitName>,
    /// Held by whoever sweeps.
    pub(crate) sweeping: Arc<Mutex<()>>,
}

/// What a look found.
#[derive(Debug)]
pub(crate) struct Look {
    /// Bytes that are free; none where nobody knows.
    free: Option<u64>,
    /// Whether a log can be made again for the unit that had none.
    log_made: bool,
}

impl MainLoop {
    /// The keeper could not write output.
    pub(crate) fn output_lost(&mut self, errno: i32) {
        self.room.lost = Some(Instant::now());
        let why = failures::text_of(errno);
        let text = format!("output is being lost, for it can't be written: {why}");
        self.set_trouble("output", Some(text));
        if !self.room.looking {
            self.look_for_room_after(WHILE_LOST);
        }
    }

    /// No log could be made for a new run, which goes on without.
    pub(crate) fn log_not_made(&mut self, unit: &UnitName, error: &LogError) {
        self.room.without_log = Some(unit.clone());
        self.set_trouble("log", Some(format!("logs can't be written: {error}")));
        if !self.room.looking {
            self.look_for_room_after(OTHERWISE);
        }
    }

    /// A log was made for a new run.
    pub(crate) fn log_made(&mut self) {
        if self.room.without_log.take().is_some() {
            self.set_trouble("log", None);
        }
    }

    /// The configuration may ask for other room than before.
    pub(crate) fn look_for_room(&mut self) {
        let asked = self.fleet.plan().storage.min_free_space > 0;
        if (asked || self.room.closed) && !self.room.looking {
            self.look_for_room_after(Duration::ZERO);
        }
    }

    fn look_for_room_after(&mut self, delay: Duration) {
        self.room.looking = true;
        let back = self.back.clone();
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let _ = back.send(Back::LookForRoom);
        });
    }

    /// Looks, and has the oldest logs make room when that is called for. Where that was not enough once, it is left to
    /// the sweep: going through all logs every few seconds would be a load of its own.
    pub(crate) fn begin_look(&self) {
        let storage = StoragePlan {
            max_size: 0,
            ..self.fleet.plan().storage
        };
        let data = self.situation.options.data.clone();
        // A sweep that is under way makes room anyway.
        let sweeping = (!self.room.closed).then(|| Arc::clone(&self.room.sweeping));
        let without_log = self.room.without_log.clone();
        let (queries, writer) = (self.queries.clone(), self.journal.writer());
        let (back, now) = (self.back.clone(), clock::now().wall);
        tokio::task::spawn_blocking(move || {
            let logs = logs::logs_dir(&data);
            let mut free = logs::free_space(&logs).ok();
            if is_short(free, &storage)
                && let Some(Ok(_alone)) = sweeping.as_ref().map(|sweeping| sweeping.try_lock())
            {
                let rules = Rules::for_room_alone(storage);
                sweep(&data, &queries, &writer, &rules, now);
                free = logs::free_space(&logs).ok();
            }
            let log_made = without_log.is_some_and(|unit| can_make_log(&data, &unit));
            let _ = back.send(Back::Room(Look { free, log_made }));
        });
    }

    pub(crate) fn handle_room(&mut self, look: Look) {
        let free = look.free;
        self.room.looking = false;
        if look.log_made {
            self.log_made();
        }
        let storage = self.fleet.plan().storage;
        let closed = is_short(free, &storage);
        if closed != self.room.closed {
            self.room.closed = closed;
            let keep = !closed;
            self.keeper.ask(Ask::KeepOutput { keep }, Vec::new());
        }
        self.set_trouble(
            "room",
            closed.then(|| {
                let (free, min) = (free.unwrap_or_default(), storage.min_free_space);
                format!(
                    "no output is kept: {free} bytes of disk space are free, less than the min_free_space of {min}"
                )
            }),
        );
        let calm = self.room.lost.is_some_and(|at| at.elapsed() >= CALM);
        if calm && free.is_none_or(|free| free >= SOME) {
            self.room.lost = None;
            self.set_trouble("output", None);
        }
        if self.room.lost.is_some() {
            self.look_for_room_after(WHILE_LOST);
        } else if storage.min_free_space > 0 || self.room.without_log.is_some() {
            self.look_for_room_after(OTHERWISE);
        }
    }
}

/// Makes a log as a new run's would be, and removes it.
fn can_make_log(data: &Path, unit: &UnitName) -> bool {
    let run = super::entropy::run_id();
    let made = logs::create(data, unit, run).is_ok();
    // What a half made one left behind goes, too; if not now, then with the next look.
    let _ = logs::remove(data, unit, run);
    made
}

fn is_short(free: Option<u64>, storage: &StoragePlan) -> bool {
    free.is_some_and(|free| free < storage.min_free_space)
}
