//! `runwisp completions`: a completion script for a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Cli;
use super::context::Context;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// For which shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "runwisp", &mut script);
    context.out.bytes(&script)?;
    Ok(Exit::Done)
}
