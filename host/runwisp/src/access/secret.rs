//! Random secrets, and what is kept of them.
//!
//! Invariant: of a secret that was given to somebody, only its SHA-256 is kept; secrets are compared by their digests,
//! so that the time a comparison takes says nothing about them.
//! Tests: below.

use ring::rand::{SecureRandom, SystemRandom};

/// The system has no randomness to give. Completes "could not …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("make a secret: the system gives no random numbers")]
pub struct NoRandomness;

/// Letters and digits that nobody takes for another when reading them aloud: 32 of them, 5 bits each.
const READABLE: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// What is kept of a secret.
pub type Digest = [u8; 32];

/// Bytes that nobody can guess.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A secret of 256 bits, 64 hexadecimal digits.
pub fn long() -> Result<String, NoRandomness> {
    Ok(hex(&random::<32>()?))
}

/// A password of 100 bits that people can type: four groups of five.
pub fn password() -> Result<String, NoRandomness> {
    let bytes = random::<20>()?;
    let groups = bytes.chunks(5).map(|group| {
        group
            .iter()
            .map(|byte| char::from(READABLE[usize::from(byte % 32)]))
            .collect::<String>()
    });
    Ok(groups.collect::<Vec<_>>().join("-"))
}

/// What is kept of a secret.
pub fn digest(secret: &str) -> Digest {
    sha256(secret.as_bytes())
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Digest {
    let mut out = [0; 32];
    out.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    out
}

/// Whether two secrets are the same.
pub fn same(one: &str, other: &str) -> bool {
    digest(one) == digest(other)
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Bytes of hexadecimal digits.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_four_groups_of_readable_characters() {
        let (one, other) = (password().unwrap(), password().unwrap());
        assert_ne!(one, other);
        let groups: Vec<&str> = one.split('-').collect();
        assert_eq!(groups.iter().map(|g| g.len()).collect::<Vec<_>>(), [5; 4]);
        assert!(groups.concat().bytes().all(|b| READABLE.contains(&b)));
    }

    #[test]
    fn digits_come_back_as_bytes() {
        assert_eq!(unhex(&hex(&[0, 171, 255])), Some(vec![0, 171, 255]));
        assert_eq!((unhex("abc"), unhex("zz")), (None, None));
        assert_eq!(long().unwrap().len(), 64);
    }

    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(
            hex(&digest("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(same("a", "a") && !same("a", "b"));
    }
}
