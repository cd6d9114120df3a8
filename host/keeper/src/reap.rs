//! Ends: of main processes, of the daemon, and of orphans, which come to the keeper as their subreaper (or as PID 1).
//!
//! A run is over in two steps. Its main process ends: `exit`. Then nothing of it is left and its log is complete:
//! `gone`. Usually both are seen at once.
//!
//! Tests: `tests/keeper/ends.rs`.

use std::time::Duration;

use nix::errno::Errno;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::keeper::Exit;

use crate::main_loop::Keeper;
use crate::{cgroup, clock};

/// The most processes reaped in one turn, so that a fork bomb's remains do not starve everything else.
const REAPED_PER_TURN: usize = 1024;

impl Keeper {
    /// Reaps what has ended, then looks at what that means.
    pub(crate) fn reap(&mut self) {
        let mut ended_runs = Vec::new();
        let mut orphans = false;
        let mut daemon = None;
        self.reap_again = true;
        for _ in 0..REAPED_PER_TURN {
            let Some((pid, status, usage)) = wait_any() else {
                self.reap_again = false;
                break;
            };
            if let Some(id) = self.pids.remove(&pid) {
                self.main_process_ended(id, status, &usage);
                ended_runs.push(id);
            } else if self.daemon.pid == Some(pid) {
                daemon = Some(code_and_signal(status).0);
            } else if self.loader.pid() == Some(pid) {
                self.loader_ended(status == 0);
            } else {
                orphans = true;
            }
        }
        for id in ended_runs {
            if let Some(run) = self.runs.get_mut(&id) {
                run.capture.drain(&mut self.tools);
            }
            self.settle(id);
        }
        if orphans {
            self.settle_lingering();
        }
        // Last, as this may execute another program.
        if let Some(code) = daemon {
            self.daemon_ended(code);
        }
    }

    fn main_process_ended(&mut self, id: RunId, status: i32, usage: &libc::rusage) {
        // Its exec pipe may still hold the reason.
        self.finish_exec(id);
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        if run.facts.failed.is_some() {
            return;
        }
        let now = clock::now();
        let (code, signal) = code_and_signal(status);
        run.facts.exit = Some(Exit {
            code,
            signal,
            oom: run
                .facts
                .cgroup
                .as_deref()
                .is_some_and(cgroup::had_oom_kill),
            cpu: length(usage.ru_utime) + length(usage.ru_stime),
            max_rss_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
            mono: now.mono,
            wall: now.wall,
        });
        self.list(id);
    }

    /// Lingering runs may be over now.
    fn settle_lingering(&mut self) {
        let lingering = self.runs.values().filter(|run| run.is_lingering());
        let lingering: Vec<RunId> = lingering.map(|run| run.facts.run).collect();
        for id in lingering {
            self.settle(id);
        }
        self.hunt.want_if_pending();
    }

    /// Decides whether a run whose main process has ended is gone: its log is complete and its process group empty.
    /// Whoever left the group is found by the next hunt. Anything else left is a matter for the hunt, too.
    pub(crate) fn settle(&mut self, id: RunId) {
        let Some(run) = self.runs.get(&id).filter(|run| run.is_lingering()) else {
            return;
        };
        self.hunt.want();
        let done = run.capture.is_complete() && !run.facts.escaped;
        if done && group_is_empty(run.facts.pid) {
            self.hunt.expect_strays(run.facts.pid, id);
            self.gone(id);
        }
    }

    /// Nothing of the run is left.
    pub(crate) fn gone(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        run.capture.close(&mut self.tools);
        run.facts.gone = Some(run.capture.totals());
        if let Some(path) = run.facts.cgroup.take() {
            cgroup::kill(&path);
            cgroup::remove(&path);
        }
        self.list(id);
    }
}

/// Whether no process is left in the group. Asks only: the number may be a stranger's by now.
fn group_is_empty(pid: i32) -> bool {
    // SAFETY: signal 0 is sent to nobody.
    let asked = unsafe { libc::kill(-pid, 0) };
    Errno::result(asked) == Err(Errno::ESRCH)
}

/// One child that has ended: its pid, status and use of resources, itself and its waited-for children.
fn wait_any() -> Option<(i32, i32, libc::rusage)> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both places are valid for the answer.
        let pid = unsafe {
            libc::wait4(
                -1,
                &raw mut status,
                libc::WNOHANG | libc::__WALL,
                usage.as_mut_ptr(),
            )
        };
        match Errno::result(pid) {
            Err(Errno::EINTR) => {}
            // SAFETY: zeroed above, and zero is a valid value of every field.
            Ok(pid) if pid > 0 => return Some((pid, status, unsafe { usage.assume_init() })),
            _ => return None,
        }
    }
}

fn code_and_signal(status: i32) -> (Option<i32>, Option<i32>) {
    if libc::WIFSIGNALED(status) {
        (None, Some(libc::WTERMSIG(status)))
    } else {
        (Some(libc::WEXITSTATUS(status)), None)
    }
}

fn length(time: libc::timeval) -> Duration {
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    seconds + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}
