//! Findings as a JSON document, for `--json`, the API and editors.
//!
//! Tests: `super::tests`.

use runwisp_core::config::Source;
use runwisp_core::words::diagnostic::{Diagnostic, Severity, Span};
use serde_json::{Value, json};

/// `schema_version`, `valid`, `errors[]` and `warnings[]`, each finding with `code`, `message`, `help`, `file`, `line`,
/// `column`, `end_line`, `end_column`, `key` and `related[]`. Lines and columns count from 1, columns in characters.
pub fn document(diagnostics: &[Diagnostic], sources: &[Source]) -> Value {
    let all = |severity: Severity| -> Vec<Value> {
        let some = diagnostics
            .iter()
            .filter(|finding| finding.severity == severity);
        some.map(|finding| one(finding, sources)).collect()
    };
    let errors = all(Severity::Error);
    json!({
        "schema_version": 1,
        "valid": errors.is_empty(),
        "errors": errors,
        "warnings": all(Severity::Warning),
    })
}

fn one(finding: &Diagnostic, sources: &[Source]) -> Value {
    let mut json = place(finding.span, sources);
    json["code"] = json!(finding.code);
    json["message"] = json!(finding.message);
    json["help"] = json!(finding.help);
    json["key"] = json!(finding.key);
    json["related"] = finding
        .related
        .iter()
        .map(|(span, what)| {
            let mut json = place(Some(*span), sources);
            json["message"] = json!(what);
            json
        })
        .collect();
    json
}

fn place(span: Option<Span>, sources: &[Source]) -> Value {
    let source = span.and_then(|span| sources.get(span.file).map(|source| (source, span)));
    let Some((source, span)) = source else {
        // A root file that is not there still has a name.
        let file = sources.first().map(|source| &source.name);
        return json!({"file": file, "line": null, "column": null, "end_line": null, "end_column": null});
    };
    let (line, column) = position(&source.text, span.start);
    let (end_line, end_column) = position(&source.text, span.end);
    json!({"file": source.name, "line": line, "column": column, "end_line": end_line, "end_column": end_column})
}

fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[line_start..].chars().count();
    (before.matches('\n').count() + 1, column + 1)
}
