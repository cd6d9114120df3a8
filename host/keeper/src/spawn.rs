//! Starts a run: pipes, fork, and the answer of the child, for which the keeper never blocks.
//!
//! Tests: `tests/keeper/spawning.rs`.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::stat::{SFlag, fstat};
use nix::sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::{ForkResult, fork, pipe2, read};
use runwisp_core::mask::Secrets;
use runwisp_core::words::keeper::{OutputTotals, Spawn, SpawnStep};
use runwisp_core::words::log_index::{Kind, RECORD_SIZE};
use runwisp_core::words::spawn::SpawnSpec;

use crate::capture::{Capture, Stream};
use crate::child::{self, ChildPlan, Failure};
use crate::held::{Facts, Run, StopPlan, Told};
use crate::log_file::{LogState, RunLog};
use crate::main_loop::Keeper;
use crate::poll::Token;
use crate::say::say;
use crate::{cgroup, clock, environment, fault};

/// The most runs held at a time; a daemon that asks for more is out of its mind, or hijacked.
const RUNS_MAX: usize = 100_000;

/// What a successful fork leaves in the keeper.
struct Started {
    pid: i32,
    exec: OwnedFd,
    streams: [Option<Stream>; 2],
    cgroup: Option<std::path::PathBuf>,
    unlimited: Option<String>,
}

impl Keeper {
    /// Starts a run, or remembers why it could not be started. Both are reported from the run's state.
    pub(crate) fn spawn(&mut self, ask: Spawn, fds: Vec<OwnedFd>) {
        if self.runs.contains_key(&ask.run) || self.runs.len() >= RUNS_MAX {
            say(&format!(
                "run {} was asked for twice, or one too many",
                ask.run
            ));
            return;
        }
        let known = self.specs.get(&ask.unit).map(|spec| spec.fill(&ask.vars));
        let spec = known.ok_or_else(|| refused(Errno::ENOENT, format!("no unit {}", ask.unit)));
        let started = spec.and_then(|spec| {
            self.allow(&ask)?;
            let log = open_log(&ask, &spec, self.options.owner_of_logs(), fds)?;
            let started = self.start(&ask, &spec)?;
            Ok((spec, log, started))
        });
        let run = match started {
            Ok((spec, log, started)) => self.running(ask, spec, log, started),
            Err(failure) => self.not_started(ask, failure),
        };
        self.hold(run);
    }

    /// A daemon that is not trusted can only set what is declared to be set per run.
    fn allow(&self, ask: &Spawn) -> Result<(), Failure> {
        let stranger = ask
            .vars
            .iter()
            .find(|(name, _)| !name.starts_with("RUNWISP_"));
        match stranger {
            Some((name, _)) if self.options.loader.is_some() => {
                Err(refused(Errno::EPERM, format!("variable {name}")))
            }
            _ => Ok(()),
        }
    }

    fn running(&mut self, ask: Spawn, spec: SpawnSpec, log: RunLog, started: Started) -> Run {
        let mut run = self.blank(ask);
        run.facts.pid = started.pid;
        run.facts.cgroup = started.cgroup;
        run.facts.unlimited = started.unlimited;
        run.facts.on_full = spec.log_on_full;
        run.facts.stop = StopPlan {
            signal: spec.stop_signal,
            scope: spec.stop_scope,
            grace: spec.graceful_stop,
        };
        run.exec = Some(started.exec);
        run.capture = Capture {
            streams: started.streams,
            log: Some(log),
            secrets: Secrets::new(&spec.secrets),
            secret_texts: spec.secrets,
            result: None,
        };
        run
    }

    fn not_started(&mut self, ask: Spawn, (step, errno, about): Failure) -> Run {
        let mut run = self.blank(ask);
        run.facts.failed = Some((step, errno as i32, about));
        run
    }

    fn blank(&mut self, ask: Spawn) -> Run {
        Run {
            facts: Facts::new(ask.run, ask.unit, ask.tag),
            slot: self.new_slot(),
            exec: None,
            capture: Capture::empty(OutputTotals::default()),
            watch: None,
            told: Told::default(),
            listed: false,
        }
    }

