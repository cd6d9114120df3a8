//! The last lines of a run's output, short enough for a message. The keeper has masked secrets in it already.
//!
//! Invariant: whatever is wrong with a log, the message goes out; without its lines at worst.
//!
//! Tests: below.

use std::path::Path;

use runwisp_core::words::ids::{RunId, UnitName};

use crate::logs::{From, LogReader};

/// Lines at most.
const LINES: u64 = 20;
/// Bytes of all lines together at most.
const BYTES: usize = 4 << 10;

/// The lines, oldest first.
pub(super) fn of(data: &Path, unit: &UnitName, run: RunId) -> Vec<String> {
    let page = LogReader::open(data, unit, run, true)
        .and_then(|reader| reader.page(From::Tail(LINES), usize::try_from(LINES).unwrap_or(20)));
    let Ok(page) = page else {
        return Vec::new();
    };
    fit(page.lines.iter().map(|line| shown(&line.text())).collect())
}

/// Control characters have no place in a message.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| !c.is_control())
        .collect()
}

/// As many of the last lines as fit; a last line that is too long by itself keeps its end.
fn fit(lines: Vec<String>) -> Vec<String> {
    let mut room = BYTES;
    let mut kept = Vec::new();
    for line in lines.into_iter().rev() {
        if line.len() > room {
            if kept.is_empty() {
                let from = line.ceil_char_boundary(line.len() - room);
                kept.push(format!("…{}", &line[from..]));
            }
            break;
        }
        room -= line.len();
        kept.push(line);
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_and_the_beginning_gives_way() {
        let line = |n: usize| format!("{n} {}", "x".repeat(1_000));
        let kept = fit((0..9).map(line).collect());
        assert_eq!(kept.len(), 4);
        assert!(kept[3].starts_with("8 "));
        let kept = fit(vec!["é".repeat(5_000)]);
        assert!(kept[0].starts_with('…') && kept[0].len() <= BYTES + 4);
        assert_eq!(shown("a\tb\x1b[31mc"), "a b[31mc");
    }

    #[test]
    fn where_there_is_no_log_there_are_no_lines() {
        let dir = tempfile::tempdir().unwrap();
        let unit = UnitName::new("u").unwrap();
        assert_eq!(
            of(dir.path(), &unit, RunId::from_u128(1)),
            Vec::<String>::new()
        );
    }
}
