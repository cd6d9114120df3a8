//! What travels between the daemon and those who talk to it: the JSON that the API and every `--json` print. The only place where the words get a serialized twin.
//!
//! Names are snake_case; lengths are milliseconds with `_ms`, sizes bytes with `_bytes`, times RFC 3339 in UTC. Within a
//! `schema_version` fields are added, never renamed or removed. Readers pass over what they do not know.
//!
//! Tests: `tests` holds the field lists that scripts rely on.

use jiff::Timestamp;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::{Kind, Outcome, RunState, Trigger};
use runwisp_core::words::status::InstanceState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::daemon::handle::Finding;

pub use calendar::{Calendar, CalendarDay, CalendarTick, CalendarUnit, Coming, Ticks, days};
pub use convert::{firings, line, place};
pub use definition::{Definition, definition};
pub use figures::{DaemonUse, Disk, Host, KeeperUse, Memory, Sample, Samples};
pub use messages::{
    Deliveries, Delivery, Exchanged, Notification, Notifications, Notifier, Notifiers, ReadBell,
    TestNotifier, Tested,
};
pub use plugins::{Plugin, PluginDetails, PluginState, Plugins};
pub use problem::{Broken, Problem, ProblemDocument};
pub use runs::{Bulk, BulkAction, BulkBody, RunSummary, Runs, Skipped};

pub mod access;
mod calendar;
pub mod caller;
pub mod codes;
mod convert;
mod definition;
mod figures;
mod messages;
pub mod plugin_failure;
mod plugins;
mod problem;
mod runs;
pub mod socket;
#[cfg(test)]
pub(crate) mod tests;

/// Where every path of the API begins. A change that breaks readers gets a new one.
pub const PREFIX: &str = "/api/v1";

/// The version of every document here.
pub const SCHEMA_VERSION: u32 = 1;

/// A document: the version, then its fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Doc<T> {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The rest.
    #[serde(flatten)]
    pub body: T,
}

/// A document of this version.
pub fn doc<T>(body: T) -> Doc<T> {
    Doc {
        schema_version: SCHEMA_VERSION,
        body,
    }
}

/// `status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// The daemon itself.
    pub daemon: Daemon,
    /// Every unit, by name.
    pub units: Vec<Unit>,
}

/// `GET /daemon`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DaemonAlone {
    /// The daemon.
    pub daemon: Daemon,
}

/// The daemon itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Daemon {
    /// Its version.
    pub version: String,
    /// The keeper, the pid that init and scripts know.
    pub pid: i32,
    /// The daemon process.
    pub daemon_pid: i32,
    /// When the daemon process took over.
    pub started_at: Timestamp,
    /// When the configuration in force was read; absent from daemons of an earlier version.
    #[serde(default)]
    pub config_loaded_at: Option<Timestamp>,
    /// The zone of schedules that name none.
    #[serde(default)]
    #[schema(required = true)]
    pub timezone: String,
    /// The machine's name.
    #[serde(default)]
    #[schema(required = true)]
    pub hostname: String,
    /// The binary that an upgrade would execute.
    pub binary: String,
    /// The root configuration file.
    pub config: String,
    /// The data directory.
    pub data: String,
    /// Whether the configuration has changed on disk since it was loaded.
    pub config_stale: bool,
    /// Whether everything is being stopped.
    pub stopping: bool,
    /// The address HTTP is served on, with the port that was really taken; null is the Unix socket alone.
    #[serde(default)]
    pub listen: Option<String>,
    /// Where a browser finds the page.
    #[serde(default)]
    pub url: Option<String>,
    /// The SHA-256 of the certificate, where HTTPS is served.
    #[serde(default)]
    pub certificate: Option<String>,
    /// What is not as it should be.
    pub warnings: Vec<String>,
}

/// A unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Unit {
    /// Its name.
    pub name: UnitName,
    /// `task` or `service`.
    pub kind: Kind,
    /// Its heading.
    pub group: Option<String>,
    /// What people read about it.
    pub description: Option<String>,
    /// The state that matters most among its instances.
    pub state: InstanceState,
    /// The next tick of its schedule.
    pub next_run_at: Option<Timestamp>,
    /// Its instances, or a task's active and queued runs.
    pub instances: Vec<Instance>,
    /// Its newest run that has ended.
    pub last_run: Option<Run>,
    /// What it is, where a single unit was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Definition>,
}

/// An instance of a service, or an active run of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Instance {
    /// Its number, from 0.
    pub index: u32,
    /// Where it is.
    pub state: InstanceState,
    /// Its main process.
    pub pid: Option<i32>,
    /// Its current run, or the last one.
    pub run_id: Option<RunId>,
    /// How long its process has lived.
    pub uptime_ms: Option<u64>,
    /// How often it was started again since it was last started on purpose.
    pub restarts: u32,
    /// When the next try comes, in `backoff`.
    pub retry_in_ms: Option<u64>,
    /// Why it is where it is.
    pub message: Option<String>,
    /// What its process and all that it started use; none while nothing runs, or it was not measured yet.
    pub usage: Option<InstanceUse>,
}

