//! The machine: `/proc/stat`, `meminfo`, `loadavg`, `uptime`, and the file system with the data directory.
//!
//! In a container these are the machine's around it, as everywhere else that shows them.
//!
//! Tests: below.

use std::fs;
use std::path::Path;
use std::time::Duration;

use runwisp_core::figures::look::Host;
use runwisp_core::words::status::Usage;

/// What does not change while the daemon lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub hostname: String,
    /// What runs on it, such as `Debian GNU/Linux 12 (bookworm)`.
    pub os: String,
    /// The processor's architecture, such as `x86_64`.
    pub arch: String,
    /// Cores that are online.
    pub cores: u32,
}

/// Looks the machine over.
pub fn machine() -> Machine {
    let hostname = nix::unistd::gethostname().ok();
    let release = ["/etc/os-release", "/usr/lib/os-release"]
        .into_iter()
        .find_map(|path| fs::read_to_string(path).ok());
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    Machine {
        hostname: hostname
            .and_then(|name| name.into_string().ok())
            .unwrap_or_else(|| "localhost".to_owned()),
        os: release
            .and_then(|text| pretty_name(&text))
            .unwrap_or_else(|| "Linux".to_owned()),
        arch: std::env::consts::ARCH.to_owned(),
        cores: cores(&stat).max(1),
    }
}

fn pretty_name(release: &str) -> Option<String> {
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(name.trim_matches(['"', '\'']).to_owned())
}

fn cores(stat: &str) -> u32 {
    let core = |line: &&str| {
        let rest = line.strip_prefix("cpu");
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    u32::try_from(stat.lines().filter(core).count()).unwrap_or(u32::MAX)
}

/// Time of all cores since the machine started, in the kernel's ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticks {
    busy: u64,
    all: u64,
}

impl Ticks {
    /// How busy the cores were since, all together. Counts of single kinds of time may go back a little; nothing
    /// here goes below zero for that.
    pub(super) fn percent_until(self, now: Ticks) -> f64 {
        let all = now.all.saturating_sub(self.all);
        if all == 0 {
            return 0.0;
        }
        let busy = now.busy.saturating_sub(self.busy).min(all);
        busy as f64 / all as f64 * 100.0
    }
}

pub(super) fn ticks() -> Option<Ticks> {
    parse_ticks(&fs::read_to_string("/proc/stat").ok()?)
}

fn parse_ticks(stat: &str) -> Option<Ticks> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<u64> = line
        .split_ascii_whitespace()
        .map_while(|field| field.parse().ok())
        // user, nice, system, idle, iowait, irq, softirq, steal; the guests' time is in the first two.
        .take(8)
        .collect();
    let all: u64 = fields.iter().sum();
    let idle = fields.get(3)? + fields.get(4).copied().unwrap_or_default();
    Some(Ticks {
        busy: all - idle,
        all,
    })
}

/// All but the processor time, which takes two looks.
pub(super) fn host(data: &Path) -> Option<Host> {
    let (total, used) = memory(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let disk = nix::sys::statvfs::statvfs(data).ok();
    let size = |blocks: u64, size: u64| blocks.saturating_mul(size);
    Some(Host {
        usage: Usage {
            cpu_percent: 0.0,
            memory_bytes: used,
        },
        memory_total_bytes: total,
        load: numbers(&load),
        uptime: Duration::try_from_secs_f64(numbers::<1>(&uptime)[0]).unwrap_or_default(),
        disk_total_bytes: disk.map_or(0, |disk| size(disk.blocks(), disk.fragment_size())),
        disk_free_bytes: disk.map_or(0, |disk| {
            size(disk.blocks_available(), disk.fragment_size())
        }),
    })
}

/// The first numbers of a line; 0 for what is missing.
fn numbers<const N: usize>(line: &str) -> [f64; N] {
    let mut words = line.split_ascii_whitespace();
    std::array::from_fn(|_| {
        words
            .next()
            .and_then(|word| word.parse().ok())
            .unwrap_or(0.0)
    })
}

/// All memory and what is in use of it, bytes.
fn memory(meminfo: &str) -> Option<(u64, u64)> {
    let of = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        let number = line.trim_start_matches(':').trim().trim_end_matches(" kB");
        number.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    let total = of("MemTotal")?;
    Some((total, total.saturating_sub(of("MemAvailable")?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_busy_the_cores_were_is_told_by_two_looks() {
        let before = parse_ticks("cpu  100 0 50 800 50 0 0 0 7 7\ncpu0 1\n").unwrap();
        let after = parse_ticks("cpu  150 0 100 850 50 0 0 0 9 9\n").unwrap();
        assert_eq!(before.percent_until(after).round(), 67.0);
        assert_eq!(before.percent_until(before), 0.0);
        // A kernel may count idle time back.
        assert_eq!(after.percent_until(before), 0.0);
        assert!(parse_ticks("intr 1\n").is_none());
    }

    #[test]
    fn memory_in_use_is_what_is_not_available() {
        let text = "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  300 kB\n";
        assert_eq!(memory(text), Some((1_024_000, 716_800)));
    }

    #[test]
    fn this_machine_has_a_name_and_a_core() {
        let machine = machine();
        assert!(machine.cores > 0 && !machine.hostname.is_empty() && !machine.os.is_empty());
        assert_eq!(
            pretty_name("ID=x\nPRETTY_NAME=\"Some OS 1\"\n").unwrap(),
            "Some OS 1"
        );
        assert_eq!(cores("cpu  1\ncpu0 1\ncpu1 1\nintr 1\n"), 2);
    }
}
