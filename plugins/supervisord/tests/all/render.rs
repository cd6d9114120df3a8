//! A conversion as text for people to read in a golden: definitions as tables, then the report.

use std::fmt::Write;

use runwisp_plugin::{Conversion, Kind, Note, Place, Weight};

/// The whole of it.
pub(crate) fn conversion(conversion: &Conversion) -> String {
    let mut out = String::new();
    for definition in &conversion.definitions {
        for comment in &definition.comments {
            let _ = writeln!(out, "# {comment}");
        }
        let table = match definition.kind {
            Kind::Task => "tasks",
            Kind::Service => "services",
            Kind::Notifier => "notifiers",
            Kind::Route => "route",
            Kind::Defaults => "defaults",
        };
        let blocked = if definition.runnable {
            ""
        } else {
            "  (not runnable)"
        };
        let _ = writeln!(out, "[{table}.{}]{blocked}", definition.name);
        for setting in &definition.settings {
            let _ = write!(out, "{} = {}", setting.path.join("."), setting.value);
            if let Some(note) = &setting.note {
                let _ = write!(out, "  # {note}");
            }
            out.push('\n');
        }
        out.push('\n');
    }
    for row in &conversion.report {
        let names: Vec<&str> = row
            .definitions
            .iter()
            .map(|n| conversion.definitions[*n as usize].name.as_str())
            .collect();
        let status = status(&row.notes, !names.is_empty());
        let _ = writeln!(
            out,
            "{status} {} {} -> {}",
            place(&row.source),
            row.section,
            names.join(", ")
        );
        notes(&mut out, &row.notes);
    }
    let _ = writeln!(out, "the file");
    notes(&mut out, &conversion.notes);
    out
}

/// The errors of a text that can't be read.
pub(crate) fn errors(errors: &[Note]) -> String {
    let mut out = String::from("refused\n");
    notes(&mut out, errors);
    out
}

/// As the host derives it.
fn status(notes: &[Note], definitions: bool) -> &'static str {
    let has = |weight| notes.iter().any(|note| note.weight == weight);
    match (has(Weight::Blocking), definitions, has(Weight::Changed)) {
        (true, ..) => "blocked",
        (_, false, _) => "skipped",
        (.., true) => "changed",
        _ => "clean",
    }
}

fn notes(out: &mut String, notes: &[Note]) {
    for note in notes {
        let weight = match note.weight {
            Weight::Info => "info",
            Weight::Changed => "changed",
            Weight::Blocking => "blocking",
        };
        let _ = writeln!(
            out,
            "    {}: {weight} {}: {}",
            place(&note.source),
            note.code,
            note.message
        );
    }
}

fn place(place: &Place) -> String {
    let file = place.file.as_deref().unwrap_or("-");
    let file = file.rsplit('/').next().unwrap_or_default();
    format!("{file}:{}", place.line)
}
