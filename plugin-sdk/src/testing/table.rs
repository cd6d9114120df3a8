//! The table of settings in a page of the manual, made from the schema so that both say the same.
//!
//! Invariant: only what stands between the two marks is touched, and without `RUNWISP_BLESS` nothing is.

use std::path::Path;

use serde_json::Value;

use crate::Descriptor;

/// Where the table begins and ends in a page.
const BEGIN: &str = "<!-- settings: written from the plugin's schema -->\n";
const END: &str = "<!-- end of settings -->\n";

/// Compares the table of settings in a page with what the plugin describes; with `RUNWISP_BLESS=1` writes it.
pub fn golden_table(page: impl AsRef<Path>, descriptor: &Descriptor) {
    let page = page.as_ref();
    let text = std::fs::read_to_string(page).expect("the page is there");
    let (before, rest) = text.split_once(BEGIN).expect("the page has the first mark");
    let (_, after) = rest.split_once(END).expect("the page has the second mark");
    let now = format!("{before}{BEGIN}\n{}\n{END}{after}", table(descriptor));
    if std::env::var_os("RUNWISP_BLESS").is_some() {
        std::fs::write(page, now).expect("the page can be written");
        return;
    }
    assert!(
        text == now,
        "{} has another table of settings than the plugin; run the tests once with RUNWISP_BLESS=1",
        page.display()
    );
}

/// One row for each setting: those that have to be there first.
fn table(descriptor: &Descriptor) -> String {
    let schema: Value =
        serde_json::from_str(&descriptor.settings_schema).expect("the schema is JSON");
    let required = |key: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|keys| keys.iter().any(|known| known == key))
    };
    let mut rows: Vec<(bool, String)> = Vec::new();
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let about = property["description"].as_str().unwrap_or_default();
        let default = match (&property["default"], required(key)) {
            (_, true) => "required".to_string(),
            (Value::Null, _) => String::new(),
            (Value::Array(list), _) if list.is_empty() => String::new(),
            (value, _) => format!("`{value}`"),
        };
        let secret = match property["writeOnly"] == true {
            true => " A secret.",
            false => "",
        };
        let row = format!(
            "| `{key}` | {default} | {}{secret} |\n",
            about.replace('\n', " ").replace('|', "\\|")
        );
        rows.push((!required(key), row));
    }
    rows.sort_by_key(|(optional, _)| *optional);
    let rows: String = rows.into_iter().map(|(_, row)| row).collect();
    format!("| setting | default | meaning |\n| --- | --- | --- |\n{rows}")
}
