//! An import as the JSON document of `--json`.
//!
//! Invariant: fields are added, never renamed or removed. Tests: `super::tests`.

use serde_json::{Value, json};

use super::Imported;
use super::words::{Kind, Note, Place, Weight};

/// `units[]`, `report[]`, `toml`, and beside them `notes[]`, `retirement[]` and `summary`.
pub fn document(imported: &Imported) -> Value {
    let units: Vec<Value> = imported
        .units
        .iter()
        .map(|unit| {
            json!({
                "kind": kind(unit.kind),
                "name": unit.name,
                "settings": unit.settings,
                "source": place(&unit.source),
                "runnable": unit.runnable,
            })
        })
        .collect();
    let report: Vec<Value> = imported
        .report
        .iter()
        .map(|line| {
            let codes: Vec<&str> = line.notes.iter().map(|note| note.code.as_str()).collect();
            let messages: Vec<&str> = line.notes.iter().map(|n| n.message.as_str()).collect();
            json!({
                "section": line.section,
                "file": line.source.file,
                "line": line.source.line,
                "status": line.status.word(),
                "codes": codes,
                "messages": messages,
            })
        })
        .collect();
    let [blocked, changed, skipped, clean] = imported.counts();
    json!({
        "units": units,
        "report": report,
        "notes": imported.notes.iter().map(note).collect::<Vec<_>>(),
        "retirement": imported.retirement,
        "summary": {"blocked": blocked, "changed": changed, "skipped": skipped, "clean": clean},
        "toml": imported.toml,
    })
}

fn note(note: &Note) -> Value {
    json!({
        "code": note.code,
        "weight": weight(note.weight),
        "message": note.message,
        "file": note.source.file,
        "line": note.source.line,
    })
}

fn place(place: &Place) -> Value {
    json!({"file": place.file, "line": place.line})
}

fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Info => "info",
        Weight::Changed => "changed",
        Weight::Blocking => "blocking",
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Task => "task",
        Kind::Service => "service",
        Kind::Notifier => "notifier",
        Kind::Route => "route",
        Kind::Defaults => "defaults",
    }
}
