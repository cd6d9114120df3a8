//! Names: every definition gets one that is valid, its own, and the same at every import of the same source.
//!
//! Same name and same content as something the configuration has: there already. Same name and other content: the
//! next free `NAME-2`, `NAME-3`. Keys that name other definitions follow.
//!
//! Tests: below.

use std::collections::{BTreeMap, BTreeSet};

use runwisp_core::config::Source;
use serde_json::Value as Json;

use super::draft::{Draft, State};
use super::value;
use super::words::Kind;

/// The longest name.
const LONGEST: usize = 100;

/// What a configuration defines, as far as an import has to know.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    /// Tasks and services.
    pub units: BTreeMap<String, Unit>,
    /// Notifiers with their tables.
    pub notifiers: BTreeMap<String, Json>,
    /// Routes.
    pub routes: Vec<Json>,
}

/// A task or a service of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Which table.
    pub kind: Kind,
    /// The table as it is written.
    pub table: Json,
    /// It came by an import of another source. Then only the very same table is the same: two users may both have a
    /// `backup`.
    pub imported: bool,
}

impl Unit {
    /// Whether a definition says what this unit does. What a person wrote is known by its command and its user, so that
    /// they may have changed the rest.
    fn is(&self, draft: &Draft) -> bool {
        let mine = draft.settings();
        if self.kind != draft.kind || mine["run"].is_null() {
            return false;
        }
        if self.imported {
            return self.table == mine;
        }
        self.table["run"] == mine["run"] && self.table["user"] == mine["user"]
    }
}

/// What some files define; `staged` is the one that imports have written. What can't be read is passed over: it is found
/// when the files are loaded.
pub(super) fn existing(sources: &[Source], staged: &str) -> Existing {
    let mut existing = Existing::default();
    for source in sources {
        let Ok(tables) = toml::from_str::<serde_json::Map<String, Json>>(&source.text) else {
            continue;
        };
        let named = |family: &str| {
            let table = tables.get(family).and_then(Json::as_object);
            table.into_iter().flatten()
        };
        for (family, kind) in [("tasks", Kind::Task), ("services", Kind::Service)] {
            for (name, table) in named(family) {
                let unit = Unit {
                    kind,
                    table: table.clone(),
                    imported: source.name == staged,
                };
                existing.units.insert(name.clone(), unit);
            }
        }
        for (name, table) in named("notifiers") {
            existing.notifiers.insert(name.clone(), table.clone());
        }
        let routes = tables.get("route").and_then(Json::as_array);
        existing
            .routes
            .extend(routes.into_iter().flatten().cloned());
    }
    existing
}

/// What became of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// It is the wished-for one.
    Kept,
    /// The wished-for one can't be a name.
    Mended,
    /// Another definition of the import has it.
    Collided,
    /// The configuration has it, for something else.
    Owned,
    /// The configuration has the definition.
    There,
}

/// The keys of units that name other definitions: units, or notifiers with a target behind a colon.
const UNIT_LISTS: [&str; 3] = ["depends_on", "on_success", "on_failure"];
const NOTIFIER_LISTS: [&str; 4] = [
    "notify_on_failure",
    "notify_on_success",
    "notify_on_recovery",
    "notifiers",
];

/// Names all drafts; the answer has an entry for each.
pub(super) fn assign(drafts: &mut [Draft], existing: &Existing) -> Vec<Naming> {
    let mut units = Namespace::default();
    let mut notifiers = Namespace::default();
    let mut routes: BTreeSet<String> = existing.routes.iter().map(Json::to_string).collect();
    let mut namings = Vec::with_capacity(drafts.len());
    for draft in drafts.iter_mut() {
        let naming = match draft.kind {
            Kind::Task | Kind::Service => {
                let base = sanitised(&draft.wished, false);
                // Looked at only where the name is taken, so that thousands of free ones cost nothing.
                let there =
                    |name: &str, draft: &Draft| existing.units.get(name).map(|u| u.is(draft));
                units.name(draft, &base, there)
            }
            Kind::Notifier => {
                let mine = draft.settings();
                let base = sanitised(&draft.wished, true);
                let there = |name: &str, _: &Draft| {
                    existing.notifiers.get(name).map(|other| *other == mine)
                };
                notifiers.name(draft, &base, there)
            }
            Kind::Route | Kind::Defaults => Naming::Kept,
        };
        namings.push(naming);
    }
    for (draft, naming) in drafts.iter_mut().zip(&mut namings) {
        follow(draft, &units.renamed, &notifiers.renamed);
        // A route has no name; it is told by what it says, once that says the right names.
        if draft.kind == Kind::Route && !routes.insert(draft.settings().to_string()) {
            *naming = Naming::There;
        }
        if *naming == Naming::There {
            draft.state = State::There;
        }
    }
    namings
}

