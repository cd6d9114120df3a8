//! How long to wait before trying again. One pure function.
//!
//! Invariant: more failures never make the delay shorter.

use std::time::Duration;

use crate::config::plan::Curve;

/// The ceiling of the delay between the attempts of a task.
pub(crate) const RETRY_CEILING: Duration = Duration::from_secs(5 * 60);

/// The delay before the `nth` try again (from 1): `base` once, grown along `curve`, at most `ceiling`; a `base` that
/// is itself above the ceiling is what the user asked for and stands.
pub(crate) fn delay(curve: Curve, base: Duration, nth: u32, ceiling: Duration) -> Duration {
    let times = match curve {
        Curve::Constant => 1,
        Curve::Linear => nth.max(1),
        Curve::Exponential => 1u32.checked_shl(nth.saturating_sub(1)).unwrap_or(u32::MAX),
    };
    base.saturating_mul(times).min(ceiling.max(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(curve: Curve, base: u64, tries: &[u32]) -> Vec<u64> {
        let ceiling = Duration::from_secs(60);
        let base = Duration::from_secs(base);
        tries
            .iter()
            .map(|n| delay(curve, base, *n, ceiling).as_secs())
            .collect()
    }

    #[test]
    fn each_curve_grows_as_named_up_to_the_ceiling() {
        let tries = [1, 2, 3, 4, 7, 33, 1000];
        assert_eq!(seconds(Curve::Constant, 2, &tries), [2, 2, 2, 2, 2, 2, 2]);
        assert_eq!(seconds(Curve::Linear, 2, &tries), [2, 4, 6, 8, 14, 60, 60]);
        assert_eq!(
            seconds(Curve::Exponential, 2, &tries),
            [2, 4, 8, 16, 60, 60, 60]
        );
        assert_eq!(seconds(Curve::Exponential, 90, &tries), [90; 7]);
        assert_eq!(seconds(Curve::Exponential, 0, &tries), [0; 7]);
    }

    proptest::proptest! {
        #[test]
        fn more_failures_never_wait_shorter(base in 0u64..10_000, n in 0u32..5_000, cap in 0u64..100_000) {
            for curve in [Curve::Constant, Curve::Linear, Curve::Exponential] {
                let at = |n| delay(curve, Duration::from_millis(base), n, Duration::from_millis(cap));
                proptest::prop_assert!(at(n) <= at(n + 1));
            }
        }
    }
}
