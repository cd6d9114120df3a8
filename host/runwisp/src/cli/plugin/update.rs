//! `runwisp plugin update`: takes plugins from their sources again. It asks only about what is newly asked for.
//!
//! A file may have changed, and is then a new version. What comes from an address is pinned by its digest: it is
//! fetched where the store lacks it, and replaced only with `--sha256`.

use runwisp_plugin_host::{Component, Digest};

use super::{add, failure, fetch, look, registry};
use crate::cli::context::Context;
use crate::plugins::Registry;
use crate::plugins::lock::Locked;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// Which ones.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name; without one, all
    name: Option<String>,
    /// The digest of the new version, for one that comes from an address
    #[arg(long, value_name = "HEX", requires = "name")]
    sha256: Option<Digest>,
    /// Grant what it newly asks for, without a question
    #[arg(long, visible_alias = "yes")]
    grant: bool,
}

/// Updates them.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let registry = registry(context)?;
    let names: Vec<String> = match &args.name {
        Some(name) if registry.locked(name).is_none() => {
            return Err(failure::unknown(name, &registry.names()));
        }
        Some(name) => vec![name.clone()],
        None => registry.names(),
    };
    let mut exit = Exit::Done;
    for locked in names.iter().filter_map(|name| registry.locked(name)) {
        match one(args, context, &registry, locked) {
            Ok(ended) => exit = exit.or(ended),
            // One that can't be had is no reason to leave the others as they are.
            Err(problem) if args.name.is_none() => {
                context
                    .out
                    .stderr_line(&format!("{}: {}", locked.name, problem.message));
                exit = exit.or(Exit::Failed);
            }
            Err(problem) => return Err(problem),
        }
    }
    Ok(exit)
}

fn one(
    args: &Args,
    context: &Context,
    registry: &Registry,
    locked: &Locked,
) -> Result<Exit, Problem> {
    let pinned = fetch::is_fixed(&locked.source).then_some(locked.sha256);
    let plugins = registry.place().open().map_err(failure::open)?;
    let fetched = fetch::fetch(&plugins, &locked.source, args.sha256.or(pinned))?;
    let component = Component::bytes(&locked.name, fetched.bytes.clone());
    let inspection = look::inspect(&plugins, &component)?;
    if inspection.descriptor.name != locked.name {
        return Err(Problem::new(
            "plugin.refused",
            format!(
                "{} is another plugin now: {}",
                locked.source, inspection.descriptor.name
            ),
        )
        .help(format!("Add it, and remove {}.", locked.name)));
    }
    add::install(context, registry, &fetched, &inspection, args.grant)
}
