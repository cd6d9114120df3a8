//! Who is signed in.
//!
//! A session ends [`IDLE`] after its last use, [`LONGEST`] after it began, when it is signed out, and when the password
//! it was made with changes. Its secret is in a cookie; here is only its digest.
//!
//! Pure: time is an argument. Invariant: at most [`MOST`] sessions; at the bound the one that was used least recently
//! gives way.
//! Tests: below.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::secret::{Digest, hex};

/// How many sessions there are at most.
pub const MOST: usize = 500;

/// How long a session lives that nobody uses.
pub const IDLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a session lives at most.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A use is worth writing down when the last one that was is so old.
const WORTH: SignedDuration = SignedDuration::from_secs(60);

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The digest of its secret, in hexadecimal.
    pub digest: String,
    /// Whether it may only look.
    pub viewer: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, give or take a minute.
    pub used_at: Timestamp,
    /// From where it was made.
    pub from: String,
}

impl Session {
    /// When it ends unless it is used.
    pub fn expires_at(&self) -> Timestamp {
        let idle = self.used_at.saturating_add(IDLE);
        let longest = self.created_at.saturating_add(LONGEST);
        match (idle, longest) {
            (Ok(idle), Ok(longest)) => idle.min(longest),
            (one, other) => one.or(other).unwrap_or(self.created_at),
        }
    }

    fn lives(&self, now: Timestamp) -> bool {
        now < self.expires_at()
    }

    /// What names it to people and in the audit log; nothing can be done with it.
    pub fn name(&self) -> &str {
        self.digest.get(..8).unwrap_or(&self.digest)
    }
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sessions(Vec<Session>);

impl Sessions {
    /// One more.
    pub fn begin(&mut self, now: Timestamp, secret: &Digest, viewer: bool, from: &str) -> Session {
        self.0.retain(|session| session.lives(now));
        while self.0.len() >= MOST {
            let oldest = self.0.iter().enumerate().min_by_key(|(_, s)| s.used_at);
            let Some((at, _)) = oldest else { break };
            self.0.remove(at);
        }
        let session = Session {
            digest: hex(secret),
            viewer,
            created_at: now,
            used_at: now,
            from: from.to_owned(),
        };
        self.0.push(session.clone());
        session
    }

    /// The session of this secret, used now; and whether that is worth writing down.
    pub fn used(&mut self, now: Timestamp, secret: &Digest) -> Option<(Session, bool)> {
        let digest = hex(secret);
        let session = self.0.iter_mut().find(|session| session.digest == digest)?;
        if !session.lives(now) {
            return None;
        }
        let worth = now.duration_since(session.used_at) >= WORTH;
        if worth {
            session.used_at = now;
        }
        Some((session.clone(), worth))
    }

    /// The session of this digest.
    pub fn get(&self, digest: &str) -> Option<&Session> {
        self.0.iter().find(|session| session.digest == digest)
    }

    /// Whether a session of this digest is there still.
    pub fn lives(&self, now: Timestamp, digest: &str) -> bool {
        self.0.iter().any(|s| s.digest == digest && s.lives(now))
    }

    /// Signs one out.
    pub fn end(&mut self, digest: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|session| session.digest != digest);
        self.0.len() < before
    }

    /// Signs out all of a kind, or all. How many those were.
    pub fn end_all(&mut self, viewer: Option<bool>) -> usize {
        let before = self.0.len();
        self.0
            .retain(|session| viewer.is_some_and(|viewer| session.viewer != viewer));
        before - self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + hours * 3600).unwrap()
    }

    #[test]
    fn a_session_lives_while_it_is_used_and_thirty_days_at_most() {
        let mut sessions = Sessions::default();
        sessions.begin(at(0), &[1; 32], false, "x");
        for day in 1..30 {
            let used = sessions.used(at(day * 24), &[1; 32]);
            assert!(used.is_some_and(|(_, worth)| worth), "{day}");
        }
        assert!(sessions.used(at(30 * 24), &[1; 32]).is_none());
    }

    #[test]
    fn a_session_that_nobody_uses_ends_after_a_week() {
        let mut sessions = Sessions::default();
        let session = sessions.begin(at(0), &[1; 32], false, "x");
        assert_eq!(session.expires_at(), at(7 * 24));
        assert!(sessions.lives(at(167), &session.digest));
        assert!(!sessions.lives(at(168), &session.digest));
        assert!(sessions.used(at(168), &[1; 32]).is_none());
    }

    #[test]
    fn uses_within_a_minute_are_not_worth_a_write() {
        let mut sessions = Sessions::default();
        sessions.begin(at(0), &[1; 32], false, "x");
        let soon = at(0).saturating_add(SignedDuration::from_secs(59)).unwrap();
        assert!(
            sessions
                .used(soon, &[1; 32])
                .is_some_and(|(_, worth)| !worth)
        );
    }

    #[test]
    fn signing_out_ends_one_and_a_new_password_those_of_its_kind() {
        let mut sessions = Sessions::default();
        let one = sessions.begin(at(0), &[1; 32], false, "x");
        sessions.begin(at(0), &[2; 32], true, "x");
        sessions.begin(at(0), &[3; 32], false, "x");
        assert!(sessions.end(&one.digest) && !sessions.end(&one.digest));
        assert_eq!(sessions.end_all(Some(true)), 1);
        assert!(sessions.used(at(0), &[3; 32]).is_some());
        assert_eq!(sessions.end_all(None), 1);
    }

    #[test]
    fn there_is_a_bound_and_the_longest_unused_gives_way() {
        let mut sessions = Sessions::default();
        for n in 0..=u8::MAX {
            sessions.begin(at(0), &[n; 32], false, "x");
        }
        sessions.used(at(1), &[0; 32]);
        for n in 0..=u8::MAX {
            let mut secret = [n; 32];
            secret[0] = n.wrapping_add(1);
            sessions.begin(at(1), &secret, false, "x");
        }
        assert_eq!(sessions.0.len(), MOST);
        assert!(sessions.used(at(1), &[0; 32]).is_some());
        assert!(sessions.used(at(1), &[1; 32]).is_none());
    }
}
