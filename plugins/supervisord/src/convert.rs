//! From what was read to definitions and the report.
//!
//! Invariant: every section has one row; every definition is in one row; a row with a blocking remark has nothing that
//! may run.
//!
//! Tests: `crate::tests`, the goldens.

use std::collections::BTreeMap;

use runwisp_plugin::{Conversion, Definition, Note, Place, Row, Weight};

use crate::codes;
use crate::daemon::{self, Daemon};
use crate::document::{At, Document, Remark, Section};
use crate::draft::Draft;
use crate::groups::{self, Groups};
use crate::listeners;
use crate::others;
use crate::program::{self, Kind, Program};
use crate::scope::{Options, Used, World};
use crate::sheet::Sheet;
use crate::unit::{self, Around};
use crate::value::Restart;

/// A program of a section, in one of its groups.
struct Reading<'a> {
    sheet: Sheet<'a>,
    program: Program,
    /// The name that the unit is wished to have.
    name: String,
    /// The group's priority, or its own.
    priority: i64,
    /// Whether it is the section's first.
    first: bool,
}

/// What a section became.
#[derive(Default)]
struct Outcome {
    remarks: Vec<Remark>,
    drafts: Vec<Draft>,
}

/// Converts a document.
pub(crate) fn convert(document: &Document, options: &Options) -> Conversion {
    let here = options.here.clone();
    let folder = document.files.first().and_then(|file| file.folder.clone());
    let mut world = World {
        options,
        here: here.or(folder),
        shared: Vec::new(),
    };
    let (daemon, mut daemon_remarks) = daemon::read(document, &mut world);
    let (groups, group_remarks) = groups::read(document, &world);
    let mut outcomes: BTreeMap<&str, Outcome> = BTreeMap::new();
    for (name, remarks) in group_remarks {
        if let Some(section) = document.section(&name) {
            outcomes
                .entry(&section.name)
                .or_default()
                .remarks
                .extend(remarks);
        }
    }
    let notes = programs(document, &world, &daemon, &groups, &mut outcomes);
    listeners(document, &world, &mut outcomes);
    if daemon.inherited && outcomes.values().any(|outcome| !outcome.drafts.is_empty()) {
        let at = document
            .section("supervisord")
            .map_or_else(At::default, |section| section.at);
        let message = "what programs inherit from the section is written into each unit".to_owned();
        daemon_remarks.push(Remark {
            code: &codes::DAEMON_INHERITED,
            message,
            at,
        });
    }
    for section in &document.sections {
        let outcome = outcomes.entry(&section.name).or_default();
        let mut remarks = section.remarks.clone();
        remarks.append(&mut outcome.remarks);
        match section.name.split(':').next() {
            Some("supervisord") if section.name == "supervisord" => {
                remarks.append(&mut daemon_remarks)
            }
            Some("program" | "fcgi-program" | "eventlistener" | "group")
                if section.name.contains(':') => {}
            _ => remarks.extend(others::remarks(document, section, &world)),
        }
        outcome.remarks = remarks;
    }
    compose(document, outcomes, notes)
}

/// The units of all programs; answers with what concerns the file.
fn programs<'a>(
    document: &'a Document,
    world: &World<'_>,
    daemon: &Daemon,
    groups: &Groups,
    outcomes: &mut BTreeMap<&'a str, Outcome>,
) -> Vec<Remark> {
    let mut readings: Vec<Reading<'a>> = Vec::new();
    for section in &document.sections {
        let kind = match section.name.split_once(':') {
            Some(("program", _)) => Kind::Program,
            Some(("fcgi-program", _)) => Kind::Fcgi,
            _ => continue,
        };
        let outcome = outcomes.entry(&section.name).or_default();
        readings.extend(read(document, section, kind, world, groups, outcome));
    }
    let services: Vec<i64> = readings
        .iter()
        .filter(|reading| reading.program.restart != Restart::Never)
        .map(|reading| reading.priority)
        .collect();
    let differ = services.windows(2).any(|pair| pair[0] != pair[1]);
    let nothing = readings.is_empty();
    for mut reading in readings {
        let around = Around {
            world,
            daemon,
            name: &reading.name,
            priority: differ.then_some(reading.priority),
        };
        let drafts = unit::units(&mut reading.sheet, &reading.program, &around);
        let outcome = outcomes.entry(&reading.sheet.section.name).or_default();
        outcome.drafts.extend(drafts);
        if reading.first {
            outcome.remarks.append(&mut reading.sheet.remarks);
        }
    }
    collisions(outcomes);
    whole(document, nothing, differ)
}

