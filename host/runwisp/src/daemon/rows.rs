//! Rows the disk does not have in their last form yet: of runs that are open, and of runs that have just ended.
//!
//! A run is forgotten here, and by the keeper, once its last row is on disk. While the disk can't be written it stays.
//!
//! Tests: below.

use std::collections::HashMap;

use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::{RunRecord, RunState};

use super::handle::Reply;

type Answer = Reply<Option<Box<RunRecord>>>;

struct Row {
    record: Box<RunRecord>,
    /// Confirmations the store still owes.
    owed: u32,
    waiting: Vec<Answer>,
}

/// All such rows.
#[derive(Default)]
pub(crate) struct Rows {
    rows: HashMap<RunId, Row>,
}

impl Rows {
    /// A row is on its way to the store. `confirm` says that the store will confirm it.
    pub(crate) fn sent(&mut self, record: &RunRecord, confirm: bool) {
        let row = self.rows.entry(record.id).or_insert_with(|| Row {
            record: Box::new(record.clone()),
            owed: 0,
            waiting: Vec::new(),
        });
        record.clone_into(&mut row.record);
        row.owed += u32::from(confirm);
    }

    /// The store has confirmed one row of the run; `on_disk` says where. True when the run is over for good and the
    /// keeper may forget it too.
    pub(crate) fn confirmed(&mut self, run: RunId, on_disk: bool) -> bool {
        let Some(row) = self.rows.get_mut(&run) else {
            return false;
        };
        row.owed = row.owed.saturating_sub(1);
        if row.owed > 0 || row.record.state != RunState::Ended {
            return false;
        }
        for waiting in row.waiting.drain(..) {
            let _ = waiting.send(Some(row.record.clone()));
        }
        if on_disk {
            self.rows.remove(&run);
        }
        on_disk
    }

    /// The disk can be written again, and has everything that was ever confirmed: these runs may be forgotten.
    pub(crate) fn settle(&mut self) -> Vec<RunId> {
        let settled = |row: &Row| row.owed == 0 && row.record.state == RunState::Ended;
        let runs: Vec<RunId> = self
            .rows
            .iter()
            .filter(|(_, row)| settled(row))
            .map(|(run, _)| *run)
            .collect();
        for run in &runs {
            self.rows.remove(run);
        }
        runs
    }

    /// Answers with the row; with `ended`, once it has ended and is as safe as it will get.
    pub(crate) fn tell(&mut self, run: RunId, ended: bool, answer: Answer) {
        match self.rows.get_mut(&run) {
            None => {
                let _ = answer.send(None);
            }
            Some(row) if ended && (row.owed > 0 || row.record.state != RunState::Ended) => {
                row.waiting.retain(|waiting| !waiting.is_closed());
                row.waiting.push(answer);
            }
            Some(row) => {
                let _ = answer.send(Some(row.record.clone()));
            }
        }
    }

    /// Whether the run has been decided on and has not ended.
    pub(crate) fn is_open(&self, run: RunId) -> bool {
        self.rows
            .get(&run)
            .is_some_and(|row| row.record.state != RunState::Ended)
    }

    /// Rows of runs that have not ended.
    pub(crate) fn open(&self) -> impl Iterator<Item = &RunRecord> {
        self.rows
            .values()
            .map(|row| row.record.as_ref())
            .filter(|record| record.state != RunState::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use runwisp_core::words::ids::UnitName;
    use runwisp_core::words::run::{Kind, Trigger};
    use tokio::sync::oneshot;

    fn row(state: RunState) -> RunRecord {
        let id = RunId::from_parts(1, 1);
        let unit = UnitName::new("u").unwrap();
        let mut row = RunRecord::new(id, unit, Kind::Task, Trigger::Manual, Timestamp::UNIX_EPOCH);
        row.state = state;
        row
    }

    #[test]
    fn an_early_confirmation_is_not_taken_for_that_of_the_end() {
        let mut rows = Rows::default();
        let run = row(RunState::Starting).id;
        rows.sent(&row(RunState::Starting), true);
        rows.sent(&row(RunState::Ended), true);
        let (answer, mut ear) = oneshot::channel();
        rows.tell(run, true, answer);
        assert!(!rows.confirmed(run, true));
        assert!(ear.try_recv().is_err());
        assert!(rows.confirmed(run, true));
        assert_eq!(ear.try_recv().unwrap().unwrap().state, RunState::Ended);
        assert_eq!(rows.open().count(), 0);
    }

    #[test]
    fn without_a_disk_waiters_are_answered_and_the_row_is_kept_until_there_is_one() {
        let mut rows = Rows::default();
        let run = row(RunState::Ended).id;
        rows.sent(&row(RunState::Ended), true);
        assert!(!rows.confirmed(run, false));
        let (answer, mut ear) = oneshot::channel();
        rows.tell(run, true, answer);
        assert!(ear.try_recv().unwrap().is_some());
        assert_eq!(rows.settle(), [run]);
        let (answer, mut ear) = oneshot::channel();
        rows.tell(run, false, answer);
        assert_eq!(ear.try_recv().unwrap(), None);
    }
}
