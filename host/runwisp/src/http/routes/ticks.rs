//! Ticks: every instant at which a task was due, with what became of it.
//!
//! Tests: `wire/tests`, `tests/e2e/api.rs`.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::run::{Outcome, RunRecord, RunState, Trigger};
use serde::Deserialize;
use utoipa::IntoParams;

use super::past;
use crate::daemon::handle::Handle;
use crate::daemon::history::RunFilter;
use crate::http::caller::Caller;
use crate::http::choose::Filter;
use crate::http::query::{Params, json, time};
use crate::wire::{Doc, ExplainedTick, Problem, Run, Ticks};

/// Which ticks.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Names and patterns of units, separated by commas.
    unit: Option<String>,
    /// How the first run ended; any of these.
    #[param(value_type = Option<Vec<Outcome>>, style = Form, explode = false)]
    outcome: Option<String>,
    /// Only what was due at that time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Only what was due before that time.
    #[param(format = DateTime)]
    until: Option<String>,
    /// Where a page ended: its `next`.
    cursor: Option<String>,
    /// How many; 50 unless told, 10,000 at most.
    limit: Option<usize>,
}

/// Every due tick, with what became of it
///
/// A tick has one row, also where nothing was run: skipped, missed, one too many in the queue. Retries are not listed;
/// `execution_id` of the run leads to them.
#[utoipa::path(
    get, path = "/ticks", operation_id = "list_ticks", tag = "time", params(Wanted),
    responses((status = 200, description = "A page, newest first.", body = Doc<Ticks>)),
)]
pub async fn list(
    State(handle): State<Handle>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Response, Problem> {
    let since = time("since", wanted.since.as_deref())?;
    let filter = Filter::page(wanted.unit, wanted.outcome, wanted.cursor, wanted.limit);
    let filter = RunFilter {
        scheduled_only: true,
        first_tries: true,
        // Nothing is decided before it is due, so older rows need not be looked at.
        since,
        due_since: since,
        due_until: time("until", wanted.until.as_deref())?,
        ..filter.resolve(&handle, &caller)?
    };
    let found = past(&handle, move |history| history.runs(&filter)).await?;
    Ok(json(Ticks {
        ticks: found.runs.into_iter().map(explained).collect(),
        next: found.next.map(|next| next.to_string()),
    }))
}

/// A tick with what became of it.
pub(super) fn explained(row: RunRecord) -> ExplainedTick {
    let ran = row.started_at.is_some();
    ExplainedTick {
        at: row.scheduled_at.unwrap_or(row.created_at),
        ran,
        why: why(&row),
        unit: row.unit.clone(),
        run: Run::from(row),
    }
}

/// What became of a tick, in one sentence.
fn why(row: &RunRecord) -> String {
    let cause = match row.outcome {
        None => match row.state {
            RunState::Queued => "it waits for the run before it to end",
            RunState::Starting => "it is being started",
            RunState::Running | RunState::Stopping | RunState::Ended => "it is running",
        },
        Some(Outcome::Skipped) => {
            "not run: the run before it was still going and `on_overlap` says skip"
        }
        Some(Outcome::QueueFull) => "not run: `max_queued` runs were waiting already",
        Some(Outcome::Missed) => {
            "not run: runwisp was not there at the time, and `catch_up` did not cover it"
        }
        Some(Outcome::DstSkipped) => {
            "not run: the clocks went back, and it had run at the same time of day before"
        }
        Some(Outcome::StartFailed) => "tried: the command could not be started",
        Some(Outcome::Succeeded) if row.trigger == Trigger::CatchUp => {
            "made up for later, and succeeded"
        }
        Some(Outcome::Succeeded) => "ran, and succeeded",
        Some(Outcome::Timeout) => "ran, and was ended by its `timeout`",
        Some(Outcome::Stopped) => "was stopped: by an operator, or by `on_overlap = \"kill\"`",
        Some(Outcome::DaemonStopped) => "was ended because runwisp was stopped",
        Some(Outcome::Interrupted) => "ran, and the machine or runwisp went away under it",
        Some(Outcome::OomKilled) => "ran, and the kernel killed it: out of memory",
        Some(Outcome::LogOverflow) => {
            "ran, and was ended because it printed more than `log_max_size`"
        }
        Some(Outcome::Failed | Outcome::Unhealthy) => "ran, and failed",
    };
    match &row.message {
        Some(message) => format!("{cause} ({message})"),
        None => cause.to_owned(),
    }
}
