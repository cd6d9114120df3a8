//! The keeper's state and its loop: wait, take in, act, tell.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use jiff::Timestamp;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signalfd::SignalFd;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, UnixAddr, bind, getsockname, setsockopt, socket, sockopt,
};
use nix::sys::stat::Mode;
use nix::unistd::{Uid, User};
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::spawn::SpawnSpec;
use runwisp_core::words::time::Mono;

use crate::KeeperOptions;
use crate::capture::{Tools, Turn};
use crate::daemon_process::Daemon;
use crate::held::Run;
use crate::hunt::Hunt;
use crate::loader::Loader;
use crate::log_file::Disk;
use crate::poll::{Poll, Token};
use crate::say::say;
use crate::stopping::Stopping;
use crate::{cgroup, clock, environment, signals};

/// What is read of terminals and secret-bearing pipes at a time.
const BUFFER: usize = 64 * 1024;

/// Turns in a row that may panic before the keeper gives up.
const PANICS_MAX: u32 = 10;

/// Everything the keeper knows.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) options: KeeperOptions,
    /// Its environment as it was at the start.
    pub(crate) env: Vec<(OsString, OsString)>,
    /// Who it runs as, in the words of an environment, whether or not that says so: under systemd it may not.
    pub(crate) account: Vec<(OsString, OsString)>,
    /// Its limits of open files as they were at the start, soft and hard.
    pub(crate) nofile: (u64, u64),
    pub(crate) started_at: Timestamp,
    pub(crate) cgroup_root: Option<PathBuf>,
    pub(crate) poll: Poll,
    pub(crate) signals: SignalFd,
    pub(crate) tools: Tools,
    /// Where children send sd_notify messages; the daemon reads them.
    pub(crate) notify: OwnedFd,
    pub(crate) notify_address: String,
    pub(crate) specs: HashMap<UnitName, SpawnSpec>,
    pub(crate) runs: BTreeMap<RunId, Run>,
    pub(crate) slots: HashMap<u32, RunId>,
    pub(crate) last_slot: u32,
    /// Living main processes.
    pub(crate) pids: HashMap<i32, RunId>,
    /// Runs that may have something to report; each at most once.
    pub(crate) listed: VecDeque<RunId>,
    pub(crate) daemon: Daemon,
    /// When the daemon was last told of output that could not be written.
    pub(crate) loss_told: Option<Mono>,
    pub(crate) loader: Loader,
    pub(crate) hunt: Hunt,
    pub(crate) stopping: Stopping,
    /// Whether more children may wait to be reaped than one turn took.
    pub(crate) reap_again: bool,
}

impl Keeper {
    pub(crate) fn new(options: KeeperOptions) -> nix::Result<Keeper> {
        occupy_standard_descriptors()?;
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        let (notify, notify_address) = open_notify_socket()?;
        Keeper::assemble(
            options,
            (soft, hard),
            Timestamp::now(),
            notify,
            notify_address,
        )
    }

