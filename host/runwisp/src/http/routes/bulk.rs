//! One thing done with many runs.
//!
//! Invariant: each run is taken as it is when its turn comes; what can't be done with one is told and keeps nothing from
//! being done with the others.

use std::collections::HashSet;

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::command::Command;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::RunState;
use serde_json::Value;

use super::{find_run, past, tasks};
use crate::daemon::handle::Handle;
use crate::http::caller::Caller;
use crate::http::choose::Filter;
use crate::http::query::{JsonBody, json};
use crate::wire::{Bulk, BulkAction, BulkBody, Doc, Problem, Skipped};

/// The most runs that one request deletes or brings back, and that it stops or runs.
const MOST: usize = 10_000;
const MOST_STARTED: usize = 100;

/// How many skipped runs are told of.
const SKIPPED: usize = 1_000;

/// Stop, delete, restore or rerun many runs
///
/// Either those with the `ids`, or all that fit the `filter`; 10,000 at once, of reruns and stops 100. A deleted run can be
/// restored, by its id, for 60 s.
#[utoipa::path(
    post, path = "/runs/bulk", operation_id = "change_runs", tag = "runs",
    request_body(content = BulkBody, description = "What, and with which runs."),
    responses((status = 200, description = "With which it was done.", body = Doc<Bulk>)),
)]
pub async fn bulk(
    State(handle): State<Handle>,
    caller: Caller,
    JsonBody(body): JsonBody<Option<BulkBody>>,
) -> Result<Response, Problem> {
    let body = body.ok_or_else(|| Problem::invalid("the body has to name an action"))?;
    let most = match body.action {
        BulkAction::Delete | BulkAction::Restore => MOST,
        BulkAction::Stop | BulkAction::Rerun => MOST_STARTED,
    };
    let except: HashSet<RunId> = body.except.into_iter().flatten().collect();
    let (mut ids, more) = match (body.ids, body.filter) {
        (Some(ids), None) if ids.len() <= most => (ids, false),
        (Some(_), None) => {
            return Err(Problem::invalid(format!("at most {most} runs at once")));
        }
        (None, Some(_)) if body.action == BulkAction::Restore => {
            return Err(Problem::invalid(
                "deleted runs are restored by their ids: no filter finds them",
            ));
        }
        (None, Some(filter)) => fitting(&handle, &caller, filter, most).await?,
        _ => return Err(Problem::invalid("give either ids or a filter")),
    };
    ids.retain(|id| !except.contains(id));
    ids.dedup();
    let mut done = Done::default();
    if body.action == BulkAction::Restore {
        restore(&handle, &caller, ids, &mut done).await?;
    } else {
        for id in ids {
            let one = one(&handle, &caller, body.action, id, &mut done).await;
            done.note(id, one);
        }
        if !done.hide.is_empty() {
            handle.hide_runs(done.hide, true).await?;
        }
    }
    done.bulk.more = more;
    Ok(json(done.bulk))
}

#[derive(Default)]
struct Done {
    bulk: Bulk,
    hide: Vec<RunId>,
}

impl Done {
    fn note(&mut self, id: RunId, result: Result<(), Problem>) {
        match result {
            Ok(()) => self.bulk.affected += 1,
            Err(problem) if self.bulk.skipped.len() < SKIPPED => {
                let why = problem.message;
                self.bulk.skipped.push(Skipped { id, why });
            }
            Err(_) => {}
        }
    }
}

async fn one(
    handle: &Handle,
    caller: &Caller,
    action: BulkAction,
    id: RunId,
    done: &mut Done,
) -> Result<(), Problem> {
    let row = find_run(handle, caller, id).await?;
    let over = row.state == RunState::Ended;
    match action {
        BulkAction::Delete if over => done.hide.push(id),
        BulkAction::Delete => {
            return Err(Problem::new("run.active", "it has not ended"));
        }
        BulkAction::Stop if over => {
            return Err(Problem::new("run.unknown", "it has ended already"));
        }
        BulkAction::Stop => {
            handle.command(Command::StopRun { run: id }).await??;
        }
        BulkAction::Rerun => {
            let command = tasks::again(handle, row, None)?;
            done.bulk.runs.extend(handle.command(command).await??.runs);
        }
        BulkAction::Restore => {}
    }
    Ok(())
}

async fn restore(
    handle: &Handle,
    caller: &Caller,
    ids: Vec<RunId>,
    done: &mut Done,
) -> Result<(), Problem> {
    let asked = ids.clone();
    let rows = past(handle, move |history| history.hidden(&asked)).await?;
    let theirs: HashSet<RunId> = rows
        .into_iter()
        .filter(|row| caller.sees(row.unit.as_str()))
        .map(|row| row.id)
        .collect();
    for id in ids {
        let found = theirs.contains(&id);
        done.note(
            id,
            match found {
                true => Ok(()),
                false => Err(Problem::no_run(id)),
            },
        );
    }
    handle
        .hide_runs(theirs.into_iter().collect(), false)
        .await
        .map_err(Problem::from)
}

/// The ids of runs that fit, at most so many, and whether there are more.
async fn fitting(
    handle: &Handle,
    caller: &Caller,
    filter: serde_json::Map<String, Value>,
    most: usize,
) -> Result<(Vec<RunId>, bool), Problem> {
    let mut texts = serde_json::Map::new();
    for (name, value) in filter {
        if matches!(name.as_str(), "limit" | "cursor" | "count" | "sort") {
            return Err(Problem::invalid(format!("{name} is no part of a filter")));
        }
        // An empty parameter restricts nothing, as in a query.
        if !value.is_null() {
            texts.insert(name, value);
        }
    }
    let filter: Filter = serde_json::from_value(Value::Object(texts))
        .map_err(|e| Problem::invalid(format!("filter: {e}")))?;
    let mut wanted = filter.resolve(handle, caller)?;
    wanted.limit = Some(most);
    let mut ids: Vec<RunId> = Vec::new();
    loop {
        let asked = wanted.clone();
        let found = past(handle, move |history| history.runs(&asked)).await?;
        ids.extend(found.runs.iter().map(|run| run.id));
        match found.next {
            Some(_) if ids.len() >= most => {
                ids.truncate(most);
                return Ok((ids, true));
            }
            Some(next) => wanted.after = Some(next),
            None => return Ok((ids, false)),
        }
    }
}
