//! The notifiers that there really are: plugins, opened when the first message is to be sent.
//!
//! Invariant: nothing is loaded before it is called, and nothing here waits on the loop's thread.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use runwisp_plugin_host::{Call, Change, Failure, Limits, LoadError, Plugins, Reason, Receipt};

use super::{Broken, Called, Calling, Notifiers, Wanted};
use crate::plugins::{Place, Registry};

/// Plugins that tell people.
pub struct WasmNotifiers {
    place: Place,
    /// `[plugins]` of the configuration in force, as written.
    tables: serde_json::Value,
    opened: Mutex<Option<Plugins>>,
}

impl WasmNotifiers {
    /// Those that are installed here, with what the configuration says of plugins. Opens nothing.
    pub fn new(place: Place, tables: serde_json::Value) -> Self {
        WasmNotifiers {
            place,
            tables,
            opened: Mutex::new(None),
        }
    }

    /// The same ones under another configuration; what is loaded stays loaded.
    #[must_use]
    pub fn with_tables(&self, tables: serde_json::Value) -> Self {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        WasmNotifiers {
            place: self.place.clone(),
            tables,
            opened: Mutex::new(opened.clone()),
        }
    }

    fn open(&self) -> Result<Plugins, Broken> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugins) = &*opened {
            return Ok(plugins.clone());
        }
        let plugins = self
            .place
            .open()
            .map_err(|error| later(error.to_string()))?;
        *opened = Some(plugins.clone());
        Ok(plugins)
    }

    async fn deliver(&self, wanted: Wanted) -> Result<Call<Result<Receipt, Failure>>, Broken> {
        let name = wanted.plugin.clone();
        let found = Registry::open(self.place.clone())
            .map_err(|error| later(error.to_string()))?
            .with(&self.tables)
            .find(&name);
        let plugin = match found {
            None => {
                return Err(never(format!(
                    "there is no plugin `{name}`; `runwisp plugin list` names those there are"
                )));
            }
            Some(found) => found.map_err(|error| unloaded(&name, &error))?,
        };
        let plugins = self.open()?;
        let loaded = plugins.get(&plugin.component).await;
        let loaded = loaded.map_err(|error| unloaded(&name, &error))?;
        let terms = plugin.terms(Limits::delivery(), wanted.secrets);
        let settings = plugin.with_shared(&wanted.settings);
        Ok(loaded
            .deliver(terms, &settings, wanted.event, wanted.context)
            .await)
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
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugins) = &*opened {
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
