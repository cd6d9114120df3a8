//! Plugins on the wire, the same for `runwisp plugin` and for the API.
//!
//! Tests: `tests/e2e/plugins.rs`.

use runwisp_plugin_host::{InspectError, LoadError};
use serde::Serialize;
use utoipa::ToSchema;

use super::plugin_failure;
use crate::plugins::{Looked, Origin, asked};

/// `plugin list`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Plugins {
    /// Bundled ones first.
    pub plugins: Vec<Plugin>,
}

/// How a plugin stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginState {
    /// It can be called.
    Ready,
    /// It is in the daemon's memory, because it was called a short while ago.
    Loaded,
    /// It failed several times in a row and is not called for a while.
    Suspended,
    /// Its file is not there.
    Missing,
    /// Its file is not the one that was agreed to.
    Changed,
    /// It is no plugin that this version can run.
    Broken,
}

impl PluginState {
    /// As scripts know it.
    pub fn word(self) -> &'static str {
        match self {
            PluginState::Ready => "ready",
            PluginState::Loaded => "loaded",
            PluginState::Suspended => "suspended",
            PluginState::Missing => "missing",
            PluginState::Changed => "changed",
            PluginState::Broken => "broken",
        }
    }
}

/// A plugin that can be named.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Plugin {
    /// Its name.
    pub name: String,
    /// `notifier` or `importer`; null where that can not be told.
    pub kind: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The version of the interface that it speaks.
    pub interface: Option<String>,
    /// `bundled` with the program, `installed` by `runwisp plugin add`, or `configured` by `[plugins.NAME] path`.
    pub origin: String,
    /// Where it was taken from; null for what is bundled.
    pub source: Option<String>,
    /// The digest of the component.
    pub sha256: Option<String>,
    /// What it may reach, such as `http:$url`.
    pub grants: Vec<String>,
    /// What it does, in a line.
    pub summary: Option<String>,
    /// How it stands.
    pub state: PluginState,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// For how long it is not called, where it is suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rests_ms: Option<u64>,
    /// How often the daemon has called it since its start; absent where no daemon was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// How many of these calls delivered nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<u64>,
}

/// `plugin show`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PluginDetails {
    /// What the list tells.
    #[serde(flatten)]
    pub plugin: Plugin,
    /// Where more is told of it.
    pub homepage: Option<String>,
    /// The size of the component.
    pub size_bytes: Option<u64>,
    /// What it asks for, granted or not.
    pub needs: Vec<String>,
    /// What it imports from the host.
    pub imports: Vec<String>,
    /// The JSON Schema of its settings.
    #[schema(value_type = Option<Object>)]
    pub settings_schema: serde_json::Value,
}

impl From<&Looked> for Plugin {
    fn from(looked: &Looked) -> Self {
        let plugin = match &looked.plugin {
            Ok(plugin) => plugin,
            Err(error) => return unreadable(looked, error),
        };
        let locked = match &plugin.origin {
            Origin::Installed(locked) => Some(locked),
            Origin::Bundled | Origin::Configured(_) => None,
        };
        let state = match (looked.rests, looked.loaded) {
            (Some(_), _) => PluginState::Suspended,
            (None, true) => PluginState::Loaded,
            (None, false) => PluginState::Ready,
        };
        let mut told = Plugin {
            name: looked.name.clone(),
            kind: plugin.kind.map(|kind| kind.to_string()),
            version: locked.map(|locked| locked.version.clone()),
            interface: locked.map(|locked| locked.interface.clone()),
            origin: plugin.origin.word().to_owned(),
            source: plugin.origin.source().map(str::to_owned),
            sha256: Some(plugin.component.digest().to_string()),
            grants: plugin.grants.words(),
            summary: None,
            state,
            problem: None,
            rests_ms: looked
                .rests
                .map(|rest| u64::try_from(rest.as_millis()).unwrap_or(u64::MAX)),
            calls: None,
            failures: None,
        };
        match &looked.inspection {
            Some(Ok(inspection)) => {
                told.kind = Some(inspection.kind.to_string());
                told.version = Some(inspection.descriptor.version.clone());
                told.interface = Some(inspection.interface.clone());
                told.summary = Some(inspection.descriptor.summary.clone());
            }
            Some(Err(error)) => {
                told.state = match error {
                    InspectError::Load(error) => state_of(error),
                    InspectError::Describe(_) | InspectError::Descriptor(_) => PluginState::Broken,
                };
                told.problem = Some(plugin_failure::inspect(&looked.name, error).message);
            }
            None => {}
        }
        told
    }
}

fn unreadable(looked: &Looked, error: &LoadError) -> Plugin {
    Plugin {
        name: looked.name.clone(),
        kind: None,
        version: None,
        interface: None,
        // Nothing but a file that the configuration names has to be read to be found.
        origin: "configured".to_owned(),
        source: None,
        sha256: None,
        grants: Vec::new(),
        summary: None,
        state: state_of(error),
        problem: Some(error.to_string()),
        rests_ms: None,
        calls: None,
        failures: None,
    }
}

fn state_of(error: &LoadError) -> PluginState {
    match error {
        LoadError::Unreadable { .. } => PluginState::Missing,
        LoadError::Changed { .. } => PluginState::Changed,
        _ => PluginState::Broken,
    }
}

impl From<&Looked> for PluginDetails {
    fn from(looked: &Looked) -> Self {
        let plugin = Plugin::from(looked);
        let Some(Ok(inspection)) = &looked.inspection else {
            return PluginDetails {
                plugin,
                homepage: None,
                size_bytes: None,
                needs: Vec::new(),
                imports: Vec::new(),
                settings_schema: serde_json::Value::Null,
            };
        };
        let descriptor = &inspection.descriptor;
        PluginDetails {
            plugin,
            homepage: descriptor.homepage.clone(),
            size_bytes: Some(inspection.size),
            needs: asked(inspection).words(),
            imports: inspection.imports.clone(),
            settings_schema: serde_json::from_str(&descriptor.settings_schema).unwrap_or_default(),
        }
    }
}
