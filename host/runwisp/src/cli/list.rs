//! `runwisp list`: what the configuration defines, without a daemon.

use runwisp_core::config::plan::{Plan, Role, Unit};
use runwisp_core::words::run::Kind;
use serde::Serialize;

use super::context::Context;
use super::table::{Cell, Tone, cell, table, toned};
use super::target::matching;
use super::validate;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// What to show.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Units, by name or pattern
    #[arg(value_name = "UNIT")]
    units: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Listed {
    units: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    kind: Kind,
    group: Option<String>,
    description: Option<String>,
    schedules: Vec<String>,
    instances: Option<u32>,
    depends_on: Vec<String>,
    manual_trigger: bool,
    command: String,
    file: String,
    line: usize,
}

/// Shows it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let plan = validate::plan(context)?;
    let units = chosen(&plan, &args.units)?;
    let entries: Vec<Entry> = units.into_iter().map(entry).collect();
    if context.out.json {
        context.out.document(Listed { units: entries })?;
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<Cell>> = entries.iter().map(row).collect();
    let heading = ["NAME", "KIND", "WHEN", "GROUP", "DESCRIPTION"];
    context
        .out
        .text(&table(&heading, &rows, context.out.color))?;
    Ok(Exit::Done)
}

/// The units of a plan that are named; all when none are.
pub(super) fn chosen<'a>(plan: &'a Plan, patterns: &[String]) -> Result<Vec<&'a Unit>, Problem> {
    if patterns.is_empty() {
        return Ok(plan.units.values().collect());
    }
    let names: Vec<&str> = plan.units.keys().map(|name| name.as_str()).collect();
    let wanted = matching(&names, patterns)?;
    Ok(plan
        .units
        .values()
        .filter(|unit| wanted.contains(&unit.name.as_str()))
        .collect())
}

fn entry(unit: &Unit) -> Entry {
    let (schedules, instances, depends_on) = match &unit.role {
        Role::Task(task) => (
            task.schedules.iter().map(|s| s.text().to_owned()).collect(),
            None,
            Vec::new(),
        ),
        Role::Service(service) => (
            Vec::new(),
            Some(service.instances),
            service.depends_on.iter().map(ToString::to_string).collect(),
        ),
    };
    Entry {
        name: unit.name.to_string(),
        kind: unit.kind(),
        group: unit.group.clone(),
        description: unit.description.clone(),
        schedules,
        instances,
        depends_on,
        manual_trigger: unit.manual_trigger,
        command: unit.command.clone(),
        file: unit.source.file.clone(),
        line: unit.source.line,
    }
}

fn row(entry: &Entry) -> Vec<Cell> {
    let (kind, when) = match entry.kind {
        Kind::Task if entry.schedules.is_empty() => ("task", "by hand".to_owned()),
        Kind::Task => ("task", entry.schedules.join("; ")),
        Kind::Service => match entry.instances {
            Some(n) if n != 1 => ("service", format!("{n} instances")),
            _ => ("service", "always".to_owned()),
        },
    };
    vec![
        cell(entry.name.as_str()),
        cell(kind),
        cell(when),
        cell(entry.group.as_deref().unwrap_or_default()),
        toned(
            entry.description.as_deref().unwrap_or_default(),
            Tone::Faint,
        ),
    ]
}
