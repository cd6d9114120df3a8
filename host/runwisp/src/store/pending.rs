//! What is waiting to be written: the newest state of each row, not the way there.
//!
//! Pure: no database, no clock, no lock. Writes of one run (or of one unit's memory) replace each other, so the bound
//! is one of rows. At the bound the oldest events give way first, then the oldest rows of runs that have ended,
//! then messages that need no delivery any more, then rows of the audit log; whatever gives way is counted. Rows of open runs are never dropped:
//! there are only as many as there are runs.
//!
//! Tests are below.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use runwisp_core::figures::bucket::Full;
use runwisp_core::words::action::Memory;
use runwisp_core::words::audit::AuditEntry;
use runwisp_core::words::event::Envelope;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::notice::{BellRow, Delivery};
use runwisp_core::words::run::{RunRecord, RunState};

use super::pending_messages::{Keep, Messages, Read};
use super::runs_kept::Request;
use super::samples;

/// One thing to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// The row of a run, new or changed. With `confirm`, [`super::Told::Confirmed`] says once what became of it.
    Run {
        /// The row.
        row: Box<RunRecord>,
        /// Whether somebody waits.
        confirm: bool,
    },
    /// Keeps this over restarts of the daemon.
    Remember(UnitName, Memory),
    /// Forgets a unit that is no longer defined.
    Unremember(UnitName),
    /// A line of the journal.
    Event(Envelope),
    /// Removes the rows of these runs. Their logs are already gone.
    DeleteRuns(Vec<RunId>),
    /// Takes these runs out of sight since that time, or (with none) brings them back.
    HideRuns(Vec<RunId>, Option<Timestamp>),
    /// Remembers what a request with a key came to.
    Request(Box<Request>),
    /// A delivery, new or changed. With `confirm`, [`super::Told::Stored`] says once that it is held.
    Delivery {
        /// The delivery.
        delivery: Box<Delivery>,
        /// Whether somebody waits.
        confirm: bool,
    },
    /// A row of the bell, new or changed.
    Bell(Box<BellRow>),
    /// Keeps this about repeats under this name; none forgets it.
    NotifyMemory(String, Option<String>),
    /// A row of the audit log.
    Audit(Box<AuditEntry>),
    /// Somebody has read the bell.
    Read(Read),
    /// Removes messages that are too old or too many.
    KeepMessages(Keep),
    /// What was used in five minutes.
    Samples(Full),
}

/// Rows that are held at most while they cannot be written: some 40 MB.
pub(super) const MOST_ROWS: usize = 100_000;

