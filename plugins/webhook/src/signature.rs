//! The signature of the Standard Webhooks: HMAC-SHA256 over `id.timestamp.content`, in base64, behind `v1,`.
//!
//! Invariant: pure; the time is an argument. Tests: `tests` below.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Names a delivery; the same at every attempt.
pub(crate) const ID: &str = "webhook-id";
/// When it was sent, in seconds since the Unix epoch.
pub(crate) const TIMESTAMP: &str = "webhook-timestamp";
/// What proves who sent it.
pub(crate) const SIGNATURE: &str = "webhook-signature";

/// A key that both sides know.
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// Reads a secret: behind `whsec_` it is base64, anything else is its own bytes.
    pub(crate) fn read(secret: &str) -> Result<Key, &'static str> {
        if secret.is_empty() {
            return Err("an empty secret proves nothing");
        }
        match secret.strip_prefix("whsec_") {
            None => Ok(Key(secret.as_bytes().to_vec())),
            Some(encoded) => match STANDARD.decode(encoded) {
                Ok(bytes) if !bytes.is_empty() => Ok(Key(bytes)),
                _ => Err("what stands behind `whsec_` is not base64"),
            },
        }
    }

    /// The value of the header.
    pub(crate) fn sign(&self, id: &str, timestamp: u64, content: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of HMAC has any length");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(content);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // The example that its libraries are tested with.
        let key = Key::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .ok()
            .unwrap();
        let content = br#"{"test": 2432232314}"#;
        assert_eq!(
            key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, content),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_secret_without_prefix_is_its_own_bytes() {
        let signed = |secret: &str| Key::read(secret).ok().unwrap().sign("id", 1, b"x");
        assert_eq!(signed("0123456789"), signed("whsec_MDEyMzQ1Njc4OQ=="));
        assert_ne!(signed("0123456789"), signed("0123456780"));
        for bad in ["", "whsec_", "whsec_?", "whsec_abc"] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
    }
}
