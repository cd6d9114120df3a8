//! An import's report as people read it.
//!
//! Tests: `super::tests`.

use std::fmt::Write;

use super::Imported;
use super::report::Status;
use super::words::{Note, Place, Weight};

/// The report as text. `quiet` hides what is clean.
pub fn people(imported: &Imported, quiet: bool) -> String {
    let mut out = String::new();
    for line in &imported.report {
        if quiet && line.status == Status::Clean {
            continue;
        }
        let place = place(&line.source);
        let _ = writeln!(
            out,
            "{} {}  {place}",
            line.status.mark(),
            one_line(&line.section)
        );
        for note in &line.notes {
            remark(&mut out, note, Some(&line.source));
        }
    }
    let whole = imported.notes.iter();
    for note in whole.filter(|note| !quiet || note.weight != Weight::Info) {
        let mark = match note.weight {
            Weight::Info => "·",
            Weight::Changed => "~",
            Weight::Blocking => "!",
        };
        let _ = writeln!(out, "{mark} {}", place(&note.source));
        remark(&mut out, note, Some(&note.source));
    }
    out
}

/// How many sections there were, and what became of them.
pub fn summary(imported: &Imported) -> String {
    let [blocked, changed, skipped, clean] = imported.counts();
    let all = imported.report.len();
    let plural = if all == 1 { "" } else { "s" };
    let mut parts = Vec::new();
    for (count, word) in [
        (clean, "clean"),
        (changed, "changed"),
        (skipped, "skipped"),
        (blocked, "blocked"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let parts = if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    };
    format!("{all} section{plural}{parts}")
}

/// `code: message (line N)`, where the line is not the row's own.
fn remark(out: &mut String, note: &Note, row: Option<&Place>) {
    let message = one_line(&note.message);
    let elsewhere = match row {
        Some(row) if *row == note.source => String::new(),
        Some(row) if row.file == note.source.file => format!(" (line {})", note.source.line),
        _ => format!(" ({})", place(&note.source)),
    };
    let _ = writeln!(out, "    {}: {message}{elsewhere}", note.code);
}

fn place(place: &Place) -> String {
    match &place.file {
        Some(file) => format!("{}:{}", one_line(file), place.line),
        None => format!("line {}", place.line),
    }
}

/// Foreign text on one line and without what a terminal would obey.
fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}
