//! `params` and `hook_tokens`: their shape; the parts that serve HTTP give them life.
//!
//! Invariant: a token never appears in a message.
//!
//! Tests: the goldens.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::params::shown;
use super::read::{Reader, join};
use super::substitute::is_variable;
use super::typed::{Layers, Section, Typed};
use crate::words::diagnostic::Span;
use crate::words::run::Kind;

/// The shortest token.
const TOKEN: usize = 32;

pub(super) fn params(
    reader: &mut Reader<'_>,
    layers: &Layers<'_>,
    kind: Kind,
    env: &[(String, String)],
) {
    let own = layers.own;
    let Some(Typed::Sections(params)) = own.get("params").map(|item| &item.value) else {
        return;
    };
    let scheduled = kind == Kind::Task && own.get("cron").is_some();
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for param in params {
        let Some((item, name)) = param.get("env").zip(param.text("env")) else {
            continue;
        };
        if !is_variable(&name) {
            wrong(
                reader,
                param,
                item.span,
                format!("{name:?} is not the name of a variable"),
                "A name is of letters, digits and `_`, and does not begin with a digit.",
            );
        } else if env.iter().any(|(other, _)| *other == name) {
            wrong(
                reader,
                param,
                item.span,
                format!("`{name}` is set by `env` or `secrets` as well"),
                "Give the parameter another name.",
            );
        } else if seen.insert(name.clone(), item.span).is_some() {
            wrong(
                reader,
                param,
                item.span,
                format!("`{name}` is a parameter already"),
                "Give each parameter its own name.",
            );
        }
        values(reader, param);
        let required = matches!(
            param.get("required").map(|item| &item.value),
            Some(Typed::Bool(true))
        );
        if let (true, true, None) = (scheduled, required, param.get("default")) {
            wrong(
                reader,
                param,
                param.span,
                format!("`{name}` is required, and a scheduled run has nobody to give it"),
                "Add a `default`.",
            );
        }
    }
}

/// The defaults of parameters, as variables.
pub(super) fn defaults(own: &Section) -> Vec<(String, String)> {
    let Some(Typed::Sections(params)) = own.get("params").map(|item| &item.value) else {
        return Vec::new();
    };
    let one = |param: &Section| Some((param.text("env")?, shown(&param.get("default")?.json)));
    params.iter().filter_map(one).collect()
}

/// The default and the choices against the type and each other.
fn values(reader: &mut Reader<'_>, param: &Section) {
    let wanted = match param.get("type").map(|item| &item.value) {
        Some(Typed::Word(word)) => *word,
        _ => "string",
    };
    let choices = match param.get("choices") {
        None => None,
        Some(item) => match &item.json {
            Json::Array(list) if !list.is_empty() => Some(list.clone()),
            _ => {
                wrong(
                    reader,
                    param,
                    item.span,
                    "`choices` is not a list of values".to_owned(),
                    "Write it like `choices = [\"all\", \"some\"]`.",
                );
                None
            }
        },
    };
    let custom = param.get("allow_custom");
    if let (Some(item), None) = (custom, param.get("choices")) {
        wrong(
            reader,
            param,
            item.at,
            "`allow_custom` without `choices`".to_owned(),
            "Without choices every value is taken; remove it.",
        );
    }
    for (name, value) in choices
        .iter()
        .flatten()
        .map(|value| ("choices", value))
        .chain(param.get("default").map(|item| ("default", &item.json)))
    {
        if !fits(value, wanted) {
            let span = param.get(name).map_or(param.span, |item| item.span);
            wrong(
                reader,
                param,
                span,
                format!("a value of `{name}` is not a {wanted}"),
                "Write values of the type that `type` says.",
            );
        }
    }
    if let (Some(choices), Some(default), None) = (&choices, param.get("default"), custom)
        && !choices.contains(&default.json)
    {
        wrong(
            reader,
            param,
            default.span,
            "`default` is none of `choices`".to_owned(),
            "Add it to `choices`, or write `allow_custom = true`.",
        );
    }
}

fn fits(value: &Json, wanted: &str) -> bool {
    match wanted {
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => value.is_string() || value.is_number() || value.is_boolean(),
    }
}

fn wrong(reader: &mut Reader<'_>, param: &Section, span: Span, message: String, help: &str) {
    reader.error("config.params", span, &param.path, message, help);
}

pub(super) fn hook_tokens(reader: &mut Reader<'_>, own: &Section, kind: Kind) {
    let Some(Typed::Sections(tokens)) = own.get("hook_tokens").map(|item| &item.value) else {
        return;
    };
    for token in tokens {
        allowed(reader, token, kind);
        let Some((item, text)) = token.get("token").zip(token.text("token")) else {
            continue;
        };
        let wrong = if text.chars().any(char::is_whitespace) {
            "holds white space".to_owned()
        } else if text.len() < TOKEN {
            format!("has {} characters, and {TOKEN} is the least", text.len())
        } else {
            continue;
        };
        reader.error(
            "config.hook-token",
            item.span,
            &join(&token.path, "token"),
            format!("the token {wrong}"),
            "Make one with `openssl rand -hex 24`.",
        );
    }
}

/// What a token allows.
fn allowed(reader: &mut Reader<'_>, token: &Section, kind: Kind) {
    let words: &[&str] = match kind {
        Kind::Task => &["run", "start", "stop", "restart"],
        Kind::Service => &["start", "stop", "restart"],
    };
    for text in token.texts("allow") {
        if !words.contains(&text.text.as_str()) {
            reader.error(
                "config.choice",
                text.span,
                &join(&token.path, "allow"),
                format!("{:?} is nothing a token can allow here", text.text),
                format!("The words are \"{}\".", words.join("\", \"")),
            );
        }
    }
}
