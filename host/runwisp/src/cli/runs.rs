//! `runwisp runs`: the history.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runwisp_core::words::run::{Outcome, RunState};

use super::context::Context;
use super::naming::Names;
use super::table::{Cell, Tone, cell, harmless, table, toned};
use crate::client::Uri;
use crate::human;
use crate::wire::codes::Exit;
use crate::wire::{Problem, Run, Runs};

/// What to show.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only runs of these units, by name or pattern
    #[arg(long, short, value_name = "GLOB")]
    unit: Vec<String>,
    /// Only runs in this state
    #[arg(long, value_name = "STATE", value_parser = ["queued", "starting", "running", "stopping", "ended"])]
    state: Option<String>,
    /// Only runs that ended so, such as failed, timeout, missed
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,
    /// Only runs since then: 2h, 3d, 2026-01-31, 2026-01-31T18:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show at most so many, the newest
    #[arg(short, value_name = "N", default_value_t = 20)]
    n: usize,
}

/// Shows it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let since = since(args.since.as_deref())?;
    let units = (!args.unit.is_empty()).then(|| args.unit.join(","));
    let uri = Uri::new(&["runs"])
        .with_some("unit", units)
        .with_some("state", args.state.as_ref())
        .with_some("outcome", args.outcome.as_ref())
        .with_some("since", since)
        .with("limit", args.n);
    let client = context.client()?;
    let runs: Runs = client.get(&uri).await?;
    if context.out.json {
        context.out.document(&runs)?;
    } else {
        let now = Timestamp::now();
        let zone = TimeZone::system();
        let names = Names::ask(&client).await;
        let rows: Vec<Vec<Cell>> = runs
            .runs
            .iter()
            .map(|run| row(run, &names, now, &zone))
            .collect();
        let heading = [
            "ID", "UNIT", "STARTED", "TOOK", "RESULT", "TRIGGER", "DETAIL",
        ];
        context
            .out
            .text(&table(&heading, &rows, context.out.color))?;
    }
    Ok(Exit::Done)
}

/// A `--since`.
pub(super) fn since(text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| {
        human::moment(text, Timestamp::now(), &TimeZone::system()).map_err(Problem::invalid)
    })
    .transpose()
}

fn row(run: &Run, names: &Names, now: Timestamp, zone: &TimeZone) -> Vec<Cell> {
    let took = run.duration_ms.map(human::length).unwrap_or_default();
    let (result, tone) = result(run);
    vec![
        toned(run.id.to_string(), Tone::Faint),
        cell(names.run(run)),
        cell(human::time(
            run.started_at.unwrap_or(run.created_at),
            now,
            zone,
        )),
        cell(took),
        toned(result, tone),
        cell(word(&run.trigger)),
        cell(harmless(run.message.as_deref().unwrap_or_default())),
    ]
}

/// How a run stands, in one word, and how bad that is.
pub(super) fn result(run: &Run) -> (String, Tone) {
    match (run.state, run.outcome) {
        (RunState::Ended, Some(outcome)) => {
            let tone = match outcome {
                Outcome::Succeeded => Tone::Good,
                outcome if outcome.is_failure() => Tone::Bad,
                _ => Tone::Faint,
            };
            let code = match (outcome, run.exit_code) {
                (Outcome::Failed, Some(code)) => format!(" ({code})"),
                _ => String::new(),
            };
            (format!("{}{code}", outcome.as_str()), tone)
        }
        (state, _) => (word(&state), Tone::Notice),
    }
}

/// The name a value has in JSON.
pub(super) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}
