//! Values that are not one text: numbers, words, commands, tables of variables, tables in tables.
//!
//! Tests: through `config::tests`.

use super::super::keys::{HOOK_TOKEN, Table};
use super::super::raw::{Entry, Node, Value};
use super::super::typed::{CommandText, Section, Text};
use super::super::{substitute, suggest};
use super::{Place, Reader, example, join, quote};
use crate::words::spawn::Stdin;

impl Reader<'_> {
    pub(super) fn bool(&mut self, place: Place<'_>, node: &Node) -> Option<bool> {
        match &node.value {
            Value::Bool(yes) => Some(*yes),
            Value::Text(text) if text.contains("${") => match self.text(place, node)?.as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => self.wrong_type(place, "true or false", node),
            },
            _ => self.wrong_type(place, "true or false", node),
        }
    }

    pub(super) fn int(&mut self, place: Place<'_>, min: i64, max: i64, node: &Node) -> Option<i64> {
        let number = match &node.value {
            Value::Int(number) => Some(*number),
            Value::Text(text) if text.contains("${") => self.text(place, node)?.trim().parse().ok(),
            _ => None,
        };
        let Some(number) = number else {
            return self.wrong_type(place, "a whole number", node);
        };
        if (min..=max).contains(&number) {
            return Some(number);
        }
        let (message, help) = if number < min {
            (
                format!("`{}` is at least {min}", place.key.name),
                format!("Write a number from {min}{}.", upto(max)),
            )
        } else {
            (
                format!("`{}` is at most {max}", place.key.name),
                format!("Write a number from {min} to {max}."),
            )
        };
        self.error("config.range", node.span, place.path, message, help);
        None
    }

    pub(super) fn codes(&mut self, place: Place<'_>, node: &Node) -> Option<Vec<i32>> {
        let nodes = match &node.value {
            Value::List(nodes) => nodes.clone(),
            _ => vec![node.clone()],
        };
        let codes: Vec<_> = nodes
            .iter()
            .map(|node| self.int(place, 0, 255, node))
            .collect();
        codes
            .into_iter()
            .map(|code| code.and_then(|code| i32::try_from(code).ok()))
            .collect()
    }

    pub(super) fn word(
        &mut self,
        place: Place<'_>,
        words: &'static [&'static str],
        node: &Node,
    ) -> Option<&'static str> {
        let text = self.text(place, node)?;
        if let Some(word) = words.iter().find(|word| **word == text) {
            return Some(word);
        }
        let list = words
            .iter()
            .map(|word| format!("\"{word}\""))
            .collect::<Vec<_>>()
            .join(", ");
        let help = match suggest::nearest(&text, words.iter().copied()) {
            Some(near) => format!("Did you mean \"{near}\"? The words are {list}."),
            None => format!("The words are {list}."),
        };
        let help = format!("{help}{}", place.key.hint);
        let message = format!(
            "{} is not a value of `{}`",
            quote(&text, node),
            place.key.name
        );
        self.error("config.choice", node.span, place.path, message, help);
        None
    }

    pub(super) fn command(&mut self, place: Place<'_>, node: &Node) -> Option<CommandText> {
        let (command, wrong) = match &node.value {
            Value::Text(text) => {
                let wrong = if text.trim().is_empty() {
                    Some("is empty")
                } else {
                    nul(text)
                };
                (CommandText::Script(text.clone()), wrong)
            }
            Value::List(nodes) => {
                let mut words = Vec::new();
                for node in nodes {
                    let Value::Text(word) = &node.value else {
                        return self.wrong_type(place, "text, or a list of texts", node);
                    };
                    words.push(word.clone());
                }
                let wrong = match words.first() {
                    None => Some("is empty"),
                    Some(program) if program.is_empty() => Some("has an empty program"),
                    Some(_) => words.iter().find_map(|word| nul(word)),
                };
                (CommandText::Words(words), wrong)
            }
            _ => return self.wrong_type(place, "text, or a list of texts", node),
        };
        match wrong {
            None => Some(command),
            Some(wrong) => {
                self.error(
                    "config.command",
                    node.span,
                    place.path,
                    format!("`{}` {wrong}", place.key.name),
                    example(place.key),
                );
                None
            }
        }
    }

    pub(super) fn stdin(&mut self, place: Place<'_>, node: &Node) -> Option<Stdin> {
        match &node.value {
            Value::Text(_) => self.text(place, node).map(Stdin::Text),
            Value::Table(entries) => match entries.as_slice() {
                [Entry { name, node, .. }] if name == "file" => {
                    let path = self.path(place, node)?;
                    Some(Stdin::File(self.absolute_for_unit(&path, node.span)))
                }
                _ => self.wrong_type(place, "text or `{ file = \"…\" }`", node),
            },
            _ => self.wrong_type(place, "text or `{ file = \"…\" }`", node),
        }
    }

    pub(super) fn sections(
        &mut self,
        place: Place<'_>,
        table: &'static Table,
        node: &Node,
    ) -> Option<Vec<Section>> {
        let Value::List(nodes) = &node.value else {
            return self.wrong_type(place, "a list of tables", node);
        };
        let mut sections = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let Value::Table(entries) = &node.value else {
                return self.wrong_type(place, "a list of tables", node);
            };
            sections.push(self.section(
                table,
                entries,
                node.span,
                &format!("{}.{index}", place.path),
            ));
        }
        Some(sections)
    }

    pub(super) fn hook_tokens(&mut self, place: Place<'_>, node: &Node) -> Option<Vec<Section>> {
        let nodes = match &node.value {
            Value::List(nodes) => nodes.clone(),
            _ => vec![node.clone()],
        };
        let mut sections = Vec::new();
        for (index, node) in nodes.into_iter().enumerate() {
            let entries = match &node.value {
                Value::Table(entries) => entries.clone(),
                Value::Text(_) => vec![Entry {
                    name: "token".to_owned(),
                    at: node.span,
                    node: node.clone(),
                }],
                _ => return self.wrong_type(place, "a list of texts or tables", &node),
            };
            let path = format!("{}.{index}", place.path);
            sections.push(self.section(&HOOK_TOKEN, &entries, node.span, &path));
        }
        Some(sections)
    }

    /// Reads a table of variables.
    pub(super) fn env(&mut self, place: Place<'_>, node: &Node) -> Option<Vec<(String, Text)>> {
        let Value::Table(entries) = &node.value else {
            return self.wrong_type(place, "a table of variables", node);
        };
        let mut pairs = Vec::new();
        for entry in entries {
            let path = join(place.path, &entry.name);
            let inner = Place {
                path: &path,
                ..place
            };
            if !substitute::is_variable(&entry.name) {
                self.error(
                    "config.variable-name",
                    entry.at,
                    &path,
                    format!("{:?} is not the name of a variable", entry.name),
                    "A name is of letters, digits and `_`, and does not begin with a digit.",
                );
                continue;
            }
            let value = match &entry.node.value {
                Value::Int(number) => Some(number.to_string()),
                Value::Number(text) => Some(text.clone()),
                Value::Bool(yes) => Some(yes.to_string()),
                Value::Text(_) => self.text(inner, &entry.node),
                _ => {
                    let message = format!(
                        "the variable `{}` is {}, and should be text",
                        entry.name,
                        entry.node.value.kind()
                    );
                    self.error(
                        "config.type",
                        entry.node.span,
                        &path,
                        message,
                        example(place.key),
                    );
                    None
                }
            };
            if let Some(text) = value {
                pairs.push((
                    entry.name.clone(),
                    Text {
                        text,
                        span: entry.node.span,
                    },
                ));
            }
        }
        Some(pairs)
    }
}

fn nul(text: &str) -> Option<&'static str> {
    text.contains('\0').then_some("holds a NUL character")
}

fn upto(max: i64) -> String {
    if max == i64::MAX {
        " up".to_owned()
    } else {
        format!(" to {max}")
    }
}
