//! The daemon's clocks: what time it is, a wake-up at a wall-clock instant, and the news that the wall clock was set.
//!
//! The wake-up is a timerfd on the wall clock with cancel-on-set (timerfd_create(2)), so a changed clock and a resumed
//! machine are noticed at once and nothing has to poll.
//!
//! Invariant: the only file of the daemon that asks the system for the time.
//! Tests: below; jumps of a real clock in `tests/e2e/clock.rs`.

use std::os::fd::{AsFd, OwnedFd};

use jiff::Timestamp;
use nix::errno::Errno;
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::sys::timerfd::{
    ClockId as TimerClock, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags,
};
use nix::time::{ClockId, clock_gettime};
use runwisp_core::words::time::{Mono, Now};
use tokio::io::unix::AsyncFd;

use super::readiness;

/// A change of the wall clock against the monotonic one smaller than this is drift, not a jump.
const JUMP_MS: i64 = 1_000;

/// What time it is.
pub(crate) fn now() -> Now {
    let read = |clock| clock_gettime(clock).unwrap_or_else(|_| TimeSpec::seconds(0));
    let mono = u64::try_from(read(ClockId::CLOCK_MONOTONIC).num_nanoseconds()).unwrap_or(0);
    let wall = read(ClockId::CLOCK_REALTIME);
    let wall = i32::try_from(wall.tv_nsec())
        .ok()
        .and_then(|nanos| Timestamp::new(wall.tv_sec(), nanos).ok());
    Now {
        mono: Mono(mono),
        wall: wall.unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

/// Why [`WallTimer::wait`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The instant has come.
    Due,
    /// The wall clock was set by so many milliseconds, or the machine slept for so long.
    Jumped {
        /// Negative means back.
        by_ms: i64,
    },
}

/// A wake-up on the wall clock.
pub(crate) struct WallTimer {
    timer: TimerFd,
    ready: AsyncFd<OwnedFd>,
    armed: Option<Timestamp>,
    /// Wall minus monotonic time, milliseconds; constant until somebody sets the clock.
    offset_ms: i64,
}

/// Armed even when nothing is due, so that a changed clock is noticed.
fn far_future() -> Timestamp {
    Timestamp::from_second(i64::from(i32::MAX) * 2).unwrap_or(Timestamp::MAX)
}

fn offset_ms(now: Now) -> i64 {
    now.wall
        .as_millisecond()
        .saturating_sub(i64::try_from(now.mono.0 / 1_000_000).unwrap_or(i64::MAX))
}

impl WallTimer {
    /// A timer that is not set, but hears of a changed clock.
    pub(crate) fn new() -> std::io::Result<Self> {
        let timer = TimerFd::new(
            TimerClock::CLOCK_REALTIME,
            TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC,
        )?;
        let ready = readiness::of(&timer)?;
        let mut timer = WallTimer {
            timer,
            ready,
            armed: None,
            offset_ms: offset_ms(now()),
        };
        timer.set(far_future())?;
        Ok(timer)
    }

    /// Wakes at `at` from now on, or only when the clock is set.
    pub(crate) fn arm(&mut self, at: Option<Timestamp>) {
        let at = at.unwrap_or_else(far_future);
        if self.armed != Some(at)
            && let Err(error) = self.set(at)
        {
            tracing::error!(%error, "could not arm the wall-clock timer");
        }
    }

    fn set(&mut self, at: Timestamp) -> nix::Result<()> {
        // A timer at 0 is disarmed; an instant in the past is due at once.
        let spec = TimeSpec::new(
            at.as_second().max(1),
            i64::from(at.subsec_nanosecond().max(0)),
        );
        let flags =
            TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
        match self.timer.set(Expiration::OneShot(spec), flags) {
            // The clock was set since the last look: the timer is armed all the same, and the jump is told by the next read.
            Ok(()) | Err(Errno::ECANCELED) => {
                self.armed = Some(at);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Waits for the armed instant or a changed clock. Cancel-safe.
    pub(crate) async fn wait(&mut self) -> Wake {
        loop {
            let read = match self.ready.readable().await {
                Ok(mut ready) => {
                    let read = nix::unistd::read(self.timer.as_fd(), &mut [0u8; 8]);
                    ready.clear_ready();
                    read
                }
                Err(_) => return std::future::pending().await,
            };
            match read {
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                Err(Errno::ECANCELED) => {
                    let at = self.armed.take().unwrap_or_else(far_future);
                    if let Err(error) = self.set(at) {
                        tracing::error!(%error, "could not arm the wall-clock timer");
                    }
                    if let Some(wake) = self.jump() {
                        return wake;
                    }
                }
                _ => {
                    self.armed = None;
                    return Wake::Due;
                }
            }
        }
    }

    /// The jump since the last look, when there was one.
    fn jump(&mut self) -> Option<Wake> {
        let offset = offset_ms(now());
        let by_ms = offset - self.offset_ms;
        self.offset_ms = offset;
        (by_ms.abs() >= JUMP_MS).then_some(Wake::Jumped { by_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn an_instant_in_the_past_is_due_at_once() {
        let mut timer = WallTimer::new().unwrap();
        timer.arm(Some(Timestamp::UNIX_EPOCH));
        assert_eq!(timer.wait().await, Wake::Due);
    }

    #[test]
    fn both_clocks_go_forward() {
        let (a, b) = (now(), now());
        assert!(a.mono <= b.mono && a.wall > Timestamp::UNIX_EPOCH);
    }
}
