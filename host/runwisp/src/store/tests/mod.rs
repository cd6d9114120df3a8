//! The store against real files. What is shared by its tests is here.

mod audit;
mod damage;
mod full_disk;
mod held;
mod kept;
pub(super) mod messages;
mod opening;
mod queries;
mod samples;
mod writing;

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use jiff::Timestamp;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};

use super::{Kept, Opened, StoreError, Told, Write, open};

/// Longer than anything here takes: a test that waits so long has failed.
const LONG: Duration = Duration::from_secs(60);

/// The wall clock of these tests, in milliseconds.
const EPOCH: u64 = 1_700_000_000_000;

fn open_in(dir: &Path) -> Result<(Opened, Receiver<Told>), StoreError> {
    let (tell, told) = channel();
    let opened = open(
        dir,
        Box::new(move |news| {
            let _ = tell.send(news);
        }),
    )?;
    Ok((opened, told))
}

fn unit(name: &str) -> UnitName {
    UnitName::new(name).unwrap()
}

/// The id of the run decided at `ms` after the epoch of these tests.
fn id(ms: u64) -> RunId {
    RunId::from_parts(EPOCH + ms, 7)
}

fn time(ms: u64) -> Timestamp {
    Timestamp::from_millisecond((EPOCH + ms).cast_signed()).unwrap()
}

/// A run of a task that succeeded, decided at `ms`.
fn ended(name: &str, ms: u64) -> RunRecord {
    let mut run = RunRecord::new(id(ms), unit(name), Kind::Task, Trigger::Schedule, time(ms));
    run.scheduled_at = Some(time(ms));
    run.state = RunState::Ended;
    run.outcome = Some(Outcome::Succeeded);
    run.exit_code = Some(0);
    run.started_at = Some(time(ms + 1));
    run.ended_at = Some(time(ms + 2));
    run.duration = Some(Duration::from_millis(1));
    run
}

fn write(run: RunRecord) -> Write {
    Write::Run {
        row: Box::new(run),
        confirm: false,
    }
}

fn confirmed(run: RunRecord) -> Write {
    Write::Run {
        row: Box::new(run),
        confirm: true,
    }
}

/// The next confirmation, whatever else is told before it.
fn next_confirmation(told: &Receiver<Told>) -> (RunId, Kept) {
    loop {
        if let Told::Confirmed { run, kept } = told.recv_timeout(LONG).unwrap() {
            return (run, kept);
        }
    }
}
