//! What in the settings of a notifier must not be seen, and how it is hidden.
//!
//! | in the settings | hidden |
//! | --- | --- |
//! | a text that a substitution (`${…}`) filled | all of it |
//! | a text under a key that sounds secret, or under `headers` | all of it |
//! | an address | user, password, and path with query where they are long enough to be a key |
//!
//! Tests: below.

use serde_json::Value;

/// What stands where a secret stood.
const MASK: &str = "***";
/// Shorter values are left alone: hiding `on` would hide half of every sentence.
const SHORTEST: usize = 4;
/// The shortest path of an address that may be a key.
const PATH: usize = 12;
/// Parts of the names of keys that hold secrets.
const SECRET: [&str; 6] = [
    "token",
    "secret",
    "password",
    "passphrase",
    "credential",
    "api_key",
];

/// The texts to hide, longest first.
pub(super) fn of(settings: &Value, filled: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for text in filled {
        found.push(text.clone());
        address(text, &mut found);
    }
    walk(settings, false, &mut found);
    found.retain(|text| text.len() >= SHORTEST);
    found.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    found.dedup();
    found
}

fn walk(value: &Value, secret: bool, found: &mut Vec<String>) {
    match value {
        Value::String(text) if secret => found.push(text.clone()),
        Value::String(text) => address(text, found),
        Value::Array(values) => values.iter().for_each(|value| walk(value, secret, found)),
        Value::Object(entries) => {
            for (key, value) in entries {
                let key = key.to_ascii_lowercase();
                let sounds = key == "headers" || SECRET.iter().any(|part| key.contains(part));
                walk(value, secret || sounds, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The parts of an address that may let somebody in.
fn address(text: &str, found: &mut Vec<String>) {
    let Some((_, rest)) = text.split_once("://") else {
        return;
    };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if let Some((user, _)) = authority.rsplit_once('@') {
        found.push(user.to_owned());
        found.extend(
            user.split_once(':')
                .map(|(_, password)| password.to_owned()),
        );
    }
    if path.len() >= PATH {
        found.push(path.to_owned());
    }
}

/// The text without the secrets.
pub(super) fn hide(secrets: &[String], text: &str) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        if text.contains(secret.as_str()) {
            text = text.replace(secret.as_str(), MASK);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_could_let_somebody_in_is_hidden_and_what_helps_to_find_a_fault_is_not() {
        let settings = json!({
            "webhook_url": "https://hooks.slack.com/services/T0/B0/XyZ123",
            "url": "http://me:pa55word@127.0.0.1:8080/hook",
            "bot_token": "123:abcdef",
            "channel": "#ops",
            "headers": {"Authorization": "Bearer zzzz"},
            "smtp": {"password": "hunter22"},
        });
        let secrets = of(&settings, &["filled-in".to_owned()]);
        let text = "POST https://hooks.slack.com/services/T0/B0/XyZ123 as Bearer zzzz: \
             123:abcdef hunter22 pa55word filled-in at http://127.0.0.1:8080/hook in #ops";
        assert_eq!(
            hide(&secrets, text),
            "POST https://hooks.slack.com*** as ***: *** *** *** *** at \
             http://127.0.0.1:8080/hook in #ops"
        );
    }
}