    /// A keeper without runs.
    pub(crate) fn assemble(
        options: KeeperOptions,
        nofile: (u64, u64),
        started_at: Timestamp,
        notify: OwnedFd,
        notify_address: String,
    ) -> nix::Result<Keeper> {
        let signals = signals::open()?;
        // SAFETY: the call takes numbers only.
        Errno::result(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) })?;
        // Without the higher limit the keeper holds fewer runs at a time; nothing else changes.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, nofile.1, nofile.1);
        let poll = Poll::new()?;
        poll.add(&signals, Token::Signals)?;
        let null = open(
            "/dev/null",
            OFlag::O_WRONLY | OFlag::O_CLOEXEC,
            Mode::empty(),
        )?;
        Ok(Keeper {
            cgroup_root: options.cgroup_root.clone().or_else(cgroup::find_root),
            options,
            env: std::env::vars_os().collect(),
            account: environment::account(User::from_uid(Uid::effective()).ok().flatten()),
            nofile,
            started_at,
            poll,
            signals,
            tools: Tools {
                null,
                buffer: vec![0; BUFFER],
                disk: Disk {
                    keep: true,
                    failed: None,
                },
            },
            notify,
            notify_address,
            specs: HashMap::new(),
            runs: BTreeMap::new(),
            slots: HashMap::new(),
            last_slot: 0,
            pids: HashMap::new(),
            listed: VecDeque::new(),
            daemon: Daemon::default(),
            loss_told: None,
            loader: Loader::default(),
            hunt: Hunt::default(),
            stopping: Stopping::default(),
            // What ended before the signals were opened is not announced.
            reap_again: true,
        })
    }

    /// Turns until it is time to leave; gives the exit code.
    pub(crate) fn main_loop(&mut self) -> i32 {
        let mut panics = 0;
        loop {
            match catch_unwind(AssertUnwindSafe(|| self.turn())) {
                Ok(Some(code)) => return code,
                Ok(None) => panics = 0,
                // A fault of ours in one turn must not take the children's output and exit statuses with it.
                Err(_) if panics < PANICS_MAX => {
                    panics += 1;
                    say("a turn failed; going on");
                }
                Err(_) => return 70,
            }
        }
    }

    fn turn(&mut self) -> Option<i32> {
        let deadline = if self.reap_again {
            Some(Mono(0))
        } else {
            self.next_deadline()
        };
        for token in self.poll.wait(deadline) {
            self.handle(token);
        }
        if self.reap_again {
            self.reap();
        }
        let now = clock::mono();
        self.restart_daemon_if_due(now);
        self.loader_deadline(now);
        self.lose_patience(now);
        self.end_stuck_daemon(now);
        self.hunt_if_due(now);
        self.tell();
        self.exit_code(now)
    }

    fn next_deadline(&self) -> Option<Mono> {
        [
            self.daemon.restart_at,
            self.hunt.due_at(),
            self.loader.deadline(),
            self.patience_ends(),
            self.pulse_due_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn handle(&mut self, token: Token) {
        match token {
            Token::Signals => self.handle_signals(),
            Token::Channel => self.handle_channel(),
            Token::Loader(part) => self.read_loader(part),
            Token::Exec(slot) => {
                if let Some(id) = self.slots.get(&slot).copied() {
                    self.finish_exec(id);
                }
            }
            Token::Stream(slot, part) => {
                if let Some(id) = self.slots.get(&slot).copied() {
                    self.capture_turn(id, part);
                }
            }
        }
    }

    fn capture_turn(&mut self, id: RunId, part: usize) {
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        let ended = run.capture.turn(part, &mut self.tools) == Turn::Ended;
        self.list(id);
        if ended {
            self.settle(id);
        }
    }

    /// The run may have something to report.
    pub(crate) fn list(&mut self, id: RunId) {
        if let Some(run) = self.runs.get_mut(&id)
            && !run.listed
        {
            run.listed = true;
            self.listed.push_back(id);
        }
    }

    /// A number for a run's events that no other run has.
    pub(crate) fn new_slot(&mut self) -> u32 {
        loop {
            self.last_slot = self.last_slot.wrapping_add(1);
            if !self.slots.contains_key(&self.last_slot) {
                return self.last_slot;
            }
        }
    }
}

/// Makes sure that 0, 1 and 2 are taken, so that no other descriptor ever gets such a number.
fn occupy_standard_descriptors() -> nix::Result<()> {
    loop {
        let fd = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty())?;
        if std::os::fd::AsRawFd::as_raw_fd(&fd) > 2 {
            return Ok(());
        }
        // Stays open for the life of the process.
        let _ = std::os::fd::IntoRawFd::into_raw_fd(fd);
    }
}

/// A datagram socket with an abstract name the kernel picks; who sends is on every message.
fn open_notify_socket() -> nix::Result<(OwnedFd, String)> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
    setsockopt(&fd, sockopt::PassCred, &true)?;
    let raw = std::os::fd::AsRawFd::as_raw_fd(&fd.as_fd());
    bind(raw, &UnixAddr::new_unnamed())?;
    let address: UnixAddr = getsockname(raw)?;
    let name = address.as_abstract().unwrap_or_default();
    Ok((fd, format!("@{}", String::from_utf8_lossy(name))))
}