/// Names in use, and what has become of wished-for ones.
#[derive(Default)]
struct Namespace {
    taken: BTreeSet<String>,
    /// The number that was last tried behind a name, so that a thousand equal names do not take a million tries.
    last: BTreeMap<String, u32>,
    renamed: BTreeMap<String, String>,
}

impl Namespace {
    /// `there` says of a name whether the configuration has it, and if so, whether it means the same.
    fn name(
        &mut self,
        draft: &mut Draft,
        base: &str,
        there: impl Fn(&str, &Draft) -> Option<bool>,
    ) -> Naming {
        let mut naming = if base == draft.wished {
            Naming::Kept
        } else {
            Naming::Mended
        };
        let mut name = base.to_owned();
        loop {
            match (self.taken.contains(&name), there(&name, draft)) {
                (false, None) => break,
                (false, Some(true)) => {
                    naming = Naming::There;
                    break;
                }
                (false, Some(false)) => naming = Naming::Owned,
                (true, _) if naming != Naming::Owned => naming = Naming::Collided,
                (true, _) => {}
            }
            let last = self.last.entry(base.to_owned()).or_insert(1);
            *last += 1;
            name = numbered(base, *last);
        }
        self.taken.insert(name.clone());
        self.renamed
            .entry(draft.wished.clone())
            .or_insert_with(|| name.clone());
        draft.name = name;
        naming
    }
}

fn numbered(base: &str, number: u32) -> String {
    let ending = format!("-{number}");
    let mut name = base.to_owned();
    name.truncate(LONGEST - ending.len());
    name + &ending
}

/// The wished-for name with what a name may hold.
fn sanitised(wished: &str, notifier: bool) -> String {
    let may = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') || (c == ':' && !notifier)
    };
    let mut name = String::new();
    for c in wished.chars() {
        match c {
            c if may(c) => name.push(c),
            // A stretch of what may not be becomes one dash.
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
        if name.len() >= LONGEST {
            break;
        }
    }
    if name != wished {
        name = name.trim_matches('-').to_owned();
    }
    match name.as_str() {
        "" => "unnamed".to_owned(),
        "inapp" if notifier => "inapp-2".to_owned(),
        _ => name,
    }
}

