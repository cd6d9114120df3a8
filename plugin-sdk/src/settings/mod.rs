//! Settings: from the JSON that the host gives to the type that a plugin declares, with every problem told at once and
//! at its place.
//!
//! Invariant: no value of a setting ever stands in a message, because any of them may be a secret.

mod reading;

use serde::de::DeserializeOwned;
use serde_json::Value;

use reading::{Fault, Misfit, read};

use crate::{Finding, Severity};

/// A table with more problems than this is no table of ours.
const MOST: usize = 64;

/// Reads settings. On failure, everything that can be found out: each key that is not known, each value that does not
/// fit, and the first key that is missing.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Finding>> {
    let mut value: Value = serde_json::from_str(text)
        .map_err(|_| vec![Finding::error("", "the settings are not JSON")])?;
    let mut findings = Vec::new();
    let mut removed = Vec::new();
    for _ in 0..MOST {
        let misfit = match read::<T>(&value) {
            Ok(settings) if findings.is_empty() => return Ok(settings),
            Ok(_) => break,
            Err(misfit) => misfit,
        };
        let (pointer, finding) = explain(misfit);
        // What was taken out because it did not fit is missing now; that has been told.
        if removed.contains(&pointer) {
            break;
        }
        findings.push(finding);
        if !remove(&mut value, &pointer) {
            break;
        }
        removed.push(pointer);
    }
    Err(findings)
}

/// Findings as one text, for where there is no place to show them at.
pub fn in_one_line(findings: &[Finding]) -> String {
    let told = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(
            |finding| match finding.pointer.trim_start_matches('/').replace('/', ".") {
                key if key.is_empty() => finding.message.clone(),
                key => format!("{key}: {}", finding.message),
            },
        );
    told.collect::<Vec<_>>().join("; ")
}

/// The longest word that a near one is looked for: the work grows with its square.
const LONGEST_WORD: usize = 100;

/// The word of `known` that is nearest to `word`, if one is near: at most a third of its letters differ. A word of more
/// than 100 letters is like nothing.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.chars().nth(LONGEST_WORD).is_some() {
        return None;
    }
    let word = word.to_ascii_lowercase();
    known
        .into_iter()
        .map(|other| (distance(&word, &other.to_ascii_lowercase()), other))
        .filter(|(distance, other)| *distance <= other.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// One value as a type, for what is no settings; the error is for people, and has no value in it.
pub(crate) fn fit<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    read(value).map_err(|misfit| in_one_line(&[explain(misfit).1]))
}

/// What does not fit, for people; and where the key is that it is said of, which is taken out to go on looking.
fn explain(misfit: Misfit) -> (String, Finding) {
    let place = misfit.pointer();
    let finding = |message: String| Finding::error(place.clone(), message);
    let mean = |near: &str| format!("Did you mean `{near}`?");
    let finding = match misfit.fault {
        Fault::UnknownKey { key, known } => {
            let help = match nearest(&key, known.iter().copied()) {
                Some(near) => mean(near),
                None if known.is_empty() => "There is nothing to set here.".into(),
                None => format!("Known keys are {}.", listed(known)),
            };
            finding(format!("unknown key `{key}`")).help(help)
        }
        Fault::MissingKey(key) => {
            let finding = finding(format!("`{key}` is missing"));
            return (format!("{place}/{key}"), finding);
        }
        Fault::UnknownWord { word, known } => {
            let finding = finding(format!("must be one of {}", listed(known)));
            match nearest(&word, known.iter().copied()) {
                Some(near) => finding.help(mean(near)),
                None => finding,
            }
        }
        Fault::Kind {
            wanted,
            found: Some(found),
        } => finding(format!("expected {}, found {found}", plain(&wanted))),
        Fault::Kind {
            wanted,
            found: None,
        } => finding(format!("expected {}", plain(&wanted))),
        Fault::Said(said) => finding(without_values(&said)),
    };
    (place, finding)
}

/// Rust's words for shapes, as users of TOML say them.
fn plain(wanted: &str) -> String {
    match wanted {
        "a sequence" => "a list".into(),
        "a map" => "a table".into(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative".into(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".into(),
        "f32" | "f64" => "a number".into(),
        "a boolean" | "a string" => wanted.into(),
        other if other.starts_with("struct ") => "a table".into(),
        other => other.into(),
    }
}

/// A message of a type's own parser. It may quote the value in double quotes, so quoted text is left out.
fn without_values(said: &str) -> String {
    let mut kept = String::new();
    for (place, part) in said.split('"').enumerate() {
        kept.push_str(if place % 2 == 0 { part } else { "…" });
    }
    kept
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Takes a value out. False when there is nothing to take: the whole table, or what is not there.
fn remove(value: &mut Value, pointer: &str) -> bool {
    let Some((parent, key)) = pointer.rsplit_once('/') else {
        return false;
    };
    let key = key.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(table)) => {
            let before = table.len();
            table.retain(|name, _| *name != key);
            table.len() < before
        }
        // Out of a list nothing is taken: what stands behind it would be told at a wrong place.
        _ => false,
    }
}

