//! What readers of logs are told: lines, and places in a log.

use jiff::Timestamp;

/// Which of the two outputs a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output; also everything of a pseudo-terminal, and bytes of which the index does not tell.
    Stdout = 0,
    /// Standard error.
    Stderr = 1,
}

impl Stream {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// One line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1, among the lines that are kept of the run.
    pub n: u64,
    /// When its first byte was read. Where the index is lost, when the log was last written.
    pub ts: Timestamp,
    /// Where it came from.
    pub stream: Stream,
    /// Its bytes without the line end; any bytes, as they were printed.
    pub bytes: Vec<u8>,
    /// The line is longer than 64 KiB, and the next line of this stream is its next piece.
    pub continued: bool,
    /// Bytes printed since the line before, or within this one, that are not kept: the disk was full, say.
    pub missing: u64,
    /// Bytes before the place right after it, counted as in [`Place`].
    pub after: u64,
}

impl Line {
    /// The place right after it.
    pub fn place(&self) -> Place {
        Place {
            offset: self.after,
            line: self.n - u64::from(self.continued),
        }
    }

    /// The line as text: what is not UTF-8 becomes U+FFFD, control characters stay.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// A place in a run's output: right after a line, or at the very beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Bytes before it, counted from the first byte ever kept.
    pub offset: u64,
    /// Lines completed before it, counted from the first one kept now.
    pub line: u64,
}

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The first line that is kept.
    Head,
    /// So many lines before the end.
    Tail(u64),
    /// The first line of which anything was printed at or after.
    Since(Timestamp),
    /// Where another page ended.
    Place(Place),
    /// The line of this number, from 1.
    Line(u64),
}

/// A stretch of a run's output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The lines. While more may come, a line that is not complete is held back.
    pub lines: Vec<Line>,
    /// Where this one began.
    pub begin: Place,
    /// Where the next page begins.
    pub next: Place,
    /// How many lines are kept, where the page reached the last one.
    pub total: Option<u64>,
}