/// What an instance uses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InstanceUse {
    /// Processor time, percent of one core.
    pub cpu_percent: f64,
    /// Memory that it holds.
    pub memory_bytes: u64,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Which run.
    pub id: RunId,
    /// Of which unit.
    pub unit: UnitName,
    /// Of which kind.
    pub kind: Kind,
    /// The slot of a service, from 0.
    pub instance: u32,
    /// 1 for the first try.
    pub attempt: u32,
    /// The first run of a chain of retries.
    pub execution_id: RunId,
    /// Why it began.
    pub trigger: Trigger,
    /// Where it is.
    pub state: RunState,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The exit code, when the process left by itself.
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// Its main process.
    pub pid: Option<i32>,
    /// The tick it stands for.
    pub scheduled_at: Option<Timestamp>,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When its process began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How long its process lived.
    pub duration_ms: Option<u64>,
    /// The largest resident size.
    pub max_rss_bytes: Option<u64>,
    /// Processor time, user and system.
    pub cpu_ms: Option<u64>,
    /// Bytes printed and kept.
    pub log_bytes: u64,
    /// Bytes printed and not kept.
    pub log_dropped_bytes: u64,
    /// The cause of death in plain words.
    pub message: Option<String>,
    /// What it was given by whoever asked for it, by the names of the variables it finds them in; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<std::collections::BTreeMap<String, String>>,
}

/// `units`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Units {
    /// By name.
    pub units: Vec<Unit>,
}

/// What a command came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// The runs it started, queued, or is ending.
    pub runs: Vec<RunId>,
    /// Whether it changed anything.
    pub changed: bool,
    /// The run once it has ended, where that was waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// The unit once it is as it was asked to be, where that was waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
}

/// `POST …/signal`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalBody {
    /// Its name or number.
    pub signal: String,
    /// `process`, `group` or `all`.
    #[serde(default)]
    pub scope: runwisp_core::words::spawn::Scope,
}

/// `POST …/run`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunBody {
    /// Parameters by name.
    #[serde(default)]
    pub params: std::collections::BTreeMap<String, String>,
}

/// `POST /runs/{id}/rerun`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RerunBody {
    /// Other parameters; the same without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<std::collections::BTreeMap<String, String>>,
}

/// `POST reload`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReloadBody {
    /// Names and patterns of the units to touch; empty is all that changed.
    #[serde(default)]
    pub units: Vec<String>,
}

/// What a reload changed, or would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reload {
    /// Whether it is in force now.
    pub applied: bool,
    /// New units.
    pub added: Vec<UnitName>,
    /// Units that differ.
    pub changed: Vec<Changed>,
    /// Units that are gone.
    pub removed: Vec<UnitName>,
    /// Keys outside of units that differ.
    pub settings: Vec<String>,
    /// Warnings about the new configuration.
    pub warnings: Vec<Finding>,
}

/// A unit that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// Its name.
    pub name: UnitName,
    /// What differs.
    pub keys: Vec<String>,
}

/// One line of a stream of output, or its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LogItem {
    /// A line.
    Line(LogLine),
    /// A run has ended and all of its lines have been sent.
    End(Ended),
    /// This many events were missed by a reader that is too slow; lines never are.
    Lagged {
        /// How many.
        missed: u64,
    },
    /// The rest can not be told.
    Broken(Broken),
}

/// A line of output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// Its unit.
    pub unit: UnitName,
    /// Its run.
    pub run_id: RunId,
    /// Its instance.
    pub instance: u32,
    /// Its number in the run, from 1.
    pub n: u64,
    /// When it was printed.
    pub ts: Timestamp,
    /// `stdout` or `stderr`.
    pub stream: String,
    /// Its text without the line end; bytes that are no UTF-8 become U+FFFD.
    pub text: String,
    /// The place right after it: give it back as `at`.
    #[serde(default)]
    #[schema(required = true)]
    pub after: String,
    /// Bytes printed since the line before, or within this one, that are not kept; absent where there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missing_bytes: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ended {
    /// The run, once more by the name that lines use.
    pub run_id: RunId,
    /// Its row.
    #[serde(flatten)]
    pub run: Run,
}

/// A page of one run's output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogPage {
    /// The lines.
    pub lines: Vec<LogLine>,
    /// Where the next page begins: give it back as `at`.
    pub next: String,
    /// Whether the run has ended and this page holds its last line.
    pub complete: bool,
    /// How many lines are kept of the run, where this page holds the last one that there is.
    #[serde(default)]
    pub total_lines: Option<u64>,
}

/// Lines of one run that match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hits {
    /// In order.
    pub hits: Vec<LogLine>,
    /// Where the next page begins: give it back as `after`; none where there is nothing more to find for now.
    pub next: Option<u64>,
    /// Whether there may be more than these.
    pub total_is_floor: bool,
}

/// One firing of a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Firing {
    /// The unit; none for an expression given by hand.
    pub unit: Option<UnitName>,
    /// When, with the offset of the schedule's zone.
    pub at: String,
    /// What the clocks do to it, where they do something.
    pub note: Option<String>,
}

/// `next`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Firings {
    /// In order of time.
    pub firings: Vec<Firing>,
}

/// `explain`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explained {
    /// The task.
    pub task: UnitName,
    /// Its schedules as written, with their zones.
    pub schedules: Vec<String>,
    /// The rules that decide about a tick, as sentences.
    pub rules: Vec<String>,
    /// The last ticks, newest first, each with what became of it.
    pub ticks: Vec<ExplainedTick>,
    /// The next firings.
    pub firings: Vec<Firing>,
}

/// What became of a tick.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedTick {
    /// The task.
    pub unit: UnitName,
    /// When it was due.
    pub at: Timestamp,
    /// Whether a process was started for it.
    pub ran: bool,
    /// Why, or why not, in a sentence.
    pub why: String,
    /// Its row.
    pub run: Run,
}

/// What a daemon that is told to leave answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Leaving {
    /// The keeper.
    pub pid: i32,
    /// The daemon process that leaves.
    pub daemon_pid: i32,
}
