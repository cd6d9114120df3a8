//! Names of things: units, runs, instances. Checked when made, so a value of these types is always valid.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a task or a service: 1–100 of letters, digits and `. _ - :`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UnitName(Arc<str>);

/// Why a text is not a [`UnitName`]. The text completes the sentence "the name …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadName {
    /// No character at all.
    Empty,
    /// More than 100 characters.
    TooLong,
    /// Holds a character outside the allowed set.
    Character(char),
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadName::Empty => write!(f, "is empty"),
            BadName::TooLong => write!(f, "is longer than 100 characters"),
            BadName::Character(c) => {
                write!(f, "holds {c:?}; letters, digits and . _ - : are allowed")
            }
        }
    }
}

impl std::error::Error for BadName {}

impl UnitName {
    /// Checks `text` and makes a name of it.
    pub fn new(text: &str) -> Result<Self, BadName> {
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        if text.len() > 100 {
            return Err(BadName::TooLong);
        }
        match text
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-' | ':'))
        {
            Some(c) => Err(BadName::Character(c)),
            None => Ok(UnitName(text.into())),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl TryFrom<String> for UnitName {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        UnitName::new(&text)
    }
}

impl From<UnitName> for String {
    fn from(name: UnitName) -> String {
        name.0.as_ref().to_owned()
    }
}

impl std::borrow::Borrow<str> for UnitName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// One run: a ULID (48 bits of milliseconds, 80 of randomness; the ULID specification), so ids sort by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(u128);

/// The text is not a ULID of 26 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRunId;

impl fmt::Display for BadRunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "is not a run id (26 characters, 0-9 and A-Z without I L O U)"
        )
    }
}

impl std::error::Error for BadRunId {}

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl RunId {
    /// The id as a number; ids made later are larger.
    pub const fn from_u128(value: u128) -> Self {
        RunId(value)
    }

    /// The id as a number.
    pub const fn as_u128(self) -> u128 {
        self.0
    }

    /// An id for the given wall-clock millisecond with 80 bits of `randomness`.
    pub fn from_parts(unix_ms: u64, randomness: u128) -> Self {
        RunId((u128::from(unix_ms & 0xFFFF_FFFF_FFFF) << 80) | (randomness & ((1 << 80) - 1)))
    }

    /// The wall-clock millisecond the id was made in.
    pub fn unix_ms(self) -> u64 {
        u64::try_from(self.0 >> 80).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; 26];
        for (i, byte) in text.iter_mut().enumerate() {
            *byte = CROCKFORD[((self.0 >> (5 * (25 - i))) & 31) as usize];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RunId {
    type Err = BadRunId;
    fn from_str(text: &str) -> Result<Self, BadRunId> {
        if text.len() != 26 || text.as_bytes()[0] > b'7' {
            return Err(BadRunId);
        }
        let mut value = 0u128;
        for byte in text.bytes() {
            let digit = CROCKFORD
                .iter()
                .position(|c| *c == byte.to_ascii_uppercase())
                .ok_or(BadRunId)?;
            value = (value << 5) | digit as u128;
        }
        Ok(RunId(value))
    }
}

impl TryFrom<String> for RunId {
    type Error = BadRunId;
    fn try_from(text: String) -> Result<Self, BadRunId> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_survive_text_and_sort_by_time() {
        let early = RunId::from_parts(1_700_000_000_000, 7);
        let late = RunId::from_parts(1_700_000_000_001, 0);
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(early.unix_ms(), 1_700_000_000_000);
        assert_eq!("8ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<RunId>(), Err(BadRunId));
        assert_eq!("../../../../../etc/passwd!".parse::<RunId>(), Err(BadRunId));
    }

    #[test]
    fn unit_names_refuse_what_paths_and_shells_would_misread() {
        assert!(UnitName::new("api:worker-1.a_b").is_ok());
        assert_eq!(UnitName::new(""), Err(BadName::Empty));
        assert_eq!(UnitName::new("a/b"), Err(BadName::Character('/')));
        assert_eq!(UnitName::new(&"x".repeat(101)), Err(BadName::TooLong));
    }
}
