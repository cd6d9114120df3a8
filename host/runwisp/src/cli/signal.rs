//! `runwisp signal`: a signal to what runs of a unit; no state changes.

use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;
use serde::Serialize;

use super::context::Context;
use super::target::{is_named, matching};
use crate::client::Uri;
use crate::wire::codes::{self, Exit};
use crate::wire::{Accepted, Problem, SignalBody, Units};

/// Which, to whom.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// HUP, SIGUSR1, 10, RTMIN+1
    #[arg(value_name = "SIGNAL", value_parser = |text: &str| text.parse::<Signal>())]
    signal: Signal,
    /// Units, by name or pattern
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// Which processes: the main one, its group, or everything that the run has started
    #[arg(long, value_name = "SCOPE", default_value = "group", value_parser = ["process", "group", "all"])]
    scope: String,
}

#[derive(Debug, Serialize)]
struct Sent {
    signal: String,
    units: Vec<String>,
}

/// Sends it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let client = context.client()?;
    let units: Units = client.get(&Uri::new(&["units"])).await?;
    let names: Vec<&str> = units.units.iter().map(|u| u.name.as_str()).collect();
    let body = SignalBody {
        signal: args.signal.to_string(),
        scope: match args.scope.as_str() {
            "process" => Scope::Process,
            "all" => Scope::All,
            _ => Scope::Group,
        },
    };
    let mut exit = Exit::Done;
    let mut sent = Vec::new();
    let mut idle = None;
    for name in matching(&names, &args.targets)? {
        let uri = Uri::new(&["units", name, "signal"]);
        match client.post::<Accepted>(&uri, &body).await {
            Ok(_) => sent.push(name.to_owned()),
            // A pattern reaches those that run; it is enough when one does.
            Err(problem)
                if problem.code == "unit.not-running" && !is_named(name, &args.targets) =>
            {
                idle = Some(problem);
            }
            Err(problem) => {
                context.out.message(&format!("{name}: {}", problem.message));
                exit = exit.or(codes::problem(&problem.code).exit);
            }
        }
    }
    if let (true, Exit::Done, Some(problem)) = (sent.is_empty(), exit, idle) {
        return Err(problem);
    }
    context
        .out
        .detail(&format!("{} to {}", args.signal, sent.join(", ")));
    if context.out.json {
        context.out.document(Sent {
            signal: args.signal.to_string(),
            units: sent,
        })?;
    }
    Ok(exit)
}
