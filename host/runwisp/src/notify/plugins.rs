//! The notifiers that there really are: plugins, opened when the first message is to be sent.
//!
//! Invariant: nothing is loaded before it is called, and nothing here waits on the loop's thread.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use runwisp_core::config::notify_plan::PluginPlan;
use runwisp_plugin_host::{
    Call, Change, Digest, Failure, Limits, LoadError, OpenError, Plugin as Loaded, Plugins, Reason,
    Receipt,
};
use serde_json::Value;

use super::{Broken, Called, Calling, Notifiers, Wanted};
use crate::plugins::{Known, Looked, NoLook, Place, Plugin, Registry, schema};

/// Plugins that tell people.
pub struct WasmNotifiers(Arc<Inner>);

struct Inner {
    place: Place,
    /// Components that were looked at.
    known: Arc<Known>,
    /// The schemas of plugins that have been called, which say what is secret in their settings.
    schemas: Mutex<BTreeMap<Digest, Value>>,
    /// `[plugins]` of the configuration in force.
    tables: BTreeMap<String, PluginPlan>,
    opened: Mutex<Option<Plugins>>,
    found: Mutex<Found>,
}

/// Plugins that have been looked up, as long as the lock file stays as it was then.
#[derive(Default)]
struct Found {
    lock: Option<(SystemTime, u64)>,
    plugins: BTreeMap<String, Plugin>,
}

impl WasmNotifiers {
    /// Those that are installed here, with what the configuration says of plugins. Opens nothing.
    pub fn new(place: Place, tables: BTreeMap<String, PluginPlan>) -> Self {
        WasmNotifiers::of(place, tables, None, Arc::default())
    }

    fn of(
        place: Place,
        tables: BTreeMap<String, PluginPlan>,
        opened: Option<Plugins>,
        known: Arc<Known>,
    ) -> Self {
        WasmNotifiers(Arc::new(Inner {
            place,
            tables,
            known,
            schemas: Mutex::default(),
            opened: Mutex::new(opened),
            found: Mutex::default(),
        }))
    }

    /// The same ones under another configuration; what is loaded stays loaded.
    #[must_use]
    pub fn with_tables(&self, tables: BTreeMap<String, PluginPlan>) -> Self {
        let opened = self.0.opened().clone();
        let known = Arc::clone(&self.0.known);
        WasmNotifiers::of(self.0.place.clone(), tables, opened, known)
    }

