//! The sweep: what is old, too many or too large goes; what stays and has ended is compressed.
//!
//! Order of removal: a run's log first, its row second, so that no log is left without anybody who knows of it. Only
//! `[storage]` removes a log and leaves its row: history is small. Logs of runs that have not ended are never touched.
//!
//! One sweep at a time. Every step may fail; the others go on, and the next sweep tries again.
//!
//! Tests are in `tests/sweeping.rs`; what goes for want of room is decided in `runwisp_core::retention`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use runwisp_core::config::plan::{Plan, StoragePlan};
use runwisp_core::retention::{EndedLog, how_many_go};
use runwisp_core::words::ids::{RunId, UnitName};

use super::compress::compress;
use super::create::{free_space, remove};
use super::error::LogError;
use super::paths::{TEMPORARY_SUFFIX, logs_dir, run_of};
use crate::store::{Queries, Write, Writer};

/// A log is compressed so long after it was last written: what has just failed is looked at, and `cat` is nice then.
const COMPRESS_AFTER: Duration = Duration::from_secs(10 * 60);

/// Smaller logs stay as they are.
const COMPRESS_FROM: u64 = 4096;

/// Runs removed in one go.
const BATCH: usize = 1000;

/// How long the sweep waits for the rows it removed to be gone.
const COMMIT: Duration = Duration::from_secs(10);

/// How long a run that was taken out of sight can be brought back, at least.
pub const UNDO: SignedDuration = SignedDuration::from_secs(60);

/// What is kept.
#[derive(Clone, Debug)]
pub struct Rules {
    /// `[storage]`.
    pub storage: StoragePlan,
    /// `keep_runs` and `keep_for` of units that have either.
    pub units: Vec<(UnitName, Option<u64>, Option<Duration>)>,
    /// How long after its last byte a log is compressed.
    pub compress_after: Duration,
}

impl Rules {
    /// The rules of a configuration.
    pub fn of_plan(plan: &Plan) -> Rules {
        let units = plan.units.values();
        Rules {
            storage: plan.storage,
            units: units
                .filter(|unit| unit.keep_runs.is_some() || unit.keep_for.is_some())
                .map(|unit| (unit.name.clone(), unit.keep_runs, unit.keep_for))
                .collect(),
            compress_after: COMPRESS_AFTER,
        }
    }

    /// Nothing but room, at once: the oldest logs go as far as `storage` asks, and what takes its time is left out.
    pub fn for_room_alone(storage: StoragePlan) -> Rules {
        Rules {
            storage,
            units: Vec::new(),
            compress_after: Duration::MAX,
        }
    }
}

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Runs that are gone, row and log.
    pub runs_removed: u64,
    /// Logs that are gone for want of room; their rows stay.
    pub logs_removed: u64,
    /// Logs that were compressed.
    pub compressed: u64,
    /// What did not work, in plain words.
    pub troubles: Vec<String>,
    /// Why logs still take more room than `max_size` allows. Whether `min_free_space` is there is looked at all the time,
    /// not only here.
    pub short_of_space: Option<String>,
}

/// Sweeps a data directory. Takes as long as it takes: minutes, where much is to be compressed.
pub fn sweep(
    data: &Path,
    queries: &Queries,
    writer: &Writer,
    rules: &Rules,
    now: Timestamp,
) -> Report {
    let mut report = Report::default();
    for (unit, keep_runs, keep_for) in &rules.units {
        let before = keep_for.and_then(|length| {
            let length = SignedDuration::try_from(length).ok()?;
            now.checked_sub(length).ok()
        });
        remove_expired(
            data,
            queries,
            writer,
            (unit, *keep_runs, before),
            &mut report,
        );
    }
    remove_hidden(data, queries, writer, now, &mut report);
    let mut kept = Vec::new();
    let mut total = 0;
    for unit in units_with_logs(data, &mut report) {
        let logs = match inventory(data, &unit) {
            Ok(logs) => logs,
            Err(error) => {
                report.troubles.push(error.to_string());
                continue;
            }
        };
        let all: Vec<RunId> = logs.keys().copied().collect();
        let mut ended = Vec::new();
        for some in all.chunks(BATCH) {
            match queries.not_open(some) {
                Ok(runs) => ended.extend(runs),
                Err(error) => report.troubles.push(error.to_string()),
            }
        }
        total += logs.values().map(|log| log.size).sum::<u64>();
        for run in ended {
            let Some(log) = logs.get(&run) else { continue };
            let mut size = log.size;
            if log.raw >= COMPRESS_FROM && is_older(log, rules.compress_after, now) {
                match compress(data, &unit, run) {
                    Ok(saved) => {
                        report.compressed += 1;
                        size = size.saturating_sub(saved);
                        total = total.saturating_sub(saved);
                    }
                    Err(error) => report.troubles.push(error.to_string()),
                }
            }
            kept.push(EndedLog {
                id: (run, unit.clone()),
                size,
            });
        }
    }
    make_room(data, kept, total, rules, &mut report);
    report
}

