//! The random delay of a scheduled start: spread over units, the same whenever it is asked for.

use std::time::Duration;

use jiff::Timestamp;

/// How long the start of `unit` for the tick at `tick` is delayed: less than `max`, zero when `max` is. A function of
/// its arguments alone, so that a restarted daemon comes to the same instant.
pub fn jitter(max: Duration, unit: &str, tick: Timestamp) -> Duration {
    // FNV-1a over name and instant, then the finisher of SplitMix64, which spreads near-equal inputs over all 64 bits.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let instant = tick.as_nanosecond().to_le_bytes();
    for byte in unit.bytes().chain([0]).chain(instant) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    let max = u64::try_from(max.as_nanos()).unwrap_or(u64::MAX);
    let share = (u128::from(max) * u128::from(hash)) >> 64;
    Duration::from_nanos(u64::try_from(share).unwrap_or(0))
}
