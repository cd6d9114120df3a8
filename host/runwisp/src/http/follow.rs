//! The output of many runs as one stream: first what is there, merged by time, then what comes, run by run.
//!
//! A unit stands for its active runs, or for its newest one when none is; while following, for its new runs too.
//! Each run's lines come in order and exactly once, and its `end` comes after the last of them.
//!
//! Invariant: what a run prints is paced by the reader; nothing is held in memory but a page per run.
//! Tests: `wire/tests`.

use std::collections::{HashSet, VecDeque};

use jiff::Timestamp;
use runwisp_core::words::event::Event;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::{RunRecord, RunState};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use super::caller::Caller;
use super::routes::{find_run, past};
use super::stream::{Feed, Left};
use crate::daemon::handle::{AskError, EVENTS, Handle, Told};
use crate::daemon::history::{From, Line, Place};
use crate::wire::{Ended, LogItem, Problem, line};

/// How many lines are read at once.
const PAGE: usize = 500;

/// How much of what a run has printed so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Everything.
    All,
    /// So many lines from the beginning on.
    First(u64),
    /// So many lines before the end.
    Last(u64),
}

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Only lines printed at or after; `amount` counts among these.
    pub since: Option<Timestamp>,
    /// How much.
    pub amount: Amount,
}

/// Whose output, and from where.
pub struct Wanted {
    /// Units, whatever runs they have.
    pub units: Vec<UnitName>,
    /// Single runs.
    pub runs: Vec<RunRecord>,
    /// Where each begins.
    pub start: Start,
    /// Whether to wait for more.
    pub follow: bool,
    /// For whom.
    pub caller: Caller,
}

/// Why a stream ends early; the reader is told, or has gone.
pub enum Over {
    /// The reader has gone.
    Left,
    /// It can not go on.
    Problem(Problem),
}

impl std::convert::From<Left> for Over {
    fn from(_: Left) -> Self {
        Over::Left
    }
}

impl std::convert::From<Problem> for Over {
    fn from(problem: Problem) -> Self {
        Over::Problem(problem)
    }
}

impl std::convert::From<AskError> for Over {
    fn from(error: AskError) -> Self {
        Over::Problem(error.into())
    }
}

/// Sends all that is wanted. Returns when everything is said or the reader has gone.
pub async fn follow_into(handle: Handle, wanted: Wanted, feed: Feed) -> Result<(), Left> {
    match stream(&handle, wanted, &feed).await {
        Ok(()) => Ok(()),
        Err(Over::Left) => Err(Left),
        Err(Over::Problem(problem)) => feed.tell(&LogItem::Broken(problem.into())).await,
    }
}

/// Sends the lines of one run from a place on, as they come, then its end.
pub async fn follow_run(
    handle: Handle,
    run: RunRecord,
    from: From,
    feed: Feed,
) -> Result<(), Left> {
    match tail(handle, run, from, feed.clone()).await {
        Ok(_) => Ok(()),
        Err(Over::Left) => Err(Left),
        Err(Over::Problem(problem)) => feed.tell(&LogItem::Broken(problem.into())).await,
    }
}

