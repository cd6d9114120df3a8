//! What the keeper needs to know to start a unit's command: the specification, and what differs from run to run.
//!
//! A specification is a template: `${RUNWISP_…}` in its texts stands for a value of the single run, filled in by
//! [`SpawnSpec::fill`]. So the keeper can hold specifications that only a trusted loader gave it, and the daemon
//! can name them without being able to change them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::signal::Signal;

/// What a child's environment starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvBase {
    /// The keeper's own environment without runwisp's settings and credentials.
    #[default]
    Inherit,
    /// `PATH`, `SHELL`, `HOME`, `USER` and `LOGNAME` only.
    Clean,
}

/// Whom a command runs as; names are already looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunAs {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Login name, for `USER` and `LOGNAME`.
    pub name: String,
    /// Home directory, for `HOME`.
    pub home: String,
}

/// What a command finds on its standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stdin {
    /// `/dev/null`.
    #[default]
    Null,
    /// This text, then end of file.
    Text(String),
    /// The content of this file, opened as the unit's user.
    File(String),
}

/// What happens to output beyond `log_max_size`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFull {
    /// The oldest half makes room.
    #[default]
    DropOld,
    /// Nothing more is kept.
    DropNew,
    /// Nothing more is kept and the run is ended.
    Kill,
}

/// Which processes of a run a signal is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SignalScope))]
pub enum Scope {
    /// The main process alone.
    Process,
    /// Its whole process group.
    #[default]
    Group,
    /// Everything the run started, whatever it did to get away.
    All,
}

/// Limits by cgroup v2; needs a delegated cgroup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CgroupLimits {
    /// `memory.max`, bytes.
    pub memory_max: Option<u64>,
    /// `cpu.max`, thousandths of one processor.
    pub cpu_milli: Option<u64>,
    /// `pids.max`.
    pub pids_max: Option<u64>,
}

impl CgroupLimits {
    /// Whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == CgroupLimits::default()
    }
}

/// A resource that setrlimit(2) bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rlimit {
    /// Open files.
    Nofile,
    /// Size of core dumps, bytes.
    Core,
    /// Processes of the user.
    Nproc,
}

/// How to start a unit's command. Texts may hold `${RUNWISP_…}`, see [`SpawnSpec::fill`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpawnSpec {
    /// Program and arguments. A program without a slash is looked up in the child's own `PATH`.
    pub argv: Vec<String>,
    /// What the environment starts from.
    #[serde(default)]
    pub env_base: EnvBase,
    /// Set on top of that, in this order; a later value wins.
    #[serde(default)]
    pub env: Vec<(String, String)>,
    /// Where it runs; the keeper's own directory when none is given. `~` stands for the user's home.
    #[serde(default)]
    pub cwd: Option<String>,
    /// Whom it runs as; the keeper's user when none is given.
    #[serde(default)]
    pub run_as: Option<RunAs>,
    /// The mode bits new files lack.
    #[serde(default)]
    pub umask: Option<u32>,
    /// Soft and hard limit alike.
    #[serde(default)]
    pub rlimits: Vec<(Rlimit, u64)>,
    /// Priority from -20 to 19.
    #[serde(default)]
    pub nice: Option<i32>,
    /// From -1000 to 1000.
    #[serde(default)]
    pub oom_score_adj: Option<i32>,
    /// Limits for the whole tree of processes.
    #[serde(default)]
    pub cgroup: CgroupLimits,
    /// Standard input.
    #[serde(default)]
    pub stdin: Stdin,
    /// Whether it runs on a pseudo-terminal.
    #[serde(default)]
    pub pty: bool,
    /// Whether it is told where to send sd_notify messages.
    #[serde(default)]
    pub notify: bool,
    /// The watchdog interval it is told of (`WATCHDOG_USEC`).
    #[serde(default)]
    pub watchdog: Option<Duration>,
    /// Texts that never reach its log.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// How much of its output is kept, bytes.
    pub log_max_size: u64,
    /// What happens beyond that.
    #[serde(default)]
    pub log_on_full: OnFull,
    /// What asks it to stop, used by the keeper itself only when no daemon is there to decide.
    pub stop_signal: Signal,
    /// How long it may take to stop, likewise.
    pub graceful_stop: Duration,
    /// Who gets the stop signal, likewise.
    #[serde(default)]
    pub stop_scope: Scope,
}

/// What differs from run to run, as variables of the child's environment: `RUNWISP_RUN_ID` and its kin, and parameters.
pub type RunVars = Vec<(String, String)>;

impl SpawnSpec {
    /// The specification of one run: `${NAME}` becomes the value of a variable of `vars` called `NAME`, in environment
    /// values, the working directory and standard input; the variables join the environment. The command is never
    /// touched: its shell, or the program itself, finds the variables there.
    #[must_use]
    pub fn fill(&self, vars: &RunVars) -> SpawnSpec {
        let mut filled = self.clone();
        let texts = filled
            .env
            .iter_mut()
            .map(|(_, value)| value)
            .chain(&mut filled.cwd);
        for text in texts {
            substitute(text, vars);
        }
        if let Stdin::Text(text) | Stdin::File(text) = &mut filled.stdin {
            substitute(text, vars);
        }
        filled.env.extend(vars.iter().cloned());
        filled
    }
}

/// `text` with `${NAME}` replaced by the value of a variable called `NAME`, as in [`SpawnSpec::fill`].
pub fn fill_text(text: &str, vars: &RunVars) -> String {
    let mut text = text.to_owned();
    substitute(&mut text, vars);
    text
}

/// Replaces `${RUNWISP_X}` where `vars` knows the name; everything else, shell variables included, stays as it is.
fn substitute(text: &mut String, vars: &RunVars) {
    if !text.contains("${RUNWISP_") {
        return;
    }
    for (name, value) in vars {
        *text = text.replace(&format!("${{{name}}}"), value);
    }
}
