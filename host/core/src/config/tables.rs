//! From the trees of all files to typed tables, and from those to the plan.
//!
//! Tests: through `super::tests`.

use std::collections::{BTreeMap, BTreeSet};

use super::check_unit::{Draft, Shared};
use super::keys::{DAEMON, DEFAULTS, NOTIFY, ROOT, SERVICE, STORAGE, Shape, TASK, Table};
use super::plan::{Plan, Unit};
use super::raw::{Entry, Node, Value};
use super::read::{Reader, built_in, join};
use super::typed::{Layers, Section};
use super::{check_daemon, check_edges, check_unit, depends, environment, raw, unknown};
use crate::words::diagnostic::{Diagnostic, Span};
use crate::words::ids::UnitName;
use crate::words::run::Kind;

/// Everything that was written, typed.
pub(super) struct Tables {
    pub(super) daemon: Section,
    pub(super) storage: Section,
    pub(super) defaults: Section,
    pub(super) notify: Section,
    pub(super) drafts: Vec<Draft>,
    /// Notifiers, by id.
    pub(super) notifiers: Vec<(String, Section)>,
    pub(super) routes: Vec<Section>,
    /// Plugins, by name.
    pub(super) plugins: Vec<(String, Section)>,
    /// For each source, where the parser had to guess.
    pub(super) guessed: Vec<Vec<std::ops::Range<usize>>>,
}

/// Reads all sources.
pub(super) fn gather(reader: &mut Reader<'_>) -> Tables {
    let mut tables = Tables {
        daemon: Section::empty(&DAEMON),
        storage: Section::empty(&STORAGE),
        defaults: Section::empty(&DEFAULTS),
        notify: Section::empty(&NOTIFY),
        drafts: Vec::new(),
        notifiers: Vec::new(),
        routes: Vec::new(),
        plugins: Vec::new(),
        guessed: Vec::new(),
    };
    let sources = reader.sources;
    for (file, source) in sources.iter().enumerate() {
        let parsed = raw::parse(file, &source.text, &mut reader.out);
        reader.broken.push(!parsed.guessed.is_empty());
        let ends = source.text.match_indices('\n').map(|(at, _)| at).collect();
        reader.lines.push(ends);
        tables.guessed.push(parsed.guessed);
        for entry in &parsed.table {
            match ROOT.iter().find(|(name, ..)| *name == entry.name) {
                None => reader.out.push(unknown::at_root(&entry.name, entry.at)),
                Some((_, _, _, false)) if file > 0 => root_only(reader, entry),
                Some((name, table, shape, _)) => tables.add(reader, name, table, *shape, entry),
            }
        }
    }
    tables
}

fn root_only(reader: &mut Reader<'_>, entry: &Entry) {
    let nested = match &entry.node.value {
        Value::Table(keys) if entry.name == "daemon" => {
            keys.iter().find(|key| key.name == "include")
        }
        _ => None,
    };
    let (at, message) = match nested {
        Some(include) => (
            include.at,
            "an included file cannot include further files".to_owned(),
        ),
        None => (
            entry.at,
            format!("`[{}]` stands in an included file", entry.name),
        ),
    };
    let root = reader
        .sources
        .first()
        .map_or("the root file", |source| &source.name);
    let help = format!("Move it to {root}.");
    reader.error("config.root-only", at, &entry.name, message, help);
}

impl Tables {
    fn add(
        &mut self,
        reader: &mut Reader<'_>,
        name: &str,
        table: &'static Table,
        shape: Shape,
        entry: &Entry,
    ) {
        match (shape, &entry.node.value) {
            (Shape::One, Value::Table(entries)) => {
                let section = reader.section(table, entries, entry.at, name);
                match name {
                    "daemon" => self.daemon = section,
                    "storage" => self.storage = section,
                    "defaults" => self.defaults = section,
                    _ => self.notify = section,
                }
            }
            (Shape::Named, Value::Table(entries)) => {
                for named in entries {
                    self.add_named(reader, name, table, named);
                }
            }
            (Shape::List, Value::List(nodes)) => {
                for (index, node) in nodes.iter().enumerate() {
                    match &node.value {
                        Value::Table(entries) => {
                            let section = reader.section(
                                table,
                                entries,
                                node.span,
                                &format!("{name}.{index}"),
                            );
                            self.routes.push(section);
                        }
                        _ => not_a_table(reader, name, node),
                    }
                }
            }
            _ => not_a_table(reader, name, &entry.node),
        }
    }