    /// Takes a run in: from now on its events are heard and its state is reported.
    pub(crate) fn hold(&mut self, run: Run) {
        let (id, slot) = (run.facts.run, run.slot);
        let mut waits = vec![(run.exec.as_ref(), Token::Exec(slot))];
        for (part, stream) in run.capture.streams.iter().enumerate() {
            waits.push((stream.as_ref().map(|s| &s.fd), Token::Stream(slot, part)));
        }
        for (fd, token) in waits {
            if let Some(fd) = fd
                && let Err(errno) = self.poll.add(fd, token)
            {
                say(&format!("can't wait for the output of run {id}: {errno}"));
            }
        }
        if run.is_alive() {
            self.pids.insert(run.facts.pid, id);
        }
        self.slots.insert(slot, id);
        self.runs.insert(id, run);
        self.list(id);
    }

    fn start(&mut self, ask: &Spawn, spec: &SpawnSpec) -> Result<Started, Failure> {
        let env = environment::build(
            spec,
            &self.env,
            &self.account,
            ask.run,
            &self.notify_address,
        );
        let exec_step = |about: &str| (SpawnStep::Exec, Errno::EINVAL, about.to_owned());
        let program = spec.argv.first().filter(|p| !p.is_empty());
        let program = program.ok_or_else(|| exec_step("empty command"))?;
        let argv = spec.argv.iter().map(|a| CString::new(a.as_str()));
        let argv: Result<Vec<CString>, _> = argv.collect();
        let argv = argv.map_err(|_| exec_step("a NUL in the command"))?;
        let programs = environment::candidates(program, &env).into_iter();
        let programs = programs
            .filter_map(|p| CString::new(p.into_vec()).ok())
            .collect();
        let home = environment::home(&env, &self.account);
        let env = environment::to_strings(&env)
            .ok_or_else(|| exec_step("a NUL or = in the environment"))?;

        let pipe_step = |what: &str| {
            let what = what.to_owned();
            move |errno: Errno| (SpawnStep::Pipe, errno, what)
        };
        let (exec, errors) = pipe(true).map_err(pipe_step("pipe"))?;
        let (streams, stdout, stderr) = if spec.pty {
            terminal().map_err(pipe_step("pseudo-terminal"))?
        } else {
            let copied = !spec.secrets.is_empty();
            let (out, stdout) = pipe(true).map_err(pipe_step("pipe"))?;
            let (err, stderr) = pipe(true).map_err(pipe_step("pipe"))?;
            let out = Stream::new(out, Kind::Stdout, copied);
            let err = Stream::new(err, Kind::Stderr, copied);
            ([Some(out), Some(err)], stdout, stderr)
        };
        let (group, procs, unlimited) = match self.cgroup_for(ask, spec) {
            Ok(Some((path, procs))) => (Some(path), Some(procs), None),
            Ok(None) => (None, None, None),
            // Better without a limit than not at all; the daemon is told, and tells people.
            Err((errno, about)) => (None, None, Some(format!("{about}: {}", errno.desc()))),
        };
        let plan = ChildPlan {
            spec,
            argv,
            env,
            programs,
            home,
            stdout,
            stderr,
            errors,
            cgroup: procs,
            nofile: self.nofile,
            exec_fault: fault::check("exec").err(),
        };
        match fork_child(|| child::run(&plan)) {
            Ok(pid) => Ok(Started {
                pid,
                exec,
                streams,
                cgroup: group,
                unlimited,
            }),
            Err(errno) => {
                group.iter().for_each(|path| cgroup::remove(path));
                Err((SpawnStep::Fork, errno, "fork".into()))
            }
        }
    }

    fn cgroup_for(
        &self,
        ask: &Spawn,
        spec: &SpawnSpec,
    ) -> Result<Option<(std::path::PathBuf, OwnedFd)>, cgroup::CgroupFailure> {
        if spec.cgroup.is_empty() {
            return Ok(None);
        }
        cgroup::make(self.cgroup_root.as_deref(), ask.run, &spec.cgroup).map(Some)
    }

    /// The exec pipe has news, or its child has ended: the program was executed, or it could not be.
    pub(crate) fn finish_exec(&mut self, id: runwisp_core::words::ids::RunId) {
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        let Some(exec) = run.exec.take() else { return };
        let mut message = [0; libc::PIPE_BUF];
        let n = match read(&exec, &mut message) {
            Ok(n) => n,
            Err(Errno::EAGAIN | Errno::EINTR) => {
                run.exec = Some(exec);
                return;
            }
            Err(_) => 0,
        };
        match child::read_failure(&message[..n]) {
            Some((step, errno, about)) => {
                run.facts.failed = Some((step, errno as i32, about));
                run.capture.close(&mut self.tools);
                self.pids.remove(&run.facts.pid);
                if let Some(path) = run.facts.cgroup.take() {
                    cgroup::remove(&path);
                }
            }
            None => {
                let now = clock::now();
                run.facts.started = Some((now.mono, now.wall));
            }
        }
        self.list(id);
    }
}

