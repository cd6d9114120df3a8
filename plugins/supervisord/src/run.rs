//! What differs from process to process, said by one unit: text with `${RUNWISP_INSTANCE_INDEX}` where that is enough,
//! else a few lines for the shell that compute it and then execute the command.
//!
//! Invariant: every instance gets the arguments, variables and directory that supervisord gives the process of its
//! number; where that can't be said, nothing is, and the caller writes a unit for each process.
//!
//! Tests: below; `tests/differential.rs` runs what is written here.

use serde_json::{Value, json};

use crate::form::Form;
use crate::plain;
use crate::program::Parts;
use crate::text::{Piece, Text, as_known};

const INDEX: &str = "RUNWISP_INSTANCE_INDEX";

/// The processes that a unit stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    /// The number of the first.
    pub(crate) first: i64,
    /// How many.
    pub(crate) count: i64,
}

/// Values as they are written.
#[derive(Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) run: Value,
    pub(crate) env: Vec<(String, Value)>,
    pub(crate) directory: Option<Value>,
    /// Whether `run` is lines for a shell.
    pub(crate) shell: bool,
}

/// Says it; none when one unit can't.
pub(crate) fn say(parts: &Parts, range: Range) -> Option<Said> {
    let mut lines = Vec::new();
    let mut env = Vec::new();
    if parts.varying_names || may_split(parts) {
        return None;
    }
    for (name, text) in &parts.env {
        match value(text, range) {
            Some(value) => env.push((name.clone(), value)),
            None => lines.push(format!("export {name}={}", word(text, range)?)),
        }
    }
    let directory = match &parts.directory {
        None => None,
        Some(text) => {
            let value = value(text, range);
            if value.is_none() {
                lines.push(format!("cd {}", word(text, range)?));
            }
            value
        }
    };
    let known: Option<Vec<String>> = parts.argv.iter().map(|word| as_known(word)).collect();
    let run = match (known, &parts.command) {
        (Some(words), Some(command)) if lines.is_empty() => match plain::text(command, &words) {
            Some(text) => json!(text),
            None => json!(words),
        },
        (Some(words), None) if lines.is_empty() => json!(words),
        _ => {
            if matches!(
                parts.argv.first()?.first(),
                Some(Piece::Char('-' | '+')) | None
            ) {
                return None;
            }
            let words: Option<Vec<String>> =
                parts.argv.iter().map(|text| word(text, range)).collect();
            lines.push(format!("exec {}", words?.join(" ")));
            return Some(Said {
                run: json!(lines.join("\n")),
                env,
                directory,
                shell: true,
            });
        }
    };
    Some(Said {
        run,
        env,
        directory,
        shell: false,
    })
}

/// Whether a number is written in a form that may change how its text is split.
fn may_split(parts: &Parts) -> bool {
    let env = parts.env.iter().map(|(_, value)| value);
    parts
        .argv
        .iter()
        .chain(env)
        .flatten()
        .any(|piece| match piece {
            Piece::Number(form) => form.may_split(),
            Piece::Char(_) | Piece::Env(_) => false,
        })
}

/// A value of a key that knows `${RUNWISP_INSTANCE_INDEX}` and `${VAR}`; none where these can't say it.
fn value(text: &[Piece], range: Range) -> Option<Value> {
    let substituted = text.iter().any(|piece| matches!(piece, Piece::Env(_)));
    let mut out = String::new();
    for piece in text {
        let filled = match piece {
            Piece::Char(c) => {
                out.push(*c);
                continue;
            }
            Piece::Number(form) => {
                out.push_str(&prefix(*form, range)?);
                INDEX
            }
            Piece::Env(name) => name,
        };
        // Behind another `$` it would be read as the characters themselves.
        if out.ends_with('$') {
            return None;
        }
        out.push_str(&format!("${{{filled}}}"));
    }
    if !substituted {
        return Some(json!(out));
    }
    // What is not ours to substitute is escaped.
    let mut literal = String::new();
    let mut escaped = String::new();
    for piece in text {
        match piece {
            Piece::Char(c) => literal.push(*c),
            Piece::Number(form) => {
                escaped.push_str(&literal.replace("${", "$${"));
                escaped.push_str(&format!("{}${{{INDEX}}}", prefix(*form, range)?));
                literal.clear();
            }
            Piece::Env(name) => {
                escaped.push_str(&literal.replace("${", "$${"));
                escaped.push_str(&format!("${{{name}}}"));
                literal.clear();
            }
        }
    }
    escaped.push_str(&literal.replace("${", "$${"));
    Some(json!({ "$substitute": escaped }))
}