    fn add_named(
        &mut self,
        reader: &mut Reader<'_>,
        family: &str,
        table: &'static Table,
        named: &Entry,
    ) {
        let Value::Table(entries) = &named.node.value else {
            let message = format!(
                "`{}` in `[{family}]` is {}, and should be a table",
                named.name,
                named.node.value.kind()
            );
            let help = format!("Write `[{family}.NAME]` with the keys below it.");
            reader.error(
                "config.type",
                named.at,
                &join(family, &named.name),
                message,
                help,
            );
            return;
        };
        let path = join(family, &named.name);
        let section = reader.section(table, entries, named.at, &path);
        match family {
            "notifiers" => self.notifiers.push((named.name.clone(), section)),
            "plugins" => self.plugins.push((named.name.clone(), section)),
            _ => {
                let kind = if family == "tasks" {
                    Kind::Task
                } else {
                    Kind::Service
                };
                match UnitName::new(&named.name) {
                    Ok(name) => self.drafts.push(Draft {
                        name,
                        kind,
                        at: named.at,
                        section,
                    }),
                    Err(why) => reader.error(
                        "config.name",
                        named.at,
                        &path,
                        format!("the name {why}"),
                        "Choose another name.",
                    ),
                }
            }
        }
    }
}

fn not_a_table(reader: &mut Reader<'_>, name: &str, node: &Node) {
    let message = format!("`{name}` is {}, and should be a table", node.value.kind());
    reader.error(
        "config.type",
        node.span,
        name,
        message,
        format!("Write {}.", unknown::header(name)),
    );
}

/// Checks what the tables say together, and makes the plan of it. The plan is meaningless when there was an error.
pub(super) fn plan(reader: &mut Reader<'_>, tables: &Tables) -> Plan {
    let daemon = check_daemon::daemon(reader, &tables.daemon);
    let storage = check_daemon::storage(reader, &tables.storage);
    let drafts = unique(reader, tables);
    let shared = Shared {
        defaults: &tables.defaults,
        defaults_env: environment::layer(reader, &tables.defaults),
        task: built_in(&TASK, reader.around),
        service: built_in(&SERVICE, reader.around),
        health: built_in(&super::keys::HEALTH, reader.around),
        zone: daemon.timezone.clone(),
        shutdown_timeout: daemon.shutdown_timeout,
        notifiers: tables.notifiers.iter().map(|(id, _)| id.as_str()).collect(),
        kinds: drafts
            .iter()
            .map(|(name, draft)| (name.as_str(), draft.kind))
            .collect(),
    };
    let targets = tables.defaults.texts("notify_on_failure");
    check_edges::targets(
        reader,
        &shared.notifiers,
        targets,
        "defaults.notify_on_failure",
    );
    let units: BTreeMap<UnitName, Unit> = drafts
        .values()
        .map(|draft| (draft.name.clone(), check_unit::unit(reader, &shared, draft)))
        .collect();
    depends::circles(reader, &shared, &drafts);
    let names: BTreeSet<&str> = units.keys().map(UnitName::as_str).collect();
    let (edges, notify) =
        check_edges::edges(reader, tables, &shared.notifiers, &names, &daemon.timezone);
    Plan {
        daemon,
        storage,
        units,
        notify,
        edges,
    }
}

/// The drafts by name; a name that is taken is an error that shows both places.
fn unique<'a>(reader: &mut Reader<'_>, tables: &'a Tables) -> BTreeMap<String, &'a Draft> {
    let mut drafts: Vec<&Draft> = tables.drafts.iter().collect();
    drafts.sort_by_key(|draft| draft.at);
    let mut units: BTreeMap<String, &Draft> = BTreeMap::new();
    for draft in drafts {
        let name = draft.name.as_str();
        match units.get(name) {
            Some(first) => duplicate(reader, &draft.section.path, name, draft.at, first.at),
            None => {
                units.insert(name.to_owned(), draft);
            }
        }
    }
    units
}

pub(super) fn duplicate(reader: &mut Reader<'_>, path: &str, name: &str, at: Span, first: Span) {
    let file = reader.file_name(first).to_owned();
    reader.out.push(
        Diagnostic::error("config.duplicate-name", at, format!("`{name}` is defined twice"))
            .help(format!("A name is given once among all tasks and services; the other one is in {file}. Rename one of them."))
            .key(path)
            .related(first, "first defined here"),
    );
}

/// Layers for a table that inherits nothing.
pub(super) fn alone<'a>(own: &'a Section, empty: &'a Section, built_in: &'a Section) -> Layers<'a> {
    Layers {
        own,
        defaults: empty,
        built_in,
    }
}
