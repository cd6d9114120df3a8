//! Schedules: what comes next, and why the last ticks ran or did not.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use runwisp_core::config::plan::{Overlap, Role, Task, Unit};
use runwisp_core::schedule::Standing;
use runwisp_core::words::ids::UnitName;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ticks::explained;
use super::{matching, past, theirs};
use crate::daemon::handle::Handle;
use crate::daemon::history::RunFilter;
use crate::http::caller::Caller;
use crate::http::query::{Params, UnitPath, globs, json, time};
use crate::wire::{Doc, Explained, Firings, Problem, firings};

/// How many firings and ticks are told when nobody says, and at most.
const DEFAULT_COUNT: usize = 10;
const MAX_COUNT: usize = 1_000;

/// What comes next, of whom.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Names and patterns of units, separated by commas.
    unit: Option<String>,
    /// How many firings in all; 10 unless told, 1,000 at most.
    n: Option<usize>,
    /// After which time; now unless told.
    #[param(format = DateTime)]
    from: Option<String>,
}

/// What fires next
#[utoipa::path(
    get, path = "/next", operation_id = "list_next", tag = "time", params(Wanted),
    responses((status = 200, description = "The next firings, in order of time.", body = Doc<Firings>)),
)]
pub async fn next(
    State(handle): State<Handle>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Response, Problem> {
    let units = matching(&handle, &caller, &globs(wanted.unit.as_deref()))?;
    let now = Timestamp::now();
    let from = time("from", wanted.from.as_deref())?.unwrap_or(now);
    let n = wanted.n.unwrap_or(DEFAULT_COUNT).min(MAX_COUNT);
    let plan = handle.plan();
    let standings = standings(&handle).await?;
    let mut found = Vec::new();
    for unit in plan.units.values() {
        if units
            .as_ref()
            .is_none_or(|units| units.contains(&unit.name))
            && let Role::Task(task) = &unit.role
        {
            let standing = standings.get(&unit.name).copied();
            let standing = match standing.unwrap_or(Standing::begun(from)) {
                // What has been is told as if it were to come: its rows are another question.
                standing if from < now => Standing {
                    anchor: standing.anchor,
                    ..Standing::begun(from)
                },
                standing => standing,
            };
            found.extend(firings(
                Some(&unit.name),
                &task.schedules,
                standing,
                from,
                n,
            ));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.truncate(n);
    Ok(json(Firings {
        firings: found.into_iter().map(|(_, firing)| firing).collect(),
    }))
}

/// Where every task has come, which only the loop knows: a clock that was set back changes what comes next.
pub(super) async fn standings(handle: &Handle) -> Result<BTreeMap<UnitName, Standing>, Problem> {
    let units = handle.status().await?.units.into_iter();
    Ok(units
        .filter_map(|unit| Some((unit.name, unit.standing?)))
        .collect())
}

/// How many ticks are explained.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// How many ticks and how many firings; 10 unless told, 1,000 at most.
    n: Option<usize>,
}

/// Why the last ticks of a task ran or did not
#[utoipa::path(
    get, path = "/explain/{task}", operation_id = "explain_task", tag = "time",
    params(("task" = UnitName, Path, description = "A task."), Count),
    responses((status = 200, description = "Its rules, its last ticks and its next firings.", body = Doc<Explained>)),
)]
pub async fn explain(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(name): UnitPath,
    Params(count): Params<Count>,
) -> Result<Response, Problem> {
    theirs(&caller, &name)?;
    let plan = handle.plan();
    let unit = plan
        .units
        .get(&name)
        .ok_or_else(|| Problem::no_unit(name.as_str()))?;
    let Role::Task(task) = &unit.role else {
        return Err(
            Problem::new("unit.wrong-kind", format!("{name} is a service")).help(
                "Services have no schedule; `runwisp status` and `runwisp runs` tell of them.",
            ),
        );
    };
    let n = count.n.unwrap_or(DEFAULT_COUNT).min(MAX_COUNT);
    let filter = RunFilter {
        units: vec![name.to_string()],
        scheduled_only: true,
        limit: Some(n),
        ..RunFilter::default()
    };
    let rows = past(&handle, move |history| history.runs(&filter)).await?;
    let now = Timestamp::now();
    let standing = standings(&handle).await?.get(&name).copied();
    let standing = standing.unwrap_or(Standing::begun(now));
    Ok(json(Explained {
        schedules: task
            .schedules
            .iter()
            .map(|s| match s.zone().iana_name() {
                Some(zone) => format!("{} ({zone})", s.text()),
                None => s.text().to_owned(),
            })
            .collect(),
        rules: rules(unit, task),
        ticks: rows.runs.into_iter().map(explained).collect(),
        firings: firings(Some(&name), &task.schedules, standing, now, n)
            .into_iter()
            .map(|(_, firing)| firing)
            .collect(),
        task: name,
    }))
}

/// The settings that decide about a tick, as sentences.
fn rules(unit: &Unit, task: &Task) -> Vec<String> {
    let mut rules = Vec::new();
    if task.schedules.is_empty() {
        rules.push("it has no cron: it runs when it is told to".to_owned());
    }
    let slots = match task.max_concurrent {
        1 => "one run at a time".to_owned(),
        n => format!("{n} runs at a time"),
    };
    rules.push(match task.on_overlap {
        Overlap::Queue => format!(
            "{slots}; a tick that finds them busy waits, up to {} at once",
            task.max_queued
        ),
        Overlap::Skip => format!("{slots}; a tick that finds them busy is skipped"),
        Overlap::Kill => format!("{slots}; a tick that finds them busy ends the oldest run"),
    });
    rules.push(match task.catch_up {
        0 => "ticks missed while runwisp was down are not made up for".to_owned(),
        1 => "of ticks missed while runwisp was down, the newest is made up for".to_owned(),
        n => format!("of ticks missed while runwisp was down, the newest {n} are made up for"),
    });
    if !task.jitter.is_zero() {
        rules.push(format!(
            "each start is delayed by a random time up to {:?}",
            task.jitter
        ));
    }
    if let Some(timeout) = unit.timeout {
        rules.push(format!("a run that takes longer than {timeout:?} is ended"));
    }
    rules
}
