//! What was read: sections with their keys, each with its place, merged over all files as supervisord merges them.
//!
//! Tests: through `crate::ini`.

use std::collections::BTreeMap;

use crate::codes::Code;

/// A place: which file, and which line, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) file: usize,
    pub(crate) line: u32,
}

/// Something to say about a place.
#[derive(Clone, Debug)]
pub(crate) struct Remark {
    pub(crate) code: &'static Code,
    /// A sentence without its full stop. Never holds a value that may be secret.
    pub(crate) message: String,
    pub(crate) at: At,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) at: At,
}

/// A section.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) at: At,
    /// In the order in which they were first set.
    pub(crate) entries: Vec<Entry>,
    places: BTreeMap<String, usize>,
    /// The last file that has something of it.
    touched: usize,
    /// What the reader noticed.
    pub(crate) remarks: Vec<Remark>,
}

impl Section {
    /// The entry of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        self.places.get(name).map(|place| &self.entries[*place])
    }

    /// Sets a key anew; answers with its place among the entries, and where it was set before.
    pub(crate) fn set(&mut self, name: String, value: String, at: At) -> (usize, Option<At>) {
        self.touched = self.touched.max(at.file);
        let entry = Entry { name, value, at };
        if let Some(place) = self.places.get(&entry.name).copied() {
            let old = std::mem::replace(&mut self.entries[place], entry);
            return (place, Some(old.at));
        }
        let place = self.entries.len();
        self.places.insert(entry.name.clone(), place);
        self.entries.push(entry);
        (place, None)
    }

    pub(crate) fn remark(&mut self, code: &'static Code, at: At, message: impl Into<String>) {
        let message = message.into();
        self.remarks.push(Remark { code, message, at });
    }
}

/// A file that was read.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Its path; none for standard input.
    pub(crate) path: Option<String>,
    /// Its folder, where that is known.
    pub(crate) folder: Option<String>,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) files: Vec<File>,
    /// In the order in which they first stand.
    pub(crate) sections: Vec<Section>,
    places: BTreeMap<String, usize>,
    /// `[DEFAULT]`.
    pub(crate) defaults: Section,
    /// What concerns no section.
    pub(crate) remarks: Vec<Remark>,
}

impl Document {
    /// The section of that name.
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.places.get(name).map(|place| &self.sections[*place])
    }

    /// The place of the section of that name, and whether it was there before.
    pub(crate) fn open(&mut self, name: &str, at: At) -> (usize, bool) {
        if let Some(place) = self.places.get(name) {
            let section = &mut self.sections[*place];
            section.touched = section.touched.max(at.file);
            return (*place, true);
        }
        let place = self.sections.len();
        self.places.insert(name.to_owned(), place);
        self.sections.push(Section {
            name: name.to_owned(),
            at,
            touched: at.file,
            ..Section::default()
        });
        (place, false)
    }

    /// What a key has in a section, `[DEFAULT]` counted in.
    pub(crate) fn entry<'a>(&'a self, section: &'a Section, name: &str) -> Option<&'a Entry> {
        section.get(name).or_else(|| self.defaults.get(name))
    }

    /// Puts a folder in the place of every `%(here)s` that is still there, as supervisord does after each file once
    /// there is an `[include]`. What the last file has nothing of is left alone: it was seen to after its own.
    pub(crate) fn expand_here(&mut self, folder: &str) {
        const HERE: &str = "%(here)s";
        let last = self.files.len().saturating_sub(1);
        let Document {
            sections, defaults, ..
        } = self;
        let inherited = defaults.touched == last;
        for section in sections {
            if section.touched != last && !inherited {
                continue;
            }
            for entry in &mut section.entries {
                if entry.value.contains(HERE) {
                    entry.value = entry.value.replace(HERE, folder);
                }
            }
            for entry in &defaults.entries {
                if entry.value.contains(HERE) && section.get(&entry.name).is_none() {
                    let value = entry.value.replace(HERE, folder);
                    section.set(entry.name.clone(), value, entry.at);
                }
            }
        }
    }
}
