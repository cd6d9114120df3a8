//! The daemon as the keeper's child: started, replaced when it dies, and what it said it would leave for.

use std::ffi::{CString, OsString};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::{Pid, execve, setpgid};
use runwisp_core::words::keeper::AfterLeave;
use runwisp_core::words::spawn::RunAs;
use runwisp_core::words::time::Mono;

use crate::channel::Inbox;
use crate::environment::{Environment, to_strings};
use crate::main_loop::Keeper;
use crate::poll::Token;
use crate::pulse::Pulse;
use crate::say::say;
use crate::spawn::fork_child;
use crate::{DAEMON_FD, FD_VARIABLE, child, clock, signals};

/// The longest wait before a daemon that keeps dying is started again, and the step it grows by.
const BACKOFF_MAX: Duration = Duration::from_secs(5);
const BACKOFF_STEP: Duration = Duration::from_millis(100);

/// A daemon that lived this long is taken to be well.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// The daemon, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Daemon {
    pub(crate) pid: Option<i32>,
    /// Our end of its socket; none once it has hung up.
    pub(crate) channel: Option<OwnedFd>,
    pub(crate) inbox: Inbox,
    /// Whether it said hello, and whether it was answered.
    pub(crate) hello: bool,
    pub(crate) welcomed: bool,
    /// How many were answered so far.
    pub(crate) greeted: u32,
    /// What it said it leaves for.
    pub(crate) leave: Option<AfterLeave>,
    /// Whether its loop turns.
    pub(crate) pulse: Pulse,
    /// Whether the socket was full.
    pub(crate) wants_write: bool,
    started: Mono,
    /// Deaths in quick succession.
    deaths: u32,
    pub(crate) restart_at: Option<Mono>,
}

impl Daemon {
    /// Its first words.
    pub(crate) fn said_hello(&mut self) {
        self.hello = true;
        self.welcomed = false;
    }

    /// Whether somebody is there, or about to be, who can be asked to stop things.
    pub(crate) fn is_there(&self) -> bool {
        self.pid.is_some() && self.channel.is_some()
    }
}

impl Keeper {
    /// Starts a daemon; on failure tries again later.
    pub(crate) fn start_daemon(&mut self) {
        self.daemon.restart_at = None;
        self.daemon.started = clock::mono();
        self.daemon.hello = false;
        self.daemon.welcomed = false;
        self.daemon.pulse = Pulse::Unknown;
        self.daemon.wants_write = false;
        self.stopping.forget_told();
        match self.fork_daemon() {
            Ok((pid, channel)) => {
                self.daemon.pid = Some(pid);
                if let Err(errno) = self.poll.add(&channel, Token::Channel) {
                    say(&format!("could not listen to the daemon: {errno}"));
                }
                self.daemon.channel = Some(channel);
            }
            Err(errno) => {
                say(&format!("could not start the daemon: {errno}"));
                self.schedule_daemon();
            }
        }
    }

