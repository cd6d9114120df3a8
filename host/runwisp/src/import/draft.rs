//! Definitions of an importer, held against the table of keys: what may be written, and what is the importer's fault.
//!
//! Invariant: after this, the keys of a draft can be written in any order without one being in another's way.
//!
//! Tests: below; what values mean together is looked at by `super::proof`.

use std::collections::BTreeSet;

use runwisp_core::config::keys::{self, Table, Type};
use serde_json::Value as Json;

use super::value::{self, Manner};
use super::words::{Definition, Kind, Place, Setting};

/// A table on its way into a file.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Which table.
    pub(super) kind: Kind,
    /// The name the importer wished for.
    pub(super) wished: String,
    /// The name it has; empty for what has none.
    pub(super) name: String,
    /// Its keys.
    pub(super) items: Vec<Item>,
    /// Lines above it.
    pub(super) comments: Vec<String>,
    /// Where it comes from.
    pub(super) source: Place,
    /// How it is written.
    pub(super) state: State,
    /// What is wrong with it as a whole: the importer's fault.
    pub(super) faults: Vec<String>,
}

/// How a draft is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// As a table.
    Live,
    /// As a comment, whole.
    Comment,
    /// Not at all: the configuration has it.
    There,
}

/// A key on its way into a file.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The keys that lead to it.
    pub(super) path: Vec<String>,
    /// Its value.
    pub(super) value: Json,
    /// The value in TOML.
    pub(super) text: String,
    /// The comment beside it.
    pub(super) note: Option<String>,
    /// Why it can't be written but as a comment.
    pub(super) fault: Option<String>,
}

impl Item {
    /// The keys as one text, for people.
    pub(super) fn dotted(&self) -> String {
        let keys: Vec<String> = self.path.iter().map(|name| value::key(name)).collect();
        keys.join(".")
    }
}

impl Draft {
    /// Its keys as one JSON object.
    pub(super) fn settings(&self) -> Json {
        let mut all = Json::Object(serde_json::Map::new());
        for item in self.items.iter().filter(|item| item.fault.is_none()) {
            let mut at = &mut all;
            for name in &item.path {
                at = &mut at[name.as_str()];
            }
            *at = value::plain(&item.value);
        }
        all
    }
}

/// The table of keys for a kind.
pub(super) fn table(kind: Kind) -> &'static Table {
    match kind {
        Kind::Task => &keys::TASK,
        Kind::Service => &keys::SERVICE,
        Kind::Notifier => &keys::NOTIFIER,
        Kind::Route => &keys::ROUTE,
        Kind::Defaults => &keys::DEFAULTS,
    }
}

/// Takes a definition in.
pub(super) fn draft(definition: &Definition) -> Draft {
    let mut draft = Draft {
        kind: definition.kind,
        wished: definition.name.clone(),
        name: String::new(),
        items: Vec::with_capacity(definition.settings.len()),
        comments: definition.comments.clone(),
        source: definition.source.clone(),
        state: if definition.runnable {
            State::Live
        } else {
            State::Comment
        },
        faults: Vec::new(),
    };
    let mut taken = Taken::default();
    for setting in &definition.settings {
        add(&mut draft, &mut taken, setting);
    }
    draft
}

/// The paths that have a value, and those that lead to one.
#[derive(Default)]
struct Taken {
    values: BTreeSet<Vec<String>>,
    tables: BTreeSet<Vec<String>>,
}

impl Taken {
    /// Whether a value can stand there beside the others; if so, it does.
    fn take(&mut self, path: &[String]) -> bool {
        let above = (1..path.len()).any(|n| self.values.contains(&path[..n]));
        if above || self.tables.contains(path) || !self.values.insert(path.to_vec()) {
            return false;
        }
        self.tables
            .extend((1..path.len()).map(|n| path[..n].to_vec()));
        true
    }
}

fn add(draft: &mut Draft, taken: &mut Taken, setting: &Setting) {
    if setting.path.is_empty() {
        draft.faults.push("a setting has no key".to_owned());
        return;
    }
    let parsed: Result<Json, String> =
        serde_json::from_str(&setting.value).map_err(|why| format!("its value is no JSON: {why}"));
    let mut path = setting.path.clone();
    let place = place(table(draft.kind), &mut path);
    match (parsed, place) {
        (Ok(Json::Object(entries)), Ok(Shape::Table))
            if value::substituted(&Json::Object(entries.clone())).is_none() =>
        {
            for (n, (name, value)) in entries.into_iter().enumerate() {
                let path: Vec<String> = path.iter().cloned().chain([name]).collect();
                let text = value.to_string();
                let note = setting.note.clone().filter(|_| n == 0);
                let nested = Setting {
                    path,
                    value: text,
                    note,
                };
                add(draft, taken, &nested);
            }
        }
        (parsed, place) => {
            let (value, mut fault) = match parsed {
                Ok(value) => (value, None),
                Err(why) => (Json::from(setting.value.clone()), Some(why)),
            };
            let manner = match &place {
                Ok(Shape::Command) => Manner::Command,
                _ => Manner::Literal,
            };
            let text = value::toml(&value, manner).unwrap_or_else(|why| {
                fault = Some(format!("its value {why}"));
                format!("{:?}", value.to_string())
            });
            let fault = fault.or(place.err());
            let fault = fault.or_else(|| {
                (!taken.take(&path)).then(|| "it is given twice, as a value or a table".to_owned())
            });
            draft.items.push(Item {
                path,
                value,
                text,
                note: setting.note.clone(),
                fault,
            });
        }
    }
}