async fn stream(handle: &Handle, wanted: Wanted, feed: &Feed) -> Result<(), Over> {
    // Listening begins before looking, so that no run falls between the two.
    let mut events = handle.events();
    let mut known = Known::default();
    let mut runs = wanted.runs;
    runs.extend(current_runs(handle, &wanted.caller, &wanted.units).await?);
    runs.retain(|run| known.add(run.id));
    let sources = backlog(handle, runs, wanted.start, feed).await?;
    let mut live = JoinSet::new();
    for source in sources {
        if source.run.state == RunState::Ended {
            feed.tell(&LogItem::End(Ended::from(source.run))).await?;
        } else if wanted.follow {
            live.spawn(tail(handle.clone(), source.run, source.from, feed.clone()));
        }
    }
    if !wanted.follow {
        return Ok(());
    }
    let units: HashSet<UnitName> = wanted.units.into_iter().collect();
    loop {
        if units.is_empty() && live.is_empty() {
            return Ok(());
        }
        let fresh = tokio::select! {
            Some(ended) = live.join_next() => {
                known.ended(ended.unwrap_or(Ok(None))?);
                continue;
            }
            () = feed.left() => return Err(Over::Left),
            event = events.recv(), if !units.is_empty() => match event {
                Ok(event) => match &event.event {
                    Event::Run { run, unit, .. } if units.contains(unit) && known.add(*run) => {
                        vec![find_run(handle, &wanted.caller, *run).await?]
                    }
                    _ => continue,
                },
                Err(RecvError::Closed) => return Ok(()),
                Err(RecvError::Lagged(missed)) => {
                    feed.tell(&LogItem::Lagged { missed }).await?;
                    let units: Vec<UnitName> = units.iter().cloned().collect();
                    let mut runs = current_runs(handle, &wanted.caller, &units).await?;
                    runs.retain(|run| known.add(run.id));
                    runs
                }
            },
        };
        for run in fresh {
            live.spawn(tail(handle.clone(), run, From::Head, feed.clone()));
        }
    }
}

/// Runs that have been taken up. Those that ended stay known while an event about them may still be on its way.
#[derive(Default)]
struct Known {
    runs: HashSet<RunId>,
    ended: VecDeque<RunId>,
}

impl Known {
    /// Whether the run was not known yet.
    fn add(&mut self, run: RunId) -> bool {
        self.runs.insert(run)
    }

    fn ended(&mut self, run: Option<RunId>) {
        self.ended.extend(run);
        if self.ended.len() > EVENTS
            && let Some(oldest) = self.ended.pop_front()
        {
            self.runs.remove(&oldest);
        }
    }
}

/// The active runs of these units, or the newest of each that has none.
async fn current_runs(
    handle: &Handle,
    caller: &Caller,
    units: &[UnitName],
) -> Result<Vec<RunRecord>, Over> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let snapshot = handle.status().await?;
    let mut runs = Vec::new();
    for unit in snapshot.units {
        if !units.contains(&unit.name) {
            continue;
        }
        let before = runs.len();
        for id in unit.instances.iter().filter_map(|i| i.run_id) {
            // A run whose row is already gone has nothing to show.
            if let Ok(run) = find_run(handle, caller, id).await {
                runs.push(run);
            }
        }
        if runs.len() == before {
            runs.extend(unit.last_run);
        }
    }
    Ok(runs)
}

/// One run of a backlog.
struct Source {
    run: RunRecord,
    from: From,
    /// Lines before that are passed over.
    since: Option<Timestamp>,
    ahead: VecDeque<Line>,
    left: u64,
    dry: bool,
}

impl Source {
    async fn fill(&mut self, handle: &Handle) -> Result<(), Over> {
        while !self.dry && self.ahead.is_empty() {
            let run = self.run.clone();
            let from = self.from;
            let limit = usize::try_from(self.left).map_or(PAGE, |left| left.min(PAGE));
            let complete = run.state == RunState::Ended;
            let page = past(handle, move |history| {
                history.page(&run, from, limit, complete)
            })
            .await?;
            self.from = From::Place(page.next);
            self.left -= (page.lines.len() as u64).min(self.left);
            self.dry = page.lines.is_empty() || self.left == 0;
            let since = self.since;
            self.ahead.extend(
                page.lines
                    .into_iter()
                    .filter(|line| since.is_none_or(|since| line.ts >= since)),
            );
        }
        Ok(())
    }
}

