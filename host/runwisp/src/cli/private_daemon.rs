//! A daemon as a child process: detached for good, or private to one `run`. Waiting until it is ready is here too.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown, fchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use runwisp_core::words::spawn::RunAs;

use super::context::{Context, io_failed};
use super::upgrade::ask_to_leave;
use crate::client::{Client, Uri};
use crate::wire::{Problem, Status};

/// How often a daemon that is not ready yet is asked again.
const PAUSE: Duration = Duration::from_millis(10);

/// Tells the daemon which file its standard error is, so that it can open it anew.
const LOG_VARIABLE: &str = "RUNWISP_LOG_FILE";

/// How much of its log is shown when it fails, bytes.
const TOLD: usize = 8 * 1024;

/// What becomes of a daemon when this process ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leash {
    /// It stays.
    Loose,
    /// It stops, as if by TERM.
    Tied,
}

/// A daemon that was started from here.
pub(super) struct Spawned {
    child: Child,
    log: PathBuf,
}

/// Opens a log for appending. What stands there may be another user's doing, so nothing but a file of one name is taken.
fn open_log(path: &Path, owner: Option<&RunAs>) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .append(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() != 1 {
        return Err(io::Error::other("it is not a plain file"));
    }
    if let Some(owner) = owner {
        fchown(&file, Some(owner.uid), Some(owner.gid))?;
    }
    Ok(file)
}

impl Spawned {
    /// Starts this program again with these arguments, in a session of its own, its output in `log`.
    /// The log is `owner`'s, who may have to open it anew.
    pub(super) fn new(
        arguments: &[std::ffi::OsString],
        log: PathBuf,
        owner: Option<&RunAs>,
        leash: Leash,
    ) -> Result<Self, Problem> {
        let program = std::env::current_exe().map_err(|e| io_failed("find this program", &e))?;
        let file =
            open_log(&log, owner).map_err(|e| io_failed(format!("open {}", log.display()), &e))?;
        let second = file
            .try_clone()
            .map_err(|e| io_failed(format!("open {}", log.display()), &e))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env(LOG_VARIABLE, &log)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(second);
        // SAFETY: both calls are async-signal-safe and touch no memory; they run between fork and exec.
        unsafe {
            command.pre_exec(move || {
                if leash == Leash::Tied {
                    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM)?;
                }
                nix::unistd::setsid().map(drop).map_err(io::Error::from)
            });
        }
        let child = command
            .spawn()
            .map_err(|e| io_failed("start a daemon", &e))?;
        Ok(Spawned { child, log })
    }

    /// Its pid, the keeper's.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it answers or has ended; its end is a problem with what it said.
    pub(super) async fn ready(&mut self, client: &Client) -> Result<Status, Problem> {
        loop {
            if let Some(status) = self
                .child
                .try_wait()
                .map_err(|e| io_failed("wait for the daemon", &e))?
            {
                return Err(self.failed(status.code()));
            }
            match client.get::<Status>(&Uri::new(&["status"])).await {
                Ok(status) if u32::try_from(status.daemon.pid) == Ok(self.pid()) => {
                    return Ok(status);
                }
                // Nobody there yet, or still the one before: then the new one is about to say that it may not start.
                Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn failed(&self, code: Option<i32>) -> Problem {
        let said = fs::read(&self.log).unwrap_or_default();
        let from = said.len().saturating_sub(TOLD);
        let said = String::from_utf8_lossy(&said[from..]).into_owned();
        let kind = match code {
            Some(78) => "config.invalid",
            Some(5) => "daemon.running",
            _ => "io.failed",
        };
        Problem {
            rendered: Some(said).filter(|s| !s.trim().is_empty()),
            ..Problem::new(
                kind,
                match code {
                    Some(code) => format!("the daemon ended with {code} before it was ready"),
                    None => "the daemon was killed before it was ready".to_owned(),
                },
            )
        }
    }

    /// Waits until it has ended.
    pub(super) fn wait(&mut self) {
        // It was asked to leave; an error here means that it has.
        let _ = self.child.wait();
    }
}

/// A daemon for one run of one task, on the data directory of all runs. Its socket and its own log are in a directory
/// of its own, so that nobody takes it for the daemon that schedules.
pub(super) struct PrivateDaemon {
    spawned: Spawned,
    dir: PathBuf,
}

impl PrivateDaemon {
    /// Starts it, unless somebody uses the data directory.
    pub(super) fn start(only: &str, context: &Context) -> Result<Self, Problem> {
        super::validate::present(context)?;
        let user = super::daemon::drop_to(context)?;
        let paths = &context.paths;
        super::daemon::may_have(&paths.data)?;
        // A name that nobody can foresee, for this user alone.
        let pattern = std::env::temp_dir().join("runwisp-XXXXXX");
        let dir = nix::unistd::mkdtemp(&pattern)
            .map_err(|e| io_failed(format!("make {}", pattern.display()), &e.into()))?;
        let arguments = [
            "daemon".into(),
            "--config".into(),
            paths.config.clone().into(),
            "--data".into(),
            paths.data.clone().into(),
            "--socket".into(),
            dir.join("runwisp.sock").into(),
            "--listen".into(),
            "off".into(),
            "--only".into(),
            only.into(),
        ];
        let given = match &user {
            Some(user) => chown(&dir, Some(user.uid), Some(user.gid))
                .map_err(|e| io_failed(format!("give away {}", dir.display()), &e)),
            None => Ok(()),
        };
        let log = dir.join("daemon.log");
        match given.and_then(|()| Spawned::new(&arguments, log, user.as_ref(), Leash::Tied)) {
            Ok(spawned) => Ok(PrivateDaemon { spawned, dir }),
            Err(problem) => {
                let _ = fs::remove_dir_all(&dir);
                Err(problem)
            }
        }
    }

    /// The way to it.
    pub(super) fn client(&self) -> Result<Client, Problem> {
        Client::new(
            &self.dir.join("runwisp.sock"),
            "The private daemon is gone.",
        )
    }

    /// Waits until it answers.
    pub(super) async fn ready(&mut self, client: &Client) -> Result<(), Problem> {
        self.spawned.ready(client).await.map(drop)
    }

    /// Makes it leave and waits for that.
    pub(super) async fn stop(&mut self, client: &Client) {
        // If it can not be asked it is gone, or `drop` ends it.
        if ask_to_leave(client, "stop").await.is_ok() {
            self.spawned.wait();
        }
    }
}

impl Drop for PrivateDaemon {
    fn drop(&mut self) {
        let spawned = &mut self.spawned;
        if !matches!(spawned.child.try_wait(), Ok(Some(_))) {
            // TERM makes the keeper stop what it started; the child handle proves that the pid is still its own.
            if let Ok(pid) = i32::try_from(spawned.pid()) {
                let _ = nix::sys::signal::kill(
                    nix::unistd::Pid::from_raw(pid),
                    nix::sys::signal::Signal::SIGTERM,
                );
            }
            spawned.wait();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}
