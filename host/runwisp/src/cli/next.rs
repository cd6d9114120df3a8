//! `runwisp next`: when tasks, or any cron expression, fire next. Needs no daemon.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use runwisp_core::config::plan::Role;
use runwisp_core::schedule::{Schedule, Standing};

use super::context::Context;
use super::list::chosen;
use super::table::{Cell, Tone, cell, table, toned};
use super::validate;
use crate::human;
use crate::wire::codes::Exit;
use crate::wire::{Firing, Firings, Problem, firings};

/// The most firings that are worked out.
const MAX: usize = 100_000;

/// Of whom, from when.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tasks, by name or pattern; all that have a schedule when none is named
    #[arg(value_name = "TASK", conflicts_with = "cron")]
    tasks: Vec<String>,
    /// An expression in place of tasks: "0 3 * * *", "@daily", "@every 90s"
    #[arg(long, value_name = "EXPR")]
    cron: Option<String>,
    /// The zone of --cron; default: that of the configuration, or the machine's
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// From then on; default: now
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// So many firings
    #[arg(short, value_name = "N", default_value_t = 10)]
    n: usize,
}

/// Shows them.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let zone = args.timezone.as_deref().map(zone).transpose()?;
    let now = Timestamp::now();
    let from = match &args.from {
        Some(text) => {
            let zone = zone.clone().unwrap_or_else(TimeZone::system);
            human::moment(text, now, &zone).map_err(Problem::invalid)?
        }
        None => now,
    };
    let n = args.n.min(MAX);
    let mut found = match &args.cron {
        Some(text) => {
            let zone = zone.unwrap_or_else(TimeZone::system);
            let schedule = Schedule::parse(text, &zone)
                .map_err(|e| Problem::invalid(quoting(text, &e.to_string())))?;
            firings(None, &[schedule], Standing::begun(from), from, n)
        }
        None => of_tasks(args, zone.as_ref(), from, n, context)?,
    };
    // Stable: what fires together stays in the order of names.
    found.sort_by_key(|(at, _)| *at);
    found.truncate(n);
    let firings: Vec<Firing> = found.into_iter().map(|(_, firing)| firing).collect();
    show(firings, context)?;
    Ok(Exit::Done)
}

/// What is wrong with an expression, and with which one, said once.
fn quoting(text: &str, told: &str) -> String {
    let quoted = format!("{text:?}");
    if told.starts_with(&quoted) {
        told.to_owned()
    } else {
        format!("{quoted}: {told}")
    }
}

fn of_tasks(
    args: &Args,
    zone: Option<&TimeZone>,
    from: Timestamp,
    n: usize,
    context: &Context,
) -> Result<Vec<(Timestamp, Firing)>, Problem> {
    let plan = validate::plan(context)?;
    let mut found = Vec::new();
    for unit in chosen(&plan, &args.tasks)? {
        let Role::Task(task) = &unit.role else {
            continue;
        };
        let schedules: Vec<Schedule> = match zone {
            None => task.schedules.clone(),
            Some(zone) => task
                .schedules
                .iter()
                .map(|s| Schedule::parse(s.text(), zone))
                .collect::<Result<_, _>>()
                .map_err(|e| Problem::invalid(e.to_string()))?,
        };
        found.extend(firings(
            Some(&unit.name),
            &schedules,
            Standing::begun(from),
            from,
            n,
        ));
    }
    Ok(found)
}

fn zone(name: &str) -> Result<TimeZone, Problem> {
    TimeZone::get(name).map_err(|_| {
        Problem::invalid(format!("{name:?} is no time zone"))
            .help("Names are those of the IANA database, such as Europe/Berlin or UTC.")
    })
}

fn show(firings: Vec<Firing>, context: &Context) -> Result<(), Problem> {
    if context.out.json {
        return context.out.document(Firings { firings });
    }
    if firings.is_empty() {
        context.out.message("nothing has a schedule");
        return Ok(());
    }
    let rows: Vec<Vec<Cell>> = firings.iter().map(row).collect();
    context
        .out
        .text(&table(&["AT", "TASK", "NOTE"], &rows, context.out.color))
}

/// One firing for people: the week day helps to see whether an expression means what it should.
pub(super) fn row(firing: &Firing) -> Vec<Cell> {
    let shown = format!("{}[{}]", firing.at, firing.at.get(19..).unwrap_or("Z"));
    let at = shown.parse::<Zoned>().map_or_else(
        |_| firing.at.clone(),
        |at| at.strftime("%a %Y-%m-%d %H:%M:%S %:z").to_string(),
    );
    vec![
        cell(at),
        cell(
            firing
                .unit
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ),
        toned(firing.note.clone().unwrap_or_default(), Tone::Notice),
    ]
}