/// What stands in front of the instance's index when the number is that and the index, for every instance.
fn prefix(form: Form, range: Range) -> Option<String> {
    let first = form.number(range.first)?;
    let prefix = first.strip_suffix('0')?.to_owned();
    let same = |index: i64| {
        let number = form.number(range.first.saturating_add(index))?;
        (number.strip_prefix(prefix.as_str())? == index.to_string()).then_some(())
    };
    (0..range.count)
        .all(|index| same(index).is_some())
        .then_some(prefix)
}

/// A word for the shell; none where it can't compute the number.
fn word(text: &Text, range: Range) -> Option<String> {
    if let Some(known) = as_known(text) {
        return Some(quoted(&known));
    }
    let mut out = String::from("\"");
    for piece in text {
        match piece {
            Piece::Char(c) => {
                if matches!(c, '"' | '\\' | '$' | '`') {
                    out.push('\\');
                }
                out.push(*c);
            }
            Piece::Number(form) => out.push_str(&number(*form, range)?),
            Piece::Env(name) => out.push_str(&format!("${{{name}?}}")),
        }
    }
    out.push('"');
    Some(out)
}

fn quoted(text: &str) -> String {
    if !text.is_empty() && text.chars().all(plain::is_bare) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The number of the instance, inside double quotes.
fn number(form: Form, range: Range) -> Option<String> {
    if let Some(prefix) = prefix(form, range) {
        return Some(format!("{prefix}${{{INDEX}}}"));
    }
    let sum = match range.first {
        0 => INDEX.to_owned(),
        first if first < 0 => format!("{INDEX} - {}", first.unsigned_abs()),
        first => format!("{INDEX} + {first}"),
    };
    let printf = form.printf(range.first)?;
    if printf == "%d" {
        Some(format!("$(({sum}))"))
    } else {
        Some(format!("$(printf {printf} $(({sum})))"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::known;

    fn numbered(before: &str, form: &str, after: &str) -> Text {
        let (form, _) = crate::percent::parse_form(form).unwrap();
        let mut text = known(before);
        text.push(Piece::Number(form));
        text.extend(known(after));
        text
    }

    fn check(text: &Text, first: i64, count: i64, in_value: Option<&str>, in_shell: Option<&str>) {
        let range = Range { first, count };
        assert_eq!(
            value(text, range),
            in_value.map(|text| json!(text)),
            "{text:?}"
        );
        assert_eq!(word(text, range).as_deref(), in_shell, "{text:?}");
    }

    #[test]
    fn a_number_is_written_as_shortly_as_it_can_be() {
        let d = numbered("w", "d", "x");
        check(
            &d,
            0,
            3,
            Some("w${RUNWISP_INSTANCE_INDEX}x"),
            Some("\"w${RUNWISP_INSTANCE_INDEX}x\""),
        );
        check(
            &d,
            8000,
            10,
            Some("w800${RUNWISP_INSTANCE_INDEX}x"),
            Some("\"w800${RUNWISP_INSTANCE_INDEX}x\""),
        );
        check(
            &d,
            8000,
            11,
            None,
            Some("\"w$((RUNWISP_INSTANCE_INDEX + 8000))x\""),
        );
        check(
            &d,
            -1,
            3,
            None,
            Some("\"w$((RUNWISP_INSTANCE_INDEX - 1))x\""),
        );
        let padded = numbered("80", "02d", "");
        check(
            &padded,
            0,
            10,
            Some("800${RUNWISP_INSTANCE_INDEX}"),
            Some("\"800${RUNWISP_INSTANCE_INDEX}\""),
        );
        check(
            &padded,
            0,
            11,
            None,
            Some("\"80$(printf %02d $((RUNWISP_INSTANCE_INDEX)))\""),
        );
        check(
            &padded,
            1,
            2,
            None,
            Some("\"80$(printf %02d $((RUNWISP_INSTANCE_INDEX + 1)))\""),
        );
        check(
            &numbered("", "3d", ""),
            0,
            2,
            Some("  ${RUNWISP_INSTANCE_INDEX}"),
            Some("\"  ${RUNWISP_INSTANCE_INDEX}\""),
        );
        check(&numbered("", "3d", ""), 1, 2, None, None);
        check(
            &numbered("$", "d", ""),
            0,
            2,
            None,
            Some("\"\\$${RUNWISP_INSTANCE_INDEX}\""),
        );
    }

    #[test]
    fn a_variable_of_the_daemon_stays_one() {
        let mut text = known("${a}/");
        text.push(Piece::Env("HOME".to_owned()));
        let range = Range { first: 0, count: 1 };
        assert_eq!(
            value(&text, range),
            Some(json!({ "$substitute": "$${a}/${HOME}" }))
        );
        assert_eq!(word(&text, range).as_deref(), Some("\"\\${a}/${HOME?}\""));
    }
}
