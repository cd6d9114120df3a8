//! Executes the (new) program in place of the running keeper: the same pid, and everything it holds carried over.
//!
//! What is held is written as JSON to a memory file; descriptors keep their numbers. The new version may know fields
//! this one does not, and may not know some of ours: absent fields have defaults, unknown ones are passed over.
//!
//! Invariant: when the program can't be executed, nothing has changed and the daemon is started again.
//!
//! Tests: `tests/keeper/upgrades.rs`.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

use jiff::Timestamp;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::unistd::execve;
use runwisp_core::mask::{MaskState, Secrets};
use runwisp_core::words::keeper::{Defined, OutputTotals, decode, encode};
use runwisp_core::words::log_index::Kind;
use serde::{Deserialize, Serialize};

use crate::KeeperOptions;
use crate::capture::{Capture, Stream};
use crate::channel::sealed_memory;
use crate::environment::{Environment, to_strings};
use crate::held::{Facts, Run, Told};
use crate::log_file::{LogState, RunLog};
use crate::main_loop::Keeper;
use crate::say::say;

/// Where the new program finds the state: the number of a descriptor.
pub(crate) const VARIABLE: &str = "RUNWISP_KEEPER_STATE";

/// The format of the state. A change that an older or newer version could not read makes it another number; a field
/// that has a default does not.
pub const STATE_FORMAT: u32 = 1;

/// Whether this program goes on with the state of a keeper that saves it in this format.
pub fn can_take_over(format: u32) -> bool {
    format == STATE_FORMAT
}