/// Lets the keys that name other definitions say what those are called now.
fn follow(
    draft: &mut Draft,
    units: &BTreeMap<String, String>,
    notifiers: &BTreeMap<String, String>,
) {
    for item in &mut draft.items {
        let [key] = item.path.as_slice() else {
            continue;
        };
        let names = match key.as_str() {
            key if UNIT_LISTS.contains(&key) => units,
            "units" if draft.kind == Kind::Route => units,
            key if NOTIFIER_LISTS.contains(&key) => notifiers,
            _ => continue,
        };
        let to_notifiers = std::ptr::eq(names, notifiers);
        let mut changed = false;
        let mut rename = |text: &mut String| {
            let (id, target) = match text.split_once(':') {
                Some((id, target)) if to_notifiers => (id, Some(target)),
                _ => (text.as_str(), None),
            };
            if let Some(name) = names.get(id).filter(|name| *name != id) {
                changed = true;
                *text = match target {
                    Some(target) => format!("{name}:{target}"),
                    None => name.clone(),
                };
            }
        };
        match &mut item.value {
            Json::String(text) => rename(text),
            Json::Array(all) => {
                for one in all {
                    if let Json::String(text) = one {
                        rename(text);
                    }
                }
            }
            _ => {}
        }
        if changed && let Ok(text) = value::toml(&item.value, value::Manner::Literal) {
            item.text = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::import::draft::draft;
    use crate::import::tests::{definition, setting};
    use crate::import::words::Definition;

    fn named(definitions: &[Definition], existing: &Existing) -> Vec<(String, Naming)> {
        let mut drafts: Vec<Draft> = definitions.iter().map(draft).collect();
        let namings = assign(&mut drafts, existing);
        let names = drafts.into_iter().map(|draft| draft.name);
        names.zip(namings).collect()
    }

    fn tasks(names: &[&str]) -> Vec<Definition> {
        let task = |name: &&str| definition(Kind::Task, name, "true");
        names.iter().map(task).collect()
    }

    #[test]
    fn names_are_valid_and_unlike() {
        let long = "x".repeat(120);
        let found = named(
            &tasks(&[
                "web", "web", "a b/c", "über", "", "web-2", "web", "-q-", &long, &long, "a:b",
            ]),
            &Existing::default(),
        );
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let hundred = "x".repeat(100);
        let short = format!("{}-2", "x".repeat(98));
        assert_eq!(
            names,
            [
                "web", "web-2", "a-b-c", "ber", "unnamed", "web-2-2", "web-3", "-q-", &hundred,
                &short, "a:b"
            ]
        );
        for name in names {
            runwisp_core::words::ids::UnitName::new(name).unwrap();
        }
        assert_eq!(found[2].1, Naming::Mended);
        assert_eq!(found[6].1, Naming::Collided);
    }

    #[test]
    fn what_the_configuration_has_is_left_there_or_made_way_for() {
        let mut existing = Existing::default();
        let unit = |run: &str| Unit {
            kind: Kind::Task,
            table: json!({"run": run, "cron": "@daily"}),
            imported: false,
        };
        existing.units.insert("same".to_owned(), unit("true"));
        existing.units.insert("other".to_owned(), unit("false"));
        existing.units.insert("renamed".to_owned(), unit("false"));
        existing.units.insert("renamed-2".to_owned(), unit("true"));
        let other_user = Unit {
            table: json!({"run": "true", "user": "ada"}),
            ..unit("true")
        };
        existing.units.insert("ada".to_owned(), other_user);
        let imported = |table: Json| Unit {
            table,
            imported: true,
            ..unit("true")
        };
        let elsewhere = imported(json!({"run": "true", "cron": "@daily"}));
        existing.units.insert("elsewhere".to_owned(), elsewhere);
        let moved = imported(json!({"run": "true"}));
        existing.units.insert("moved".to_owned(), moved);
        let service = definition(Kind::Service, "same", "true");
        let mut all = tasks(&["same", "other", "renamed", "ada", "elsewhere", "moved"]);
        all.push(service);
        let found = named(&all, &existing);
        let found: Vec<(&str, &Naming)> = found.iter().map(|(n, w)| (n.as_str(), w)).collect();
        assert_eq!(
            found,
            [
                ("same", &Naming::There),
                ("other-2", &Naming::Owned),
                ("renamed-2", &Naming::There),
                ("ada-2", &Naming::Owned),
                ("elsewhere-2", &Naming::Owned),
                ("moved", &Naming::There),
                ("same-2", &Naming::Collided),
            ]
        );
    }

    #[test]
    fn references_follow() {
        let mut existing = Existing::default();
        existing
            .notifiers
            .insert("mail".to_owned(), json!({"type": "slack"}));
        let mut task = definition(Kind::Task, "a b", "true");
        task.settings
            .push(setting(&["notify_on_failure"], json!(["mail:x", "inapp"])));
        let mut other = definition(Kind::Task, "c", "true");
        other.settings.push(setting(&["on_success"], json!("a b")));
        let mut notifier = definition(Kind::Notifier, "mail", "");
        notifier.settings = vec![setting(&["type"], json!("email"))];
        let mut route = definition(Kind::Route, "", "");
        route.settings = vec![
            setting(&["units"], json!(["a b", "*"])),
            setting(&["notifiers"], json!("mail")),
        ];
        let all = [task, other, notifier, route];
        let mut drafts: Vec<Draft> = all.iter().map(draft).collect();
        assign(&mut drafts, &existing);
        let texts: Vec<&str> = drafts
            .iter()
            .flat_map(|draft| draft.items.iter().map(|item| item.text.as_str()))
            .collect();
        assert_eq!(
            texts,
            [
                "\"true\"",
                "[\"mail-2:x\", \"inapp\"]",
                "\"true\"",
                "\"a-b\"",
                "\"email\"",
                "[\"a-b\", \"*\"]",
                "\"mail-2\""
            ]
        );
        existing
            .routes
            .push(json!({"units": ["a-b", "*"], "notifiers": "mail-2"}));
        let mut again: Vec<Draft> = all.iter().map(draft).collect();
        assert_eq!(assign(&mut again, &existing)[3], Naming::There);
    }

    #[test]
    fn a_thousand_equal_names_are_told_apart() {
        let found = named(&tasks(&["job"; 1000]), &Existing::default());
        assert_eq!(found[999].0, "job-1000");
    }
}
