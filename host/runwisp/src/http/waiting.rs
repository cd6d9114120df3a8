//! Waiting until what was asked of a unit has come true.
//!
//! [`came_true`] is the rule, as a table; [`until`] looks at the status anew whenever something happens to the unit.
//!
//! Invariant: nobody is polled; a wait ends at its limit. Tests: below, `tests/e2e/api.rs`.

use std::time::Duration;

use runwisp_core::words::event::Event;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::Kind;
use runwisp_core::words::status::{InstanceState, UnitStatus};
use tokio::sync::broadcast::error::RecvError;

use super::routes::tasks::too_long;
use crate::daemon::handle::{AskError, Handle};
use crate::wire::Problem;

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A service is up, or will not come up; of a task, nothing runs any more.
    Up {
        /// Runs that are to be gone by then.
        without: Vec<RunId>,
    },
    /// Nothing of it runs.
    Down,
}

/// Whether it has come true.
pub fn came_true(wish: &Wish, unit: &UnitStatus) -> bool {
    let rests = |state| {
        matches!(
            state,
            InstanceState::Stopped | InstanceState::Exited | InstanceState::Fatal
        )
    };
    match wish {
        Wish::Up { without } if unit.kind == Kind::Service => unit.instances.iter().all(|one| {
            let old = one.run_id.is_some_and(|run| without.contains(&run));
            rests(one.state) || (one.state == InstanceState::Running && !old)
        }),
        Wish::Up { .. } | Wish::Down => unit.instances.iter().all(|one| rests(one.state)),
    }
}

/// The runs of the unit now.
pub async fn runs_of(handle: &Handle, name: &UnitName) -> Result<Vec<RunId>, AskError> {
    let unit = find(handle, name).await?;
    let runs = unit.into_iter().flat_map(|unit| unit.instances);
    Ok(runs.filter_map(|one| one.run_id).collect())
}

async fn find(handle: &Handle, name: &UnitName) -> Result<Option<UnitStatus>, AskError> {
    let units = handle.status().await?.units;
    Ok(units.into_iter().find(|unit| unit.name == *name))
}

/// The unit once the wish has come true. A unit that is gone by then is a problem.
pub async fn until(
    handle: &Handle,
    name: &UnitName,
    wish: &Wish,
    longest: Duration,
) -> Result<UnitStatus, Problem> {
    let waiting = async {
        // Listening begins before the look, so that nothing happens unseen between them.
        let mut events = handle.events();
        loop {
            let unit = find(handle, name).await?;
            let unit = unit.ok_or_else(|| Problem::no_unit(name.as_str()))?;
            if came_true(wish, &unit) {
                return Ok(unit);
            }
            loop {
                match events.recv().await {
                    Ok(told) if concerns(&told.event, name) => break,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return Err(AskError::Gone.into()),
                }
            }
        }
    };
    tokio::time::timeout(longest, waiting)
        .await
        .map_err(|_| too_long(longest))?
}

fn concerns(event: &Event, name: &UnitName) -> bool {
    match event {
        Event::Run { unit, .. } | Event::Instance { unit, .. } => unit == name,
        Event::Reloaded { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tests::{instance, status_of};

    #[test]
    fn a_wish_comes_true_when_every_instance_is_where_it_should_be() {
        use InstanceState::{Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping};
        let old = RunId::from_parts(1, 0);
        let new = RunId::from_parts(2, 0);
        let up = |without: &[RunId]| Wish::Up {
            without: without.to_vec(),
        };
        for (wish, states, true_now) in [
            (up(&[]), vec![(Running, new)], true),
            (up(&[]), vec![(Running, new), (Starting, new)], false),
            (up(&[]), vec![(Running, new), (Fatal, new)], true),
            (up(&[]), vec![(Exited, new)], true),
            (up(&[]), vec![(Backoff, new)], false),
            (up(&[old]), vec![(Running, old)], false),
            (up(&[old]), vec![(Running, new), (Running, old)], false),
            (up(&[old]), vec![(Running, new)], true),
            (Wish::Down, vec![(Running, new)], false),
            (Wish::Down, vec![(Stopping, new)], false),
            (Wish::Down, vec![(Stopped, new), (Fatal, new)], true),
            (Wish::Down, vec![], true),
        ] {
            let unit = status_of("web", Kind::Service, &states);
            assert_eq!(came_true(&wish, &unit), true_now, "{wish:?} {states:?}");
        }
        // A task is never up: it has been run.
        let busy = status_of("backup", Kind::Task, &[(Running, new)]);
        assert!(!came_true(&up(&[]), &busy));
        assert!(came_true(&up(&[]), &status_of("backup", Kind::Task, &[])));
        assert_eq!(instance(Running, new).index, 0);
    }
}
