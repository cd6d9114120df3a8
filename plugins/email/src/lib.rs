//! Sends mail: a message of plain text and HTML, in one thread with the one it answers. The host speaks SMTP; this writes
//! the message.
//!
//! Sources: RFC 5322 (messages), 2045 to 2047 (MIME), 3834 (`Auto-Submitted`), 5321 (limits of addresses). The encodings
//! are mail-builder's.
//!
//! Invariant: the same delivery makes the same message, byte for byte; nothing from an event or a setting begins a header;
//! a login is never sent without TLS. Tests: `tests/`, `address.rs`.

mod address;
mod compose;
mod html;
mod settings;

use runwisp_plugin::message::check_template;
use runwisp_plugin::settings::in_one_line;
use runwisp_plugin::{
    Context, Descriptor, Event, Failure, Finding, Notifier, Receipt, Severity, mail,
};

use address::Mailbox;
pub use address::OneOrMany;
pub use settings::{Security, Settings};

/// The plugin.
pub struct Email;

/// How much of the server's answer is kept.
const ANSWER: usize = 200;

impl Notifier for Email {
    type Settings = Settings;

    fn describe() -> Descriptor {
        Descriptor::new(
            "email",
            env!("CARGO_PKG_VERSION"),
            "Sends mail as text and HTML, a recovery in one thread with its failure",
        )
        .homepage("https://www.rfc-editor.org/rfc/rfc5322")
        .settings_schema(include_str!("../settings.schema.json"))
        .needs_mail()
        .needs_template()
    }

    fn check(settings: &Settings) -> Vec<Finding> {
        let mut findings = settings.findings();
        for (pointer, template) in [
            ("/subject", &settings.subject),
            ("/text", &settings.text),
            ("/html", &settings.html),
        ] {
            findings.extend(check_template(pointer, template.as_deref()));
        }
        findings
    }

    fn check_target(_: &Settings, target: &str) -> Result<(), String> {
        Mailbox::parse(target).map(drop).map_err(str::to_owned)
    }

    fn deliver(settings: &Settings, event: &Event, context: &Context) -> Result<Receipt, Failure> {
        let mut faults = settings.findings();
        faults.retain(|finding| finding.severity == Severity::Error);
        if !faults.is_empty() {
            return Err(Failure::Config(in_one_line(&faults)));
        }
        // Settings have no faults by now, so it is the target that has one.
        let people = settings
            .people(context.target.as_deref())
            .map_err(|why| Failure::Config(format!("the target: {why}")))?;
        let id = compose::message_id(&people.from, event, context);
        let message = compose::message(settings, &people, &id, event, context);
        let answer = mail::send(&settings.server(), &people.envelope(), &message)
            .map_err(|error| settings.masked(error.into()))?;
        let note = compose::one_line(&answer, ANSWER);
        Ok(Receipt::with_reference(format!("<{id}>")).note(note))
    }
}

runwisp_plugin::notifier!(Email);

#[cfg(test)]
mod tests;
