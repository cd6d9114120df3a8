//! A path of the API with its query, escaped.

use std::fmt::Write;

use crate::wire::PREFIX;

/// A path and its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    text: String,
    has_query: bool,
}

impl Uri {
    /// The path below the API's prefix; each part is escaped.
    pub fn new(parts: &[&str]) -> Self {
        let mut text = PREFIX.to_owned();
        for part in parts {
            text.push('/');
            escape(&mut text, part);
        }
        Uri {
            text,
            has_query: false,
        }
    }

    /// The same with a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        escape(&mut self.text, name);
        self.text.push('=');
        escape(&mut self.text, &value.to_string());
        self
    }

    /// The same with a parameter, if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Percent-encoding of everything but RFC 3986's unreserved characters.
fn escape(text: &mut String, part: &str) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_is_escaped() {
        let uri = Uri::new(&["units", "a:b"])
            .with("pattern", "a&b=c d/é")
            .with_some("n", None::<u64>)
            .with_some("since", Some(3));
        assert_eq!(
            uri.as_str(),
            "/api/v1/units/a%3Ab?pattern=a%26b%3Dc%20d%2F%C3%A9&since=3"
        );
    }
}
