//! What the keeper is told to hold: one specification per unit, and one per health check that executes a command.
//!
//! The same list is printed by the loader that a keeper runs itself when it trusts nobody else, and compared by digest.
//!
//! Tests: `tests/e2e/services.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use runwisp_core::config::plan::{Check, Plan, Role, Unit};
use runwisp_core::words::digest::digest;
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::keeper::Defined;
use runwisp_core::words::spawn::{OnFull, SpawnSpec, Stdin};

/// What follows a service's name in the name its exec check is known by to the keeper.
const HEALTH: &str = ":health";

/// Output of a health check beyond this is of no use in a message.
const HEALTH_LOG_MAX: u64 = 64 * 1024;

/// Every specification of a plan.
pub(crate) fn of_plan(plan: &Plan) -> Vec<(UnitName, SpawnSpec)> {
    let units = plan.units.values();
    units
        .flat_map(|unit| {
            [
                Some((unit.name.clone(), unit.spec.clone())),
                of_health(unit),
            ]
        })
        .flatten()
        .collect()
}

/// The same as the trusted loader prints it.
pub(crate) fn defined(plan: &Plan) -> Vec<Defined> {
    of_plan(plan)
        .into_iter()
        .map(|(unit, spec)| Defined { unit, spec })
        .collect()
}

/// The same as digests, to compare with what the keeper's own loader has read.
pub(crate) fn digests(plan: &Plan) -> BTreeMap<UnitName, String> {
    of_plan(plan)
        .into_iter()
        .map(|(unit, spec)| (unit, digest(&spec)))
        .collect()
}

/// The specifications of one unit: its own, and that of its exec check.
pub(crate) fn of_unit(unit: &Unit) -> impl Iterator<Item = (UnitName, SpawnSpec)> {
    [
        Some((unit.name.clone(), unit.spec.clone())),
        of_health(unit),
    ]
    .into_iter()
    .flatten()
}

/// The name a unit's exec check is known by; none when that would not be a name.
pub(crate) fn health_name(unit: &UnitName) -> Option<UnitName> {
    UnitName::new(&format!("{unit}{HEALTH}")).ok()
}

/// An exec check runs as its service does: same user, environment and directory, but silent and short-lived.
fn of_health(unit: &Unit) -> Option<(UnitName, SpawnSpec)> {
    let Role::Service(service) = &unit.role else {
        return None;
    };
    let Some(Check::Exec(argv)) = service.health.as_ref().map(|health| &health.check) else {
        return None;
    };
    let spec = SpawnSpec {
        argv: argv.clone(),
        stdin: Stdin::Null,
        pty: false,
        notify: false,
        watchdog: None,
        log_max_size: HEALTH_LOG_MAX,
        log_on_full: OnFull::DropNew,
        graceful_stop: Duration::ZERO,
        ..unit.spec.clone()
    };
    Some((health_name(&unit.name)?, spec))
}
