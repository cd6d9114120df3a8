//! The protocol between the keeper and the daemon: what is asked, what is reported, and how both are framed.
//!
//! One message is one packet of a `SOCK_SEQPACKET` socket: a length (4 bytes, little endian), then JSON. A message
//! larger than [`INLINE_MAX`] travels in a memory file whose descriptor comes with a packet of length 0. Descriptors
//! of a message come with it (`SCM_RIGHTS`). JSON, because the two ends may be of different versions for a while:
//! unknown fields are passed over, absent ones have a default.

use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ids::{RunId, UnitName};
use super::signal::Signal;
use super::spawn::{RunVars, Scope, SpawnSpec};
use super::time::Mono;

/// The version of this protocol. A daemon that finds another one in [`Report::Welcome`] says so and leaves.
pub const PROTOCOL: u32 = 1;

/// How often a daemon says that its loop turns.
pub const HEARTBEAT: Duration = Duration::from_secs(10);

/// The largest message sent inside a packet, bytes; well below the default socket buffer.
pub const INLINE_MAX: usize = 64 * 1024;

/// What the daemon asks of the keeper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// First words of a daemon; answered by [`Report::Welcome`], which lists all that is alive or unacknowledged.
    Hello {
        /// The protocol the daemon speaks.
        protocol: u32,
    },
    /// Holds this specification for the unit from now on. Refused when the keeper trusts its own loader only.
    Define {
        /// The unit.
        unit: UnitName,
        /// Its specification.
        spec: Box<SpawnSpec>,
    },
    /// Forgets the unit's specification.
    Undefine {
        /// The unit.
        unit: UnitName,
    },
    /// Runs the loader again; answered by [`Report::Loaded`]. Only where the keeper trusts its own loader only.
    Load {
        /// The units whose specifications are replaced by what the loader says, or forgotten; all when empty.
        #[serde(default)]
        only: Vec<UnitName>,
    },
    /// Starts the unit's command. Comes with three descriptors: the log directory, the log file (opened for writing,
    /// not for appending) and the index file (opened for appending). Answered by [`Report::Spawned`] or
    /// [`Report::SpawnFailed`].
    Spawn(Spawn),
    /// Sends a signal to a run's processes. Never reaches a stranger: the main process is not reaped yet, or known gone.
    Signal {
        /// The run.
        run: RunId,
        /// The signal.
        signal: Signal,
        /// To whom.
        scope: Scope,
    },
    /// Wants one [`Report::Output`] as soon as the run's log holds more than `from` bytes or is complete.
    Watch {
        /// The run.
        run: RunId,
        /// Bytes already seen.
        from: u64,
    },
    /// Whether output is kept from now on. While it is not, it is drained and counted as dropped. A keeper that has
    /// just been greeted keeps it.
    KeepOutput {
        /// Whether.
        keep: bool,
    },
    /// The end of this run is recorded: the keeper may forget it.
    Ack {
        /// The run.
        run: RunId,
    },
    /// The daemon's loop turns. One that has said so says it again within [`HEARTBEAT`], or is taken to be stuck.
    Alive,
    /// The daemon is about to leave on purpose; the keeper does this when it has.
    Leave {
        /// What.
        then: AfterLeave,
    },
}

/// What the keeper does once a daemon that said [`Ask::Leave`] is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterLeave {
    /// Kills what is left and exits with this code.
    Exit(i32),
    /// Starts a new daemon at once; children live on.
    Restart,
    /// Executes the binary anew in place, then starts a new daemon; children live on.
    Upgrade,
}

/// Everything of [`Ask::Spawn`] but its descriptors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spawn {
    /// The new run.
    pub run: RunId,
    /// Whose specification is used.
    pub unit: UnitName,
    /// What differs from run to run.
    pub vars: RunVars,
    /// The name of the log file inside the log directory; rotation renames it to the same with `.1` behind.
    pub log_name: String,
    /// Anything the daemon wants back when it lists the run after a restart.
    pub tag: String,
}

/// One element of the JSON list a trusted loader prints: a unit and how to start it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Defined {
    /// The unit.
    pub unit: UnitName,
    /// Its specification.
    pub spec: SpawnSpec,
}

