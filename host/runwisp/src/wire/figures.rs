//! Figures on the wire: the machine, the daemon, and curves of what was used.
//!
//! Percents of a unit or of the daemon are of one core: two cores in full use are 200. Percents of the machine are of
//! all its cores: 100 is all there is.

use jiff::Timestamp;
use runwisp_core::figures::points::Point;
use runwisp_core::words::status::Usage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::InstanceUse;
use crate::daemon::handle::HostFigures;

/// `host`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Host {
    /// The machine's name.
    pub hostname: String,
    /// What runs on it.
    pub os: String,
    /// The processor's architecture.
    pub arch: String,
    /// Cores that are online.
    pub cores: u32,
    /// Since the machine started.
    pub uptime_ms: u64,
    /// The load of the last 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Processor time of all cores together in use, percent.
    pub cpu_percent: f64,
    /// Memory of the machine.
    pub memory: Memory,
    /// The file system with the data directory.
    pub disk: Disk,
    /// The daemon process.
    pub daemon: DaemonUse,
    /// The keeper.
    pub keeper: KeeperUse,
}

/// Memory of the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Memory {
    /// All there is.
    pub total_bytes: u64,
    /// What can't be had without taking it from somebody.
    pub used_bytes: u64,
}

/// A file system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Disk {
    /// Its size.
    pub total_bytes: u64,
    /// What the daemon's user may still use.
    pub free_bytes: u64,
}

/// What the daemon uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DaemonUse {
    /// Processor time, percent of one core.
    pub cpu_percent: f64,
    /// Resident size.
    pub memory_bytes: u64,
    /// Open descriptors.
    pub open_fds: u64,
    /// Threads.
    pub threads: u64,
    /// Since the daemon process took over.
    pub uptime_ms: u64,
}

/// What the keeper uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KeeperUse {
    /// Resident size.
    pub memory_bytes: u64,
}

/// `samples`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Samples {
    /// From one sample to the next, where both are there.
    pub step_ms: u64,
    /// Oldest first; a step of which nothing is known has none.
    pub samples: Vec<Sample>,
}

/// What was used in one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    /// The first moment of the step.
    pub at: Timestamp,
    /// On average, percent.
    pub cpu_percent: f64,
    /// At most.
    pub memory_bytes: u64,
}

/// Two decimals are more than a reading every few seconds knows.
fn rounded(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}

fn ms(length: std::time::Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

impl From<HostFigures> for Host {
    fn from(figures: HostFigures) -> Self {
        let HostFigures {
            machine,
            look,
            started_at,
            now,
        } = figures;
        let host = look.host.unwrap_or_default();
        let own = look.daemon.unwrap_or_default();
        let uptime = now.as_millisecond() - started_at.as_millisecond();
        Host {
            hostname: machine.hostname,
            os: machine.os,
            arch: machine.arch,
            cores: machine.cores,
            uptime_ms: ms(host.uptime),
            load: host.load,
            cpu_percent: rounded(host.usage.cpu_percent),
            memory: Memory {
                total_bytes: host.memory_total_bytes,
                used_bytes: host.usage.memory_bytes,
            },
            disk: Disk {
                total_bytes: host.disk_total_bytes,
                free_bytes: host.disk_free_bytes,
            },
            daemon: DaemonUse {
                cpu_percent: rounded(own.usage.cpu_percent),
                memory_bytes: own.usage.memory_bytes,
                open_fds: own.open_fds,
                threads: own.threads,
                uptime_ms: u64::try_from(uptime).unwrap_or_default(),
            },
            keeper: KeeperUse {
                memory_bytes: look.keeper_memory_bytes.unwrap_or_default(),
            },
        }
    }
}

impl From<Usage> for InstanceUse {
    fn from(usage: Usage) -> Self {
        InstanceUse {
            cpu_percent: rounded(usage.cpu_percent),
            memory_bytes: usage.memory_bytes,
        }
    }
}

impl From<Point> for Sample {
    fn from(point: Point) -> Self {
        Sample {
            at: point.at,
            cpu_percent: rounded(point.usage.cpu_percent),
            memory_bytes: point.usage.memory_bytes,
        }
    }
}
