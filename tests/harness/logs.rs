//! Output as it was kept: lines by the client, bytes by the file, and numbers that must all be there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Place;

/// One line of `logs --json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its run.
    pub run_id: String,
    /// Its number.
    pub n: u64,
    /// `stdout` or `stderr`.
    pub stream: String,
    /// Its text.
    pub text: String,
}

/// What numbered lines came to: how many there were, and whether the last line said that this is all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The last number; all before it were there, each once and in order.
    pub last: u64,
    /// Whether the child itself said that it was the last one.
    pub complete: bool,
}

impl Place {
    /// All kept lines of a unit or a run.
    #[track_caller]
    pub fn lines(&self, target: &str) -> Vec<Line> {
        let answer = self.cli(&["logs", target, "-n", "all", "--json"]).ok();
        let documents = answer.json_lines();
        let lines = documents
            .iter()
            .filter(|document| document["type"] == "line");
        let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        lines
            .map(|line| Line {
                run_id: text(line, "run_id"),
                n: line["n"].as_u64().unwrap_or_default(),
                stream: text(line, "stream"),
                text: text(line, "text"),
            })
            .collect()
    }

    /// The texts of all kept lines of a unit or a run.
    #[track_caller]
    pub fn texts(&self, target: &str) -> Vec<String> {
        self.lines(target)
            .into_iter()
            .map(|line| line.text)
            .collect()
    }

    /// The files that hold what a run printed, the older half first; compressed ones and indexes left out.
    pub fn log_files(&self, run_id: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.data(), &mut |path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_log = name.ends_with(".log") || name.ends_with(".log.1");
            if name.contains(run_id) && is_log {
                found.push(path.to_owned());
            }
        });
        found.sort();
        found.reverse();
        found
    }

    /// The one file that holds what a run printed.
    #[track_caller]
    pub fn log_file(&self, run_id: &str) -> PathBuf {
        let mut found = self.log_files(run_id);
        assert_eq!(found.len(), 1, "one log file of run {run_id}: {found:?}");
        found.remove(0)
    }
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            walk(&entry.path(), visit);
        } else {
            visit(&entry.path());
        }
    }
}

/// Makes sure that the lines of each stream are `1`, `2`, …, each exactly once and in order, with `last N` at most at
/// the end.
#[track_caller]
pub fn counted(lines: &[Line]) -> BTreeMap<String, Counted> {
    let mut streams: BTreeMap<String, Counted> = BTreeMap::new();
    for line in lines {
        let so_far = streams.entry(line.stream.clone()).or_insert(Counted {
            last: 0,
            complete: false,
        });
        step(so_far, &line.text).unwrap_or_else(|why| panic!("{}: {why}", line.stream));
    }
    streams
}

/// The same for a file that one stream alone has written to; a last line without its end is left out.
#[track_caller]
pub fn counted_raw(path: &Path) -> Counted {
    let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut so_far = Counted {
        last: 0,
        complete: false,
    };
    let mut line = Vec::new();
    while reader
        .read_until(b'\n', &mut line)
        .expect("a log can be read")
        > 0
    {
        if line.pop() != Some(b'\n') {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        step(&mut so_far, &text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        line.clear();
    }
    so_far
}

fn step(so_far: &mut Counted, text: &str) -> Result<(), String> {
    if so_far.complete {
        return Err(format!("{text:?} after the last line"));
    }
    if let Some(last) = text.strip_prefix("last ") {
        so_far.complete = true;
        return if last == so_far.last.to_string() {
            Ok(())
        } else {
            Err(format!(
                "{} lines are there, the child says {last}",
                so_far.last
            ))
        };
    }
    if text != (so_far.last + 1).to_string() {
        return Err(format!("{text:?} follows {}", so_far.last));
    }
    so_far.last += 1;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_a_double_and_a_swapped_number_are_found() {
        let count = |texts: &[&str]| {
            let mut so_far = Counted {
                last: 0,
                complete: false,
            };
            texts
                .iter()
                .try_for_each(|text| step(&mut so_far, text))
                .map(|()| so_far)
        };
        assert_eq!(
            count(&["1", "2", "last 2"]),
            Ok(Counted {
                last: 2,
                complete: true
            })
        );
        for bad in [
            &["1", "3"][..],
            &["1", "1"],
            &["2", "1"],
            &["1", "last 2"],
            &["1", "last 1", "2"],
        ] {
            assert!(count(bad).is_err(), "{bad:?}");
        }
    }
}
