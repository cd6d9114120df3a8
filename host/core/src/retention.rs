//! What is kept, and what makes room: which logs go when all together are too large or the disk is nearly full.
//!
//! Pure: sizes and times come in, a choice goes out. Rules per unit (`keep_runs`, `keep_for`) are a matter of one query
//! each and stand with the store.
//!
//! Tests are below.

use crate::config::plan::StoragePlan;

/// The log of a run that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedLog<T> {
    /// Which.
    pub id: T,
    /// Bytes it takes on disk.
    pub size: u64,
}

/// How many of these logs, oldest first, have to go: so that all logs (`total` bytes, those of live runs included) take no
/// more than `max_size`, and the file system (`free` bytes, if known) has `min_free_space`.
pub fn how_many_go<T>(
    oldest_first: &[EndedLog<T>],
    total: u64,
    free: Option<u64>,
    plan: &StoragePlan,
) -> usize {
    let too_large = match plan.max_size {
        0 => 0,
        max => total.saturating_sub(max),
    };
    let too_full = match (plan.min_free_space, free) {
        (0, _) | (_, None) => 0,
        (min, Some(free)) => min.saturating_sub(free),
    };
    let needed = too_large.max(too_full);
    let mut gained = 0;
    let mut count = 0;
    while gained < needed && count < oldest_first.len() {
        gained = oldest_first[count].size.saturating_add(gained);
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(max_size: u64, min_free_space: u64, free: Option<u64>, expected: usize) {
        let logs: Vec<EndedLog<u8>> = (0..10).map(|id| EndedLog { id, size: 10 }).collect();
        let plan = StoragePlan {
            max_size,
            min_free_space,
        };
        // Live runs take 50 bytes more.
        assert_eq!(how_many_go(&logs, 150, free, &plan), expected);
    }

    #[test]
    fn as_few_as_possible_go_and_live_logs_never_do() {
        check(0, 0, Some(0), 0);
        check(150, 0, None, 0);
        check(149, 0, None, 1);
        check(120, 0, None, 3);
        check(10, 0, None, 10);
        check(0, 100, Some(100), 0);
        check(0, 100, Some(75), 3);
        check(140, 100, Some(75), 3);
        check(0, 1000, Some(0), 10);
        check(0, 1000, None, 0);
    }
}
