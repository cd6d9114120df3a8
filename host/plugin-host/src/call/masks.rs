//! Hides secrets in what leaves a call.
//!
//! Invariant: pure.

/// What stands where a secret stood.
const MASK: &str = "***";
/// Shorter secrets are left alone: masking `on` would mask half of every sentence.
const SHORTEST: usize = 4;

/// The texts to hide, longest first, so that a secret which holds another is hidden whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masks(Vec<String>);

impl Masks {
    pub(crate) fn new(secrets: &[String]) -> Masks {
        let mut texts: Vec<String> = secrets
            .iter()
            .filter(|secret| secret.len() >= SHORTEST)
            .flat_map(|secret| [secret.clone(), as_json(secret), as_address(secret)])
            .collect();
        texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        texts.dedup();
        Masks(texts)
    }

    /// The text without the secrets.
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), MASK);
            }
        }
        text
    }
}

impl Masks {
    /// The beginning of a text without the secrets, at most so many bytes of it. A secret that the cut would go
    /// through is left out whole: half of one is too much.
    pub(crate) fn cut(&self, text: &str, limit: usize) -> String {
        let mut end = text.floor_char_boundary(limit);
        let mut moved = end < text.len();
        while moved {
            let through = self
                .0
                .iter()
                .filter_map(|secret| begins_across(text, secret, end));
            match through.min() {
                Some(begin) => end = begin,
                None => moved = false,
            }
        }
        self.hide(&text[..end])
    }

    /// A text whose beginning is lost, without the secrets. What is left of one that the loss went through goes too.
    pub(crate) fn hide_rest(&self, text: &str) -> String {
        let left_of = |secret: &String| {
            let mut ends = (1..secret.len())
                .filter(|at| secret.is_char_boundary(*at))
                .map(|at| &secret[at..]);
            ends.find(|end| text.starts_with(end)).map_or(0, str::len)
        };
        let lost = self.0.iter().map(left_of).max().unwrap_or(0);
        self.hide(&text[lost..])
    }
}

/// Where a secret begins that stands across this place of the text.
fn begins_across(text: &str, secret: &str, at: usize) -> Option<usize> {
    let from = text.floor_char_boundary(at.saturating_sub(secret.len() - 1));
    let to = text.ceil_char_boundary((at + secret.len() - 1).min(text.len()));
    let found = text[from..to]
        .match_indices(secret)
        .map(|(begin, _)| from + begin);
    found
        .filter(|begin| *begin < at && begin + secret.len() > at)
        .min()
}

/// As it stands inside a JSON string.
fn as_json(secret: &str) -> String {
    let quoted = serde_json::Value::from(secret).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As it stands in a query or a path: everything but unreserved characters (RFC 3986, 2.3) in percent signs.
fn as_address(secret: &str) -> String {
    let mut address = String::with_capacity(secret.len());
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(secrets: &[&str], text: &str) -> String {
        let secrets: Vec<String> = secrets.iter().map(|s| (*s).to_owned()).collect();
        Masks::new(&secrets).hide(text)
    }

    #[test]
    fn a_secret_is_hidden_as_it_is_in_json_and_in_an_address() {
        let secret = "s\"3/cret";
        assert_eq!(hidden(&[secret], "it is s\"3/cret."), "it is ***.");
        assert_eq!(hidden(&[secret], r#"{"t":"s\"3/cret"}"#), r#"{"t":"***"}"#);
        assert_eq!(hidden(&[secret], "?t=s%223%2Fcret&x"), "?t=***&x");
    }

    #[test]
    fn a_secret_inside_another_leaves_nothing_of_the_longer_one() {
        assert_eq!(hidden(&["pass", "password1"], "password1 pass"), "*** ***");
    }

    #[test]
    fn a_cut_does_not_leave_half_a_secret() {
        let masks = Masks::new(&["secret".to_owned(), "seldom".to_owned()]);
        assert_eq!(masks.cut("a secret b", 20), "a *** b");
        assert_eq!(masks.cut("a secret b", 8), "a ***");
        for limit in 2..8 {
            assert_eq!(masks.cut("a secret b", limit), "a ", "{limit}");
        }
        assert_eq!(masks.cut("äää", 3), "ä");
        let twice = Masks::new(&["abab".to_owned()]);
        assert_eq!(twice.cut("xababab", 4), "x");
    }

    #[test]
    fn a_lost_beginning_does_not_leave_half_a_secret() {
        let masks = Masks::new(&["secret".to_owned()]);
        assert_eq!(masks.hide_rest("cret and secret"), " and ***");
        assert_eq!(masks.hide_rest("secret and"), "*** and");
        assert_eq!(masks.hide_rest("and"), "and");
    }

    #[test]
    fn short_values_hide_nothing() {
        assert_eq!(hidden(&["on", ""], "on it goes"), "on it goes");
    }
}
