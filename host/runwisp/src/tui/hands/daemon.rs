//! The daemon, through the client as anyone else: questions, orders, the event stream, and the log that is followed.
//!
//! Invariant: at most one log and one event stream at a time; who draws slowly is sent no more than fits the channel.

use std::path::{Path, PathBuf};
use std::time::Duration;

use runwisp_core::words::event::Envelope;
use runwisp_core::words::ids::RunId;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;
use tokio::task::AbortHandle;

use crate::client::{Client, Lines, Uri};
use crate::tui::message::{Act, Answer, Bucket, Bulk, Chosen, Message, Outcome, Query, Ticket};
use crate::wire::{
    Accepted, Hits, LogItem, LogLine, LogPage, Notifications, Problem, ReadBell, Reload,
    ReloadBody, Run, RunBody, Runs,
};

/// How many lines are handed over at once.
const BATCH: usize = 500;

/// The first and the longest pause before a daemon that went away is asked again.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How many runs are asked for at once, and for the first page.
const RUNS: usize = 200;
const RECENT: usize = 15;

/// How many rows of the bell, and hits of a search.
const BELL: usize = 200;
const HITS: usize = 1_000;

/// The way to the daemon, and what is under way.
pub(super) struct Daemon {
    client: Client,
    say: Sender<Message>,
    following: Option<AbortHandle>,
}

impl Daemon {
    /// Begins to listen to events.
    pub(super) fn new(client: Client, say: Sender<Message>) -> Daemon {
        tokio::spawn(events(client.clone(), say.clone()));
        Daemon {
            client,
            say,
            following: None,
        }
    }

    pub(super) fn ask(&self, query: Query) {
        let (client, say) = (self.client.clone(), self.say.clone());
        tokio::spawn(async move {
            let answer = ask(&client, &query).await;
            let _ = say.send(Message::Answer(query, answer)).await;
        });
    }

    pub(super) fn carry_out(&self, act: Act) {
        let (client, say) = (self.client.clone(), self.say.clone());
        tokio::spawn(async move {
            let outcome = carry_out(&client, &act).await;
            let _ = say.send(Message::Done(act, outcome)).await;
        });
    }

    pub(super) fn follow(&mut self, ticket: Ticket, run: RunId, tail: u64) {
        self.stop_following();
        let task = tokio::spawn(follow(
            self.client.clone(),
            self.say.clone(),
            ticket,
            run,
            tail,
        ));
        self.following = Some(task.abort_handle());
    }

    pub(super) fn stop_following(&mut self) {
        if let Some(task) = self.following.take() {
            task.abort();
        }
    }
}

