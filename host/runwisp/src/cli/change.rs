//! What `start`, `stop` and `restart` share: ask for each unit, then wait until it is known how that went.
//!
//! Waiting means listening to the event stream and looking at a unit whenever something happened to it. Listening
//! begins before asking, so nothing falls between the two.
//!
//! Tests: [`verdict`] below; the rest with the real program in `tests/e2e`.

use std::collections::BTreeSet;

use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::{Kind, Outcome, RunState};
use runwisp_core::words::status::InstanceState;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::status::is_live;
use super::target::{is_named, matching};
use crate::client::{Client, Lines, Uri};
use crate::wire::codes::{self, Exit};
use crate::wire::{Accepted, Problem, Run, Unit, Units};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Start,
    Stop,
    Restart,
}

impl Change {
    fn path(self) -> &'static str {
        match self {
            Change::Start => "start",
            Change::Stop => "stop",
            Change::Restart => "restart",
        }
    }
}

/// How it went for one unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Outcomes {
    /// The unit.
    unit: String,
    /// Whether it came to what was asked for; none when nobody waited.
    ok: Option<bool>,
    /// The state it is in.
    state: Option<InstanceState>,
    /// Whether anything had to be done.
    changed: bool,
    /// The runs that were started or ended.
    runs: Vec<RunId>,
    /// What people are told.
    message: String,
    /// The problem's code, when it was refused.
    code: Option<String>,
}

#[derive(Debug, Serialize)]
struct Results<'a> {
    results: &'a [Outcomes],
}

/// An event, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Heard {
    /// The unit it is about.
    #[serde(default)]
    pub(super) unit: Option<String>,
}

/// A unit that is waited for.
struct Waiting {
    name: String,
    before: BTreeSet<RunId>,
    accepted: Accepted,
}

/// Asks for all targets, waits unless told not to, tells what came of it.
pub(super) async fn change(
    what: Change,
    targets: &[String],
    wait: bool,
    context: &Context,
) -> Result<Exit, Problem> {
    let client = context.client()?;
    let units: Units = client.get(&Uri::new(&["units"])).await?;
    let names: Vec<&str> = units.units.iter().map(|u| u.name.as_str()).collect();
    let wanted = matching(&names, targets)?;
    let mut events: Lines<Heard> = client.lines(&Uri::new(&["events"])).await?;
    let mut waiting = Vec::new();
    let mut results = Vec::new();
    for unit in units
        .units
        .iter()
        .filter(|u| wanted.contains(&u.name.as_str()))
    {
        let uri = Uri::new(&["units", unit.name.as_str(), what.path()]);
        match client.post::<Accepted>(&uri, &()).await {
            Ok(accepted) => waiting.push(Waiting {
                name: unit.name.to_string(),
                before: runs_of(unit),
                accepted,
            }),
            Err(problem) if problem.code.starts_with("daemon.") => return Err(problem),
            // A pattern passes over what is locked; a name is told.
            Err(problem)
                if problem.code == "unit.locked" && !is_named(unit.name.as_str(), targets) =>
            {
                context
                    .out
                    .detail(&format!("{}: passed over, {}", unit.name, problem.message));
            }
            Err(problem) => results.push(refused(unit.name.as_str(), &problem)),
        }
    }
    if wait {
        results.extend(settle(what, waiting, &client, &mut events, context).await?);
    } else {
        results.extend(
            waiting
                .into_iter()
                .map(|w| told(&w, None, None, "asked".to_owned())),
        );
    }
    if context.out.json {
        context.out.document(Results { results: &results })?;
    }
    Ok(exit_of(&results))
}

fn runs_of(unit: &Unit) -> BTreeSet<RunId> {
    unit.instances
        .iter()
        .filter_map(|i| i.run_id)
        .chain(unit.last_run.as_ref().map(|run| run.id))
        .collect()
}

fn exit_of(results: &[Outcomes]) -> Exit {
    results.iter().fold(Exit::Done, |exit, result| {
        exit.or(match (&result.code, result.ok) {
            (Some(code), _) => codes::problem(code).exit,
            (None, Some(false)) => Exit::Failed,
            (None, _) => Exit::Done,
        })
    })
}

fn refused(unit: &str, problem: &Problem) -> Outcomes {
    let help = problem.help.as_deref().map(|h| format!(". {h}"));
    Outcomes {
        unit: unit.to_owned(),
        ok: Some(false),
        state: None,
        changed: false,
        runs: Vec::new(),
        message: format!("{}{}", problem.message, help.unwrap_or_default()),
        code: Some(problem.code.clone()),
    }
}

fn told(
    waiting: &Waiting,
    ok: Option<bool>,
    state: Option<InstanceState>,
    message: String,
) -> Outcomes {
    Outcomes {
        unit: waiting.name.clone(),
        ok,
        state,
        changed: waiting.accepted.changed,
        runs: waiting.accepted.runs.clone(),
        message,
        code: None,
    }
}

