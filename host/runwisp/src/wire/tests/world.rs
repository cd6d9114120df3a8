//! A daemon of tables: units that are always the same, runs and output that a test puts in.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runwisp_core::config::plan::Plan;
use runwisp_core::config::{Source, Surroundings, compile};
use runwisp_core::figures::points::Span;
use runwisp_core::figures::series::Subject;
use runwisp_core::notify::NotAgain;
use runwisp_core::words::audit::{AuditEntry, AuditFilter};
use runwisp_core::words::command::{Command, Done, Refusal};
use runwisp_core::words::event::{Envelope, Event};
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::notice::{Delivery, MessageId};
use runwisp_core::words::run::{Outcome, RunRecord, RunState};
use runwisp_core::words::spawn::RunAs;
use runwisp_core::words::status::{InstanceState, InstanceStatus};

use tokio::sync::{broadcast, watch};

use super::rows::{CONFIG, line};
pub(super) use super::rows::{run, unit};
use crate::access::Access;
use crate::client::Client;
use crate::daemon::handle::{
    DaemonStatus, Handle, Key, Keyed, LoopEnd, OutputAt, ReloadRefusal, ReloadReport, Request,
    StatusSnapshot, Told, open,
};
use crate::daemon::history::{
    BellFilter, DeliveryFilter, Found, From, History, HistoryError, Hit, Line, Notification, Page,
    Place, Request as KeptRequest, RunFilter, Search, Summary,
};
use crate::http::listen;
use crate::notify::SampleRefusal;
use crate::plugins::NoLook;

/// What the tables hold.
#[derive(Default)]
struct Tables {
    runs: BTreeMap<RunId, (RunRecord, Vec<Line>)>,
    events: Vec<Envelope>,
    commands: Vec<String>,
    audit: Vec<AuditEntry>,
    refusal: Option<ReloadRefusal>,
    clock: i64,
    hidden: std::collections::BTreeSet<RunId>,
    requests: Vec<KeptRequest>,
}

#[derive(Clone)]
struct Past(Arc<Mutex<Tables>>);

pub(super) struct World {
    dir: tempfile::TempDir,
    past: Past,
    handle: Handle,
    events: broadcast::Sender<Arc<Told>>,
    /// Bumped whenever a table changes, so that waiting answers look again.
    changed: Arc<watch::Sender<u64>>,
    deaf: Mutex<Option<LoopEnd>>,
}

impl World {
    pub(super) async fn start() -> World {
        let (world, end) = World::make().await;
        let past = world.past.clone();
        tokio::spawn(serve_loop(end, past, world.changed.subscribe()));
        world
    }

    /// A loop that takes nothing in.
    pub(super) async fn deaf() -> World {
        let (world, end) = World::make().await;
        *world.deaf.lock().unwrap() = Some(end);
        world
    }

    async fn make() -> (World, LoopEnd) {
        let past = Past(Arc::default());
        let (handle, end) = open(plan(), Arc::new(past.clone()), Access::forgetful());
        let tables = Arc::clone(&past.0);
        let handle = handle.recording(move |entry| tables.lock().unwrap().audit.push(entry));
        let dir = tempfile::tempdir().unwrap();
        let listener = listen::bind(&dir.path().join("s")).unwrap();
        tokio::spawn(listen::serve(listener, handle.clone()));
        let world = World {
            dir,
            past,
            events: end.events.clone(),
            handle,
            changed: Arc::new(watch::channel(0).0),
            deaf: Mutex::default(),
        };
        (world, end)
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.dir().join("s")
    }

