//! What a plugin did during a call, in order: the lines it wrote, and what it asked of the host.
//!
//! Invariant: secrets are masked before anything enters, and every part has a bound.

use std::time::Duration;

use crate::call::masks::Masks;

/// Lines kept of a call.
pub(crate) const MAX_LINES: usize = 1_000;
/// Host calls kept of a call.
const MAX_CALLS: usize = 200;
/// Bytes kept of a line, and of each side of a host call.
pub(crate) const MAX_TEXT: usize = 4 << 10;

/// What happened during a call.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Exchange {
    /// Log lines and host calls, in order.
    pub entries: Vec<Entry>,
    /// How many further lines and host calls were not kept.
    pub dropped: u64,
    /// The last 8 KiB of its standard output and error.
    pub output: String,
    /// How long it took, waiting included.
    pub wall: Duration,
    /// How long it computed, in steps of 10 ms.
    pub processor: Duration,
    /// Its largest memory, in bytes.
    pub memory: usize,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A line for the operator.
    Line {
        /// How much it matters.
        level: Level,
        /// What it says.
        message: String,
    },
    /// Something asked of the host.
    Call(HostCall),
}

/// Something that a plugin asked of the host.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct HostCall {
    /// What was asked, in a line: `POST https://hooks.slack.com/…`, `mail through smtp.example.com:587`.
    pub asked: String,
    /// What was sent with it: headers, body; at most 4 KiB.
    pub sent: String,
    /// What came of it, in a line: `200`, or why not.
    pub outcome: Result<String, String>,
    /// What came back with it; at most 4 KiB.
    pub received: String,
    /// How long it took.
    pub took: Duration,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For the plugin's author.
    Debug,
    /// Worth knowing.
    Info,
    /// Not as it should be.
    Warning,
    /// Something failed.
    Error,
}

impl Exchange {
    /// Keeps a line, if there is room. The answer is the line as it may be shown.
    pub(crate) fn line(&mut self, masks: &Masks, level: Level, message: &str) -> Option<&str> {
        let lines = self
            .entries
            .iter()
            .filter(|e| matches!(e, Entry::Line { .. }));
        if lines.count() >= MAX_LINES {
            self.dropped += 1;
            return None;
        }
        let message = masks.cut(message, MAX_TEXT);
        self.entries.push(Entry::Line { level, message });
        match self.entries.last() {
            Some(Entry::Line { message, .. }) => Some(message),
            _ => None,
        }
    }

    /// Keeps a host call, if there is room.
    pub(crate) fn call(&mut self, masks: &Masks, call: HostCall) {
        let calls = self.entries.iter().filter(|e| matches!(e, Entry::Call(_)));
        if calls.count() >= MAX_CALLS {
            self.dropped += 1;
            return;
        }
        let shown = |text: &str| masks.cut(text, MAX_TEXT);
        self.entries.push(Entry::Call(HostCall {
            asked: shown(&call.asked),
            sent: shown(&call.sent),
            outcome: call
                .outcome
                .map(|what| shown(&what))
                .map_err(|why| shown(&why)),
            received: shown(&call.received),
            took: call.took,
        }));
    }
}

/// As much of a body as it takes to show its beginning: enough that a secret is seen whole where the text is cut.
pub(crate) fn beginning(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    const ENOUGH: usize = 16 * MAX_TEXT;
    String::from_utf8_lossy(&bytes[..bytes.len().min(ENOUGH)])
}
