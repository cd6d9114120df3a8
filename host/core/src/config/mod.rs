//! Configuration, compiled: text → raw tables with spans → checks, all findings at once → [`plan::Plan`] → differences.
//!
//! Stages, in the order a text goes through them: `raw` (TOML with places), `read` (every value gets the type that
//! [`keys`] says), `check_*` (what keys mean together), [`plan`]. Then [`diff`] for a reload. Everything that is not
//! pure comes in through [`Surroundings`].
//!
//! Invariant: a text with an error never yields a plan, and one error never hides another one elsewhere.
//!
//! Tests: `tests`, and files with their expected findings in `tests/config`, run by the product.

mod check_daemon;
mod check_edges;
mod check_params;
mod check_route;
mod check_service;
mod check_task;
mod check_unit;
mod command;
mod depends;
pub mod diff;
mod env_file;
mod environment;
pub mod keys;
pub mod notify_plan;
pub mod params;
pub mod plan;
mod raw;
mod read;
pub mod reference;
pub mod scalar;
pub mod schema;
mod substitute;
mod suggest;
mod tables;
#[cfg(test)]
mod tests;
mod typed;
mod unknown;

use jiff::tz::TimeZone;

use crate::words::diagnostic::{Diagnostic, Severity, Span};
use crate::words::spawn::RunAs;
use plan::Plan;

pub use scalar::{duration as parse_duration, size as parse_size};
pub use substitute::{PER_RUN, is_variable};
pub use suggest::nearest;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path, as diagnostics name it and as [`Surroundings`] knows it.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// What a configuration may ask of the world it is loaded in.
pub trait Surroundings {
    /// An environment variable.
    fn var(&self, name: &str) -> Option<String>;
    /// The content of a file that the source `beside` names: absolute, in the home (`~/`), or relative to that source.
    /// The error completes the sentence "could not read …:".
    fn read_file(&self, path: &str, beside: &str) -> Result<String, String>;
    /// A relative path, made absolute from where the source `beside` lies.
    fn absolute(&self, path: &str, beside: &str) -> String;
    /// A zone of the IANA database.
    fn time_zone(&self, name: &str) -> Option<TimeZone>;
    /// The names of all zones, for suggestions.
    fn time_zone_names(&self) -> Vec<String>;
    /// The host's own zone.
    fn host_time_zone(&self) -> TimeZone;
    /// The account that `user` or `user:group` names. The error is a sentence such as "there is no user `www`".
    fn account(&self, user: &str) -> Result<RunAs, String>;
    /// Whether commands can be run as that account.
    fn may_become(&self, account: &RunAs) -> bool;
}

/// What came of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// The plan, when there is no error.
    pub plan: Option<Plan>,
    /// Every finding, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
    /// Notifiers as they were written, for their plugins to judge; also when there are errors.
    pub notifiers: Vec<notify_plan::WrittenNotifier>,
    /// The templates of routes as they were written; also when there are errors.
    pub templates: Vec<notify_plan::WrittenTemplate>,
}

/// Compiles a configuration: the first source is the root, the others are what it includes.
pub fn compile(sources: &[Source], around: &dyn Surroundings) -> Compiled {
    let mut reader = read::Reader {
        sources,
        around,
        out: Vec::new(),
        broken: Vec::new(),
        lines: Vec::new(),
    };
    let tables = tables::gather(&mut reader);
    let plan = tables::plan(&mut reader, &tables);
    let diagnostics = in_order(reader.out, &tables.guessed);
    let refused = diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error);
    Compiled {
        plan: (!refused).then_some(plan),
        diagnostics,
        notifiers: check_edges::written(&tables),
        templates: check_route::written(&tables.routes),
    }
}

/// The patterns of `[daemon] include`, each with its place, for the loader to look up. What is wrong with them is
/// found again by [`compile`].
pub fn includes(root: &Source, around: &dyn Surroundings) -> Vec<(String, Span)> {
    let sources = std::slice::from_ref(root);
    let mut reader = read::Reader {
        sources,
        around,
        out: Vec::new(),
        broken: vec![true],
        lines: Vec::new(),
    };
    let tree = raw::parse(0, &root.text, &mut reader.out).table;
    let Some(daemon) = tree.iter().find(|entry| entry.name == "daemon") else {
        return Vec::new();
    };
    let raw::Value::Table(entries) = &daemon.node.value else {
        return Vec::new();
    };
    let entries: Vec<_> = entries
        .iter()
        .filter(|entry| entry.name == "include")
        .cloned()
        .collect();
    let section = reader.section(&keys::DAEMON, &entries, daemon.at, "daemon");
    section
        .texts("include")
        .iter()
        .map(|text| (text.text.clone(), text.span))
        .collect()
}

/// Sorted by place, each finding once; those left out that come of the parser's guesses after an error of syntax.
fn in_order(
    mut diagnostics: Vec<Diagnostic>,
    guessed: &[Vec<std::ops::Range<usize>>],
) -> Vec<Diagnostic> {
    diagnostics.retain(|found| {
        let in_doubt = found.span.is_some_and(|span| {
            let stretches = guessed.get(span.file);
            stretches.is_some_and(|all| all.iter().any(|range| range.contains(&span.start)))
        });
        found.code == "config.syntax" || !in_doubt
    });
    diagnostics.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    diagnostics.dedup_by(|a, b| a.span == b.span && a.code == b.code && a.message == b.message);
    diagnostics
}
