//! The past for faces: the store answers for runs and events, the logs for what was printed.
//!
//! What was decided a moment ago may still be on its way to the disk, so a question about runs first waits, briefly,
//! for the commit under way: nobody is told of an end and then reads that the run still runs.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use runwisp_core::figures::points::Span;
use runwisp_core::figures::series::Subject;
use runwisp_core::words::audit::{AuditEntry, AuditFilter};
use runwisp_core::words::event::Envelope;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::notice::{Delivery, MessageId};
use runwisp_core::words::run::RunRecord;

use super::history::{
    BellFilter, DeliveryFilter, Found, From, History, HistoryError, Hit, KEY_KEPT, Line,
    Notification, Page, Request, RunFilter, Search, Summary,
};
use crate::store::{Queries, StoreError, Writer};

/// The longest wait for a commit; a disk that is slower than that is shown as it is.
const COMMIT: Duration = Duration::from_millis(250);

/// How many rows are looked at to count runs.
const COUNTED: usize = 10_000;

/// Reads one data directory.
pub(crate) struct Past {
    data: PathBuf,
    queries: Queries,
    writer: Writer,
}

impl Past {
    pub(crate) fn new(data: PathBuf, queries: Queries, writer: Writer) -> Self {
        Past {
            data,
            queries,
            writer,
        }
    }
}

fn read(error: StoreError) -> HistoryError {
    HistoryError::Read(error.to_string())
}

impl History for Past {
    fn runs(&self, filter: &RunFilter) -> Result<Found, HistoryError> {
        self.writer.flush(COMMIT);
        self.queries.look(filter).map_err(read)
    }

    fn count(&self, filter: &RunFilter) -> Result<(u64, bool), HistoryError> {
        self.queries.count(filter, COUNTED).map_err(read)
    }

    fn summary(&self, filter: &RunFilter) -> Result<Summary, HistoryError> {
        self.writer.flush(COMMIT);
        self.queries.summary(filter).map_err(read)
    }

    fn hidden(&self, runs: &[RunId]) -> Result<Vec<RunRecord>, HistoryError> {
        self.writer.flush(COMMIT);
        self.queries.rows_hidden(runs).map_err(read)
    }

    fn request(&self, unit: &UnitName, key: &str) -> Result<Option<Request>, HistoryError> {
        self.writer.flush(COMMIT);
        let after = Timestamp::now().checked_sub(KEY_KEPT);
        let after = after.unwrap_or(Timestamp::MIN);
        self.queries.request(unit, key, after).map_err(read)
    }

    fn run(&self, id: RunId) -> Result<Option<RunRecord>, HistoryError> {
        self.writer.flush(COMMIT);
        if self.queries.is_hidden(id).map_err(read)? {
            return Ok(None);
        }
        self.queries.run(&id.to_string()).map_err(read)
    }

    fn page(
        &self,
        run: &RunRecord,
        from: From,
        limit: usize,
        complete: bool,
    ) -> Result<Page, HistoryError> {
        super::output::page(&self.data, run, from, limit, complete)
    }

    fn raw(&self, run: &RunRecord) -> Result<Box<dyn Read + Send>, HistoryError> {
        super::output::raw(&self.data, run)
    }

    fn search(
        &self,
        wanted: &Search,
        hit: &mut dyn FnMut(Hit) -> bool,
    ) -> Result<(), HistoryError> {
        super::output::search(&self.data, &self.queries, wanted, hit)
    }

    fn search_run(
        &self,
        run: &RunRecord,
        wanted: &Search,
        after: u64,
    ) -> Result<Vec<Line>, HistoryError> {
        super::output::search_run(&self.data, run, wanted, after)
    }

    fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, HistoryError> {
        self.writer.flush(COMMIT);
        self.queries.deliveries(filter).map_err(read)
    }

    fn delivery(&self, id: MessageId) -> Result<Option<Delivery>, HistoryError> {
        self.writer.flush(COMMIT);
        self.queries.delivery(id).map_err(read)
    }

    fn notifications(&self, filter: BellFilter) -> Result<(Vec<Notification>, u64), HistoryError> {
        self.writer.flush(COMMIT);
        self.queries.notifications(filter).map_err(read)
    }

    fn written(&self, unit: &UnitName, run: RunId) -> u64 {
        crate::logs::written(&self.data, unit, run)
    }

    fn samples(
        &self,
        subject: &Subject,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Span>, HistoryError> {
        self.queries.samples(subject, from, until).map_err(read)
    }

    fn audit(&self, filter: &AuditFilter) -> Result<Vec<(i64, AuditEntry)>, HistoryError> {
        self.writer.flush(COMMIT);
        self.queries.audit(filter).map_err(read)
    }

    fn newest_event(&self) -> Result<u64, HistoryError> {
        self.writer.flush(COMMIT);
        self.queries.next_seq().map(|next| next - 1).map_err(read)
    }

    fn events(&self, after: u64, limit: usize) -> Result<Vec<Envelope>, HistoryError> {
        self.writer.flush(COMMIT);
        self.queries.events_since(after, limit).map_err(read)
    }
}
