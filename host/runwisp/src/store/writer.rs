//! The one writer: a thread that commits what has gathered, again and again.
//!
//! While one commit waits for the disk, the next gathers; so the disk, and nothing else, sets the size of a group.
//! Sending never waits for a disk. When commits fail (full, broken, locked, read-only), rows are held in memory, whoever
//! waits for a confirmation gets one that says so, and the commit is tried again until it succeeds. Questions see what
//! is held ([`super::held`]).
//!
//! ```text
//!            commit ok
//!          ┌─────────┐
//!          ▼         │       commit failed: tell Degraded, hold the batch
//!        Ok ─────────┴──────────────► Failing (retry after 0.1 s, 0.2 s, … 5 s; reopens the file first)
//!          ▲                                │ commit ok: tell Ok        whatever is sent: hold it, too
//!          └────────────────────────────────┘
//! ```
//!
//! Invariant: a confirmation that says `Disk` is given after the transaction is synced, never before.
//!
//! Tests are in `tests/writing.rs`.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use runwisp_core::figures::histogram::Histogram;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::notice::MessageId;

use super::keeping::Keeping;
use super::pending::{Pending, Write};
use super::timings::Timings;

/// What the store tells whoever opened it. Called on the writer's thread: must not block.
pub type Tell = Box<dyn Fn(Told) + Send>;

/// One thing the store tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// What became of a row that was sent with `confirm`.
    Confirmed {
        /// The run.
        run: RunId,
        /// What.
        kept: Kept,
    },
    /// These deliveries are held: on disk, or where that can't be written, in memory.
    Stored {
        /// Which.
        deliveries: Vec<MessageId>,
    },
    /// The store's health changed.
    Health(Health),
    /// Something people have to know: the database was damaged, or was replaced.
    Notice(String),
}

/// Where a confirmed row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// On disk, synced.
    Disk,
    /// In memory, for the disk cannot be written now. That has to do: work goes on.
    Memory,
    /// Nowhere: the same tick of the same unit already has another row. The run must not be started.
    Refused,
}

/// Whether history can be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It can.
    #[default]
    Ok,
    /// It cannot, or not as it should be; in plain words.
    Degraded(String),
}

/// The first and the longest delay before a failed commit is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How often a history that is held in memory only tries to get to disk.
const RETURN: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
struct Queue {
    pending: Pending,
    sent: u64,
    settled: u64,
    /// The last state is on disk (or in memory for good), as of `settled`.
    safe: bool,
    suspect: bool,
    closing: bool,
    closed: bool,
}

/// What the handles and the thread share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    settled: Condvar,
    health: Mutex<Health>,
    timings: Timings,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // A panic elsewhere leaves the queue as it was: it is plain data.
        self.queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A query came upon damage: the writer looks at it.
    pub(super) fn report_damage(&self) {
        self.queue().suspect = true;
        self.wake.notify_all();
    }
}

