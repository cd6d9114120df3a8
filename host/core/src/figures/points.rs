//! As many points as a chart wants, of stretches of any length: the one place where figures are thinned out.
//!
//! A point is the mean of processor time and the most memory of its step, by the share that each stretch has in it. A
//! step of which nothing is known has no point.
//!
//! Tests: below.

use jiff::Timestamp;

use super::Usage;

/// The most points of one answer.
pub const MOST: usize = 500;

/// Steps that people read easily, milliseconds.
const STEPS: [i64; 13] = [
    15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000,
    21_600_000, 43_200_000, 86_400_000,
];

/// A stretch of time with one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after its last.
    pub until: Timestamp,
    /// What was used.
    pub usage: Usage,
}

/// One point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The first moment of its step.
    pub at: Timestamp,
    /// What was used on average, and at most.
    pub usage: Usage,
}

/// The shortest step, milliseconds, with which the time from one moment to another has no more than so many points;
/// two at least, for a time may lie across the border of any two steps.
pub fn step(from: Timestamp, until: Timestamp, points: usize) -> i64 {
    let length = until.as_millisecond().saturating_sub(from.as_millisecond());
    let points = i64::try_from(points.clamp(2, MOST)).unwrap_or(2);
    // Steps begin at full multiples, so both ends may take one that is not whole.
    let fits = |step: &i64| {
        until.as_millisecond().div_euclid(*step) - from.as_millisecond().div_euclid(*step) < points
    };
    let longest = STEPS[STEPS.len() - 1];
    let many = (length / (points - 1) / longest + 1) * longest;
    STEPS.into_iter().find(fits).unwrap_or(many)
}

#[derive(Clone, Copy, Default)]
struct Sum {
    length: f64,
    cpu: f64,
    memory_bytes: u64,
}

/// The points of a time.
pub fn points(spans: &[Span], from: Timestamp, until: Timestamp, step: i64) -> Vec<Point> {
    let (low, high) = (from.as_millisecond(), until.as_millisecond());
    let mut sums: std::collections::BTreeMap<i64, Sum> = std::collections::BTreeMap::new();
    for span in spans {
        let begin = span.from.as_millisecond().max(low);
        let end = span.until.as_millisecond().min(high);
        let mut at = begin;
        while at < end {
            let number = at.div_euclid(step);
            let next = ((number + 1) * step).min(end);
            let length = (next - at) as f64;
            let sum = sums.entry(number).or_default();
            sum.length += length;
            sum.cpu += span.usage.cpu_percent * length;
            sum.memory_bytes = sum.memory_bytes.max(span.usage.memory_bytes);
            at = next;
        }
    }
    let point = |(number, sum): (i64, Sum)| {
        let at = Timestamp::from_millisecond(number * step).ok()?;
        Some(Point {
            at,
            usage: Usage {
                cpu_percent: sum.cpu / sum.length,
                memory_bytes: sum.memory_bytes,
            },
        })
    };
    sums.into_iter().filter_map(point).collect()
}

/// What was written down, and the hour in memory, as one: where both know something, the hour does.
pub fn joined(mut written: Vec<Span>, hour: Vec<Span>) -> Vec<Span> {
    if let Some(first) = hour.first() {
        written.retain_mut(|span| {
            span.until = span.until.min(first.from);
            span.from < span.until
        });
    }
    written.extend(hour);
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(n).unwrap()
    }

    fn span(from: i64, until: i64, cpu_percent: f64, memory_bytes: u64) -> Span {
        Span {
            from: second(from),
            until: second(until),
            usage: Usage {
                cpu_percent,
                memory_bytes,
            },
        }
    }

    #[test]
    fn a_point_is_the_mean_by_time_and_the_most_memory() {
        let spans = [
            span(0, 15, 10.0, 7),
            span(15, 30, 30.0, 5),
            span(60, 75, 1.0, 1),
        ];
        let found = points(&spans, second(0), second(90), 30_000);
        let short: Vec<_> = found
            .iter()
            .map(|p| (p.at.as_second(), p.usage.cpu_percent, p.usage.memory_bytes))
            .collect();
        assert_eq!(short, [(0, 20.0, 7), (60, 1.0, 1)]);
    }

    #[test]
    fn a_long_stretch_gives_every_step_its_share() {
        let found = points(&[span(0, 300, 50.0, 3)], second(250), second(1000), 15_000);
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|point| point.usage.cpu_percent == 50.0));
        assert_eq!(found[0].at, second(240));
    }

    #[test]
    fn the_hour_in_memory_is_believed_before_what_was_written() {
        let written = vec![
            span(0, 300, 1.0, 1),
            span(300, 600, 2.0, 2),
            span(600, 900, 3.0, 3),
        ];
        let hour = vec![span(450, 465, 9.0, 9)];
        let spans = joined(written.clone(), hour);
        assert_eq!(
            spans,
            [
                span(0, 300, 1.0, 1),
                span(300, 450, 2.0, 2),
                span(450, 465, 9.0, 9)
            ]
        );
        assert_eq!(joined(written.clone(), Vec::new()), written);
    }

    proptest! {
        #[test]
        fn no_time_has_more_points_than_were_asked_for(
            from in -1_000_000_000i64..4_000_000_000,
            length in 0i64..1_000_000_000,
            most in 2usize..=MOST,
        ) {
            let (from, until) = (second(from), second(from + length));
            let step = step(from, until, most);
            let whole = [Span { from, until, usage: Usage::default() }];
            prop_assert!(points(&whole, from, until, step).len() <= most);
        }
    }
}
