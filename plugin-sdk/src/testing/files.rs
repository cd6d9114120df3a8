//! Files for tests of importers, from a map or a real folder, by the rules of the real host: relative to the file that
//! names them, and nothing outside the granted roots.
//!
//! Invariant: a path is judged after `.` and `..` are gone, so no spelling of it reaches outside. Tests: `tests` below.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::files::{Content, Error};

/// The largest file that is read.
const LARGEST: usize = 1 << 20;

/// Where an importer's files come from.
#[derive(Clone, Default)]
pub struct Files {
    made_up: BTreeMap<String, Vec<u8>>,
    folder: Option<PathBuf>,
    roots: Vec<String>,
}

impl Files {
    /// Files of a test: absolute paths and what is in them. All of them are granted.
    pub fn map<P: Into<String>, B: Into<Vec<u8>>>(
        files: impl IntoIterator<Item = (P, B)>,
    ) -> Files {
        let made_up: BTreeMap<String, Vec<u8>> = files
            .into_iter()
            .map(|(path, bytes)| (path.into(), bytes.into()))
            .collect();
        Files {
            roots: vec!["/".into()],
            made_up,
            folder: None,
        }
    }

    /// What lies below a real folder, under its real path without links. All of it is granted.
    pub fn folder(path: impl AsRef<Path>) -> std::io::Result<Files> {
        let path = path.as_ref().canonicalize()?;
        Ok(Files {
            roots: vec![path.to_string_lossy().into_owned()],
            folder: Some(path),
            made_up: BTreeMap::new(),
        })
    }

    /// Grants only these folders or files, instead of all.
    pub fn only(mut self, roots: &[&str]) -> Files {
        self.roots = roots.iter().map(|root| (*root).into()).collect();
        self
    }

    pub(super) fn grant(&mut self, path: &str) {
        self.roots.push(path.into());
    }

    pub(super) fn read(&self, base: Option<&str>, path: &str) -> Result<Content, Error> {
        let path = self.place(base, path)?;
        if self.folder.is_none() {
            let bytes = self
                .made_up
                .get(&path)
                .cloned()
                .ok_or_else(|| Error::Missing(path.clone()))?;
            return sized(path, bytes);
        }
        let real = Path::new(&path)
            .canonicalize()
            .map_err(|why| match why.kind() {
                std::io::ErrorKind::NotFound => Error::Missing(path.clone()),
                _ => Error::Unreadable(format!("{path}: {why}")),
            })?;
        let real_text = real.to_string_lossy().into_owned();
        self.granted(&real_text)?;
        if !real.is_file() {
            return Err(Error::Unreadable(format!("{path} is no plain file")));
        }
        let bytes =
            std::fs::read(&real).map_err(|why| Error::Unreadable(format!("{path}: {why}")))?;
        sized(real_text, bytes)
    }

    pub(super) fn glob(&self, base: Option<&str>, pattern: &str) -> Result<Vec<String>, Error> {
        let pattern = self.place(base, pattern)?;
        let mut found: Vec<String> = match &self.folder {
            None => self.made_up.keys().cloned().collect(),
            Some(folder) => below(folder),
        };
        found.retain(|path| matches_path(&pattern, path) && self.granted(path).is_ok());
        found.sort();
        Ok(found)
    }

    /// The absolute path that is meant, if it may be looked at.
    fn place(&self, base: Option<&str>, path: &str) -> Result<String, Error> {
        let joined = match (path.starts_with('/'), base) {
            (true, _) => path.to_string(),
            (false, Some(base)) => {
                let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{folder}/{path}")
            }
            (false, None) => {
                return Err(Error::Denied(format!(
                    "`{path}` is relative, and standard input has no folder"
                )));
            }
        };
        let path = normal(&joined);
        self.granted(fixed_part(&path))?;
        Ok(path)
    }

    fn granted(&self, path: &str) -> Result<(), Error> {
        let within = |root: &String| {
            let root = root.trim_end_matches('/');
            path.strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if self.roots.iter().any(within) {
            return Ok(());
        }
        Err(Error::Denied(format!("{path} is not granted")))
    }
}

fn sized(path: String, bytes: Vec<u8>) -> Result<Content, Error> {
    if bytes.len() > LARGEST {
        return Err(Error::TooLarge(LARGEST as u64));
    }
    Ok(Content { path, bytes })
}

/// The path without `.`, `..` and double slashes.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The folder above the first part of a pattern that is not plain; the whole path where all of it is.
fn fixed_part(pattern: &str) -> &str {
    match pattern.find(['*', '?', '[']) {
        None => pattern,
        Some(at) => match pattern[..at].rfind('/') {
            Some(0) | None => "/",
            Some(slash) => &pattern[..slash],
        },
    }
}

/// Everything below a real folder; what can't be listed is not there.
fn below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            found.push(path.to_string_lossy().into_owned());
            // Links to folders are not followed: they may lead round in a circle.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(path);
            }
        }
    }
    found
}

