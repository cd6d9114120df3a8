//! The daemon's own log: lines on standard error, which the keeper shares with whoever started it.
//!
//! `RUNWISP_LOG_LEVEL` (error, warn, info, debug, trace) and `RUNWISP_LOG_FORMAT` (text, json) say how. Under systemd the
//! journal has the time already, so lines go without. With `--detach`, standard error is a file; `SIGUSR1` opens it anew.

use std::io::IsTerminal;
use std::os::fd::AsFd;

use tracing_subscriber::EnvFilter;

/// Where a detached daemon logs to; set by the verb that detaches it.
pub(crate) const FILE_VARIABLE: &str = "RUNWISP_LOG_FILE";

/// Starts logging, once per process.
pub(crate) fn begin() {
    let level = std::env::var("RUNWISP_LOG_LEVEL").unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(&level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let json = std::env::var("RUNWISP_LOG_FORMAT").is_ok_and(|format| format == "json");
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let began = match (json, journal) {
        (true, _) => builder.json().try_init(),
        (false, true) => builder.without_time().try_init(),
        (false, false) => builder.try_init(),
    };
    if began.is_err() {
        tracing::debug!("logging had begun already");
    }
}

/// Opens the log file anew, after somebody has moved it away. Without a file there is nothing to do.
pub(crate) fn reopen() {
    let Some(path) = std::env::var_os(FILE_VARIABLE) else {
        return;
    };
    match std::fs::File::options()
        .create(true)
        .append(true)
        .open(&path)
    {
        Ok(file) => {
            if let Err(error) = nix::unistd::dup2_stderr(file.as_fd()) {
                tracing::error!(%error, "could not switch to the new log file");
            }
        }
        Err(error) => {
            tracing::error!(path = %path.to_string_lossy(), %error, "could not open the log file anew")
        }
    }
}
