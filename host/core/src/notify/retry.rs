//! When a delivery that failed is tried again.
//!
//! | the attempt that failed was | next |
//! | --- | --- |
//! | within the budget | after 1 s, 2 s, 4 s, … 60 s; later, if the far side asks for it; at the budget's end at the latest |
//! | at the end of the budget, or later | never: expired |
//!
//! So every delivery has one attempt at least, also one that had to wait for its turn for longer than the budget, and
//! a far side that asks for more time than there is gets a last attempt at the end.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The first delay.
const FIRST: Duration = Duration::from_secs(1);
/// The longest delay that is ours.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest that a far side may ask for.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A moment and a length later; the far future where that overflows.
pub(crate) fn plus(at: Timestamp, length: Duration) -> Timestamp {
    SignedDuration::try_from(length)
        .ok()
        .and_then(|length| at.checked_add(length).ok())
        .unwrap_or(Timestamp::MAX)
}

/// The moment of the next attempt, after `failed` attempts; none when there is to be none.
pub(crate) fn next(
    now: Timestamp,
    due_at: Timestamp,
    budget: Duration,
    failed: usize,
    asked: Option<Duration>,
) -> Option<Timestamp> {
    let end = plus(due_at, budget);
    if now >= end {
        return None;
    }
    let doublings = u32::try_from(failed.saturating_sub(1)).unwrap_or(u32::MAX);
    let ours = FIRST
        .saturating_mul(2u32.saturating_pow(doublings))
        .min(LONGEST);
    let delay = asked.map_or(ours, |asked| asked.min(PATIENCE).max(ours));
    Some(plus(now, delay).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn delays_double_up_to_a_minute_and_end_with_the_budget() {
        let budget = Duration::from_secs(300);
        let mut now = at(0);
        let mut moments = Vec::new();
        while let Some(next) = next(now, at(0), budget, moments.len() + 1, None) {
            moments.push(next.as_second());
            now = next;
        }
        assert_eq!(moments, [1, 3, 7, 15, 31, 63, 123, 183, 243, 300]);
    }

    #[test]
    fn the_far_side_is_obeyed_within_reason() {
        let wait = |asked, budget| {
            let asked = Some(Duration::from_secs(asked));
            next(at(0), at(0), Duration::from_secs(budget), 1, asked).map(Timestamp::as_second)
        };
        assert_eq!(wait(30, 300), Some(30));
        assert_eq!(wait(0, 300), Some(1));
        assert_eq!(wait(9_999, 300), Some(300));
        assert_eq!(wait(9_999, 86_400), Some(3_600));
        assert_eq!(wait(30, 0), None);
    }
}
