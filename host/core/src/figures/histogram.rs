//! How often something took how long, in buckets that never change.
//!
//! Tests: below.

use std::time::Duration;

/// A histogram of lengths.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Upper bounds in seconds, rising; one bucket more takes what is above the last.
    bounds: &'static [f64],
    counts: Box<[u64]>,
    sum: Duration,
}

impl Histogram {
    /// An empty one.
    pub fn new(bounds: &'static [f64]) -> Self {
        Histogram {
            bounds,
            counts: vec![0; bounds.len() + 1].into_boxed_slice(),
            sum: Duration::ZERO,
        }
    }

    /// One that was counted elsewhere; `counts` has an element for each bound and one more.
    pub fn of(
        bounds: &'static [f64],
        counts: impl IntoIterator<Item = u64>,
        sum: Duration,
    ) -> Self {
        let mut histogram = Histogram::new(bounds);
        for (slot, count) in histogram.counts.iter_mut().zip(counts) {
            *slot = count;
        }
        Histogram { sum, ..histogram }
    }

    /// The number of the bucket that a length falls into.
    pub fn bucket(bounds: &[f64], length: Duration) -> usize {
        let seconds = length.as_secs_f64();
        bounds.partition_point(|bound| *bound < seconds)
    }

    /// One more.
    pub fn add(&mut self, length: Duration) {
        self.counts[Histogram::bucket(self.bounds, length)] += 1;
        self.sum = self.sum.saturating_add(length);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// Each bound with how many were at most so long; without the last bucket, which is [`Histogram::count`].
    pub fn up_to(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let mut total = 0;
        self.bounds
            .iter()
            .zip(&self.counts)
            .map(move |(bound, count)| {
                total += count;
                (*bound, total)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket_and_the_last_has_no_end() {
        let mut histogram = Histogram::new(&[0.1, 1.0]);
        for ms in [0, 100, 101, 1000, 1001, 90_000] {
            histogram.add(Duration::from_millis(ms));
        }
        let buckets: Vec<_> = histogram.up_to().collect();
        assert_eq!(buckets, [(0.1, 2), (1.0, 4)]);
        assert_eq!(histogram.count(), 6);
        assert_eq!(histogram.sum(), Duration::from_millis(92_202));
        let same = Histogram::of(&[0.1, 1.0], [2, 2, 2], histogram.sum());
        assert_eq!(same, histogram);
    }
}
