//! Why a call has no answer.
//!
//! Texts complete "could not …" or stand after a colon; all of them are about one call and mean nothing for the next.

use std::time::Duration;

use crate::call::PluginKind;
use crate::load::error::LoadError;

/// A call without an answer: the reason, and the last that the plugin wrote to its standard output and error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{reason}{}", last_words(output))]
pub struct CallError {
    /// Why.
    pub reason: Reason,
    /// At most 8 KiB, secrets masked; often the words of a panic.
    pub output: String,
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reason {
    /// It took longer than its wall time, waiting included.
    #[error("no answer after {}", seconds(*.0))]
    Deadline(Duration),
    /// It computed for longer than its processor time; waiting does not count.
    #[error("used up its {} of processor time", seconds(*.0))]
    Processor(Duration),
    /// It wanted more memory than it may have, both in bytes.
    #[error("wanted {} of memory, more than the {} it may have", mebibytes(*.wanted), mebibytes(*.limit))]
    Memory {
        /// What it asked for last.
        wanted: usize,
        /// What it may have.
        limit: usize,
    },
    /// It passed more bytes to or from the host than a call may.
    #[error("passed more than {} to the host in one call", mebibytes(*.0))]
    Copied(usize),
    /// It ended by a trap: a panic, an endless recursion, an exit. The text says where, as far as names were kept.
    #[error("crashed: {0}")]
    Crashed(String),
    /// It failed several times in a row and rests for this long.
    #[error("suspended after failing several times in a row; it is tried again in {}", seconds(*.0))]
    Suspended(Duration),
    /// Too many callers wait already.
    #[error("{0} calls of plugins wait already; try again later")]
    Busy(usize),
    /// The call is one of another kind of plugin.
    #[error("it is a plugin of kind {is}, not {asked}")]
    Kind {
        /// What the plugin is.
        is: PluginKind,
        /// What the call is for.
        asked: PluginKind,
    },
    /// The component did not load.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The host's own runtime was shut down while the call was under way.
    #[error("the program is stopping")]
    Stopping,
}

impl Reason {
    /// A stable name, for logs and JSON.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Deadline(_) => "deadline",
            Reason::Processor(_) => "processor",
            Reason::Memory { .. } => "memory",
            Reason::Copied(_) => "copied",
            Reason::Crashed(_) => "crashed",
            Reason::Suspended(_) => "suspended",
            Reason::Busy(_) => "busy",
            Reason::Kind { .. } => "kind",
            Reason::Load(_) => "load",
            Reason::Stopping => "stopping",
        }
    }

    /// Whether the plugin itself misbehaved; what counts towards its suspension.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        match self {
            Reason::Deadline(_)
            | Reason::Processor(_)
            | Reason::Memory { .. }
            | Reason::Copied(_)
            | Reason::Crashed(_) => true,
            Reason::Suspended(_)
            | Reason::Busy(_)
            | Reason::Kind { .. }
            | Reason::Load(_)
            | Reason::Stopping => false,
        }
    }
}

impl From<Reason> for CallError {
    fn from(reason: Reason) -> CallError {
        CallError {
            reason,
            output: String::new(),
        }
    }
}

fn last_words(output: &str) -> String {
    match output.trim() {
        "" => String::new(),
        output => format!("; it wrote: {output}"),
    }
}

fn seconds(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{} s", time.as_secs())
    } else if time.as_secs() >= 10 {
        format!("{} s", (time.as_millis() + 500) / 1000)
    } else {
        format!("{} ms", time.as_millis())
    }
}

fn mebibytes(bytes: usize) -> String {
    if bytes >= 1 << 20 {
        format!("{} MiB", bytes.div_ceil(1 << 20))
    } else {
        format!("{} KiB", bytes.div_ceil(1 << 10))
    }
}