    pub(super) fn client(&self) -> Client {
        Client::new(&self.socket(), "").unwrap()
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    pub(super) fn end_loop(&self) {
        self.deaf.lock().unwrap().take();
    }

    pub(super) fn audit(&self) -> Vec<AuditEntry> {
        self.past.0.lock().unwrap().audit.clone()
    }

    pub(super) fn commands(&self) -> Vec<String> {
        self.past.0.lock().unwrap().commands.clone()
    }

    pub(super) fn refuse_reload(&self, refusal: ReloadRefusal) {
        self.past.0.lock().unwrap().refusal = Some(refusal);
    }

    /// Keeps a run; each line of each run is a second later than the last line of the same number in another run.
    pub(super) fn keep(&self, row: RunRecord, lines: &[&str]) {
        let id = row.id;
        let mut tables = self.past.0.lock().unwrap();
        let shift = tables.clock;
        tables.clock += 1;
        let lines = lines
            .iter()
            .enumerate()
            .map(|(i, text)| line(i, text, i64::try_from(i).unwrap() * 100 + shift))
            .collect();
        tables.runs.insert(id, (row, lines));
        drop(tables);
        self.bump();
    }

    pub(super) fn print(&self, id: RunId, text: &str) {
        let mut tables = self.past.0.lock().unwrap();
        let (_, lines) = tables.runs.get_mut(&id).unwrap();
        lines.push(line(lines.len(), text, 0));
        drop(tables);
        self.bump();
    }

    pub(super) fn end(&self, id: RunId, outcome: Outcome) {
        let mut tables = self.past.0.lock().unwrap();
        let (row, _) = tables.runs.get_mut(&id).unwrap();
        row.state = RunState::Ended;
        row.outcome = Some(outcome);
        drop(tables);
        self.bump();
    }

    fn bump(&self) {
        self.changed.send_modify(|n| *n += 1);
    }

    /// Waits until somebody has looked at the status: a stream listens to events before it does.
    pub(super) async fn followed(&self) {
        let mut changed = self.changed.subscribe();
        while !self.commands().iter().any(|c| c == "status") {
            let _ = tokio::time::timeout(Duration::from_millis(1), changed.changed()).await;
        }
    }

    fn tell(&self, seq: u64, event: Event) {
        let at = Timestamp::UNIX_EPOCH;
        // Nobody listening is fine.
        let _ = self
            .events
            .send(Arc::new(Told::from(Envelope { seq, at, event })));
    }

    pub(super) fn tell_event(&self, seq: u64) {
        self.tell(seq, Event::DaemonStopping);
    }

    pub(super) fn tell_run(&self, row: &RunRecord) {
        self.tell(
            1,
            Event::Run {
                run: row.id,
                unit: row.unit.clone(),
                kind: row.kind,
                instance: 0,
                state: row.state,
                outcome: None,
                message: None,
            },
        );
    }

    pub(super) fn remember_event(&self, seq: u64) {
        let at = Timestamp::UNIX_EPOCH;
        let event = Event::DaemonStopping;
        self.past
            .0
            .lock()
            .unwrap()
            .events
            .push(Envelope { seq, at, event });
    }
}

async fn serve_loop(mut end: LoopEnd, past: Past, changed: watch::Receiver<u64>) {
    while let Some(request) = end.requests.recv().await {
        let (past, changed) = (past.clone(), changed.clone());
        tokio::spawn(answer(request, past, changed));
    }
}

async fn answer(request: Request, past: Past, mut changed: watch::Receiver<u64>) {
    match request {
        Request::Command { command, reply } => {
            let _ = reply.send(past.command(command));
        }
        Request::Status { reply } => {
            let _ = reply.send(past.status());
        }
        Request::Reload { reply, .. } => {
            let refusal = past.0.lock().unwrap().refusal.clone();
            let _ = reply.send(refusal.map_or_else(|| Ok(ReloadReport::default()), Err));
        }
        Request::Leave { reply, .. } => {
            let _ = reply.send(Ok(()));
        }
        Request::Output { run, from, reply } => {
            let at = changed.wait_for(|_| {
                past.output(run)
                    .is_none_or(|at| at.complete || at.end > from)
            });
            let _ = at.await.map(drop);
            let gone = OutputAt {
                end: from,
                complete: true,
            };
            let _ = reply.send(past.output(run).unwrap_or(gone));
        }
        Request::TestNotifier { target, reply, .. } => {
            let known = vec!["slack".to_owned()];
            let _ = reply.send(Err(SampleRefusal::NoNotifier { id: target, known }));
        }
        Request::SendAgain { reply, .. } => {
            let _ = reply.send(Err(NotAgain::NoNotifier));
        }
        // The world has no machine and counts nothing.
        Request::Host { .. } | Request::Figures { .. } => {}
        Request::Hour { reply, .. } => {
            let _ = reply.send(Vec::new());
        }
        Request::Keyed {
            key,
            command,
            reply,
        } => {
            let _ = reply.send(past.keyed(*key, command));
        }
        Request::HideRuns { runs, hide, reply } => {
            past.hide(runs, hide);
            let _ = reply.send(());
        }
        Request::Plugins { only, reply } => {
            let known = Vec::new();
            let _ = reply.send(match only {
                Some(name) => Err(NoLook::Unknown { name, known }),
                None => Ok(Vec::new()),
            });
        }
        Request::ReadBell { reply, .. } => {
            let _ = reply.send(());
        }
        Request::Run { run, ended, reply } => {
            let find = || past.run(run).ok().flatten();
            let over = |_: &u64| !ended || find().is_none_or(|row| row.state == RunState::Ended);
            let _ = changed.wait_for(over).await.map(drop);
            let _ = reply.send(find().map(Box::new));
        }
    }
}

impl Past {
    fn keyed(&self, key: Key, command: Command) -> Result<Keyed, Refusal> {
        let done = self.command(command)?;
        self.0.lock().unwrap().requests.push(KeptRequest {
            key: key.name,
            unit: key.unit,
            body: key.body,
            run: done.runs[0],
            at: Timestamp::UNIX_EPOCH,
        });
        Ok(Keyed::Done(done))
    }

