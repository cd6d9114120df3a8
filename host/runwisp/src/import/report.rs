//! What became of every section of the source: one row each, its status derived from what there is to say.
//!
//! Invariant: a status is never stored, so it can't contradict the notes.
//!
//! Tests: `super::tests`.

use super::draft::{Draft, State};
use super::names::Naming;
use super::words::{Conversion, Note, Place, Row, Weight};

/// What became of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A person has to act.
    Blocked,
    /// Nothing came of it.
    Skipped,
    /// Something is not as it was written.
    Changed,
    /// As it was.
    Clean,
}

impl Status {
    /// As scripts know it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Blocked => "blocked",
            Status::Skipped => "skipped",
            Status::Changed => "changed",
            Status::Clean => "clean",
        }
    }

    /// As people see it at the head of a line.
    pub fn mark(self) -> &'static str {
        match self {
            Status::Blocked => "!",
            Status::Skipped => "-",
            Status::Changed => "~",
            Status::Clean => "✓",
        }
    }
}

/// One section.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// As the source has it.
    pub section: String,
    /// Where it begins.
    pub source: Place,
    /// What became of it.
    pub status: Status,
    /// What there is to say.
    pub notes: Vec<Note>,
}

/// The report: the rows, and what concerns the source as a whole.
pub(super) fn report(
    conversion: &Conversion,
    drafts: &[Draft],
    namings: &[Naming],
) -> (Vec<Line>, Vec<Note>) {
    let mut claimed = vec![false; drafts.len()];
    let mut lines = Vec::with_capacity(conversion.report.len());
    for row in &conversion.report {
        let mut notes = row.notes.clone();
        let mut emitted = false;
        for (n, found) in mine(row, drafts) {
            match found {
                None => notes.push(fault(
                    &row.source,
                    format!("its row names definition {n}, which there is not"),
                )),
                Some(draft) => {
                    // Several rows may make one table; its own remarks stand in the first.
                    if !std::mem::replace(&mut claimed[n], true) {
                        notes.extend(remarks(draft, &namings[n]));
                    }
                    emitted |= draft.state != State::There;
                }
            }
        }
        lines.push(Line {
            section: row.section.clone(),
            source: row.source.clone(),
            status: status(&notes, emitted),
            notes,
        });
    }
    let mut whole = conversion.notes.clone();
    let orphans = drafts.iter().zip(namings).zip(&claimed);
    for ((draft, naming), _) in orphans.filter(|(_, claimed)| !**claimed) {
        whole.extend(remarks(draft, naming));
    }
    (lines, whole)
}

/// The definitions of a row.
fn mine<'a>(row: &Row, drafts: &'a [Draft]) -> impl Iterator<Item = (usize, Option<&'a Draft>)> {
    let numbers: Vec<usize> = row.definitions.iter().map(|n| *n as usize).collect();
    numbers.into_iter().map(|n| (n, drafts.get(n)))
}

/// For each draft, whether a row that it belongs to has a blocking note, and what those say.
pub(super) fn blocking(conversion: &Conversion, drafts: usize) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new(); drafts];
    for row in &conversion.report {
        let notes = row.notes.iter().filter(|n| n.weight == Weight::Blocking);
        let said: Vec<&str> = notes.map(|note| note.message.as_str()).collect();
        for n in &row.definitions {
            if let Some(mine) = all.get_mut(*n as usize) {
                mine.extend(said.iter().map(|&text| text.to_owned()));
            }
        }
    }
    all
}

fn status(notes: &[Note], emitted: bool) -> Status {
    let any = |weight| notes.iter().any(|note| note.weight == weight);
    if any(Weight::Blocking) {
        Status::Blocked
    } else if !emitted {
        Status::Skipped
    } else if any(Weight::Changed) {
        Status::Changed
    } else {
        Status::Clean
    }
}

/// What the host has to say about a table.
fn remarks(draft: &Draft, naming: &Naming) -> Vec<Note> {
    let note = |code: &str, weight, message| Note {
        code: code.to_owned(),
        weight,
        message,
        source: draft.source.clone(),
    };
    let (wished, name) = (&draft.wished, &draft.name);
    let mut notes: Vec<Note> = draft
        .faults
        .iter()
        .map(|why| fault(&draft.source, format!("the importer's fault: {why}")))
        .collect();
    for item in &draft.items {
        if let Some(why) = &item.fault {
            let message = format!("the importer's fault: `{}`: {why}", item.dotted());
            notes.push(fault(&draft.source, message));
        }
    }
    match naming {
        Naming::Kept => {}
        Naming::There if draft.name.is_empty() => notes.push(note(
            "already-defined",
            Weight::Info,
            "the configuration has this route".to_owned(),
        )),
        Naming::There => notes.push(note(
            "already-defined",
            Weight::Info,
            format!("the configuration has `{name}`, and it is the same"),
        )),
        Naming::Mended => notes.push(note(
            "renamed",
            Weight::Changed,
            format!("{wished:?} can't be a name; it is `{name}` here"),
        )),
        Naming::Collided => notes.push(note(
            "renamed-collision",
            Weight::Changed,
            format!("another one is called `{wished}`; this one is `{name}`"),
        )),
        Naming::Owned => notes.push(note(
            "renamed-owned",
            Weight::Changed,
            format!("the configuration has another `{wished}`; this one is `{name}`"),
        )),
    }
    notes
}

fn fault(source: &Place, message: String) -> Note {
    Note {
        code: "importer-fault".to_owned(),
        weight: Weight::Blocking,
        message,
        source: source.clone(),
    }
}
