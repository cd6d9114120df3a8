//! A directory for one figure of one supervisor, and the mark that its processes carry.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::shell::target_dir;

/// The variable that every process of a place carries.
pub(super) const MARK: &str = "BENCH_PLACE";

pub(super) struct Place {
    dir: PathBuf,
}

impl Place {
    /// A fresh directory under target/bench.
    pub(super) fn new(figure: &str, subject: &str) -> Result<Place, String> {
        let dir = target_dir()
            .join("bench/places")
            .join(format!("{figure}-{subject}"));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("logs"))
            .map_err(|e| format!("could not make {}: {e}", dir.display()))?;
        Ok(Place { dir })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// A path in the directory, as text.
    pub(super) fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .map_err(|e| format!("could not make {}: {e}", folder.display()))?;
        }
        fs::write(&path, text).map_err(|e| format!("could not write {}: {e}", path.display()))?;
        Ok(path)
    }

    /// A command with the mark, in the directory, its output in `supervisor.log`.
    pub(super) fn command(&self, program: &str) -> Result<Command, String> {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("supervisor.log"));
        let log = log.map_err(|e| format!("could not open a log: {e}"))?;
        let other = log
            .try_clone()
            .map_err(|e| format!("could not open a log: {e}"))?;
        let mut command = Command::new(program);
        command
            .env(MARK, &self.dir)
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(other);
        Ok(command)
    }
}

/// The program of `tests/children` that every supervisor runs.
pub(super) fn child() -> String {
    target_dir()
        .join("release/bench-child")
        .to_string_lossy()
        .into_owned()
}
