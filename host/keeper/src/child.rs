//! What a child does between fork and exec. Runs in the child, so nothing here may return to the keeper's code.
//!
//! The order is that of `words::keeper::SpawnStep`: what needs the keeper's rights first, then the rights go, then
//! everything that must be done with the user's rights only. A failure is written to the error pipe, which closes by
//! itself when the program is executed.
//!
//! Invariant: exactly the descriptors 0, 1 and 2 reach the program, with default signal dispositions and nothing
//! blocked. Every change of privilege is checked after it was made.
//!
//! Tests: `tests/keeper/spawning.rs`.

use std::convert::Infallible;
use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{
    Gid, Uid, chdir, execve, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid,
    setsid, write,
};
use runwisp_core::words::keeper::SpawnStep;
use runwisp_core::words::spawn::{Rlimit, RunAs, SpawnSpec, Stdin};

use crate::{channel, signals};

/// A step that failed: which, the error, and what it was about.
pub(crate) type Failure = (SpawnStep, Errno, String);

/// Everything a child needs, made before the fork.
#[derive(Debug)]
pub(crate) struct ChildPlan<'a> {
    pub(crate) spec: &'a SpawnSpec,
    pub(crate) argv: Vec<CString>,
    pub(crate) env: Vec<CString>,
    /// Where the program may be, best place first.
    pub(crate) programs: Vec<CString>,
    /// What `~` stands for.
    pub(crate) home: String,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
    /// Failures are written here.
    pub(crate) errors: OwnedFd,
    /// `cgroup.procs` of its cgroup, opened for writing.
    pub(crate) cgroup: Option<OwnedFd>,
    /// The limits of open files the keeper was started with, soft and hard.
    pub(crate) nofile: (u64, u64),
    /// An ordered failure of exec, for tests.
    pub(crate) exec_fault: Option<Errno>,
}

/// Becomes the program, or reports why not and ends.
pub(crate) fn run(plan: &ChildPlan<'_>) -> ! {
    let Err((step, errno, about)) = become_program(plan);
    let mut message = vec![step_number(step)];
    message.extend_from_slice(&(errno as i32).to_le_bytes());
    message.extend_from_slice(about.as_bytes());
    message.truncate(libc::PIPE_BUF);
    let _ = write(&plan.errors, &message);
    // SAFETY: ends the process at once, without running anything that belongs to the keeper.
    unsafe { libc::_exit(127) }
}

/// Reads what [`run`] wrote; none when that was nothing, which means that the program was executed.
pub(crate) fn read_failure(message: &[u8]) -> Option<Failure> {
    let (step, rest) = message.split_first()?;
    let (errno, about) = rest.split_first_chunk::<4>()?;
    let step = STEPS.get(usize::from(*step)).copied()?;
    let errno = Errno::from_raw(i32::from_le_bytes(*errno));
    Some((step, errno, String::from_utf8_lossy(about).into_owned()))
}

/// The steps a child takes, by number on the error pipe.
const STEPS: [SpawnStep; 9] = [
    SpawnStep::Cgroup,
    SpawnStep::Session,
    SpawnStep::Rlimit,
    SpawnStep::Priority,
    SpawnStep::Groups,
    SpawnStep::User,
    SpawnStep::Chdir,
    SpawnStep::Stdin,
    SpawnStep::Exec,
];

fn step_number(step: SpawnStep) -> u8 {
    let place = STEPS
        .iter()
        .position(|s| *s == step)
        .unwrap_or(STEPS.len() - 1);
    u8::try_from(place).unwrap_or(u8::MAX)
}

fn become_program(plan: &ChildPlan<'_>) -> Result<Infallible, Failure> {
    let spec = plan.spec;
    if let Some(procs) = &plan.cgroup {
        write(procs, b"0").map_err(at(SpawnStep::Cgroup, "cgroup.procs"))?;
    }
    setsid().map_err(at(SpawnStep::Session, "setsid"))?;
    if spec.pty {
        take_terminal(plan).map_err(at(SpawnStep::Session, "controlling terminal"))?;
    }
    limit(plan)?;
    if let Some(nice) = spec.nice {
        // SAFETY: the call takes numbers only.
        let done = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) };
        Errno::result(done).map_err(at(SpawnStep::Priority, &format!("nice {nice}")))?;
    }
    if let Some(score) = spec.oom_score_adj {
        std::fs::write("/proc/self/oom_score_adj", score.to_string())
            .map_err(|e| errno_of(&e))
            .map_err(at(SpawnStep::Priority, &format!("oom_score_adj {score}")))?;
    }
    if let Some(mask) = spec.umask {
        umask(Mode::from_bits_truncate(mask));
    }
    if let Some(user) = &spec.run_as {
        become_user(user)?;
    }
    if let Some(cwd) = &spec.cwd {
        let cwd = expand_home(cwd, &plan.home);
        chdir(cwd.as_str()).map_err(at(SpawnStep::Chdir, &cwd))?;
    }
    let (stdin, about) = open_stdin(spec)?;
    for (fd, target) in [(&stdin, 0), (&plan.stdout, 1), (&plan.stderr, 2)] {
        dup_to(fd, target).map_err(at(SpawnStep::Stdin, &about))?;
    }
    close_on_exec_from(3).map_err(at(SpawnStep::Stdin, "other descriptors"))?;
    signals::reset_in_child();
    execute(plan)
}

