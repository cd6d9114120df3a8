//! `runwisp explain`: why the last ticks of a task ran or did not, and when the next ones are.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::context::Context;
use super::next;
use super::table::{Cell, Tone, cell, harmless, table, toned};
use super::target::nearest;
use crate::client::{Client, Uri};
use crate::human;
use crate::wire::codes::Exit;
use crate::wire::{Explained, ExplainedTick, Problem, Units};

/// Which task.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task
    #[arg(value_name = "TASK")]
    task: String,
    /// So many ticks of each kind
    #[arg(short, value_name = "N", default_value_t = 10)]
    n: usize,
}

/// Explains it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let client = context.client()?;
    let uri = Uri::new(&["explain", &args.task]).with("n", args.n);
    let told: Explained = match client.get(&uri).await {
        Ok(told) => told,
        Err(problem) => return Err(suggest(problem, &args.task, &client).await),
    };
    if context.out.json {
        context.out.document(&told)?;
        return Ok(Exit::Done);
    }
    context.out.text(&page(&told, context.out.color))?;
    Ok(Exit::Done)
}

/// The same problem, with the nearest name when there is no such unit.
pub(super) async fn suggest(problem: Problem, wrong: &str, client: &Client) -> Problem {
    if problem.code != "unit.unknown" {
        return problem;
    }
    let Ok(units) = client.get::<Units>(&Uri::new(&["units"])).await else {
        return problem;
    };
    let names: Vec<&str> = units.units.iter().map(|u| u.name.as_str()).collect();
    match nearest(wrong, &names) {
        Some(name) => problem.help(format!("Did you mean {name:?}?")),
        None => problem,
    }
}

fn page(told: &Explained, color: bool) -> String {
    let mut text = format!("{}", told.task);
    if !told.schedules.is_empty() {
        text.push_str(": ");
        text.push_str(&told.schedules.join("; "));
    }
    text.push('\n');
    for rule in &told.rules {
        text.push_str("  ");
        text.push_str(rule);
        text.push('\n');
    }
    if !told.ticks.is_empty() {
        let now = Timestamp::now();
        let zone = TimeZone::system();
        let rows: Vec<Vec<Cell>> = told.ticks.iter().map(|t| tick(t, now, &zone)).collect();
        text.push('\n');
        text.push_str(&table(&["LAST TICKS", "RAN", "WHY"], &rows, color));
    }
    if !told.firings.is_empty() {
        let rows: Vec<Vec<Cell>> = told
            .firings
            .iter()
            .map(next::row)
            .map(|row| {
                row.into_iter()
                    .enumerate()
                    .filter(|(i, _)| *i != 1)
                    .map(|(_, c)| c)
                    .collect()
            })
            .collect();
        text.push('\n');
        text.push_str(&table(&["NEXT TICKS", "NOTE"], &rows, color));
    }
    text
}

fn tick(tick: &ExplainedTick, now: Timestamp, zone: &TimeZone) -> Vec<Cell> {
    let ran = if tick.ran {
        toned("yes", Tone::Good)
    } else {
        toned("no", Tone::Notice)
    };
    vec![
        cell(human::time(tick.at, now, zone)),
        ran,
        cell(harmless(&tick.why)),
    ]
}
