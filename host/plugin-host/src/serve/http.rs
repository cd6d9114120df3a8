//! `http`: one request, one whole answer.

use std::time::{Duration, Instant};

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use reqwest::{Client, Url};

use crate::call::exchange::{HostCall, beginning};
use crate::call::state::State;
use crate::grant::address::Reach;
use crate::serve::Gate;
use crate::serve::names::NoAddress;
use crate::serve::whole;
use crate::since_v0_1::notifier::runwisp::plugin::http as wit;
use crate::since_v0_1::notifier::runwisp::plugin::http::Error;

/// The largest answer.
pub(super) const MAX_ANSWER: usize = 1 << 20;
/// The largest body that is sent.
pub(super) const MAX_BODY: usize = 8 << 20;
/// Headers of a request.
const MAX_HEADERS: usize = 100;
/// How long to wait where the plugin does not say.
const USUAL_WAIT: Duration = Duration::from_secs(15);
/// Headers that are the host's: they frame the message, or name the far side.
const OURS: [&str; 9] = [
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "keep-alive",
    "proxy-authorization",
];
/// Headers whose values are not shown, whether the host was told that they are secret or not.
const SECRET: [&str; 4] = ["authorization", "cookie", "set-cookie", "x-api-key"];

impl wit::Host for State {
    async fn send(
        &mut self,
        request: wit::Request,
    ) -> wasmtime::Result<Result<wit::Response, Error>> {
        Ok(self.gate.request(request).await)
    }
}

/// What a dry run answers: what most services say when all is well.
pub(super) const PRETENDED: &[u8] = br#"{"ok":true}"#;

fn pretended() -> wit::Response {
    wit::Response {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: PRETENDED.to_vec(),
    }
}

impl Gate {
    async fn request(&mut self, request: wit::Request) -> Result<wit::Response, Error> {
        let began = Instant::now();
        let asked = format!("{} {}", request.method, request.url);
        let sent = shown(
            &request.headers,
            request.body.as_deref().unwrap_or_default(),
        );
        let answer = match self.prepare(&request) {
            Ok(_) if self.services.0.dry_run => Ok(pretended()),
            Ok((client, method, url, headers)) => {
                let wait = request
                    .timeout_ms
                    .map_or(USUAL_WAIT, |ms| Duration::from_millis(ms.into()));
                let wait = wait.min(self.time_left());
                let mut builder = client.request(method, url).headers(headers).timeout(wait);
                if let Some(body) = request.body {
                    builder = builder.body(body);
                }
                exchange(builder, wait).await
            }
            Err(error) => Err(error),
        };
        let (outcome, received) = match &answer {
            Ok(response) => (
                Ok(response.status.to_string()),
                shown(&response.headers, &response.body),
            ),
            Err(error) => (Err(told(error)), String::new()),
        };
        self.record(HostCall {
            asked,
            sent,
            outcome,
            received,
            took: began.elapsed(),
        });
        answer
    }

    fn prepare(
        &mut self,
        request: &wit::Request,
    ) -> Result<(Client, Method, Url, HeaderMap), Error> {
        self.count().map_err(Error::Denied)?;
        let invalid =
            |what: &str, why: &dyn std::fmt::Display| Error::Invalid(format!("{what}: {why}"));
        let url = Url::parse(&request.url).map_err(|e| invalid("the address", &e))?;
        let reach = self.admit(&url)?;
        let method =
            Method::from_bytes(request.method.as_bytes()).map_err(|e| invalid("the method", &e))?;
        if method == Method::CONNECT || method == Method::TRACE {
            return Err(Error::Invalid(format!(
                "the method {method} is not for plugins"
            )));
        }
        if request
            .body
            .as_ref()
            .is_some_and(|body| body.len() > MAX_BODY)
        {
            return Err(Error::Invalid(format!(
                "the body is larger than {MAX_BODY} bytes"
            )));
        }
        let headers = headers(&request.headers)?;
        let client = self.client(reach)?;
        Ok((client, method, url, headers))
    }

