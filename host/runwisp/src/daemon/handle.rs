//! The door between the faces and the loop: requests go in over one bounded channel, each with the place for its
//! answer; events come out over a broadcast; the plan in force is a watched value; the past is read beside the loop.
//!
//! [`open`] makes both ends. Faces clone the [`Handle`]; the loop keeps the [`LoopEnd`].
//!
//! Invariant: a face never waits for a place in the queue and never holds a lock of the loop. A full door is
//! [`AskError::Busy`] at once.
//! Tests: with the router, `wire/tests`.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use jiff::Timestamp;
use runwisp_core::config::plan::Plan;
use runwisp_core::figures::exposition::Snapshot;
use runwisp_core::figures::look::Look;
use runwisp_core::figures::points::Span;
use runwisp_core::figures::series::Subject;
use runwisp_core::notify::NotAgain;
use runwisp_core::words::audit::AuditEntry;
use runwisp_core::words::command::{Command, Done, Refusal};
use runwisp_core::words::diagnostic::Severity;
use runwisp_core::words::event::Envelope;
use runwisp_core::words::glob::Glob;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::notice::{Delivery, MessageId};
use runwisp_core::words::run::RunRecord;
use runwisp_core::words::status::UnitStatus;
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::history::History;
use crate::access::Access;
use crate::figures::Machine;
use crate::notify::{Sample, SampleRefusal};
use crate::plugins::{Looked, NoLook};

/// How many requests may wait for the loop; one more is refused as busy.
pub const DOOR: usize = 256;

/// How many events a follower may lag behind before it is told that it missed some.
pub const EVENTS: usize = 4096;

/// The place for an answer. An asker that has gone away is no fault.
pub type Reply<T> = oneshot::Sender<T>;

/// One thing a face wants of the loop.
#[derive(Debug)]
pub enum Request {
    /// Carry out a command; answered once it is accepted, not once it has worked.
    Command {
        /// What.
        command: Command,
        /// The answer.
        reply: Reply<Result<Done, Refusal>>,
    },
    /// What is true now.
    Status {
        /// The answer.
        reply: Reply<StatusSnapshot>,
    },
    /// Read the configuration anew and put it in force, or only say what that would change.
    Reload {
        /// Units to touch, matched against the old and the new names; empty is all that changed.
        only: Vec<Glob>,
        /// Change nothing.
        plan_only: bool,
        /// The answer, once the new configuration is in force.
        reply: Reply<Result<ReloadReport, ReloadRefusal>>,
    },
    /// Leave; answered before it begins.
    Leave {
        /// How.
        how: Leave,
        /// The answer.
        reply: Reply<Result<(), Refusal>>,
    },
    /// Tell as soon as a run has printed more than `from` bytes, or will print no more.
    Output {
        /// The run.
        run: RunId,
        /// Bytes already seen, counted from its first byte ever.
        from: u64,
        /// The answer. A queued or starting run is waited for; one that is over, or unknown, is complete at once.
        reply: Reply<OutputAt>,
    },
    /// Send a sample by a notifier.
    TestNotifier {
        /// `id` or `id:target`.
        target: String,
        /// The kind of event the sample is of; none for a plain greeting.
        kind: Option<String>,
        /// The answer, once the far side has answered.
        reply: Reply<Result<Box<Sample>, SampleRefusal>>,
    },
    /// Send a delivery that did not arrive once more.
    SendAgain {
        /// The delivery, as the history has it.
        delivery: Box<Delivery>,
        /// The delivery as it is then, or why not.
        reply: Reply<Result<Box<Delivery>, NotAgain>>,
    },
    /// What the machine and the daemon do.
    Host {
        /// The answer, once there is something to tell: within a second of a start.
        reply: Reply<HostFigures>,
    },
    /// Everything that is counted and measured.
    Figures {
        /// The answer.
        reply: Reply<Box<Snapshot>>,
    },
    /// What was used in the last hour.
    Hour {
        /// By whom.
        subject: Subject,
        /// The answer, oldest first.
        reply: Reply<Vec<Span>>,
    },
    /// Somebody has read the bell.
    ReadBell {
        /// This row; none is all there are.
        id: Option<MessageId>,
        /// Whether it was read, or is to count as unread again.
        read: bool,
        /// The answer.
        reply: Reply<()>,
    },
    /// Carry out a command that has a key, once: when the key comes again, the answer is that of the first time.
    Keyed {
        /// The key.
        key: Box<Key>,
        /// What.
        command: Command,
        /// The answer.
        reply: Reply<Result<Keyed, Refusal>>,
    },
    /// Take ended runs out of sight, or bring them back before a sweep removes them.
    HideRuns {
        /// Which.
        runs: Vec<RunId>,
        /// Whether out of sight.
        hide: bool,
        /// The answer.
        reply: Reply<()>,
    },
    /// What plugins there are, and how each stands.
    Plugins {
        /// This one; none is all there are.
        only: Option<String>,
        /// The answer, once each has been looked at.
        reply: Reply<Result<Vec<PluginSeen>, NoLook>>,
    },
    /// The row of a run as the loop knows it: of one that is queued or active, or whose last row is not on disk yet.
    Run {
        /// The run.
        run: RunId,
        /// Answer only once the run has ended and its last row is on disk, or has to do without a disk.
        ended: bool,
        /// The answer; none when the loop knows nothing of it, so that the history does.
        reply: Reply<Option<Box<RunRecord>>>,
    },
}

