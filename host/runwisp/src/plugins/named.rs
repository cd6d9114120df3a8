//! A plugin that is named: where it comes from and what it may do.

use std::time::Duration;

use runwisp_plugin_host::{Component, Grants, Limits, PluginKind, Terms};
use serde_json::Value;

use super::lock::Locked;

/// Where a plugin comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// It is part of the program.
    Bundled,
    /// It was added, and stands in the lock file.
    Installed(Box<Locked>),
    /// The configuration names its file.
    Configured(String),
}

impl Origin {
    /// As scripts know it.
    pub fn word(&self) -> &'static str {
        match self {
            Origin::Bundled => "bundled",
            Origin::Installed(_) => "installed",
            Origin::Configured(_) => "configured",
        }
    }

    /// Where it was taken from, where that is not the program itself.
    pub fn source(&self) -> Option<&str> {
        match self {
            Origin::Bundled => None,
            Origin::Installed(locked) => Some(&locked.source),
            Origin::Configured(path) => Some(path),
        }
    }
}

/// A plugin that is named.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// The name.
    pub name: String,
    /// What it is for, where that is known without loading it.
    pub kind: Option<PluginKind>,
    /// Where it comes from.
    pub origin: Origin,
    /// What to load.
    pub component: Component,
    /// What it was granted.
    pub grants: Grants,
    /// The longest a call may take, where the configuration says so.
    pub timeout: Option<Duration>,
    /// The most memory of a call in bytes, where the configuration says so.
    pub memory: Option<usize>,
    /// Settings that every use of it is handed, below its own.
    pub settings: Value,
}

impl Plugin {
    /// The terms of a delivery, or of any other call with these limits.
    pub fn terms(&self, limits: Limits, secrets: Vec<String>) -> Terms {
        Terms {
            grants: self.grants.clone(),
            limits: Limits {
                wall: self.timeout.unwrap_or(limits.wall),
                memory: self.memory.unwrap_or(limits.memory),
                ..limits
            },
            secrets,
        }
    }

    /// Settings of one use, on top of what every use is handed.
    pub fn with_shared(&self, own: &Value) -> Value {
        match (&self.settings, own) {
            (Value::Object(shared), Value::Object(own)) => {
                let mut all = shared.clone();
                all.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
                Value::Object(all)
            }
            _ => own.clone(),
        }
    }
}