    /// Whether a request may go there, and how far its name may lead.
    pub(super) fn admit(&self, url: &Url) -> Result<Reach, Error> {
        let own = match url.scheme() {
            "http" => 80,
            "https" => 443,
            other => {
                return Err(Error::Invalid(format!(
                    "the scheme {other} is neither http nor https"
                )));
            }
        };
        let Some(host) = url.host_str() else {
            return Err(Error::Invalid("the address names no host".to_owned()));
        };
        let port = url.port_or_known_default().unwrap_or(own);
        let reach = self.granted.http(host, port, own).map_err(Error::Denied)?;
        // The client looks up names through us, but takes an address as it is.
        let bare = host.trim_matches(['[', ']']);
        if let Ok(address) = bare.parse() {
            let judged = self.services.0.names.judge(bare, vec![address], reach);
            judged.map_err(|e| Error::Denied(e.to_string()))?;
        }
        Ok(reach)
    }

    pub(super) fn client(&self, reach: Reach) -> Result<Client, Error> {
        let shared = &self.services.0;
        shared
            .clients
            .get(reach, &shared.trust)
            .cloned()
            .map_err(Error::Tls)
    }
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap, Error> {
    if given.len() > MAX_HEADERS {
        return Err(Error::Invalid(format!(
            "there are more than {MAX_HEADERS} headers"
        )));
    }
    let mut headers = HeaderMap::with_capacity(given.len());
    for (name, value) in given {
        let lower = name.to_ascii_lowercase();
        if OURS.contains(&&*lower) {
            return Err(Error::Invalid(format!(
                "the header {lower} is the host's own; leave it out"
            )));
        }
        let wrong = || Error::Invalid(format!("the header `{name}` is no proper one"));
        let name = HeaderName::from_bytes(lower.as_bytes()).map_err(|_| wrong())?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    Ok(headers)
}

async fn exchange(
    request: reqwest::RequestBuilder,
    wait: Duration,
) -> Result<wit::Response, Error> {
    let mut response = request.send().await.map_err(|e| failure(&e, wait))?;
    let status = response.status().as_u16();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| failure(&e, wait))? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(Error::TooLarge(MAX_ANSWER as u64));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(wit::Response {
        status,
        headers,
        body,
    })
}

/// What kind of failure it was; told by the causes' types, not by their words.
pub(super) fn failure(error: &reqwest::Error, wait: Duration) -> Error {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(refused @ NoAddress::Refused { .. }) = error.downcast_ref::<NoAddress>() {
            return Error::Denied(refused.to_string());
        }
        if error.is::<rustls::Error>() {
            return Error::Tls(error.to_string());
        }
        // An I/O error that only wraps another skips it in its chain of causes.
        let inner = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        cause = inner
            .map(|inner| inner as &dyn std::error::Error)
            .or_else(|| error.source());
    }
    // The address is left out: it may hold a secret that nobody declared, and the plugin knows it.
    if error.is_timeout() {
        Error::Timeout(format!("no whole answer after {} ms", wait.as_millis()))
    } else if error.is_builder() {
        Error::Invalid(causes(error))
    } else {
        Error::Connect(causes(error))
    }
}

fn causes(error: &reqwest::Error) -> String {
    std::error::Error::source(error).map_or_else(|| "the connection failed".to_owned(), whole)
}

fn told(error: &Error) -> String {
    match error {
        Error::Denied(why) => format!("denied: {why}"),
        Error::Invalid(why) => format!("no proper request: {why}"),
        Error::Timeout(why) => format!("timeout: {why}"),
        Error::Connect(why) => format!("no connection: {why}"),
        Error::Tls(why) => format!("no trust: {why}"),
        Error::TooLarge(limit) => format!("the answer is larger than {limit} bytes"),
    }
}

fn shown(headers: &[(String, String)], body: &[u8]) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        let secret = SECRET
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret));
        text.push_str(&format!("{name}: {}\n", if secret { "***" } else { value }));
    }
    if !body.is_empty() {
        text.push('\n');
        text.push_str(&beginning(body));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Result<HeaderMap, Error> {
        headers(&[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn headers_that_frame_a_message_are_the_hosts_own() {
        for name in OURS {
            assert!(matches!(one(name, "x"), Err(Error::Invalid(_))), "{name}");
        }
        assert!(one("Content-Length", "5").is_err());
        assert!(one("x-a", "b\r\nhost: c").is_err());
        assert!(one("x a", "b").is_err());
        assert_eq!(one("X-A", "b").unwrap()["x-a"], "b");
    }

    #[test]
    fn secret_headers_are_not_shown() {
        let headers = [
            ("Authorization".to_owned(), "Bearer x".to_owned()),
            ("a".to_owned(), "b".to_owned()),
        ];
        assert_eq!(shown(&headers, b"text"), "Authorization: ***\na: b\n\ntext");
    }
}
