//! What is true now, as shown to people: snapshots, never handles.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{RunId, UnitName};
use super::run::{Kind, RunRecord};

/// Where an instance of a service is. For a task, the state of its newest run: `running`, `waiting` for a slot, or `stopped`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum InstanceState {
    /// Not wanted, and not there.
    Stopped,
    /// Wanted; waits for what it depends on, or for its turn.
    Waiting,
    /// Spawned, not ready yet.
    Starting,
    /// Ready.
    Running,
    /// Was ready; its health check fails.
    Unhealthy,
    /// Ended; will be started again after a delay.
    Backoff,
    /// Asked to stop; not gone yet.
    Stopping,
    /// Ended, and its restart policy leaves it so.
    Exited,
    /// Failed to start too often; only an operator starts it again.
    Fatal,
}

impl InstanceState {
    /// The name used in JSON, in metrics and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            InstanceState::Stopped => "stopped",
            InstanceState::Waiting => "waiting",
            InstanceState::Starting => "starting",
            InstanceState::Running => "running",
            InstanceState::Unhealthy => "unhealthy",
            InstanceState::Backoff => "backoff",
            InstanceState::Stopping => "stopping",
            InstanceState::Exited => "exited",
            InstanceState::Fatal => "fatal",
        }
    }
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// Its number, from 0.
    pub index: u32,
    /// Where it is.
    pub state: InstanceState,
    /// Its main process.
    pub pid: Option<i32>,
    /// Its current run, or the last one.
    pub run_id: Option<RunId>,
    /// How long its process has lived.
    pub uptime: Option<Duration>,
    /// How often it was started again since the operator or the daemon last started it.
    pub restarts: u32,
    /// When the next try comes, in `backoff`.
    pub retry_in: Option<Duration>,
    /// Why it is where it is, where there is something to say; what it said of itself by sd_notify.
    pub message: Option<String>,
    /// What its run uses, once that has been measured.
    pub usage: Option<Usage>,
}

/// Processor time and memory of something for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time in percent: 100 is one core. Of the host: 100 is all cores.
    pub cpu_percent: f64,
    /// Memory that it holds, bytes.
    pub memory_bytes: u64,
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitStatus {
    /// Its name.
    pub name: UnitName,
    /// What it is.
    pub kind: Kind,
    /// The heading it is shown under.
    pub group: Option<String>,
    /// What people read about it in lists.
    pub description: Option<String>,
    /// The state that matters most among its instances: trouble before health.
    pub state: InstanceState,
    /// The next tick of its schedule.
    pub next_run_at: Option<Timestamp>,
    /// Where a task with a schedule has come with it.
    pub standing: Option<Standing>,
    /// Its instances, or the active and queued runs of a task.
    pub instances: Vec<InstanceStatus>,
    /// Its newest run that has ended.
    pub last_run: Option<RunRecord>,
}

/// Where a task has come with its schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Every tick up to here has its row.
    pub until: Timestamp,
    /// The clock was set back to before `until`: what follows the clock has its rows of the second time up to here.
    /// What has fixed times does not come again.
    pub again: Option<Timestamp>,
    /// Where the grid of an `@every` begins.
    pub anchor: Timestamp,
}
