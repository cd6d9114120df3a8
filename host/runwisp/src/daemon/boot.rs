//! The start: from the keeper's socket to a loop that turns, step by step.
//!
//! Order matters: the lock before the store, the store before survivors are ended, and nothing is started before every
//! process of an earlier run is either taken over or gone.

use std::collections::{BTreeMap, HashMap};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use runwisp_core::config::plan::{Plan, Role};
use runwisp_core::machine::{Boot, Fleet};
use runwisp_core::words::action::Memory;
use runwisp_core::words::event::Event;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::keeper::{AfterLeave, Ask, Held, PROTOCOL, Report};
use runwisp_core::words::run::RunRecord;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::adopt::{self, Estate};
use super::callers::Callers;
use super::clock::{self, WallTimer};
use super::configuration::Configuration;
use super::exec_probes::ExecProbes;
use super::handle;
use super::journal::Journal;
use super::keeper_link::KeeperLink;
use super::main_loop::MainLoop;
use super::notify_socket::NotifySocket;
use super::options::Options;
use super::output_rules::OutputRules;
use super::past::Past;
use super::reload::Reloading;
use super::room::Room;
use super::rows::Rows;
use super::situation::Situation;
use super::systemd::Init;
use super::taps::Taps;
use super::trusted::{self, Reading};
use super::watch::Watches;
use super::{data_dir, entropy, specs, survivors};
use crate::http::listen;
use crate::store::{self, Queries, StoreError, Told, Write, Writer};

/// Names the inherited end of the keeper's socket.
const KEEPER_FD: &str = "RUNWISP_KEEPER_FD";
/// Exit codes that people see as the keeper's, from the table in `cli::exit_code`.
const FAILED: i32 = 1;
const BAD_CONFIG: i32 = 78;

/// How often files that change while two processes read them are read again.
const READINGS: u32 = 3;

/// A loop ready to turn, and what has to outlive it.
pub(crate) struct Booted {
    pub(crate) main_loop: MainLoop,
    pub(crate) serving: Option<Serving>,
    pub(crate) turn: data_dir::Turn,
}

/// Callers are served as long as this lives. Its end takes the socket along; the next daemon of this directory makes its
/// own only after this one has ended (`data_dir::Turn`).
pub(crate) struct Serving {
    task: JoinHandle<()>,
    socket: PathBuf,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
        listen::remove(&self.socket);
    }
}

/// What the keeper says to a new daemon.
struct Welcome {
    held: Vec<Held>,
    notify: OwnedFd,
    fresh: bool,
    trusts_loader_only: bool,
}

/// A failure that ends the start, told already; the code is the keeper's exit code.
struct Refused(i32);

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
    match try_boot(options, &mut keeper, &mut first).await {
        Ok(make) => Ok(make(keeper)),
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

/// Takes the descriptor that the keeper left open, and keeps it from the children of this process.
fn inherited_socket() -> std::io::Result<OwnedFd> {
    let number = std::env::var(KEEPER_FD)
        .ok()
        .and_then(|text| text.parse::<i32>().ok());
    let number = number
        .filter(|fd| *fd > 2)
        .ok_or_else(|| std::io::Error::other("no socket was inherited"))?;
    nix::fcntl::fcntl(
        // SAFETY: only looked at here; an invalid number is an error of the call.
        unsafe { std::os::fd::BorrowedFd::borrow_raw(number) },
        nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC),
    )?;
    // SAFETY: valid, as the call above has shown, and nobody else in this process knows it.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    nix::fcntl::fcntl(
        socket.as_fd(),
        nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK),
    )?;
    Ok(socket)
}

async fn greet(keeper: &mut KeeperLink) -> Result<Welcome, Refused> {
    keeper.ask(Ask::Hello { protocol: PROTOCOL }, Vec::new());
    loop {
        let Ok((report, mut fds)) = keeper.next().await else {
            tracing::error!("the keeper is gone");
            return Err(Refused(FAILED));
        };
        let Report::Welcome {
            protocol,
            version,
            trusts_loader_only,
            generation,
            runs,
            ..
        } = report
        else {
            // Reports made before the greeting; everything they say is in the list of runs too.
            continue;
        };
        if protocol != PROTOCOL {
            tracing::error!(
                "the keeper is of version {version} and speaks protocol {protocol}, this daemon speaks {PROTOCOL}; \
                 `runwisp upgrade` replaces both"
            );
            return Err(Refused(FAILED));
        }
        let Some(notify) = fds.pop() else {
            tracing::error!("the keeper sent no sd_notify socket");
            return Err(Refused(FAILED));
        };
        return Ok(Welcome {
            held: runs,
            notify,
            fresh: generation == 0,
            trusts_loader_only,
        });
    }
}

type Make = Box<dyn FnOnce(KeeperLink) -> Booted>;

