//! Sends events to an address of yours: as JSON in our shape, or as whatever a template makes of them, signed on request.
//!
//! Sources: RFC 9110 (methods, headers, `Retry-After`); the Standard Webhooks specification 1.0 (`webhook-id`,
//! `webhook-timestamp`, `webhook-signature`); `docs/notifiers/webhook.md` has the document field by field.
//!
//! Invariant: neither the secret nor the address nor the value of a header stands in a text that leaves this crate.
//! Tests: `tests.rs`, `signature.rs`.

mod request;
mod settings;
mod signature;

use runwisp_plugin::http::{self, Response};
use runwisp_plugin::settings::in_one_line;
use runwisp_plugin::{Context, Descriptor, Event, Failure, Finding, Notifier, Receipt, clock};

pub use settings::Settings;

/// The plugin.
pub struct Webhook;

const NO_TARGETS: &str = "a webhook has no targets: it goes to its `url`";

impl Notifier for Webhook {
    type Settings = Settings;

    fn describe() -> Descriptor {
        Descriptor::new(
            "webhook",
            env!("CARGO_PKG_VERSION"),
            "Sends events to an address of yours, as JSON or as a template has it, signed on request",
        )
        .homepage("https://www.standardwebhooks.com/")
        .settings_schema(include_str!("../settings.schema.json"))
        .needs_http("$url")
        .needs_template()
    }

    fn check(settings: &Settings) -> Vec<Finding> {
        let mut findings = settings.faults();
        findings.extend(settings.body_fault());
        findings
    }

    fn check_target(_: &Settings, _: &str) -> Result<(), String> {
        Err(NO_TARGETS.into())
    }

    fn deliver(settings: &Settings, event: &Event, context: &Context) -> Result<Receipt, Failure> {
        let faults = settings.faults();
        if !faults.is_empty() {
            return Err(Failure::Config(in_one_line(&faults)));
        }
        if context.target.is_some() {
            return Err(Failure::Config(NO_TARGETS.into()));
        }
        let body = request::body(settings, event, context)?;
        let request = request::request(settings, context, body, clock::now());
        let outcome = match request.send() {
            Ok(response) => of_answer(settings, context, &response),
            Err(error) => Err(of_error(error)),
        };
        outcome.map_err(|failure| settings.masked(failure))
    }
}

/// What an answer means. The receipt's reference is the delivery's own id: a later document names it as the one that it
/// answers.
fn of_answer(
    settings: &Settings,
    context: &Context,
    response: &Response,
) -> Result<Receipt, Failure> {
    let taken = match &settings.success {
        Some(listed) => listed.contains(&response.status),
        None => response.is_success(),
    };
    if taken {
        let note = format!("the server answered {}", response.status);
        return Ok(Receipt::with_reference(&context.delivery_id).note(note));
    }
    Err(response.failure(""))
}

/// What it means that there is no answer. One that is too large is an answer nevertheless: the far side has had its
/// document, and would get it again with every retry.
fn of_error(error: http::Error) -> Failure {
    match error {
        http::Error::TooLarge(limit) => {
            Failure::Rejected(format!("the answer is larger than {limit} bytes"))
        }
        other => other.into(),
    }
}

runwisp_plugin::notifier!(Webhook);

#[cfg(test)]
mod tests;
