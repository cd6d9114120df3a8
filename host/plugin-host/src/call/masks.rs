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
    fn short_values_hide_nothing() {
        assert_eq!(hidden(&["on", ""], "on it goes"), "on it goes");
    }
}
