//! Runs on the wire: lists, what is done with many at once, and how they ended.

use std::collections::BTreeMap;

use runwisp_core::words::ids::RunId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Run;

/// `runs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Runs {
    /// In the order that was asked for.
    pub runs: Vec<Run>,
    /// Where the next page begins: give it back as `cursor`. A page may be short, or empty, and have one: then so many
    /// rows were looked at that it was time to answer. None where there is nothing more.
    #[serde(default)]
    pub next: Option<String>,
    /// How many runs fit, with `count`.
    #[serde(default)]
    pub total: Option<u64>,
    /// Whether `total` is only the least there are.
    #[serde(default)]
    #[schema(required = true)]
    pub total_is_floor: bool,
}

/// How runs ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunSummary {
    /// Runs that succeeded.
    pub succeeded: u64,
    /// Runs that ended as people should hear of.
    pub failed: u64,
    /// Runs that ended otherwise: stopped, skipped.
    pub other: u64,
    /// Runs that have not ended, whenever they began.
    pub running: u64,
    /// How many ended so; what did not happen is absent.
    pub by_outcome: BTreeMap<String, u64>,
    /// The newest failure.
    pub last_failure: Option<Run>,
}

/// What is done with many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// Those that have not ended are stopped.
    Stop,
    /// Those that have ended disappear at once, and for good a minute later.
    Delete,
    /// Those that have just been deleted come back.
    Restore,
    /// Tasks are run once more, with the same parameters.
    Rerun,
}

/// `POST /runs/bulk`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkBody {
    /// What is done.
    pub action: BulkAction,
    /// With these runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<RunId>>,
    /// With all runs that fit: the parameters of `GET /runs` by name, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
    pub filter: Option<serde_json::Map<String, serde_json::Value>>,
    /// But not with these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except: Option<Vec<RunId>>,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bulk {
    /// With how many runs it was done.
    pub affected: u64,
    /// With which not, and why; the first 1,000.
    pub skipped: Vec<Skipped>,
    /// The new runs of `rerun`.
    pub runs: Vec<RunId>,
    /// Whether more runs fit than are taken at once: do it again for the rest.
    pub more: bool,
}

/// A run with which it was not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Skipped {
    /// Which.
    pub id: RunId,
    /// Why, in a sentence.
    pub why: String,
}
