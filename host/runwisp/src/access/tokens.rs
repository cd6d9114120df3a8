//! API tokens: `rwt_` and 64 hexadecimal digits, of which only the digest is kept.
//!
//! Pure: time is an argument. Invariant: at most [`MOST`] tokens; one more is refused, because one that gave way would
//! stop somebody's program.
//! Tests: below.

use jiff::{SignedDuration, Timestamp};
use runwisp_core::words::glob::Glob;
use serde::{Deserialize, Serialize};

use super::secret::{Digest, hex};
use crate::wire::caller::Scope;

/// What every token begins with, so that scanners for leaked secrets find it.
pub const PREFIX: &str = "rwt_";

/// How many tokens there are at most.
pub const MOST: usize = 200;

/// A use is worth writing down when the last one that was is so old.
const WORTH: SignedDuration = SignedDuration::from_secs(60);

/// A token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Names it in commands; nothing can be done with it.
    pub id: String,
    /// What it is for, in its maker's words.
    pub name: String,
    /// The digest of the secret, in hexadecimal.
    pub digest: String,
    /// How much it may do.
    pub scope: Scope,
    /// The units it sees, by name or pattern; none is all.
    pub units: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, give or take a minute.
    pub used_at: Option<Timestamp>,
}

impl Token {
    /// The patterns of its units.
    pub fn globs(&self) -> Option<Vec<Glob>> {
        let units = self.units.as_ref()?;
        Some(units.iter().map(|text| Glob::new(text.as_str())).collect())
    }

    fn lives(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// Why there is no new token. Completes "could not …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There are too many.
    #[error("make a token: there are {MOST} already; `runwisp token revoke` ends one")]
    TooMany,
    /// One has this name.
    #[error("make a token: there is one named {0:?}; names tell them apart in the audit log")]
    Taken(String),
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tokens(Vec<Token>);

impl Tokens {
    /// Every token, oldest first, expired ones too.
    pub fn all(&self) -> &[Token] {
        &self.0
    }

    /// One more.
    pub fn add(&mut self, token: Token) -> Result<(), Refused> {
        if self.0.iter().any(|other| other.name == token.name) {
            return Err(Refused::Taken(token.name));
        }
        if self.0.len() >= MOST {
            return Err(Refused::TooMany);
        }
        self.0.push(token);
        Ok(())
    }

    /// The token of this secret, used now; and whether that is worth writing down.
    pub fn used(&mut self, now: Timestamp, secret: &Digest) -> Option<(Token, bool)> {
        let digest = hex(secret);
        let token = self.0.iter_mut().find(|token| token.digest == digest)?;
        if !token.lives(now) {
            return None;
        }
        let worth = token
            .used_at
            .is_none_or(|used| now.duration_since(used).abs() >= WORTH);
        if worth {
            token.used_at = Some(now);
        }
        Some((token.clone(), worth))
    }

    /// Whether this token is there still.
    pub fn lives(&self, now: Timestamp, id: &str) -> bool {
        self.0.iter().any(|t| t.id == id && t.lives(now))
    }

    /// Ends a token, by its id or its name.
    pub fn revoke(&mut self, id_or_name: &str) -> Option<Token> {
        let by_id = self.0.iter().position(|token| token.id == id_or_name);
        let at = by_id.or_else(|| self.0.iter().position(|token| token.name == id_or_name))?;
        Some(self.0.remove(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    fn token(n: u8, expires: Option<i64>) -> Token {
        Token {
            id: format!("t{n}"),
            name: format!("name {n}"),
            digest: hex(&[n; 32]),
            scope: Scope::Read,
            units: Some(vec!["web*".to_owned()]),
            created_at: at(0),
            created_by: "uid 0".to_owned(),
            expires_at: expires.map(at),
            used_at: None,
        }
    }

    #[test]
    fn a_token_is_known_by_its_secret_until_it_expires_or_is_revoked() {
        let mut tokens = Tokens::default();
        tokens.add(token(1, Some(10))).unwrap();
        tokens.add(token(2, None)).unwrap();
        assert!(
            tokens
                .used(at(9), &[1; 32])
                .is_some_and(|(t, worth)| t.id == "t1" && worth)
        );
        assert!(
            tokens
                .used(at(9), &[1; 32])
                .is_some_and(|(_, worth)| !worth)
        );
        assert!(tokens.used(at(10), &[1; 32]).is_none());
        assert!(!tokens.lives(at(10), "t1") && tokens.lives(at(10), "t2"));
        assert!(tokens.revoke("name 2").is_some() && tokens.revoke("t2").is_none());
        assert!(tokens.used(at(9), &[2; 32]).is_none());
    }

    #[test]
    fn a_name_stands_for_one_token_and_there_is_a_bound() {
        let mut tokens = Tokens::default();
        tokens.add(token(1, None)).unwrap();
        assert_eq!(
            tokens.add(token(1, None)),
            Err(Refused::Taken("name 1".to_owned()))
        );
        for n in 2..=200 {
            tokens.add(token(n, None)).unwrap();
        }
        assert_eq!(tokens.add(token(201, None)), Err(Refused::TooMany));
    }
}
