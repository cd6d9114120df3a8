//! Links between documents lead somewhere: to a file that exists, and to a heading in it.

use super::none;
use super::sources::{self, Source};
use crate::shell;

/// The targets of `[text](target)` outside code, with their lines.
fn links(file: &Source) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (n, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let in_code = line[..at].matches('`').count() % 2 == 1;
            if let Some(end) = line[at..].find(')').filter(|_| !in_code) {
                found.push((n, &line[at + 2..at + end]));
            }
        }
    }
    found
}

/// The name by which a heading is linked to: lower case, spaces as hyphens, other punctuation left out.
fn slug(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn has_heading(text: &str, anchor: &str) -> bool {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| slug(line.trim_start_matches('#')))
        .any(|name| name == anchor)
}

/// The path that `link` in the document at `from` stands for, from the top of the repository.
fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn findings(file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (n, link) in links(file) {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if path.is_empty() {
            file.path.clone()
        } else {
            resolve(&file.path, path)
        };
        let on_disk = shell::root().join(&target);
        if path.is_empty() && !anchor.is_empty() {
            if !has_heading(&file.text, anchor) {
                found.push(format!("{}:{n}: no heading #{anchor} here", file.path));
            }
        } else if !on_disk.exists() {
            found.push(format!("{}:{n}: {link} does not exist", file.path));
        } else if !anchor.is_empty() && target.ends_with(".md") {
            let text = std::fs::read_to_string(&on_disk).unwrap();
            if !has_heading(&text, anchor) {
                found.push(format!(
                    "{}:{n}: {target} has no heading #{anchor}",
                    file.path
                ));
            }
        }
    }
    found
}

#[test]
fn links_between_documents_resolve() {
    none(sources::all(&[".md"]).iter().flat_map(findings).collect());
}

#[test]
fn a_broken_link_is_found() {
    let text = "# A `b` c\n[one](#a-b-c) [two](gone.md) [three](../Cargo.toml)\n```\n[four](gone.md)\n```\n`[five](gone.md)` [six](#gone)\n";
    let found = findings(&Source::new("docs/x.md", text));
    assert_eq!(
        found,
        [
            "docs/x.md:2: gone.md does not exist",
            "docs/x.md:6: no heading #gone here"
        ]
    );
}
