//! The blocks of a message, within Slack's limits.
//!
//! Invariant: whatever an event says, no text is longer than its block takes, and no value can call anybody or break out
//! of its block: `&`, `<` and `>` are escaped in markup.

use runwisp_plugin::message::{Message, Tone, cut};
use runwisp_plugin::template::Escaping;
use serde_json::{Value, json};

use crate::settings::Settings;

/// Limits of Block Kit, in characters.
const HEADER: usize = 150;
const SECTION: usize = 3000;
const CONTEXT: usize = 2000;
const URL: usize = 3000;

/// The longest plain text, which notifications show; Slack cuts at 40,000 and advises 4,000.
const TEXT: usize = 4000;

/// Between code and text.
const FENCE: &str = "```";

/// What a character costs once it is escaped.
fn cost(letter: char) -> usize {
    match letter {
        '&' => 5,
        '<' | '>' => 4,
        // Worst case: one that a fence is broken up with stands behind it.
        '`' => 2,
        _ => 1,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The message without its place: `text`, and `blocks` where there are any.
pub(crate) fn payload(settings: &Settings, message: &Message<'_>) -> Value {
    let mut blocks = Vec::new();
    let title = message
        .filled(settings.title.as_deref(), Escaping::None)
        .map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|title| !title.is_empty());
    let heading = title.clone().unwrap_or_else(|| message.heading());
    let own = message.own_text().is_some();
    if !own || title.is_some() {
        blocks.push(json!({
            "type": "header",
            "text": {"type": "plain_text", "text": cut(&heading, HEADER, |_| 1), "emoji": true},
        }));
    }
    let text = text(settings, message, own && title.is_none());
    blocks.push(section(text));
    let code = SECTION - 2 * FENCE.len() - 2;
    let tail = match settings.text {
        None => message.tail(code, cost),
        Some(_) => None,
    };
    if let Some(tail) = tail {
        let inside = escape(&tail).replace(FENCE, "`\u{200b}`\u{200b}`");
        blocks.push(section(format!("{FENCE}\n{inside}\n{FENCE}")));
    }
    let about = [message.facts_line(), Some(message.footer())];
    let about: Vec<String> = about.into_iter().flatten().collect();
    let about = cut(&about.join("\n"), CONTEXT, cost);
    if !about.is_empty() {
        blocks.push(json!({
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": escape(&about), "verbatim": true}],
        }));
    }
    let web = |link: &&str| link.starts_with("http") && link.len() <= URL;
    if let Some(link) = message.link().filter(web) {
        blocks.push(json!({
            "type": "actions",
            "elements": [{
                "type": "button",
                "action_id": "open",
                "text": {"type": "plain_text", "text": "Open"},
                "url": link,
            }],
        }));
    }
    let plain = cut(&message.plain(TEXT), TEXT, cost);
    json!({"text": escape(&plain), "blocks": blocks})
}

/// The text of the first section: who is called, and what happened.
fn text(settings: &Settings, message: &Message<'_>, marked: bool) -> String {
    let mut head = match message.tone() {
        Tone::Bad => settings.mentions(),
        Tone::Good | Tone::Plain | Tone::Warning => String::new(),
    };
    if marked {
        head = format!("{} {head}", message.tone().mark());
    }
    let head = head.trim_end();
    let filled = message
        .filled(settings.text.as_deref(), Escaping::Html)
        .map(|text| slack_escaping(&text))
        .filter(|text| !text.trim().is_empty());
    let left = SECTION.saturating_sub(head.chars().count() + 1);
    let text = match filled {
        Some(text) => cut(text.trim(), left, |_| 1),
        None => escape(&cut(message.sentence(), left, cost)),
    };
    format!("{head} {text}").trim_start().to_string()
}

/// A text in which values were escaped for HTML, as Slack has it: only `&`, `<` and `>` are.
fn slack_escaping(text: &str) -> String {
    [
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
    ]
    .iter()
    .fold(text.to_string(), |text, (reference, letter)| {
        text.replace(reference, letter)
    })
}

fn section(text: String) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
}

/// The same message as nothing but text.
pub(crate) fn without_blocks(payload: Value) -> Value {
    without(payload, &["blocks"])
}

/// The same message, answering nothing.
pub(crate) fn without_thread(payload: Value) -> Value {
    without(payload, &["thread_ts", "reply_broadcast"])
}

fn without(mut payload: Value, keys: &[&str]) -> Value {
    if let Some(table) = payload.as_object_mut() {
        table.retain(|key, _| !keys.contains(&key.as_str()));
    }
    payload
}
