//! What Slack makes of `&`, `<` and `>` in a text.
//!
//! Source: docs.slack.dev, "Formatting message text": the three have to be escaped, and what stands between `<` and `>`
//! is a link, a mention, a date or a special word.
//!
//! Invariant: pure. Tests: `tests` of the folder.

use serde_json::Value;

/// The texts of a message in which something would be shown otherwise than it was meant.
pub(super) fn mishaps(body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(text) = body["text"].as_str() {
        found.extend(mishap(text));
    }
    walk(&body["blocks"], &mut found);
    found
}

fn walk(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| walk(value, found)),
        Value::Object(fields) => {
            if let ("mrkdwn", Some(text)) = (
                value["type"].as_str().unwrap_or_default(),
                value["text"].as_str(),
            ) {
                found.extend(mishap(text));
            }
            fields.values().for_each(|value| walk(value, found));
        }
        _ => {}
    }
}

/// What is wrong with one text.
fn mishap(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>']) {
        let tail = &rest[at..];
        let taken = match tail.as_bytes()[0] {
            b'&' => ["&amp;", "&lt;", "&gt;"]
                .into_iter()
                .find(|escape| tail.starts_with(escape))
                .map(str::len),
            b'<' => tail
                .find('>')
                .filter(|end| control(&tail[1..*end]))
                .map(|end| end + 1),
            // At the beginning of a line it quotes.
            _ => (at == 0 || rest[..at].ends_with('\n')).then_some(1),
        };
        let Some(taken) = taken else {
            return Some(format!(
                "not escaped: {}",
                tail.chars().take(40).collect::<String>()
            ));
        };
        rest = &tail[taken..];
    }
    None
}

/// Whether what stands between `<` and `>` means something.
fn control(inside: &str) -> bool {
    let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
    let links = ["https://", "http://", "mailto:"];
    let plain = !target.contains(char::is_whitespace) && !label.contains(['<', '\n']);
    plain
        && (links.iter().any(|scheme| target.starts_with(scheme))
            || target.starts_with(['#', '@', '!']))
}
