//! `runwisp notifications`: the bell, the list of what happened that runwisp itself keeps.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runwisp_core::words::event_kind::Severity;

use super::context::Context;
use super::table::{Cell, Tone, cell, harmless, table, toned};
use crate::client::Uri;
use crate::human;
use crate::wire::codes::Exit;
use crate::wire::{Notification, Notifications, Problem, ReadBell};

/// What to show, or what has been read.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what nobody has read
    #[arg(long)]
    unread: bool,
    /// Mark one as read, by its id, or `all` of them
    #[arg(long, value_name = "ID")]
    read: Option<String>,
    /// Show at most so many, the newest
    #[arg(short, value_name = "N", default_value_t = 20)]
    n: usize,
}

/// Shows it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let client = context.client()?;
    if let Some(text) = &args.read {
        let id = match text.as_str() {
            "all" => None,
            text => Some(text.parse().map_err(|_| {
                Problem::invalid(format!("{text:?} is no notification"))
                    .help("Write an id that `runwisp notifications` shows, or `all`.")
            })?),
        };
        let uri = Uri::new(&["notifications", "read"]);
        let after: Notifications = client.post(&uri, &ReadBell { id }).await?;
        if context.out.json {
            context.out.document(&after)?;
        } else {
            context.out.message(&unread(after.unread));
        }
        return Ok(Exit::Done);
    }
    let uri = Uri::new(&["notifications"])
        .with("unread", args.unread)
        .with("limit", args.n);
    let bell: Notifications = client.get(&uri).await?;
    if context.out.json {
        context.out.document(&bell)?;
        return Ok(Exit::Done);
    }
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let rows: Vec<Vec<Cell>> = bell
        .notifications
        .iter()
        .map(|notification| row(notification, now, &zone))
        .collect();
    let heading = ["ID", "TIME", "EVENT", "COUNT", "MESSAGE"];
    context
        .out
        .text(&table(&heading, &rows, context.out.color))?;
    context.out.message(&unread(bell.unread));
    Ok(Exit::Done)
}

fn unread(count: u64) -> String {
    match count {
        0 => "nothing is unread".to_owned(),
        1 => "1 is unread".to_owned(),
        n => format!("{n} are unread"),
    }
}

fn row(notification: &Notification, now: Timestamp, zone: &TimeZone) -> Vec<Cell> {
    let tone = match notification.severity {
        _ if notification.read => Tone::Faint,
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Notice,
        Severity::Info => Tone::Good,
    };
    vec![
        toned(notification.id.to_string(), Tone::Faint),
        cell(human::time(notification.last_at, now, zone)),
        toned(notification.kind.as_str(), tone),
        cell(notification.count.to_string()),
        cell(harmless(&notification.sentence)),
    ]
}
