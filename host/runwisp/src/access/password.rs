//! Passwords: how they are kept, checked, and where they come from.
//!
//! | origin | kept | can be shown |
//! | --- | --- | --- |
//! | generated | as it is, in a file of mode 0600: it has 100 bits and protects nothing but this daemon | by the socket |
//! | set | argon2id | no |
//! | environment, credential | argon2id, to notice at the next start that it is another one | no |
//!
//! Tests: below.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

use super::secret;

/// Memory of one check, KiB, its passes and its lanes: what OWASP recommends for argon2id.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The shortest and the longest password that is taken, bytes.
pub const LENGTHS: std::ops::RangeInclusive<usize> = 8..=512;

/// Where a password comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// By runwisp, at its first start.
    Generated,
    /// By the operator, with `runwisp password set`.
    Set,
    /// From `RUNWISP_PASSWORD`.
    Environment,
    /// From systemd, as the credential `runwisp.password`.
    Credential,
}

impl Origin {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Generated => "generated",
            Origin::Set => "set",
            Origin::Environment => "environment",
            Origin::Credential => "credential",
        }
    }
}

/// A password as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kept", rename_all = "snake_case")]
pub enum Password {
    /// As it is.
    Plain {
        /// The password.
        text: String,
    },
    /// Its hash.
    Hashed {
        /// Where it comes from.
        origin: Origin,
        /// How it was made.
        hash: Hash,
    },
}

/// What argon2id made of a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hash {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    hash: String,
}

// Neither belongs into a log.
impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Password({:?})", self.origin())
    }
}

impl Password {
    /// A fresh one of runwisp's own making.
    pub fn generate() -> Result<Password, secret::NoRandomness> {
        Ok(Password::Plain {
            text: secret::password()?,
        })
    }

    /// Hashes a password. Takes tens of milliseconds and [`MEMORY`]: call it where that is allowed.
    pub fn hash(text: &str, origin: Origin) -> Result<Password, secret::NoRandomness> {
        let salt = secret::random::<16>()?;
        let hash = argon(text, &salt, MEMORY, PASSES, LANES).unwrap_or_default();
        Ok(Password::Hashed {
            origin,
            hash: Hash {
                memory_kib: MEMORY,
                passes: PASSES,
                lanes: LANES,
                salt: secret::hex(&salt),
                hash: secret::hex(&hash),
            },
        })
    }

    /// Where it comes from.
    pub fn origin(&self) -> Origin {
        match self {
            Password::Plain { .. } => Origin::Generated,
            Password::Hashed { origin, .. } => *origin,
        }
    }

    /// The password itself, where it can be shown.
    pub fn shown(&self) -> Option<&str> {
        match self {
            Password::Plain { text } => Some(text),
            Password::Hashed { .. } => None,
        }
    }

    /// Whether this is the password. Takes as long as [`Password::hash`].
    pub fn is(&self, text: &str) -> bool {
        match self {
            Password::Plain { text: kept } => secret::same(kept, text),
            Password::Hashed { hash, .. } => hash.fits(text),
        }
    }
}

impl Hash {
    fn fits(&self, text: &str) -> bool {
        let (Some(salt), Some(kept)) = (secret::unhex(&self.salt), secret::unhex(&self.hash))
        else {
            return false;
        };
        let made = argon(text, &salt, self.memory_kib, self.passes, self.lanes);
        made.is_some_and(|made| secret::sha256(&made) == secret::sha256(&kept))
    }
}

/// None for parameters that argon2 does not know, as a damaged file may hold.
fn argon(text: &str, salt: &[u8], memory: u32, passes: u32, lanes: u32) -> Option<[u8; 32]> {
    // A damaged file must not make this process ask for all the memory there is.
    if memory > 4 * MEMORY || passes > 16 || lanes > 16 {
        return None;
    }
    let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let mut out = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(text.as_bytes(), salt, &mut out)
        .ok()?;
    Some(out)
}

/// Why a password is not taken. Completes "could not …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Too short.
    #[error("take this password: it has fewer than {} bytes", LENGTHS.start())]
    Short,
    /// Too long.
    #[error("take this password: it has more than {} bytes", LENGTHS.end())]
    Long,
    /// It can't be typed.
    #[error("take this password: it holds control characters")]
    Control,
}

/// Whether a new password may be used.
pub fn fit(text: &str) -> Result<(), Unfit> {
    if text.len() < *LENGTHS.start() {
        return Err(Unfit::Short);
    }
    if text.len() > *LENGTHS.end() {
        return Err(Unfit::Long);
    }
    if text.chars().any(char::is_control) {
        return Err(Unfit::Control);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_password_is_known_again_and_can_not_be_shown() {
        let kept = Password::hash("correct horse", Origin::Set).unwrap();
        let json = serde_json::to_string(&kept).unwrap();
        assert!(!json.contains("horse"), "{json}");
        let read: Password = serde_json::from_str(&json).unwrap();
        assert!(read.is("correct horse") && !read.is("correct horsf") && !read.is(""));
        assert_eq!((read.shown(), read.origin()), (None, Origin::Set));
    }

    #[test]
    fn a_generated_password_can_be_shown() {
        let kept = Password::generate().unwrap();
        let text = kept.shown().unwrap().to_owned();
        assert!(kept.is(&text) && !kept.is("x"));
        assert!(!format!("{kept:?}").contains(&text));
    }

    #[test]
    fn two_hashes_of_one_password_differ() {
        let [one, other] = [(); 2].map(|()| Password::hash("same", Origin::Set).unwrap());
        assert_ne!(one, other);
    }

    #[test]
    fn a_damaged_hash_fits_nothing() {
        let wrong = serde_json::json!({"kept": "hashed", "origin": "set", "hash":
            {"memory_kib": 4_000_000, "passes": 1, "lanes": 1, "salt": "00", "hash": "00"}});
        let kept: Password = serde_json::from_value(wrong).unwrap();
        assert!(!kept.is(""));
    }

    #[test]
    fn too_short_too_long_and_untypable_are_refused() {
        assert_eq!(fit("1234567"), Err(Unfit::Short));
        assert_eq!(fit(&"x".repeat(513)), Err(Unfit::Long));
        assert_eq!(fit("12345678\n"), Err(Unfit::Control));
        assert_eq!(fit("12345678"), Ok(()));
    }
}
