//! Imports: what an importer plugin found, as a configuration and a report.
//!
//! Pure up to the text: definitions → `draft` (held against the table of keys) → `names` → `render` and `proof` (the text
//! compiles) → `report`.
//!
//! Invariant: an importer can't write a file that does not load, nor make anything run that it called blocked.
//!
//! Tests: beside each part; `tests` has those of the whole.

mod document;
mod draft;
mod names;
mod people;
mod proof;
mod render;
mod report;
mod spread;
pub mod stage;
#[cfg(test)]
mod tests;
mod value;
pub mod words;

use serde_json::Value as Json;

pub use document::document;
use draft::{Draft, State};
pub use names::Existing;
pub use people::{people, summary};
pub use report::{Line, Status};
use words::{Conversion, Kind, Note, Place, Weight};

/// What an import is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A file of its own, which a person reads before it is used.
    File,
    /// A file that is included and in force at the next reload. What is blocked is a comment, and there is no
    /// `[defaults]`, which an included file can't have: each unit gets what it says.
    Staged,
}

/// An import.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The configuration, as text without a head.
    pub toml: String,
    /// The tables in it.
    pub units: Vec<Unit>,
    /// What became of each section of the source.
    pub report: Vec<Line>,
    /// What concerns the source as a whole.
    pub notes: Vec<Note>,
    /// What to do once it is in use.
    pub retirement: Vec<String>,
}

/// A table of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Which table.
    pub kind: Kind,
    /// Its name; empty for what has none.
    pub name: String,
    /// Its keys, in tables.
    pub settings: Json,
    /// Where it comes from.
    pub source: Place,
    /// Whether it is written as a table, and not as a comment.
    pub runnable: bool,
}

impl Imported {
    /// How many sections are blocked, changed, skipped and clean.
    pub fn counts(&self) -> [usize; 4] {
        let count = |status| self.report.iter().filter(|l| l.status == status).count();
        [
            Status::Blocked,
            Status::Changed,
            Status::Skipped,
            Status::Clean,
        ]
        .map(count)
    }

    /// Whether a person has to act.
    pub fn blocked(&self) -> bool {
        let whole = self.notes.iter();
        self.counts()[0] > 0 || whole.into_iter().any(|n| n.weight == Weight::Blocking)
    }

    /// Whether something is not as it was written.
    pub fn changed(&self) -> bool {
        let whole = self.notes.iter();
        self.counts()[1] > 0 || whole.into_iter().any(|n| n.weight == Weight::Changed)
    }
}

/// Makes an import of what an importer found, beside what the configuration has.
pub fn import(conversion: &Conversion, existing: &Existing, purpose: Purpose) -> Imported {
    let mut drafts: Vec<Draft> = conversion.definitions.iter().map(draft::draft).collect();
    let blocking = report::blocking(conversion, drafts.len());
    if purpose == Purpose::Staged {
        for (draft, blocking) in drafts.iter_mut().zip(&blocking) {
            if !blocking.is_empty() {
                draft.state = State::Comment;
            }
        }
        spread::spread(&mut drafts);
    }
    let namings = names::assign(&mut drafts, existing);
    let mut rendered = proof::prove(&mut drafts, &blocking, existing);
    if purpose == Purpose::Staged {
        while hold_back(&mut drafts) {
            rendered = proof::prove(&mut drafts, &blocking, existing);
        }
    }
    let (report, notes) = report::report(conversion, &drafts, &namings);
    Imported {
        toml: rendered.text,
        units: drafts.iter().filter_map(unit).collect(),
        report,
        notes,
        retirement: conversion.retirement.clone(),
    }
}

/// Makes a comment of what lost a key to a fault. Whether there was anything.
fn hold_back(drafts: &mut [Draft]) -> bool {
    let mut held = false;
    for draft in drafts.iter_mut().filter(|d| d.state == State::Live) {
        if draft.items.iter().any(|item| item.fault.is_some()) {
            draft.state = State::Comment;
            held = true;
        }
    }
    held
}

fn unit(draft: &Draft) -> Option<Unit> {
    (draft.state != State::There).then(|| Unit {
        kind: draft.kind,
        name: draft.name.clone(),
        settings: draft.settings(),
        source: draft.source.clone(),
        runnable: draft.state == State::Live,
    })
}
