//! New logs, and the room that is left for them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use runwisp_core::words::ids::{RunId, UnitName};

use super::error::LogError;
use super::paths::{Names, log_name, unit_dir};

/// What the keeper needs to capture a run's output.
#[derive(Debug)]
pub struct OpenLog {
    /// The directory, in which rotation renames.
    pub dir: File,
    /// The log, for writing; not for appending, which `splice(2)` refuses.
    pub log: File,
    /// The index, for appending.
    pub index: File,
    /// The name of the log inside the directory.
    pub name: String,
}

/// Makes the empty log and index of a run, readable by the owner alone. What an earlier try left is emptied.
pub fn create(data: &Path, unit: &UnitName, run: RunId) -> Result<OpenLog, LogError> {
    let path = unit_dir(data, unit)?;
    let names = Names::new(data, unit, run)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&path)
        .map_err(LogError::io(path.display()))?;
    let open = |path: std::path::PathBuf, append: bool| {
        OpenOptions::new()
            .create(true)
            .write(true)
            .append(append)
            .truncate(!append)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)
            .map_err(LogError::io(path.display()))
    };
    let log = open(names.log(false), false)?;
    let index = open(names.index(false), true)?;
    index
        .set_len(0)
        .map_err(LogError::io(names.index(false).display()))?;
    Ok(OpenLog {
        dir: File::open(&path).map_err(LogError::io(path.display()))?,
        log,
        index,
        name: log_name(run),
    })
}

/// Removes everything of a run's output. What is not there is removed already.
pub fn remove(data: &Path, unit: &UnitName, run: RunId) -> Result<(), LogError> {
    for path in Names::new(data, unit, run)?.all() {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(LogError::io(path.display())(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Bytes that are free for us on the file system of `dir`, or of the nearest directory above it that exists.
pub fn free_space(dir: &Path) -> Result<u64, LogError> {
    let place = dir
        .ancestors()
        .find(|place| place.exists())
        .unwrap_or(Path::new("/"));
    let found = nix::sys::statvfs::statvfs(place)
        .map_err(|errno| LogError::io(place.display())(errno.into()))?;
    Ok(found
        .blocks_available()
        .saturating_mul(found.fragment_size()))
}
