//! `runwisp deliveries`: messages that were sent, that wait, and that did not arrive; `retry` sends one of these again.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runwisp_core::words::notice::{AttemptOutcome, DeliveryState};

use super::context::Context;
use super::runs::since;
use super::table::{Cell, Tone, cell, harmless, table, toned};
use crate::client::Uri;
use crate::human;
use crate::wire::codes::Exit;
use crate::wire::{Deliveries, Delivery, Problem};

/// What to show, or to do.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Only those by this notifier
    #[arg(long, value_name = "ID")]
    notifier: Option<String>,
    /// Only those about these units, by name or pattern
    #[arg(long, short, value_name = "GLOB")]
    unit: Vec<String>,
    /// Only those in this state
    #[arg(long, value_name = "STATE", value_parser = ["pending", "held", "sending", "delivered", "rejected", "expired"])]
    state: Option<String>,
    /// Only those about these kinds of events, such as run.failed or service.*
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only those since then: 2h, 3d, 2026-01-31, 2026-01-31T18:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show at most so many, the newest
    #[arg(short, value_name = "N", default_value_t = 20)]
    n: usize,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Send a message that was rejected or has expired once more, by the same id
    Retry {
        /// The delivery, as `runwisp deliveries` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// Does it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    match &args.verb {
        Some(Verb::Retry { id }) => retry(id, context).await,
        None => show(args, context).await,
    }
}

async fn retry(id: &str, context: &Context) -> Result<Exit, Problem> {
    let uri = Uri::new(&["deliveries", id, "retry"]);
    let delivery: Delivery = context.client()?.post(&uri, &()).await?;
    if context.out.json {
        context.out.document(&delivery)?;
    } else {
        let (title, notifier) = (harmless(&delivery.title), harmless(&delivery.notifier));
        context
            .out
            .message(&format!("{title}: on its way by {notifier} again"));
    }
    Ok(Exit::Done)
}

async fn show(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let joined = |list: &[String]| (!list.is_empty()).then(|| list.join(","));
    let uri = Uri::new(&["deliveries"])
        .with_some("notifier", args.notifier.as_ref())
        .with_some("unit", joined(&args.unit))
        .with_some("kind", joined(&args.kind))
        .with_some("state", args.state.as_ref())
        .with_some("since", since(args.since.as_deref())?)
        .with("limit", args.n);
    let deliveries: Deliveries = context.client()?.get(&uri).await?;
    if context.out.json {
        context.out.document(&deliveries)?;
        return Ok(Exit::Done);
    }
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let rows: Vec<Vec<Cell>> = deliveries
        .deliveries
        .iter()
        .map(|delivery| row(delivery, now, &zone))
        .collect();
    let heading = ["ID", "TIME", "TO", "EVENT", "STATE", "MESSAGE", "DETAIL"];
    context
        .out
        .text(&table(&heading, &rows, context.out.color))?;
    Ok(Exit::Done)
}

fn row(delivery: &Delivery, now: Timestamp, zone: &TimeZone) -> Vec<Cell> {
    let to = match &delivery.target {
        Some(target) => format!("{}:{target}", delivery.notifier),
        None => delivery.notifier.clone(),
    };
    let folded = match delivery.folded {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    vec![
        toned(delivery.id.to_string(), Tone::Faint),
        cell(human::time(delivery.created_at, now, zone)),
        cell(harmless(&to)),
        cell(delivery.kind.as_str()),
        toned(delivery.state.as_str(), tone(delivery.state)),
        cell(harmless(&format!("{}{folded}", delivery.title))),
        cell(harmless(&detail(delivery, now, zone))),
    ]
}

/// How bad a state is.
pub(super) fn tone(state: DeliveryState) -> Tone {
    match state {
        DeliveryState::Delivered => Tone::Good,
        DeliveryState::Rejected | DeliveryState::Expired => Tone::Bad,
        DeliveryState::Pending | DeliveryState::Held | DeliveryState::Sending => Tone::Notice,
    }
}

/// What the newest attempt came to, and when the next one comes.
fn detail(delivery: &Delivery, now: Timestamp, zone: &TimeZone) -> String {
    let mut parts = Vec::new();
    let tried = delivery.attempts.len();
    if tried > 1 {
        parts.push(format!("{tried} attempts"));
    }
    parts.extend(delivery.next_at.filter(|at| *at > now).map(|at| {
        let what = match delivery.state {
            DeliveryState::Held => "quiet hours until",
            _ => "next",
        };
        format!("{what} {}", human::time(at, now, zone))
    }));
    parts.extend(
        delivery
            .attempts
            .last()
            .and_then(|last| match last.outcome {
                AttemptOutcome::Delivered => last.message.clone().filter(|_| tried == 1),
                _ => last.message.clone(),
            }),
    );
    parts.join(", ")
}
