//! `runwisp audit`: who did what, and what came of it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::context::Context;
use super::runs::since;
use super::table::{Cell, Tone, cell, harmless, table, toned};
use crate::client::Uri;
use crate::human;
use crate::wire::Problem;
use crate::wire::access::{Audit, AuditEntry};
use crate::wire::codes::Exit;

/// What to show.
///
/// Every change is recorded, through the page, the API, hooks and this command line, and tries that were refused. The
/// newest 50,000 are kept.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only by this actor: operator, "uid 0", the name of a token
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Only this action, such as unit.stop, or all that begin so, such as unit
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only to this unit, run or token
    #[arg(long, short, value_name = "NAME")]
    unit: Option<String>,
    /// Only since then: 2h, 3d, 2026-01-31, 2026-01-31T18:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show at most so many, the newest
    #[arg(short, value_name = "N", default_value_t = 20)]
    n: usize,
}

/// Shows it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let uri = Uri::new(&["audit"])
        .with_some("actor", args.actor.as_ref())
        .with_some("action", args.action.as_ref())
        .with_some("unit", args.unit.as_ref())
        .with_some("since", since(args.since.as_deref())?)
        .with("limit", args.n);
    let audit: Audit = context.client()?.get(&uri).await?;
    if context.out.json {
        context.out.document(&audit)?;
        return Ok(Exit::Done);
    }
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let rows: Vec<Vec<Cell>> = audit
        .entries
        .iter()
        .map(|entry| row(entry, now, &zone))
        .collect();
    let heading = [
        "TIME", "WHO", "FROM", "ACTION", "TARGET", "RESULT", "DETAIL",
    ];
    context
        .out
        .text(&table(&heading, &rows, context.out.color))?;
    Ok(Exit::Done)
}

fn row(entry: &AuditEntry, now: Timestamp, zone: &TimeZone) -> Vec<Cell> {
    let who = match entry.actor.name.as_str() {
        "" => entry.actor.kind.clone(),
        name => name.to_owned(),
    };
    let tone = match entry.status {
        ..400 => Tone::Good,
        _ => Tone::Bad,
    };
    vec![
        cell(human::time(entry.at, now, zone)),
        cell(harmless(&who)),
        cell(harmless(&entry.from)),
        cell(harmless(&entry.action)),
        cell(harmless(entry.target.as_deref().unwrap_or_default())),
        toned(harmless(&entry.result), tone),
        cell(harmless(entry.detail.as_deref().unwrap_or_default())),
    ]
}
