//! Schemas that are kept in a file beside the code and not made in the component, where deriving costs 84 kB.
//!
//! Invariant: without `RUNWISP_BLESS` nothing is written.

use std::path::Path;

use schemars::JsonSchema;

/// Compares the schema of a type with the file that a plugin includes in its description; with `RUNWISP_BLESS=1` writes
/// the file. The plugin says `.settings_schema(include_str!("../settings.schema.json"))`, its test
/// `golden_schema::<Settings>(concat!(env!("CARGO_MANIFEST_DIR"), "/settings.schema.json"))`.
pub fn golden_schema<T: JsonSchema>(file: impl AsRef<Path>) {
    let file = file.as_ref();
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(T))
        .expect("a schema can be written as JSON");
    let now = format!("{schema}\n");
    if std::env::var_os("RUNWISP_BLESS").is_some() {
        std::fs::write(file, now).expect("the schema can be written");
        return;
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        kept == now,
        "{} is not the schema of the settings; run the tests once with RUNWISP_BLESS=1",
        file.display()
    );
}