/// Everything that may fail. What it answers with cannot. `first` becomes false once the keeper has said that it has
/// had other daemons before.
async fn try_boot(
    options: Options,
    keeper: &mut KeeperLink,
    first: &mut bool,
) -> Result<Make, Refused> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        tracing::error!("could not {what}: {error}");
        Refused(FAILED)
    };
    let welcome = greet(keeper).await?;
    *first = welcome.fresh;
    let turn = data_dir::wait_for_turn(&options.data)
        .map_err(|error| failed("take over the data directory", &error))?;
    let mut early = Vec::new();
    let Agreed {
        loaded,
        plan,
        trouble,
    } = load_agreed(&options, &welcome, keeper, &mut early).await?;
    let history =
        open_history(&options.data).map_err(|error| failed("open the history", &error))?;
    let data_id = data_dir::id(&options.data, || format!("{:032x}", entropy::random()));
    let now = clock::now();
    let limits = adopt::limits_that_do_not_hold(&welcome.held);
    let mut troubles: BTreeMap<_, _> = [("config", trouble), ("limits", limits)]
        .into_iter()
        .filter_map(|(part, message)| Some((part, message?)))
        .collect();
    let held_ids: Vec<_> = welcome.held.iter().map(|held| held.run).collect();
    let mut open = history.open_runs;
    let unrecorded = if options.only.is_some() {
        // What an earlier daemon left is for the next whole one: a single run touches nothing but itself.
        open.retain(|row| held_ids.contains(&row.id));
        Vec::new()
    } else {
        let mut ended = survivors::ended_before(&options.data);
        ended.extend(survivors::end_all(&data_id, |run| held_ids.contains(&run)));
        let recorded = |run: RunId| {
            let id = run.to_string();
            open.iter().any(|row| row.id == run) || matches!(history.queries.run(&id), Ok(Some(_)))
        };
        adopt::unrecorded(&ended, recorded, &plan, now)
    };
    let estate = adopt::sort(welcome.held, open);

    let seed = u64::try_from(entropy::random() & u128::from(u64::MAX)).unwrap_or_default();
    let boot_id = store::boot_id().unwrap_or_default();
    let mut fleet = Fleet::new(
        Arc::clone(&plan),
        history.memories,
        Boot {
            boot_id,
            seed,
            fresh: welcome.fresh,
        },
    );
    fleet.recall(history.last_runs);
    let past = Arc::new(Past::new(
        options.data.clone(),
        history.queries.clone(),
        history.writer.clone(),
    ));
    let (faces, end) = handle::open(Arc::clone(&plan), past);
    let serving = match listen::bind(&options.socket) {
        Ok(listener) => Some(Serving {
            task: tokio::spawn(async move {
                if let Err(error) = listen::serve(listener, faces).await {
                    tracing::error!(%error, "the socket is served no more");
                }
            }),
            socket: options.socket.clone(),
        }),
        // Nobody can talk to this daemon, but what it supervises goes on.
        Err(listen::ListenError::Io { path, error })
            if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem =>
        {
            tracing::error!(
                "no commands are taken: {path} can't be made, the file system is read-only"
            );
            troubles.insert("socket", format!("{path} can't be made: {error}"));
            None
        }
        Err(error) => return Err(failed("serve commands", &error)),
    };
    let notify =
        NotifySocket::new(welcome.notify).map_err(|error| failed("listen to services", &error))?;
    let wall = WallTimer::new().map_err(|error| failed("make a timer", &error))?;
    let watches = Watches::new().map_err(|error| failed("watch files", &error))?;

    let init = Init::from_env(|name| std::env::var(name).ok());
    let (back, returned) = mpsc::unbounded_channel();
    let reloading = Reloading::new(welcome.trusts_loader_only);
    let situation = Situation {
        exit_when_done: options.exit_when_done || plan.daemon.exit_when_done,
        keeper_pid: nix::unistd::getppid().as_raw(),
        started_at: now.wall,
        stopping: false,
        troubles,
        notices: history.notices,
        data_id,
        loaded,
        options,
    };
    let journal = Journal::new(
        history.writer,
        history.told,
        end.events.clone(),
        history.next_seq,
    );
    let queries = history.queries;
    Ok(Box::new(move |keeper| {
        let mut main_loop = MainLoop {
            fleet,
            keeper,
            journal,
            queries,
            end,
            wall,
            notify,
            watches,
            next_watchdog: init
                .watchdog_interval()
                .map(|interval| Instant::now() + interval),
            init,
            probes: ExecProbes::default(),
            taps: Taps::default(),
            rules: OutputRules::default(),
            callers: Callers::default(),
            reloading,
            situation,
            live: HashMap::new(),
            rows: Rows::default(),
            room: Room::default(),
            back,
            returned,
            leaving: None,
        };
        main_loop.begin(estate, unrecorded);
        for report in early {
            main_loop.handle_report(report);
        }
        Booted {
            main_loop,
            serving,
            turn,
        }
    }))
}