/// What a caller calls a request, so that sending it again does nothing again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// For which unit.
    pub unit: UnitName,
    /// Its name.
    pub name: String,
    /// What is asked, to tell another request with the same key.
    pub body: String,
}

/// What became of a request with a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Keyed {
    /// It was carried out, or had been.
    Done(Done),
    /// The key was used for another request.
    Taken,
}

/// A plugin that was looked at.
#[derive(Debug)]
pub struct PluginSeen {
    /// What was seen.
    pub looked: Looked,
    /// How often it was called since this daemon process began.
    pub calls: u64,
    /// How many of these calls delivered nothing.
    pub failures: u64,
}

/// How the daemon is to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Stop everything in order, then the keeper too.
    Stop,
    /// Replace the daemon alone; what runs goes on.
    Restart,
    /// Replace keeper and daemon by the binary that now stands at their path; what runs goes on.
    Upgrade,
}

/// How far a run's output has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputAt {
    /// Bytes, counted from its first ever.
    pub end: u64,
    /// Whether no more will come.
    pub complete: bool,
}

/// What is true now.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusSnapshot {
    /// The daemon.
    pub daemon: DaemonStatus,
    /// Every unit, by name.
    pub units: Vec<UnitStatus>,
}

/// What the machine and the daemon do.
#[derive(Clone, Debug, PartialEq)]
pub struct HostFigures {
    /// The machine.
    pub machine: Machine,
    /// The last look at it.
    pub look: Look,
    /// When this daemon process took over.
    pub started_at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// What is true of the daemon itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonStatus {
    /// Its version.
    pub version: String,
    /// The keeper: the pid that init and scripts know.
    pub keeper_pid: i32,
    /// The daemon process, replaced by `restart`.
    pub daemon_pid: i32,
    /// When this daemon process took over.
    pub started_at: Timestamp,
    /// When the configuration in force was read.
    pub loaded_at: Timestamp,
    /// The zone of schedules that name none.
    pub timezone: String,
    /// The machine's name.
    pub hostname: String,
    /// The binary that an upgrade would execute.
    pub binary: PathBuf,
    /// The root configuration file.
    pub config: PathBuf,
    /// The data directory.
    pub data: PathBuf,
    /// Whether a file of the configuration has changed since it was loaded.
    pub config_stale: bool,
    /// Whether everything is being stopped.
    pub stopping: bool,
    /// Where HTTP is served over TCP.
    pub web: Web,
    /// What is not as it should be, in plain words: warnings of the configuration, a disk that is full.
    pub warnings: Vec<String>,
}

/// Where HTTP is served over TCP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Web {
    /// The address, with the port that was really taken; none is nowhere.
    pub listen: Option<std::net::SocketAddr>,
    /// Where a browser finds the page.
    pub url: Option<String>,
    /// The SHA-256 of the certificate, where HTTPS is served.
    pub certificate: Option<String>,
}

/// A finding about the configuration with its place looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Finding {
    /// A stable name, such as `config.unknown-key`.
    pub code: String,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The file.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// The key, dotted.
    pub key: Option<String>,
}

