//! Reads tables by the table of keys: every value gets the type its key asks for, or a diagnostic at its place.
//!
//! Invariant: knows no key by name; that is [`super::keys`].
//!
//! Tests: through `super::tests` and the goldens.

mod open;
mod scalar;
mod text;
mod value;

use super::keys::{Key, Table, Type};
use super::raw::{Entry, Node, Value};
use super::typed::{Item, Section, Typed};
use super::{Source, Surroundings, raw, unknown};
use crate::words::diagnostic::{Diagnostic, Span};

/// Where diagnostics are gathered.
pub(in crate::config) struct Reader<'a> {
    pub(in crate::config) sources: &'a [Source],
    pub(in crate::config) around: &'a dyn Surroundings,
    pub(in crate::config) out: Vec<Diagnostic>,
    /// Files in which something could not be parsed: a missing key may be the parser's loss.
    pub(in crate::config) broken: Vec<bool>,
    /// For each source, where its lines end.
    pub(in crate::config) lines: Vec<Vec<usize>>,
}

/// The place of a value while it is read.
#[derive(Clone, Copy)]
pub(in crate::config) struct Place<'a> {
    pub(in crate::config) key: &'static Key,
    /// The key with its table, dotted.
    pub(in crate::config) path: &'a str,
}

impl Reader<'_> {
    pub(in crate::config) fn file_name(&self, span: Span) -> &str {
        self.sources
            .get(span.file)
            .map_or("runwisp.toml", |source| &source.name)
    }

    pub(in crate::config) fn error(
        &mut self,
        code: &'static str,
        span: Span,
        path: &str,
        message: String,
        help: impl Into<String>,
    ) {
        self.out
            .push(Diagnostic::error(code, span, message).help(help).key(path));
    }

    pub(in crate::config) fn warn(
        &mut self,
        code: &'static str,
        span: Span,
        path: &str,
        message: String,
        help: impl Into<String>,
    ) {
        self.out.push(
            Diagnostic::warning(code, span, message)
                .help(help)
                .key(path),
        );
    }

    /// Reads a table of a known kind.
    pub(in crate::config) fn section(
        &mut self,
        table: &'static Table,
        entries: &[Entry],
        span: Span,
        path: &str,
    ) -> Section {
        let mut section = Section {
            span,
            path: path.to_owned(),
            ..Section::empty(table)
        };
        for entry in entries {
            let path = join(path, &entry.name);
            let Some(key) = table
                .key(&entry.name)
                .or_else(|| self.alias(table, entries, entry, &path))
            else {
                if table.open {
                    let json = self.open(&entry.node, &path);
                    open::walk(entry, &json, "", &mut section);
                    section.rest.insert(entry.name.clone(), json);
                } else if table.alias(&entry.name).is_none() {
                    self.out
                        .push(unknown::key(table, &entry.name, entry.at, &path));
                }
                continue;
            };
            let place = Place { key, path: &path };
            let mut node = entry.node.clone();
            self.modernise(place, &mut node);
            if let Some(value) = self.value(place, key.of, &node) {
                let json = self.quietly(|reader| reader.json(place, &node));
                let item = Item {
                    at: entry.at,
                    span: node.span,
                    value,
                    json,
                };
                if table.open {
                    open::note(entry, &mut section);
                }
                section.items.insert(key.name, item);
            }
        }
        if !self.broken.get(span.file).copied().unwrap_or(false) {
            self.require(table, entries, span, path);
        }
        section
    }

    /// The key an older name stands for, unless the new name is there too.
    fn alias(
        &mut self,
        table: &'static Table,
        entries: &[Entry],
        entry: &Entry,
        path: &str,
    ) -> Option<&'static Key> {
        let key = table.alias(&entry.name)?;
        if let Some(other) = entries.iter().find(|other| other.name == key.name) {
            let message = format!("`{}` and `{}` are the same key", entry.name, key.name);
            self.out.push(
                Diagnostic::error("config.conflict", entry.at, message)
                    .help(format!("Keep `{}`.", key.name))
                    .key(path)
                    .related(other.at, "the same key"),
            );
            return None;
        }
        self.warn(
            "config.alias",
            entry.at,
            path,
            format!("`{}` is an older name of `{}`", entry.name, key.name),
            format!("Write `{}`; it means the same.", key.name),
        );
        Some(key)
    }

    fn require(&mut self, table: &Table, entries: &[Entry], span: Span, path: &str) {
        for key in table
            .keys()
            .filter(|key| key.required && table.only.is_empty())
        {
            if !entries
                .iter()
                .any(|e| e.name == key.name || key.aliases.contains(&e.name.as_str()))
            {
                let path_of_key = join(path, key.name);
                let message = format!("`{}` is missing in {path}", key.name);
                self.error(
                    "config.missing-key",
                    span,
                    &path_of_key,
                    message,
                    format!("Add a line such as `{} = {}`.", key.name, key.example),
                );
            }
        }
    }

    /// Replaces an older word for a value by what it means today.
    fn modernise(&mut self, place: Place<'_>, node: &mut Node) {
        let Value::Text(written) = &node.value else {
            return;
        };
        let Some((old, new)) = place.key.old_values.iter().find(|(old, _)| old == written) else {
            return;
        };
        self.warn(
            "config.alias",
            node.span,
            place.path,
            format!("\"{old}\" is an older word for {new}"),
            format!("Write `{} = {new}`; it means the same.", place.key.name),
        );
        node.value = literal(new);
    }

    /// Reads one value as `of`; none after a diagnostic.
    fn value(&mut self, place: Place<'_>, of: Type, node: &Node) -> Option<Typed> {
        match of {
            Type::Bool => self.bool(place, node).map(Typed::Bool),
            Type::BoolOr(words) => match &node.value {
                Value::Text(_) => self.word(place, words, node).map(Typed::Word),
                _ => self.bool(place, node).map(Typed::Bool),
            },
            Type::Int(min, max) => self.int(place, min, max, node).map(Typed::Int),
            Type::Codes => self.codes(place, node).map(Typed::Codes),
            Type::Choice(words) => self.word(place, words, node).map(Typed::Word),
            Type::Text => self.text(place, node).map(Typed::Text),
            Type::Path | Type::Program => self.path(place, node).map(Typed::Text),
            Type::Texts => self.texts(place, node).map(Typed::Texts),
            Type::Duration(..)
            | Type::Size(_)
            | Type::Cpu
            | Type::Signal
            | Type::Umask
            | Type::User
            | Type::Zone => self.scalar(place, of, node),
            Type::Command => self.command(place, node).map(Typed::Command),
            Type::Env => self.env(place, node).map(Typed::Env),
            Type::Stdin => self.stdin(place, node).map(Typed::Stdin),
            Type::Table(table) => {
                let Value::Table(entries) = &node.value else {
                    return self.wrong_type(place, "a table", node);
                };
                Some(Typed::Section(Box::new(
                    self.section(table, entries, node.span, place.path),
                )))
            }
            Type::Tables(table) => self.sections(place, table, node).map(Typed::Sections),
            Type::HookTokens => self.hook_tokens(place, node).map(Typed::Sections),
            Type::Open => {
                self.open(node, place.path);
                Some(Typed::Open)
            }
        }
    }

    pub(in crate::config) fn wrong_type<T>(
        &mut self,
        place: Place<'_>,
        wanted: &str,
        node: &Node,
    ) -> Option<T> {
        let message = format!(
            "`{}` is {}, and should be {wanted}",
            place.key.name,
            node.value.kind()
        );
        self.error(
            "config.type",
            node.span,
            place.path,
            message,
            example(place.key),
        );
        None
    }

    /// Runs `f` and drops its diagnostics, which have been given before.
    fn quietly<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.out.len();
        let result = f(self);
        self.out.truncate(before);
        result
    }
}