/// Events from now on, and from the last one on after each interruption, for ever.
async fn events(client: Client, say: Sender<Message>) {
    let mut after: Option<u64> = None;
    let mut pause = PAUSE;
    loop {
        let uri = Uri::new(&["events"]).with_some("after", after);
        let broken = match client.lines::<Value>(&uri).await {
            Ok(mut lines) => {
                if say.send(Message::Connected).await.is_err() {
                    return;
                }
                pause = PAUSE;
                loop {
                    match lines.next().await {
                        // What this version does not know is passed over.
                        Ok(Some(value)) => {
                            if let Ok(event) = serde_json::from_value::<Envelope>(value) {
                                after = Some(event.seq);
                                if say.send(Message::Event(event)).await.is_err() {
                                    return;
                                }
                            }
                        }
                        Ok(None) => break Problem::new("daemon.leaving", "the daemon hung up"),
                        Err(problem) => break problem,
                    }
                }
            }
            Err(problem) => problem,
        };
        if say.send(Message::Lost(broken)).await.is_err() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Lines of a run until its end; a daemon that is replaced is asked again.
async fn follow(client: Client, say: Sender<Message>, ticket: Ticket, run: RunId, tail: u64) {
    let uri = Uri::new(&["logs", "follow"])
        .with("target", run)
        .with("follow", true)
        .with("tail", tail);
    let mut pause = PAUSE;
    loop {
        let broken = match client.lines::<LogItem>(&uri).await {
            Ok(lines) => match pass_on(lines, &say, ticket).await {
                Ok(true) => return,
                Ok(false) => {
                    pause = PAUSE;
                    Problem::new("daemon.leaving", "the daemon hung up")
                }
                Err(problem) => problem,
            },
            Err(problem) => problem,
        };
        let gone = say
            .send(Message::LogLost(ticket, broken.clone()))
            .await
            .is_err();
        if gone || !broken.code.starts_with("daemon.") {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Passes lines on in batches. True when everything is said, or nobody listens.
async fn pass_on(
    mut lines: Lines<LogItem>,
    say: &Sender<Message>,
    ticket: Ticket,
) -> Result<bool, Problem> {
    let mut batch: Vec<LogLine> = Vec::new();
    loop {
        let item = lines.next().await?;
        let full = batch.len() >= BATCH || !lines.has_more();
        let over = match item {
            Some(LogItem::Line(line)) => {
                batch.push(line);
                None
            }
            Some(LogItem::End(end)) => Some(Message::Ended(ticket, Box::new(end.run))),
            Some(LogItem::Broken(broken)) => return Err(broken.into()),
            Some(LogItem::Lagged { .. }) => None,
            None => return Ok(false),
        };
        if (full || over.is_some()) && !batch.is_empty() {
            let lines = std::mem::take(&mut batch);
            if say.send(Message::Lines(ticket, lines)).await.is_err() {
                return Ok(true);
            }
        }
        if let Some(end) = over {
            let _ = say.send(end).await;
            return Ok(true);
        }
    }
}

/// A page of runs, and where the next one begins.
#[derive(Deserialize)]
struct RunsPage {
    #[serde(flatten)]
    runs: Runs,
    #[serde(default)]
    next: Option<String>,
}

async fn ask(client: &Client, query: &Query) -> Result<Answer, Problem> {
    Ok(match query {
        Query::Status => Answer::Status(Box::new(client.get(&Uri::new(&["status"])).await?)),
        Query::Runs {
            unit,
            bucket,
            after,
            ..
        } => {
            let uri = Uri::new(&["runs"])
                .with_some("unit", unit.as_ref())
                .with_some("state", bucket.states())
                .with_some("outcome", bucket.outcomes())
                .with_some("cursor", after.as_ref())
                .with("limit", RUNS);
            let page: RunsPage = client.get(&uri).await?;
            Answer::Runs {
                runs: page.runs,
                next: page.next,
            }
        }
        Query::Recent => Answer::Runs {
            runs: client
                .get(&Uri::new(&["runs"]).with("limit", RECENT))
                .await?,
            next: None,
        },
        Query::Run(id) => Answer::Run(Box::new(
            client
                .get::<Run>(&Uri::new(&["runs", &id.to_string()]))
                .await?,
        )),
        Query::Unit(name) => Answer::Unit(client.get(&Uri::new(&["units", name])).await?),
        Query::Next(name) => Answer::Firings(
            client
                .get(&Uri::new(&["next"]).with("unit", name).with("n", 10))
                .await?,
        ),
        Query::Bell => Answer::Bell(
            client
                .get(&Uri::new(&["notifications"]).with("limit", BELL))
                .await?,
        ),
        Query::Host => Answer::Host(client.get(&Uri::new(&["host"])).await?),
        Query::Page {
            run, from, limit, ..
        } => {
            let uri = Uri::new(&["runs", &run.to_string(), "log"])
                .with("from", from)
                .with("limit", limit);
            Answer::Page(client.get::<LogPage>(&uri).await?)
        }
        Query::Hits { run, text, .. } => {
            let uri = Uri::new(&["runs", &run.to_string(), "log", "search"])
                .with("q", text)
                .with("limit", HITS);
            let found: Hits = client.get(&uri).await?;
            Answer::Hits(found.hits.iter().map(|line| line.n).collect())
        }
        Query::Plan => {
            let uri = Uri::new(&["reload"]).with("plan_only", true);
            Answer::Plan(client.post::<Reload>(&uri, &ReloadBody::default()).await?)
        }
    })
}

async fn carry_out(client: &Client, act: &Act) -> Result<Outcome, Problem> {
    let accepted = |accepted: Accepted| Outcome::Runs {
        runs: accepted.runs,
        changed: accepted.changed,
    };
    let unit = |name: &str, verb: &str| Uri::new(&["units", name, verb]);
    let run = |id: &RunId, verb: &str| Uri::new(&["runs", &id.to_string(), verb]);
    Ok(match act {
        Act::Start(name) => accepted(client.post(&unit(name, "start"), &()).await?),
        Act::Stop(name) => accepted(client.post(&unit(name, "stop"), &()).await?),
        Act::Restart(name) => accepted(client.post(&unit(name, "restart"), &()).await?),
        Act::Run { unit, params } => {
            let body = RunBody {
                params: params.iter().cloned().collect(),
            };
            accepted(
                client
                    .post(&Uri::new(&["tasks", unit, "run"]), &body)
                    .await?,
            )
        }
        Act::StopRun(id) => accepted(client.post(&run(id, "stop"), &()).await?),
        Act::Rerun(id) => accepted(client.post(&run(id, "rerun"), &json!({})).await?),
        Act::Bulk(what, chosen) => bulk(client, *what, chosen).await?,
        Act::Reload => Outcome::Reloaded(
            client
                .post(&Uri::new(&["reload"]), &ReloadBody::default())
                .await?,
        ),
        Act::ReadBell(id) => {
            let uri = Uri::new(&["notifications", "read"]);
            Outcome::Bell(
                client
                    .post::<Notifications>(&uri, &ReadBell { id: *id })
                    .await?,
            )
        }
        Act::Save { run, path } => {
            save(client, run, path).await?;
            Outcome::Done
        }
    })
}

async fn bulk(client: &Client, what: Bulk, chosen: &Chosen) -> Result<Outcome, Problem> {
    let body = match chosen {
        Chosen::These(ids) => json!({"action": what.word(), "ids": ids}),
        Chosen::All {
            unit,
            bucket,
            except,
        } => {
            json!({"action": what.word(), "filter": filter(unit.as_deref(), *bucket), "except": except})
        }
    };
    let done: Value = client.post(&Uri::new(&["runs", "bulk"]), &body).await?;
    Ok(Outcome::Bulk {
        affected: done["affected"].as_u64().unwrap_or(0),
        skipped: done["skipped"]
            .as_array()
            .map_or(0, |skipped| skipped.len() as u64),
    })
}

/// The fields of a list's filter, as the API takes them.
fn filter(unit: Option<&str>, bucket: Bucket) -> Value {
    let mut filter = serde_json::Map::new();
    let fields = [
        ("unit", unit),
        ("state", bucket.states()),
        ("outcome", bucket.outcomes()),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            filter.insert(name.to_owned(), value.into());
        }
    }
    Value::Object(filter)
}

/// Writes a whole log into a new file; one that could not be completed is removed.
async fn save(client: &Client, run: &RunId, path: &Path) -> Result<(), Problem> {
    let path = at_home(path);
    let failed = |e: &std::io::Error| {
        Problem::new(
            "io.failed",
            format!("could not save as {}: {e}", path.display()),
        )
    };
    let mut file = std::fs::File::create_new(&path).map_err(|e| failed(&e))?;
    let mut written = Ok(());
    let uri = Uri::new(&["runs", &run.to_string(), "log"]).with("raw", true);
    let got = client
        .bytes(&uri, |piece| {
            written = std::io::Write::write_all(&mut file, piece);
            written.is_ok()
        })
        .await;
    let done = got.and(written.map_err(|e| failed(&e)));
    if done.is_err() {
        let _ = std::fs::remove_file(&path);
    }
    done
}

/// `~/` is the home directory, as in a shell.
fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.to_owned(),
    }
}
