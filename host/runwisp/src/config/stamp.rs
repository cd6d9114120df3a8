//! Whether what a configuration was read from has changed since.
//!
//! Tests: `super::tests`.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use runwisp_core::words::digest::fnv1a64;

use super::{files, includes};

/// What was read: files with their content's digest, and the patterns that found them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    files: BTreeMap<PathBuf, File>,
    patterns: BTreeMap<PathBuf, Vec<PathBuf>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    meta: Option<Meta>,
    /// None when it could not be read.
    digest: Option<u64>,
}

/// Device, inode, size, and time of the last change in nanoseconds.
type Meta = (u64, u64, u64, i128);

impl Stamp {
    /// Notes a file that was read, or could not be.
    pub(super) fn note(&mut self, path: &Path, text: Option<&str>) {
        let file = File {
            meta: meta(path),
            digest: text.map(|text| fnv1a64(text.as_bytes())),
        };
        self.files.insert(path.to_owned(), file);
    }

    /// Notes what a pattern matched.
    pub(super) fn pattern(&mut self, pattern: PathBuf, files: &[PathBuf]) {
        self.patterns.insert(pattern, files.to_vec());
    }

    /// The files, included ones, environment files and secrets among them.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// Whether loading again would read something else. Looks at metadata first, and reads only what that leaves open.
    pub fn stale(&self) -> bool {
        let files = self.files.iter().any(|(path, file)| file.changed(path));
        files
            || self
                .patterns
                .iter()
                .any(|(pattern, found)| includes::expand(pattern) != *found)
    }
}

impl File {
    fn changed(&self, path: &Path) -> bool {
        let now = meta(path);
        if now.is_some() && now == self.meta {
            return false;
        }
        let digest = files::read(path).ok().map(|text| fnv1a64(text.as_bytes()));
        digest != self.digest
    }
}

fn meta(path: &Path) -> Option<Meta> {
    let meta = std::fs::metadata(path).ok()?;
    let time = i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec());
    Some((meta.dev(), meta.ino(), meta.size(), time))
}
