//! The files that the checks read.

use std::fs;
use std::path::Path;

use crate::shell;

/// One text file.
pub(super) struct Source {
    /// Its path from the top of the repository, with `/`.
    pub(super) path: String,
    /// Its content.
    pub(super) text: String,
}

impl Source {
    /// A made-up file, for the tests of the checks.
    pub(super) fn new(path: &str, text: &str) -> Self {
        Source {
            path: path.into(),
            text: text.into(),
        }
    }

    /// Its lines with their numbers from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(n, line)| (n + 1, line))
    }

    /// Its lines of code: comments and everything from the inline test module on left out.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines()
            .take_while(|(_, line)| *line != "mod tests {")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Folders that hold nothing written here; `fuzz` and `web` bring their own when they come.
const SKIPPED: [&str; 4] = ["target", "node_modules", "dist", ".git"];

/// A folder of generated files, which nobody reads from top to bottom.
const GENERATED: &str = "plugin-sdk/src/wit/";

/// Every file whose name ends in one of `endings`, sorted by path.
pub(super) fn all(endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&shell::root(), "", endings, &mut found);
    found.retain(|file| !file.path.starts_with(GENERATED));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        !found.is_empty(),
        "no {endings:?} at all: the walk is broken"
    );
    found
}

fn walk(folder: &Path, prefix: &str, endings: &[&str], found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !SKIPPED.contains(&&*name) && name != ".runwisp" {
            walk(&entry.path(), &format!("{path}/"), endings, found);
        } else if kind.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
            // A fixture may be anything but UTF-8, for what is done about that is tested with it.
            let bytes = fs::read(entry.path()).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            found.push(Source { path, text });
        }
    }
}
