//! The text of a message, as Telegram's HTML and as plain text for when that is not taken.
//!
//! Invariant: the text that is left once the tags are gone is never longer than Telegram takes; no value brings a tag.

use runwisp_plugin::message::{Message, cut};
use runwisp_plugin::template::Escaping;

/// The longest text, in units of UTF-16 and after tags and references are read.
const LIMIT: usize = 4096;

/// A message in both forms.
pub(crate) struct Text {
    pub(crate) html: String,
    pub(crate) plain: String,
}

/// The text of a message: what the user's template makes of it, or ours.
pub(crate) fn text(template: Option<&str>, message: &Message<'_>) -> Text {
    let filled = message
        .filled(template, Escaping::Html)
        .filter(|text| !text.trim().is_empty());
    let Some(html) = filled else {
        return ours(message);
    };
    let plain = without_tags(&html);
    match length(&plain) <= LIMIT {
        true => Text { html, plain },
        // Cut HTML might end within a tag, so what is too long loses its tags first.
        false => {
            let plain = cut(&plain, LIMIT, char::len_utf16);
            Text {
                html: escape(&plain),
                plain,
            }
        }
    }
}

fn ours(message: &Message<'_>) -> Text {
    let link = message.link().filter(|link| link.starts_with("http"));
    let foot = message.footer();
    let facts = message.facts_line();
    let heading = message.heading();
    let fixed = length(&heading)
        + length(&foot)
        + facts.as_deref().map_or(0, length)
        + link.map_or(0, |_| length("Open"));
    // Eight line breaks at most stand between the parts.
    let left = LIMIT.saturating_sub(fixed + 8);
    let mut html = match message.own_text() {
        Some(text) => {
            let marked = format!("{} {text}", message.tone().mark());
            escape(&cut(&marked, left, char::len_utf16))
        }
        None => {
            // The sentence leaves at least half of the room to the output.
            let sentence = cut(message.sentence(), left / 2, char::len_utf16);
            format!("<b>{}</b>\n{}", escape(&heading), escape(&sentence))
        }
    };
    let room = left.saturating_sub(length(message.sentence()).min(left / 2));
    if let Some(facts) = facts {
        html.push_str(&format!("\n{}", escape(&facts)));
    }
    if let Some(tail) = message.tail(room, char::len_utf16) {
        html.push_str(&format!("\n\n<pre>{}</pre>", escape(&tail)));
    }
    html.push_str("\n\n");
    if let Some(link) = link {
        html.push_str(&format!("<a href=\"{}\">Open</a>\n", escape(link)));
    }
    html.push_str(&format!("<i>{}</i>", escape(&foot)));
    Text {
        html,
        plain: message.plain(LIMIT / 2),
    }
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// What is left of HTML when its tags are gone and its references are letters again.
pub(crate) fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        match rest[start..].find('>') {
            Some(end) => rest = &rest[start + end + 1..],
            None => {
                text.push_str(&rest[start..]);
                rest = "";
            }
        }
    }
    text.push_str(rest);
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text, |text, (reference, letter)| {
        text.replace(reference, letter)
    })
}
