//! The start: from the keeper's socket to a loop that turns, step by step.
//!
//! Order matters: the lock before the store, the store before survivors are ended, and nothing is started before every
//! process of an earlier run is either taken over or gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use runwisp_core::config::plan::{Plan, Role};
use runwisp_core::machine::{Boot, Fleet};
use runwisp_core::notify::Heard;
use runwisp_core::words::event::Event;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::keeper::{AfterLeave, Ask, Report};
use runwisp_core::words::run::RunRecord;
use tokio::sync::watch;

use super::adopt::{self, Estate};
use super::clock::{self, WallTimer};
use super::greeting::{Welcome, greet, inherited_socket};
use super::handle::{self, LoopEnd, Web};
use super::journal::Journal;
use super::keeper_link::KeeperLink;
use super::known::{Known, open_history};
use super::listening::{self, Listening};
use super::loading::load_agreed;
use super::main_loop::{MainLoop, Parts};
use super::notify_socket::NotifySocket;
use super::options::Options;
use super::past::Past;
use super::reload::Reloading;
use super::serving::{Serving, serve};
use super::situation::Situation;
use super::systemd::Init;
use super::telling::Messages;
use super::watch::Watches;
use super::{data_dir, entropy, specs, survivors};
use crate::access::{Access, given};
use crate::store;

/// The exit code for a start that failed, which people see as the keeper's; from the table in `wire::codes`.
pub(super) const FAILED: i32 = 1;

/// A loop ready to turn, and what has to outlive it.
pub(crate) struct Booted {
    pub(crate) main_loop: MainLoop,
    pub(crate) serving: Option<Serving>,
    pub(crate) listening: Option<Listening>,
    pub(crate) turn: data_dir::Turn,
}

/// A failure that ends the start, told already; the code is the keeper's exit code.
pub(super) struct Refused(pub(super) i32);

/// Makes the loop. When it can't be made, says why and answers with this process's exit code. A first start then ends
/// the keeper, too. Later the keeper goes on with all it holds and tries again, until the reason has been mended.
pub(crate) async fn boot(options: Options) -> Result<Booted, i32> {
    let mut keeper = match inherited_socket().and_then(KeeperLink::new) {
        Ok(keeper) => keeper,
        Err(error) => {
            tracing::error!(%error, "could not reach the keeper; `runwisp daemon` starts both");
            return Err(FAILED);
        }
    };
    let mut first = true;
    match prepare(options, &mut keeper, &mut first).await {
        Ok(prepared) => Ok(prepared.start(keeper)),
        Err(Refused(code)) if !first => Err(code),
        Err(Refused(code)) => {
            keeper.ask(
                Ask::Leave {
                    then: AfterLeave::Exit(code),
                },
                Vec::new(),
            );
            keeper.drain().await;
            Err(0)
        }
    }
}

/// Everything that may fail has been done; what is left can't.
struct Prepared {
    parts: Parts,
    estate: Estate,
    unrecorded: Vec<RunRecord>,
    /// What the keeper reported while the configuration was read.
    early: Vec<Report>,
    serving: Option<Serving>,
    first: Option<listening::First>,
    turn: data_dir::Turn,
}

impl Prepared {
    fn start(self, keeper: KeeperLink) -> Booted {
        let mut main_loop = MainLoop::assemble(keeper, self.parts);
        let back = main_loop.back.clone();
        let listening = self.first.map(|first| {
            let (listening, web) = first.follow(back);
            main_loop.situation.web = web;
            listening
        });
        main_loop.begin(self.estate, self.unrecorded);
        for report in self.early {
            main_loop.handle_report(report);
        }
        Booted {
            main_loop,
            serving: self.serving,
            listening,
            turn: self.turn,
        }
    }
}

fn failed(what: &str, error: &dyn std::fmt::Display) -> Refused {
    tracing::error!("could not {what}: {error}");
    Refused(FAILED)
}