fn refused(errno: Errno, about: String) -> Failure {
    (SpawnStep::Refused, errno, about)
}

/// Forks; the child runs `body`, from which nothing returns, not even a panic.
pub(crate) fn fork_child(body: impl FnOnce() -> std::convert::Infallible) -> nix::Result<i32> {
    fault::check("fork")?;
    // SAFETY: the keeper has one thread, so the child may do whatever the keeper may.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child.as_raw()),
        ForkResult::Child => {
            let _ = catch_unwind(AssertUnwindSafe(body));
            // SAFETY: ends the child at once, without running anything that belongs to the keeper.
            unsafe { libc::_exit(127) }
        }
    }
}

/// A pipe, reading end first; that end does not block if so wished, the other always does.
pub(crate) fn pipe(reader_does_not_block: bool) -> nix::Result<(OwnedFd, OwnedFd)> {
    fault::check("pipe")?;
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
    if reader_does_not_block {
        fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    }
    Ok((reader, writer))
}

type Ends = ([Option<Stream>; 2], OwnedFd, OwnedFd);

/// A pseudo-terminal of the usual size: our end as a stream, the other end twice. Its output is left as it is printed,
/// so that lines end in the log as they do without a terminal.
fn terminal() -> nix::Result<Ends> {
    fault::check("pipe")?;
    let size = nix::pty::Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = nix::pty::openpty(Some(&size), None)?;
    let mut settings = tcgetattr(&pty.slave)?;
    settings.output_flags.remove(OutputFlags::ONLCR);
    tcsetattr(&pty.slave, SetArg::TCSANOW, &settings)?;
    for fd in [&pty.master, &pty.slave] {
        fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    fcntl(
        &pty.master,
        FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK),
    )?;
    let other = nix::unistd::dup(&pty.slave)?;
    fcntl(&other, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    let stream = Stream::new(pty.master, Kind::Stdout, true);
    Ok(([Some(stream), None], pty.slave, other))
}

/// Checks what the daemon handed over and makes a log of it.
fn open_log(
    ask: &Spawn,
    spec: &SpawnSpec,
    owner: Option<(u32, u32)>,
    fds: Vec<OwnedFd>,
) -> Result<RunLog, Failure> {
    let no = |about: &str| refused(Errno::EBADF, about.to_owned());
    let [dir, file, index]: [OwnedFd; 3] = fds
        .try_into()
        .map_err(|_| no("a log needs three descriptors"))?;
    let name = &ask.log_name;
    if name.is_empty() || name.contains(['/', '\0']) || name.starts_with('.') {
        return Err(no("the log's name"));
    }
    let is = |fd: &OwnedFd, kind: SFlag| {
        fstat(fd).is_ok_and(|s| s.st_mode & SFlag::S_IFMT.bits() == kind.bits())
    };
    if !is(&dir, SFlag::S_IFDIR) || !is(&file, SFlag::S_IFREG) || !is(&index, SFlag::S_IFREG) {
        return Err(no("a log is two files in a directory"));
    }
    // splice(2) refuses a file opened for appending.
    fcntl(file.as_fd(), FcntlArg::F_SETFL(OFlag::empty())).map_err(|_| no("the log file"))?;
    let size = |fd: &OwnedFd| fstat(fd).map_or(0, |s| u64::try_from(s.st_size).unwrap_or(0));
    let end = size(&file);
    let index_size = size(&index) / RECORD_SIZE as u64 * RECORD_SIZE as u64;
    Ok(RunLog {
        dir,
        file,
        index,
        chunk: None,
        state: LogState {
            name: name.clone(),
            max_size: spec.log_max_size,
            on_full: spec.log_on_full,
            owner,
            end,
            base: 0,
            previous: 0,
            totals: OutputTotals::default(),
            gap: 0,
            index_size,
            backlog: Vec::new(),
            full: false,
        },
    })
}
