//! What has been counted, told in the text that Prometheus and its kin read.
//!
//! `table` is the one list of metrics: what is told, and the manual's page, come from it. `expose` fills it from a
//! [`Snapshot`], `text` writes it down, `manual` writes the manual's table.
//!
//! Invariant: what is told are the metrics of the table, each once, in its order. Labels have values of the plan in
//! force, or of an enumeration in the code, and nothing else.

mod expose;
mod manual;
pub mod table;
mod text;

use jiff::Timestamp;

use super::histogram::Histogram;
use super::look::Look;
use super::tally::Tally;
use crate::words::ids::{RunId, UnitName};
use crate::words::status::UnitStatus;

pub use expose::expose;
pub use manual::manual;
pub use text::Dialect;

/// Everything that is told, at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What was counted, with the plan in force.
    pub tally: Tally,
    /// What units are doing.
    pub units: Vec<UnitStatus>,
    /// Runs whose processes are there, and how many bytes each has printed and kept so far. Those of runs that ended
    /// are in the tally.
    pub live: Vec<(UnitName, RunId, u64)>,
    /// The last look at the machine and the daemon.
    pub look: Look,
    /// How long commits of the store took.
    pub commits: Histogram,
    /// How many commits failed.
    pub failed_commits: u64,
    /// How many follow events or output.
    pub followers: u64,
    /// Parts of the daemon's own means that are in trouble.
    pub troubles: Vec<&'static str>,
    /// The version.
    pub version: String,
    /// When this daemon process took over.
    pub started_at: Timestamp,
    /// Whether the configuration has changed on disk since it was loaded.
    pub config_stale: bool,
}
