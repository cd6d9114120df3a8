//! The history at the start: opened, with what the machines begin with.

use std::collections::BTreeMap;
use std::path::Path;

use runwisp_core::words::action::Memory;
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::run::RunRecord;
use tokio::sync::mpsc;

use crate::store::{self, Queries, StoreError, Told, Writer};

/// The history, and what it holds that the machines begin with.
pub(super) struct Known {
    pub(super) writer: Writer,
    pub(super) queries: Queries,
    pub(super) told: mpsc::UnboundedReceiver<Told>,
    pub(super) notices: Vec<String>,
    pub(super) next_seq: u64,
    pub(super) memories: BTreeMap<UnitName, Memory>,
    pub(super) open_runs: Vec<RunRecord>,
    pub(super) last_runs: Vec<RunRecord>,
}

/// Opens the history of a data directory.
pub(super) fn open_history(data: &Path) -> Result<Known, StoreError> {
    let (tell, told) = mpsc::unbounded_channel();
    let opened = store::open(
        data,
        Box::new(move |word| {
            // The loop has ended: nobody needs to know any more.
            let _ = tell.send(word);
        }),
    )?;
    let queries = opened.queries;
    Ok(Known {
        next_seq: queries.next_seq()?,
        memories: queries.memories()?.into_iter().collect(),
        open_runs: queries.open_runs()?,
        last_runs: queries.last_ended_per_unit()?,
        writer: opened.writer,
        notices: opened.notices,
        queries,
        told,
    })
}