/// Everything a keeper hands to its successor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    options: KeeperOptions,
    started_at: Timestamp,
    nofile: (u64, u64),
    notify: RawFd,
    notify_address: String,
    #[serde(default)]
    daemons_greeted: u32,
    #[serde(default)]
    specs: Vec<Defined>,
    #[serde(default)]
    runs: Vec<SavedRun>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedRun {
    facts: Facts,
    exec: Option<RawFd>,
    #[serde(default)]
    streams: Vec<SavedStream>,
    log: Option<SavedLog>,
    #[serde(default)]
    secrets: Vec<String>,
    result: Option<(u64, OutputTotals)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedStream {
    part: usize,
    fd: RawFd,
    kind: u8,
    copied: bool,
    #[serde(default)]
    mask: MaskState,
    #[serde(default)]
    full_turns: u8,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedLog {
    dir: RawFd,
    file: RawFd,
    index: RawFd,
    state: LogState,
}

impl Keeper {
    /// Executes the program anew. Returns only when that failed, with a daemon started.
    pub(crate) fn upgrade(&mut self) {
        self.hunt_if_wanted();
        let failed = self.execute_anew();
        say(&format!(
            "could not upgrade: {} can't be executed: {failed}",
            self.options.program.display()
        ));
        self.start_daemon();
    }

    fn execute_anew(&mut self) -> Errno {
        let (saved, fds) = self.save();
        let memory = match sealed_memory(&encode(&saved)) {
            Ok(memory) => memory,
            Err(errno) => return errno,
        };
        let mut env: Environment = self.env.iter().cloned().collect();
        env.insert(VARIABLE.into(), memory.as_raw_fd().to_string().into());
        let program = CString::new(self.options.program.as_os_str().as_bytes());
        let (Ok(program), Some(env)) = (program, to_strings(&env)) else {
            return Errno::EINVAL;
        };
        let argv: Vec<CString> = std::env::args_os()
            .filter_map(|arg| CString::new(arg.as_bytes()).ok())
            .collect();
        let fds: Vec<RawFd> = fds.into_iter().chain([memory.as_raw_fd()]).collect();
        keep_on_exec(&fds, true);
        let Err(errno) = execve(&program, &argv, &env);
        keep_on_exec(&fds, false);
        errno
    }

    /// The state, and the descriptors that belong to it.
    fn save(&self) -> (Saved, Vec<RawFd>) {
        let mut fds = vec![self.notify.as_raw_fd()];
        fds.extend(self.options.lock);
        let runs = self
            .runs
            .values()
            .map(|run| save_run(run, &mut fds))
            .collect();
        let specs = self.specs.iter();
        let specs = specs.map(|(unit, spec)| Defined {
            unit: unit.clone(),
            spec: spec.clone(),
        });
        let saved = Saved {
            options: self.options.clone(),
            started_at: self.started_at,
            nofile: self.nofile,
            notify: self.notify.as_raw_fd(),
            notify_address: self.notify_address.clone(),
            daemons_greeted: self.daemon.greeted,
            specs: specs.collect(),
            runs,
        };
        (saved, fds)
    }
}

fn save_run(run: &Run, fds: &mut Vec<RawFd>) -> SavedRun {
    let mut keep = |fd: &OwnedFd| {
        fds.push(fd.as_raw_fd());
        fd.as_raw_fd()
    };
    let capture = &run.capture;
    let streams = capture.streams.iter().enumerate();
    let streams = streams.filter_map(|(part, stream)| {
        let stream = stream.as_ref()?;
        Some(SavedStream {
            part,
            fd: keep(&stream.fd),
            kind: stream.kind as u8,
            copied: stream.copied,
            mask: stream.mask.clone(),
            full_turns: stream.full_turns,
        })
    });
    SavedRun {
        facts: run.facts.clone(),
        streams: streams.collect(),
        exec: run.exec.as_ref().map(&mut keep),
        log: capture.log.as_ref().map(|log| SavedLog {
            dir: keep(&log.dir),
            file: keep(&log.file),
            index: keep(&log.index),
            state: log.state.clone(),
        }),
        secrets: capture.secret_texts.clone(),
        result: capture.result,
    }
}

/// Marks descriptors to survive exec, or not to.
fn keep_on_exec(fds: &[RawFd], keep: bool) {
    let flags = if keep {
        FdFlag::empty()
    } else {
        FdFlag::FD_CLOEXEC
    };
    for fd in fds {
        // SAFETY: all of them are open and owned by the keeper, which lives on.
        let fd = unsafe { BorrowedFd::borrow_raw(*fd) };
        // Can't fail for an open descriptor.
        let _ = fcntl(fd, FcntlArg::F_SETFD(flags));
    }
}

/// What a predecessor left for this process, if there was one.
pub(crate) fn saved_state() -> Option<Result<Saved, String>> {
    let number: RawFd = std::env::var(VARIABLE).ok()?.parse().ok()?;
    Some(take(number).and_then(|fd| {
        let mut json = Vec::new();
        File::from(fd)
            .read_to_end(&mut json)
            .map_err(|e| e.to_string())?;
        decode(&json)
    }))
}

/// Takes over a descriptor that came through exec.
fn take(number: RawFd) -> Result<OwnedFd, String> {
    if number <= 2 {
        return Err(format!("descriptor {number} can't be one of ours"));
    }
    // SAFETY: the number comes from our own state; nothing else in this fresh process owns a descriptor above 2.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    match fcntl(&fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)) {
        Ok(_) => Ok(fd),
        Err(errno) => {
            // Not open, so there is nothing to close either.
            std::mem::forget(fd);
            Err(format!("descriptor {number}: {errno}"))
        }
    }
}

/// A keeper that goes on where its predecessor stopped.
pub(crate) fn restore(saved: Result<Saved, String>) -> Result<Keeper, String> {
    let saved = saved?;
    let notify = take(saved.notify)?;
    if let Some(lock) = saved.options.lock {
        // Held to the end of this process, and never looked at.
        std::mem::forget(take(lock)?);
    }
    let mut keeper = Keeper::assemble(
        saved.options,
        saved.nofile,
        saved.started_at,
        notify,
        saved.notify_address,
    )
    .map_err(|errno| errno.to_string())?;
    keeper
        .env
        .retain(|(name, _)| name != &OsString::from(VARIABLE));
    keeper.specs = saved.specs.into_iter().map(|d| (d.unit, d.spec)).collect();
    keeper.daemon.greeted = saved.daemons_greeted;
    for run in saved.runs {
        let id = run.facts.run;
        match restore_run(run, keeper.new_slot()) {
            Ok(run) => {
                if run.is_lingering() {
                    keeper.hunt.want();
                }
                keeper.hold(run);
            }
            Err(reason) => say(&format!("lost run {id} in the upgrade: {reason}")),
        }
    }
    Ok(keeper)
}

fn restore_run(saved: SavedRun, slot: u32) -> Result<Run, String> {
    let mut streams = [None, None];
    for stream in saved.streams {
        let kind = Kind::from_u8(stream.kind).unwrap_or(Kind::Stdout);
        let mut taken = Stream::new(take(stream.fd)?, kind, stream.copied);
        taken.mask = stream.mask;
        taken.full_turns = stream.full_turns;
        let place = streams.get_mut(stream.part).ok_or("an unknown stream")?;
        *place = Some(taken);
    }
    let log = saved.log.map(|log| {
        Ok::<_, String>(RunLog {
            dir: take(log.dir)?,
            file: take(log.file)?,
            index: take(log.index)?,
            state: log.state,
            chunk: None,
        })
    });
    Ok(Run {
        slot,
        exec: saved.exec.map(take).transpose()?,
        capture: Capture {
            streams,
            log: log.transpose()?,
            secrets: Secrets::new(&saved.secrets),
            secret_texts: saved.secrets,
            result: saved.result,
        },
        watch: None,
        told: Told::default(),
        listed: false,
        facts: saved.facts,
    })
}