    fn hide(&self, runs: Vec<RunId>, hide: bool) {
        let mut tables = self.0.lock().unwrap();
        for run in runs {
            match hide {
                true => tables.hidden.insert(run),
                false => tables.hidden.remove(&run),
            };
        }
    }

    fn command(&self, command: Command) -> Result<Done, Refusal> {
        self.0.lock().unwrap().commands.push(format!("{command:?}"));
        let refused = |unit: &UnitName| match (unit.as_str(), &command) {
            ("locked", _) => Some(Refusal::Locked { unit: unit.clone() }),
            ("web", Command::Run { .. }) => Some(Refusal::WrongKind {
                unit: unit.clone(),
                help: "Start it.".to_owned(),
            }),
            ("backup", Command::Signal { .. }) => Some(Refusal::NotRunning { unit: unit.clone() }),
            ("web" | "backup" | "typed", _) => None,
            (name, _) => Some(Refusal::NoSuchUnit {
                unit: name.to_owned(),
            }),
        };
        let refusal = match &command {
            Command::Start { unit }
            | Command::Stop { unit }
            | Command::Restart { unit }
            | Command::Run { unit, .. }
            | Command::Signal { unit, .. } => refused(unit),
            Command::StopRun { run } => Some(Refusal::NoSuchRun { run: *run }),
        };
        let runs = vec![RunId::from_parts(99, 0)];
        refusal.map_or(
            Ok(Done {
                runs,
                changed: true,
            }),
            Err,
        )
    }

    fn status(&self) -> StatusSnapshot {
        let mut tables = self.0.lock().unwrap();
        tables.commands.push("status".to_owned());
        let mut units = vec![unit("backup"), unit("web")];
        let newest = |name: &str| {
            let of_unit = tables
                .runs
                .values()
                .filter(|(row, _)| row.unit.as_str() == name);
            of_unit.map(|(row, _)| row.clone()).next_back()
        };
        units[0].last_run = newest("backup");
        units[1].instances.push(InstanceStatus {
            pid: Some(41),
            run_id: newest("web").map(|row| row.id),
            uptime: Some(Duration::from_millis(1500)),
            ..super::instance(InstanceState::Running, RunId::from_parts(0, 0))
        });
        let daemon = DaemonStatus {
            version: "1.2.3".to_owned(),
            keeper_pid: 7,
            daemon_pid: 8,
            started_at: Timestamp::UNIX_EPOCH,
            loaded_at: Timestamp::UNIX_EPOCH,
            timezone: "UTC".to_owned(),
            hostname: "box".to_owned(),
            binary: "/usr/bin/runwisp".into(),
            config: "/c".into(),
            data: "/d".into(),
            config_stale: false,
            stopping: false,
            web: crate::daemon::handle::Web::default(),
            warnings: Vec::new(),
        };
        StatusSnapshot { daemon, units }
    }