/// What is waiting. The fields are disjoint by key, so the order in which they are written does not matter.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) runs: BTreeMap<RunId, Box<RunRecord>>,
    pub(super) deleted: BTreeSet<RunId>,
    pub(super) hidden: BTreeMap<RunId, Option<Timestamp>>,
    pub(super) requests: Vec<Request>,
    pub(super) memories: BTreeMap<UnitName, Option<Memory>>,
    pub(super) events: VecDeque<Envelope>,
    pub(super) confirm: Vec<RunId>,
    pub(super) messages: Messages,
    pub(super) audit: VecDeque<AuditEntry>,
    /// Beside the bound, with one of their own.
    pub(super) samples: VecDeque<Full>,
    /// Rows and events that gave way to the bound since the last successful commit.
    pub(super) lost: u64,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.rows() == 0 && self.samples.is_empty() && self.nobody_waits()
    }

    /// Whether nobody waits for a confirmation.
    fn nobody_waits(&self) -> bool {
        self.confirm.is_empty() && self.messages.confirm.is_empty()
    }

    pub(super) fn rows(&self) -> usize {
        self.runs.len()
            + self.deleted.len()
            + self.hidden.len()
            + self.requests.len()
            + self.memories.len()
            + self.events.len()
            + self.messages.rows()
            + self.audit.len()
    }

    /// Takes one more write in.
    pub(super) fn add(&mut self, write: Write) {
        match write {
            Write::Run { row, confirm } => {
                let id = row.id;
                self.deleted.remove(&id);
                self.runs.insert(id, row);
                if confirm {
                    self.confirm.push(id);
                }
            }
            Write::Remember(unit, memory) => {
                self.memories.insert(unit, Some(memory));
            }
            Write::Unremember(unit) => {
                self.memories.insert(unit, None);
            }
            Write::Event(envelope) => self.events.push_back(envelope),
            Write::DeleteRuns(ids) => {
                for id in ids {
                    self.runs.remove(&id);
                    self.deleted.insert(id);
                }
            }
            Write::HideRuns(ids, at) => self.hidden.extend(ids.into_iter().map(|id| (id, at))),
            Write::Request(request) => self.requests.push(*request),
            Write::Delivery { delivery, confirm } => self.messages.deliver(delivery, confirm),
            Write::Bell(row) => {
                self.messages.bell.insert(row.id, row);
            }
            Write::NotifyMemory(name, memory) => {
                self.messages.memories.insert(name, memory);
            }
            Write::Audit(entry) => self.audit.push_back(*entry),
            Write::Read(read) => self.messages.read.push(read),
            Write::KeepMessages(keep) => self.messages.keep = Some(keep),
            Write::Samples(full) => samples::wait(&mut self.samples, full),
        }
        self.hold_bound(MOST_ROWS);
    }

    /// Takes in what came later, which overrules what is here.
    pub(super) fn absorb(&mut self, newer: Pending) {
        for id in newer.deleted {
            self.runs.remove(&id);
            self.deleted.insert(id);
        }
        for (id, row) in newer.runs {
            self.deleted.remove(&id);
            self.runs.insert(id, row);
        }
        self.hidden.extend(newer.hidden);
        self.requests.extend(newer.requests);
        self.memories.extend(newer.memories);
        self.events.extend(newer.events);
        self.confirm.extend(newer.confirm);
        self.messages.absorb(newer.messages);
        self.audit.extend(newer.audit);
        for full in newer.samples {
            samples::wait(&mut self.samples, full);
        }
        self.lost += newer.lost;
        self.hold_bound(MOST_ROWS);
    }

    fn hold_bound(&mut self, most: usize) {
        let excess = self.rows().saturating_sub(most);
        if excess == 0 {
            return;
        }
        let events = excess.min(self.events.len());
        self.events.drain(..events);
        // Trimming a little more than needed keeps this scan rare while the disk stays full.
        let runs = match excess - events {
            0 => 0,
            excess => excess.max(most / 100),
        };
        let ended: Vec<RunId> = self
            .runs
            .iter()
            .filter(|(_, row)| row.state == RunState::Ended)
            .map(|(id, _)| *id)
            .take(runs)
            .collect();
        for id in &ended {
            self.runs.remove(id);
        }
        let messages = self.messages.give_way(runs - ended.len());
        let given = events + ended.len() + messages;
        // The audit log goes last of what may go.
        let audit = excess.saturating_sub(given).min(self.audit.len());
        self.audit.drain(..audit);
        self.lost += (given + audit) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use runwisp_core::words::event::Event;
    use runwisp_core::words::run::{Kind, Trigger};

    fn run(number: u128, state: RunState) -> Write {
        let unit = UnitName::new("u").unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let mut row = RunRecord::new(
            RunId::from_u128(number),
            unit,
            Kind::Task,
            Trigger::Manual,
            at,
        );
        row.state = state;
        Write::Run {
            row: Box::new(row),
            confirm: false,
        }
    }

    fn event(seq: u64) -> Write {
        Write::Event(Envelope {
            seq,
            at: Timestamp::UNIX_EPOCH,
            event: Event::DaemonStopping,
        })
    }

    #[test]
    fn what_came_later_overrules_what_was_there() {
        let mut older = Pending::default();
        older.add(run(1, RunState::Starting));
        older.add(run(2, RunState::Ended));
        older.add(run(3, RunState::Ended));
        older.add(event(1));
        let mut pending = Pending::default();
        pending.add(run(1, RunState::Running));
        pending.add(Write::DeleteRuns(vec![RunId::from_u128(2)]));
        pending.add(event(2));
        older.absorb(pending);
        let pending = older;
        let rows: Vec<_> = pending
            .runs
            .values()
            .map(|row| (row.id.as_u128(), row.state))
            .collect();
        assert_eq!(rows, [(1, RunState::Running), (3, RunState::Ended)]);
        let seqs: Vec<_> = pending.events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, [1, 2]);
    }

    #[test]
    fn at_the_bound_events_give_way_then_ended_runs_and_open_ones_never() {
        let mut pending = Pending::default();
        for number in 0..10 {
            pending.add(run(number, RunState::Running));
            pending.add(run(100 + number, RunState::Ended));
            pending.add(event(number as u64));
        }
        pending.hold_bound(25);
        let seqs: Vec<_> = pending.events.iter().map(|event| event.seq).collect();
        assert_eq!((seqs, pending.lost), (vec![5, 6, 7, 8, 9], 5));
        pending.hold_bound(5);
        assert_eq!((pending.events.len(), pending.runs.len()), (0, 10));
        assert!(
            pending
                .runs
                .values()
                .all(|row| row.state == RunState::Running)
        );
        assert_eq!(pending.lost, 20);
    }
}
