//! The files that `[daemon] include` names.
//!
//! A pattern is relative to the root file; `*`, `?` and `[…]` stand within one part of a path and never for a leading
//! dot. Files come in the order of patterns, then of names, each once.
//!
//! Tests: `super::tests`.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use runwisp_core::config::{Source, includes};
use runwisp_core::words::diagnostic::{Diagnostic, Span};
use runwisp_core::words::glob::Glob;

use super::surroundings::{Host, resolve};

/// The most files.
const MOST: usize = 1000;

/// Reads all included files behind the root.
pub(super) fn add(host: &Host, sources: &mut Vec<Source>, found: &mut Vec<Diagnostic>) {
    let Some(root) = sources.first().cloned() else {
        return;
    };
    let mut seen: BTreeSet<PathBuf> = real(Path::new(&root.name)).into_iter().collect();
    for (text, span) in includes(&root, host) {
        let pattern = resolve(&text, &root.name);
        let mut files = expand(&pattern);
        let supposed = host.supposed().filter(|path| matches(&pattern, path));
        files.extend(supposed.cloned());
        files.sort();
        files.dedup();
        host.stamp_mut().pattern(pattern, &files);
        if files.is_empty() {
            found.push(
                Diagnostic::warning(
                    "config.include-empty",
                    span,
                    format!("{text:?} matches no file"),
                )
                .help("A pattern is relative to this file.")
                .key("daemon.include"),
            );
        }
        for path in files {
            if !seen.insert(real(&path).unwrap_or_else(|| path.clone())) {
                continue;
            }
            if sources.len() > MOST {
                found.push(
                    Diagnostic::error(
                        "config.too-many-files",
                        span,
                        format!("more than {MOST} files are included"),
                    )
                    .help("Put several units into one file.")
                    .key("daemon.include"),
                );
                return;
            }
            one(host, &path, span, sources, found);
        }
    }
}

fn one(
    host: &Host,
    path: &Path,
    span: Span,
    sources: &mut Vec<Source>,
    found: &mut Vec<Diagnostic>,
) {
    match host.source(path) {
        Ok(source) => {
            found.extend(host.untrusted(path, sources.len()));
            sources.push(source);
        }
        Err(fault) => found.push(fault.diagnostic(Some(span), path).key("daemon.include")),
    }
}

fn real(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}

/// The paths a pattern matches, sorted. At most one more than may be used.
pub(super) fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::new()];
    for part in pattern.components() {
        let wild = match part {
            Component::Normal(name) => name.to_str().map(Glob::new).filter(|glob| !glob.is_exact()),
            _ => None,
        };
        paths = match wild {
            None => paths.into_iter().map(|path| path.join(part)).collect(),
            Some(glob) => paths
                .iter()
                .flat_map(|folder| matching(folder, &glob))
                .collect(),
        };
        paths.truncate(MOST + 1);
    }
    paths.retain(|path| path.symlink_metadata().is_ok());
    paths
}

/// Whether a pattern, as a path, stands for this path.
pub fn matches(pattern: &Path, path: &Path) -> bool {
    let (mut patterns, mut parts) = (pattern.components(), path.components());
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if pattern == part => {}
            (Some(Component::Normal(pattern)), Some(Component::Normal(part))) => {
                let (Some(pattern), Some(part)) = (pattern.to_str(), part.to_str()) else {
                    return false;
                };
                if !fits(&Glob::new(pattern), part) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// Whether one part of a path fits. A wildcard does not stand for a leading dot.
fn fits(glob: &Glob, name: &str) -> bool {
    let hidden = name.starts_with('.') && !glob.as_str().starts_with('.');
    !hidden && glob.matches(name)
}

fn matching(folder: &Path, glob: &Glob) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let name = name.to_str()?;
            fits(glob, name).then(|| folder.join(name))
        })
        .collect();
    paths.sort();
    paths
}
