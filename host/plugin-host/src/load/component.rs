//! A component as it is stored: where its bytes are, and the digest that they must have.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::load::error::LoadError;

/// The largest component taken. A JavaScript one is 12 MB, a Python one 18 MB.
const MAX_SIZE: u64 = 64 << 20;

/// The SHA-256 of a component. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// The digest that these bytes are.
    #[must_use]
    pub const fn known(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }
}

impl From<Sha256> for Digest {
    fn from(sum: Sha256) -> Digest {
        Digest(sum.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is no SHA-256.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{0}` is no SHA-256: write its 64 hexadecimal digits")]
pub struct NoDigest(String);

impl FromStr for Digest {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Digest, NoDigest> {
        let wrong = || NoDigest(text.to_owned());
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Digest(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A component as it is stored.
#[derive(Clone, Debug)]
pub struct Component {
    name: String,
    digest: Digest,
    bytes: Bytes,
}

/// Makes a component of what a program carries in its stead; none if that is damaged.
pub type Unpack = fn(&[u8]) -> Option<Vec<u8>>;

#[derive(Clone, Debug)]
enum Bytes {
    Packed(&'static [u8], Unpack),
    Owned(Arc<[u8]>),
    File(PathBuf),
}

impl Component {
    /// One that is part of this program, with its digest. It is unpacked when its code is in no cache.
    #[must_use]
    pub fn bundled(name: &str, digest: Digest, packed: &'static [u8], unpack: Unpack) -> Component {
        Component {
            name: name.to_owned(),
            digest,
            bytes: Bytes::Packed(packed, unpack),
        }
    }

    /// One in memory.
    #[must_use]
    pub fn bytes(name: &str, bytes: Vec<u8>) -> Component {
        Component {
            name: name.to_owned(),
            digest: Digest::of(&bytes),
            bytes: Bytes::Owned(bytes.into()),
        }
    }

    /// One in a file. With the digest it had when it was added nothing is read now, and a file that has changed since
    /// is refused when it is loaded. Without one it is read now.
    pub fn file(name: &str, path: PathBuf, digest: Option<Digest>) -> Result<Component, LoadError> {
        let digest = match digest {
            Some(digest) => digest,
            None => Digest::of(&read(&path)?),
        };
        Ok(Component {
            name: name.to_owned(),
            digest,
            bytes: Bytes::File(path),
        })
    }

    /// What the operator calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its bytes must have.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether its bytes may be others than they were, so that code made of them is not to be trusted unseen.
    pub(crate) fn may_change(&self) -> bool {
        matches!(self.bytes, Bytes::File(_))
    }

    /// Whether its bytes are there and still have its digest. What is part of the program is.
    pub fn check(&self) -> Result<(), LoadError> {
        match self.may_change() {
            true => self.read().map(drop),
            false => Ok(()),
        }
    }

    /// Its bytes, checked where they come from outside.
    pub(crate) fn read(&self) -> Result<std::borrow::Cow<'_, [u8]>, LoadError> {
        match &self.bytes {
            Bytes::Packed(packed, unpack) => match unpack(packed) {
                Some(bytes) => Ok(bytes.into()),
                None => Err(LoadError::Malformed("the program is damaged".to_owned())),
            },
            Bytes::Owned(bytes) => Ok((&**bytes).into()),
            Bytes::File(path) => {
                let bytes = read(path)?;
                let is = Digest::of(&bytes);
                if is == self.digest {
                    Ok(bytes.into())
                } else {
                    Err(LoadError::Changed {
                        path: path.clone(),
                        was: self.digest,
                        is,
                    })
                }
            }
        }
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, LoadError> {
    use std::io::Read;
    let unreadable = |error: std::io::Error| LoadError::Unreadable {
        path: path.clone(),
        why: error.to_string(),
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(LoadError::TooLarge { limit: MAX_SIZE });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = Digest::of(b"abc");
        let text = digest.to_string();
        assert!(text.starts_with("ba7816bf") && text.ends_with("f20015ad"));
        assert_eq!(text.parse::<Digest>().unwrap(), digest);
        assert!("ba78".parse::<Digest>().is_err());
        assert!("z".repeat(64).parse::<Digest>().is_err());
    }

    #[test]
    fn a_file_that_has_changed_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wasm");
        std::fs::write(&path, b"one").unwrap();
        let component = Component::file("a", path.clone(), None).unwrap();
        assert_eq!(&*component.read().unwrap(), b"one");
        std::fs::write(&path, b"two").unwrap();
        assert!(matches!(component.read(), Err(LoadError::Changed { .. })));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(
            component.read(),
            Err(LoadError::Unreadable { .. })
        ));
    }
}