/// A section, once for each group that it is in.
fn read<'a>(
    document: &'a Document,
    section: &'a Section,
    kind: Kind,
    world: &World<'_>,
    groups: &Groups,
    outcome: &mut Outcome,
) -> Vec<Reading<'a>> {
    let mut sheet = Sheet::new(document, section);
    let Some(name) = program::name_of(&mut sheet) else {
        outcome.remarks.append(&mut sheet.remarks);
        return Vec::new();
    };
    let places = groups.of(&section.name);
    if places.is_empty() {
        let program = program::read(&mut sheet, world, &Used::default(), kind, &name, None);
        let priority = program.priority;
        return vec![Reading {
            sheet,
            program,
            name,
            priority,
            first: true,
        }];
    }
    let mut found = Vec::new();
    for (nth, place) in places.iter().enumerate() {
        let group = &groups.all[*place];
        let mut sheet = Sheet::new(document, section);
        let program = program::read(
            &mut sheet,
            world,
            &Used::default(),
            kind,
            &name,
            Some(&group.name),
        );
        groups::order(&mut sheet, section);
        if places.len() > 1 {
            let message = format!(
                "the program is in {} groups, so supervisord runs it once for each, and each is a unit",
                places.len()
            );
            sheet.remark(&codes::GROUP_MEMBER_TWICE, "", message);
        }
        let wished = if nth == 0 {
            name.clone()
        } else {
            format!("{}-{name}", group.name)
        };
        found.push(Reading {
            sheet,
            program,
            name: wished,
            priority: group.priority,
            first: nth == 0,
        });
    }
    found
}

/// Two processes of one name in a group: supervisord runs the later one.
fn collisions(outcomes: &mut BTreeMap<&str, Outcome>) {
    let mut seen: BTreeMap<(String, String), Vec<(String, At)>> = BTreeMap::new();
    for (section, outcome) in outcomes.iter() {
        for draft in &outcome.drafts {
            let key = (draft.group.clone(), draft.process.clone());
            seen.entry(key)
                .or_default()
                .push(((*section).to_owned(), draft.at));
        }
    }
    for ((group, _), mut places) in seen {
        places.sort_by_key(|(_, at)| (at.file, at.line));
        places.dedup_by(|a, b| a.0 == b.0);
        places.pop();
        for (section, at) in places {
            if let Some(outcome) = outcomes.get_mut(section.as_str()) {
                let message = format!(
                    "another program of the group `{}` has a process of the same name, and supervisord runs only the later one",
                    crate::scope::shown(&group)
                );
                outcome.remarks.push(Remark {
                    code: &codes::NAME_COLLISION,
                    message,
                    at,
                });
            }
        }
    }
}

/// What concerns the file as a whole.
fn whole(document: &Document, nothing: bool, differ: bool) -> Vec<Remark> {
    let at = At { file: 0, line: 1 };
    let mut remarks = document.remarks.clone();
    let mut say = |code, message: &str| {
        remarks.push(Remark {
            code,
            message: message.to_owned(),
            at,
        })
    };
    if document.section("supervisord").is_none() {
        say(
            &codes::FRAGMENT,
            "there is no `[supervisord]`, so this is a part of a configuration; what it would inherit is not known",
        );
    }
    if nothing {
        say(&codes::NOTHING_TO_IMPORT, "there is no program in it");
    }
    if differ {
        say(
            &codes::PRIORITY_NOT_DEPENDENCY,
            "`priority` orders starts and waits for nothing, as in supervisord; `depends_on` waits until a service is ready",
        );
    }
    remarks
}

