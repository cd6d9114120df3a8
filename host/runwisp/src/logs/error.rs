//! What reading and keeping logs may fail with.

use std::io;

/// Why a log could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Nothing of the run's output is kept.
    #[error("no output of run {0} is kept")]
    Absent(String),
    /// The unit's name cannot be a directory.
    #[error("the unit's name {0:?} cannot be the name of a directory")]
    Name(String),
    /// The search pattern is no regular expression, or too large.
    #[error("{0}")]
    Pattern(String),
    /// The system said no.
    #[error("{about}: {source}")]
    Io {
        /// What was being done, with the path.
        about: String,
        /// Its reason.
        source: io::Error,
    },
}

impl LogError {
    pub(super) fn io(about: impl std::fmt::Display) -> impl FnOnce(io::Error) -> LogError {
        let about = about.to_string();
        move |source| LogError::Io { about, source }
    }
}
