//! How long commits took, counted by the writer's thread and read by anybody, without a lock.
//!
//! A reader may see one commit in a bucket and not yet in the sum; figures bear that.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runwisp_core::figures::histogram::Histogram;
use runwisp_core::figures::tally::COMMITS;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Timings {
    buckets: [AtomicU64; COMMITS.len() + 1],
    micros: AtomicU64,
    failed: AtomicU64,
}

impl Timings {
    pub(super) fn add(&self, took: Duration, failed: bool) {
        self.buckets[Histogram::bucket(COMMITS, took)].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
    }

    /// How long they took, and how many failed.
    pub(super) fn read(&self) -> (Histogram, u64) {
        let counts = self.buckets.iter().map(|n| n.load(Ordering::Relaxed));
        let sum = Duration::from_micros(self.micros.load(Ordering::Relaxed));
        let failed = self.failed.load(Ordering::Relaxed);
        (Histogram::of(COMMITS, counts, sum), failed)
    }
}
