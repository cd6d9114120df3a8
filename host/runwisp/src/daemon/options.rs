//! What the command line tells the daemon process: paths and switches, nothing that a configuration holds.

use std::path::PathBuf;

/// How the attached daemon is to run. Every path is absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The root configuration file.
    pub config: PathBuf,
    /// Where history, logs and the lock live.
    pub data: PathBuf,
    /// The Unix socket to serve; the file is made with mode 0600.
    pub socket: PathBuf,
    /// `--listen`: wins over `[daemon] listen`; `off` is the Unix socket alone.
    pub listen: Option<String>,
    /// `--exit-when-done`: wins over `[daemon] exit_when_done`.
    pub exit_when_done: bool,
    /// `--only`: this one unit is all there is and nothing starts by itself. For `run` without a daemon.
    pub only: Option<String>,
}
