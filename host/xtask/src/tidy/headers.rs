//! Every Rust file begins by saying what lives in it.

use super::none;
use super::sources::{self, Source};

fn findings(files: &[Source]) -> Vec<String> {
    files
        .iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| format!("{}:1: begins without a `//!` header", file.path))
        .collect()
}

#[test]
fn every_file_says_what_lives_in_it() {
    none(findings(&sources::all(&[".rs"])));
}

#[test]
fn a_file_without_a_header_is_found() {
    let bare = Source::new("a.rs", "use std::fs;\n");
    let good = Source::new("b.rs", "//! What lives here.\n");
    assert_eq!(findings(&[bare, good]).len(), 1);
}
