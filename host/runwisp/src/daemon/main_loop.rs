//! The one loop: take one input, decide, record, act, tell. It owns the machines and every hand, and waits for nothing
//! but its inputs.
//!
//! Invariant: no output of a child passes through here, and nothing here blocks on a child, a face or the network.
//! Tests: the decisions are tested in the core; the loop with real parts in `tests/e2e`.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use runwisp_core::machine::Fleet;
use runwisp_core::notify::{Notify, heard};
use runwisp_core::words::action::Action;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::input::{Input, Notified};
use runwisp_core::words::keeper::{AfterLeave, Ask, HEARTBEAT, Report, SpawnStep};
use runwisp_core::words::time::{Mono, Now};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::callers::Callers;
use super::clock::{self, Wake, WallTimer};
use super::exec_probes::ExecProbes;
use super::handle::{LoopEnd, Request};
use super::journal::Journal;
use super::keeper_link::{KeeperGone, KeeperLink};
use super::keyed::Keys;
use super::notify_socket::{NotifySocket, run_of_sender};
use super::output_rules::{OutputRules, Scanned};
use super::reload::Reloading;
use super::room::Room;
use super::rows::Rows;
use super::sampling::Sampling;
use super::situation::Situation;
use super::systemd::Init;
use super::taps::Taps;
use super::telling::Messages;
use super::watch::{Changes, Watches};
use crate::store::{Health, Kept, Queries, Told};

/// What the loop wakes up for.
pub(crate) enum Turn {
    /// The keeper said something.
    Report(Report, Vec<OwnedFd>),
    /// The keeper is gone.
    KeeperGone,
    /// The store finished something.
    Store(Told),
    /// A face wants something.
    Asked(Request),
    /// Work that was sent away from the loop came back.
    Back(Back),
    /// A child spoke by sd_notify.
    Notified(i32, Notified),
    /// Watched paths changed.
    Changed(Changes),
    /// The wall-clock timer.
    Wall(Wake),
    /// A monotonic deadline.
    Due,
    /// The keeper, and an init system that watches, want a sign of life.
    Pulse,
    /// It is time to look at what is used.
    Look,
}

/// Work that was sent away from the loop.
pub(crate) enum Back {
    /// A network check is over.
    Probed(RunId, Result<(), String>),
    /// An exec check has had all its time.
    ProbeTimeout(RunId, std::time::Duration),
    /// A run could not be started, and the keeper was never asked.
    SpawnFailed(RunId, String),
    /// Output was searched for what fails a run.
    Scanned(Scanned),
    /// The configuration was read.
    Loaded(Box<super::reload::Read>),
    /// The sweep is over.
    Swept(super::sweeper::Report),
    /// It is time for the next sweep.
    SweepDue,
    /// It is time to look how much room is left.
    LookForRoom,
    /// How much there is.
    Room(super::room::Look),
    /// An attempt to deliver a message is over.
    Attempted(Box<super::telling::Attempted>),
    /// A sample has been sent.
    Tested(Box<super::samples::Tested>),
    /// What is used was looked at.
    Looked(Box<super::sampling::Looked>),
    /// Runs are out of sight; these are left.
    Left(Box<super::hiding::Left>),
    /// A part is in trouble, or right again.
    Trouble(&'static str, Option<String>),
    /// Plugins that nobody has called for a while may go.
    ReleasePlugins,
}

/// A run whose processes the keeper holds.
pub(crate) struct Live {
    pub(crate) unit: UnitName,
    pub(crate) pid: Option<i32>,
    /// When its process began, as far as that is known.
    pub(crate) since: Mono,
}

/// The loop's state: the machines, the hands, and who waits for what.
pub(crate) struct MainLoop {
    pub(crate) fleet: Fleet,
    pub(crate) keeper: KeeperLink,
    pub(crate) journal: Journal,
    pub(crate) queries: Queries,
    pub(crate) end: LoopEnd,
    pub(crate) wall: WallTimer,
    pub(crate) notify: NotifySocket,
    pub(crate) watches: Watches,
    pub(crate) init: Init,
    pub(crate) probes: ExecProbes,
    pub(crate) taps: Taps,
    pub(crate) rules: OutputRules,
    pub(crate) callers: Callers,
    pub(crate) keys: Keys,
    pub(crate) reloading: Reloading,
    pub(crate) situation: Situation,
    pub(crate) messages: Messages,
    pub(crate) live: HashMap<RunId, Live>,
    pub(crate) rows: Rows,
    pub(crate) room: Room,
    pub(crate) sampling: Sampling,
    pub(crate) back: mpsc::UnboundedSender<Back>,
    pub(crate) returned: mpsc::UnboundedReceiver<Back>,
    pub(crate) next_pulse: Instant,
    /// Set once the loop is to end.
    pub(crate) leaving: Option<Leaving>,
}

/// What a loop is made of: what of it could fail to be made.
pub(crate) struct Parts {
    pub(crate) fleet: Fleet,
    pub(crate) journal: Journal,
    pub(crate) queries: Queries,
    pub(crate) end: LoopEnd,
    pub(crate) wall: WallTimer,
    pub(crate) notify: NotifySocket,
    pub(crate) watches: Watches,
    pub(crate) init: Init,
    pub(crate) reloading: Reloading,
    pub(crate) situation: Situation,
    pub(crate) messages: Messages,
}

/// Why the loop ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// The keeper knows, and does this next.
    Then(AfterLeave),
    /// The keeper is gone.
    KeeperGone,
}

