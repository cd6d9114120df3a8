//! The plan: what a configuration comes to once every default is filled in and every reference resolved.
//! No option is left open; the machines read this and nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use super::notify_plan::{NotifyPlan, UnitNotify};
use crate::schedule::Schedule;
use crate::words::ids::UnitName;
use crate::words::run::Kind;
use crate::words::spawn::SpawnSpec;

/// A whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// `[daemon]`.
    pub daemon: DaemonPlan,
    /// `[storage]`.
    pub storage: StoragePlan,
    /// Every unit of every file.
    pub units: BTreeMap<UnitName, Unit>,
    /// `[notify]`, `[notifiers]`, `[[route]]` and `[plugins]`.
    pub notify: NotifyPlan,
    /// The same as written, as JSON, to tell what differs.
    pub edges: serde_json::Value,
}

/// `[daemon]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DaemonPlan {
    /// Where HTTP is served; none is the Unix socket alone.
    pub listen: Option<String>,
    /// What links in messages begin with.
    pub external_url: Option<String>,
    /// The zone of schedules that name none.
    pub timezone: jiff::tz::TimeZone,
    /// The ceiling for stopping everything, all units in parallel.
    pub shutdown_timeout: Duration,
    /// Whom the daemon runs as when it starts as root.
    pub user: Option<String>,
    /// Leave when nothing is left to do.
    pub exit_when_done: bool,
    /// The other keys of the table, as written, for the parts that serve HTTP.
    pub http: serde_json::Value,
}

/// Where metrics are served, beside the Unix socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Metrics {
    /// Nowhere.
    #[default]
    Off,
    /// Beside the API.
    On,
    /// At this `host:port`, alone.
    At(String),
}

impl DaemonPlan {
    /// Where metrics are served.
    pub fn metrics(&self) -> Metrics {
        match self.http["metrics"].as_str() {
            None | Some("off") => Metrics::Off,
            Some("on") => Metrics::On,
            Some(address) => Metrics::At(address.to_owned()),
        }
    }
}

/// `[storage]`; 0 means no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoragePlan {
    /// Ceiling for all logs together, bytes.
    pub max_size: u64,
    /// Free bytes on the log file system below which nothing more is kept.
    pub min_free_space: u64,
}

/// A task or a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its name.
    pub name: UnitName,
    /// Where it is defined.
    pub source: SourcePlace,
    /// Shown in lists.
    pub description: Option<String>,
    /// The heading it is shown under.
    pub group: Option<String>,
    /// How its command is started.
    pub spec: SpawnSpec,
    /// `user` or `user:group`, as written.
    pub user: Option<String>,
    /// The command as written, for people.
    pub command: String,
    /// Exit codes that count as success.
    pub exit_codes: Vec<i32>,
    /// Regular expressions; a matching line of output fails the run.
    pub fail_on_output: Vec<String>,
    /// The longest a run may take.
    pub timeout: Option<Duration>,
    /// How many ended runs are kept.
    pub keep_runs: Option<u64>,
    /// How long ended runs are kept.
    pub keep_for: Option<Duration>,
    /// Tasks triggered when it has succeeded: a run of a task, an instance of a service that stays ended.
    pub on_success: Vec<UnitName>,
    /// Tasks triggered after a failure that is not tried again.
    pub on_failure: Vec<UnitName>,
    /// Whether operators may trigger it.
    pub manual_trigger: bool,
    /// Who hears of it, beside what routes say.
    pub notify: UnitNotify,
    /// Its notification keys and `params`, `hook_tokens` as written, for the parts that give them meaning.
    pub edges: serde_json::Value,
    /// What only its kind has.
    pub role: Role,
}

impl Unit {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match self.role {
            Role::Task(_) => Kind::Task,
            Role::Service(_) => Kind::Service,
        }
    }
}

/// Where a unit is defined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcePlace {
    /// The file, as the loader named it.
    pub file: String,
    /// The line of its header, from 1.
    pub line: usize,
}