/// `first` becomes false once the keeper has said that it has had other daemons before.
async fn prepare(
    options: Options,
    keeper: &mut KeeperLink,
    first: &mut bool,
) -> Result<Prepared, Refused> {
    let welcome = greet(keeper).await?;
    *first = welcome.fresh;
    let turn = data_dir::wait_for_turn(&options.data)
        .map_err(|error| failed("take over the data directory", &error))?;
    let mut early = Vec::new();
    let agreed = load_agreed(&options, &welcome, keeper, &mut early).await?;
    let mut history =
        open_history(&options.data).map_err(|error| failed("open the history", &error))?;
    let now = clock::now();
    let data_id = data_dir::id(&options.data, || format!("{:032x}", entropy::random()));
    let limits = adopt::limits_that_do_not_hold(&welcome.held);
    let unrecorded = end_survivors(&options, &data_id, &welcome, &mut history, &agreed.plan);
    let open_runs = std::mem::take(&mut history.open_runs);
    let messages = Messages::open(&agreed.plan, &history.queries, &open_runs, &options)
        .map_err(|error| failed("read the history", &error))?;
    let estate = adopt::sort(welcome.held, open_runs);
    let fleet = new_fleet(&agreed.plan, &mut history, welcome.fresh);

    let (data, queries) = (options.data.clone(), history.queries.clone());
    let writer = history.writer.clone();
    let past = Arc::new(Past::new(data, queries.clone(), writer.clone()));
    let found = [("config", agreed.trouble), ("limits", limits)];
    let doors = open_doors(&options, Arc::clone(&agreed.plan), (past, writer), found).await?;
    let end = doors.end;
    let (journal, notices) = journal_of(history, &end);
    let situation = Situation {
        binary: std::env::args_os().next().unwrap_or_default().into(),
        exit_when_done: options.exit_when_done || agreed.plan.daemon.exit_when_done,
        keeper_pid: nix::unistd::getppid().as_raw(),
        started_at: now.wall,
        stopping: false,
        web: watch::channel(Web::default()).1,
        access: doors.access,
        troubles: doors.troubles,
        notices,
        data_id,
        fresh: welcome.fresh,
        loaded: agreed.loaded,
        options,
    };
    let parts = Parts {
        fleet,
        journal,
        queries,
        end,
        wall: WallTimer::new().map_err(|error| failed("make a timer", &error))?,
        notify: NotifySocket::new(welcome.notify)
            .map_err(|error| failed("listen to services", &error))?,
        watches: Watches::new().map_err(|error| failed("watch files", &error))?,
        init: Init::from_env(|name| std::env::var(name).ok()),
        reloading: Reloading::new(welcome.trusts_loader_only),
        situation,
        messages,
    };
    Ok(Prepared {
        parts,
        estate,
        unrecorded,
        early,
        serving: doors.serving,
        first: doors.first,
        turn,
    })
}

/// The journal of a history, and what people have to know about that.
fn journal_of(history: Known, end: &LoopEnd) -> (Journal, Vec<String>) {
    let journal = Journal::new(history.writer, history.told, end, history.next_seq);
    (journal, history.notices)
}

/// How the faces come in, and what is wrong with that.
struct Doors {
    access: Arc<Access>,
    end: LoopEnd,
    serving: Option<Serving>,
    first: Option<listening::First>,
    troubles: BTreeMap<&'static str, String>,
}

