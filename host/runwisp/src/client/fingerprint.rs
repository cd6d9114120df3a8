//! The SHA-256 fingerprint of a certificate: how it is shown, and how it is typed in again.
//!
//! Tests: below.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

/// A fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Fingerprint {
        Fingerprint(Sha256::digest(certificate).into())
    }

    /// Reads 64 hexadecimal digits, with or without colons or blanks between them and `sha256` before them.
    pub fn parse(text: &str) -> Result<Fingerprint, String> {
        let lower = text.trim().to_ascii_lowercase();
        let rest = ["sha256", "sha-256"]
            .iter()
            .find_map(|name| lower.strip_prefix(name))
            .unwrap_or(&lower);
        let digits: Vec<u8> = rest
            .trim_start_matches([':', '=', ' '])
            .bytes()
            .filter(|byte| !matches!(byte, b':' | b' '))
            .collect();
        let bytes: Option<Vec<u8>> = digits
            .chunks(2)
            .map(|pair| {
                let pair = std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?;
                u8::from_str_radix(pair, 16).ok()
            })
            .collect();
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .map(Fingerprint)
            .ok_or_else(|| {
                "a fingerprint is SHA-256, 64 hexadecimal digits, as `openssl x509 -fingerprint -sha256` shows it"
                    .to_owned()
            })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, byte) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_char(':')?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_in_every_spelling() {
        let one = Fingerprint::of(b"certificate");
        let shown = one.to_string();
        let bare = shown.replace(':', "").to_lowercase();
        for text in [
            shown.clone(),
            bare.clone(),
            format!("SHA256:{bare}"),
            format!("sha256 Fingerprint={shown}").replace(" Fingerprint", ""),
            format!(" {} ", shown.replace(':', " ")),
        ] {
            assert_eq!(Fingerprint::parse(&text), Ok(one), "{text}");
        }
        for text in [
            "",
            "AB",
            &bare[1..],
            &format!("{bare}00"),
            &bare.replace('a', "x").replace('b', "y").replace('0', "z"),
        ] {
            assert!(Fingerprint::parse(text).is_err(), "{text}");
        }
    }
}
