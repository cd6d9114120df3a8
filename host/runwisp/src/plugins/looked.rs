//! A look at a plugin that can be named: where it comes from, what it says of itself, and how it stands.
//!
//! What a component says of itself depends on its bytes alone, so it is asked once ([`Known`]); whether the bytes are
//! still those is looked at every time.
//!
//! Invariant: nothing is granted to a plugin for being looked at. Tests: `tests/e2e/plugins.rs`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use runwisp_plugin_host::{
    Digest, Grants, InspectError, Inspection, LoadError, OpenError, Plugins,
};

use super::named::Plugin;
use super::place::PlaceError;
use super::registry::Registry;

/// The most components that are remembered.
const MOST: usize = 200;

/// What was seen.
#[derive(Debug)]
pub struct Looked {
    /// The name.
    pub name: String,
    /// The plugin, or why it can't be read.
    pub plugin: Result<Plugin, LoadError>,
    /// What it is, where it can be read.
    pub inspection: Option<Result<Inspection, InspectError>>,
    /// Whether it was in memory already.
    pub loaded: bool,
    /// For how long it is not called, because it failed too often.
    pub rests: Option<Duration>,
}

/// Why there was no look.
#[derive(Debug, thiserror::Error)]
pub enum NoLook {
    /// The lock file can't be read.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Plugins can't be run at all.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// None has this name.
    #[error("there is no plugin `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
}

/// Components that have been asked what they are.
#[derive(Debug, Default)]
pub struct Known(Mutex<BTreeMap<Digest, Inspection>>);

impl Known {
    fn get(&self, digest: Digest) -> Option<Inspection> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&digest).cloned()
    }

    fn put(&self, inspection: Inspection) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(inspection.digest, inspection);
    }
}

impl Registry {
    /// Looks at the plugin of this name, or at all there are. Reads files: not for the loop's thread.
    pub async fn look(
        &self,
        plugins: &Plugins,
        known: &Known,
        only: Option<&str>,
    ) -> Result<Vec<Looked>, NoLook> {
        let names = match only {
            Some(name) => vec![name.to_owned()],
            None => self.names(),
        };
        let mut seen = Vec::with_capacity(names.len());
        for name in names {
            match (self.find(&name), only) {
                (Some(found), _) => seen.push(one(name, found, plugins, known).await),
                (None, Some(_)) => {
                    let known = self.names();
                    return Err(NoLook::Unknown { name, known });
                }
                (None, None) => {}
            }
        }
        Ok(seen)
    }
}

async fn one(
    name: String,
    plugin: Result<Plugin, LoadError>,
    plugins: &Plugins,
    known: &Known,
) -> Looked {
    let (mut loaded, mut rests, mut inspection) = (false, None, None);
    if let Ok(plugin) = &plugin {
        let digest = plugin.component.digest();
        loaded = plugins.is_loaded(digest);
        rests = plugins.rests(digest);
        inspection = Some(match (plugin.component.check(), known.get(digest)) {
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(inspection)) => Ok(inspection),
            (Ok(()), None) => {
                let asked = plugins.inspect(&plugin.component).await;
                if let Ok(inspection) = &asked {
                    known.put(inspection.clone());
                }
                asked
            }
        });
    }
    Looked {
        name,
        plugin,
        inspection,
        loaded,
        rests,
    }
}

/// Everything that a component asks for.
pub fn asked(inspection: &Inspection) -> Grants {
    // An inspection has found each need well formed.
    Grants::all(&inspection.descriptor.needs).unwrap_or_default()
}