impl MainLoop {
    /// A loop at rest.
    pub(crate) fn assemble(keeper: KeeperLink, parts: Parts) -> Self {
        let (back, returned) = mpsc::unbounded_channel();
        let sampling = Sampling::new(&parts.situation.options);
        let (mut journal, mut messages) = (parts.journal, parts.messages);
        let good = !parts.situation.loaded.is_fallback();
        let now = parts.situation.started_at;
        journal.tally.reloaded(now, good);
        for delivery in std::mem::take(&mut messages.restored) {
            journal.tally.know_delivery(&delivery);
        }
        MainLoop {
            fleet: parts.fleet,
            keeper,
            journal,
            queries: parts.queries,
            end: parts.end,
            wall: parts.wall,
            notify: parts.notify,
            watches: parts.watches,
            init: parts.init,
            probes: ExecProbes::default(),
            taps: Taps::default(),
            rules: OutputRules::default(),
            callers: Callers::default(),
            keys: Keys::default(),
            reloading: parts.reloading,
            situation: parts.situation,
            messages,
            live: HashMap::new(),
            rows: Rows::default(),
            room: Room::default(),
            sampling,
            back,
            returned,
            next_pulse: Instant::now(),
            leaving: None,
        }
    }

    /// Turns until there is a reason to leave.
    pub(crate) async fn run(&mut self) -> Leaving {
        loop {
            if let Some(leaving) = self.leaving {
                return leaving;
            }
            let deadline = self.fleet.next_deadline();
            let messages = self.messages_deadline();
            self.wall
                .arm(deadline.wall.into_iter().chain(messages).min());
            let turn = self.next_turn(deadline.mono.map(instant_of)).await;
            let began = Instant::now();
            self.handle(turn);
            self.journal.tally.turn(began.elapsed());
        }
    }

    /// Chooses one input. What the keeper says goes before all that is decided here: it is what has already happened.
    async fn next_turn(&mut self, due: Option<Instant>) -> Turn {
        let pulse = self.next_pulse;
        let look = self.sampling.due();
        tokio::select! {
            biased;
            // A loop that has too much to do turns as well.
            () = sleep_until(pulse) => Turn::Pulse,
            report = self.keeper.next() => match report {
                Ok((report, fds)) => Turn::Report(report, fds),
                Err(KeeperGone) => Turn::KeeperGone,
            },
            told = self.journal.told() => Turn::Store(told),
            Some(back) = self.returned.recv() => Turn::Back(back),
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Turn::Due,
            () = sleep_until(look.unwrap_or_else(Instant::now)), if look.is_some() => Turn::Look,
            wake = self.wall.wait() => Turn::Wall(wake),
            (pid, said) = self.notify.next() => Turn::Notified(pid, said),
            Some(request) = self.end.requests.recv() => Turn::Asked(request),
            changes = self.watches.next() => Turn::Changed(changes),
        }
    }

