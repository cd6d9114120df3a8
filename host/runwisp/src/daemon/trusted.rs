//! Where the keeper trusts its own loader only: both have to have read the same before anything is started.
//!
//! Tests: `tests/e2e/privileges.rs`.

use std::collections::BTreeMap;

use runwisp_core::config::plan::Plan;
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::keeper::{Ask, Report};

use super::keeper_link::{KeeperGone, KeeperLink};
use super::specs;

/// What the loader's reading is, beside the daemon's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The same: what the plan names is what the keeper starts.
    Same,
    /// The files changed between the two.
    Different,
    /// The loader could not read them, and said this.
    Failed(String),
}

/// Compares a plan with what the loader has defined. More than the plan has is no fault: nobody names it.
pub(crate) fn compare(plan: &Plan, loaded: Result<Vec<(UnitName, String)>, String>) -> Reading {
    let theirs: BTreeMap<UnitName, String> = match loaded {
        Ok(units) => units.into_iter().collect(),
        Err(said) => return Reading::Failed(said),
    };
    let ours = specs::digests(plan);
    if ours
        .iter()
        .all(|(unit, digest)| theirs.get(unit) == Some(digest))
    {
        Reading::Same
    } else {
        Reading::Different
    }
}

/// Has the loader read the files now, at the start, when nothing else is going on. What the keeper reports meanwhile is
/// put into `early`.
pub(crate) async fn ask(
    keeper: &mut KeeperLink,
    plan: &Plan,
    early: &mut Vec<Report>,
) -> Result<Reading, KeeperGone> {
    keeper.ask(Ask::Load { only: Vec::new() }, Vec::new());
    loop {
        match keeper.next().await?.0 {
            Report::Loaded { units } => return Ok(compare(plan, units)),
            report => early.push(report),
        }
    }
}
