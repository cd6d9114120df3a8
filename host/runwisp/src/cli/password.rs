//! `runwisp password`: the password of the page.
//!
//! Invariant: a password is never an argument, where every user of the machine could read it.
//! Tests: `tests/e2e/access.rs`.

use std::io::{self, BufRead, IsTerminal, Read};

use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use super::context::{Context, io_failed};
use crate::client::Uri;
use crate::wire::Problem;
use crate::wire::access::{Password, SetPassword};
use crate::wire::codes::Exit;

/// More than any password, bytes.
const LONGEST: u64 = 4096;

/// What to do with it.
///
/// Without more words, the password is printed, if it is the one that was generated at the first start; one that was
/// set is kept as a digest and can't be shown. Needs the Unix socket. Where RUNWISP_PASSWORD or the systemd credential
/// runwisp.password holds the password, it is changed there.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Set another, from a prompt or from standard input; ends the sessions of the old one
    Set {
        /// The one that only lets people look
        #[arg(long)]
        viewer: bool,
    },
    /// Generate another and print it; with --viewer, take that one away
    Reset {
        /// The one that only lets people look
        #[arg(long)]
        viewer: bool,
    },
}

/// Does it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let uri = Uri::new(&["password"]);
    let client = context.client()?;
    let now: Password = match &args.what {
        None => client.get(&uri).await?,
        Some(What::Set { viewer }) => {
            let body = SetPassword {
                password: Some(ask()?),
                viewer: *viewer,
            };
            client.put(&uri, &body).await?
        }
        Some(What::Reset { viewer }) => {
            let body = SetPassword {
                password: None,
                viewer: *viewer,
            };
            client.put(&uri, &body).await?
        }
    };
    if context.out.json {
        context.out.document(&now)?;
        return Ok(Exit::Done);
    }
    match &args.what {
        Some(What::Set { .. }) => {
            context
                .out
                .message("the password is set; sessions of the one before have ended");
        }
        Some(What::Reset { viewer: true }) => {
            context
                .out
                .message("the viewer's password is gone, and with it its sessions");
        }
        None | Some(What::Reset { viewer: false }) => match &now.password {
            Some(password) => context.out.line(password)?,
            None => return Err(hidden(&now.origin)),
        },
    }
    Ok(Exit::Done)
}

fn hidden(origin: &str) -> Problem {
    let (what, help) = match origin {
        "environment" => (
            "it comes from RUNWISP_PASSWORD",
            "Look where the daemon's environment is set.",
        ),
        "credential" => (
            "it comes from the systemd credential runwisp.password",
            "Look at the unit file of the daemon.",
        ),
        _ => (
            "it was set, and only its digest is kept",
            "`runwisp password set` sets another, `runwisp password reset` generates one.",
        ),
    };
    Problem::new(
        "password.hidden",
        format!("the password can't be shown: {what}"),
    )
    .help(help)
}

/// A new password: twice from whoever sits there, without showing it, or all of standard input but its last line end.
fn ask() -> Result<String, Problem> {
    let failed = |error: io::Error| io_failed("read the password", &error);
    if !io::stdin().is_terminal() {
        let mut text = String::new();
        let mut input = io::stdin().take(LONGEST);
        input.read_to_string(&mut text).map_err(failed)?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        return Ok(text.strip_suffix('\r').unwrap_or(text).to_owned());
    }
    let first = unseen("New password: ").map_err(failed)?;
    let again = unseen("The same again: ").map_err(failed)?;
    if first == again {
        return Ok(first);
    }
    Err(Problem::invalid(
        "the two are not the same; nothing was changed",
    ))
}

/// A line from the terminal that is not shown on it.
fn unseen(prompt: &str) -> io::Result<String> {
    let stdin = io::stdin();
    super::output::prompt(prompt);
    let before = tcgetattr(&stdin)?;
    let mut silent = before.clone();
    silent.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(&stdin, SetArg::TCSAFLUSH, &silent)?;
    let mut line = String::new();
    let read = stdin.lock().take(LONGEST).read_line(&mut line);
    let back = tcsetattr(&stdin, SetArg::TCSAFLUSH, &before);
    super::output::prompt("\n");
    read?;
    back?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