/// Waits for every unit in turn of the events.
async fn settle(
    what: Change,
    mut waiting: Vec<Waiting>,
    client: &Client,
    events: &mut Lines<Heard>,
    context: &Context,
) -> Result<Vec<Outcomes>, Problem> {
    let mut results = Vec::new();
    let mut about: Option<String> = None;
    loop {
        let mut still = Vec::new();
        for one in waiting {
            if about.as_ref().is_some_and(|name| *name != one.name) {
                still.push(one);
                continue;
            }
            match look(what, &one, client).await? {
                Some(result) => {
                    say(&result, context);
                    results.push(result);
                }
                None => still.push(one),
            }
        }
        waiting = still;
        if waiting.is_empty() {
            return Ok(results);
        }
        // Without a unit in it, an event (or word of missed ones) is a reason to look at all.
        // What happened to somebody else may be what one of them waits for.
        about = match events.next().await? {
            Some(heard) => heard
                .unit
                .filter(|unit| waiting.iter().any(|one| one.name == *unit)),
            None => {
                return Err(Problem::new(
                    "daemon.leaving",
                    "the daemon left before it was known how this went",
                ));
            }
        };
    }
}

fn say(result: &Outcomes, context: &Context) {
    context
        .out
        .message(&format!("{}: {}", result.unit, result.message));
}

async fn look(what: Change, one: &Waiting, client: &Client) -> Result<Option<Outcomes>, Problem> {
    let unit: Unit = client.get(&Uri::new(&["units", &one.name])).await?;
    let run = match (unit.kind, what) {
        (Kind::Task, Change::Start | Change::Restart) => {
            let fresh = one
                .accepted
                .runs
                .iter()
                .rev()
                .find(|id| !one.before.contains(id));
            match fresh {
                Some(id) => Some(
                    client
                        .get::<Run>(&Uri::new(&["runs", &id.to_string()]))
                        .await?,
                ),
                None => None,
            }
        }
        _ => None,
    };
    let known = verdict(what, &unit, run.as_ref(), &one.before, one.accepted.changed);
    let known = match known {
        None if what != Change::Stop => in_vain(&unit, client).await?,
        known => known,
    };
    Ok(known.map(|(ok, message)| told(one, Some(ok), Some(unit.state), message)))
}

/// Whether a service waits for one that will not come up by itself, as when an operator has stopped that one.
async fn in_vain(unit: &Unit, client: &Client) -> Result<Option<(bool, String)>, Problem> {
    let mut seen = BTreeSet::new();
    let mut below = awaited(unit);
    while let Some(name) = below.filter(|name| seen.insert(name.clone())) {
        let needed: Unit = client.get(&Uri::new(&["units", &name])).await?;
        if needed.instances.iter().any(|i| is_down(i.state)) {
            let why = format!("waits for {name}, which is {}", needed.state.as_str());
            return Ok(Some((false, why)));
        }
        below = awaited(&needed);
    }
    Ok(None)
}

/// Whom it waits for: the daemon says so in the message of an instance that waits.
fn awaited(unit: &Unit) -> Option<String> {
    let waits = unit
        .instances
        .iter()
        .find(|i| i.state == InstanceState::Waiting)?;
    let rest = waits.message.as_deref()?.strip_prefix("waits for ")?;
    rest.split_once(", which ").map(|(name, _)| name.to_owned())
}

fn is_down(state: InstanceState) -> bool {
    use InstanceState::{Exited, Fatal, Stopped};
    matches!(state, Stopped | Exited | Fatal)
}

/// Whether it is known how this went: well or not, and in which words. `run` is a task's new run, `before` the runs
/// that were there when it was asked for.
fn verdict(
    what: Change,
    unit: &Unit,
    run: Option<&Run>,
    before: &BTreeSet<RunId>,
    changed: bool,
) -> Option<(bool, String)> {
    match (what, unit.kind) {
        (Change::Stop, _) => {
            let live = unit.instances.iter().any(|i| is_live(i.state));
            (!live).then(|| {
                (
                    true,
                    if changed {
                        "stopped"
                    } else {
                        "already stopped"
                    }
                    .to_owned(),
                )
            })
        }
        (Change::Start | Change::Restart, Kind::Task) => task_verdict(run),
        (Change::Start | Change::Restart, Kind::Service) => {
            let fresh = |id: &Option<RunId>| id.is_some_and(|id| !before.contains(&id));
            let old = what == Change::Restart
                && unit.instances.iter().any(|i| {
                    i.state == InstanceState::Stopping || (is_up(i.state) && !fresh(&i.run_id))
                });
            if old {
                None
            } else {
                service_verdict(unit, changed)
            }
        }
    }
}

