//! Keeps secrets out of a stream of bytes that arrives in pieces of any size.
//!
//! Every occurrence of every secret becomes [`REDACTED`]; occurrences that overlap are covered as one, occurrences
//! that merely touch are two. How the stream was cut into pieces makes no difference to the result.
//!
//! Invariant: held back is only a tail that may still grow into a secret, so never more than the longest one. A
//! prompt without a newline, say, passes at once.
//!
//! Tests are below.

use serde::{Deserialize, Serialize};

/// What stands in a secret's place.
pub const REDACTED: &[u8] = b"[redacted]";

/// The secrets, prepared for search.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Longest first, so the first that fits is the longest.
    texts: Vec<Vec<u8>>,
    /// Whether some secret begins with this byte.
    begins: [bool; 256],
}

impl Secrets {
    /// Prepares `secrets`. Empty ones are passed over. A secret of several lines is also found the way a terminal
    /// prints it, with a carriage return before each line feed.
    pub fn new<S: AsRef<str>>(secrets: &[S]) -> Secrets {
        let mut texts: Vec<Vec<u8>> = Vec::new();
        for secret in secrets.iter().map(AsRef::as_ref).filter(|s| !s.is_empty()) {
            texts.push(secret.into());
            if secret.contains('\n') {
                texts.push(secret.replace('\n', "\r\n").into());
            }
        }
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        let mut begins = [false; 256];
        for text in &texts {
            begins[usize::from(text[0])] = true;
        }
        Secrets { texts, begins }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The longest secret that `rest` begins with.
    fn longest_at(&self, rest: &[u8]) -> usize {
        self.texts
            .iter()
            .find(|text| rest.starts_with(text))
            .map_or(0, Vec::len)
    }

    /// Whether `rest`, the end of what is known, may grow into some secret.
    fn may_grow(&self, rest: &[u8]) -> bool {
        self.texts
            .iter()
            .any(|text| text.len() > rest.len() && text.starts_with(rest))
    }
}

/// Where one stream stands. Serialisable, so that a stream can be continued by another process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskState {
    /// Bytes not yet decided on.
    held: Vec<u8>,
    /// How many of the bytes to come are inside a secret that has been replaced already.
    covered: usize,
}

impl MaskState {
    /// Takes the next piece of the stream and appends what may be shown to `out`.
    pub fn feed(&mut self, secrets: &Secrets, piece: &[u8], out: &mut Vec<u8>) {
        if self.held.is_empty() {
            let used = self.decide(secrets, piece, false, out);
            self.held.extend_from_slice(&piece[used..]);
        } else {
            let mut bytes = std::mem::take(&mut self.held);
            bytes.extend_from_slice(piece);
            let used = self.decide(secrets, &bytes, false, out);
            bytes.drain(..used);
            self.held = bytes;
        }
    }

    /// The stream has ended: appends what was held back, as far as it may be shown.
    pub fn finish(&mut self, secrets: &Secrets, out: &mut Vec<u8>) {
        let bytes = std::mem::take(&mut self.held);
        self.decide(secrets, &bytes, true, out);
        self.covered = 0;
    }

    /// Decides on as many of `bytes` as can be decided on, and says how many.
    fn decide(&mut self, secrets: &Secrets, bytes: &[u8], ended: bool, out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            if self.covered == 0 {
                let plain = rest
                    .iter()
                    .position(|byte| secrets.begins[usize::from(*byte)])
                    .unwrap_or(rest.len());
                if plain > 0 {
                    out.extend_from_slice(&rest[..plain]);
                    at += plain;
                    continue;
                }
            }
            if !ended && secrets.may_grow(rest) {
                return at;
            }
            let found = secrets.longest_at(rest);
            if self.covered > 0 {
                self.covered = found.max(self.covered) - 1;
            } else if found > 0 {
                out.extend_from_slice(REDACTED);
                self.covered = found - 1;
            } else {
                out.push(rest[0]);
            }
            at += 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(secrets: &[&str], pieces: &[&[u8]]) -> Vec<u8> {
        let secrets = Secrets::new(secrets);
        let (mut state, mut out) = (MaskState::default(), Vec::new());
        for piece in pieces {
            state.feed(&secrets, piece, &mut out);
        }
        state.finish(&secrets, &mut out);
        out
    }

    fn check(secrets: &[&str], text: &str, expected: &str) {
        for cut in 0..=text.len() {
            let (a, b) = text.as_bytes().split_at(cut);
            let got = masked(secrets, &[a, b]);
            assert_eq!(String::from_utf8_lossy(&got), expected, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_secret_is_replaced_and_nothing_else() {
        check(&["hunter2"], "pw=hunter2;", "pw=[redacted];");
        check(&["hunter2"], "hunter hunter2", "hunter [redacted]");
        check(&["hunter2"], "hunter2hunter2", "[redacted][redacted]");
        check(&["aba"], "ababa!", "[redacted]!");
        check(&["abcd", "cdef"], "abcdef", "[redacted]");
        check(
            &["ab", "abcd"],
            "abc abcd ab",
            "[redacted]c [redacted] [redacted]",
        );
        check(&["abcd", "bc"], "abcd", "[redacted]");
        check(&[], "anything", "anything");
        check(&["", "x"], "axb", "a[redacted]b");
        check(&["k1\nk2"], "k1\r\nk2 k1\nk2", "[redacted] [redacted]");
    }

    #[test]
    fn only_what_may_grow_into_a_secret_is_held_back() {
        let secrets = Secrets::new(&["hunter2"]);
        let (mut state, mut out) = (MaskState::default(), Vec::new());
        state.feed(&secrets, b"login: hunt", &mut out);
        assert_eq!(out, b"login: ");
        state.feed(&secrets, b"ing ", &mut out);
        assert_eq!(out, b"login: hunting ");
        assert_eq!(state, MaskState::default());
    }

    /// The same rule by brute force over the whole text.
    fn oracle(secrets: &[String], text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut covered_to = 0;
        for at in 0..text.len() {
            let found = secrets
                .iter()
                .filter(|s| text[at..].starts_with(s.as_bytes()))
                .map(String::len)
                .max()
                .unwrap_or(0);
            if at >= covered_to && found > 0 {
                out.extend_from_slice(REDACTED);
            } else if at >= covered_to {
                out.push(text[at]);
            }
            covered_to = covered_to.max(at + found);
        }
        out
    }

    proptest! {
        #[test]
        fn any_cutting_gives_what_the_whole_gives(
            secrets in prop::collection::vec("[abc]{1,5}", 0..4),
            text in "[abcd]{0,40}",
            cuts in prop::collection::vec(0usize..41, 0..6),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &text.as_bytes()[w[0]..w[1]]).collect();
            let names: Vec<&str> = secrets.iter().map(String::as_str).collect();
            prop_assert_eq!(masked(&names, &pieces), oracle(&secrets, text.as_bytes()));
        }
    }
}
