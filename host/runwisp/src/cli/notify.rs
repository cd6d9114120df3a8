//! `runwisp notify test`: a sample by a notifier, with everything that was exchanged.

use std::sync::Arc;

use jiff::Timestamp;

use super::context::Context;
use super::table::harmless;
use super::validate;
use crate::client::Uri;
use crate::notify::{Notifiers, Telling, WasmNotifiers, sample};
use crate::plugins::Place;
use crate::wire::codes::Exit;
use crate::wire::{Exchanged, Problem, TestNotifier, Tested};

/// What about notifiers.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Send a sample and show what was exchanged, secrets masked; without a daemon, from here
    Test(TestArgs),
}

#[derive(Debug, clap::Args)]
struct TestArgs {
    /// A notifier of the configuration, or `id:target`
    #[arg(value_name = "ID[:TARGET]")]
    notifier: String,
    /// Send a sample of this kind of event, such as run.failed
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

/// Does it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let Verb::Test(args) = &args.verb;
    let tested = match context.wait(by_daemon(args, context)) {
        Err(problem) if problem.code == "daemon.unreachable" => {
            context
                .out
                .message("no daemon answers; the sample is sent from here");
            alone(args, context)?
        }
        other => other?,
    };
    if context.out.json {
        context.out.document(&tested)?;
    } else {
        for line in shown(&tested) {
            context.out.line(&line)?;
        }
    }
    Ok(match tested.delivered {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

async fn by_daemon(args: &TestArgs, context: &Context) -> Result<Tested, Problem> {
    let (id, target) = match args.notifier.split_once(':') {
        Some((id, target)) => (id, Some(target.to_owned())),
        None => (args.notifier.as_str(), None),
    };
    let body = TestNotifier {
        target,
        kind: args.kind.clone(),
    };
    let uri = Uri::new(&["notifiers", id, "test"]);
    context.client()?.post(&uri, &body).await
}

/// From this process, as the daemon would.
fn alone(args: &TestArgs, context: &Context) -> Result<Tested, Problem> {
    let plan = validate::plan(context)?;
    let place = Place::of(&context.paths.config, &context.paths.data);
    let plugins = WasmNotifiers::new(place, plan.notify.plugins.clone());
    let notifiers = Arc::new(plugins) as Arc<dyn Notifiers>;
    let telling = Telling::new(&plan, notifiers, &context.paths.data);
    let kind = args.kind.as_deref();
    let sample = context.wait(async {
        sample::alone(&telling, &plan, &args.notifier, kind, Timestamp::now)
            .await
            .map_err(Problem::from)
    })?;
    Ok(Tested::from(sample))
}

/// The exchange, and what came of it, line by line.
fn shown(tested: &Tested) -> Vec<String> {
    let mut lines = Vec::new();
    for exchanged in &tested.exchange {
        match exchanged {
            Exchanged::Line { level, message } => lines.push(format!("{level}: {message}")),
            Exchanged::Call {
                asked,
                sent,
                outcome,
                received,
                took_ms,
                ..
            } => {
                lines.push(format!("> {asked}"));
                lines.extend(sent.lines().map(|line| format!("> {line}")));
                lines.push(format!("< {outcome} ({took_ms} ms)"));
                lines.extend(received.lines().map(|line| format!("< {line}")));
            }
        }
    }
    let delivery = &tested.delivery;
    let attempt = delivery.attempts.last();
    let why = attempt.and_then(|attempt| attempt.message.clone());
    lines.push(match (tested.delivered, why) {
        (true, None) => "delivered".to_owned(),
        (true, Some(note)) => format!("delivered: {note}"),
        (false, why) => format!(
            "not delivered: {}",
            why.unwrap_or_else(|| "no reason was given".to_owned())
        ),
    });
    lines.iter().map(|line| harmless(line)).collect()
}
