//! `/proc/PID/stat` of every process, and what there is to know of this one.
//!
//! A look reads all of `/proc`: `task/TID/children` would lead to our own alone, but does not exist on every kernel,
//! and has to be read for every thread.
//!
//! Tests: below.

use std::fs::{self, File};
use std::io::Read;
use std::sync::LazyLock;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{SysconfVar, sysconf};
use runwisp_core::figures::look::Own;
use runwisp_core::figures::usage::Process;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::status::Usage;

/// The kernel's tick and page, by which `stat` counts.
struct Units {
    tick: Duration,
    page: u64,
}

static UNITS: LazyLock<Units> = LazyLock::new(|| {
    let number = |name, usual: u64| {
        let found = sysconf(name).ok().flatten();
        found
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(usual)
            .max(1)
    };
    Units {
        tick: Duration::from_secs(1)
            / u32::try_from(number(SysconfVar::CLK_TCK, 100)).unwrap_or(100),
        page: number(SysconfVar::PAGE_SIZE, 4096),
    }
});

/// So many of the kernel's ticks.
pub(super) fn ticks(number: u64) -> Duration {
    UNITS
        .tick
        .saturating_mul(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Every process there is.
pub(super) fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| read(&format!("/proc/{pid}/stat"), |stat| parse(pid, stat)))
        .map(|stat| stat.process)
        .collect()
}

/// What `stat` says.
struct Stat {
    process: Process,
    /// Without the time of children.
    own_cpu: Duration,
    threads: u64,
}

/// A stat line is at most some 400 bytes long.
fn read<T>(path: &str, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let mut line = [0; 1024];
    let length = File::open(path).ok()?.read(&mut line).ok()?;
    parse(line.get(..length)?)
}

/// The name in it may hold anything, so everything is counted from its last parenthesis.
fn parse(pid: i32, stat: &[u8]) -> Option<Stat> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 2..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // proc(5) counts fields from 1, and the state behind the name is the third.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let signed = |number: usize| fields.get(number - 3)?.parse::<i32>().ok();
    let own_cpu = ticks(field(14)? + field(15)?);
    Some(Stat {
        process: Process {
            pid,
            parent: signed(4)?,
            session: signed(6)?,
            start: field(22)?,
            cpu: own_cpu + ticks(field(16)? + field(17)?),
            memory_bytes: field(24)?.saturating_mul(UNITS.page),
        },
        own_cpu,
        threads: field(20)?,
    })
}

/// What this process uses. What it spends on children that compile plugins is not its own.
pub(super) fn own() -> Option<Own> {
    let pid = i32::try_from(std::process::id()).ok()?;
    let stat = read("/proc/self/stat", |stat| parse(pid, stat))?;
    // One of them is the one that lists them.
    let fds = fs::read_dir("/proc/self/fd")
        .ok()?
        .count()
        .saturating_sub(1);
    Some(Own {
        usage: Usage {
            cpu_percent: 0.0,
            memory_bytes: stat.process.memory_bytes,
        },
        cpu: stat.own_cpu,
        max_fds: getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft),
        open_fds: u64::try_from(fds).unwrap_or(u64::MAX),
        threads: stat.threads,
    })
}

/// The run a process was started for, by its environment.
pub(super) fn started_for(pid: i32) -> Option<RunId> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let run = variables.find_map(|line| line.strip_prefix(b"RUNWISP_RUN_ID="))?;
    std::str::from_utf8(run).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_whatever_the_name_holds() {
        let line = b"42 (a) b (c) S 7 42 41 0 -1 4194304 100 200 0 0 150 50 300 100 20 0 3 0 9000 1000000 25 18446744073709551615 1";
        let stat = parse(42, line).unwrap();
        assert_eq!((stat.process.parent, stat.process.session), (7, 41));
        assert_eq!((stat.process.start, stat.threads), (9000, 3));
        assert_eq!(stat.own_cpu, ticks(200));
        assert_eq!(stat.process.cpu, ticks(600));
        assert_eq!(stat.process.memory_bytes, 25 * UNITS.page);
        assert!(parse(42, b"42 (half a li").is_none());
        assert!(parse(42, b"42 (short) S 1 2 3").is_none());
    }

    #[test]
    fn this_process_is_among_all() {
        let me = std::process::id().cast_signed();
        assert!(all().iter().any(|process| process.pid == me));
    }
}