/// Recognised listeners add to the units.
fn listeners<'a>(
    document: &'a Document,
    world: &World<'_>,
    outcomes: &mut BTreeMap<&'a str, Outcome>,
) {
    let mut found = Vec::new();
    for section in &document.sections {
        if !section.name.starts_with("eventlistener:") {
            continue;
        }
        let mut sheet = Sheet::new(document, section);
        // One for which supervisord refuses the file has never run.
        let listener = listeners::read(&mut sheet, world).filter(|_| !is_blocked(&sheet.remarks));
        found.push((sheet, listener));
    }
    if found.is_empty() {
        return;
    }
    // They look after all units, wherever these stand.
    let mut units = Vec::new();
    let mut owners = Vec::new();
    for (section, outcome) in outcomes.iter_mut() {
        for draft in outcome.drafts.drain(..) {
            owners.push(*section);
            units.push(draft);
        }
    }
    let mut notifiers = Vec::new();
    for (sheet, listener) in &mut found {
        let made = match listener {
            Some(listener) => listeners::apply(listener, sheet, &mut units),
            None => Vec::new(),
        };
        notifiers.push(made);
    }
    listeners::join_lists(&mut units);
    for (section, draft) in owners.into_iter().zip(units) {
        outcomes.entry(section).or_default().drafts.push(draft);
    }
    for ((mut sheet, _), made) in found.into_iter().zip(notifiers) {
        let outcome = outcomes.entry(&sheet.section.name).or_default();
        outcome.drafts.extend(made);
        outcome.remarks.append(&mut sheet.remarks);
    }
}

/// Rows in the order of the sections, and the definitions in theirs.
fn compose(
    document: &Document,
    mut outcomes: BTreeMap<&str, Outcome>,
    notes: Vec<Remark>,
) -> Conversion {
    let place = |at: At| place(document, at);
    let mut definitions: Vec<Definition> = Vec::new();
    let mut report = Vec::new();
    if !document.defaults.name.is_empty() {
        report.push(Row {
            section: "[DEFAULT]".to_owned(),
            source: place(document.defaults.at),
            definitions: Vec::new(),
            notes: notes_of(document, others::defaults(document)),
        });
    }
    for section in &document.sections {
        let outcome = outcomes.remove(section.name.as_str()).unwrap_or_default();
        let blocked = is_blocked(&outcome.remarks);
        let mut numbers = Vec::new();
        for mut draft in outcome.drafts {
            draft.runnable &= !blocked;
            numbers.push(u32::try_from(definitions.len()).unwrap_or(u32::MAX));
            definitions.push(draft.finish(place));
        }
        report.push(Row {
            section: format!("[{}]", crate::scope::shown(&section.name)),
            source: place(section.at),
            definitions: numbers,
            notes: notes_of(document, outcome.remarks),
        });
    }
    let retirement = if definitions.is_empty() {
        Vec::new()
    } else {
        retirement()
    };
    Conversion {
        definitions,
        report,
        notes: notes_of(document, notes),
        retirement,
    }
}

fn is_blocked(remarks: &[Remark]) -> bool {
    let blocking = |remark: &Remark| remark.code.weight == Weight::Blocking;
    remarks.iter().any(blocking)
}

/// How supervisord lets go.
fn retirement() -> Vec<String> {
    [
        "supervisorctl stop all",
        "systemctl disable --now supervisor",
        "on Red Hat and its kin the service is called supervisord; without systemd, run supervisorctl shutdown",
        "when everything runs here, move supervisord's configuration away: a supervisord that starts again runs every program a second time",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A place, as the host knows it.
pub(crate) fn place(document: &Document, at: At) -> Place {
    let file = document.files.get(at.file);
    Place {
        file: file.and_then(|file| file.path.clone()),
        line: at.line.max(1),
    }
}

/// Remarks as notes, each once.
pub(crate) fn notes_of(document: &Document, remarks: Vec<Remark>) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for remark in remarks {
        let source = place(document, remark.at);
        let again = notes.iter().any(|note| {
            note.code == remark.code.name
                && note.message == remark.message
                && note.source.line == source.line
        });
        if !again && notes.len() < MOST_NOTES {
            notes.push(Note {
                code: remark.code.name.to_owned(),
                weight: remark.code.weight,
                message: remark.message,
                source,
            });
        }
    }
    notes
}

/// The most notes of one row: a section of a million odd lines is not told line by line.
const MOST_NOTES: usize = 200;
