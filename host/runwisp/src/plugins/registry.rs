//! All plugins that can be named, and the nearest to a name that is none.
//!
//! Tests: below.

use std::collections::BTreeMap;
use std::path::PathBuf;

use runwisp_core::config::notify_plan::PluginPlan;
use runwisp_plugin_host::{Component, Grants, LoadError, PluginKind};
use serde_json::Value;

use super::lock::Locked;
use super::named::{Origin, Plugin};
use super::place::{Place, PlaceError};
use crate::bundled;

/// Bundled plugins that are importers; the others tell people.
const IMPORTERS: [&str; 2] = ["supervisord", "crontab"];

/// All plugins that can be named.
#[derive(Clone, Debug)]
pub struct Registry {
    place: Place,
    locked: BTreeMap<String, Locked>,
    /// `[plugins.NAME]` of the configuration.
    configured: BTreeMap<String, PluginPlan>,
}

impl Registry {
    /// What is bundled and what is installed here.
    pub fn open(place: Place) -> Result<Registry, PlaceError> {
        let locked = place.locked()?;
        let by_name = |locked: Locked| (locked.name.clone(), locked);
        Ok(Registry {
            place,
            locked: locked.into_iter().map(by_name).collect(),
            configured: BTreeMap::new(),
        })
    }

    /// The same with `[plugins]` of a configuration.
    #[must_use]
    pub fn with(mut self, plugins: BTreeMap<String, PluginPlan>) -> Registry {
        self.configured = plugins;
        self
    }

    /// The names, bundled ones first.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = bundled::all().map(|b| b.name.to_owned()).collect();
        let others = self.locked.keys().chain(self.configured.keys());
        for name in others {
            if !names.contains(name) && (self.locked.contains_key(name) || self.has_path(name)) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The entry of the lock file.
    pub fn locked(&self, name: &str) -> Option<&Locked> {
        self.locked.get(name)
    }

    /// Where plugins are kept.
    pub fn place(&self) -> &Place {
        &self.place
    }

    fn has_path(&self, name: &str) -> bool {
        let table = self.configured.get(name);
        table.is_some_and(|table| table.path.is_some())
    }

    /// The plugin of that name; none when there is none. Nothing is read but a configured file without a digest.
    pub fn find(&self, name: &str) -> Option<Result<Plugin, LoadError>> {
        let table = self.configured.get(name);
        let path = table.and_then(|table| table.path.as_ref());
        let found = if let Some(path) = path {
            let digest = table.and_then(|table| table.sha256.as_ref()?.parse().ok());
            let component = Component::file(name, PathBuf::from(path), digest);
            component.map(|component| Plugin {
                origin: Origin::Configured(path.clone()),
                grants: Grants {
                    template: true,
                    ..Grants::default()
                },
                ..plain(name, None, component)
            })
        } else if let Some(locked) = self.locked.get(name) {
            let component = self.place.component(locked);
            Ok(Plugin {
                origin: Origin::Installed(Box::new(locked.clone())),
                grants: locked.grants.clone(),
                ..plain(name, Some(locked.kind), component)
            })
        } else {
            let bundled = bundled::find(name)?;
            let kind = if IMPORTERS.contains(&name) {
                PluginKind::Importer
            } else {
                PluginKind::Notifier
            };
            let component = bundled.component();
            let mut grants = Grants::default();
            for word in bundled.grants {
                grants
                    .add_word(word)
                    .expect("the list of bundled grants is well formed, and tested");
            }
            Ok(Plugin {
                grants,
                ..plain(name, Some(kind), component)
            })
        };
        Some(found.map(|plugin| match table {
            Some(table) => configure(plugin, table),
            None => plugin,
        }))
    }
}

/// A bundled plugin, until more is said.
fn plain(name: &str, kind: Option<PluginKind>, component: Component) -> Plugin {
    Plugin {
        name: name.to_owned(),
        kind,
        origin: Origin::Bundled,
        component,
        grants: Grants::default(),
        timeout: None,
        memory: None,
        settings: Value::Null,
    }
}

/// What `[plugins.NAME]` says on top.
fn configure(mut plugin: Plugin, table: &PluginPlan) -> Plugin {
    for (words, kind) in [(&table.allow_hosts, "http"), (&table.allow_paths, "files")] {
        for word in words.iter().flatten() {
            // What makes no sense grants nothing.
            let _ = plugin.grants.add_word(&format!("{kind}:{word}"));
        }
    }
    plugin.timeout = Some(table.timeout);
    plugin.memory = usize::try_from(table.memory).ok();
    plugin.settings = table.settings.clone();
    plugin
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use runwisp_plugin_host::Digest;
    use serde_json::json;

    use super::*;

    fn registry() -> (tempfile::TempDir, Registry) {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(&folder.path().join("runwisp.toml"), folder.path());
        for name in ["slack", "ntfy"] {
            let mut grants = Grants::default();
            grants.add_word("http:$url").unwrap();
            let locked = Locked {
                name: name.to_owned(),
                kind: PluginKind::Notifier,
                version: "2.0.0".to_owned(),
                interface: "0.1.0".to_owned(),
                source: "/x".to_owned(),
                sha256: Digest::of(name.as_bytes()),
                grants,
            };
            place.put(&locked).unwrap();
        }
        let registry = Registry::open(place).unwrap();
        (folder, registry)
    }

    #[test]
    fn the_configuration_comes_before_the_lock_and_that_before_what_is_bundled() {
        let (folder, registry) = registry();
        let mine = folder.path().join("mine.wasm");
        std::fs::write(&mine, "x").unwrap();
        let table = |path: Option<&std::path::Path>| PluginPlan {
            path: path.map(|path| path.display().to_string()),
            version: None,
            sha256: None,
            allow_hosts: Some(vec!["ntfy.sh".to_owned()]),
            allow_paths: None,
            timeout: Duration::from_secs(3),
            memory: 16 << 20,
            settings: json!({"a": 1}),
        };
        let tables = [
            ("mine", table(Some(&mine))),
            ("email", table(None)),
            ("gone", table(None)),
        ];
        let tables = tables.map(|(name, table)| (name.to_owned(), table));
        let registry = registry.with(tables.into());
        let names = registry.names();
        assert_eq!(names.iter().filter(|name| *name == "slack").count(), 1);
        assert!(names.contains(&"mine".to_owned()) && !names.contains(&"gone".to_owned()));
        let find = |name: &str| registry.find(name).unwrap().unwrap();
        assert_eq!(find("slack").origin.word(), "installed");
        assert_eq!(find("slack").component.digest(), Digest::of(b"slack"));
        assert_eq!(find("telegram").origin, Origin::Bundled);
        let mine = find("mine");
        assert_eq!(mine.origin.word(), "configured");
        assert_eq!(mine.grants.words(), ["http:ntfy.sh", "template"]);
        assert_eq!(mine.timeout, Some(Duration::from_secs(3)));
        assert_eq!(mine.memory, Some(16 << 20));
        let email = find("email");
        assert_eq!(email.timeout, Some(Duration::from_secs(3)));
        assert_eq!(email.with_shared(&json!({"b": 2})), json!({"a": 1, "b": 2}));
        assert!(registry.find("gone").is_none());
        assert!(registry.find("nothing").is_none());
    }
}
