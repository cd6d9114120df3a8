//! What faces ask of the past: runs, their output, search, events. Blocking; called away from the loop's thread.
//!
//! The store and the logs answer in the product, a table in memory does in the tests of the faces.
//!
//! Invariant: nothing here changes anything.

use std::io::Read;

use jiff::Timestamp;
use runwisp_core::figures::points::Span;
use runwisp_core::figures::series::Subject;
use runwisp_core::words::audit::{AuditEntry, AuditFilter};
use runwisp_core::words::event::Envelope;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::notice::{Delivery, MessageId};
use runwisp_core::words::run::RunRecord;

pub use crate::logs::{From, Line, Page, Place, Stream};
pub use crate::store::{
    BellFilter, BellPlace, DeliveryFilter, Found, KEY_KEPT, Notification, Position, Request,
    RunFilter, Sort, Summary,
};

/// The most runs one answer holds.
pub const MAX_RUNS: usize = 10_000;

/// What to look for in kept output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// A regular expression, or the text itself with `fixed`.
    pub pattern: String,
    /// Whether `pattern` is plain text.
    pub fixed: bool,
    /// Whether upper and lower case are the same.
    pub ignore_case: bool,
    /// Runs of one of these units; none is all units.
    pub units: Option<Vec<UnitName>>,
    /// Runs created at or after.
    pub since: Option<Timestamp>,
    /// The most hits.
    pub limit: usize,
}

/// A line that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The run.
    pub run: RunId,
    /// Its unit.
    pub unit: UnitName,
    /// Its instance.
    pub instance: u32,
    /// The line.
    pub line: Line,
}

/// Why the past could not be read. The text completes "could not …".
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The search pattern is no regular expression.
    #[error("understand the pattern: {0}")]
    Pattern(String),
    /// The run has no output that is kept.
    #[error("find output of this run: {0}")]
    NoOutput(String),
    /// A disk or database answered with an error.
    #[error("read the history: {0}")]
    Read(String),
}

/// The past, as faces read it. Every call may block on the disk.
pub trait History: Send + Sync + 'static {
    /// Runs that fit. A page may be short although more follow.
    fn runs(&self, filter: &RunFilter) -> Result<Found, HistoryError>;

    /// How many runs fit, and whether that is only the least there are.
    fn count(&self, filter: &RunFilter) -> Result<(u64, bool), HistoryError>;

    /// How runs ended, of the units and since the time of the filter.
    fn summary(&self, filter: &RunFilter) -> Result<Summary, HistoryError>;

    /// Of these runs, those that were taken out of sight and can still be brought back.
    fn hidden(&self, runs: &[RunId]) -> Result<Vec<RunRecord>, HistoryError>;

    /// The request with this key that came to a run within [`KEY_KEPT`].
    fn request(&self, unit: &UnitName, key: &str) -> Result<Option<Request>, HistoryError>;

    /// One run.
    fn run(&self, id: RunId) -> Result<Option<RunRecord>, HistoryError>;

    /// At most `limit` lines of a run's output. Unless `complete` says that no more will come, a last line without its
    /// end is held back, up to a length of the implementation's choice. A run without a log yet has no lines.
    fn page(
        &self,
        run: &RunRecord,
        from: From,
        limit: usize,
        complete: bool,
    ) -> Result<Page, HistoryError>;

    /// A run's output byte for byte, as far as it is kept.
    fn raw(&self, run: &RunRecord) -> Result<Box<dyn Read + Send>, HistoryError>;

    /// Calls `hit` with every line that matches, newest run first, until it says no or `limit` is reached.
    fn search(&self, wanted: &Search, hit: &mut dyn FnMut(Hit) -> bool)
    -> Result<(), HistoryError>;

    /// Lines of one run that match, of those with a number above `after`; units and time of `wanted` do not count.
    fn search_run(
        &self,
        run: &RunRecord,
        wanted: &Search,
        after: u64,
    ) -> Result<Vec<Line>, HistoryError>;

    /// Deliveries that fit, newest first.
    fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, HistoryError>;

    /// One delivery.
    fn delivery(&self, id: MessageId) -> Result<Option<Delivery>, HistoryError>;

    /// Rows of the bell, newest first, and how many of all there are that nobody has read.
    fn notifications(&self, filter: BellFilter) -> Result<(Vec<Notification>, u64), HistoryError>;

    /// How many bytes of what a run has printed so far were kept.
    fn written(&self, unit: &UnitName, run: RunId) -> u64;

    /// What was written down of a subject's use in buckets that begin in this time, oldest first.
    fn samples(
        &self,
        subject: &Subject,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Span>, HistoryError>;

    /// Rows of the audit log, newest first, each with its number.
    fn audit(&self, filter: &AuditFilter) -> Result<Vec<(i64, AuditEntry)>, HistoryError>;

    /// The sequence number of the newest event that is kept, or was.
    fn newest_event(&self) -> Result<u64, HistoryError>;

    /// At most `limit` events after this sequence number, oldest first.
    fn events(&self, after: u64, limit: usize) -> Result<Vec<Envelope>, HistoryError>;
}
