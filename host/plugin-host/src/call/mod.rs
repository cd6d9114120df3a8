//! One call into a plugin: its terms, its state, what became of it and what it did.
//!
//! Invariant: nothing of a call outlives it; the next one has a fresh store and a fresh instance.

pub(crate) mod answers;
pub(crate) mod error;
pub(crate) mod exchange;
pub(crate) mod limits;
pub(crate) mod masks;
pub(crate) mod output;
pub(crate) mod standing;
pub(crate) mod state;

use std::fmt;

use crate::call::error::CallError;
use crate::call::exchange::Exchange;
use crate::call::standing::Change;

/// What came of a call.
#[derive(Debug)]
#[must_use]
pub struct Call<T> {
    /// The plugin's answer, or why there is none. A plugin that *says* that it failed has answered.
    pub answer: Result<T, CallError>,
    /// What it did, secrets masked. Empty where the call never began.
    pub exchange: Exchange,
    /// Whether this call got the plugin suspended, or trusted again: worth an event.
    pub change: Option<Change>,
}

/// What a plugin is for, seen from what it exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginKind {
    /// Tells people.
    Notifier,
    /// Reads what other programs are configured with.
    Importer,
}

impl fmt::Display for PluginKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PluginKind::Notifier => "notifier",
            PluginKind::Importer => "importer",
        })
    }
}
