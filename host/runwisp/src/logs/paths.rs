//! Where logs are: `DIR/logs/UNIT/RUN.log` and what stands beside it.

use std::path::{Path, PathBuf};

use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::log_index::{INDEX_SUFFIX, PREVIOUS_SUFFIX};

use super::error::LogError;

/// What is added to the name of a log, or of its previous half, that has been compressed.
pub(super) const COMPRESSED_SUFFIX: &str = ".zst";

/// What is added to a file that is still being written by the sweep.
pub(super) const TEMPORARY_SUFFIX: &str = ".tmp";

/// The directory of all logs.
pub fn logs_dir(data: &Path) -> PathBuf {
    data.join("logs")
}

/// The directory of a unit's logs. A name is made of characters that are harmless in a path; only `.` and `..` are not.
pub(super) fn unit_dir(data: &Path, unit: &UnitName) -> Result<PathBuf, LogError> {
    match unit.as_str() {
        name @ ("." | "..") => Err(LogError::Name(name.to_owned())),
        name => Ok(logs_dir(data).join(name)),
    }
}

/// The name of a run's log.
pub fn log_name(run: RunId) -> String {
    format!("{run}.log")
}

/// All files a run may have, by what they are.
#[derive(Clone, Debug)]
pub(super) struct Names {
    dir: PathBuf,
    log: String,
}

impl Names {
    pub(super) fn new(data: &Path, unit: &UnitName, run: RunId) -> Result<Names, LogError> {
        Ok(Names {
            dir: unit_dir(data, unit)?,
            log: log_name(run),
        })
    }

    /// The current half, or the previous one.
    pub(super) fn log(&self, previous: bool) -> PathBuf {
        self.dir.join(format!("{}{}", self.log, half(previous)))
    }

    /// The index of a half.
    pub(super) fn index(&self, previous: bool) -> PathBuf {
        self.dir
            .join(format!("{}{INDEX_SUFFIX}{}", self.log, half(previous)))
    }

    /// A half once it is compressed.
    pub(super) fn compressed(&self, previous: bool) -> PathBuf {
        self.dir
            .join(format!("{}{}{COMPRESSED_SUFFIX}", self.log, half(previous)))
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = PathBuf> + '_ {
        [false, true].into_iter().flat_map(|previous| {
            [
                self.log(previous),
                self.compressed(previous),
                self.index(previous),
            ]
        })
    }
}

fn half(previous: bool) -> &'static str {
    if previous { PREVIOUS_SUFFIX } else { "" }
}

/// The run a file in a unit's directory belongs to.
pub(super) fn run_of(file_name: &str) -> Option<RunId> {
    let (id, rest) = file_name.split_once('.')?;
    rest.starts_with("log").then(|| id.parse().ok()).flatten()
}