async fn open_doors(
    options: &Options,
    plan: Arc<Plan>,
    (past, writer): (Arc<Past>, store::Writer),
    [config, limits]: [(&'static str, Option<String>); 2],
) -> Result<Doors, Refused> {
    let (access, no_access) = open_access(options);
    let (faces, end) = handle::open(plan, past, Arc::clone(&access));
    let faces = faces.recording(move |entry| writer.send([store::Write::Audit(Box::new(entry))]));
    let first = match options.only {
        Some(_) => None,
        None => Some(listening::first(faces.clone(), options.clone()).await),
    };
    let silent = first.as_ref().and_then(listening::First::trouble);
    if let Some(trouble) = &silent {
        tracing::error!("{trouble}");
    }
    let mut troubles = troubles([config, limits, ("access", no_access), ("listen", silent)]);
    let serving = serve_or_warn(options, faces, &mut troubles)?;
    Ok(Doors {
        access,
        end,
        serving,
        first,
        troubles,
    })
}

/// Who may do what. Where that can't be had, the door is shut to strangers: its password is in nobody's hand but the
/// socket's.
fn open_access(options: &Options) -> (Arc<Access>, Option<String>) {
    if options.only.is_some() {
        return (Access::forgetful(), None);
    }
    let opened = given::find(|name| std::env::var_os(name)).and_then(|given| {
        Access::open(&options.data, given).map_err(|error| format!("could not {error}"))
    });
    match opened {
        Ok(access) => (access, None),
        Err(why) => {
            let trouble = format!("nobody can sign in over HTTP: {why}");
            tracing::error!("{trouble}");
            (Access::forgetful(), Some(trouble))
        }
    }
}

/// What is wrong from the start, by part.
fn troubles<const N: usize>(
    found: [(&'static str, Option<String>); N],
) -> BTreeMap<&'static str, String> {
    let named = found.into_iter();
    named
        .filter_map(|(part, message)| Some((part, message?)))
        .collect()
}

/// Serves the faces. Where the socket can't be made because nothing can be written, supervising goes on without.
fn serve_or_warn(
    options: &Options,
    faces: handle::Handle,
    troubles: &mut BTreeMap<&'static str, String>,
) -> Result<Option<Serving>, Refused> {
    match serve(options.socket.clone(), faces) {
        Ok(Ok(serving)) => Ok(Some(serving)),
        Ok(Err(trouble)) => {
            tracing::error!("{trouble}");
            troubles.insert("socket", trouble);
            Ok(None)
        }
        Err(error) => Err(failed("serve commands", &error)),
    }
}

/// Ends processes of earlier runs that nobody holds, and answers with rows for those that have none. A daemon that is
/// there for a single run touches nothing but that: what an earlier one left is for the next whole one.
fn end_survivors(
    options: &Options,
    data_id: &str,
    welcome: &Welcome,
    history: &mut Known,
    plan: &Plan,
) -> Vec<RunRecord> {
    let held: Vec<RunId> = welcome.held.iter().map(|held| held.run).collect();
    if options.only.is_some() {
        history.open_runs.retain(|row| held.contains(&row.id));
        return Vec::new();
    }
    let mut ended = survivors::ended_before(&options.data);
    ended.extend(survivors::end_all(data_id, |run| held.contains(&run)));
    let recorded = |run: RunId| {
        history.open_runs.iter().any(|row| row.id == run)
            || matches!(history.queries.run(&run.to_string()), Ok(Some(_)))
    };
    adopt::unrecorded(&ended, recorded, plan, clock::now())
}

fn new_fleet(plan: &Arc<Plan>, history: &mut Known, fresh: bool) -> Fleet {
    let boot = Boot {
        boot_id: store::boot_id().unwrap_or_default(),
        seed: u64::try_from(entropy::random() & u128::from(u64::MAX)).unwrap_or_default(),
        fresh,
    };
    let memories = std::mem::take(&mut history.memories);
    let mut fleet = Fleet::new(Arc::clone(plan), memories, boot);
    fleet.recall(std::mem::take(&mut history.last_runs));
    fleet
}

impl MainLoop {
    /// Tells the keeper what it is to hold, takes over what it holds already, and starts everything.
    fn begin(&mut self, estate: Estate, unrecorded: Vec<RunRecord>) {
        let now = clock::now();
        let plan = Arc::clone(self.fleet.plan());
        if self.reloading.daemon_defines() {
            for (unit, spec) in specs::of_plan(&plan) {
                self.keeper.ask(
                    Ask::Define {
                        unit,
                        spec: Box::new(spec),
                    },
                    Vec::new(),
                );
            }
        }
        for row in &estate.open {
            self.journal.tally.know_run(row);
        }
        let whole = self.situation.options.only.is_none();
        if whole {
            self.record_ended(unrecorded);
        }
        adopt::discard(&mut self.keeper, &estate.unwanted);
        self.take_over_live(&estate.adopted);
        let searched: Vec<_> = estate
            .adopted
            .iter()
            .filter(|run| run.gone.is_none())
            .map(|run| run.row.id)
            .collect();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        self.journal.tell(
            now.wall,
            Event::DaemonStarted {
                version: version.clone(),
            },
        );
        let crashed = !self.situation.fresh;
        self.hear(now.wall, vec![Heard::Daemon { crashed, version }]);
        let mut actions = Vec::new();
        self.fleet
            .adopt(now, estate.adopted, estate.open, &mut actions);
        if whole {
            self.fleet.boot(now, &mut actions);
            self.schedule_first_sweep();
        }
        for run in searched {
            self.begin_rules(run);
        }
        self.act(now, actions);
        self.plan_changed();
        self.init.ready(&self.summary());
        tracing::info!(units = plan.units.len(), socket = %self.situation.options.socket.display(), "ready");
    }

    /// Records runs that were ended before there was a row.
    fn record_ended(&mut self, unrecorded: Vec<RunRecord>) {
        let any = !unrecorded.is_empty();
        for row in unrecorded {
            self.record_interrupted(row);
        }
        self.journal.flush();
        // The list of them may go once they are on disk.
        if !any || self.journal.writer().flush(super::LAST_COMMIT) {
            survivors::forget_ended(&self.situation.options.data);
        }
    }

    /// One line for the init system.
    pub(crate) fn summary(&self) -> String {
        let plan = self.fleet.plan();
        let services = plan
            .units
            .values()
            .filter(|unit| matches!(unit.role, Role::Service(_)))
            .count();
        format!("{services} services, {} tasks", plan.units.len() - services)
    }
}
