//! `runwisp plugin`: what is installed, and how it gets there. One file per verb.
//!
//! Invariant: nothing of a plugin runs with a grant before somebody said yes to it. Tests: beside the files, and
//! `tests/e2e/plugins.rs`.

mod add;
mod check;
mod consent;
mod fetch;
mod list;
mod look;
mod new;
mod remove;
mod run;
mod sample;
mod show;
mod test;
mod update;

use super::context::Context;
use crate::config;
use crate::plugins::{Place, Registry};
use crate::wire::Problem;
use crate::wire::codes::Exit;
pub(super) use crate::wire::plugin_failure as failure;

/// What to do with plugins.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The verb
    #[command(subcommand)]
    verb: Verb,
}

/// What to do with plugins.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Show the plugins there are: bundled, and installed
    List(list::Args),
    /// Show what a plugin is, what it asks for and what it was granted, and its settings
    Show(show::Args),
    /// Install a plugin, after showing what it asks for
    Add(add::Args),
    /// Remove an installed plugin
    Remove(remove::Args),
    /// Take a plugin from its source again; asks only about what is new
    Update(update::Args),
    /// Check that a component is a plugin that this version can run
    Check(check::Args),
    /// Call a plugin once, without a daemon, and show all that it did
    Run(run::Args),
    /// Begin a plugin: a project that builds and passes its tests at once
    New(new::Args),
    /// Run a project's own tests, build it, and check what was built
    Test(test::Args),
}

/// Does it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    match &args.verb {
        Verb::List(args) => list::run(args, context),
        Verb::Show(args) => show::run(args, context),
        Verb::Add(args) => add::run(args, context),
        Verb::Remove(args) => remove::run(args, context),
        Verb::Update(args) => update::run(args, context),
        Verb::Check(args) => check::run(args, context),
        Verb::Run(args) => run::run(args, context),
        Verb::New(args) => new::run(args, context),
        Verb::Test(args) => test::run(args, context),
    }
}

/// The plugins of this configuration and data directory. One that is broken names none of its own; `validate` says what
/// is wrong with it.
pub(super) fn registry(context: &Context) -> Result<Registry, Problem> {
    let config = &context.paths.config;
    let place = Place::of(config, &context.paths.data);
    let registry = Registry::open(place).map_err(failure::place)?;
    let plan = config.exists().then(|| config::load(config).plan).flatten();
    Ok(match plan {
        Some(plan) => registry.with(plan.notify.plugins),
        None => registry,
    })
}
