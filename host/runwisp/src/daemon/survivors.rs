//! Processes of ours that nobody holds any more: keeper and daemon were both killed and their children live on.
//!
//! Every child carries `RUNWISP_RUN_ID` and `RUNWISP_DATA_ID` in its environment; the second is the random name of the
//! data directory, so a stranger with a reused pid, or another runwisp's child, is never touched. A process is signalled
//! through a pidfd opened before its environment is read, so the pid can't change hands in between.
//!
//! Tests: below, and `tests/e2e/both_die.rs`.

use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use runwisp_core::words::ids::RunId;
use runwisp_core::words::signal::Signal;

/// How long survivors may take to leave after `SIGTERM`.
const GRACE: Duration = Duration::from_secs(3);

/// A process that belongs to one of our runs.
pub(crate) struct Survivor {
    /// Its pid, for messages.
    pub(crate) pid: i32,
    /// The run that started it.
    pub(crate) run: RunId,
    /// Its `RUNWISP_…` variables, from which a row can be made when none was written.
    pub(crate) vars: HashMap<String, String>,
    pidfd: OwnedFd,
}

/// Finds every process whose environment names the data directory `data_id`, and that `skip` does not claim.
pub(crate) fn find(data_id: &str, skip: impl Fn(RunId) -> bool) -> std::io::Result<Vec<Survivor>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let Ok(entry) = entry else { continue };
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        // Gone, a kernel thread, or somebody else's: not ours.
        let Some(survivor) = look(pid, data_id) else {
            continue;
        };
        if !skip(survivor.run) {
            found.push(survivor);
        }
    }
    Ok(found)
}

fn look(pid: i32, data_id: &str) -> Option<Survivor> {
    let pidfd = pidfd_open(pid).ok()?;
    let environ = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let vars: HashMap<String, String> = environ
        .split(|byte| *byte == 0)
        .filter_map(|entry| std::str::from_utf8(entry).ok()?.split_once('='))
        .filter(|(name, _)| name.starts_with("RUNWISP_"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if vars.get("RUNWISP_DATA_ID").map(String::as_str) != Some(data_id) {
        return None;
    }
    let run = vars.get("RUNWISP_RUN_ID")?.parse().ok()?;
    Some(Survivor {
        pid,
        run,
        vars,
        pidfd,
    })
}

/// Ends them: `SIGTERM`, a short grace, `SIGKILL`; comes back when all are gone, or cannot be killed.
pub(crate) fn end(survivors: &[Survivor]) {
    for survivor in survivors {
        signal(survivor, Signal::TERM);
    }
    let left = wait_gone(survivors.iter().collect(), GRACE);
    for survivor in &left {
        signal(survivor, Signal::KILL);
    }
    for survivor in wait_gone(left, GRACE) {
        tracing::error!(pid = survivor.pid, run = %survivor.run, "a process of an earlier run can't be killed");
    }
}

fn wait_gone(mut waiting: Vec<&Survivor>, limit: Duration) -> Vec<&Survivor> {
    let deadline = std::time::Instant::now() + limit;
    while !waiting.is_empty() {
        let rest = deadline.saturating_duration_since(std::time::Instant::now());
        if rest.is_zero() {
            break;
        }
        let mut fds: Vec<PollFd> = waiting
            .iter()
            .map(|s| PollFd::new(s.pidfd.as_fd(), PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::try_from(rest.as_millis() + 1).unwrap_or(PollTimeout::MAX);
        if poll(&mut fds, timeout).is_err() {
            continue; // interrupted
        }
        let gone: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(true)).collect();
        let mut gone = gone.into_iter();
        waiting.retain(|_| !gone.next().unwrap_or(false));
    }
    waiting
}

fn pidfd_open(pid: i32) -> std::io::Result<OwnedFd> {
    // SAFETY: takes two integers, returns a new descriptor or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = i32::try_from(fd).unwrap_or(-1);
    if fd < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn signal(survivor: &Survivor, signal: Signal) {
    // SAFETY: an owned pidfd, a signal number, no info, no flags.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            survivor.pidfd.as_raw_fd(),
            signal.0,
            0,
            0,
        )
    };
    if sent < 0 {
        let error = std::io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::ESRCH) {
            tracing::error!(pid = survivor.pid, %error, "could not signal a process of an earlier run");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    fn child(data_id: &str, run: RunId, script: &str) -> std::process::Child {
        let mut child = Command::new("/bin/sh")
            .args(["-c", script])
            .env("RUNWISP_DATA_ID", data_id)
            .env("RUNWISP_RUN_ID", run.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The shell says a word once its traps are set.
        let mut word = [0; 3];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut word).unwrap();
        child
    }

    #[test]
    fn only_processes_of_this_data_directory_are_found_and_ended() {
        let run = RunId::from_parts(1, u128::from(std::process::id()));
        let ours = format!("ours-{}", std::process::id());
        let mut stubborn = child(
            &ours,
            run,
            "trap '' TERM; echo up; while :; do sleep 1; done",
        );
        let mut stranger = child("another", run, "echo up; exec sleep 60");

        let found = find(&ours, |_| false).unwrap();
        assert!(found.iter().any(|s| s.pid == stubborn.id() as i32));
        assert!(found.iter().all(|s| s.pid != stranger.id() as i32));
        assert!(find(&ours, |id| id == run).unwrap().is_empty());

        // The parent has to reap, or the zombie stays; pidfds tell the death all the same.
        end(&found);
        assert!(!stubborn.wait().unwrap().success());
        assert!(stranger.try_wait().unwrap().is_none());
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}
