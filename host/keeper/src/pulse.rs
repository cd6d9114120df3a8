//! Whether the daemon is stuck: one that has said that its loop turns, and says so no more, is ended, so that another
//! takes its place and what it looked after goes on.
//!
//! | the daemon | becomes |
//! | --- | --- |
//! | says that it turns | trusted for [`SILENCE`] |
//! | has been silent for so long | doubted for [`DOUBT`]: where the whole machine stood still, it will speak now |
//! | is still silent | ended |
//!
//! One that has never spoken (it is starting) and one that is leaving are waited for.
//!
//! Tests are below; with a real daemon, `tests/e2e/stuck.rs`.

use std::time::Duration;

use runwisp_core::words::keeper::HEARTBEAT;
use runwisp_core::words::time::Mono;

use crate::main_loop::Keeper;
use crate::say::say;

/// Silence of a daemon that is no longer taken for well: three heartbeats.
const SILENCE: Duration = HEARTBEAT.saturating_mul(3);

/// How much longer it has, counted from when its silence is noticed.
const DOUBT: Duration = Duration::from_secs(5);

/// What was last heard of the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pulse {
    /// It has not spoken yet.
    #[default]
    Unknown,
    /// It spoke then.
    Felt(Mono),
    /// Its silence was noticed then.
    Missed(Mono),
}

impl Pulse {
    /// It has spoken.
    pub(crate) fn felt(&mut self, now: Mono) {
        *self = Pulse::Felt(now);
    }

    /// When its silence has to be looked at.
    fn due_at(self) -> Option<Mono> {
        match self {
            Pulse::Unknown => None,
            Pulse::Felt(at) => Some(at.plus(SILENCE)),
            Pulse::Missed(at) => Some(at.plus(DOUBT)),
        }
    }

    /// Looks at it; whether the daemon is stuck.
    fn is_gone(&mut self, now: Mono) -> bool {
        if self.due_at().is_none_or(|due| due > now) {
            return false;
        }
        match self {
            Pulse::Missed(_) => true,
            _ => {
                *self = Pulse::Missed(now);
                false
            }
        }
    }
}

impl Keeper {
    /// When the daemon's silence has to be looked at.
    pub(crate) fn pulse_due_at(&self) -> Option<Mono> {
        let daemon = &self.daemon;
        let watched = daemon.pid.is_some() && daemon.leave.is_none();
        watched.then(|| daemon.pulse.due_at()).flatten()
    }

    /// Ends a daemon that is stuck. Its end is then that of any daemon that dies.
    pub(crate) fn end_stuck_daemon(&mut self, now: Mono) {
        if self.pulse_due_at().is_none() || !self.daemon.pulse.is_gone(now) {
            return;
        }
        self.daemon.pulse = Pulse::Unknown;
        if let Some(pid) = self.daemon.pid {
            say("the daemon is stuck; ending it");
            // SAFETY: the call takes numbers only; the process is ours and not reaped yet.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Mono {
        Mono(seconds * 1_000_000_000)
    }

    #[test]
    fn silence_is_doubted_before_it_is_believed() {
        let mut pulse = Pulse::Unknown;
        assert!(!pulse.is_gone(at(1_000)));
        pulse.felt(at(0));
        assert!(!pulse.is_gone(at(29)));
        assert!(!pulse.is_gone(at(30)));
        assert_eq!(pulse, Pulse::Missed(at(30)));
        assert!(!pulse.is_gone(at(34)));
        assert!(pulse.is_gone(at(35)));
    }

    #[test]
    fn a_machine_that_stood_still_ends_nobody_who_speaks_again() {
        let mut pulse = Pulse::Felt(at(0));
        assert!(!pulse.is_gone(at(3_600)));
        assert_eq!(pulse.due_at(), Some(at(3_605)));
        pulse.felt(at(3_601));
        assert!(!pulse.is_gone(at(3_606)));
        assert_eq!(pulse, Pulse::Felt(at(3_601)));
    }
}