/// A handle to the writer. Cheap to clone; when the last one is gone, the thread writes what is left and ends.
#[derive(Clone, Debug)]
pub struct Writer {
    inner: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.queue().closing = true;
        self.shared.wake.notify_all();
    }
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(
        keeping: Keeping,
        tell: Tell,
        health: Health,
    ) -> std::io::Result<(Writer, Arc<Shared>)> {
        let shared = Arc::new(Shared::default());
        // Nothing was sent yet: all of it is on disk, if there is one.
        shared.queue().safe = health == Health::Ok;
        *shared
            .health
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = health;
        let thread = Thread {
            shared: shared.clone(),
            keeping,
            tell,
            failing: None,
            held: Pending::default(),
            come_back: Instant::now() + RETURN,
        };
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || thread.run())?;
        let inner = Arc::new(Handle {
            shared: shared.clone(),
        });
        Ok((Writer { inner }, shared))
    }

    /// Hands over what is to be written, in order. Never waits for the disk.
    pub fn send(&self, batch: impl IntoIterator<Item = Write>) {
        let mut queue = self.inner.shared.queue();
        for write in batch {
            queue.pending.add(write);
        }
        queue.sent += 1;
        drop(queue);
        self.inner.shared.wake.notify_one();
    }

    /// Waits until all that was sent before is on disk. `false`: it is not, for a commit failed or `longest` is over.
    pub fn flush(&self, longest: Duration) -> bool {
        let shared = &self.inner.shared;
        let queue = shared.queue();
        let target = queue.sent;
        let waited = shared.settled.wait_timeout_while(queue, longest, |queue| {
            queue.settled < target && !queue.closed
        });
        match waited {
            Ok((queue, _)) => queue.settled >= target && queue.safe,
            Err(_) => false,
        }
    }

    /// Writes what is left and ends the thread, whatever other handles there are; for a daemon that leaves. `false`:
    /// not all is on disk, or `longest` is over. What is sent afterwards is lost.
    pub fn close(&self, longest: Duration) -> bool {
        let shared = &self.inner.shared;
        let mut queue = shared.queue();
        queue.closing = true;
        shared.wake.notify_all();
        let waited = shared
            .settled
            .wait_timeout_while(queue, longest, |queue| !queue.closed);
        match waited {
            Ok((queue, _)) => queue.closed && queue.safe,
            Err(_) => false,
        }
    }

    /// How long commits took, failed ones too, and how many failed.
    pub fn timings(&self) -> (Histogram, u64) {
        self.inner.shared.timings.read()
    }

    /// Whether history can be written.
    pub fn health(&self) -> Health {
        self.inner
            .shared
            .health
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

struct Failing {
    next: Instant,
    delay: Duration,
}

/// Who waits for a confirmation.
struct Waiting {
    runs: Vec<RunId>,
    deliveries: Vec<MessageId>,
}

impl Waiting {
    fn take(pending: &mut Pending) -> Waiting {
        Waiting {
            runs: std::mem::take(&mut pending.confirm),
            deliveries: std::mem::take(&mut pending.messages.confirm),
        }
    }
}

/// What the thread has to do next.
enum Turn {
    Commit(Pending, u64),
    Hold(Pending, u64),
    Retry(u64),
    LookForDamage,
    ComeBack,
    Leave,
}

struct Thread {
    shared: Arc<Shared>,
    keeping: Keeping,
    tell: Tell,
    failing: Option<Failing>,
    /// What could not be written.
    held: Pending,
    come_back: Instant,
}

impl Thread {
    fn run(mut self) {
        loop {
            match self.next_turn() {
                Turn::Commit(batch, sent) => self.commit(batch, sent),
                Turn::Hold(batch, sent) => self.hold(batch, sent),
                Turn::Retry(sent) => {
                    self.keeping.reopen_next_time();
                    let batch = std::mem::take(&mut self.held);
                    self.commit(batch, sent);
                }
                Turn::LookForDamage => {
                    let trouble = self.keeping.look_for_damage();
                    for notice in self.keeping.take_notices().into_iter().chain(trouble) {
                        (self.tell)(Told::Notice(notice));
                    }
                }
                Turn::ComeBack => {
                    self.come_back = Instant::now() + RETURN;
                    if let Some(notice) = self.keeping.come_back() {
                        (self.tell)(Told::Notice(notice));
                        self.set_health(Health::Ok);
                    }
                }
                Turn::Leave => break,
            }
        }
        // The file is closed before anybody hears that the thread has ended.
        self.keeping.close();
        let mut queue = self.shared.queue();
        queue.closed = true;
        self.shared.settled.notify_all();
    }

    /// Waits until there is something to do.
    fn next_turn(&mut self) -> Turn {
        let mut queue = self.shared.queue();
        loop {
            let now = Instant::now();
            if std::mem::take(&mut queue.suspect) {
                return Turn::LookForDamage;
            }
            let retry_at = self.failing.as_ref().map(|failing| failing.next);
            let due = retry_at.is_some_and(|next| now >= next);
            if due && !queue.closing && !self.held.is_empty() {
                // What has not been held yet is neither written nor settled by this.
                return Turn::Retry(queue.settled);
            }
            if !queue.pending.is_empty() {
                let batch = std::mem::take(&mut queue.pending);
                return match retry_at {
                    Some(_) => Turn::Hold(batch, queue.sent),
                    None => Turn::Commit(batch, queue.sent),
                };
            }
            if queue.closing && !self.held.is_empty() {
                return Turn::Retry(queue.sent);
            }
            if queue.settled < queue.sent {
                queue.settled = queue.sent;
                self.shared.settled.notify_all();
            }
            if queue.closing {
                return Turn::Leave;
            }
            let in_memory = self.keeping.in_memory();
            if in_memory && now >= self.come_back {
                return Turn::ComeBack;
            }
            let until = [retry_at, in_memory.then_some(self.come_back)]
                .into_iter()
                .flatten()
                .filter(|at| *at > now)
                .min();
            queue = match until {
                None => match self.shared.wake.wait(queue) {
                    Ok(queue) => queue,
                    Err(poisoned) => poisoned.into_inner(),
                },
                Some(until) => match self.shared.wake.wait_timeout(queue, until - now) {
                    Ok((queue, _)) => queue,
                    Err(poisoned) => poisoned.into_inner().0,
                },
            };
        }
    }

    fn commit(&mut self, batch: Pending, sent: u64) {
        let began = Instant::now();
        let result = self.keeping.commit(&batch);
        self.shared.timings.add(began.elapsed(), result.is_err());
        for notice in self.keeping.take_notices() {
            (self.tell)(Told::Notice(notice));
        }
        match result {
            Ok(refused) => {
                self.failing = None;
                let kept = if self.keeping.in_memory() {
                    Kept::Memory
                } else {
                    Kept::Disk
                };
                self.settle(sent, kept == Kept::Disk);
                if kept == Kept::Disk {
                    self.set_health(Health::Ok);
                }
                self.stored(&batch.messages.confirm);
                for run in &batch.confirm {
                    let kept = if refused.contains(run) {
                        Kept::Refused
                    } else {
                        kept
                    };
                    self.confirm(&[*run], kept);
                }
                if batch.lost > 0 {
                    let lost = batch.lost;
                    (self.tell)(Told::Notice(format!(
                        "the history is written again; {lost} events and rows did not fit into memory meanwhile and are lost"
                    )));
                }
            }
            Err(error) => self.fail(batch, sent, &error.to_string()),
        }
    }

    fn fail(&mut self, batch: Pending, sent: u64, error: &str) {
        tracing::debug!(rows = batch.rows(), error, "commit failed");
        let first = self.failing.is_none();
        let delay = self
            .failing
            .as_ref()
            .map_or(RETRY.0, |failing| (failing.delay * 2).min(RETRY.1));
        self.failing = Some(Failing {
            next: Instant::now() + delay,
            delay,
        });
        self.set_health(Health::Degraded(format!(
            "history cannot be written and is held in memory: {error}"
        )));
        if self.shared.queue().closing {
            // The last try has failed; what could not be written is lost, and flush() says so.
            self.settle(sent, false);
        } else if first {
            self.hold(batch, sent);
        } else {
            // Held before, and seen by questions since.
            self.held = batch;
            self.settle(sent, false);
        }
    }

    /// What can't be written now is held in memory, and that has to do.
    fn hold(&mut self, mut batch: Pending, sent: u64) {
        self.keeping.hold(&batch);
        let waiting = Waiting::take(&mut batch);
        self.held.absorb(batch);
        self.settle(sent, false);
        self.confirm(&waiting.runs, Kept::Memory);
        self.stored(&waiting.deliveries);
    }

    fn stored(&self, deliveries: &[MessageId]) {
        if !deliveries.is_empty() {
            (self.tell)(Told::Stored {
                deliveries: deliveries.to_vec(),
            });
        }
    }

    fn confirm(&self, runs: &[RunId], kept: Kept) {
        for run in runs {
            (self.tell)(Told::Confirmed { run: *run, kept });
        }
    }

    fn settle(&self, sent: u64, safe: bool) {
        let mut queue = self.shared.queue();
        queue.settled = sent;
        queue.safe = safe;
        self.shared.settled.notify_all();
    }

    fn set_health(&self, health: Health) {
        let mut current = self
            .shared
            .health
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if *current != health {
            *current = health.clone();
            drop(current);
            (self.tell)(Told::Health(health));
        }
    }
}
