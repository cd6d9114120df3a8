//! JSON values of an importer as TOML text.
//!
//! Invariant: what is written reads back as the same value, whatever characters it holds; foreign text stays text.
//!
//! Tests: below.

use std::fmt::Write;

use runwisp_core::config::PER_RUN;
use serde_json::Value as Json;
use toml_edit::Key;

/// The sole key of an object that stands for a text in which `${…}` is substituted.
pub(super) const SUBSTITUTE: &str = "$substitute";

/// How a line begins by which an import knows its own parts of a file; no line of a value does.
pub(super) const MARK: &str = "#:";

/// Whether `${` is two characters in the texts of a value, or part of a command that is left alone anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Foreign text: `${` is escaped.
    Literal,
    /// A command: nothing is substituted in it, so nothing is escaped.
    Command,
}

/// The value as it stands behind `key = `. The error completes "the value …".
pub(super) fn toml(value: &Json, manner: Manner) -> Result<String, String> {
    let mut out = String::new();
    match value {
        Json::String(text) if text.contains('\n') => lines(&mut out, &meant(text, manner)),
        _ => write(&mut out, value, manner)?,
    }
    Ok(out)
}

/// A key, in quotes where it needs them.
pub(super) fn key(name: &str) -> String {
    Key::new(name).to_string()
}

/// The text of `{"$substitute": "…"}`.
pub(super) fn substituted(value: &Json) -> Option<&str> {
    let object = value.as_object()?;
    if object.len() != 1 {
        return None;
    }
    object.get(SUBSTITUTE)?.as_str()
}

/// The value without the form that only importers know, for people and scripts.
pub(super) fn plain(value: &Json) -> Json {
    match (substituted(value), value) {
        (Some(text), _) => Json::from(text),
        (None, Json::Array(all)) => all.iter().map(plain).collect(),
        (None, Json::Object(all)) => {
            let all = all.iter().map(|(name, value)| (name.clone(), plain(value)));
            all.collect::<serde_json::Map<_, _>>().into()
        }
        (None, other) => other.clone(),
    }
}

fn write(out: &mut String, value: &Json, manner: Manner) -> Result<(), String> {
    if let Some(text) = substituted(value) {
        line(out, text);
        return Ok(());
    }
    match value {
        Json::Null => return Err("is null".to_owned()),
        Json::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => out.push_str(&whole.to_string()),
            (None, Some(part)) if !number.is_u64() => {
                out.push_str(&toml_edit::Value::from(part).to_string());
            }
            _ => return Err("is a number too large for TOML".to_owned()),
        },
        Json::String(text) => line(out, &meant(text, manner)),
        Json::Array(all) => {
            out.push('[');
            for (n, value) in all.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { ", " });
                write(out, value, manner)?;
            }
            out.push(']');
        }
        Json::Object(all) => {
            out.push('{');
            for (n, (name, value)) in all.iter().enumerate() {
                out.push_str(if n == 0 { " " } else { ", " });
                out.push_str(&key(name));
                out.push_str(" = ");
                write(out, value, manner)?;
            }
            out.push_str(if all.is_empty() { "}" } else { " }" });
        }
    }
    Ok(())
}

/// The text as the loader has to find it.
fn meant(text: &str, manner: Manner) -> String {
    if manner == Manner::Command || !text.contains("${") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        out.push_str(&rest[..at]);
        let inner = rest[at + 2..].split('}').next().unwrap_or_default();
        let known = PER_RUN.contains(&inner) && !rest[..at].ends_with('$');
        out.push_str(if known { "${" } else { "$${" });
        rest = &rest[at + 2..];
    }
    out.push_str(rest);
    out
}

/// A text on one line.
fn line(out: &mut String, text: &str) {
    let quoted = text.contains(['"', '\\']);
    let bare = !text.contains('\'') && !text.chars().any(|c| c.is_control() && c != '\t');
    if quoted && bare {
        let _ = write!(out, "'{text}'");
        return;
    }
    out.push('"');
    for c in text.chars() {
        escaped(out, c);
    }
    out.push('"');
}

/// A text of several lines, as it was where that is possible.
fn lines(out: &mut String, text: &str) {
    let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let marks = text.lines().any(|line| line.starts_with(MARK));
    if !text.contains(strange) && !text.contains("'''") && !text.ends_with('\'') && !marks {
        let _ = write!(out, "'''\n{text}'''");
        return;
    }
    out.push_str("\"\"\"\n");
    for line in text.split_inclusive('\n') {
        let rest = match line.strip_prefix(MARK) {
            None => line,
            Some(rest) => {
                out.push_str("\\u0023:");
                rest
            }
        };
        for c in rest.chars() {
            match c {
                '\n' => out.push('\n'),
                other => escaped(out, other),
            }
        }
    }
    out.push_str("\"\"\"");
}

fn escaped(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_ascii_control() => {
            let _ = write!(out, "\\u{:04X}", u32::from(c));
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn back(text: &str) -> toml::Value {
        let table: toml::Table = toml::from_str(&format!("x = {text} # note\n")).unwrap();
        table["x"].clone()
    }

    #[test]
    fn values_are_written_as_people_write_them() {
        for (value, manner, written) in [
            (json!("sleep 1"), Manner::Literal, "\"sleep 1\""),
            (json!(r#"sh -c "a""#), Manner::Literal, r#"'sh -c "a"'"#),
            (json!("it's \"x\""), Manner::Literal, r#""it's \"x\"""#),
            (json!("a\nb"), Manner::Command, "'''\na\nb'''"),
            (
                json!("a\u{7}\nb'"),
                Manner::Command,
                "\"\"\"\na\\u0007\nb'\"\"\"",
            ),
            (json!("${HOME}/x"), Manner::Literal, "\"$${HOME}/x\""),
            (json!("${HOME}/x"), Manner::Command, "\"${HOME}/x\""),
            (json!("$${HOME}"), Manner::Literal, "\"$$${HOME}\""),
            (
                json!("w${RUNWISP_INSTANCE_INDEX}"),
                Manner::Literal,
                "\"w${RUNWISP_INSTANCE_INDEX}\"",
            ),
            (
                json!({"$substitute": "${HOME}/x"}),
                Manner::Literal,
                "\"${HOME}/x\"",
            ),
            (json!([0, 2]), Manner::Literal, "[0, 2]"),
            (json!(["a", "b\nc"]), Manner::Command, r#"["a", "b\nc"]"#),
            (json!({"file": "in"}), Manner::Literal, "{ file = \"in\" }"),
            (json!(1.5), Manner::Literal, "1.5"),
            (json!(true), Manner::Literal, "true"),
        ] {
            assert_eq!(toml(&value, manner).as_deref(), Ok(written), "{value}");
        }
        assert!(toml(&json!(null), Manner::Literal).is_err());
        assert!(toml(&json!(u64::MAX), Manner::Literal).is_err());
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in any::<String>(), lines in "[a-z'\"\\\\\n\r\t$#:]{0,12}") {
            for text in [text, lines] {
                let written = toml(&json!(text), Manner::Command).unwrap();
                prop_assert_eq!(back(&written), toml::Value::from(text.clone()));
                prop_assert!(!written.lines().any(|line| line.starts_with(MARK)), "{}", written);
                let listed = toml(&json!([text]), Manner::Command).unwrap();
                prop_assert_eq!(back(&listed)[0].clone(), toml::Value::from(text));
            }
        }
    }
}
