//! One request, one whole answer. The host checks the address against what was granted, follows no redirects, and owns
//! TLS, trust roots, proxies and time limits. Needs [`Need::Http`](crate::Need::Http) for each host.

pub use crate::wit::notifier::runwisp::plugin::http::{Error, Request, Response};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Finding, Later, clock, message, settings};

/// How much of a refusal's text is told on.
const TOLD: usize = 200;

impl Request {
    /// A request with a method of your choice.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Request {
        Request {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout_ms: None,
        }
    }

    /// A `GET`.
    pub fn get(url: impl Into<String>) -> Request {
        Request::new("GET", url)
    }

    /// A `POST`.
    pub fn post(url: impl Into<String>) -> Request {
        Request::new("POST", url)
    }

    /// With one more header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With a value as JSON, and its content type.
    pub fn json(mut self, value: &impl Serialize) -> Request {
        // What serde_json can't write are maps whose keys are no strings; such a body would be a fault of the plugin,
        // and the far side says so.
        self.body = Some(serde_json::to_vec(value).unwrap_or_default());
        self.header("content-type", "application/json")
    }

    /// With a plain text, and its content type.
    pub fn text(mut self, text: impl Into<String>) -> Request {
        self.body = Some(text.into().into_bytes());
        self.header("content-type", "text/plain; charset=utf-8")
    }

    /// With any bytes; the content type is yours to say.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Request {
        self.body = Some(bytes.into());
        self
    }

    /// With a limit of time; the host's own is never exceeded.
    pub fn timeout_ms(mut self, limit: u32) -> Request {
        self.timeout_ms = Some(limit);
        self
    }

    /// Sends it and waits for the answer, which may have any status: see [`Response::accepted`].
    pub fn send(&self) -> Result<Response, Error> {
        #[cfg(target_family = "wasm")]
        return crate::wit::notifier::runwisp::plugin::http::send(self);
        #[cfg(not(target_family = "wasm"))]
        match crate::host::current() {
            Some(host) => host.http(self),
            None => Err(Error::Denied(crate::host::NOBODY.into())),
        }
    }
}

impl Response {
    /// The first header of this name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.body)
            .map_err(|why| why.to_string())
            .and_then(|value| settings::fit(&value))
            .map_err(|why| format!("the answer is not the JSON that was expected: {why}"))
    }

    /// Whether the status is one of 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The seconds of a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3).
    pub fn retry_after(&self) -> Option<u32> {
        let value = self.header("retry-after")?.trim();
        if let Ok(seconds) = value.parse::<u32>() {
            return Some(seconds);
        }
        let then = message::from_http_date(value)?;
        u32::try_from(then.saturating_sub(clock::now()) / 1000).ok()
    }

    /// Itself when the status says that the far side took the message; else what the status means for a delivery:
    ///
    /// | status | failure |
    /// | --- | --- |
    /// | 408, 425, 429, 500 and above | retry, not before its `Retry-After` |
    /// | 300 to 399, 401, 403, 404, 405, 407, 410 | config: the address or the login is wrong |
    /// | any other | rejected |
    pub fn accepted(self) -> Result<Response, Failure> {
        if self.is_success() {
            return Ok(self);
        }
        Err(self.failure(""))
    }

    /// The failure that [`Response::accepted`] would give, with `words` of yours between the status and the text of the
    /// answer.
    pub fn failure(&self, words: &str) -> Failure {
        let mut message = format!("the server answered {}", self.status);
        if !words.is_empty() {
            message.push_str(": ");
            message.push_str(words);
        } else if let Some(said) = self.said() {
            message.push_str(": ");
            message.push_str(&said);
        }
        match self.status {
            408 | 425 | 429 | 500.. => Failure::Retry(Later {
                message,
                after_seconds: self.retry_after(),
            }),
            300..=399 => {
                message = format!("the server answered {}: the address has moved", self.status);
                Failure::Config(message)
            }
            401 | 403 | 404 | 405 | 407 | 410 => Failure::Config(message),
            _ => Failure::Rejected(message),
        }
    }

    /// The beginning of the body in one line, where it is text for people.
    fn said(&self) -> Option<String> {
        let html = self
            .header("content-type")
            .is_some_and(|kind| kind.contains("html"));
        let text = self.text();
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!html && !line.is_empty()).then(|| message::cut(&line, TOLD, |_| 1))
    }
}

/// What is wrong with an address in the settings, if anything is: only that it is none, for the rest shows when it is
/// used. The address itself is not told, since it may be a secret.
pub fn check_url(pointer: &str, url: &str) -> Option<Finding> {
    let host = ["https://", "http://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    let sound = host.is_some_and(|host| !host.is_empty() && !host.starts_with(':'))
        && !url.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    (!sound).then(|| {
        Finding::error(pointer, "this is not the address of a server").help(
            "An address begins with `https://` or `http://`, then comes the name of the server.",
        )
    })
}

/// What an error of a request means for a delivery: what is not granted or no proper address stays so, and the rest may
/// work later.
impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let later = |message: String| {
            Failure::Retry(Later {
                message,
                after_seconds: None,
            })
        };
        match error {
            Error::Denied(why) | Error::Invalid(why) => Failure::Config(why),
            Error::Timeout(why) | Error::Connect(why) | Error::Tls(why) => later(why),
            Error::TooLarge(limit) => later(format!("the answer is larger than {limit} bytes")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::answer;

    fn status(status: u16) -> Failure {
        answer(status, "why\n  not")
            .unwrap()
            .accepted()
            .unwrap_err()
    }

    #[test]
    fn a_status_says_whether_it_is_worth_trying_again() {
        assert!(answer(204, "").unwrap().accepted().is_ok());
        for code in [408, 425, 429, 500, 503, 599] {
            assert!(matches!(status(code), Failure::Retry(_)), "{code}");
        }
        for code in [301, 308, 401, 403, 404, 410] {
            assert!(matches!(status(code), Failure::Config(_)), "{code}");
        }
        for code in [400, 409, 413, 422, 451] {
            let told = Failure::Rejected(format!("the server answered {code}: why not"));
            assert_eq!(status(code), told);
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let after = |value: &str| {
            let host = crate::testing::Host::new();
            let response = answer(429, "").unwrap().with_header("Retry-After", value);
            crate::host::with(host.0.clone(), || response.retry_after())
        };
        assert_eq!(after("30"), Some(30));
        assert_eq!(after("Tue, 24 Nov 2026 12:33:30 GMT"), Some(60));
        assert_eq!(after("Tue, 24 Nov 2020 12:33:30 GMT"), Some(0));
        assert_eq!(after("soon"), None);
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        for good in ["https://a.b/c", "http://localhost:8080", "https://[::1]:3/"] {
            assert_eq!(check_url("/url", good), None, "{good}");
        }
        for bad in [
            "",
            "a.b",
            "ftp://a.b",
            "https://",
            "https:///x",
            "https://:80",
            "https://a b",
        ] {
            assert!(check_url("/url", bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn without_a_host_a_call_says_so_instead_of_ending_the_program() {
        let failure = Failure::from(Request::get("https://a.b").send().unwrap_err());
        assert!(failure.message().starts_with("there is no host"));
    }
}
