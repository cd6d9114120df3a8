//! The trusted loader: a short-lived process with the keeper's rights that prints the specifications of all units.
//!
//! Used where the daemon must not be able to run what the configuration does not define. All or nothing: what the
//! loader printed replaces everything, or nothing is changed and the daemon hears what it said on standard error.
//!
//! Tests: `tests/keeper/trusted.rs`.

use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::read;
use runwisp_core::words::digest::digest;
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::keeper::{Defined, decode};
use runwisp_core::words::time::Mono;

use crate::channel::MESSAGE_MAX;
use crate::daemon_process::Program;
use crate::main_loop::Keeper;
use crate::poll::Token;
use crate::spawn::{fork_child, pipe};
use crate::{child, clock};

/// How long a loader may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is kept of a loader's standard error, bytes.
const ERROR_TEXT_MAX: usize = 64 * 1024;

/// What the daemon is told: units with digests, or what went wrong.
pub(crate) type Answer = Result<Vec<(UnitName, String)>, String>;

/// The loader, while one is running.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    current: Option<Loading>,
    /// Asked for again while one was running, which may have read the old files: for what.
    again: Option<Vec<UnitName>>,
    /// The answer the daemon is still to be told.
    pub(crate) answer: Option<Answer>,
}

#[derive(Debug)]
struct Loading {
    pid: i32,
    /// Standard output and error, as long as they are open.
    pipes: [Option<OwnedFd>; 2],
    texts: [Vec<u8>; 2],
    /// Whether it ended well, once it has ended.
    ended: Option<bool>,
    /// The units it is asked about; all when empty.
    only: Vec<UnitName>,
    deadline: Mono,
}

impl Loader {
    /// Its process.
    pub(crate) fn pid(&self) -> Option<i32> {
        let current = self.current.as_ref()?;
        current.ended.is_none().then_some(current.pid)
    }

    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.current.as_ref().map(|loading| loading.deadline)
    }
}

impl Keeper {
    /// Runs the loader, or remembers to run it again.
    pub(crate) fn load(&mut self, only: Vec<UnitName>) {
        // An answer that nobody has heard yet is about older files.
        self.loader.answer = None;
        if self.loader.current.is_some() {
            self.loader.again = Some(only);
            return;
        }
        match self.fork_loader(only) {
            Ok(loading) => self.loader.current = Some(loading),
            Err(errno) => {
                self.loader.answer = Some(Err(format!("the loader can't be started: {errno}")));
            }
        }
    }

    fn fork_loader(&mut self, only: Vec<UnitName>) -> nix::Result<Loading> {
        let args = self.options.loader.clone().ok_or(Errno::EPERM)?;
        let (out, stdout) = pipe(true)?;
        let (err, stderr) = pipe(true)?;
        let program = Program::new(self, &args, self.env.iter().cloned().collect())?;
        let pid = fork_child(|| {
            let prepared = child::dup_to(&stdout, 1)
                .and_then(|()| child::dup_to(&stderr, 2))
                .and_then(|()| child::close_on_exec_from(3));
            if prepared.is_ok() {
                program.execute();
            }
            // SAFETY: ends the child at once, without running anything that belongs to the keeper.
            unsafe { libc::_exit(127) }
        })?;
        self.poll.add(&out, Token::Loader(0))?;
        self.poll.add(&err, Token::Loader(1))?;
        Ok(Loading {
            pid,
            pipes: [Some(out), Some(err)],
            texts: [Vec::new(), Vec::new()],
            ended: None,
            only,
            deadline: clock::mono().plus(PATIENCE),
        })
    }

    /// One of the loader's pipes has news.
    pub(crate) fn read_loader(&mut self, part: usize) {
        let Some(loading) = &mut self.loader.current else {
            return;
        };
        let Some(Some(pipe)) = loading.pipes.get(part) else {
            return;
        };
        match read(pipe, &mut self.tools.buffer) {
            Ok(0) => loading.pipes[part] = None,
            Ok(n) => {
                let limit = [MESSAGE_MAX, ERROR_TEXT_MAX][part];
                let room = limit.saturating_sub(loading.texts[part].len());
                loading.texts[part].extend_from_slice(&self.tools.buffer[..n.min(room)]);
            }
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(_) => loading.pipes[part] = None,
        }
        self.loaded_if_ended();
    }

    /// The loader's process has ended.
    pub(crate) fn loader_ended(&mut self, well: bool) {
        if let Some(loading) = &mut self.loader.current {
            loading.ended = Some(well);
        }
        self.loaded_if_ended();
    }

    /// A loader that takes too long is not waited for.
    pub(crate) fn loader_deadline(&mut self, now: Mono) {
        if self
            .loader
            .deadline()
            .is_some_and(|deadline| deadline <= now)
            && let Some(loading) = self.loader.current.take()
        {
            if loading.ended.is_none() {
                // SAFETY: the call takes numbers only; the process is ours and not reaped yet.
                unsafe { libc::kill(loading.pid, libc::SIGKILL) };
            }
            let late = format!("the loader took longer than {} s", PATIENCE.as_secs());
            self.answer(&loading.only, Err(late));
        }
    }

    fn loaded_if_ended(&mut self) {
        let done = |l: &Loading| l.ended.is_some() && l.pipes.iter().all(Option::is_none);
        let Some(loading) = self.loader.current.take_if(|l| done(l)) else {
            return;
        };
        let [json, said] = &loading.texts;
        let said = String::from_utf8_lossy(said).into_owned();
        let defined = match loading.ended {
            Some(true) => decode::<Vec<Defined>>(json)
                .map_err(|reason| format!("the loader's list can't be read: {reason}")),
            _ => Err(said),
        };
        self.answer(&loading.only, defined);
    }

    fn answer(&mut self, only: &[UnitName], defined: Result<Vec<Defined>, String>) {
        let digests = |list: &Vec<Defined>| -> Vec<(UnitName, String)> {
            list.iter()
                .map(|d| (d.unit.clone(), digest(&d.spec)))
                .collect()
        };
        let answer = match &defined {
            Ok(list) => Ok(digests(list)),
            Err(reason) => Err(reason.clone()),
        };
        if let Ok(list) = defined {
            let replaced = |unit: &UnitName| only.is_empty() || only.contains(unit);
            self.specs.retain(|unit, _| !replaced(unit));
            let new = list.into_iter().filter(|d| replaced(&d.unit));
            self.specs.extend(new.map(|d| (d.unit, d.spec)));
        }
        match self.loader.again.take() {
            Some(only) => self.load(only),
            None => self.loader.answer = Some(answer),
        }
    }
}
