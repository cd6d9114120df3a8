//! Values that have the type their key asks for.
//!
//! Tests: through `super::tests`.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::keys::Table;
use crate::words::diagnostic::Span;
use crate::words::signal::Signal;
use crate::words::spawn::Stdin;

/// A text and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) span: Span,
}

/// A command as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum CommandText {
    /// For a shell.
    Script(String),
    /// Program and arguments.
    Words(Vec<String>),
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Typed {
    Bool(bool),
    Int(i64),
    Duration(Duration),
    Bytes(u64),
    /// Thousandths of a processor.
    Milli(u64),
    Text(String),
    Word(&'static str),
    Signal(Signal),
    Mode(u32),
    Zone(TimeZone),
    Texts(Vec<Text>),
    Codes(Vec<i32>),
    Command(CommandText),
    Env(Vec<(String, Text)>),
    Stdin(Stdin),
    Section(Box<Section>),
    Sections(Vec<Section>),
    /// Judged elsewhere.
    Open,
}

/// A key that was written, with its value.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The key's place.
    pub(super) at: Span,
    /// The value's place.
    pub(super) span: Span,
    pub(super) value: Typed,
    /// The value as JSON, substitutions made, for parts that read it again.
    pub(super) json: serde_json::Value,
}

/// A table whose values are typed.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// What kind of table.
    pub(super) table: &'static Table,
    /// Its name or header.
    pub(super) span: Span,
    /// Its name, dotted.
    pub(super) path: String,
    pub(super) items: BTreeMap<&'static str, Item>,
    /// Keys that somebody else judges, with their values.
    pub(super) rest: serde_json::Map<String, serde_json::Value>,
    /// The places of those values, by JSON pointer.
    pub(super) places: BTreeMap<String, Span>,
    /// Texts among them that hold what a substitution put in: they may be secret.
    pub(super) filled: Vec<String>,
}

impl Section {
    pub(super) fn empty(table: &'static Table) -> Section {
        Section {
            table,
            span: Span {
                file: 0,
                start: 0,
                end: 0,
            },
            path: String::new(),
            items: BTreeMap::new(),
            rest: serde_json::Map::new(),
            places: BTreeMap::new(),
            filled: Vec::new(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Item> {
        debug_assert!(
            self.table.key(name).is_some(),
            "{name} is no key of {}",
            self.table.header
        );
        self.items.get(name)
    }

    pub(super) fn texts(&self, name: &str) -> &[Text] {
        match self.get(name).map(|item| &item.value) {
            Some(Typed::Texts(texts)) => texts,
            _ => &[],
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.get(name).map(|item| &item.value) {
            Some(Typed::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    /// The written keys among `names`, or all, as JSON.
    pub(super) fn json(&self, names: &[&str]) -> serde_json::Value {
        self.items
            .iter()
            .filter(|(name, _)| names.is_empty() || names.contains(name))
            .map(|(name, item)| ((*name).to_owned(), item.json.clone()))
            .chain(self.rest.clone())
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// Where a unit's values come from: its own table, `[defaults]`, what is built in.
#[derive(Clone, Copy)]
pub(super) struct Layers<'a> {
    pub(super) own: &'a Section,
    pub(super) defaults: &'a Section,
    pub(super) built_in: &'a Section,
}

impl Layers<'_> {
    /// What is in force.
    pub(super) fn get(&self, name: &str) -> Option<&Item> {
        self.own
            .get(name)
            .or_else(|| self.defaults.items.get(name))
            .or_else(|| self.built_in.items.get(name))
    }

    pub(super) fn bool(&self, name: &str) -> bool {
        matches!(self.value(name), Some(Typed::Bool(true)))
    }

    /// A whole number, as any type it fits in.
    pub(super) fn int<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        match self.value(name) {
            Some(Typed::Int(number)) => T::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(super) fn duration(&self, name: &str) -> Option<Duration> {
        match self.value(name) {
            Some(Typed::Duration(length)) => Some(*length),
            _ => None,
        }
    }

    /// A duration of which 0 means none.
    pub(super) fn limit(&self, name: &str) -> Option<Duration> {
        self.duration(name).filter(|length| !length.is_zero())
    }

    pub(super) fn bytes(&self, name: &str) -> Option<u64> {
        match self.value(name) {
            Some(Typed::Bytes(bytes)) => Some(*bytes),
            _ => None,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.value(name) {
            Some(Typed::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    /// One of the words its key knows; empty when there is none.
    pub(super) fn word(&self, name: &str) -> &'static str {
        match self.value(name) {
            Some(Typed::Word(word)) => word,
            _ => "",
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<&Typed> {
        self.get(name).map(|item| &item.value)
    }
}