fn remove_expired(
    data: &Path,
    queries: &Queries,
    writer: &Writer,
    (unit, keep_runs, before): (&UnitName, Option<u64>, Option<Timestamp>),
    report: &mut Report,
) {
    loop {
        let expired = match queries.expired(unit, keep_runs, before, BATCH) {
            Ok(expired) => expired,
            Err(error) => return report.troubles.push(error.to_string()),
        };
        let found = expired.len();
        let mut gone = Vec::with_capacity(found);
        for run in expired {
            match remove(data, unit, run) {
                Ok(()) => gone.push(run),
                Err(error) => report.troubles.push(error.to_string()),
            }
        }
        let (removed, some_stay) = (gone.len(), gone.len() < found);
        report.runs_removed += removed as u64;
        writer.send([Write::DeleteRuns(gone)]);
        if found < BATCH || some_stay || !writer.flush(COMMIT) {
            return;
        }
    }
}

/// Removes the runs that were taken out of sight long enough ago.
fn remove_hidden(
    data: &Path,
    queries: &Queries,
    writer: &Writer,
    now: Timestamp,
    report: &mut Report,
) {
    let before = now.checked_sub(UNDO).unwrap_or(Timestamp::MIN);
    loop {
        let hidden = match queries.hidden(before, BATCH) {
            Ok(hidden) => hidden,
            Err(error) => return report.troubles.push(error.to_string()),
        };
        let mut gone = Vec::with_capacity(hidden.len());
        for (run, unit) in &hidden {
            match remove(data, unit, *run) {
                Ok(()) => gone.push(*run),
                Err(error) => report.troubles.push(error.to_string()),
            }
        }
        let all = gone.len() == hidden.len();
        report.runs_removed += gone.len() as u64;
        writer.send([Write::DeleteRuns(gone)]);
        if hidden.len() < BATCH || !all || !writer.flush(COMMIT) {
            return;
        }
    }
}

fn make_room(
    data: &Path,
    mut kept: Vec<EndedLog<(RunId, UnitName)>>,
    total: u64,
    rules: &Rules,
    report: &mut Report,
) {
    let StoragePlan {
        max_size,
        min_free_space,
    } = rules.storage;
    if max_size == 0 && min_free_space == 0 {
        return;
    }
    kept.sort_by_key(|log| log.id.0);
    let logs = logs_dir(data);
    let free = free_space(&logs).ok();
    let mut left = total;
    for log in &kept[..how_many_go(&kept, total, free, &rules.storage)] {
        match remove(data, &log.id.1, log.id.0) {
            Ok(()) => {
                report.logs_removed += 1;
                left = left.saturating_sub(log.size);
            }
            Err(error) => report.troubles.push(error.to_string()),
        }
    }
    if max_size > 0 && left > max_size {
        report.short_of_space = Some(format!(
            "logs of live runs take {left} bytes, more than the max_size of {max_size}"
        ));
    }
}

/// What a run's output takes on disk.
#[derive(Default)]
struct OnDisk {
    /// All its files.
    size: u64,
    /// What is not compressed.
    raw: u64,
    /// Last written, seconds since 1970.
    modified: i64,
}

fn is_older(log: &OnDisk, age: Duration, now: Timestamp) -> bool {
    let age = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    log.modified <= now.as_second().saturating_sub(age)
}

fn units_with_logs(data: &Path, report: &mut Report) -> Vec<UnitName> {
    let entries = match fs::read_dir(logs_dir(data)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            report
                .troubles
                .push(format!("the logs could not be listed: {error}"));
            return Vec::new();
        }
    };
    entries
        .flatten()
        .filter_map(|entry| UnitName::new(entry.file_name().to_str()?).ok())
        .collect()
}

/// What each run of a unit takes. Removes what a sweep that was killed has left half done.
fn inventory(data: &Path, unit: &UnitName) -> Result<BTreeMap<RunId, OnDisk>, LogError> {
    use std::os::unix::fs::MetadataExt;
    let dir = logs_dir(data).join(unit.as_str());
    let mut logs: BTreeMap<RunId, OnDisk> = BTreeMap::new();
    let entries = fs::read_dir(&dir).map_err(LogError::io(dir.display()))?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.as_bytes().ends_with(TEMPORARY_SUFFIX.as_bytes()) {
            let _ = fs::remove_file(entry.path());
            continue;
        }
        let (Some(name), Ok(meta)) = (name.to_str(), entry.metadata()) else {
            continue;
        };
        let Some(run) = run_of(name) else { continue };
        let log = logs.entry(run).or_default();
        log.size += meta.len();
        log.modified = log.modified.max(meta.mtime());
        if name.ends_with(".log") || name.ends_with(".log.1") {
            log.raw += meta.len();
        }
    }
    Ok(logs)
}
