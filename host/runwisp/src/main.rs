//! Arguments to verb.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A keeper that has just executed this program goes on keeping before anything else is looked at.
    let code = match runwisp_keeper::resume() {
        Some(code) => u8::try_from(code).unwrap_or(1),
        None => runwisp::cli::run(std::env::args_os()),
    };
    ExitCode::from(code)
}