    fn handle(&mut self, turn: Turn) {
        match turn {
            Turn::Report(report, _fds) => self.handle_report(report),
            Turn::KeeperGone => self.leaving = Some(Leaving::KeeperGone),
            Turn::Store(told) => self.handle_store(told),
            Turn::Asked(request) => self.handle_request(request),
            Turn::Back(back) => self.handle_back(back),
            Turn::Notified(pid, said) => {
                let live = &self.live;
                let run_of = |pid| {
                    live.iter()
                        .find(|(_, l)| l.pid == Some(pid))
                        .map(|(run, _)| *run)
                };
                if let Some(run) = run_of_sender(pid, run_of) {
                    self.step(Input::Notified { run, said });
                }
            }
            Turn::Changed(changes) => {
                for (unit, path) in changes {
                    self.step(Input::WatchedChanged { unit, path });
                }
            }
            Turn::Wall(Wake::Due) => {
                self.step(Input::Tick);
                self.decide_messages(Notify::on_time);
            }
            Turn::Due => self.step(Input::Tick),
            Turn::Wall(Wake::Jumped { by_ms }) => {
                tracing::warn!(by_ms, "the wall clock jumped");
                self.step(Input::ClockJump { by_ms });
                self.decide_messages(Notify::clock_jumped);
            }
            Turn::Look => self.begin_look_at_use(),
            Turn::Pulse => {
                self.keeper.ask(Ask::Alive, Vec::new());
                let watchdog = self.init.watchdog_interval();
                if watchdog.is_some() {
                    self.init.alive();
                }
                let next = watchdog.map_or(HEARTBEAT, |interval| interval.min(HEARTBEAT));
                self.next_pulse = Instant::now() + next;
            }
        }
    }

    fn handle_store(&mut self, told: Told) {
        match told {
            Told::Confirmed { run, kept } => {
                // A row that is only in memory may still be lost: the keeper goes on remembering.
                if self.rows.confirmed(run, kept != Kept::Memory) {
                    self.keeper.ask(Ask::Ack { run }, Vec::new());
                }
                match kept {
                    Kept::Disk | Kept::Memory => self.step(Input::Durable { run }),
                    Kept::Refused => {
                        let message = "this tick has a run already".to_owned();
                        self.step(Input::SpawnFailed {
                            run,
                            step: SpawnStep::Refused,
                            errno: 0,
                            message,
                        });
                    }
                }
            }
            Told::Stored { deliveries } => self.messages_stored(&deliveries),
            Told::Health(Health::Degraded(message)) => self.set_trouble("store", Some(message)),
            Told::Health(Health::Ok) => {
                for run in self.rows.settle() {
                    self.keeper.ask(Ask::Ack { run }, Vec::new());
                }
                self.set_trouble("store", None);
            }
            Told::Notice(notice) => {
                tracing::error!("{notice}");
                self.situation.notices.push(notice);
            }
        }
    }

    fn handle_back(&mut self, back: Back) {
        match back {
            Back::Probed(run, result) => self.step(Input::Probed { run, result }),
            Back::ProbeTimeout(check, after) => self.end_probe(check, after),
            Back::SpawnFailed(run, message) => {
                self.step(Input::SpawnFailed {
                    run,
                    step: SpawnStep::Pipe,
                    errno: 0,
                    message,
                });
            }
            Back::Scanned(scanned) => self.handle_scanned(scanned),
            Back::Loaded(read) => self.handle_loaded(*read),
            Back::Swept(report) => self.handle_swept(report),
            Back::SweepDue => self.begin_sweep(),
            Back::LookForRoom => self.begin_look(),
            Back::Room(look) => self.handle_room(look),
            Back::Attempted(attempted) => self.handle_attempted(*attempted),
            Back::Tested(tested) => self.handle_tested(*tested),
            Back::Looked(looked) => self.handle_looked(*looked),
            Back::Left(left) => self.handle_left(*left),
            Back::Trouble(part, message) => self.set_trouble(part, message),
            Back::ReleasePlugins => self.release_plugins(),
        }
    }

    /// One turn of the machines: what they answer is carried out before the next input is taken.
    pub(crate) fn step(&mut self, input: Input) {
        let now = clock::now();
        let mut actions = Vec::new();
        self.fleet.step(now, input, &mut actions);
        self.act(now, actions);
        if self.situation.exit_when_done && self.fleet.is_idle() && !self.situation.stopping {
            tracing::info!("nothing is left to do");
            self.shut_down(false);
        }
    }

    /// Stops everything, in order or at once.
    pub(crate) fn shut_down(&mut self, at_once: bool) {
        if !self.situation.stopping {
            self.situation.stopping = true;
            self.decide_messages(Notify::stopping);
            self.init
                .stopping(self.fleet.plan().daemon.shutdown_timeout);
        }
        let mut actions = Vec::new();
        let now = clock::now();
        self.fleet
            .step(now, Input::Shutdown { at_once }, &mut actions);
        self.act(now, actions);
    }

    pub(crate) fn act(&mut self, now: Now, actions: Vec<Action>) {
        let heard = heard(&actions);
        for action in actions {
            self.carry_out(now, action);
        }
        self.hear(now.wall, heard);
        self.journal.flush();
    }
}

/// A monotonic moment on tokio's clock, which is the same clock.
fn instant_of(mono: Mono) -> Instant {
    Instant::now() + mono.since(clock::now().mono)
}
