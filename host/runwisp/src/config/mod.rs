//! Loading a configuration: files, includes, environment and accounts are gathered here, decisions are the core's.
//!
//! `validate` and the daemon load through the same [`load`], so what one accepts the other starts with.
//!
//! Invariant: nothing here waits for anything but a disk. A path that is no regular file is refused before it is
//! read, and everything read has a limit.
//!
//! Tests: `tests`; and `tests/config/*.toml` of the workspace, each with what is found in it.

mod accounts;
mod document;
mod files;
mod includes;
mod render;
mod stamp;
mod surroundings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runwisp_core::config::notify_plan::{WrittenNotifier, WrittenTemplate};
use runwisp_core::config::plan::Plan;
use runwisp_core::config::{Source, compile};
use runwisp_core::words::diagnostic::{Diagnostic, Severity, Span};

pub use accounts::find as find_account;
pub use document::document;
pub use includes::matches as pattern_matches;
pub use render::{render, summary};
pub use stamp::Stamp;
use surroundings::Host;

/// A configuration, loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The plan, when there is no error.
    pub plan: Option<Plan>,
    /// Every file that was read, the root first; spans of diagnostics count in them.
    pub sources: Vec<Source>,
    /// Every finding, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
    /// The notifiers as they were written, for their plugins to judge.
    pub notifiers: Vec<WrittenNotifier>,
    /// The templates of routes as they were written, to be tried out.
    pub templates: Vec<WrittenTemplate>,
    /// What was read, to tell later whether it has changed.
    pub stamp: Stamp,
}

impl Loaded {
    /// Whether there is no error.
    pub fn valid(&self) -> bool {
        self.plan.is_some()
    }
}

/// Loads the configuration whose root file is at `path`, an absolute path.
pub fn load(path: &Path) -> Loaded {
    load_for(path, nix::unistd::geteuid().is_root())
}

/// The same as if these files had these texts, whatever they have now, and whether they are there or not.
pub fn load_with(path: &Path, texts: BTreeMap<PathBuf, String>) -> Loaded {
    load_on(
        Host::new(nix::unistd::geteuid().is_root()).with(texts),
        path,
    )
}

/// The patterns of `[daemon] include` in a root file with this text, each as a path.
pub fn include_patterns(root: &Path, text: &str) -> Vec<PathBuf> {
    let source = Source {
        name: root.display().to_string(),
        text: text.to_owned(),
    };
    let patterns = runwisp_core::config::includes(&source, &Host::new(false));
    let resolve = |(text, _): (String, Span)| surroundings::resolve(&text, &source.name);
    patterns.into_iter().map(resolve).collect()
}

/// The text of a file, as a configuration is read: a regular one, of a bounded size, in UTF-8. The error completes
/// "could not read …:".
pub fn read_file(path: &Path) -> Result<String, String> {
    files::read(path).map_err(|fault| fault.to_string())
}

/// Compiles sources that were loaded before; files that they name are read anew. `root` as for [`load_for`].
pub fn compile_kept(sources: Vec<Source>, root: bool) -> Loaded {
    let host = Host::new(root);
    let compiled = compile(&sources, &host);
    Loaded {
        plan: compiled.plan,
        notifiers: compiled.notifiers,
        templates: compiled.templates,
        sources,
        diagnostics: compiled.diagnostics,
        stamp: host.stamp(),
    }
}

/// The same where it is known who starts the units: `root` says whether that is root, which this process need not be,
/// as when a keeper has kept the rights its daemon has dropped.
pub fn load_for(path: &Path, root: bool) -> Loaded {
    load_on(Host::new(root), path)
}

fn load_on(host: Host, path: &Path) -> Loaded {
    let mut found = Vec::new();
    let mut sources = Vec::new();
    match host.source(path) {
        Ok(source) => sources.push(source),
        Err(fault) => {
            found.push(fault.diagnostic(None, path));
            // So that the finding has a file to be shown with.
            sources.push(Source {
                name: path.display().to_string(),
                text: String::new(),
            });
        }
    }
    let readable = found.is_empty();
    if readable {
        found.extend(host.untrusted(path, 0));
        includes::add(&host, &mut sources, &mut found);
    }
    let compiled = compile(&sources, &host);
    if readable {
        found.extend(compiled.diagnostics);
    }
    found.sort_by_key(|finding| finding.span);
    let refused = found
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Loaded {
        plan: compiled.plan.filter(|_| !refused),
        sources,
        diagnostics: found,
        notifiers: compiled.notifiers,
        templates: compiled.templates,
        stamp: host.stamp(),
    }
}

/// The beginning of a file.
fn top(file: usize) -> Span {
    Span {
        file,
        start: 0,
        end: 0,
    }
}