/// How many letters have to be changed, added, removed or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut before = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut next = vec![at + 1];
        for (place, known) in other.iter().enumerate() {
            let changed = row[place] + usize::from(letter != known);
            let mut least = changed.min(row[place + 1] + 1).min(next[place] + 1);
            let swapped =
                at > 0 && place > 0 && one[at - 1] == *known && *letter == other[place - 1];
            if let (true, Some(older)) = (swapped, place.checked_sub(1).and_then(|p| before.get(p)))
            {
                least = least.min(older + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read from JSON")]
    struct Settings {
        webhook_url: String,
        port: Option<u16>,
        #[serde(default)]
        to: Vec<String>,
        mode: Option<Mode>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Starttls,
        Tls,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read from JSON")]
    struct Inner {
        inner: u8,
    }

    fn findings(text: &str) -> Vec<(String, String, Option<String>)> {
        parse::<Settings>(text)
            .unwrap_err()
            .into_iter()
            .map(|finding| (finding.pointer, finding.message, finding.help))
            .collect()
    }

    fn told(pointer: &str, message: &str, help: Option<&str>) -> (String, String, Option<String>) {
        (pointer.into(), message.into(), help.map(String::from))
    }

    #[test]
    fn every_problem_is_told_at_once_and_at_its_place() {
        assert_eq!(
            findings(
                r#"{"webhok_url": "xoxb-secret", "prot": 1, "port": "xoxb-secret", "mode": "startls",
                    "inner": {"inner": 3, "iner": 2, "a/b": 1}}"#
            ),
            [
                told(
                    "/inner/a~1b",
                    "unknown key `a/b`",
                    Some("Known keys are `inner`.")
                ),
                told(
                    "/inner/iner",
                    "unknown key `iner`",
                    Some("Did you mean `inner`?")
                ),
                told(
                    "/mode",
                    "must be one of `starttls` and `tls`",
                    Some("Did you mean `starttls`?")
                ),
                told(
                    "/port",
                    "expected a whole number that is not negative, found a string",
                    None
                ),
                told("/prot", "unknown key `prot`", Some("Did you mean `port`?")),
                told(
                    "/webhok_url",
                    "unknown key `webhok_url`",
                    Some("Did you mean `webhook_url`?")
                ),
                told("", "`webhook_url` is missing", None),
            ]
        );
    }

    #[test]
    fn a_key_that_is_named_like_its_table_is_told_where_it_is() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Empty {}
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only read from JSON")]
        struct Outer {
            a: Empty,
        }
        let findings = parse::<Outer>(r#"{"a": {"a": 1}}"#).unwrap_err();
        assert_eq!(findings[0].pointer, "/a/a");
    }

    #[test]
    fn a_list_is_told_of_up_to_its_first_wrong_item() {
        assert_eq!(
            findings(r#"{"webhook_url": "u", "to": ["a", 5, 6]}"#),
            [told("/to/1", "expected a string, found an integer", None)]
        );
        assert_eq!(
            findings(r#"{"webhook_url": "u", "to": "a"}"#),
            [told("/to", "expected a list, found a string", None)]
        );
    }

    #[test]
    fn no_value_is_ever_told() {
        for text in [
            r#""S3CRET""#,
            r#"{"webhook_url": ["S3CRET"]}"#,
            r#"{"webhook_url": "u", "port": "S3CRET, expected \"x\""}"#,
            r#"{"webhook_url": "u", "mode": "S3CRET"}"#,
            r#"{"webhook_url": "u", "inner": "S3CRET"}"#,
            r#"{"webhook_url": "u", "port": 99999999}"#,
        ] {
            let all = format!("{:?}", findings(text));
            assert!(!all.contains("S3CRET") && !all.contains("9999"), "{all}");
        }
    }

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["webhook_url", "token", "to"];
        assert_eq!(nearest("tokne", known), Some("token"));
        assert_eq!(nearest("Webhook-url", known), Some("webhook_url"));
        assert_eq!(nearest("chat", known), None);
    }
}
