//! A run: one execution of a unit's command, from its cause to its outcome.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{RunId, UnitName};
use super::spawn::RunVars;

/// What kind of unit a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Kind {
    /// Run to its end, by schedule or by hand.
    Task,
    /// Kept alive.
    Service,
}

impl Kind {
    /// The name used in JSON, in metrics and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Task => "task",
            Kind::Service => "service",
        }
    }
}

/// Why a run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Trigger {
    /// A tick of the unit's `cron`.
    Schedule,
    /// A tick that was missed and is made up for.
    CatchUp,
    /// An operator, through the CLI, the TUI, the page or the API.
    Manual,
    /// `run_on_start`, or a service's `autostart`.
    Start,
    /// A failed attempt that is tried again.
    Retry,
    /// A service instance that ended and is started again.
    Restart,
    /// `on_success` or `on_failure` of another unit.
    Chain,
    /// A remote caller with a hook token.
    Hook,
    /// `watch` saw a file change.
    Watch,
    /// The definition changed and was reloaded.
    Reload,
}

impl Trigger {
    /// The name used in JSON, in metrics and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Trigger::Schedule => "schedule",
            Trigger::CatchUp => "catch_up",
            Trigger::Manual => "manual",
            Trigger::Start => "start",
            Trigger::Retry => "retry",
            Trigger::Restart => "restart",
            Trigger::Chain => "chain",
            Trigger::Hook => "hook",
            Trigger::Watch => "watch",
            Trigger::Reload => "reload",
        }
    }
}

/// Where a run is between its cause and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RunState {
    /// Waits for a free slot of its task.
    Queued,
    /// Decided; the process does not exist yet.
    Starting,
    /// The process runs.
    Running,
    /// Asked to stop; not gone yet.
    Stopping,
    /// Over; `outcome` says how.
    Ended,
}

/// How a run ended. Never inferred from the exit code alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Outcome {
    /// Ended by itself with an exit code that counts as success.
    Succeeded,
    /// Any other end of its own: another code, a signal from outside, a matching `fail_on_output`.
    Failed,
    /// Ran longer than its `timeout`.
    Timeout,
    /// An operator, an overlap rule or a restart asked it to end.
    Stopped,
    /// The command could not be started.
    StartFailed,
    /// Its health check or watchdog gave up on it.
    Unhealthy,
    /// The kernel killed it: out of memory.
    OomKilled,
    /// Printed more than `log_max_size` with `log_on_full = "kill"`.
    LogOverflow,
    /// The machine or the keeper went away under it; what it did is not known.
    Interrupted,
    /// Ended because runwisp itself was told to stop.
    DaemonStopped,
    /// A tick that found the task busy, with `on_overlap = "skip"`.
    Skipped,
    /// A tick or request that found the queue full.
    QueueFull,
    /// Ticks that passed while nothing was there to run them.
    Missed,
    /// The second of two equal wall-clock times on the night the clocks go back.
    DstSkipped,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 14] = [
        Outcome::Succeeded,
        Outcome::Failed,
        Outcome::Timeout,
        Outcome::Stopped,
        Outcome::StartFailed,
        Outcome::Unhealthy,
        Outcome::OomKilled,
        Outcome::LogOverflow,
        Outcome::Interrupted,
        Outcome::DaemonStopped,
        Outcome::Skipped,
        Outcome::QueueFull,
        Outcome::Missed,
        Outcome::DstSkipped,
    ];

    /// Whether people should hear of it: it went wrong and nobody asked for it.
    pub fn is_failure(self) -> bool {
        use Outcome::{
            Failed, Interrupted, LogOverflow, Missed, OomKilled, StartFailed, Timeout, Unhealthy,
        };
        matches!(
            self,
            Failed
                | Timeout
                | StartFailed
                | Unhealthy
                | OomKilled
                | LogOverflow
                | Interrupted
                | Missed
        )
    }

    /// The name used in files, in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Timeout => "timeout",
            Outcome::Stopped => "stopped",
            Outcome::StartFailed => "start_failed",
            Outcome::Unhealthy => "unhealthy",
            Outcome::OomKilled => "oom_killed",
            Outcome::LogOverflow => "log_overflow",
            Outcome::Interrupted => "interrupted",
            Outcome::DaemonStopped => "daemon_stopped",
            Outcome::Skipped => "skipped",
            Outcome::QueueFull => "queue_full",
            Outcome::Missed => "missed",
            Outcome::DstSkipped => "dst_skipped",
        }
    }
}

/// One row of the history: everything kept about one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Which run.
    pub id: RunId,
    /// Of which unit.
    pub unit: UnitName,
    /// Of which kind that unit was then.
    pub kind: Kind,
    /// The slot of a service, from 0; 0 for tasks.
    pub instance: u32,
    /// 1 for the first try, 2 for its first retry, …; restarts of a service each begin at 1.
    pub attempt: u32,
    /// The first run of a chain of retries; equal to `id` for a run that retries nothing.
    pub execution_id: RunId,
    /// Why it began.
    pub trigger: Trigger,
    /// Where it is.
    pub state: RunState,
    /// How it ended, once `state` is `ended`.
    pub outcome: Option<Outcome>,
    /// The exit code, when the process left by itself.
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// Its main process, once there was one.
    pub pid: Option<i32>,
    /// The tick it stands for.
    pub scheduled_at: Option<Timestamp>,
    /// How often the clock had been set back when that tick was due: the same instant may come again.
    #[serde(default)]
    pub clock_turn: u32,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When its process began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How long the process lived, measured on the monotonic clock.
    pub duration: Option<Duration>,
    /// The largest resident size of the process and its waited-for children.
    pub max_rss_bytes: Option<u64>,
    /// Processor time, user and system.
    pub cpu: Option<Duration>,
    /// Bytes it printed that are in its log.
    pub log_bytes: u64,
    /// Bytes it printed that are not: `log_max_size`, or a disk that was full.
    pub log_dropped_bytes: u64,
    /// The cause of death, or why it never lived, in plain words.
    pub message: Option<String>,
    /// What it was given by whoever asked for it, as variables of its environment.
    #[serde(default)]
    pub params: RunVars,
}

impl RunRecord {
    /// A run that has just been decided on.
    pub fn new(
        id: RunId,
        unit: UnitName,
        kind: Kind,
        trigger: Trigger,
        created_at: Timestamp,
    ) -> Self {
        RunRecord {
            id,
            unit,
            kind,
            instance: 0,
            attempt: 1,
            execution_id: id,
            trigger,
            state: RunState::Starting,
            outcome: None,
            exit_code: None,
            signal: None,
            pid: None,
            scheduled_at: None,
            clock_turn: 0,
            created_at,
            started_at: None,
            ended_at: None,
            duration: None,
            max_rss_bytes: None,
            cpu: None,
            log_bytes: 0,
            log_dropped_bytes: 0,
            message: None,
            params: RunVars::new(),
        }
    }
}
