//! Reads the two clocks. The only place in the keeper that does.

use jiff::Timestamp;
use runwisp_core::words::time::{Mono, Now};

/// What time it is.
pub(crate) fn now() -> Now {
    Now {
        mono: mono(),
        wall: Timestamp::now(),
    }
}

/// The monotonic clock alone.
pub(crate) fn mono() -> Mono {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for the answer. The call can't fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    Mono(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

/// Microseconds since 1970, for log records.
pub(crate) fn unix_us() -> u64 {
    u64::try_from(Timestamp::now().as_microsecond()).unwrap_or(0)
}
