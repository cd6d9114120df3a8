//! Nothing grows out of sight: limits for files and functions.

use super::none;
use super::sources::{self, Source};

/// No file is longer, tests included.
const FILE_LINES: usize = 600;
/// No function is longer, from its first line to its closing brace.
const FUNCTION_LINES: usize = 70;
/// A test may hold a table of cases, which reads from top to bottom however long it is.
const TEST_LINES: usize = 200;
/// Half of all files have at most so many lines of code.
const MEDIAN_LINES: usize = 150;

fn long_files(files: &[Source]) -> Vec<String> {
    let long = files
        .iter()
        .filter(|file| file.text.lines().count() > FILE_LINES);
    long.map(|file| {
        let lines = file.text.lines().count();
        format!("{}:1: {lines} lines; the limit is {FILE_LINES}", file.path)
    })
    .collect()
}

/// In code as rustfmt writes it, a function ends at the first closing brace as far left as its first line.
fn long_functions(file: &Source) -> Vec<String> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let close = format!("{}}}", &line[..indent]);
        let body = &lines[start..];
        let length = if line.ends_with('}') || line.ends_with(';') {
            1
        } else {
            body.iter()
                .position(|line| *line == close)
                .map_or(1, |end| end + 1)
        };
        // A declaration over several lines ends with a semicolon, and has no brace of its own.
        let declared = body
            .iter()
            .take(length)
            .find(|line| line.ends_with(';') || line.ends_with('{'));
        let test = start > 0 && lines[start - 1].trim_start().starts_with("#[test]");
        let limit = if test { TEST_LINES } else { FUNCTION_LINES };
        if length > limit && declared.is_some_and(|line| line.ends_with('{')) {
            let place = format!("{}:{}", file.path, start + 1);
            found.push(format!(
                "{place}: {name} has {length} lines; the limit is {limit}"
            ));
        }
    }
    found
}

/// The name, when the line begins a function.
fn function_name(line: &str) -> Option<&str> {
    let mut words = line.trim_start();
    loop {
        if let Some(rest) = words.strip_prefix("fn ") {
            return rest.split(['(', '<']).next();
        }
        let (word, rest) = words.split_once(' ')?;
        let qualifier = matches!(
            word,
            "pub" | "const" | "async" | "unsafe" | "extern" | "\"C\""
        );
        if !qualifier && !word.starts_with("pub(") {
            return None;
        }
        words = rest;
    }
}

#[test]
fn no_file_is_too_long() {
    none(long_files(&sources::all(&[".rs"])));
}

#[test]
fn no_function_is_too_long() {
    none(
        sources::all(&[".rs"])
            .iter()
            .flat_map(long_functions)
            .collect(),
    );
}

#[test]
fn half_of_all_files_are_short() {
    let files = sources::all(&[".rs"]);
    let mut lengths: Vec<usize> = files.iter().map(|file| file.code().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(
        median <= MEDIAN_LINES,
        "the median file has {median} lines of code"
    );
}

#[test]
fn what_is_too_long_is_found() {
    let body = "    step();\n".repeat(FUNCTION_LINES);
    let long = format!(
        "//! A.\n\npub(crate) async fn far<T>(\n) {{\n{body}}}\n\nfn near() {{\n    step();\n}}\n"
    );
    let found = long_functions(&Source::new("a.rs", &long));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("a.rs:3: far has 73 lines"),
        "{found:?}"
    );
    let inside =
        format!("impl A {{\n    fn short(&self);\n\n    fn long(&self) {{\n{body}    }}\n}}\n");
    assert!(long_functions(&Source::new("a.rs", &inside))[0].contains("long"));
    assert_eq!(
        long_files(&[Source::new("a.rs", &"\n".repeat(FILE_LINES + 1))]).len(),
        1
    );
}