/// What only one kind of unit has.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// `[tasks.NAME]`.
    Task(Task),
    /// `[services.NAME]`.
    Service(Service),
}

/// How a delay grows from one failure to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Curve {
    /// The same every time.
    Constant,
    /// n times the delay.
    Linear,
    /// Twice the last one.
    #[default]
    Exponential,
}

/// What only tasks have.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// When it is due; several schedules that fall on one instant make one tick.
    pub schedules: Vec<Schedule>,
    /// The largest random delay of a scheduled start.
    pub jitter: Duration,
    /// Whether a start of the daemon makes a run.
    pub run_on_start: RunOnStart,
    /// How many missed ticks, the newest, are made up for.
    pub catch_up: u32,
    /// What a tick does that finds all slots taken.
    pub on_overlap: Overlap,
    /// How many runs at once.
    pub max_concurrent: u32,
    /// How many may wait.
    pub max_queued: u32,
    /// How often a failed run is tried again; none is without limit.
    pub retry_attempts: Option<u32>,
    /// The delay before a retry.
    pub retry_delay: Duration,
    /// How that delay grows, up to 5 minutes.
    pub retry_backoff: Curve,
    /// Times of day, as schedules, by which a run has to have finished since the time before.
    pub expect_by: Vec<Schedule>,
    /// The longest time without a finished run before people are told.
    pub max_silence: Option<Duration>,
}

/// When a start of the daemon makes a run of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunOnStart {
    /// Never.
    #[default]
    No,
    /// At every start of the daemon; not when it comes back after a crash or an upgrade while its keeper lived.
    Daemon,
    /// At the first start after the machine booted.
    Boot,
}

/// What a tick does that finds all slots taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// Waits its turn.
    #[default]
    Queue,
    /// Is recorded and not run.
    Skip,
    /// Ends the oldest run and takes its place.
    Kill,
}

/// What only services have.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// How many.
    pub instances: u32,
    /// What happens when one ends by itself.
    pub restart: Restart,
    /// The delay before it is started again.
    pub restart_delay: Duration,
    /// How that delay grows with failures in a row.
    pub restart_backoff: Curve,
    /// Its ceiling.
    pub restart_delay_max: Duration,
    /// How long it has to live to count as well started.
    pub healthy_after: Duration,
    /// How many failed starts in a row are tried again; one more is fatal.
    pub start_retries: u32,
    /// Low numbers start first and stop last.
    pub priority: i32,
    /// Whether it starts with the daemon.
    pub autostart: bool,
    /// Services that have to be ready first.
    pub depends_on: Vec<UnitName>,
    /// How its health is checked.
    pub health: Option<Health>,
    /// What makes it ready.
    pub ready: Ready,
    /// How often it has to send `WATCHDOG=1`.
    pub watchdog: Option<Duration>,
    /// Paths whose change restarts it.
    pub watch: Vec<String>,
    /// When it ends for good, everything does.
    pub critical: bool,
}

/// What happens when an instance ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// It is started again.
    #[default]
    Always,
    /// It is started again unless it succeeded.
    OnFailure,
    /// It stays ended.
    Never,
}

/// What makes an instance ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ready {
    /// Being executed.
    #[default]
    Spawned,
    /// Its first passed health check.
    Healthy,
    /// `READY=1` by sd_notify.
    Notify,
}

/// `[services.NAME.health]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// What is done.
    pub check: Check,
    /// From the end of one check to the next.
    pub interval: Duration,
    /// The longest a check may take.
    pub timeout: Duration,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
    /// Failures before the first pass do not count for so long.
    pub start_period: Duration,
    /// Whether being unhealthy restarts it.
    pub restart: bool,
}

/// What a health check does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// GET this URL; 200 to 399 passes.
    Http(String),
    /// Connect to `host:port`.
    Tcp(String),
    /// Run this command as the service is run; exit code 0 passes.
    Exec(Vec<String>),
}
