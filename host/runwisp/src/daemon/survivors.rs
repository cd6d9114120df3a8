//! Processes of ours that nobody holds any more: keeper and daemon were both killed and their children live on.
//!
//! Every child carries `RUNWISP_RUN_ID` and `RUNWISP_DATA_ID` in its environment; the second is the random name of the
//! data directory, so a stranger with a reused pid, or another runwisp's child, is never touched. A process is signalled
//! through a pidfd opened before its environment is read, so the pid can't change hands in between.
//!
//! A daemon that has dropped root can neither see nor signal the processes of other users. There `runwisp daemon` ends
//! them before it becomes the keeper, with the keeper's rights, and leaves a list of what it ended to the daemon.
//!
//! Tests: below, and `tests/e2e/both_die.rs`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use runwisp_core::words::ids::RunId;
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::RunAs;
use serde::{Deserialize, Serialize};

/// How often survivors are looked for. One that can't be killed is not waited for without end.
const ROUNDS: u32 = 5;

/// How long survivors may take to leave after `SIGTERM`.
const GRACE: Duration = Duration::from_secs(3);

/// The list of what was ended before the daemon began, in the data directory.
const ENDED: &str = "ended.json";

/// The most a name or a list in the data directory may hold, bytes.
const FILE_MAX: u64 = 64 * 1024 * 1024;

/// What is known of a process that belongs to one of our runs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Known {
    /// Its pid, for messages.
    pub(crate) pid: i32,
    /// The run that started it.
    pub(crate) run: RunId,
    /// Its `RUNWISP_…` variables, from which a row can be made when none was written.
    pub(crate) vars: HashMap<String, String>,
}

/// A living process that belongs to one of our runs.
#[derive(Debug)]
struct Survivor {
    known: Known,
    pidfd: OwnedFd,
}

/// Finds and ends every process of the data directory `data_id` that `skip` does not claim, as far as this process may.
pub(crate) fn end_all(data_id: &str, skip: impl Fn(RunId) -> bool) -> Vec<Known> {
    let mut ended: Vec<Known> = Vec::new();
    // What a survivor started while the others were being ended is found by looking again.
    for _ in 0..ROUNDS {
        let survivors = match find(data_id, &skip) {
            Ok(survivors) => survivors,
            Err(error) => {
                tracing::error!(%error, "could not look for processes of earlier runs");
                break;
            }
        };
        if survivors.is_empty() {
            break;
        }
        tracing::warn!(
            processes = survivors.len(),
            "ending processes of earlier runs that nobody holds any more"
        );
        end(&survivors);
        ended.extend(survivors.into_iter().map(|survivor| survivor.known));
    }
    ended
}

/// Ends them on behalf of a daemon that is going to run as `user` and could not. The caller holds the directory's lock
/// and is root: nothing that `user` may have put into the directory is followed, waited for or believed to be small.
pub(crate) fn end_for(data: &Path, user: &RunAs) {
    let mut id = String::new();
    let read = open_plain(&data.join("id")).and_then(|file| file.take(64).read_to_string(&mut id));
    if read.is_err() || id.trim().is_empty() {
        return; // nothing was ever started from here
    }
    super::log::begin();
    let ended = end_all(id.trim(), |_| false);
    if !ended.is_empty()
        && let Err(error) = leave(data, &ended, user)
    {
        tracing::warn!(%error, "could not tell the daemon what was ended; runs that were not recorded yet are lost");
    }
}

fn leave(data: &Path, ended: &[Known], user: &RunAs) -> std::io::Result<()> {
    let path = data.join(ENDED);
    if let Err(error) = std::fs::remove_file(&path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error);
    }
    // A new file never is a link to another one.
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    file.write_all(&serde_json::to_vec(ended)?)?;
    std::os::unix::fs::fchown(&file, Some(user.uid), Some(user.gid))
}

/// What [`end_for`] left; nothing when there is nothing, or nothing that can be read.
pub(crate) fn ended_before(data: &Path) -> Vec<Known> {
    let mut text = Vec::new();
    match open_plain(&data.join(ENDED)).and_then(|file| file.take(FILE_MAX).read_to_end(&mut text))
    {
        Ok(_) => serde_json::from_slice(&text).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

/// The daemon has recorded it all.
pub(crate) fn forget_ended(data: &Path) {
    // Left in place it is read again, and finds its runs recorded.
    let _ = std::fs::remove_file(data.join(ENDED));
}

fn open_plain(path: &Path) -> std::io::Result<File> {
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(std::io::ErrorKind::InvalidInput.into())
    }
}

/// Finds every process whose environment names the data directory `data_id`, and that `skip` does not claim.
fn find(data_id: &str, skip: impl Fn(RunId) -> bool) -> std::io::Result<Vec<Survivor>> {
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
        if !skip(survivor.known.run) {
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
        known: Known { pid, run, vars },
        pidfd,
    })
}

/// Ends them: `SIGTERM`, a short grace, `SIGKILL`; comes back when all are gone, or cannot be killed.
fn end(survivors: &[Survivor]) {
    for survivor in survivors {
        signal(survivor, Signal::TERM);
    }
    let left = wait_gone(survivors.iter().collect(), GRACE);
    for survivor in &left {
        signal(survivor, Signal::KILL);
    }
    for survivor in wait_gone(left, GRACE) {
        tracing::error!(pid = survivor.known.pid, run = %survivor.known.run, "a process of an earlier run can't be killed");
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
            tracing::error!(pid = survivor.known.pid, %error, "could not signal a process of an earlier run");
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
        let mut stubborn = child(&ours, run, "trap '' TERM; echo up; exec sleep 60");
        let mut stranger = child("another", run, "echo up; exec sleep 60");

        let found = find(&ours, |_| false).unwrap();
        assert!(found.iter().any(|s| s.known.pid == stubborn.id() as i32));
        assert!(found.iter().all(|s| s.known.pid != stranger.id() as i32));
        assert!(find(&ours, |id| id == run).unwrap().is_empty());

        // The parent has to reap, or the zombie stays; pidfds tell the death all the same.
        end(&found);
        assert!(!stubborn.wait().unwrap().success());
        assert!(stranger.try_wait().unwrap().is_none());
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }

    #[test]
    fn what_was_ended_is_told_to_the_daemon_and_no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunId::from_parts(2, u128::from(std::process::id()));
        let me = RunAs {
            uid: nix::unistd::geteuid().as_raw(),
            gid: nix::unistd::getegid().as_raw(),
            groups: Vec::new(),
            name: "me".to_owned(),
            home: "/".to_owned(),
        };
        let data_id = format!("told-{}", std::process::id());
        let precious = dir.path().join("precious");
        std::fs::write(&precious, "precious").unwrap();
        std::os::unix::fs::symlink(&precious, dir.path().join(ENDED)).unwrap();

        // The name behind a link is not believed.
        std::fs::write(dir.path().join("elsewhere"), &data_id).unwrap();
        std::os::unix::fs::symlink("elsewhere", dir.path().join("id")).unwrap();
        let mut survivor = child(&data_id, run, "echo up; exec sleep 60");
        end_for(dir.path(), &me);
        assert!(survivor.try_wait().unwrap().is_none());

        std::fs::remove_file(dir.path().join("id")).unwrap();
        std::fs::write(dir.path().join("id"), &data_id).unwrap();
        end_for(dir.path(), &me);
        assert!(!survivor.wait().unwrap().success());
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious");
        let told = ended_before(dir.path());
        assert_eq!((told.len(), told[0].run), (1, run));
        forget_ended(dir.path());
        assert!(ended_before(dir.path()).is_empty());
    }
}
