//! What is written down of use: the mean of five minutes, so that a chart goes back further than this daemon.
//!
//! A bucket is written when its five minutes are over, or when the daemon leaves; the next one adds to it by weight.
//! So a daemon that is killed loses five minutes at most.
//!
//! Tests: below.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Usage;
use super::series::Subject;

/// The length of a bucket.
pub const LENGTH: Duration = Duration::from_secs(300);

/// How long buckets are kept.
pub const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// How many are kept, roughly: where so many units run that a week would be more, they are kept for less.
pub const MOST: u64 = 1_000_000;

/// One subject's share of a bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Of what.
    pub subject: Subject,
    /// How long it was measured, milliseconds.
    pub weight_ms: u64,
    /// The mean of processor time and the most memory of that time.
    pub usage: Usage,
}

/// A bucket that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Full {
    /// Its first moment.
    pub at: Timestamp,
    /// What was measured.
    pub rows: Vec<Row>,
}

impl Full {
    /// Buckets older than this make room.
    pub fn keep_after(&self) -> Timestamp {
        let buckets = (MOST / (self.rows.len() as u64).max(1)).max(1);
        let length = LENGTH.saturating_mul(u32::try_from(buckets).unwrap_or(u32::MAX));
        let length = jiff::SignedDuration::try_from(length.min(KEPT)).unwrap_or_default();
        self.at.checked_sub(length).unwrap_or(Timestamp::MIN)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    weight_ms: u64,
    /// Percents by milliseconds.
    cpu: f64,
    memory_bytes: u64,
}

/// The bucket that is being filled.
#[derive(Debug, Default)]
pub struct Bucket {
    at: Option<Timestamp>,
    sums: BTreeMap<Subject, Sum>,
}

/// The first moment of the bucket that holds `at`.
pub fn begin_of(at: Timestamp) -> Timestamp {
    let length = LENGTH.as_secs().cast_signed();
    let second = at.as_second().div_euclid(length) * length;
    Timestamp::from_second(second).unwrap_or(at)
}

impl Bucket {
    /// What a subject used on average for so long, until now.
    pub fn add(&mut self, subject: &Subject, length: Duration, usage: Usage) {
        let weight = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        if !self.sums.contains_key(subject) {
            self.sums.insert(subject.clone(), Sum::default());
        }
        if let Some(sum) = self.sums.get_mut(subject) {
            sum.weight_ms = sum.weight_ms.saturating_add(weight);
            sum.cpu += usage.cpu_percent * weight as f64;
            sum.memory_bytes = sum.memory_bytes.max(usage.memory_bytes);
        }
    }

    /// Says what time it is, before anything is added. Answers with the bucket before, if that is over: the clock has
    /// gone on, or was set.
    pub fn turn(&mut self, now: Timestamp) -> Option<Full> {
        let begin = begin_of(now);
        if self.at == Some(begin) {
            return None;
        }
        let full = self.end();
        self.at = Some(begin);
        full
    }

    /// What is there, because there will be no more.
    pub fn end(&mut self) -> Option<Full> {
        let at = self.at?;
        let sums = std::mem::take(&mut self.sums);
        let row = |(subject, sum): (Subject, Sum)| {
            (sum.weight_ms > 0).then(|| Row {
                subject,
                weight_ms: sum.weight_ms,
                usage: Usage {
                    cpu_percent: sum.cpu / sum.weight_ms as f64,
                    memory_bytes: sum.memory_bytes,
                },
            })
        };
        let rows: Vec<Row> = sums.into_iter().filter_map(row).collect();
        (!rows.is_empty()).then_some(Full { at, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(n).unwrap()
    }

    fn usage(cpu_percent: f64, memory_bytes: u64) -> Usage {
        Usage {
            cpu_percent,
            memory_bytes,
        }
    }

    #[test]
    fn a_bucket_is_the_mean_by_time_and_the_most_memory() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.turn(second(310)), None);
        bucket.add(&Subject::Host, Duration::from_secs(10), usage(10.0, 5));
        bucket.add(&Subject::Host, Duration::from_secs(30), usage(50.0, 3));
        assert_eq!(bucket.turn(second(599)), None);
        let full = bucket.turn(second(600)).unwrap();
        assert_eq!(full.at, second(300));
        assert_eq!(
            full.rows,
            [Row {
                subject: Subject::Host,
                weight_ms: 40_000,
                usage: usage(40.0, 5)
            }]
        );
        assert_eq!(bucket.end(), None);
    }

    #[test]
    fn a_clock_that_was_set_back_ends_a_bucket_too() {
        let mut bucket = Bucket::default();
        bucket.turn(second(900));
        bucket.add(&Subject::Daemon, Duration::from_secs(1), usage(1.0, 1));
        assert_eq!(bucket.turn(second(-1)).unwrap().at, second(900));
        bucket.add(&Subject::Daemon, Duration::from_secs(1), usage(1.0, 1));
        assert_eq!(bucket.end().unwrap().at, second(-300));
    }

    #[test]
    fn many_units_are_kept_for_less_than_a_week() {
        let full = |rows| Full {
            at: second(1_000_000_000),
            rows: vec![
                Row {
                    subject: Subject::Host,
                    weight_ms: 1,
                    usage: Usage::default()
                };
                rows
            ],
        };
        assert_eq!(full(1).keep_after(), second(1_000_000_000 - 7 * 24 * 3600));
        assert_eq!(full(10_000).keep_after(), second(1_000_000_000 - 100 * 300));
    }
}
