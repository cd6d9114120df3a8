//! A short, stable digest of a specification: says whether two are the same, never whether one can be trusted.

use serde::Serialize;

/// FNV-1a with 64 bits, from its published definition.
pub fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The digest of a value's JSON, 16 hexadecimal digits. Equal values of one version have equal digests.
pub fn digest<T: Serialize>(value: &T) -> String {
    format!("{:016x}", fnv1a64(&super::keeper::encode(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors_hold() {
        assert_eq!(fnv1a64(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a64(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a64(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
