//! `runwisp plugin list`: every plugin that can be named.

use super::{failure, registry};
use crate::cli::context::Context;
use crate::cli::table::{cell, harmless, table};
use crate::plugins::Known;
use crate::wire::codes::Exit;
use crate::wire::{self, Plugin, Problem};

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// Lists them.
pub(super) fn run(_: &Args, context: &Context) -> Result<Exit, Problem> {
    let registry = registry(context)?;
    let plugins = registry.place().open().map_err(failure::open)?;
    let looked = plugins.wait(registry.look(&plugins, &Known::default(), None));
    let looked = looked.map_err(failure::look)?;
    let rows: Vec<Plugin> = looked.iter().map(Plugin::from).collect();
    if context.out.json {
        context.out.document(wire::Plugins { plugins: rows })?;
        return Ok(Exit::Done);
    }
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |text: &Option<String>| cell(text.as_deref().unwrap_or("-"));
            let what = row.summary.as_deref().or(row.problem.as_deref());
            vec![
                cell(&row.name),
                text(&row.kind),
                text(&row.version),
                cell(&row.origin),
                cell(row.state.word()),
                cell(harmless(what.unwrap_or_default())),
            ]
        })
        .collect();
    let heading = ["NAME", "KIND", "VERSION", "FROM", "STATE", "WHAT IT DOES"];
    context
        .out
        .text(&table(&heading, &lines, context.out.color))?;
    Ok(Exit::Done)
}
