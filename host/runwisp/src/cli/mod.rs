//! The command line: arguments to verb, one file per verb.
//!
//! A verb asks a daemon through [`crate::client`] as anyone else does, or works on files alone. Only `daemon` knows
//! the loop. What every verb shares: [`context`] (paths, way to the daemon), [`output`] (the only place that prints),
//! [`target`] (names and patterns), [`table`] and [`human`] (what people read).
//!
//! Invariant: results go to standard output, everything else to standard error; every end has a code of the table in
//! `wire/codes.rs`. Tests: beside each file; `tests.rs` holds the goldens of help and manual.

pub mod args;
mod audit;
mod certificate;
mod change;
mod compile_plugin;
mod completions;
pub mod context;
mod daemon;
mod data_dir;
mod deliveries;
mod demo;
mod explain;
mod following;
mod import;
mod list;
mod logs;
pub mod man;
mod naming;
mod next;
mod notifications;
mod notify;
mod openapi;
pub mod output;
mod password;
pub mod paths;
mod plugin;
mod private_daemon;
mod reload;
mod remote;
mod restart;
mod run;
mod runs;
mod schema;
mod search;
mod service;
mod signal;
mod start;
mod status;
mod stop;
pub mod table;
pub mod target;
mod token;
mod tui;
mod upgrade;
mod validate;
mod version;

#[cfg(test)]
mod tests;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};

use crate::wire::Problem;
use crate::wire::codes::{self, Exit};
use args::{Cli, Verb};
use context::Context;
use output::CLOSED;

/// What a shell sees of a program that wrote into a closed pipe.
const AFTER_CLOSED_PIPE: u8 = 128 + 13;

/// Does what the arguments say. Answers with the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let parsed = Cli::command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (cli, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are errors to clap, too; they go to standard output and end with 0.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.code()
            } else {
                Exit::Done.code()
            };
        }
    };
    if cli.verb.is_none() && !tui::has_terminal() {
        return told_help();
    }
    let wish = remote::wish(&cli.global, cli.verb.as_ref(), &matches);
    let (remote, refused) = match wish {
        Ok(remote) => (remote, None),
        Err(problem) => (None, Some(problem)),
    };
    let context = Context::new(
        &cli.global,
        matches!(cli.verb, Some(Verb::Daemon(_))),
        remote,
    );
    let ended = match refused {
        Some(problem) => Err(problem),
        None => match &cli.verb {
            Some(verb) => carry_out(verb, &context),
            None => context.wait(tui::alone(&context)),
        },
    };
    let ended = ended.and_then(|exit| {
        context.out.flush()?;
        Ok(exit)
    });
    match ended {
        Ok(exit) => exit.code(),
        Err(problem) if problem.code == CLOSED => AFTER_CLOSED_PIPE,
        Err(problem) => {
            context.out.problem(&problem);
            let _ = context.out.flush();
            codes::problem(&problem.code).exit.code()
        }
    }
}

/// What `runwisp` alone says where there is no terminal to show anything on.
fn told_help() -> u8 {
    output::prompt(&Cli::command().render_help().to_string());
    Exit::Usage.code()
}

fn carry_out(verb: &Verb, context: &Context) -> Result<Exit, Problem> {
    match verb {
        // The daemon's verb becomes the keeper, in which no thread may ever have run.
        Verb::Daemon(args) => daemon::run(args, context),
        Verb::Run(args) => context.wait(run::run(args, context)),
        Verb::Start(args) => context.wait(start::run(args, context)),
        Verb::Stop(args) => context.wait(stop::run(args, context)),
        Verb::Restart(args) => context.wait(restart::run(args, context)),
        Verb::Reload(args) => context.wait(reload::run(args, context)),
        Verb::Signal(args) => context.wait(signal::run(args, context)),
        Verb::Demo(args) => context.wait(demo::run(args, context)),
        Verb::Tui(args) => context.wait(tui::run(args, context)),
        Verb::Status(args) => context.wait(status::run(args, context)),
        Verb::List(args) => list::run(args, context),
        Verb::Runs(args) => context.wait(runs::run(args, context)),
        Verb::Logs(args) => context.wait(logs::run(args, context)),
        Verb::Search(args) => context.wait(search::run(args, context)),
        Verb::Deliveries(args) => context.wait(deliveries::run(args, context)),
        Verb::Notifications(args) => context.wait(notifications::run(args, context)),
        Verb::Notify(args) => notify::run(args, context),
        Verb::Validate(args) => validate::run(args, context),
        Verb::Schema(args) => schema::run(args, context),
        Verb::Openapi(args) => openapi::run(args, context),
        Verb::Explain(args) => context.wait(explain::run(args, context)),
        Verb::Next(args) => next::run(args, context),
        Verb::Upgrade(args) => context.wait(upgrade::run(args, context)),
        Verb::Completions(args) => completions::run(args, context),
        Verb::Man(args) => man::run(args, context),
        Verb::Version(args) => context.wait(version::run(args, context)),
        Verb::Service(args) => service::run(args, context),
        Verb::Import(args) => import::run(args, context),
        Verb::Token(args) => context.wait(token::run(args, context)),
        Verb::Audit(args) => context.wait(audit::run(args, context)),
        Verb::Certificate(args) => context.wait(certificate::run(args, context)),
        Verb::Password(args) => context.wait(password::run(args, context)),
        Verb::Plugin(args) => plugin::run(args, context),
        Verb::CompilePlugin(args) => compile_plugin::run(args, context),
    }
}
