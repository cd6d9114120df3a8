//! The machine a configuration is loaded on, as the core asks about it.
//!
//! Tests: `super::tests`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use nix::unistd::geteuid;
use runwisp_core::config::{Source, Surroundings};
use runwisp_core::words::diagnostic::Diagnostic;
use runwisp_core::words::spawn::RunAs;

use super::files::{self, Fault};
use super::stamp::Stamp;
use super::{accounts, top};

/// The machine.
pub(super) struct Host {
    /// Whether units are started by root, so that a file anybody can write to would make anybody root.
    root: bool,
    /// What was read so far.
    stamp: RefCell<Stamp>,
    /// Accounts that were looked up so far: thousands of units may share one, and a directory service is slow.
    accounts: RefCell<BTreeMap<String, Result<RunAs, String>>>,
    /// Files with the text they are taken to have.
    texts: BTreeMap<PathBuf, String>,
}

impl Host {
    pub(super) fn new(root: bool) -> Host {
        Host {
            root,
            stamp: RefCell::default(),
            accounts: RefCell::default(),
            texts: BTreeMap::new(),
        }
    }

    /// The same with some files that have another text than on disk.
    pub(super) fn with(mut self, texts: BTreeMap<PathBuf, String>) -> Host {
        self.texts = texts;
        self
    }

    /// The files whose text is not that on disk.
    pub(super) fn supposed(&self) -> impl Iterator<Item = &PathBuf> {
        self.texts.keys()
    }

    /// What was read.
    pub(super) fn stamp(&self) -> Stamp {
        self.stamp.borrow().clone()
    }

    pub(super) fn stamp_mut(&self) -> std::cell::RefMut<'_, Stamp> {
        self.stamp.borrow_mut()
    }

    /// Reads a configuration file.
    pub(super) fn source(&self, path: &Path) -> Result<Source, Fault> {
        let text = self.read(path)?;
        Ok(Source {
            name: path.display().to_string(),
            text,
        })
    }

    fn read(&self, path: &Path) -> Result<String, Fault> {
        let read = match self.texts.get(path) {
            Some(text) => files::fits(text.clone()),
            None => files::read(path),
        };
        self.stamp.borrow_mut().note(path, read.as_deref().ok());
        read
    }

    /// What root must not trust about a configuration file: as cron and sudo do, one that others can write to.
    pub(super) fn untrusted(&self, path: &Path, file: usize) -> Option<Diagnostic> {
        if !self.root {
            return None;
        }
        let meta = std::fs::metadata(path).ok()?;
        let wrong = if meta.uid() != 0 && meta.uid() != geteuid().as_raw() {
            "belongs to somebody else than root"
        } else if meta.mode() & 0o022 != 0 {
            "can be written to by others than its owner"
        } else {
            return None;
        };
        let message = format!(
            "{} {wrong}, and its commands would run as root",
            path.display()
        );
        let help = format!("Run `chown root {0} && chmod go-w {0}`.", path.display());
        Some(Diagnostic::error("config.unsafe-permissions", top(file), message).help(help))
    }
}

/// A path as a file names it: in the home of this process, or relative to that file.
pub(super) fn resolve(path: &str, beside: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    match path.strip_prefix("~/") {
        Some(rest) => home().unwrap_or_else(|| PathBuf::from("/")).join(rest),
        None => Path::new(beside)
            .parent()
            .unwrap_or(Path::new("/"))
            .join(path),
    }
}

impl Surroundings for Host {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read_file(&self, path: &str, beside: &str) -> Result<String, String> {
        self.read(&resolve(path, beside))
            .map_err(|fault| fault.to_string())
    }

    fn absolute(&self, path: &str, beside: &str) -> String {
        resolve(path.strip_prefix("./").unwrap_or(path), beside)
            .display()
            .to_string()
    }

    fn time_zone(&self, name: &str) -> Option<TimeZone> {
        TimeZone::get(name).ok()
    }

    fn time_zone_names(&self) -> Vec<String> {
        jiff::tz::db()
            .available()
            .map(|name| name.as_str().to_owned())
            .collect()
    }

    fn host_time_zone(&self) -> TimeZone {
        TimeZone::system()
    }

    fn account(&self, user: &str) -> Result<RunAs, String> {
        let mut known = self.accounts.borrow_mut();
        known
            .entry(user.to_owned())
            .or_insert_with(|| accounts::find(user))
            .clone()
    }

    fn may_become(&self, account: &RunAs) -> bool {
        self.root || account.uid == geteuid().as_raw()
    }
}