/// The value a piece of TOML from the table of keys stands for.
pub(in crate::config) fn literal(toml: &str) -> Value {
    raw::parse(0, &format!("x = {toml}"), &mut Vec::new())
        .table
        .into_iter()
        .next()
        .map_or(Value::Bool(false), |entry| entry.node.value)
}

/// A section that holds the defaults the table of keys names.
pub(in crate::config) fn built_in(table: &'static Table, around: &dyn Surroundings) -> Section {
    let mut reader = Reader {
        sources: &[],
        around,
        out: Vec::new(),
        broken: vec![true],
        lines: Vec::new(),
    };
    let text: String = table
        .keys()
        .filter(|key| !key.default.is_empty())
        .map(|key| format!("{} = {}\n", key.name, key.default))
        .collect();
    let entries = raw::parse(0, &text, &mut reader.out).table;
    let section = reader.section(
        table,
        &entries,
        Span {
            file: 0,
            start: 0,
            end: 0,
        },
        "",
    );
    debug_assert!(
        reader.out.is_empty(),
        "a default is wrong: {:?}",
        reader.out
    );
    section
}

/// A sentence with an example.
pub(in crate::config) fn example(key: &Key) -> String {
    format!("Write it like `{} = {}`.", key.name, key.example)
}

/// A value for a message, as it was written where that differs: what a substitution put in may be secret.
pub(in crate::config) fn quote(text: &str, node: &Node) -> String {
    match &node.value {
        Value::Text(written) if written == text => format!("{text:?}"),
        Value::Text(written) => format!("the value of {written:?}"),
        _ => format!("{text:?}"),
    }
}

pub(in crate::config) fn join(path: &str, name: &str) -> String {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let name = if plain {
        name.to_owned()
    } else {
        format!("{name:?}")
    };
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}
