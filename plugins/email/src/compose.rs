//! The message, from an event to the bytes that a server takes.
//!
//! Invariant: what comes from an event or a setting gets into a header as one line, encoded by mail-builder. Tests:
//! `tests/compose.rs`, which reads the bytes with another parser.

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};
use runwisp_plugin::message::{Message, cut};
use runwisp_plugin::template::Escaping;
use runwisp_plugin::{Context, Event};

use crate::address::Mailbox;
use crate::html;
use crate::settings::{People, Settings};

/// A subject that is longer is shown by no list of mails.
const SUBJECT: usize = 250;
/// The longest plain text that is made from an event.
const TEXT: usize = 60_000;
/// The longest id that is taken from a delivery, and that is answered.
const ID: usize = 64;
const REFERENCE: usize = 250;

/// The id of a message, without its brackets: the same for the same delivery, in the sender's domain.
pub(crate) fn message_id(from: &Mailbox, event: &Event, context: &Context) -> String {
    let kept = |id: &str| -> String {
        let sound = |letter: &char| letter.is_ascii_alphanumeric() || "-_".contains(*letter);
        id.chars().filter(sound).take(ID).collect()
    };
    let mut id = kept(&context.delivery_id);
    if id.is_empty() {
        id = kept(&event.id);
    }
    format!("runwisp.{id}@{}", from.domain())
}

/// The id, without its brackets, of the message that is answered. What another kind of notifier has left is none.
fn answered(context: &Context) -> Option<&str> {
    let id = context
        .answers
        .as_deref()?
        .strip_prefix('<')?
        .strip_suffix('>')?;
    let sound = id
        .bytes()
        .all(|letter| letter.is_ascii_graphic() && !b"<>".contains(&letter));
    (sound && id.contains('@') && id.len() <= REFERENCE).then_some(id)
}

/// The whole message.
pub(crate) fn message(
    settings: &Settings,
    people: &People,
    id: &str,
    event: &Event,
    context: &Context,
) -> Vec<u8> {
    let said = Message::new(event, context);
    let seconds = i64::try_from(event.at / 1000).unwrap_or_default();
    let mut mail = MessageBuilder::new()
        .header("Date", mail_builder::headers::date::Date::new(seconds))
        .message_id(id)
        .from(address(&people.from))
        .to(list(&people.to));
    if !people.cc.is_empty() {
        mail = mail.cc(list(&people.cc));
    }
    if let Some(reply_to) = &people.reply_to {
        mail = mail.reply_to(address(reply_to));
    }
    mail = mail.subject(subject(settings, event, &said));
    if let Some(other) = answered(context) {
        mail = mail.in_reply_to(other).references(other);
    }
    // Nobody's absence note answers a machine: RFC 3834, 5, and what Exchange has in place of it.
    mail = mail
        .header("Auto-Submitted", Text::new("auto-generated"))
        .header("X-Auto-Response-Suppress", Text::new("All"));
    let unit = event.unit.as_ref().map(|unit| unit.name.as_str());
    for (name, value) in [
        ("X-Runwisp-Kind", Some(event.kind.as_str())),
        ("X-Runwisp-Unit", unit),
        ("X-Runwisp-Host", Some(event.host.as_str())),
    ] {
        let value = one_line(value.unwrap_or_default(), SUBJECT);
        if !value.is_empty() {
            mail = mail.header(name, Text::new(value));
        }
    }
    let mut bytes = Vec::new();
    mail.body(body(settings, &said, id)).serialize(&mut bytes);
    bytes
}

fn address(mailbox: &Mailbox) -> Address<'_> {
    Address::new_address(mailbox.name.as_deref(), mailbox.address.as_str())
}

fn list(mailboxes: &[Mailbox]) -> Address<'_> {
    Address::new_list(mailboxes.iter().map(address).collect())
}

fn subject(settings: &Settings, event: &Event, said: &Message) -> String {
    let filled = said.filled(settings.subject.as_deref(), Escaping::None);
    let own = one_line(&filled.unwrap_or_default(), SUBJECT);
    if !own.is_empty() {
        return own;
    }
    let heading = said.heading();
    match event.host.as_str() {
        "" => one_line(&heading, SUBJECT),
        host => one_line(&format!("{heading} · {host}"), SUBJECT),
    }
}

/// Text and HTML as two ways to say the same. Who has a template for the text alone wants no HTML of ours beside it.
fn body(settings: &Settings, said: &Message, id: &str) -> MimePart<'static> {
    let text = said.filled(settings.text.as_deref(), Escaping::None);
    let html = said.filled(settings.html.as_deref(), Escaping::Html);
    let html = match (text.is_some(), html) {
        (_, Some(html)) => Some(html),
        (true, None) => None,
        (false, None) => Some(html::page(said)),
    };
    let text = plain(&text.unwrap_or_else(|| said.plain(TEXT)));
    let Some(html) = html.map(|html| plain(&html)) else {
        return part("text/plain", text);
    };
    let boundary = boundary(id, &[&text, &html]);
    let kind = ContentType::new("multipart/alternative").attribute("boundary", boundary);
    let parts = vec![part("text/plain", text), part("text/html", html)];
    MimePart::new(kind, BodyPart::Multipart(parts))
}

fn part(kind: &'static str, text: String) -> MimePart<'static> {
    let kind = ContentType::new(kind).attribute("charset", "utf-8");
    MimePart::new(kind, BodyPart::Text(text.into()))
}

/// What stands between the parts: made of the id, so that the same delivery is the same message, and in none of the
/// parts. `=_` stands in nothing that is written as quoted-printable or base64 (RFC 2045, 6.7).
fn boundary(id: &str, parts: &[&str]) -> String {
    let own = id.split('@').next().unwrap_or_default();
    let own: String = own
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect();
    let mut boundary = format!("=_{own}");
    while parts.iter().any(|part| part.contains(&boundary)) {
        boundary.push('_');
    }
    boundary
}

/// A text without what no mail may hold: control characters but for line ends and tabs.
fn plain(text: &str) -> String {
    let kept = |letter: &char| !letter.is_control() || "\n\t".contains(*letter);
    text.chars().filter(kept).collect()
}

/// A text as one line.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    cut(&words.join(" "), limit, |_| 1)
}
