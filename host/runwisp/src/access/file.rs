//! `access.json` in the data directory: passwords, sessions and tokens, as they outlive the daemon.
//!
//! A file of its own, not a table of the history: a history that is damaged and begun anew must not let anybody in, and
//! must not lock anybody out. It has mode 0600 and is replaced as a whole, so a crash leaves the old one or the new one.
//!
//! Tests: below.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::password::Password;
use super::sessions::Sessions;
use super::tokens::Tokens;
use crate::replace;

/// The name in the data directory.
pub(super) const FILE_NAME: &str = "access.json";

/// The format. One of a later version is refused, because what it holds could be lost.
const FORMAT: u32 = 1;

/// A file this large is not ours, bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) format: u32,
    /// Tells the cookies of several daemons on one host apart.
    pub(super) id: String,
    pub(super) password: Option<Password>,
    pub(super) viewer: Option<Password>,
    pub(super) sessions: Sessions,
    pub(super) tokens: Tokens,
}

/// Why the file can't be used. Completes "could not …".
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is of a later version.
    #[error(
        "use {path}: a later version of runwisp wrote it (format {found}); use that version, or move the file away"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its format.
        found: u32,
    },
    /// It can't be read.
    #[error("read {path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
}

/// What was found.
pub(super) struct Found {
    pub(super) kept: Option<Kept>,
    /// That a damaged file was moved away.
    pub(super) notice: Option<String>,
}

/// Reads it. A damaged one is moved aside and said: nobody can sign in with what it held.
pub(super) fn read(dir: &Path) -> Result<Found, FileError> {
    let path = dir.join(FILE_NAME);
    let failed = |error| FileError::Io {
        path: path.display().to_string(),
        error,
    };
    let bytes = match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Found {
                kept: None,
                notice: None,
            });
        }
        Err(error) => return Err(failed(error)),
        Ok(meta) if meta.len() > LARGEST => Vec::new(),
        Ok(_) => fs::read(&path).map_err(failed)?,
    };
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    if let Ok(Format { format }) = serde_json::from_slice(&bytes)
        && format > FORMAT
    {
        return Err(FileError::Newer {
            path: path.display().to_string(),
            found: format,
        });
    }
    match serde_json::from_slice::<Kept>(&bytes) {
        Ok(kept) => Ok(Found {
            kept: Some(kept),
            notice: None,
        }),
        Err(error) => {
            let aside = dir.join(format!("{FILE_NAME}.damaged"));
            fs::rename(&path, &aside).map_err(failed)?;
            Ok(Found {
                kept: None,
                notice: Some(format!(
                    "{} was damaged ({error}) and is {} now; sessions, tokens and a password that was set are gone",
                    path.display(),
                    aside.display()
                )),
            })
        }
    }
}

/// Text for [`write`].
pub(super) fn text(kept: &Kept) -> Vec<u8> {
    let kept = Kept {
        format: FORMAT,
        ..kept.clone()
    };
    // Plain data that JSON can always say.
    serde_json::to_vec_pretty(&kept).unwrap_or_default()
}

/// Replaces the file. Blocks until it is on disk.
pub(super) fn write(dir: &Path, text: &[u8]) -> io::Result<()> {
    replace::private(&dir.join(FILE_NAME), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_was_written_is_read_and_is_nobody_else_s() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).unwrap().kept.is_none());
        let kept = Kept {
            id: "x".to_owned(),
            format: FORMAT,
            password: Some(Password::generate().unwrap()),
            ..Kept::default()
        };
        write(dir.path(), &text(&kept)).unwrap();
        write(dir.path(), &text(&kept)).unwrap();
        assert_eq!(read(dir.path()).unwrap().kept, Some(kept));
        let mode = fs::metadata(dir.path().join(FILE_NAME)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_moved_aside_and_a_newer_one_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        fs::write(&path, "{\"format\": 1, \"id\":").unwrap();
        let found = read(dir.path()).unwrap();
        assert!(found.kept.is_none());
        assert!(
            found
                .notice
                .is_some_and(|notice| notice.contains("damaged"))
        );
        assert!(!path.exists() && dir.path().join("access.json.damaged").exists());

        fs::write(&path, "{\"format\": 9}").unwrap();
        assert!(matches!(
            read(dir.path()),
            Err(FileError::Newer { found: 9, .. })
        ));
        assert!(path.exists());
    }
}
