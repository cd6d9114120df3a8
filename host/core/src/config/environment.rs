//! The environment of a unit: `env_file`, `env`, `secrets_file` and `secrets`, of `[defaults]` and of the unit.
//!
//! Order, a later value wins: defaults' file, defaults' table, unit's file, unit's table; then the same for secrets.
//!
//! Tests: through `super::tests`.

use std::collections::BTreeMap;

use super::env_file;
use super::read::{Reader, join};
use super::typed::{Section, Typed};
use crate::words::diagnostic::Span;

/// The most variables a unit may have, secrets included.
const MOST: usize = 256;
/// The longest value, bytes.
const LONGEST: usize = 32 * 1024;
/// Shorter secrets are not masked: too much ordinary output would be.
const MASKABLE: usize = 4;

/// What one table says, in the order it is applied.
#[derive(Clone, Default)]
pub(super) struct Layer {
    plain: Vec<(String, String)>,
    secret: Vec<(String, String)>,
}

/// The environment and what of it is masked.
pub(super) struct Environment {
    pub(super) vars: Vec<(String, String)>,
    pub(super) secrets: Vec<String>,
}

/// Reads what one table says.
pub(super) fn layer(reader: &mut Reader<'_>, section: &Section) -> Layer {
    let mut plain = from_file(reader, section, "env_file");
    plain.extend(from_table(section, "env"));
    let mut secret = from_file(reader, section, "secrets_file");
    secret.extend(from_table(section, "secrets"));
    for (name, value, span) in plain.iter().chain(&secret) {
        let path = join(&section.path, name);
        if value.len() > LONGEST {
            reader.error(
                "config.env-limit",
                *span,
                &path,
                format!("the value of `{name}` is longer than 32 KiB"),
                "Hand over large values in a file.",
            );
        } else if value.contains('\0') {
            reader.error(
                "config.value",
                *span,
                &path,
                format!("the value of `{name}` holds a NUL character"),
                "No variable can hold one; remove it.",
            );
        }
    }
    for (name, value, span) in &secret {
        if (1..MASKABLE).contains(&value.len()) {
            reader.warn(
                "config.short-secret",
                *span,
                &join(&section.path, name),
                format!("the secret `{name}` is too short to be masked"),
                "Secrets of fewer than 4 characters stay visible in output; use a longer one.",
            );
        }
    }
    let strip = |pairs: Vec<(String, String, Span)>| {
        pairs
            .into_iter()
            .map(|(name, value, _)| (name, value))
            .collect()
    };
    Layer {
        plain: strip(plain),
        secret: strip(secret),
    }
}

fn from_table(section: &Section, key: &str) -> Vec<(String, String, Span)> {
    match section.get(key).map(|item| &item.value) {
        Some(Typed::Env(pairs)) => pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.text.clone(), value.span))
            .collect(),
        _ => Vec::new(),
    }
}

fn from_file(reader: &mut Reader<'_>, section: &Section, key: &str) -> Vec<(String, String, Span)> {
    let (Some(path), Some(item)) = (section.text(key), section.get(key)) else {
        return Vec::new();
    };
    let span = item.span;
    let dotted = join(&section.path, key);
    let content = match reader.around.read_file(&path, reader.file_name(span)) {
        Ok(content) => content,
        Err(why) => {
            reader.error(
                "config.unreadable-file",
                span,
                &dotted,
                format!("could not read {path:?}: {why}"),
                "The path is absolute, begins with `~/`, or is relative to this file.",
            );
            return Vec::new();
        }
    };
    match env_file::parse(&content) {
        Ok(pairs) => pairs
            .into_iter()
            .map(|(name, value)| (name, value, span))
            .collect(),
        Err((line, why)) => {
            reader.error(
                "config.env-file",
                span,
                &dotted,
                format!("line {line} of {path:?} {why}"),
                "Each line is `NAME=value`, a comment that begins with `#`, or blank.",
            );
            Vec::new()
        }
    }
}

/// Puts the layers together.
pub(super) fn merge(
    reader: &mut Reader<'_>,
    unit: &Section,
    defaults: &Layer,
    own: &Layer,
) -> Environment {
    let of = |pairs: &[&Vec<(String, String)>]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .flat_map(|pairs| pairs.iter().cloned())
            .collect()
    };
    let mut vars = of(&[&defaults.plain, &own.plain]);
    let secret = of(&[&defaults.secret, &own.secret]);
    let mut secrets: Vec<String> = secret
        .values()
        .filter(|value| value.len() >= MASKABLE)
        .cloned()
        .collect();
    secrets.sort();
    secrets.dedup();
    vars.extend(secret);
    if vars.len() > MOST {
        let message = format!(
            "the unit has {} environment variables, and {MOST} is the most",
            vars.len()
        );
        reader.error(
            "config.env-limit",
            unit.span,
            &unit.path,
            message,
            "Hand over long lists in a file.",
        );
    }
    Environment {
        vars: vars.into_iter().collect(),
        secrets,
    }
}
