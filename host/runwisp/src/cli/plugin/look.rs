//! A look at a plugin: what it is, as people read it.

use runwisp_plugin_host::{Component, Inspection, Plugins};

use super::failure;
use crate::plugins::lock::in_words;
use crate::wire::Problem;

/// What a component is. Nothing is granted to it.
pub(super) fn inspect(plugins: &Plugins, component: &Component) -> Result<Inspection, Problem> {
    plugins
        .wait(plugins.inspect(component))
        .map_err(|error| failure::inspect(component.name(), &error))
}

/// Who it is, line by line.
pub(super) fn who(inspection: &Inspection, source: &str) -> Vec<String> {
    let descriptor = &inspection.descriptor;
    let mut lines = vec![
        format!(
            "{} {}, {} for the interface {}",
            descriptor.name, descriptor.version, inspection.kind, inspection.interface
        ),
        format!("  {}", descriptor.summary),
    ];
    if let Some(homepage) = &descriptor.homepage {
        lines.push(format!("  {homepage}"));
    }
    lines.push(format!("  from {source}"));
    lines.push(format!(
        "  sha256 {}, {}",
        inspection.digest,
        crate::human::size(inspection.size)
    ));
    lines
}

/// What the words of grants allow, a line each.
pub(super) fn wishes(words: &[String]) -> Vec<String> {
    words
        .iter()
        .map(|word| format!("  - {} ({word})", in_words(word)))
        .collect()
}