    /// Looks at the plugin of this name, or at all there are, importers too.
    pub async fn look(&self, only: Option<String>) -> Result<Vec<Looked>, NoLook> {
        let inner = Arc::clone(&self.0);
        let looking = tokio::task::spawn_blocking(move || {
            let registry = Registry::open(inner.place.clone())?.with(inner.tables.clone());
            let plugins = inner.host()?;
            tokio::runtime::Handle::current().block_on(registry.look(
                &plugins,
                &inner.known,
                only.as_deref(),
            ))
        });
        match looking.await {
            Ok(looked) => looked,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    async fn deliver(&self, wanted: Wanted) -> Result<Call<Result<Receipt, Failure>>, Broken> {
        let (inner, name) = (Arc::clone(&self.0), wanted.plugin.clone());
        let looked_up = move || Ok((inner.find(&name)?, inner.open()?));
        let (plugin, plugins) = tokio::task::spawn_blocking(looked_up)
            .await
            .map_err(|error| later(error.to_string()))??;
        let loaded = plugins.get(&plugin.component).await;
        let loaded = loaded.map_err(|error| unloaded(&plugin.name, &error))?;
        let mut secrets = wanted.secrets;
        secrets.extend(self.0.secrets_of(&loaded, &wanted.settings).await);
        let terms = plugin.terms(Limits::delivery(), secrets);
        Ok(loaded
            .deliver(terms, &wanted.settings, wanted.event, wanted.context)
            .await)
    }
}

impl Inner {
    /// Nothing is kept in it that a panic could have spoiled.
    fn opened(&self) -> MutexGuard<'_, Option<Plugins>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<Plugins, Broken> {
        self.host().map_err(|error| later(error.to_string()))
    }

    fn host(&self) -> Result<Plugins, OpenError> {
        let mut opened = self.opened();
        if let Some(plugins) = &*opened {
            return Ok(plugins.clone());
        }
        let plugins = self.place.open()?;
        *opened = Some(plugins.clone());
        Ok(plugins)
    }

    /// What the plugin's schema says nobody is to read. A plugin that does not say who it is has no call that works.
    async fn secrets_of(&self, plugin: &Arc<Loaded>, settings: &Value) -> Vec<String> {
        let known = |schemas: &BTreeMap<Digest, Value>| {
            let schema = schemas.get(&plugin.digest())?;
            Some(schema::secrets(schema, settings))
        };
        if let Some(secrets) = known(&self.schemas()) {
            return secrets;
        }
        let Ok(described) = plugin.describe().await.answer else {
            return Vec::new();
        };
        let schema = serde_json::from_str(&described.settings_schema).unwrap_or_default();
        let mut schemas = self.schemas();
        schemas.insert(plugin.digest(), schema);
        known(&schemas).unwrap_or_default()
    }

    fn schemas(&self) -> MutexGuard<'_, BTreeMap<Digest, Value>> {
        self.schemas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plugin of that name. Files are read for the first one, and after the lock file has changed.
    fn find(&self, name: &str) -> Result<Plugin, Broken> {
        let lock = std::fs::metadata(self.place.lock_file()).ok();
        let lock = lock.and_then(|meta| Some((meta.modified().ok()?, meta.len())));
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.lock != lock {
            *found = Found {
                lock,
                plugins: BTreeMap::new(),
            };
        }
        if let Some(plugin) = found.plugins.get(name) {
            return Ok(plugin.clone());
        }
        let registry = Registry::open(self.place.clone())
            .map_err(|error| later(error.to_string()))?
            .with(self.tables.clone());
        let Some(plugin) = registry.find(name) else {
            return Err(never(format!(
                "there is no plugin `{name}`; `runwisp plugin list` names those there are"
            )));
        };
        let plugin = plugin.map_err(|error| unloaded(name, &error))?;
        found.plugins.insert(name.to_owned(), plugin.clone());
        Ok(plugin)
    }
}

impl Notifiers for WasmNotifiers {
    fn call(&self, wanted: Wanted) -> Calling<'_> {
        Box::pin(async move {
            let name = wanted.plugin.clone();
            let call = match self.deliver(wanted).await {
                Ok(call) => call,
                Err(broken) => {
                    return Called {
                        broken: Some(broken),
                        ..Called::default()
                    };
                }
            };
            let suspended = match call.change {
                Some(Change::Suspended(rest)) => Some(rest),
                Some(Change::Trusted) | None => None,
            };
            let (answer, broken) = match call.answer {
                Ok(answer) => (Some(answer), None),
                Err(error) => {
                    let after = match error.reason {
                        Reason::Suspended(rest) => Some(rest),
                        _ => None,
                    };
                    let lasting = matches!(error.reason, Reason::Kind { .. });
                    let message = format!("the plugin {name} gave no answer: {error}");
                    (
                        None,
                        Some(Broken {
                            message,
                            lasting,
                            after,
                        }),
                    )
                }
            };
            Called {
                answer,
                broken,
                exchange: call.exchange,
                suspended,
            }
        })
    }

    fn render(&self, template: &str, values: &serde_json::Value) -> Result<String, String> {
        runwisp_plugin_host::render_text(template, values)
    }

    fn release_idle(&self, idle: Duration) {
        if let Some(plugins) = &*self.0.opened() {
            plugins.release_idle(idle);
        }
    }
}

fn unloaded(name: &str, error: &LoadError) -> Broken {
    later(format!("the plugin {name} can not be loaded: {error}"))
}

fn later(message: String) -> Broken {
    Broken {
        message,
        lasting: false,
        after: None,
    }
}

fn never(message: String) -> Broken {
    Broken {
        lasting: true,
        ..later(message)
    }
}