fn at(step: SpawnStep, about: &str) -> impl FnOnce(Errno) -> Failure {
    let about = about.to_owned();
    move |errno| (step, errno, about)
}

fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

/// Makes the terminal the session's own, and the user's.
fn take_terminal(plan: &ChildPlan<'_>) -> nix::Result<()> {
    // SAFETY: the call takes a descriptor and a number.
    Errno::result(unsafe { libc::ioctl(plan.stdout.as_raw_fd(), libc::TIOCSCTTY, 0) })?;
    if let Some(user) = &plan.spec.run_as {
        // Programs that open their terminal by name need this; without the right to give it away they go without.
        let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
        let _ = nix::unistd::fchown(&plan.stdout, Some(uid), Some(gid));
    }
    Ok(())
}

fn limit(plan: &ChildPlan<'_>) -> Result<(), Failure> {
    let (soft, hard) = plan.nofile;
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard)
        .map_err(at(SpawnStep::Rlimit, "nofile of the keeper"))?;
    for (resource, value) in &plan.spec.rlimits {
        let (resource, name) = match resource {
            Rlimit::Nofile => (Resource::RLIMIT_NOFILE, "nofile"),
            Rlimit::Core => (Resource::RLIMIT_CORE, "core"),
            Rlimit::Nproc => (Resource::RLIMIT_NPROC, "nproc"),
        };
        setrlimit(resource, *value, *value)
            .map_err(at(SpawnStep::Rlimit, &format!("{name} {value}")))?;
    }
    Ok(())
}

/// Gives up the keeper's rights for the user's, and makes sure of it.
pub(crate) fn become_user(user: &RunAs) -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    let groups: Vec<Gid> = user.groups.iter().map(|g| Gid::from_raw(*g)).collect();
    let already = !Uid::effective().is_root() && Uid::effective() == uid && Gid::effective() == gid;
    if already {
        return Ok(());
    }
    setgroups(&groups).map_err(at(SpawnStep::Groups, &user.name))?;
    setresgid(gid, gid, gid).map_err(at(SpawnStep::Groups, &user.name))?;
    setresuid(uid, uid, uid).map_err(at(SpawnStep::User, &user.name))?;
    let ids = getresuid().map_err(at(SpawnStep::User, &user.name))?;
    let gids = getresgid().map_err(at(SpawnStep::Groups, &user.name))?;
    let mut have = getgroups().map_err(at(SpawnStep::Groups, &user.name))?;
    have.retain(|g| !groups.contains(g));
    let right = [ids.real, ids.effective, ids.saved] == [uid; 3]
        && [gids.real, gids.effective, gids.saved] == [gid; 3]
        && have.is_empty();
    if right {
        Ok(())
    } else {
        Err((SpawnStep::User, Errno::EPERM, user.name.clone()))
    }
}

/// `~` and `~/…` stand for the user's home.
fn expand_home(path: &str, home: &str) -> String {
    match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
        _ => path.to_owned(),
    }
}

/// The program's standard input, and its name in errors.
fn open_stdin(spec: &SpawnSpec) -> Result<(OwnedFd, String), Failure> {
    let read_only = OFlag::O_RDONLY | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let (opened, about) = match &spec.stdin {
        Stdin::Null => (
            open("/dev/null", read_only, Mode::empty()),
            "/dev/null".to_owned(),
        ),
        Stdin::Text(text) => (channel::sealed_memory(text.as_bytes()), "text".to_owned()),
        Stdin::File(path) => (open(path.as_str(), read_only, Mode::empty()), path.clone()),
    };
    let fd = opened.map_err(at(SpawnStep::Stdin, &about))?;
    Ok((fd, about))
}

/// dup2(2) to a fixed number; the copy stays open on exec.
pub(crate) fn dup_to(fd: &OwnedFd, target: RawFd) -> nix::Result<()> {
    // SAFETY: the child is about to execute a program, nobody else in it owns the number `target`.
    Errno::result(unsafe { libc::dup2(fd.as_fd().as_raw_fd(), target) }).map(drop)
}

/// Marks every descriptor from `first` on to be closed on exec, whoever opened it.
pub(crate) fn close_on_exec_from(first: u32) -> nix::Result<()> {
    let cloexec: libc::c_uint = 4; // CLOSE_RANGE_CLOEXEC of linux/close_range.h
    // SAFETY: the call takes numbers only, and marking closes nothing yet.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, cloexec) };
    Errno::result(done).map(drop)
}

/// Executes the first program that can be. One that may not be executed is remembered while looking further.
fn execute(plan: &ChildPlan<'_>) -> Result<Infallible, Failure> {
    let about = plan.spec.argv.first().cloned().unwrap_or_default();
    let mut worst = Errno::ENOENT;
    if let Some(fault) = plan.exec_fault {
        return Err((SpawnStep::Exec, fault, about));
    }
    for program in &plan.programs {
        let Err(errno) = execve(program, &plan.argv, &plan.env);
        match errno {
            Errno::ENOENT | Errno::ENOTDIR => {}
            Errno::EACCES => worst = Errno::EACCES,
            other => return Err((SpawnStep::Exec, other, about)),
        }
    }
    Err((SpawnStep::Exec, worst, about))
}
