//! Text to a tree of values that know their place.
//!
//! Invariant: says nothing about meaning; every error found here is one of TOML's own grammar (`config.syntax`).
//!
//! Tests: `super::tests`.

use serde_json::json;
use toml::de::{DeTable, DeValue};

use crate::words::diagnostic::{Diagnostic, Span};

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The value's place; a table with a header has the header's.
    pub(super) span: Span,
    pub(super) value: Value,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Int(i64),
    /// A number as written: with a fraction, or too large.
    Number(String),
    Bool(bool),
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

/// The entries of a table, sorted by name.
pub(super) type Table = Vec<Entry>;

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// The key's own place.
    pub(super) at: Span,
    pub(super) node: Node,
}

impl Value {
    /// What a user would call it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Int(_) | Value::Number(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::Date(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl Node {
    /// The value as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        match &self.value {
            Value::Text(text) | Value::Date(text) => json!(text),
            Value::Int(number) => json!(number),
            Value::Number(text) => text
                .replace('_', "")
                .parse::<f64>()
                .map_or_else(|_| json!(text), |number| json!(number)),
            Value::Bool(yes) => json!(yes),
            Value::List(nodes) => nodes.iter().map(Node::json).collect(),
            Value::Table(entries) => entries
                .iter()
                .map(|entry| (entry.name.clone(), entry.node.json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}

/// A source, parsed as far as that was possible.
pub(super) struct Parsed {
    pub(super) table: Table,
    /// Stretches, in bytes, in which the parser had to guess: what is found there is its fault, not the user's.
    pub(super) guessed: Vec<std::ops::Range<usize>>,
}

/// Parses one source. What could be read is returned even when there are errors.
pub(super) fn parse(file: usize, text: &str, out: &mut Vec<Diagnostic>) -> Parsed {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut guessed: Vec<std::ops::Range<usize>> = Vec::new();
    for error in errors {
        let range = error.span().unwrap_or(0..0);
        let (start, end) = visible(text, range.start, range.end);
        // One slip often makes the parser trip several times on the same line; the first says it best.
        if guessed.iter().any(|range| range.contains(&start)) {
            continue;
        }
        guessed.push(cloud(text, start));
        let span = Span { file, start, end };
        out.push(
            Diagnostic::error("config.syntax", span, lower_first(error.message())).help(
                "The file is TOML: text in quotes, lists in brackets, one `key = value` on a line.",
            ),
        );
    }
    Parsed {
        table: entries(file, table.get_ref()),
        guessed,
    }
}

/// What an error at `at` makes doubtful: its line, and below a header all up to the next one.
fn cloud(text: &str, at: usize) -> std::ops::Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let rest = &text[start..];
    let mut end = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
    if rest.trim_start().starts_with('[') {
        while end < rest.len() && !rest[end..].trim_start_matches([' ', '\t']).starts_with('[') {
            end += rest[end..]
                .find('\n')
                .map_or(rest.len() - end, |newline| newline + 1);
        }
    }
    // The end of the file belongs to its last line.
    start..start + end + usize::from(start + end == text.len())
}

/// A range that lies within the text and, where possible, is not empty.
fn visible(text: &str, start: usize, end: usize) -> (usize, usize) {
    let mut start = start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    (start, end)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "not TOML".to_owned(),
    }
}

fn entries(file: usize, table: &DeTable<'_>) -> Table {
    table
        .iter()
        .map(|(key, value)| Entry {
            name: key.get_ref().to_string(),
            at: span(file, key.span()),
            node: Node {
                span: span(file, value.span()),
                value: convert(file, value.get_ref()),
            },
        })
        .collect()
}

fn convert(file: usize, value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Number(number.as_str().to_owned()), Value::Int),
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Value::Bool(*yes),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(list) => Value::List(
            list.iter()
                .map(|item| Node {
                    span: span(file, item.span()),
                    value: convert(file, item.get_ref()),
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(entries(file, table)),
    }
}

fn span(file: usize, range: std::ops::Range<usize>) -> Span {
    Span {
        file,
        start: range.start,
        end: range.end,
    }
}
