//! The configuration as the loop uses it: the plan, what people are to know about it, whether its files have changed
//! since, and the last one that was good.
//!
//! A configuration that was accepted is kept in the data directory, so that a daemon that comes back while its services
//! live can go on when the files on disk have been broken meanwhile.
//!
//! Tests: `tests/e2e/reload.rs`.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use runwisp_core::config::Source;
use runwisp_core::config::plan::Plan;
use runwisp_core::words::diagnostic::Severity;
use serde::{Deserialize, Serialize};

use super::handle::Finding;
use crate::config::{self, Loaded, Stamp};
use crate::notify::templates;
use crate::plugins::{self, Place, Registry};

/// A configuration that was read, good or not.
pub(crate) struct Configuration {
    /// None when there are errors.
    pub(crate) plan: Option<Arc<Plan>>,
    pub(crate) findings: Vec<Finding>,
    /// The findings drawn for people, without colours.
    pub(crate) rendered: String,
    sources: Vec<Source>,
    stamp: Stamp,
    /// When it was read.
    pub(crate) loaded_at: Timestamp,
    /// Whether it was told that the files hold something else by now.
    pub(crate) told_stale: bool,
    /// It is the last good one, because what is on disk is not.
    fallback: bool,
}

/// A source as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    text: String,
}

impl Configuration {
    /// Reads the files. `keeper_is_root` says that root starts the units, though this process may not be root.
    pub(crate) fn load(path: &Path, keeper_is_root: bool) -> Self {
        Configuration::new(config::load_for(path, keeper_is_root || am_root()))
    }

    /// Reads the files for a reload: the settings of notifiers are judged by their plugins as well. A start does not wait
    /// for that, since services come first.
    pub(crate) fn load_judged(path: &Path, data: &Path, keeper_is_root: bool) -> Self {
        let mut loaded = config::load_for(path, keeper_is_root || am_root());
        match Registry::open(Place::of(path, data)) {
            Ok(registry) => plugins::judge(&mut loaded, &registry),
            Err(error) => tracing::warn!("the settings of notifiers are not checked: {error}"),
        }
        templates::judge(&mut loaded);
        Configuration::new(loaded)
    }

    fn new(loaded: Loaded) -> Self {
        Configuration {
            findings: findings(&loaded),
            rendered: config::render(&loaded.diagnostics, &loaded.sources, false),
            plan: loaded.plan.map(Arc::new),
            sources: loaded.sources,
            stamp: loaded.stamp,
            loaded_at: super::clock::now().wall,
            told_stale: false,
            fallback: false,
        }
    }

    /// Whether it is in force only because what is on disk is broken.
    pub(crate) fn is_fallback(&self) -> bool {
        self.fallback
    }

    /// Whether the files hold something else by now. Asks the disk for a few time stamps.
    pub(crate) fn is_stale(&self) -> bool {
        self.fallback || self.stamp.stale()
    }

    /// The warnings, a line each.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> + '_ {
        let warnings = self
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Warning);
        warnings.map(|finding| match (&finding.file, finding.line) {
            (Some(file), Some(line)) => format!("{file}:{line}: {}", finding.message),
            _ => finding.message.clone(),
        })
    }

    /// The last configuration that was accepted here, compiled anew.
    pub(crate) fn last_good(data: &Path, keeper_is_root: bool) -> Option<Self> {
        let text = std::fs::read(data.join("last-good.json")).ok()?;
        let kept: Vec<Kept> = serde_json::from_slice(&text).ok()?;
        let sources = kept
            .into_iter()
            .map(|Kept { name, text }| Source { name, text })
            .collect();
        let mut good =
            Configuration::new(config::compile_kept(sources, keeper_is_root || am_root()));
        good.fallback = true;
        Some(good).filter(|good| good.plan.is_some())
    }

    /// Keeps it as the last good one. Trouble with that is said and does no harm.
    pub(crate) fn keep(&self, data: &Path) {
        let kept = self.sources.iter().map(|s| Kept {
            name: s.name.clone(),
            text: s.text.clone(),
        });
        let text = serde_json::to_vec(&kept.collect::<Vec<_>>()).unwrap_or_default();
        // It may hold secrets, as the files themselves may.
        let written = crate::replace::private(&data.join("last-good.json"), &text);
        if let Err(error) = written {
            tracing::warn!(%error, "could not keep the configuration as the last good one");
        }
    }
}

fn am_root() -> bool {
    nix::unistd::geteuid().is_root()
}

fn findings(loaded: &Loaded) -> Vec<Finding> {
    let mut document = config::document(&loaded.diagnostics, &loaded.sources);
    let mut found = Vec::new();
    for (list, severity) in [("errors", Severity::Error), ("warnings", Severity::Warning)] {
        for mut finding in document[list]
            .as_array_mut()
            .map(std::mem::take)
            .unwrap_or_default()
        {
            finding["severity"] = serde_json::json!(severity);
            found.extend(serde_json::from_value::<Finding>(finding).ok());
        }
    }
    found
}
