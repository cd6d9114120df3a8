//! What to say about a key or table that is not known where it stands.
//!
//! Tests: the goldens.

use super::keys::{ROOT, ROOT_FOREIGN, Shape, TABLES, Table};
use super::suggest::nearest;
use crate::words::diagnostic::{Diagnostic, Span};

/// The most keys that are listed in a help text.
const LISTED: usize = 16;

/// A key that does not belong to `table`.
pub(super) fn key(table: &'static Table, name: &str, at: Span, path: &str) -> Diagnostic {
    let foreign = table.foreign.iter().find(|(other, _)| *other == name);
    // What `[defaults]` holds has its proper home in a unit.
    let home = TABLES.iter().find(|other| {
        let here = std::ptr::eq(**other, table);
        !here && other.only.is_empty() && other.key(name).or(other.alias(name)).is_some()
    });
    let (code, message) = match home {
        Some(_) => (
            "config.misplaced-key",
            format!("`{name}` is not a key of {}", table.header),
        ),
        None => ("config.unknown-key", format!("there is no key `{name}`")),
    };
    let help = match (foreign, home) {
        (Some((_, hint)), _) => sentence(hint),
        (None, Some(home)) => format!("It belongs in {}.", home.header),
        (None, None) => match nearest(name, table.keys().map(|key| key.name)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => elsewhere(table, name),
        },
    };
    Diagnostic::error(code, at, message).help(help).key(path)
}

/// The nearest key of any other table, or the keys of this one.
fn elsewhere(table: &Table, name: &str) -> String {
    let others: Vec<_> = TABLES
        .iter()
        .flat_map(|other| other.keys().map(|key| (key.name, other.header)))
        .collect();
    if let Some(near) = nearest(name, others.iter().map(|(key, _)| *key))
        && let Some((key, header)) = others.iter().find(|(key, _)| *key == near)
    {
        return format!("Did you mean `{key}`? It belongs in {header}.");
    }
    let keys: Vec<&str> = table.keys().map(|key| key.name).collect();
    if keys.len() > LISTED {
        return format!(
            "The manual's page `config` lists the keys of {}.",
            table.header
        );
    }
    format!("The keys of {} are {}.", table.header, keys.join(", "))
}

/// A table or key at the root that is not known.
pub(super) fn at_root(name: &str, at: Span) -> Diagnostic {
    let foreign = ROOT_FOREIGN.iter().find(|(other, _)| *other == name);
    let near = nearest(name, ROOT.iter().map(|(known, ..)| *known));
    let help = match (foreign, near) {
        (Some((_, hint)), _) => sentence(hint),
        (None, Some(near)) => format!("Did you mean `{}`?", header(near)),
        (None, None) => match TABLES.iter().find(|table| table.key(name).is_some()) {
            Some(home) => format!("The key `{name}` belongs in {}.", home.header),
            None => {
                let known: Vec<String> = ROOT.iter().map(|(known, ..)| header(known)).collect();
                format!("The tables are {}.", known.join(", "))
            }
        },
    };
    Diagnostic::error(
        "config.unknown-table",
        at,
        format!("there is no table `{name}`"),
    )
    .help(help)
    .key(name)
}

/// The header of a table at the root.
pub(super) fn header(name: &str) -> String {
    match ROOT.iter().find(|(known, ..)| *known == name) {
        Some((_, table, Shape::Named, _)) => table.header.to_owned(),
        Some((_, _, Shape::List, _)) => format!("[[{name}]]"),
        _ => format!("[{name}]"),
    }
}

/// A hint as a sentence of its own.
fn sentence(hint: &str) -> String {
    let mut chars = hint.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect::<String>() + ".",
        None => String::new(),
    }
}