/// The history, and what it holds that the machines begin with.
struct Known {
    writer: Writer,
    queries: Queries,
    told: mpsc::UnboundedReceiver<Told>,
    notices: Vec<String>,
    next_seq: u64,
    memories: BTreeMap<UnitName, Memory>,
    open_runs: Vec<RunRecord>,
    last_runs: Vec<RunRecord>,
}

fn open_history(data: &Path) -> Result<Known, StoreError> {
    let (tell, told) = mpsc::unbounded_channel();
    let opened = store::open(
        data,
        Box::new(move |word| {
            // The loop has ended: nobody needs to know any more.
            let _ = tell.send(word);
        }),
    )?;
    let queries = opened.queries;
    Ok(Known {
        next_seq: queries.next_seq()?,
        memories: queries.memories()?.into_iter().collect(),
        open_runs: queries.open_runs()?,
        last_runs: queries.last_ended_per_unit()?,
        writer: opened.writer,
        notices: opened.notices,
        queries,
        told,
    })
}

/// A configuration that the keeper's loader, where it has one, has read too.
struct Agreed {
    loaded: Configuration,
    plan: Arc<Plan>,
    /// The two did not agree, and services that live are a reason to go on all the same.
    trouble: Option<String>,
}

/// Reads the configuration, and has the keeper's loader read it where the keeper trusts nobody else.
async fn load_agreed(
    options: &Options,
    welcome: &Welcome,
    keeper: &mut KeeperLink,
    early: &mut Vec<Report>,
) -> Result<Agreed, Refused> {
    let mut tries = 1;
    loop {
        let (loaded, plan) = load(options, welcome.fresh, welcome.trusts_loader_only)?;
        let agreed = |trouble| Agreed {
            loaded,
            plan: Arc::clone(&plan),
            trouble,
        };
        if !welcome.trusts_loader_only {
            return Ok(agreed(None));
        }
        let trouble = match trusted::ask(keeper, &plan, early).await {
            Ok(Reading::Same) => return Ok(agreed(None)),
            Ok(Reading::Different) if tries < READINGS => {
                tries += 1;
                continue;
            }
            Ok(Reading::Different) => {
                "root reads another configuration than the daemon's user does".to_owned()
            }
            Ok(Reading::Failed(said)) => format!("root can't read the configuration: {said}"),
            Err(gone) => {
                tracing::error!("{gone}");
                return Err(Refused(FAILED));
            }
        };
        tracing::error!("{trouble}");
        if welcome.fresh {
            return Err(Refused(BAD_CONFIG));
        }
        return Ok(agreed(Some(trouble)));
    }
}

/// Reads the configuration. A broken one ends a first start; a daemon that comes back while its services live uses the
/// last one that was good.
fn load(
    options: &Options,
    fresh: bool,
    keeper_is_root: bool,
) -> Result<(Configuration, Arc<Plan>), Refused> {
    let mut loaded = Configuration::load(&options.config, keeper_is_root);
    if loaded.plan.is_none()
        && !fresh
        && let Some(good) = Configuration::last_good(&options.data, keeper_is_root)
    {
        tracing::error!(
            "the configuration is broken, the last good one is used\n{}",
            loaded.rendered
        );
        loaded = good;
    }
    keep_only(&mut loaded, options.only.as_deref());
    match loaded.plan.clone() {
        Some(plan) => {
            loaded.keep(&options.data);
            for warning in loaded.warnings() {
                tracing::warn!("{warning}");
            }
            Ok((loaded, plan))
        }
        None => {
            tracing::error!("the configuration is refused\n{}", loaded.rendered);
            Err(Refused(BAD_CONFIG))
        }
    }
}

/// `--only UNIT`: that one task is run when asked to, once; what follows or repeats a run is for a daemon that stays.
/// Nothing else happens, because the fleet is not booted: no schedule, and nothing that is remembered changes.
fn keep_only(loaded: &mut Configuration, only: Option<&str>) {
    let (Some(only), Some(plan)) = (only, &loaded.plan) else {
        return;
    };
    let mut plan = Plan::clone(plan);
    plan.daemon.exit_when_done = false;
    if let Some(unit) = plan.units.get_mut(only)
        && let Role::Task(task) = &mut unit.role
    {
        task.retry_attempts = Some(0);
        task.on_success.clear();
        task.on_failure.clear();
    }
    loaded.plan = Some(Arc::new(plan));
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
        self.journal
            .tell(now.wall, Event::DaemonStarted { version });
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
            self.journal.write(Write::Run {
                row: Box::new(row),
                confirm: false,
            });
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
