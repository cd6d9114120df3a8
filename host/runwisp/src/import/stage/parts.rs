//! The staged file: a head for readers, and a part for each source that was imported.
//!
//! A part stands between two lines that begin with `#:`, and carries the digest of what was written, so that a change
//! by hand is not lost without a word.
//!
//! Tests: below.

use super::digest;
use crate::import::value::MARK;

/// What readers find first.
const HEAD: &str = "\
# Written by `runwisp import --write`. A later import of the same source writes its part anew; what you want to change,
# move to a file of your own: an import leaves alone what it finds there under the same name with the same command.
";

/// What one source became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The importer and its source: `supervisord of /etc/supervisord.conf`.
    title: String,
    /// The digest it was written with.
    digest: String,
    /// The tables.
    body: String,
}

impl Part {
    /// Whether it is not what was written.
    pub(super) fn edited(&self) -> bool {
        digest(&self.body) != self.digest
    }

    /// How many tables it holds, those that are comments not counted.
    pub(super) fn tables(&self) -> usize {
        let of_its_own = |line: &&str| {
            let families = ["[tasks.", "[services.", "[notifiers.", "[[route]]"];
            families.iter().any(|family| line.starts_with(family))
        };
        let nested = |line: &&str| {
            [".env]", ".secrets]", ".health]", ".limits]"]
                .iter()
                .any(|e| line.ends_with(e))
        };
        let lines = self.body.lines();
        lines
            .filter(of_its_own)
            .filter(|line| !nested(line))
            .count()
    }
}

/// The parts of a text. What stands outside of them is the head, which is written anew.
pub(super) fn parse(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut open = false;
    for line in text.split_inclusive('\n') {
        if let Some(head) = line.strip_prefix(MARK) {
            let head = head.trim();
            open = head != "end";
            if let Some((title, digest)) = head.rsplit_once(" digest ") {
                parts.push(Part {
                    title: title.to_owned(),
                    digest: digest.to_owned(),
                    body: String::new(),
                });
            }
        } else if let Some(part) = parts.last_mut().filter(|_| open) {
            part.body.push_str(line);
        } else if !line.starts_with('#') && !line.trim().is_empty() {
            // Tables outside of any part are somebody's own; they count as a part that was changed.
            match parts.iter_mut().find(|part| part.title.is_empty()) {
                Some(own) => own.body.push_str(line),
                None => parts.insert(
                    0,
                    Part {
                        title: String::new(),
                        digest: String::new(),
                        body: line.to_owned(),
                    },
                ),
            }
        }
    }
    parts
}

/// Where the part of a source is.
pub(super) fn position(parts: &[Part], title: &str) -> Option<usize> {
    let title = one_line(title);
    parts.iter().position(|part| part.title == title)
}

/// Puts the tables of a source in place of its earlier ones; without any, the part goes.
pub(super) fn put(parts: &mut Vec<Part>, title: &str, body: &str) {
    let part = Part {
        title: one_line(title),
        digest: digest(body),
        body: body.to_owned(),
    };
    match (position(parts, title), body.is_empty()) {
        (Some(n), true) => {
            parts.remove(n);
        }
        (Some(n), false) => parts[n] = part,
        (None, true) => {}
        (None, false) => parts.push(part),
    }
}

/// The file of these parts; empty when there are none.
pub(super) fn text(parts: &[Part]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    let mut text = HEAD.to_owned();
    for part in parts {
        text.push('\n');
        if part.title.is_empty() {
            text.push_str(&part.body);
            continue;
        }
        text.push_str(&format!("{MARK} {} digest {}\n", part.title, part.digest));
        text.push_str(&part.body);
        if !part.body.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&format!("{MARK} end\n"));
    }
    text
}

fn one_line(title: &str) -> String {
    let words: Vec<&str> = title.split_whitespace().collect();
    let plain = |c: char| if c.is_control() { '?' } else { c };
    words.join(" ").chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "[tasks.a]\nrun = \"a\"\n\n[tasks.a.env]\nX = \"1\"\n";

    #[test]
    fn each_source_has_its_part_and_leaves_the_others_alone() {
        let mut parts = Vec::new();
        put(&mut parts, "crontab of /etc/crontab", A);
        put(
            &mut parts,
            "supervisord of /etc/s.conf",
            "[services.s]\nrun = \"s\"\n",
        );
        let file = text(&parts);
        let mut again = parse(&file);
        assert_eq!(again, parts);
        assert_eq!(text(&again), file);
        assert_eq!(again[0].tables(), 1);
        put(
            &mut again,
            "crontab of /etc/crontab",
            "[tasks.b]\nrun = \"b\"\n",
        );
        let file = text(&again);
        assert!(
            file.contains("[services.s]") && !file.contains("[tasks.a]"),
            "{file}"
        );
        put(&mut again, "crontab of /etc/crontab", "");
        put(&mut again, "supervisord of /etc/s.conf", "");
        assert_eq!(text(&again), "");
    }

    #[test]
    fn a_change_by_hand_is_seen() {
        let mut parts = Vec::new();
        put(&mut parts, "crontab of -", A);
        let file = text(&parts);
        assert!(!parse(&file)[0].edited());
        assert!(parse(&file.replace("\"1\"", "\"2\""))[0].edited());
        let own = parse(&format!("[tasks.mine]\nrun = \"x\"\n{file}"));
        assert_eq!(own.len(), 2);
        assert!(text(&own).contains("[tasks.mine]\nrun = \"x\"\n"));
    }
}