fn is_up(state: InstanceState) -> bool {
    matches!(state, InstanceState::Running | InstanceState::Unhealthy)
}

fn task_verdict(run: Option<&Run>) -> Option<(bool, String)> {
    let Some(run) = run else {
        return Some((true, "already running".to_owned()));
    };
    let message = run
        .message
        .clone()
        .map(|m| format!(": {m}"))
        .unwrap_or_default();
    match (run.state, run.outcome) {
        (RunState::Starting, _) => None,
        (RunState::Queued, _) => Some((true, "queued".to_owned())),
        (RunState::Running | RunState::Stopping, _) => Some((true, "running".to_owned())),
        (RunState::Ended, Some(outcome)) => {
            let never = matches!(
                outcome,
                Outcome::StartFailed | Outcome::QueueFull | Outcome::Skipped
            );
            Some((!never, format!("{}{message}", outcome.as_str())))
        }
        (RunState::Ended, None) => Some((true, "ended".to_owned())),
    }
}

fn service_verdict(unit: &Unit, changed: bool) -> Option<(bool, String)> {
    use InstanceState::{
        Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping, Unhealthy, Waiting,
    };
    let bad = unit
        .instances
        .iter()
        .find(|i| matches!(i.state, Fatal | Backoff | Stopped));
    if let Some(instance) = bad {
        let why = instance
            .message
            .clone()
            .map(|m| format!(": {m}"))
            .unwrap_or_default();
        return Some((false, format!("{}{why}", instance.state.as_str())));
    }
    if unit
        .instances
        .iter()
        .any(|i| matches!(i.state, Waiting | Starting | Stopping))
    {
        return None;
    }
    if !changed {
        return Some((true, "already running".to_owned()));
    }
    let failed = unit.last_run.as_ref().and_then(|run| run.outcome);
    if unit.instances.iter().all(|i| i.state == Exited) && !unit.instances.is_empty() {
        let ok = failed.is_none_or(|outcome| outcome == Outcome::Succeeded);
        return Some((ok, "exited".to_owned()));
    }
    let pids: Vec<String> = unit
        .instances
        .iter()
        .filter(|i| matches!(i.state, Running | Unhealthy))
        .filter_map(|i| i.pid)
        .map(|pid| pid.to_string())
        .collect();
    Some((
        true,
        match pids.len() {
            0 => "running".to_owned(),
            1 => format!("running, pid {}", pids[0]),
            _ => format!("running, pids {}", pids.join(" ")),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(instances: &[(InstanceState, u128)]) -> Unit {
        let instances: Vec<serde_json::Value> = instances
            .iter()
            .enumerate()
            .map(|(i, (state, run))| {
                serde_json::json!({
                    "index": i, "state": state, "pid": 40 + i, "restarts": 0,
                    "run_id": RunId::from_u128(*run).to_string(),
                })
            })
            .collect();
        serde_json::from_value(serde_json::json!({
            "name": "web", "kind": "service", "state": "running", "instances": instances,
        }))
        .unwrap()
    }

    fn check(what: Change, instances: &[(InstanceState, u128)]) -> Option<(bool, String)> {
        let before = BTreeSet::from([RunId::from_u128(1)]);
        verdict(what, &service(instances), None, &before, true)
    }

    #[test]
    fn a_service_is_waited_for_until_it_is_known_how_it_went() {
        use InstanceState::{
            Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping, Waiting,
        };
        let yes = |text: &str| Some((true, text.to_owned()));
        let no = |text: &str| Some((false, text.to_owned()));
        for (what, instances, expected) in [
            (Change::Start, vec![(Running, 2)], yes("running, pid 40")),
            (
                Change::Start,
                vec![(Running, 2), (Running, 3)],
                yes("running, pids 40 41"),
            ),
            (Change::Start, vec![(Running, 2), (Starting, 3)], None),
            (Change::Start, vec![(Waiting, 2)], None),
            (Change::Start, vec![(Backoff, 2)], no("backoff")),
            (Change::Start, vec![(Running, 2), (Fatal, 3)], no("fatal")),
            (Change::Start, vec![(Stopped, 1)], no("stopped")),
            (Change::Start, vec![(Exited, 2)], yes("exited")),
            (Change::Restart, vec![(Running, 1)], None),
            (Change::Restart, vec![(Stopping, 1)], None),
            (Change::Restart, vec![(Running, 2)], yes("running, pid 40")),
            (Change::Stop, vec![(Stopping, 1)], None),
            (Change::Stop, vec![(Backoff, 1)], None),
            (Change::Stop, vec![(Stopped, 1), (Fatal, 2)], yes("stopped")),
        ] {
            assert_eq!(check(what, &instances), expected, "{what:?} {instances:?}");
        }
    }
}
