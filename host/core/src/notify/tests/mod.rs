//! Whole lives of the engine, with time as an argument.

mod lives;
mod random;
mod world;

use std::sync::Arc;

use jiff::Timestamp;

use super::Heard;
use crate::config::notify_plan::{NotifierPlan, NotifyPlan};
use crate::config::plan::{Plan, Unit};
use crate::sim::plans;
use crate::words::event_kind::EventKind;
use crate::words::ids::{RunId, UnitName};
use crate::words::notice::{AboutUnit, Notice, Target};
use crate::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};
use crate::words::status::InstanceState;

/// A failure of this task.
pub(crate) fn notice(unit: &str, at: Timestamp) -> Notice {
    let mut notice = super::say::bare(EventKind::RunFailed, at, unit, format!("{unit} failed"));
    notice.unit = Some(AboutUnit {
        name: UnitName::new(unit).unwrap(),
        kind: Kind::Task,
        group: None,
        description: None,
        instance: None,
    });
    notice
}

/// A plan with these units and the notifiers `slack` and `mail`; everybody hears by `slack`.
fn plan(units: Vec<Unit>, change: impl FnOnce(&mut NotifyPlan)) -> Arc<Plan> {
    let mut plan = (*plans::plan(units)).clone();
    let notifier = |id: &str| {
        let plan = NotifierPlan {
            plugin: id.to_owned(),
            settings: serde_json::Value::Null,
            secrets: Vec::new(),
        };
        (id.to_owned(), plan)
    };
    plan.notify.notifiers = [notifier("slack"), notifier("mail")].into();
    plan.notify.global = vec![Target::Bell, Target::new("slack")];
    change(&mut plan.notify);
    Arc::new(plan)
}

/// A run of a task or service that has just ended so.
fn ended(unit: &str, kind: Kind, number: u128, at: Timestamp, outcome: Outcome) -> Heard {
    let name = UnitName::new(unit).unwrap();
    let mut row = RunRecord::new(RunId::from_u128(number), name, kind, Trigger::Schedule, at);
    row.state = RunState::Ended;
    row.outcome = Some(outcome);
    row.ended_at = Some(at);
    row.message = Some("exited 1".to_owned());
    Heard::Ended {
        row: Box::new(row),
        retried: false,
    }
}

fn enters(unit: &str, instance: u32, state: InstanceState) -> Heard {
    Heard::Instance {
        unit: UnitName::new(unit).unwrap(),
        instance,
        state,
        message: None,
    }
}
