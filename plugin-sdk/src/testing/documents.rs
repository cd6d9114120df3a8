//! Pages of a manual that list what a program knows: a key that is missing there, or is there and nowhere else, is found.
//!
//! Invariant: only the first column of tables is read. Tests: those of the plugins that have such a page.

use std::path::Path;

use serde_json::Value;

use crate::Descriptor;

/// Compares the keys of a plugin's settings with the table below a page's heading `## Settings`.
pub fn documented_settings(descriptor: &Descriptor, page: impl AsRef<Path>) {
    let schema: Value =
        serde_json::from_str(&descriptor.settings_schema).expect("a schema is JSON");
    let properties = schema["properties"].as_object();
    let keys = properties.into_iter().flatten().map(|(key, _)| key.clone());
    documented(keys.collect(), page, "Settings");
}

/// Compares names with those that stand in backquotes in the first column below a heading.
pub fn documented(mut known: Vec<String>, page: impl AsRef<Path>, heading: &str) {
    let page = page.as_ref();
    let text = std::fs::read_to_string(page).expect("the page is there");
    let section = text
        .split("\n## ")
        .find(|section| section.starts_with(heading));
    let rows = section.unwrap_or_default().lines();
    let mut told: Vec<String> = rows
        .filter_map(|row| {
            row.strip_prefix("| `")?
                .split('`')
                .next()
                .map(str::to_owned)
        })
        .collect();
    known.sort();
    told.sort();
    assert_eq!(told, known, "in {} below {heading}", page.display());
}
