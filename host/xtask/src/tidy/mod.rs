//! Tidiness as ordinary tests: each reads every source of the repository and lists what it finds, all at once.
//!
//! Each check is a function from sources to findings (`path:line: what`), and each has a test that shows it can fail.

mod headers;
mod imports;
mod links;
mod phrases;
mod sizes;
mod sources;

/// Fails with every finding, one per line.
fn none(findings: Vec<String>) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}
