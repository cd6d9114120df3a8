//! What the store may fail with.

use std::path::PathBuf;

/// Why something of the store could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database was written by a later version; using it could lose what that version keeps.
    #[error(
        "the database {path} is newer than this version: it has format {found}, known are formats up to {known}; use the version that wrote it, or another data directory"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
    /// SQLite said no.
    #[error("the database could not be used: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The system said no to something beside the database.
    #[error("{about}: {source}")]
    Io {
        /// What was being done, with the path.
        about: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// No database, and it is not for this caller to make one.
    #[error("there is no database at {0}")]
    Absent(PathBuf),
    /// Several runs begin with the given text.
    #[error("the run id {prefix} is ambiguous: {candidates} begin with it")]
    Ambiguous {
        /// The text.
        prefix: String,
        /// Some of them, separated by commas.
        candidates: String,
    },
}

impl StoreError {
    /// Whether the file is not a sound database: it is then moved aside and what can be read is saved.
    pub fn is_corruption(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        matches!(self, StoreError::Sqlite(error)
            if matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)))
    }

    /// Whether the directory or the file may not be written to.
    pub fn is_read_only(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
        matches!(self, StoreError::Sqlite(error)
            if matches!(error.sqlite_error_code(), Some(CannotOpen | PermissionDenied | ReadOnly)))
    }
}
