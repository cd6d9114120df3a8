//! A definition while it is being written.
//!
//! Tests: through `crate::unit`.

use runwisp_plugin::{Definition, Kind, Setting};
use serde_json::Value;

use crate::document::At;

/// A definition, and where it comes from.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) settings: Vec<Setting>,
    pub(crate) comments: Vec<String>,
    pub(crate) runnable: bool,
    /// What the listeners know it by: the program's name and its group's.
    pub(crate) program: String,
    pub(crate) group: String,
    /// The name of its process.
    pub(crate) process: String,
}

impl Draft {
    pub(crate) fn new(kind: Kind, name: &str, at: At) -> Draft {
        Draft {
            kind,
            name: name.to_owned(),
            at,
            settings: Vec::new(),
            comments: Vec::new(),
            runnable: true,
            program: String::new(),
            group: String::new(),
            process: String::new(),
        }
    }

    pub(crate) fn put(&mut self, path: &[&str], value: impl Into<Value>) {
        self.noted(path, value, None);
    }

    /// A key with a comment beside it.
    pub(crate) fn noted(&mut self, path: &[&str], value: impl Into<Value>, note: Option<String>) {
        let value: Value = value.into();
        self.settings.push(Setting {
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            value: value.to_string(),
            note,
        });
    }

    pub(crate) fn has(&self, path: &[&str]) -> bool {
        self.settings.iter().any(|setting| setting.path == path)
    }

    pub(crate) fn finish(self, place: impl Fn(At) -> runwisp_plugin::Place) -> Definition {
        Definition {
            kind: self.kind,
            name: self.name,
            settings: self.settings,
            comments: self.comments,
            source: place(self.at),
            runnable: self.runnable,
        }
    }
}
