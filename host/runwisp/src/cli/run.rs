//! `runwisp run`: a task, now, in front of the caller. With a daemon it is that daemon's run. Without one, a private
//! daemon is started on the same data for this one run, which it records as any other, and leaves with it.
//!
//! The run belongs to the daemon: losing the connection does not end it, and a daemon that is replaced meanwhile is
//! found again. The first Ctrl-C stops the run, a second one stops waiting for it.
//!
//! Tests: [`passed_on`] below; the rest with the real program in `tests/e2e`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::{Outcome, RunState};
use serde::Serialize;

use super::context::Context;
use super::explain::suggest;
use super::logs::ended;
use super::naming::Names;
use super::private_daemon::PrivateDaemon;
use crate::client::{Client, Lines, Uri};
use crate::wire::codes::Exit;
use crate::wire::{Accepted, Ended, LogItem, Problem, RunBody};

/// How long a daemon that is being replaced is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked for.
const PAUSE: Duration = Duration::from_millis(50);

/// What a shell sees of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 128 + 2;

/// Which task, with what.
///
/// Its output is shown as it comes. Ends with the exit code of the task's process: 1 when the run is a failure
/// although its process left with 0 or never started, 128 + n when signal n ended it. Ctrl-C stops the run.
/// With --json, output goes to standard error and the run's record to standard output.
///
/// Without a daemon the task is run and recorded all the same, once: retries, and tasks that follow it, need a daemon.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task
    #[arg(value_name = "TASK")]
    task: String,
    /// A parameter; the task finds it in RUNWISP_PARAM_NAME
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    param: Vec<(String, String)>,
    /// Print the run's id and do not wait
    #[arg(long)]
    detach: bool,
}

#[derive(Debug, Serialize)]
struct Started {
    run_id: RunId,
    unit: String,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "write NAME=VALUE".to_owned())
}

/// Runs it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let client = context.client()?;
    match ask(args, &client).await {
        Ok(id) => attend(id, args, &client, context).await,
        Err(problem)
            if problem.code == "daemon.unreachable" && !args.detach && !client.is_remote() =>
        {
            alone(args, context).await
        }
        Err(problem) => Err(suggest(problem, &args.task, &client).await),
    }
}

async fn ask(args: &Args, client: &Client) -> Result<RunId, Problem> {
    let body = RunBody {
        params: args.param.iter().cloned().collect::<BTreeMap<_, _>>(),
    };
    let uri = Uri::new(&["tasks", &args.task, "run"]);
    let accepted: Accepted = client.post(&uri, &body).await?;
    accepted.runs.last().copied().ok_or_else(|| {
        Problem::new(
            "answer.unreadable",
            "the daemon did not say which run it began",
        )
    })
}

/// A daemon for this one run.
async fn alone(args: &Args, context: &Context) -> Result<Exit, Problem> {
    context
        .out
        .detail("no daemon is running: this run gets one of its own");
    let mut daemon = PrivateDaemon::start(&args.task, context)?;
    let client = daemon.client()?;
    daemon.ready(&client).await?;
    let id = match ask(args, &client).await {
        Ok(id) => id,
        Err(problem) => return Err(suggest(problem, &args.task, &client).await),
    };
    let exit = attend(id, args, &client, context).await;
    daemon.stop(&client).await;
    exit
}

