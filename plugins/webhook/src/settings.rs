//! What users write in `[notifiers.ID]` with `type = "webhook"`.
//!
//! Invariant: no value stands in a message, because any of them may be a secret. Tests: `tests.rs`.

use std::collections::BTreeMap;

use runwisp_plugin::message::{check_template, template_values};
use runwisp_plugin::sample::sample;
use runwisp_plugin::schemars::{self, JsonSchema};
use runwisp_plugin::template::{self, Escaping};
use runwisp_plugin::{Context, Failure, Finding, http};
use serde::Deserialize;

use crate::request::json_fault;
use crate::signature::{self, Key};

/// The settings of the notifier `webhook`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where events are sent.
    #[schemars(extend("writeOnly" = true))]
    pub url: String,
    /// How they are sent. With `GET` and `HEAD` nothing but the call itself arrives.
    #[serde(default = "post")]
    pub method: String,
    /// Further headers, such as `authorization`.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    pub headers: BTreeMap<String, String>,
    /// A template for the content, instead of our document. In JSON, write values as `{{ title|tojson }}`.
    pub body: Option<String>,
    /// What the content is; `application/json` when left out.
    pub content_type: Option<String>,
    /// A secret that both sides know; each request is then signed with it. Behind `whsec_` it is base64.
    #[schemars(extend("writeOnly" = true))]
    pub secret: Option<String>,
    /// The statuses that mean that an event was taken; 200 to 299 when left out.
    #[schemars(inner(range(min = 200, max = 599)))]
    pub success: Option<Vec<u16>>,
}

fn post() -> String {
    "POST".into()
}

/// Headers that are not the user's to set, and whose they are.
const TAKEN: [(&str, &str); 9] = [
    ("host", "the address says it"),
    ("content-length", "the content says it"),
    ("transfer-encoding", "the connection has its own"),
    ("connection", "the connection has its own"),
    ("upgrade", "the connection has its own"),
    ("te", "the connection has its own"),
    (signature::ID, "every delivery has its own"),
    (signature::TIMESTAMP, "every attempt has its own"),
    (signature::SIGNATURE, "`secret` makes it"),
];

/// Shorter values are not worth masking: they would take ordinary words with them.
const WORTH_MASKING: usize = 6;

