//! `runwisp import`: what another program is configured with, as a configuration of ours.
//!
//! Sources are read (`sources`), an importer plugin converts them (`convert`), [`crate::import`] makes a configuration and a
//! report of what it found, and `emit` brings both to where they are wanted.
//!
//! Invariant: the source is only read. Tests: beside the parts, and `tests/e2e/import.rs`.

mod convert;
mod emit;
mod sources;

pub(super) use convert::options;

use std::path::PathBuf;

use super::context::Context;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// What to import, and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runwisp import supervisord /etc/supervisor/supervisord.conf -o runwisp.toml
  crontab -l | runwisp import crontab
  runwisp import crontab --write

The configuration goes to standard output, the report to standard error. Exit codes: 0 nothing is blocked, 1 something
is, 78 the source can't be read as what it should be.")]
pub struct Args {
    /// An importer (`runwisp plugin list` names them), then files; `-` is standard input
    ///
    /// Without an importer, the one that knows the files best is used. Without files, standard input is read, or, on a
    /// terminal, what this machine is configured with.
    #[arg(value_name = "IMPORTER|FILE")]
    what: Vec<String>,
    /// Write the configuration to this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "write")]
    output: Option<PathBuf>,
    /// Put it into runwisp.d/imported.toml beside the configuration in force, and include that
    #[arg(long)]
    write: bool,
    /// Say what would be written, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Replace a file that is there, or what was changed by hand
    #[arg(long)]
    force: bool,
    /// End with 1 also when something is not as it was written
    #[arg(long)]
    strict: bool,
    /// Where relative paths in standard input begin
    #[arg(long, value_name = "DIR")]
    base_dir: Option<PathBuf>,
    /// Let the importer read this file, or what lies below this folder
    #[arg(long, value_name = "PATH")]
    allow_read: Vec<PathBuf>,
    /// An option of the importer; its manual page lists them
    #[arg(long = "option", value_name = "KEY=VALUE")]
    options: Vec<String>,
}

/// Imports.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let host = convert::Host::open(context)?;
    let (importer, files) = sources::split(&args.what, &host.importers())?;
    let read = sources::read(importer.as_deref(), &files, args.base_dir.as_deref())?;
    let importer = match importer {
        Some(importer) => importer,
        None => host.probe(&read)?,
    };
    let converted = host.convert(&importer, &read, &args.allow_read, &args.options, context)?;
    emit::emit(args, context, &importer, &read, &converted)
}
