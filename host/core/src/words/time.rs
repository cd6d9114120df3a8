//! The two clocks: monotonic for lengths, wall for schedules and records. Read once per turn of the loop.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A moment of the machine's monotonic clock: nanoseconds since boot. The same for every process until the next boot.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Mono(pub u64);

impl Mono {
    /// This moment and `length` later; the far future where that overflows.
    #[must_use]
    pub fn plus(self, length: Duration) -> Mono {
        Mono(
            self.0
                .saturating_add(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)),
        )
    }

    /// How long ago `earlier` was; zero when it was not.
    pub fn since(self, earlier: Mono) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// What time it is, on both clocks, for one turn of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// For lengths: graces, delays, timeouts.
    pub mono: Mono,
    /// For schedules and records. May jump.
    pub wall: Timestamp,
}
