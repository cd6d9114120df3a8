//! The manual's table of metrics.

use std::fmt::Write;

use super::table::METRICS;

/// The table, in Markdown.
pub fn manual() -> String {
    let mut text =
        "| metric | type | labels | what it says |\n| --- | --- | --- | --- |\n".to_owned();
    for metric in METRICS {
        let labels: Vec<String> = metric
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {}. |",
            metric.series(),
            metric.of.as_str(),
            labels.join(", "),
            metric.help
        );
    }
    text
}
