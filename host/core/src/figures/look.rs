//! What a look at the machine, the daemon and the runs has found.

use std::time::Duration;

use super::Usage;
use super::usage::RunUsage;
use crate::words::time::Mono;

/// What one look found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// Since when what is told of use has been used; none at the first look.
    pub since: Option<Mono>,
    /// When it was taken.
    pub at: Mono,
    /// What each run uses.
    pub runs: Vec<RunUsage>,
    /// What the machine does.
    pub host: Option<Host>,
    /// What the daemon uses.
    pub daemon: Option<Own>,
    /// The keeper's resident size, bytes.
    pub keeper_memory_bytes: Option<u64>,
}

/// What the machine does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Host {
    /// Processor time of all cores together in percent, and memory in use.
    pub usage: Usage,
    /// All the memory there is, bytes.
    pub memory_total_bytes: u64,
    /// The load of the last 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Since the machine started.
    pub uptime: Duration,
    /// Size of the file system with the data directory, bytes.
    pub disk_total_bytes: u64,
    /// Bytes of it that are free for the daemon's user.
    pub disk_free_bytes: u64,
}

/// What a process of ours uses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Own {
    /// Processor time in percent of one core, and resident size.
    pub usage: Usage,
    /// Processor time since it began.
    pub cpu: Duration,
    /// Open descriptors.
    pub open_fds: u64,
    /// The most descriptors it may open.
    pub max_fds: u64,
    /// Threads.
    pub threads: u64,
}
