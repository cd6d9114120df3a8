//! `runwisp compile-plugin`, hidden: compiles one component and ends. The program starts itself so, because a compiler
//! leaves memory behind and is the part that a hostile component could hurt most.

use std::path::PathBuf;

use super::context::Context;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// Two paths.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The component
    from: PathBuf,
    /// Where its code goes
    to: PathBuf,
}

/// Compiles it.
pub(super) fn run(args: &Args, _: &Context) -> Result<Exit, Problem> {
    runwisp_plugin_host::compile_file(&args.from, &args.to)
        .map_err(|error| Problem::new("plugin.invalid", error.to_string()))?;
    Ok(Exit::Done)
}