fn matches_path(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(&path)
            .all(|(pattern, name)| matches_name(pattern, name))
}

/// `*`, `?` and `[…]` within one name. A name that begins with a dot is meant only by a pattern that does, too.
fn matches_name(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // One star at a time is remembered: going back to the last one is enough.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some('?') => {
                p += 1;
                n += 1;
                continue;
            }
            Some('[') => {
                if let Some((true, after)) = class(&pattern[p..], name[n]) {
                    p += after;
                    n += 1;
                    continue;
                }
                if class(&pattern[p..], name[n]).is_none() && name[n] == '[' {
                    p += 1;
                    n += 1;
                    continue;
                }
            }
            Some(letter) if *letter == name[n] => {
                p += 1;
                n += 1;
                continue;
            }
            _ => {}
        }
        match star {
            Some((at, taken)) => {
                star = Some((at, taken + 1));
                p = at + 1;
                n = taken + 1;
            }
            None => return false,
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

/// Whether a letter is in the class at the head of a pattern, and how long the class is; none for a lone `[`.
fn class(pattern: &[char], letter: char) -> Option<(bool, usize)> {
    let turned = matches!(pattern.get(1), Some('!' | '^'));
    let start = if turned { 2 } else { 1 };
    let end = (start + 1..pattern.len()).find(|at| pattern[*at] == ']')?;
    let inside = &pattern[start..end];
    let mut hit = false;
    let mut at = 0;
    while at < inside.len() {
        if at + 2 < inside.len() && inside[at + 1] == '-' {
            hit |= (inside[at]..=inside[at + 2]).contains(&letter);
            at += 3;
        } else {
            hit |= inside[at] == letter;
            at += 1;
        }
    }
    Some((hit != turned, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_a_shell_has_it() {
        for (pattern, name, wanted) in [
            ("*.conf", "a.conf", true),
            ("*.conf", ".a.conf", false),
            (".*.conf", ".a.conf", true),
            ("*a*b", "xaybzb", true),
            ("*a*b", "xaybzc", false),
            ("?[a-c][!x]", "1bz", true),
            ("?[a-c][!x]", "1bx", false),
            ("[]]", "]", true),
            ("[a", "[a", true),
            ("**", "", true),
        ] {
            assert_eq!(matches_name(pattern, name), wanted, "{pattern} on {name}");
        }
    }

    #[test]
    fn relative_paths_start_at_the_file_that_names_them() {
        let files = Files::map([
            ("/etc/s/main.conf", "m"),
            ("/etc/s/conf.d/b.conf", "b"),
            ("/etc/s/conf.d/a.conf", "a"),
        ]);
        let base = Some("/etc/s/main.conf");
        assert_eq!(
            files.glob(base, "conf.d/*.conf").unwrap(),
            ["/etc/s/conf.d/a.conf", "/etc/s/conf.d/b.conf"]
        );
        assert_eq!(
            files.read(base, "./conf.d/../main.conf").unwrap().bytes,
            b"m"
        );
        assert!(matches!(files.read(base, "gone"), Err(Error::Missing(_))));
        assert!(matches!(
            files.read(None, "main.conf"),
            Err(Error::Denied(_))
        ));
    }

    #[test]
    fn nothing_outside_the_roots_is_read_not_even_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("in");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        std::fs::write(root.join("own"), "o").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).unwrap();
        let files = Files::folder(&root).unwrap();
        let own = files.folder.clone().unwrap().join("own");
        let base = Some(own.to_str().unwrap());
        assert_eq!(files.read(base, "own").unwrap().bytes, b"o");
        for path in ["../secret", "link", "/etc/passwd"] {
            assert!(
                matches!(files.read(base, path), Err(Error::Denied(_))),
                "{path}"
            );
        }
        assert!(matches!(files.glob(base, "../*"), Err(Error::Denied(_))));
    }
}
