//! What the terminal UI hears, what it asks for, and what it has done: plain data between `update` and the hands.

use std::path::PathBuf;

use jiff::Timestamp;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use runwisp_core::words::event::Envelope;
use runwisp_core::words::ids::RunId;
use serde_json::Value;

use crate::wire::{Firings, LogLine, LogPage, Notifications, Problem, Reload, Run, Runs, Status};

/// What it hears.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this size now.
    Resize(u16, u16),
    /// Time has passed.
    Tick(Timestamp),
    /// An event of the daemon.
    Event(Envelope),
    /// Events come again from now on, or for the first time.
    Connected,
    /// Events do not come any more; they are asked for again.
    Lost(Problem),
    /// Lines of the log that is followed.
    Lines(Ticket, Vec<LogLine>),
    /// The run that is followed has ended, and its last line was told.
    Ended(Ticket, Box<Run>),
    /// Lines do not come any more.
    LogLost(Ticket, Problem),
    /// An answer.
    Answer(Query, Result<Answer, Problem>),
    /// What was asked for was done, or refused.
    Done(Act, Result<Outcome, Problem>),
    /// The process was told to end, or its terminal has gone.
    Leave,
}

/// Numbers the looks at logs and lists, so that a late answer to an earlier one is not taken for one to this.
pub(super) type Ticket = u64;

/// What it wants done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// Ask the daemon.
    Ask(Query),
    /// Have the daemon do something.
    Do(Act),
    /// Follow a run's log from its last lines on.
    Follow {
        ticket: Ticket,
        run: RunId,
        tail: u64,
    },
    /// Follow no log.
    StopFollowing,
    /// Stop as Ctrl-Z does.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Leave.
    Quit,
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Query {
    /// Daemon and units.
    Status,
    /// Runs, and which list they are for.
    Runs {
        ticket: Ticket,
        unit: Option<String>,
        bucket: Bucket,
        after: Option<String>,
    },
    /// The newest runs of all, for the first page.
    Recent,
    /// A run.
    Run(RunId),
    /// A unit with all there is to know.
    Unit(String),
    /// Next firings of a task.
    Next(String),
    /// The bell.
    Bell,
    /// Figures of host and daemon.
    Host,
    /// Lines of a log by number.
    Page {
        ticket: Ticket,
        run: RunId,
        from: u64,
        limit: u64,
    },
    /// Where a log has this text.
    Hits {
        ticket: Ticket,
        run: RunId,
        text: String,
    },
    /// What a reload would change.
    Plan,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Status(Box<Status>),
    Runs { runs: Runs, next: Option<String> },
    Run(Box<Run>),
    Unit(Value),
    Firings(Firings),
    Bell(Notifications),
    Host(Value),
    Page(LogPage),
    Hits(Vec<u64>),
    Plan(Reload),
}

/// Something for the daemon to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    Start(String),
    Stop(String),
    Restart(String),
    Run {
        unit: String,
        params: Vec<(String, String)>,
    },
    StopRun(RunId),
    /// A run once more, with the parameters it had.
    Rerun(RunId),
    Bulk(Bulk, Chosen),
    Reload,
    ReadBell(Option<runwisp_core::words::notice::MessageId>),
    /// Save a run's log as a file.
    Save {
        run: RunId,
        path: PathBuf,
    },
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// Runs were started, queued or are ending.
    Runs { runs: Vec<RunId>, changed: bool },
    /// So many runs were dealt with, so many passed over.
    Bulk { affected: u64, skipped: u64 },
    /// A configuration is in force.
    Reloaded(Reload),
    /// The bell as it is now.
    Bell(Notifications),
    /// Nothing more to say.
    Done,
}

/// What is done with many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bulk {
    Stop,
    Delete,
    Restore,
    Rerun,
}

impl Bulk {
    pub(super) fn word(self) -> &'static str {
        match self {
            Bulk::Stop => "stop",
            Bulk::Delete => "delete",
            Bulk::Restore => "restore",
            Bulk::Rerun => "rerun",
        }
    }
}

/// Which runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Chosen {
    These(Vec<RunId>),
    /// All of a list, but these.
    All {
        unit: Option<String>,
        bucket: Bucket,
        except: Vec<RunId>,
    },
}

/// Kinds of ends, as people think of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Bucket {
    #[default]
    All,
    Active,
    Succeeded,
    Failed,
    Skipped,
    Stopped,
}

impl Bucket {
    pub(super) const EACH: [Bucket; 6] = [
        Bucket::All,
        Bucket::Active,
        Bucket::Succeeded,
        Bucket::Failed,
        Bucket::Skipped,
        Bucket::Stopped,
    ];

    pub(super) fn words(self) -> &'static str {
        match self {
            Bucket::All => "all",
            Bucket::Active => "not ended",
            Bucket::Succeeded => "succeeded",
            Bucket::Failed => "failed",
            Bucket::Skipped => "not run",
            Bucket::Stopped => "stopped",
        }
    }

    /// The states of the API that it stands for.
    pub(super) fn states(self) -> Option<&'static str> {
        (self == Bucket::Active).then_some("queued,starting,running,stopping")
    }

    /// The outcomes of the API that it stands for.
    pub(super) fn outcomes(self) -> Option<&'static str> {
        match self {
            Bucket::All | Bucket::Active => None,
            Bucket::Succeeded => Some("succeeded"),
            Bucket::Failed => Some(
                "failed,timeout,start_failed,unhealthy,oom_killed,log_overflow,interrupted,missed",
            ),
            Bucket::Skipped => Some("skipped,queue_full,missed,dst_skipped"),
            Bucket::Stopped => Some("stopped,daemon_stopped"),
        }
    }
}