    fn fork_daemon(&mut self) -> nix::Result<(i32, OwnedFd)> {
        let (ours, theirs) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )?;
        fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let mut env: Environment = self.env.iter().cloned().collect();
        let not_for_it = [
            "LISTEN_FDS",
            "LISTEN_PID",
            "LISTEN_FDNAMES",
            crate::upgrade::VARIABLE,
        ];
        env.retain(|name, _| !not_for_it.iter().any(|n| name == n));
        env.insert(FD_VARIABLE.into(), DAEMON_FD.to_string().into());
        let program = Program::new(self, &self.options.daemon_args, env)?;
        let user = self.options.daemon_user.as_ref();
        let pid = fork_child(|| {
            let errno = become_daemon(&program, &theirs, user);
            say(&format!("could not execute the daemon: {errno}"));
            // SAFETY: ends the child at once, without running anything that belongs to the keeper.
            unsafe { libc::_exit(126) }
        })?;
        Ok((pid, ours))
    }

    /// The daemon has ended, by itself with `code` or else by a signal.
    pub(crate) fn daemon_ended(&mut self, code: Option<i32>) {
        self.take_last_asks();
        self.daemon.pid = None;
        self.daemon.channel = None;
        self.daemon.hello = false;
        if self.stopping.is_ending() {
            return;
        }
        match (self.daemon.leave.take(), code) {
            (Some(AfterLeave::Exit(code)), _) => self.kill_all_and_exit(code),
            (Some(AfterLeave::Restart), _) => self.start_daemon(),
            (Some(AfterLeave::Upgrade), _) => self.upgrade(),
            (None, Some(code)) if self.daemon.greeted == 0 && self.runs.is_empty() => {
                self.kill_all_and_exit(code);
            }
            (None, _) if self.stopping.daemon_failed_to_stop() => self.stop_by_itself(),
            (None, _) => {
                say("the daemon has died; starting another");
                self.schedule_daemon();
            }
        }
    }

    fn schedule_daemon(&mut self) {
        let now = clock::mono();
        if now.since(self.daemon.started) >= WELL_AFTER {
            self.daemon.deaths = 0;
        }
        let wait = BACKOFF_STEP
            .saturating_mul(self.daemon.deaths)
            .min(BACKOFF_MAX);
        self.daemon.deaths = self.daemon.deaths.saturating_add(1);
        self.daemon.restart_at = Some(now.plus(wait));
    }

    pub(crate) fn restart_daemon_if_due(&mut self, now: Mono) {
        if self.daemon.restart_at.is_some_and(|at| at <= now) {
            self.start_daemon();
        }
    }

    /// The daemon can't be talked to any more. If it has not ended, it is ended: two would be worse than none. One
    /// that is ending keeps its exit code.
    pub(crate) fn hang_up(&mut self) {
        let Some(channel) = self.daemon.channel.take() else {
            return;
        };
        self.poll.remove(&channel);
        self.daemon.hello = false;
        let Some(pid) = self.daemon.pid else { return };
        if self.daemon.leave.is_none() {
            // SAFETY: the call takes numbers only; the process is ours and not reaped yet.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }
}

/// The keeper's own program with arguments and an environment, ready to be executed.
#[derive(Debug)]
pub(crate) struct Program {
    path: CString,
    argv: Vec<CString>,
    env: Vec<CString>,
    nofile: (u64, u64),
}

impl Program {
    pub(crate) fn new(
        keeper: &Keeper,
        args: &[OsString],
        mut env: Environment,
    ) -> nix::Result<Program> {
        env.retain(|name, _| !name.as_bytes().contains(&b'='));
        // The loader's too: what a configuration makes of them must be the same for both.
        if let Some(user) = &keeper.options.daemon_user {
            for (name, value) in [
                ("HOME", &user.home),
                ("USER", &user.name),
                ("LOGNAME", &user.name),
            ] {
                env.insert(name.into(), value.into());
            }
        }
        let c = |text: &std::ffi::OsStr| CString::new(text.as_bytes()).map_err(|_| Errno::EINVAL);
        let path = c(keeper.options.program.as_os_str())?;
        let mut argv = vec![path.clone()];
        for arg in args {
            argv.push(c(arg)?);
        }
        let env = to_strings(&env).ok_or(Errno::EINVAL)?;
        let nofile = keeper.nofile;
        Ok(Program {
            path,
            argv,
            env,
            nofile,
        })
    }

    /// Executes it in this (forked) process. Gives the error that prevented it.
    pub(crate) fn execute(&self) -> Errno {
        signals::reset_in_child();
        let (soft, hard) = self.nofile;
        if let Err(errno) = setrlimit(Resource::RLIMIT_NOFILE, soft, hard) {
            return errno;
        }
        let Err(errno) = execve(&self.path, &self.argv, &self.env);
        errno
    }
}

/// In the child: its own process group (a Ctrl-C is the keeper's business), its socket, its user.
fn become_daemon(program: &Program, socket: &OwnedFd, user: Option<&RunAs>) -> Errno {
    let prepared = setpgid(Pid::from_raw(0), Pid::from_raw(0)).and_then(|()| {
        if socket.as_raw_fd() == DAEMON_FD {
            fcntl(socket, FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty())).map(drop)
        } else {
            child::dup_to(socket, DAEMON_FD)
        }
    });
    let first = u32::try_from(DAEMON_FD + 1).unwrap_or(4);
    let prepared = prepared.and_then(|()| child::close_on_exec_from(first));
    if let Err(errno) = prepared {
        return errno;
    }
    if let Some(user) = user
        && let Err((_, errno, _)) = child::become_user(user)
    {
        return errno;
    }
    program.execute()
}
