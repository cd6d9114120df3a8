//! Reading the sources, and what `[include]` names, one level deep, in supervisord's order.
//!
//! Invariant: files are read through the host alone, and what can't be read is remarked, never passed over.
//!
//! Tests: `crate::tests::includes`.

use runwisp_plugin::{Source, files};

use crate::codes::{self, Code};
use crate::document::{At, Document, File, Remark};
use crate::ini;
use crate::scope::{Options, Scope, Used, World, shown};
use crate::text::is_space;

/// Everything that was read, and for what it is refused as a whole.
pub(crate) fn read(sources: &[Source], options: &Options) -> (Document, Vec<Remark>) {
    let mut document = Document::default();
    let mut errors = Vec::new();
    let Some((main, others)) = sources.split_first() else {
        return (document, errors);
    };
    take(&mut document, main.path.clone(), &main.bytes, &mut errors);
    let here = options
        .here
        .clone()
        .or_else(|| document.files[0].folder.clone());
    if document.section("include").is_some() {
        if let Some(here) = &here {
            document.expand_here(here);
        }
        follow(&mut document, options, here, &mut errors);
    }
    for source in others {
        let known = document.files.iter().any(|file| file.path == source.path);
        if !known {
            take_included(
                &mut document,
                source.path.clone(),
                &source.bytes,
                &mut errors,
            );
        }
    }
    (document, errors)
}

fn take(document: &mut Document, path: Option<String>, bytes: &[u8], errors: &mut Vec<Remark>) {
    let file = document.files.len();
    let folder = path.as_deref().map(folder_of);
    document.files.push(File { path, folder });
    match std::str::from_utf8(bytes) {
        Ok(text) => errors.extend(ini::read(document, file, text)),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            errors.push(Remark {
                code: &codes::NOT_UTF8,
                message: "the file is not UTF-8, which is what supervisord reads; convert it, by `iconv` for example".to_owned(),
                at: At { file, line: u32::try_from(line).unwrap_or(u32::MAX) },
            });
        }
    }
}

fn take_included(
    document: &mut Document,
    path: Option<String>,
    bytes: &[u8],
    errors: &mut Vec<Remark>,
) {
    let folder = path.as_deref().map(folder_of);
    take(document, path, bytes, errors);
    if let Some(folder) = folder {
        document.expand_here(&folder);
    }
}

/// The folder of a file.
pub(crate) fn folder_of(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
        None => ".".to_owned(),
    }
}

fn follow(
    document: &mut Document,
    options: &Options,
    here: Option<String>,
    errors: &mut Vec<Remark>,
) {
    let mut remarks = Vec::new();
    let patterns = patterns(document, options, here, &mut remarks);
    let base = document.files[0].path.clone();
    let mut count = 0;
    for (pattern, at) in patterns {
        let mut remark = |code, message: String| remarks.push(Remark { code, message, at });
        let paths = match matches(base.as_deref(), &pattern) {
            Ok(paths) => paths,
            Err((code, message)) => {
                remark(code, message);
                continue;
            }
        };
        for path in paths {
            match files::read(base.as_deref(), &path) {
                Ok(content) => {
                    count += 1;
                    take_included(document, Some(path), &content.bytes, errors);
                }
                Err(error) => {
                    let message = format!("`{}` can't be read: {}", shown(&path), why(&error));
                    remark(&codes::INCLUDE_UNREADABLE, message);
                }
            }
        }
    }
    let (place, _) = document.open("include", At::default());
    let section = &mut document.sections[place];
    if count > 0 {
        let at = section.at;
        let message = match count {
            1 => "1 file is imported with it".to_owned(),
            count => format!("{count} files are imported with it"),
        };
        section.remark(&codes::INCLUDE_FOLLOWED, at, message);
    }
    section.remarks.append(&mut remarks);
}

/// The files that match a pattern, or what there is to say about it.
fn matches(base: Option<&str>, pattern: &str) -> Result<Vec<String>, (&'static Code, String)> {
    let label = shown(pattern);
    if base.is_none() && !pattern.starts_with('/') {
        let message = format!(
            "`{label}` is relative to the folder of the file, and standard input has none; name the file, or give its folder: `--base-dir FOLDER`"
        );
        return Err((&codes::INCLUDE_NEEDS_FILE, message));
    }
    match files::glob(base, pattern) {
        Ok(paths) if paths.is_empty() => {
            let message = format!("no file matches `{label}`");
            Err((&codes::INCLUDE_NO_MATCH, message))
        }
        Ok(mut paths) => {
            paths.sort();
            Ok(paths)
        }
        Err(error) => {
            let message = format!("`{label}` can't be looked for: {}", why(&error));
            Err((&codes::INCLUDE_UNREADABLE, message))
        }
    }
}

/// The patterns, expanded, with where they stand.
fn patterns(
    document: &Document,
    options: &Options,
    here: Option<String>,
    remarks: &mut Vec<Remark>,
) -> Vec<(String, At)> {
    let world = World {
        options,
        here,
        shared: Vec::new(),
    };
    let used = Used::default();
    let scope = Scope {
        host: true,
        ..Scope::common(&world, &used)
    };
    let Some(section) = document.section("include") else {
        return Vec::new();
    };
    let Some(entry) = document.entry(section, "files") else {
        remarks.push(Remark {
            code: &codes::INCLUDE_FILES_MISSING,
            message: "`[include]` needs `files`; supervisord refuses the file".to_owned(),
            at: section.at,
        });
        return Vec::new();
    };
    match scope.known(&entry.value) {
        Ok(text) => text
            .split(is_space)
            .filter(|pattern| !pattern.is_empty())
            .map(|pattern| (pattern.to_owned(), entry.at))
            .collect(),
        Err(fault) => {
            let message = format!("`files`: {}", fault.message);
            remarks.push(Remark {
                code: fault.code,
                message,
                at: entry.at,
            });
            Vec::new()
        }
    }
}

fn why(error: &files::Error) -> String {
    match error {
        files::Error::Denied(why) | files::Error::Missing(why) | files::Error::Unreadable(why) => {
            why.clone()
        }
        files::Error::TooLarge(most) => format!("it is larger than {most} bytes"),
    }
}