/// Sends what is there of all these runs, merged by time. What comes back says where each run goes on.
async fn backlog(
    handle: &Handle,
    runs: Vec<RunRecord>,
    start: Start,
    feed: &Feed,
) -> Result<Vec<Source>, Over> {
    let begin = start.since.map_or(From::Head, From::Since);
    let (from, left, since) = match start.amount {
        Amount::All => (begin, u64::MAX, None),
        Amount::First(lines) => (begin, lines, None),
        // Counted from the end, the time is met too early or too late; lines too old are passed over one by one.
        Amount::Last(lines) => (From::Tail(lines), u64::MAX, start.since),
    };
    let mut sources: Vec<Source> = runs
        .into_iter()
        .map(|run| Source {
            run,
            from,
            since,
            ahead: VecDeque::new(),
            left,
            dry: left == 0,
        })
        .collect();
    loop {
        for source in &mut sources {
            source.fill(handle).await?;
        }
        let Some(next) = sources
            .iter_mut()
            .filter(|source| !source.ahead.is_empty())
            .min_by_key(|source| source.ahead.front().map(|l| l.ts))
        else {
            return Ok(sources);
        };
        if let Some(first) = next.ahead.pop_front() {
            let run = &next.run;
            feed.tell(&LogItem::Line(line(
                &run.unit,
                run.id,
                run.instance,
                &first,
            )))
            .await?;
        }
    }
}

/// Sends a run's lines as they come, then its end.
async fn tail(
    handle: Handle,
    run: RunRecord,
    from: From,
    feed: Feed,
) -> Result<Option<RunId>, Over> {
    let id = run.id;
    let mut events = handle.events();
    let mut reading = Reading {
        handle: &handle,
        run: &run,
        from,
        feed: &feed,
    };
    let mut seen = match from {
        From::Place(Place { offset, .. }) => offset,
        From::Head | From::Tail(_) | From::Since(_) | From::Line(_) => 0,
    };
    loop {
        let at = tokio::select! {
            at = handle.output(id, seen) => at?,
            () = feed.left() => return Err(Over::Left),
        };
        if at.complete && is_to_come(&handle, id).await? {
            // Its process does not exist yet; what happens to it next is an event.
            tokio::select! {
                heard = about(id, &mut events) => heard?,
                () = feed.left() => return Err(Over::Left),
            }
            continue;
        }
        reading.send_all(at.complete).await?;
        if at.complete {
            break;
        }
        seen = seen.max(at.end);
    }
    let ended = tokio::select! {
        row = handle.run(id, true) => row?,
        () = feed.left() => return Err(Over::Left),
    };
    let ended = match ended {
        Some(row) => *row,
        None => past(&handle, move |history| history.run(id))
            .await?
            .unwrap_or_else(|| run.clone()),
    };
    reading.send_all(true).await?;
    feed.tell(&LogItem::End(Ended::from(ended))).await?;
    Ok(Some(id))
}

/// Whether the run has been decided on and has no process yet.
async fn is_to_come(handle: &Handle, id: RunId) -> Result<bool, Over> {
    let row = handle.run(id, false).await?;
    Ok(row.is_some_and(|row| matches!(row.state, RunState::Queued | RunState::Starting)))
}

/// Waits for an event of this run; having missed some counts as one.
async fn about(
    id: RunId,
    events: &mut tokio::sync::broadcast::Receiver<std::sync::Arc<Told>>,
) -> Result<(), Over> {
    loop {
        match events.recv().await {
            Ok(event) if !matches!(&event.event, Event::Run { run, .. } if *run == id) => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return Ok(()),
            Err(RecvError::Closed) => return Err(AskError::Gone.into()),
        }
    }
}

/// One run on its way to a reader.
struct Reading<'a> {
    handle: &'a Handle,
    run: &'a RunRecord,
    from: From,
    feed: &'a Feed,
}

impl Reading<'_> {
    /// Sends every line that is there.
    async fn send_all(&mut self, complete: bool) -> Result<(), Over> {
        loop {
            let (run, from) = (self.run.clone(), self.from);
            let page = past(self.handle, move |history| {
                history.page(&run, from, PAGE, complete)
            })
            .await?;
            // A log that does not exist yet has no lines and no place either.
            if page.lines.is_empty() {
                return Ok(());
            }
            self.from = From::Place(page.next);
            for l in &page.lines {
                let told = line(&self.run.unit, self.run.id, self.run.instance, l);
                self.feed.tell(&LogItem::Line(told)).await?;
            }
        }
    }
}