/// Shows the run and waits for its end.
async fn attend(
    id: RunId,
    args: &Args,
    client: &Client,
    context: &Context,
) -> Result<Exit, Problem> {
    if args.detach {
        let started = Started {
            run_id: id,
            unit: args.task.clone(),
        };
        if context.out.json {
            context.out.document(started)?;
        } else {
            context.out.line(&id.to_string())?;
        }
        return Ok(Exit::Done);
    }
    let mut interrupts = Interrupts::new()?;
    let mut shown = 0;
    let mut lost: Option<Instant> = None;
    loop {
        let over = tokio::select! {
            over = follow(id, &mut shown, client, context) => over,
            exit = interrupts.stop(id, client, context) => return exit,
        };
        match over {
            Ok(Some(end)) => return finish(&end, context),
            // The stream ended early or could not be begun: a daemon is being replaced, and the run goes on.
            Ok(None) => lost = Some(Instant::now()),
            Err(problem) if problem.code.starts_with("daemon.") => {
                let since = *lost.get_or_insert_with(Instant::now);
                if since.elapsed() > PATIENCE {
                    return Err(problem);
                }
            }
            Err(problem) => return Err(problem),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Prints lines after number `shown` until the run's end, or until the daemon hangs up.
async fn follow(
    id: RunId,
    shown: &mut u64,
    client: &Client,
    context: &Context,
) -> Result<Option<Ended>, Problem> {
    let uri = Uri::new(&["logs", "follow"])
        .with("target", id)
        .with("follow", true);
    let mut lines: Lines<LogItem> = client.lines(&uri).await?;
    loop {
        if !lines.has_more() {
            context.out.flush()?;
        }
        match lines.next().await? {
            Some(LogItem::Line(line)) if line.n > *shown => {
                *shown = line.n;
                if line.stream == "stderr" || context.out.json {
                    context.out.flush()?;
                    context.out.stderr_line(&line.text);
                } else {
                    context.out.line(&line.text)?;
                }
            }
            Some(LogItem::Line(_) | LogItem::Lagged { .. }) => {}
            Some(LogItem::End(end)) => return Ok(Some(end)),
            Some(LogItem::Broken(problem)) => return Err(problem.into()),
            None => return Ok(None),
        }
    }
}

fn finish(end: &Ended, context: &Context) -> Result<Exit, Problem> {
    context.out.flush()?;
    if context.out.json {
        context.out.document(LogItem::End(end.clone()))?;
    }
    if end.run.outcome == Some(Outcome::Succeeded) {
        context.out.detail(&ended(&end.run, &Names::default()));
    } else {
        context.out.message(&ended(&end.run, &Names::default()));
    }
    Ok(passed_on(
        end.run.state,
        end.run.outcome,
        end.run.exit_code,
        end.run.signal,
    ))
}

/// The exit code that stands for how a run ended.
fn passed_on(
    state: RunState,
    outcome: Option<Outcome>,
    exit_code: Option<i32>,
    signal: Option<i32>,
) -> Exit {
    let code = match (state, outcome, exit_code, signal) {
        (RunState::Ended, Some(Outcome::Succeeded), Some(code), _) => code & 0xff,
        (RunState::Ended, _, Some(code), _) if code & 0xff != 0 => code & 0xff,
        (RunState::Ended, _, None, Some(signal)) => 128 + signal,
        _ => 1,
    };
    Exit::Passed(u8::try_from(code).unwrap_or(1))
}

/// Ctrl-C, and TERM, which means the same here.
struct Interrupts {
    int: tokio::signal::unix::Signal,
    term: tokio::signal::unix::Signal,
    asked: bool,
}

impl Interrupts {
    fn new() -> Result<Self, Problem> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |e| super::context::io_failed("listen for signals", &e);
        Ok(Interrupts {
            int: signal(SignalKind::interrupt()).map_err(failed)?,
            term: signal(SignalKind::terminate()).map_err(failed)?,
            asked: false,
        })
    }

    /// Stops the run at the first one, and comes back at the second. Dropping the future forgets nothing.
    async fn stop(
        &mut self,
        id: RunId,
        client: &Client,
        context: &Context,
    ) -> Result<Exit, Problem> {
        loop {
            tokio::select! {
                _ = self.int.recv() => {}
                _ = self.term.recv() => {}
            }
            if self.asked {
                return Ok(Exit::Passed(INTERRUPTED));
            }
            self.asked = true;
            context
                .out
                .message("stopping the run; once more to leave it");
            let uri = Uri::new(&["runs", &id.to_string(), "stop"]);
            // Whether it could be stopped is seen by its end.
            let _ = client.post::<Accepted>(&uri, &()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_the_task_s_and_never_hides_a_failure() {
        use Outcome::{Failed, OomKilled, Skipped, StartFailed, Stopped, Succeeded, Timeout};
        for (outcome, code, signal, expected) in [
            (Succeeded, Some(0), None, 0),
            (Succeeded, Some(3), None, 3),
            (Failed, Some(7), None, 7),
            (Failed, Some(0), None, 1),
            (Failed, None, Some(9), 137),
            (Timeout, None, Some(15), 143),
            (Timeout, Some(0), None, 1),
            (OomKilled, None, Some(9), 137),
            (Stopped, None, Some(15), 143),
            (StartFailed, None, None, 1),
            (Skipped, None, None, 1),
        ] {
            assert_eq!(
                passed_on(RunState::Ended, Some(outcome), code, signal).code(),
                expected,
                "{outcome:?} {code:?} {signal:?}"
            );
        }
    }
}