/// What stands at a path.
enum Shape {
    Value,
    Command,
    /// A table whose keys are written one by one.
    Table,
}

/// What may stand at a path; an older name of a key gives way to its newer one. The error says why nothing may.
fn place(table: &'static Table, path: &mut [String]) -> Result<Shape, String> {
    let Some((head, rest)) = path.split_first_mut() else {
        return Ok(Shape::Value);
    };
    let Some(key) = table.key(head).or_else(|| table.alias(head)) else {
        return if table.open {
            Ok(Shape::Table)
        } else {
            Err(format!("there is no such key in {}", table.header))
        };
    };
    key.name.clone_into(head);
    match key.of {
        Type::Table(inner) if rest.is_empty() || rest.len() == 1 => match rest {
            [] => Ok(Shape::Table),
            rest => place(inner, rest),
        },
        Type::Env if rest.len() == 1 => Ok(Shape::Value),
        Type::Env if rest.is_empty() => Ok(Shape::Table),
        Type::Open => Ok(Shape::Table),
        _ if !rest.is_empty() => Err(format!("`{}` is not a table of such keys", key.name)),
        Type::Command => Ok(Shape::Command),
        _ => Ok(Shape::Value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::import::tests::{definition, setting};

    fn items(kind: Kind, settings: &[(&[&str], Json)]) -> Vec<String> {
        let mut given = definition(kind, "x", "true");
        given.settings = settings
            .iter()
            .map(|(path, value)| setting(path, value.clone()))
            .collect();
        let draft = draft(&given);
        let line = |item: &Item| match &item.fault {
            None => format!("{} = {}", item.dotted(), item.text),
            Some(fault) => format!("! {}: {fault}", item.dotted()),
        };
        draft.items.iter().map(line).collect()
    }

    #[test]
    fn only_what_the_table_of_keys_knows_is_written() {
        let found = items(
            Kind::Service,
            &[
                (&["run"], json!("echo ${A}")),
                (&["env", "A B"], json!("${A}")),
                (&["env"], json!({"C": "d", "E": {"$substitute": "${F}"}})),
                (&["health", "exec"], json!(["x", "${A}"])),
                (&["health", "exe"], json!("x")),
                (&["health"], json!({"retries": 1})),
                (&["cron"], json!("@daily")),
                (&["run", "x"], json!("y")),
                (&["backoff_reset_after"], json!("1s")),
                (&["healthy_after"], json!("2s")),
                (&["umask"], json!(null)),
            ],
        );
        assert_eq!(
            found,
            [
                "run = \"echo ${A}\"",
                "env.\"A B\" = \"$${A}\"",
                "env.C = \"d\"",
                "env.E = \"${F}\"",
                "health.exec = [\"x\", \"${A}\"]",
                "! health.exe: there is no such key in [services.NAME.health]",
                "health.retries = 1",
                "! cron: there is no such key in [services.NAME]",
                "! run.x: `run` is not a table of such keys",
                "healthy_after = \"1s\"",
                "! healthy_after: it is given twice, as a value or a table",
                "! umask: its value is null",
            ]
        );
    }

    #[test]
    fn a_value_is_not_in_the_way_of_a_table() {
        let found = items(
            Kind::Notifier,
            &[
                (&["type"], json!("webhook")),
                (&["headers", "A"], json!("1")),
                (&["headers"], json!("x")),
                (&["url"], json!("http://h")),
                (&["url", "x"], json!("y")),
            ],
        );
        assert!(found[2].starts_with("! headers: it is given twice"));
        assert!(found[4].starts_with("! url.x: it is given twice"));
    }

    #[test]
    fn what_is_no_json_is_the_importers_fault() {
        let mut given = definition(Kind::Task, "x", "true");
        given.settings[0].value = "sleep".to_owned();
        given.settings.push(Setting {
            path: Vec::new(),
            value: "1".to_owned(),
            note: None,
        });
        let draft = draft(&given);
        assert!(draft.items[0].fault.is_some());
        assert_eq!(draft.faults.len(), 1);
    }
}
