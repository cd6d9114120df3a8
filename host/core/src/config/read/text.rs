//! Texts, with their substitutions made.
//!
//! Tests: through `config::tests`.

use super::super::raw::{Node, Value};
use super::super::typed::Text;
use super::{Place, Reader, example, join};
use crate::config::keys::Type;
use crate::words::diagnostic::Span;
use serde_json::json;

impl Reader<'_> {
    /// A text with its substitutions made.
    pub(in crate::config) fn text(&mut self, place: Place<'_>, node: &Node) -> Option<String> {
        let Value::Text(text) = &node.value else {
            return self.wrong_type(place, wanted(place.key.of), node);
        };
        let text = self.fill(text, node.span, place.path, place.key.per_run)?;
        if text.contains('\0') {
            self.error(
                "config.value",
                node.span,
                place.path,
                format!("`{}` holds a NUL character", place.key.name),
                "No text of a program may hold one; remove it.",
            );
            return None;
        }
        Some(text)
    }

    /// Makes the substitutions of a text; none after a diagnostic.
    pub(in crate::config) fn fill(
        &mut self,
        text: &str,
        span: Span,
        path: &str,
        per_run: bool,
    ) -> Option<String> {
        if !text.contains("${") {
            return Some(text.to_owned());
        }
        let outcome =
            crate::config::substitute::substitute(text, self.file_name(span), per_run, self.around);
        for fault in &outcome.faults {
            let at = self.find(span, &fault.part);
            self.error(
                fault.code,
                at,
                path,
                fault.message.clone(),
                fault.help.clone(),
            );
        }
        outcome.faults.is_empty().then_some(outcome.text)
    }

    /// Where `part` stands inside `span`; the whole of it when escapes hide it.
    pub(super) fn find(&self, span: Span, part: &str) -> Span {
        let source = self
            .sources
            .get(span.file)
            .and_then(|s| s.text.get(span.start..span.end));
        match source.and_then(|text| text.find(part)) {
            Some(at) => Span {
                start: span.start + at,
                end: span.start + at + part.len(),
                ..span
            },
            None => span,
        }
    }

    pub(super) fn path(&mut self, place: Place<'_>, node: &Node) -> Option<String> {
        let text = self.text(place, node)?;
        let wrong = if text.is_empty() {
            "is empty"
        } else if matches!(place.key.of, Type::Program) && !text.starts_with('/') {
            "is not absolute"
        } else {
            return Some(text);
        };
        self.error(
            "config.value",
            node.span,
            place.path,
            format!("the path of `{}` {wrong}", place.key.name),
            example(place.key),
        );
        None
    }

    pub(super) fn texts(&mut self, place: Place<'_>, node: &Node) -> Option<Vec<Text>> {
        let nodes = match &node.value {
            Value::List(nodes) => nodes.clone(),
            Value::Text(_) => vec![node.clone()],
            _ => return self.wrong_type(place, "a list of texts", node),
        };
        let texts: Vec<_> = nodes
            .iter()
            .map(|node| {
                self.text(place, node).map(|text| Text {
                    text,
                    span: node.span,
                })
            })
            .collect();
        texts.into_iter().collect()
    }

    /// A path of the daemon's own, made absolute.
    pub(in crate::config) fn absolute(&self, path: &str, span: Span) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        self.around.absolute(path, self.file_name(span))
    }

    /// A path a unit uses, made absolute; `~` stays, for it is the home of whoever runs it.
    pub(in crate::config) fn absolute_for_unit(&self, path: &str, span: Span) -> String {
        if path == "~" || path.starts_with("~/") {
            return path.to_owned();
        }
        self.absolute(path, span)
    }

    /// Makes the substitutions in a value that somebody else judges.
    pub(in crate::config) fn open(&mut self, node: &Node, path: &str) -> serde_json::Value {
        match &node.value {
            Value::Text(text) => json!(self.fill(text, node.span, path, false).unwrap_or_default()),
            Value::List(nodes) => nodes.iter().map(|node| self.open(node, path)).collect(),
            Value::Table(entries) => entries
                .iter()
                .map(|entry| {
                    (
                        entry.name.clone(),
                        self.open(&entry.node, &join(path, &entry.name)),
                    )
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            _ => node.json(),
        }
    }

    /// A value as JSON with its substitutions made.
    pub(super) fn json(&mut self, place: Place<'_>, node: &Node) -> serde_json::Value {
        match place.key.of {
            Type::Command => node.json(),
            _ => self.open(node, place.path),
        }
    }
}

/// What a text of this type is called.
fn wanted(of: Type) -> &'static str {
    match of {
        Type::Duration(..) => "a duration",
        Type::Size(_) => "a size",
        Type::Cpu => "a number of processors",
        Type::Signal => "the name of a signal",
        Type::Umask => "an octal mode in quotes",
        Type::Zone => "the name of a time zone",
        Type::Path | Type::Program => "a path",
        Type::Choice(_) => "one of a few words",
        _ => "text",
    }
}