    fn output(&self, id: RunId) -> Option<OutputAt> {
        let tables = self.0.lock().unwrap();
        let (row, lines) = tables.runs.get(&id)?;
        Some(OutputAt {
            end: lines.iter().map(|l| l.bytes.len() as u64 + 1).sum(),
            complete: row.state == RunState::Ended,
        })
    }
}

impl History for Past {
    fn runs(&self, filter: &RunFilter) -> Result<Found, HistoryError> {
        let tables = self.0.lock().unwrap();
        let fits = |row: &RunRecord| {
            (filter.units.is_empty() || filter.units.iter().any(|unit| row.unit.as_str() == unit))
                && (filter.outcomes.is_empty()
                    || row.outcome.is_some_and(|o| filter.outcomes.contains(&o)))
                && !tables.hidden.contains(&row.id)
        };
        let rows = tables.runs.values().rev().map(|(row, _)| row.clone());
        let limit = filter.limit.unwrap_or(50);
        Ok(Found {
            runs: rows.filter(fits).take(limit).collect(),
            next: None,
        })
    }

    fn count(&self, filter: &RunFilter) -> Result<(u64, bool), HistoryError> {
        Ok((self.runs(filter)?.runs.len() as u64, false))
    }

    fn summary(&self, _: &RunFilter) -> Result<Summary, HistoryError> {
        let mut summary = Summary::default();
        for (row, _) in self.0.lock().unwrap().runs.values() {
            match row.outcome {
                Some(outcome) => *summary.outcomes.entry(outcome).or_default() += 1,
                None => summary.open += 1,
            }
        }
        Ok(summary)
    }

    fn hidden(&self, runs: &[RunId]) -> Result<Vec<RunRecord>, HistoryError> {
        let tables = self.0.lock().unwrap();
        let hidden = runs.iter().filter(|id| tables.hidden.contains(id));
        Ok(hidden.map(|id| tables.runs[id].0.clone()).collect())
    }

    fn request(&self, _: &UnitName, key: &str) -> Result<Option<KeptRequest>, HistoryError> {
        let tables = self.0.lock().unwrap();
        let kept = tables.requests.iter();
        Ok(kept.rev().find(|kept| kept.key == key).cloned())
    }

    fn run(&self, id: RunId) -> Result<Option<RunRecord>, HistoryError> {
        Ok(self
            .0
            .lock()
            .unwrap()
            .runs
            .get(&id)
            .map(|(row, _)| row.clone()))
    }

    fn page(
        &self,
        run: &RunRecord,
        from: From,
        limit: usize,
        _: bool,
    ) -> Result<Page, HistoryError> {
        let tables = self.0.lock().unwrap();
        let (_, lines) = tables
            .runs
            .get(&run.id)
            .ok_or(HistoryError::Read("no such run".to_owned()))?;
        let skip = match from {
            From::Head => 0,
            From::Tail(n) => lines.len().saturating_sub(usize::try_from(n).unwrap()),
            From::Since(at) => lines.iter().take_while(|l| l.ts < at).count(),
            From::Place(place) => usize::try_from(place.line).unwrap(),
            From::Line(n) => usize::try_from(n).unwrap() - 1,
        };
        let lines_now: Vec<Line> = lines.iter().skip(skip).take(limit).cloned().collect();
        let upto = skip + lines_now.len();
        let offset = lines[..upto].iter().map(|l| l.bytes.len() as u64 + 1).sum();
        let next = Place {
            offset,
            line: upto as u64,
        };
        Ok(Page {
            total: (upto == lines.len()).then_some(upto as u64),
            begin: Place::default(),
            lines: lines_now,
            next,
        })
    }

    fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, HistoryError> {
        Ok(super::messages::deliveries(filter))
    }

    fn delivery(&self, id: MessageId) -> Result<Option<Delivery>, HistoryError> {
        let mut all = super::messages::deliveries(&DeliveryFilter::default()).into_iter();
        Ok(all.find(|delivery| delivery.id == id))
    }

    fn notifications(&self, _: BellFilter) -> Result<(Vec<Notification>, u64), HistoryError> {
        Ok((super::messages::bell(), 1))
    }

    fn raw(&self, _: &RunRecord) -> Result<Box<dyn Read + Send>, HistoryError> {
        Ok(Box::new(Cursor::new(Vec::new())))
    }

    fn search(&self, wanted: &Search, _: &mut dyn FnMut(Hit) -> bool) -> Result<(), HistoryError> {
        match wanted.pattern.as_str() {
            "(" => Err(HistoryError::Pattern("unclosed group".to_owned())),
            _ => Ok(()),
        }
    }

    fn written(&self, _: &UnitName, _: RunId) -> u64 {
        0
    }

    fn samples(&self, _: &Subject, _: Timestamp, _: Timestamp) -> Result<Vec<Span>, HistoryError> {
        Ok(Vec::new())
    }

    fn audit(&self, filter: &AuditFilter) -> Result<Vec<(i64, AuditEntry)>, HistoryError> {
        let tables = self.0.lock().unwrap();
        let rows = (1..).zip(tables.audit.iter().cloned());
        let rows: Vec<_> = rows
            .filter(|(id, _)| filter.before.is_none_or(|b| *id < b))
            .collect();
        Ok(rows.into_iter().rev().take(filter.limit).collect())
    }

    fn newest_event(&self) -> Result<u64, HistoryError> {
        let tables = self.0.lock().unwrap();
        Ok(tables.events.last().map_or(0, |event| event.seq))
    }

    fn search_run(
        &self,
        run: &RunRecord,
        wanted: &Search,
        after: u64,
    ) -> Result<Vec<Line>, HistoryError> {
        let tables = self.0.lock().unwrap();
        let lines = tables.runs.get(&run.id).into_iter().flat_map(|(_, l)| l);
        let found = lines.filter(|line| line.n > after && line.text().contains(&wanted.pattern));
        Ok(found.take(wanted.limit).cloned().collect())
    }

    fn events(&self, after: u64, limit: usize) -> Result<Vec<Envelope>, HistoryError> {
        let tables = self.0.lock().unwrap();
        let newer = tables.events.iter().filter(|event| event.seq > after);
        Ok(newer.take(limit).cloned().collect())
    }
}

fn plan() -> Arc<Plan> {
    let sources = [Source {
        name: "/c".to_owned(),
        text: CONFIG.to_owned(),
    }];
    let compiled = compile(&sources, &Nowhere);
    Arc::new(
        compiled
            .plan
            .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics)),
    )
}

/// A world without files, variables and zones but UTC.
struct Nowhere;

impl Surroundings for Nowhere {
    fn var(&self, _: &str) -> Option<String> {
        None
    }
    fn read_file(&self, _: &str, _: &str) -> Result<String, String> {
        Err("there are no files".to_owned())
    }
    fn absolute(&self, path: &str, _: &str) -> String {
        path.to_owned()
    }
    fn time_zone(&self, _: &str) -> Option<TimeZone> {
        Some(TimeZone::UTC)
    }
    fn time_zone_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn host_time_zone(&self) -> TimeZone {
        TimeZone::UTC
    }
    fn account(&self, _: &str) -> Result<RunAs, String> {
        Err("there are no accounts".to_owned())
    }
    fn may_become(&self, _: &RunAs) -> bool {
        false
    }
}
