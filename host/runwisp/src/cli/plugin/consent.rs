//! A yes to what a plugin asks for.
//!
//! Invariant: nobody who can not be asked has said yes.

use std::io::{self, BufRead, IsTerminal};

use crate::cli::context::Context;
use crate::wire::Problem;

/// Asks. The answer is a problem unless it is yes.
pub(super) fn ask(context: &Context, question: &str, granted: bool) -> Result<(), Problem> {
    if granted {
        return Ok(());
    }
    let refused = |message: &str| Problem::new("plugin.refused", message);
    if !io::stdin().is_terminal() {
        return Err(refused("there is nobody to ask")
            .help("Say yes with --grant, after a look at `runwisp plugin check FILE`."));
    }
    context.out.stderr_line(&format!("{question} [y/N]"));
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|e| Problem::new("io.failed", format!("could not read the answer: {e}")))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(refused("the answer was no; nothing was changed")),
    }
}
