//! What it costs while nothing happens.

use std::fmt::Write;
use std::thread;
use std::time::Duration;

use crate::bench::place::{Place, child};
use crate::bench::subjects::{Fleet, Subject};
use crate::bench::{proc, stamps};

/// How long a supervisor has to settle, and how long it is then watched.
const SETTLE: Duration = Duration::from_secs(5);
const WATCH: Duration = Duration::from_secs(30);

fn many(subject: &dyn Subject, place: &Place, quick: bool, ours: String) -> Result<(), String> {
    let count = if quick { 20 } else { 200 };
    let stamps_file = place.text("stamps");
    let fleet = Fleet {
        ours,
        ..Fleet::same(count, &[&child(), "up", &stamps_file])
    };
    subject.prepare(place, &fleet)?;
    let _child = subject.start(place)?;
    stamps::wait(&place.path("stamps"), "up", count)?;
    thread::sleep(SETTLE);
    Ok(())
}

fn megabytes(place: &Place) -> String {
    format!("{:.1} MB", proc::pss(&proc::own(place)) as f64 / 1e6)
}

pub(super) fn memory(subject: &dyn Subject, place: &Place, quick: bool) -> Result<String, String> {
    many(subject, place, quick, String::new())?;
    Ok(megabytes(place))
}

pub(super) fn empty(subject: &dyn Subject, place: &Place, _: bool) -> Result<String, String> {
    let stamps_file = place.text("stamps");
    subject.prepare(place, &Fleet::same(1, &[&child(), "up", &stamps_file]))?;
    let _child = subject.start(place)?;
    stamps::wait(&place.path("stamps"), "up", 1)?;
    thread::sleep(SETTLE);
    Ok(megabytes(place))
}

/// Processor time and wake-ups per second over half a minute.
pub(super) fn idle(subject: &dyn Subject, place: &Place, quick: bool) -> Result<String, String> {
    let mut tasks = String::new();
    for n in 0..1000 {
        let _ = writeln!(
            tasks,
            "[tasks.t{n}]\nrun = \"true\"\ncron = \"{} 4 29 2 *\"",
            n % 60
        );
    }
    many(subject, place, quick, tasks)?;
    let own = proc::own(place);
    let before = (proc::cpu(&own), proc::wakeups(&own));
    let watch = if quick { WATCH / 10 } else { WATCH };
    thread::sleep(watch);
    let seconds = watch.as_secs_f64();
    let percent = (proc::cpu(&own) - before.0) / seconds * 100.0;
    let wakeups = (proc::wakeups(&own) - before.1) as f64 / seconds;
    Ok(format!("{percent:.1} %, {wakeups:.1} wake-ups/s"))
}