/// What the keeper tells the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// Answer to [`Ask::Hello`]. Comes with one descriptor: the socket that receives sd_notify messages of children.
    Welcome {
        /// The protocol the keeper speaks.
        protocol: u32,
        /// The version of the keeper's binary.
        version: String,
        /// When the keeper began.
        started_at: Timestamp,
        /// How many daemons this keeper has greeted before; it survives an upgrade of the keeper.
        #[serde(default)]
        generation: u32,
        /// Whether it takes specifications from its own loader only.
        #[serde(default)]
        trusts_loader_only: bool,
        /// Everything alive or unacknowledged.
        runs: Vec<Held>,
    },
    /// Answer to [`Ask::Load`]: the units the loader defined, or what it said on standard error.
    Loaded {
        /// Names with a digest of each specification.
        units: Result<Vec<(UnitName, String)>, String>,
    },
    /// The command has been executed.
    Spawned {
        /// The run.
        run: RunId,
        /// Its main process.
        pid: i32,
        /// When, for lengths.
        mono: Mono,
        /// When, for records.
        wall: Timestamp,
        /// Why its cgroup limits do not hold, where they can't be had.
        #[serde(default)]
        unlimited: Option<String>,
    },
    /// The command could not be executed. The last word on such a run: neither `Exited` nor `Gone` follows.
    SpawnFailed {
        /// The run.
        run: RunId,
        /// What failed.
        step: SpawnStep,
        /// The system's error number, 0 where there was none.
        errno: i32,
        /// What the step was about: a path, a user, a limit.
        about: String,
    },
    /// Answer to [`Ask::Watch`].
    Output {
        /// The run.
        run: RunId,
        /// Bytes its log holds now, counted from its first byte ever.
        end: u64,
        /// Whether no more will come.
        complete: bool,
    },
    /// The run has printed more than `log_max_size`, and its specification says to kill for that.
    LogFull {
        /// The run.
        run: RunId,
    },
    /// Output of some run could not be written since this was last told. Told at most once a second.
    OutputLost {
        /// The system's error number of the last failure.
        errno: i32,
    },
    /// The run's main process has ended.
    Exited {
        /// The run.
        run: RunId,
        /// How.
        exit: Exit,
    },
    /// The main process has ended, nothing the run started is alive, and its log is complete. The last word on a run.
    Gone {
        /// The run.
        run: RunId,
        /// Totals of its output.
        output: OutputTotals,
    },
    /// The keeper got a signal that is the daemon's business.
    Asked {
        /// What is wanted.
        what: Asked,
    },
}

/// What a signal to the keeper asks of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// `SIGTERM` or `SIGINT`: stop everything in order.
    Stop,
    /// `SIGQUIT`, or a second `SIGTERM`: stop everything at once.
    StopNow,
    /// `SIGHUP`: reload the configuration.
    Reload,
    /// `SIGUSR1`: open the daemon's own log file anew.
    ReopenLog,
}

/// The step of a spawn that failed, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpawnStep {
    /// No specification for this unit, or not allowed.
    Refused,
    /// Making pipes or a pseudo-terminal.
    Pipe,
    /// Making the process.
    Fork,
    /// Making, limiting or entering its cgroup.
    Cgroup,
    /// Making its session.
    Session,
    /// A resource limit.
    Rlimit,
    /// Its priority or out-of-memory score.
    Priority,
    /// Its groups.
    Groups,
    /// Its user.
    User,
    /// Its working directory.
    Chdir,
    /// Its standard input.
    Stdin,
    /// Executing the program.
    Exec,
}

/// How a process ended and what it used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// Its exit code, when it left by itself.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether the kernel counted an out-of-memory kill in its cgroup.
    #[serde(default)]
    pub oom: bool,
    /// Processor time, user and system, of it and its waited-for children.
    pub cpu: Duration,
    /// The largest resident size among them, bytes.
    pub max_rss_bytes: u64,
    /// When, for lengths.
    pub mono: Mono,
    /// When, for records.
    pub wall: Timestamp,
}

/// What became of a run's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputTotals {
    /// Bytes printed, kept or not.
    pub printed: u64,
    /// Bytes not kept.
    pub dropped: u64,
}

/// One run the keeper holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The run.
    pub run: RunId,
    /// Its unit.
    pub unit: UnitName,
    /// What the daemon that started it attached.
    pub tag: String,
    /// Its main process; none while it is being started.
    pub pid: Option<i32>,
    /// When it was executed.
    pub started: Option<(Mono, Timestamp)>,
    /// Why its cgroup limits do not hold.
    #[serde(default)]
    pub unlimited: Option<String>,
    /// The failure of its start.
    #[serde(default)]
    pub failed: Option<(SpawnStep, i32, String)>,
    /// How the main process ended.
    #[serde(default)]
    pub exit: Option<Exit>,
    /// Totals of its output, once it is gone.
    #[serde(default)]
    pub gone: Option<OutputTotals>,
    /// Whether [`Report::LogFull`] holds for it.
    #[serde(default)]
    pub log_full: bool,
}

/// The JSON of a message. Never fails: the words hold nothing JSON cannot say.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}

/// Reads a message; the error says what is wrong with it.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_a_later_version_is_understood_as_far_as_it_can_be() {
        let text = br#"{"ask":"ack","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","colour":"red"}"#;
        let run = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        assert_eq!(decode::<Ask>(text), Ok(Ask::Ack { run }));
        assert!(decode::<Ask>(b"{}").is_err());
    }
}