/// What a reload changed, or would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReloadReport {
    /// Whether it is in force now.
    pub applied: bool,
    /// New units.
    pub added: Vec<UnitName>,
    /// Units that differ, with the keys that do.
    pub changed: Vec<(UnitName, Vec<String>)>,
    /// Units that are gone.
    pub removed: Vec<UnitName>,
    /// Keys outside of units that differ, such as `daemon.timezone`.
    pub settings: Vec<String>,
    /// Warnings about the new configuration.
    pub warnings: Vec<Finding>,
}

/// Why a reload was refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReloadRefusal {
    /// The configuration has errors.
    Invalid {
        /// Every finding, warnings too.
        findings: Vec<Finding>,
        /// The findings drawn for people, without colours.
        rendered: String,
    },
    /// A pattern matches neither an old nor a new unit.
    NoSuchUnit {
        /// The pattern.
        pattern: String,
    },
    /// Another reload is under way, or the daemon is stopping.
    Busy {
        /// Which, in plain words.
        why: String,
    },
}

/// Why the loop gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Too many requests wait already.
    #[error("reach the daemon's loop: too many requests are waiting")]
    Busy,
    /// The loop has ended.
    #[error("reach the daemon's loop: it is leaving")]
    Gone,
}

/// An event on its way to those who follow, with room for the form in which most of them want it: made once, for all.
#[derive(Debug)]
pub struct Told {
    envelope: Envelope,
    form: OnceLock<Bytes>,
}

impl Told {
    /// The event in a form that whoever comes first has to make; there is one form only.
    pub fn form(&self, make: impl FnOnce(&Envelope) -> Bytes) -> Bytes {
        self.form.get_or_init(|| make(&self.envelope)).clone()
    }
}

impl From<Envelope> for Told {
    fn from(envelope: Envelope) -> Self {
        Told {
            envelope,
            form: OnceLock::new(),
        }
    }
}

impl Deref for Told {
    type Target = Envelope;

    fn deref(&self) -> &Envelope {
        &self.envelope
    }
}

/// The faces' end.
#[derive(Clone)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
    events: broadcast::Sender<Arc<Told>>,
    plan: watch::Receiver<Arc<Plan>>,
    history: Arc<dyn History>,
    access: Arc<Access>,
    record: Arc<dyn Fn(AuditEntry) + Send + Sync>,
}

/// The loop's end.
pub struct LoopEnd {
    /// What faces ask.
    pub requests: mpsc::Receiver<Request>,
    /// Where events are told; sending to nobody is no fault.
    pub events: broadcast::Sender<Arc<Told>>,
    /// The plan in force.
    pub plan: watch::Sender<Arc<Plan>>,
}

/// Makes both ends.
pub fn open(plan: Arc<Plan>, history: Arc<dyn History>, access: Arc<Access>) -> (Handle, LoopEnd) {
    let (requests, door) = mpsc::channel(DOOR);
    let (events, _) = broadcast::channel(EVENTS);
    let (plan_in, plan) = watch::channel(plan);
    let handle = Handle {
        requests,
        events: events.clone(),
        plan,
        history,
        access,
        record: Arc::new(drop),
    };
    let end = LoopEnd {
        requests: door,
        events,
        plan: plan_in,
    };
    (handle, end)
}

impl Handle {
    /// The same, with somebody who writes the audit log down; the call must not block.
    #[must_use]
    pub fn recording(self, record: impl Fn(AuditEntry) + Send + Sync + 'static) -> Self {
        Handle {
            record: Arc::new(record),
            ..self
        }
    }

