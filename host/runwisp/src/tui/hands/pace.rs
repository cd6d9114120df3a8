//! How often the screen is drawn: at once after a rest, and at most once per [`FRAME`] while there is much to say.
//!
//! Tests: below.

use std::time::{Duration, Instant};

/// The least time between two frames.
pub(in crate::tui) const FRAME: Duration = Duration::from_millis(33);

/// The pace.
#[derive(Debug, Default)]
pub(in crate::tui) struct Pace {
    last: Option<Instant>,
    /// How many frames there were.
    pub(in crate::tui) frames: u64,
}

impl Pace {
    /// When the next frame may be drawn.
    pub(in crate::tui) fn next(&self, now: Instant) -> Instant {
        self.last.map_or(now, |last| last + FRAME)
    }

    /// Whether one may be drawn now; then it counts as drawn.
    pub(in crate::tui) fn may_draw(&mut self, now: Instant) -> bool {
        let may = self.next(now) <= now;
        if may {
            self.last = Some(now);
            self.frames += 1;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_drawn_thirty_times_a_second_and_a_single_key_at_once() {
        let mut pace = Pace::default();
        let begin = Instant::now();
        for line in 0..10_000_u32 {
            pace.may_draw(begin + Duration::from_micros(100) * line);
        }
        assert!((29..=31).contains(&pace.frames), "{}", pace.frames);
        let rest = begin + Duration::from_secs(5);
        assert_eq!(pace.next(rest).max(rest), rest);
        assert!(pace.may_draw(rest) && !pace.may_draw(rest));
    }
}
