//! `runwisp validate`: the configuration, checked as the daemon would. Also how other verbs come by a plan.

use std::path::Path;

use runwisp_core::config::plan::{Plan, Unit};
use runwisp_core::words::run::Kind;

use super::context::Context;
use super::plugin::failure;
use crate::config::{self, Loaded};
use crate::notify::templates;
use crate::plugins::{self, Place, Registry};
use crate::wire::codes::Exit;
use crate::wire::{Finding, Problem};

/// Nothing to say: the file is -c.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Checks it.
pub(super) fn run(_: &Args, context: &Context) -> Result<Exit, Problem> {
    let mut loaded = load(context)?;
    let place = Place::of(&context.paths.config, &context.paths.data);
    let registry = Registry::open(place).map_err(failure::place)?;
    plugins::judge(&mut loaded, &registry);
    templates::judge(&mut loaded);
    if context.out.json {
        context
            .out
            .json_line(&config::document(&loaded.diagnostics, &loaded.sources))?;
    } else {
        let drawn = drawn(&loaded, context.out.color_messages);
        if !drawn.trim().is_empty() {
            context.out.stderr_line(drawn.trim_end());
        }
        let found = config::summary(&loaded.diagnostics);
        let file = context.paths.config.display();
        match (&loaded.plan, found) {
            (Some(plan), found) => {
                let found = found.map(|f| format!(", {f}")).unwrap_or_default();
                context.out.line(&format!(
                    "{file}: {}{found}",
                    contents(plan.units.values().map(Unit::kind))
                ))?;
            }
            (None, found) => context
                .out
                .stderr_line(&format!("{file}: {}", found.unwrap_or_default())),
        }
    }
    Ok(if loaded.valid() {
        Exit::Done
    } else {
        Exit::BadConfig
    })
}

/// How many there are of each kind.
pub(super) fn contents(kinds: impl Iterator<Item = Kind> + Clone) -> String {
    let count = |kind: Kind| kinds.clone().filter(|k| *k == kind).count();
    let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    format!(
        "{}, {}",
        counted(count(Kind::Service), "service"),
        counted(count(Kind::Task), "task")
    )
}

fn drawn(loaded: &Loaded, color: bool) -> String {
    config::render(&loaded.diagnostics, &loaded.sources, color)
}

/// A configuration file that is not there is a problem of its own, with what to do.
pub(super) fn present(context: &Context) -> Result<(), Problem> {
    let file = &context.paths.config;
    if file.exists() {
        return Ok(());
    }
    let problem = Problem::new(
        "config.missing",
        format!("there is no configuration at {}", file.display()),
    );
    Err(problem.help(if Path::new("runwisp.toml").exists() {
        "There is one here, which root has to name: `-c runwisp.toml`."
    } else {
        "Name one with -c, or begin with two lines: `[services.hello]` and `run = \"sleep infinity\"`."
    }))
}

/// Loads the configuration.
pub(super) fn load(context: &Context) -> Result<Loaded, Problem> {
    present(context)?;
    Ok(config::load(&context.paths.config))
}

/// The plan of a configuration without errors.
pub(super) fn plan(context: &Context) -> Result<Plan, Problem> {
    let mut loaded = load(context)?;
    loaded.plan.take().ok_or_else(|| Problem {
        errors: findings(&loaded),
        rendered: Some(drawn(&loaded, context.out.color_messages)),
        ..Problem::new("config.invalid", "the configuration has errors")
    })
}

fn findings(loaded: &Loaded) -> Vec<Finding> {
    let document = config::document(&loaded.diagnostics, &loaded.sources);
    let list = |name: &str| document[name].as_array().cloned().unwrap_or_default();
    ["errors", "warnings"]
        .into_iter()
        .flat_map(list)
        .filter_map(|finding| serde_json::from_value(finding).ok())
        .collect()
}