    /// Adds to the audit log.
    pub fn audit(&self, entry: AuditEntry) {
        (self.record)(entry);
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, AskError> {
        let (reply, answer) = oneshot::channel();
        self.requests
            .try_send(request(reply))
            .map_err(|e| match e {
                mpsc::error::TrySendError::Full(_) => AskError::Busy,
                mpsc::error::TrySendError::Closed(_) => AskError::Gone,
            })?;
        answer.await.map_err(|_| AskError::Gone)
    }

    /// Carries out a command; the answer comes once it is accepted.
    pub async fn command(&self, command: Command) -> Result<Result<Done, Refusal>, AskError> {
        self.ask(|reply| Request::Command { command, reply }).await
    }

    /// What is true now.
    pub async fn status(&self) -> Result<StatusSnapshot, AskError> {
        self.ask(|reply| Request::Status { reply }).await
    }

    /// Reads the configuration anew; see [`Request::Reload`].
    pub async fn reload(
        &self,
        only: Vec<Glob>,
        plan_only: bool,
    ) -> Result<Result<ReloadReport, ReloadRefusal>, AskError> {
        self.ask(|reply| Request::Reload {
            only,
            plan_only,
            reply,
        })
        .await
    }

    /// Makes the daemon leave.
    pub async fn leave(&self, how: Leave) -> Result<Result<(), Refusal>, AskError> {
        self.ask(|reply| Request::Leave { how, reply }).await
    }

    /// Waits until a run has printed more than `from` bytes, or will print no more.
    pub async fn output(&self, run: RunId, from: u64) -> Result<OutputAt, AskError> {
        self.ask(|reply| Request::Output { run, from, reply }).await
    }

    /// Sends a sample by a notifier, and tells what came of it.
    pub async fn test_notifier(
        &self,
        target: String,
        kind: Option<String>,
    ) -> Result<Result<Box<Sample>, SampleRefusal>, AskError> {
        self.ask(|reply| Request::TestNotifier {
            target,
            kind,
            reply,
        })
        .await
    }

    /// Sends a delivery that did not arrive once more.
    pub async fn send_again(
        &self,
        delivery: Box<Delivery>,
    ) -> Result<Result<Box<Delivery>, NotAgain>, AskError> {
        self.ask(|reply| Request::SendAgain { delivery, reply })
            .await
    }

    /// What the machine and the daemon do.
    pub async fn host(&self) -> Result<HostFigures, AskError> {
        self.ask(|reply| Request::Host { reply }).await
    }

    /// Everything that is counted and measured.
    pub async fn figures(&self) -> Result<Box<Snapshot>, AskError> {
        self.ask(|reply| Request::Figures { reply }).await
    }

    /// What was used in the last hour, oldest first.
    pub async fn hour(&self, subject: Subject) -> Result<Vec<Span>, AskError> {
        self.ask(|reply| Request::Hour { subject, reply }).await
    }

    /// Marks a row of the bell as read or unread, or all of them.
    pub async fn read_bell(&self, id: Option<MessageId>, read: bool) -> Result<(), AskError> {
        self.ask(|reply| Request::ReadBell { id, read, reply })
            .await
    }

    /// Carries out a command that has a key; see [`Request::Keyed`].
    pub async fn keyed(
        &self,
        key: Key,
        command: Command,
    ) -> Result<Result<Keyed, Refusal>, AskError> {
        let key = Box::new(key);
        self.ask(|reply| Request::Keyed {
            key,
            command,
            reply,
        })
        .await
    }

    /// Looks at the plugin of this name, or at all there are.
    pub async fn plugins(
        &self,
        only: Option<String>,
    ) -> Result<Result<Vec<PluginSeen>, NoLook>, AskError> {
        self.ask(|reply| Request::Plugins { only, reply }).await
    }

    /// Takes ended runs out of sight, or brings them back.
    pub async fn hide_runs(&self, runs: Vec<RunId>, hide: bool) -> Result<(), AskError> {
        self.ask(|reply| Request::HideRuns { runs, hide, reply })
            .await
    }

    /// A run's row as the loop knows it, or none when the history has it; with `ended`, once it has ended for good.
    pub async fn run(&self, run: RunId, ended: bool) -> Result<Option<Box<RunRecord>>, AskError> {
        self.ask(|reply| Request::Run { run, ended, reply }).await
    }

    /// Events from now on.
    pub fn events(&self) -> broadcast::Receiver<Arc<Told>> {
        self.events.subscribe()
    }

    /// The plan in force.
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.borrow().clone()
    }

    /// Changes of the plan in force.
    pub fn plans(&self) -> watch::Receiver<Arc<Plan>> {
        self.plan.clone()
    }

    /// Who may do what.
    pub fn access(&self) -> Arc<Access> {
        Arc::clone(&self.access)
    }

    /// The past. Its calls block: use them away from the loop's thread.
    pub fn history(&self) -> Arc<dyn History> {
        Arc::clone(&self.history)
    }
}
