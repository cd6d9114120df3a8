//! Where run ids and chance come from: a seed, and the wall clock of the turn.
//!
//! Invariant: ids only grow, also within a millisecond and when the clock is set back.

use jiff::Timestamp;

use crate::words::ids::RunId;

/// SplitMix64 (Steele, Lea, Flood 2014) and the last id it made.
#[derive(Debug)]
pub(crate) struct Ids {
    state: u64,
    last: u128,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Ids {
            state: seed,
            last: 0,
        }
    }

    /// The next 64 bits of chance.
    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A new id, larger than every one before.
    pub(crate) fn run(&mut self, wall: Timestamp) -> RunId {
        let ms = u64::try_from(wall.as_millisecond()).unwrap_or(0);
        let chance = (u128::from(self.next_u64()) << 16) | u128::from(self.next_u64() & 0xFFFF);
        let fresh = RunId::from_parts(ms, chance).as_u128();
        // Within a millisecond, or after the clock went back: a little above the last one.
        let id = if fresh > self.last {
            fresh
        } else {
            self.last + 1 + (chance & 0xFFFF_FFFF)
        };
        self.last = id;
        RunId::from_u128(id)
    }

    /// An id somebody else made: later ones are larger.
    pub(crate) fn seen(&mut self, id: RunId) {
        self.last = self.last.max(id.as_u128());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_whatever_the_clock_does() {
        let mut ids = Ids::new(7);
        let mut last = ids.run(Timestamp::UNIX_EPOCH);
        for ms in [5000, 5000, 5000, 4000, 0, 5000, 5001] {
            let id = ids.run(Timestamp::from_millisecond(ms).unwrap());
            assert!(id > last);
            last = id;
        }
    }
}