impl Settings {
    /// A header of the user's, in whatever case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |(key, _): &(&String, &String)| key.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_str())
    }

    /// What the content is.
    pub(crate) fn content_type(&self) -> &str {
        let set = self.content_type.as_deref();
        set.or_else(|| self.header("content-type"))
            .unwrap_or("application/json")
    }

    /// Whether the content has to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        let kind = self.content_type().split(';').next().unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        kind == "application/json" || kind.ends_with("+json")
    }

    /// Whether the method carries content.
    pub(crate) fn has_body(&self) -> bool {
        !["GET", "HEAD"].contains(&self.method.as_str())
    }

    /// What can't be sent, and what contradicts itself.
    pub(crate) fn faults(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = http::check_url("/url", &self.url).into_iter().collect();
        findings.extend(self.method_fault());
        findings.extend(self.header_faults());
        findings.extend(self.content_faults());
        if let Some(Err(fault)) = self.secret.as_deref().map(Key::read) {
            let help = "Make one with `openssl rand -base64 32`, and write `whsec_` before it.";
            findings.push(Finding::error("/secret", fault).help(help));
        }
        for (place, status) in self.success.iter().flatten().enumerate() {
            if !(200..=599).contains(status) {
                let fault = "no answer has this status";
                findings.push(
                    Finding::error(format!("/success/{place}"), fault)
                        .help("A status is a number from 200 to 599, such as 204."),
                );
            }
        }
        if self.success.as_ref().is_some_and(Vec::is_empty) {
            let fault = "with no status nothing could ever succeed";
            findings.push(Finding::error("/success", fault).help("Leave it out for 200 to 299."));
        }
        findings
    }

    fn method_fault(&self) -> Option<Finding> {
        let word = !self.method.is_empty()
            && self
                .method
                .bytes()
                .all(|letter| letter.is_ascii_uppercase() || letter == b'-');
        let fault = match self.method.as_str() {
            "CONNECT" | "TRACE" => "this method delivers nothing",
            _ if word => return None,
            _ => "this is not the name of a method",
        };
        Some(Finding::error("/method", fault).help("Write it in capital letters: `POST`, `PUT`, …"))
    }

    fn header_faults(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut seen = Vec::new();
        for (name, value) in &self.headers {
            let at = format!("/headers/{}", name.replace('~', "~0").replace('/', "~1"));
            let lower = name.to_ascii_lowercase();
            if !is_token(name) {
                let help = "A name has letters, digits and `-`, and no colon.";
                findings.push(Finding::error(&at, "this is not the name of a header").help(help));
            } else if let Some((_, why)) = TAKEN.iter().find(|(taken, _)| *taken == lower) {
                let fault = format!("this header can't be set: {why}");
                findings.push(Finding::error(&at, fault).help("Remove it."));
            }
            if seen.contains(&lower) {
                findings.push(Finding::error(&at, "this header is set twice").help("Keep one."));
            }
            seen.push(lower);
            if !is_value(value) {
                let fault = "a header holds one line of ASCII characters";
                findings.push(Finding::error(&at, fault).help("Remove line ends and accents."));
            }
        }
        findings
    }

    fn content_faults(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(kind) = &self.content_type {
            if !is_value(kind) || !kind.contains('/') {
                let help = "A content type looks like `application/json` or `text/plain`.";
                findings
                    .push(Finding::error("/content_type", "this is no content type").help(help));
            }
            if self.header("content-type").is_some() {
                let fault = "`content_type` and the header `content-type` exclude each other";
                findings.push(Finding::error("/content_type", fault).help("Keep `content_type`."));
            }
        }
        if self.body.is_some() && !self.has_body() {
            let fault = format!("a {} has no content", self.method);
            let help = "Remove `body`, or use `method = \"POST\"`.";
            findings.push(Finding::error("/body", fault).help(help));
        }
        findings
    }

    /// What is wrong with the template, found out by filling it. The events it is filled with have quotes and accents in
    /// them, so that what forgets to escape them is found out, too.
    pub(crate) fn body_fault(&self) -> Option<Finding> {
        let template = self.body.as_deref()?;
        if let Some(finding) = check_template("/body", Some(template)) {
            return Some(finding);
        }
        if !self.is_json() {
            return None;
        }
        ["run.failed", "daemon.started"].iter().find_map(|kind| {
            let values = template_values(&sample(kind), &Context::default());
            let text = template::render(template, &values, Escaping::None).ok()?;
            let why = json_fault(&text)?;
            Some(
                Finding::error("/body", format!("the template makes no JSON: {why}")).help(
                    "Write values as `{{ title|tojson }}`, without quotes around them; or set `content_type`.",
                ),
            )
        })
    }

    /// A failure in which nothing stands that was written into the settings.
    pub(crate) fn masked(&self, failure: Failure) -> Failure {
        let path = self
            .url
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
        let values = self.headers.values().flat_map(|value| {
            let token = value.split_once(' ').map(|(_, token)| token);
            [Some(value.as_str()), token]
        });
        [Some(self.url.as_str()), path, self.secret.as_deref()]
            .into_iter()
            .chain(values)
            .flatten()
            .filter(|secret| secret.len() >= WORTH_MASKING)
            .fold(failure, |failure, secret| failure.masked(secret))
    }
}

/// A name as RFC 9110, 5.6.2 has it.
fn is_token(name: &str) -> bool {
    let sound = |letter: u8| letter.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&letter);
    !name.is_empty() && name.bytes().all(sound)
}

/// A value as RFC 9110, 5.5 has it, without what it calls obsolete.
fn is_value(value: &str) -> bool {
    value
        .bytes()
        .all(|letter| (b' '..=b'~').contains(&letter) || letter == b'\t')
}
