//! Staging: an import beside the configuration in force, `runwisp.d/imported.toml`, with the root file including it.
//!
//! Pure up to the texts: `parts` (the staged file, a part for each source), `wire` (the include), `diff`. [`crate::replace`]
//! is the hand.
//!
//! Invariant: both files change or none, also over a loss of power; nothing is replaced that would not load.
//!
//! Tests: beside each part, and `tests`.

mod diff;
mod parts;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runwisp_core::words::digest::fnv1a64;

use super::names::{Existing, existing};
use super::words::Conversion;
use super::{Imported, Purpose, import};
use crate::config::{self, Loaded};
use crate::replace::Change;

pub use diff::diff;

/// The staged file, from the folder of the root file.
pub const STAGED: &str = "runwisp.d/imported.toml";
/// What includes it.
pub const PATTERN: &str = "runwisp.d/*.toml";

/// What an import would make of the files.
#[derive(Debug)]
pub struct Plan {
    /// The import itself.
    pub imported: Imported,
    /// The files that would change, in the order in which they have to.
    pub changes: Vec<Change>,
    /// How many tables of an earlier import of the same source this one replaces.
    pub replaces: usize,
}

/// Why an import can't be staged. Texts complete "could not stage the import: …".
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The configuration has errors already.
    #[error("the configuration has errors; an import on top would hide them")]
    Broken(Box<Loaded>),
    /// It would have errors.
    #[error("the configuration would have errors with it")]
    Breaks(Box<Loaded>),
    /// The root file has an include list of its own.
    #[error("{} includes files of its own choice, and not {PATTERN:?}; add it to `include`", .0.display())]
    Include(PathBuf),
    /// Somebody changed the staged file.
    #[error("the part of {part} in {} was changed by hand", file.display())]
    Edited {
        /// The staged file.
        file: PathBuf,
        /// The source.
        part: String,
    },
    /// A file can't be read.
    #[error("{} can't be read: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// The root file can't be edited.
    #[error("`include` can't be added to {}: {why}", file.display())]
    Unwired {
        /// The root file.
        file: PathBuf,
        /// Why.
        why: String,
    },
}

/// Works out what staging a conversion of `title` beside the configuration at `root` comes to. `force` lets what was
/// changed by hand go. Changes nothing.
pub fn plan(
    root: &Path,
    title: &str,
    conversion: &Conversion,
    force: bool,
) -> Result<Plan, Refusal> {
    let staged = root.parent().unwrap_or(Path::new("/")).join(STAGED);
    let root_text = read(root)?;
    let staged_text = read(&staged)?;
    let mut parts = parts::parse(staged_text.as_deref().unwrap_or_default());
    let mine = parts::position(&parts, title);
    let edited = match mine {
        Some(n) => parts[n].edited().then(|| title.to_owned()),
        None => None,
    };
    if let Some(part) = edited.filter(|_| !force) {
        return Err(Refusal::Edited { file: staged, part });
    }
    let replaces = mine.map_or(0, |n| parts[n].tables());
    let imported = {
        let mut others = parts.clone();
        if let Some(n) = mine {
            others.remove(n);
        }
        let existing = what_there_is(root, &root_text, &staged, &parts::text(&others))?;
        import(conversion, &existing, Purpose::Staged)
    };
    parts::put(&mut parts, title, &imported.toml);
    let after = parts::text(&parts);
    let mut changes = Vec::new();
    if staged_text.as_deref().unwrap_or_default() != after {
        changes.push(Change {
            path: staged.clone(),
            before: staged_text,
            after: after.clone(),
        });
    }
    let wired = wire(root, root_text.as_deref(), &staged)?;
    if let Some(text) = wired.filter(|_| !after.is_empty()) {
        changes.push(Change {
            path: root.to_owned(),
            before: root_text,
            after: text,
        });
    }
    let overlay = changes.iter().map(|c| (c.path.clone(), c.after.clone()));
    let would = config::load_with(root, overlay.collect());
    if !changes.is_empty() && !would.valid() {
        return Err(Refusal::Breaks(Box::new(would)));
    }
    Ok(Plan {
        imported,
        changes,
        replaces,
    })
}

/// What the configuration has without this source's part.
fn what_there_is(
    root: &Path,
    root_text: &Option<String>,
    staged: &Path,
    others: &str,
) -> Result<Existing, Refusal> {
    let mut overlay = BTreeMap::new();
    overlay.insert(staged.to_owned(), others.to_owned());
    if root_text.is_none() {
        overlay.insert(root.to_owned(), wire::NEW_ROOT.to_owned());
    }
    let loaded = config::load_with(root, overlay);
    // Without the part, something that names its units may be missing them; what counts is the whole, later.
    let syntax = loaded.diagnostics.iter().any(|d| d.code == "config.syntax");
    if syntax {
        return Err(Refusal::Broken(Box::new(loaded)));
    }
    Ok(existing(&loaded.sources, &staged.display().to_string()))
}

/// The root file with the include, where it lacks it.
fn wire(root: &Path, text: Option<&str>, staged: &Path) -> Result<Option<String>, Refusal> {
    let Some(text) = text else {
        return Ok(Some(wire::NEW_ROOT.to_owned()));
    };
    let patterns = config::include_patterns(root, text);
    if patterns.is_empty() {
        let wired = wire::add(text).map_err(|why| Refusal::Unwired {
            file: root.to_owned(),
            why,
        })?;
        return Ok(Some(wired));
    }
    if patterns.iter().any(|p| config::pattern_matches(p, staged)) {
        return Ok(None);
    }
    Err(Refusal::Include(root.to_owned()))
}

/// The text of a file; none where it is not there.
fn read(path: &Path) -> Result<Option<String>, Refusal> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let text = config::read_file(path).map_err(|why| Refusal::Unreadable {
        file: path.to_owned(),
        why,
    })?;
    Ok(Some(text))
}

/// A short digest of a text, by which a change by hand is seen. Not for secrets or enemies.
fn digest(text: &str) -> String {
    format!("{:016x}", fnv1a64(text.as_bytes()))
}
