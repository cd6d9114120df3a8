//! What /proc knows of a supervisor's own processes: memory, processor time, wake-ups.

use std::fs;

use super::place::{MARK, Place};
use super::stamps;
use crate::shell::works;

/// Kernel ticks per second: 100 on every Linux that runs this.
const TICKS: f64 = 100.0;

/// Every process of the place, children included.
fn all(place: &Place) -> Vec<i32> {
    let mark = format!("{MARK}={}", place.dir().to_string_lossy()).into_bytes();
    let carries = |pid: &i32| {
        let block = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        block.split(|byte| *byte == 0).any(|text| text == mark)
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    pids.filter(carries)
        .filter(|pid| *pid != std::process::id() as i32)
        .collect()
}

/// The supervisor's own processes: all but the children that it was given.
pub(super) fn own(place: &Place) -> Vec<i32> {
    let name = |pid: &i32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    all(place)
        .into_iter()
        .filter(|pid| name(pid).trim() != "bench-child")
        .collect()
}

/// Memory that would be free without these processes, bytes: their proportional set size.
pub(super) fn pss(pids: &[i32]) -> u64 {
    let of = |pid: &i32| {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
            .unwrap_or(0)
            * 1024
    };
    pids.iter().map(of).sum()
}

/// Processor time so far, user and system, of these processes and those they waited for; seconds.
pub(super) fn cpu(pids: &[i32]) -> f64 {
    let of = |pid: &i32| {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields);
        // Behind the name: utime and stime are fields 11 and 12.
        let ticks = fields
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok());
        ticks.sum::<u64>()
    };
    pids.iter().map(of).sum::<u64>() as f64 / TICKS
}

/// How often these processes have waited for something so far, all threads together.
pub(super) fn wakeups(pids: &[i32]) -> u64 {
    let of_thread = |path: std::path::PathBuf| {
        let text = fs::read_to_string(path.join("status")).unwrap_or_default();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|rest| rest.trim().parse::<u64>().ok())
            .unwrap_or(0)
    };
    let threads = pids.iter().flat_map(|pid| {
        fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten()
    });
    threads.map(|thread| of_thread(thread.path())).sum()
}

/// Ends every process of the place, and waits until they are gone.
pub(super) fn end_all(place: &Place) {
    let gone = || {
        let pids = all(place);
        for pid in &pids {
            works("kill", &["-KILL", &pid.to_string()]);
        }
        pids.is_empty()
    };
    let _ = stamps::until("processes to go", gone);
}
