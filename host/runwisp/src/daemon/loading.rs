//! The configuration at the start: read, agreed on with the keeper's loader, and never worse than the last good one
//! while services live.
//!
//! Tests: `tests/e2e/reload.rs`, `tests/e2e/privileges.rs`.

use std::sync::Arc;

use runwisp_core::config::plan::{Plan, Role};
use runwisp_core::words::keeper::Report;

use super::boot::{FAILED, Refused};
use super::configuration::Configuration;
use super::greeting::Welcome;
use super::keeper_link::KeeperLink;
use super::options::Options;
use super::trusted::{self, Reading};

/// The exit code for a configuration with errors, from the table in `wire::codes`.
const BAD_CONFIG: i32 = 78;

/// How often files that change while two processes read them are read again.
const READINGS: u32 = 3;

/// A configuration that the keeper's loader, where it has one, has read too.
pub(super) struct Agreed {
    pub(super) loaded: Configuration,
    pub(super) plan: Arc<Plan>,
    /// The two did not agree, and services that live are a reason to go on all the same.
    pub(super) trouble: Option<String>,
}

/// Reads the configuration, and has the keeper's loader read it where the keeper trusts nobody else.
pub(super) async fn load_agreed(
    options: &Options,
    welcome: &Welcome,
    keeper: &mut KeeperLink,
    early: &mut Vec<Report>,
) -> Result<Agreed, Refused> {
    let mut tries = 1;
    loop {
        let (loaded, plan) = load(options, welcome.fresh, welcome.trusts_loader_only)?;
        let agreed = |trouble| Agreed {
            loaded,
            plan: Arc::clone(&plan),
            trouble,
        };
        if !welcome.trusts_loader_only {
            return Ok(agreed(None));
        }
        let trouble = match trusted::ask(keeper, &plan, early).await {
            Ok(Reading::Same) => return Ok(agreed(None)),
            Ok(Reading::Different) if tries < READINGS => {
                tries += 1;
                continue;
            }
            Ok(Reading::Different) => {
                "root reads another configuration than the daemon's user does".to_owned()
            }
            Ok(Reading::Failed(said)) => format!("root can't read the configuration: {said}"),
            Err(gone) => {
                tracing::error!("{gone}");
                return Err(Refused(FAILED));
            }
        };
        tracing::error!("{trouble}");
        if welcome.fresh {
            return Err(Refused(BAD_CONFIG));
        }
        return Ok(agreed(Some(trouble)));
    }
}

/// Reads the configuration. A broken one ends a first start; a daemon that comes back while its services live uses the
/// last one that was good.
fn load(
    options: &Options,
    fresh: bool,
    keeper_is_root: bool,
) -> Result<(Configuration, Arc<Plan>), Refused> {
    let mut loaded = Configuration::load(&options.config, keeper_is_root);
    if loaded.plan.is_none()
        && !fresh
        && let Some(good) = Configuration::last_good(&options.data, keeper_is_root)
    {
        tracing::error!(
            "the configuration is broken, the last good one is used\n{}",
            loaded.rendered
        );
        loaded = good;
    }
    keep_only(&mut loaded, options.only.as_deref());
    match loaded.plan.clone() {
        Some(plan) => {
            loaded.keep(&options.data);
            for warning in loaded.warnings() {
                tracing::warn!("{warning}");
            }
            Ok((loaded, plan))
        }
        None => {
            tracing::error!("the configuration is refused\n{}", loaded.rendered);
            Err(Refused(BAD_CONFIG))
        }
    }
}

/// `--only UNIT`: that one task is run when asked to, once; what follows or repeats a run is for a daemon that stays.
/// Nothing else happens, because the fleet is not booted: no schedule, and nothing that is remembered changes.
fn keep_only(loaded: &mut Configuration, only: Option<&str>) {
    let (Some(only), Some(plan)) = (only, &loaded.plan) else {
        return;
    };
    let mut plan = Plan::clone(plan);
    plan.daemon.exit_when_done = false;
    if let Some(unit) = plan.units.get_mut(only)
        && let Role::Task(task) = &mut unit.role
    {
        task.retry_attempts = Some(0);
        unit.on_success.clear();
        unit.on_failure.clear();
    }
    loaded.plan = Some(Arc::new(plan));
}
