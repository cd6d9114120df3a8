//! What was done by whom: rows of the audit log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One thing that somebody did, or tried to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When it was answered.
    pub at: Timestamp,
    /// By what the actor was known: `socket`, `session`, `token`, `hook`, `signal`, or `stranger`.
    pub kind: String,
    /// Who: `uid 0`, `operator`, the name of a token; empty for a stranger.
    pub name: String,
    /// From where: an address, or `socket`.
    pub from: String,
    /// What, such as `unit.start`.
    pub action: String,
    /// To what, such as the name of a unit.
    pub target: Option<String>,
    /// With what: the body of the request, short, without secrets.
    pub detail: Option<String>,
    /// `ok`, or the code of the problem.
    pub result: String,
    /// The status of the answer.
    pub status: u16,
}

/// Which rows are wanted; every field narrows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Rows older than this one.
    pub before: Option<i64>,
    /// By this actor.
    pub name: Option<String>,
    /// This action, or those that begin so up to a dot.
    pub action: Option<String>,
    /// To this target.
    pub target: Option<String>,
    /// At or after.
    pub since: Option<Timestamp>,
    /// The most that come back, newest first.
    pub limit: usize,
}
