//! Finds the processes of a run wherever they went: other sessions, other groups, other parents.
//!
//! The keeper is a subreaper, so whatever a run started still descends from the keeper. Of those, a process belongs
//! to a run if it is in the run's cgroup, session or process group, if its parent belongs to it, or if it was started
//! with the run's `RUNWISP_RUN_ID`. What belongs to the daemon, or descends from nobody here, is never touched.
//!
//! A hunt reads all of `/proc`; `task/TID/children` would be quicker but does not exist on every kernel.
//!
//! Tests of the rule are below; of the hunt in `tests/keeper/escapees.rs`.

use std::collections::HashMap;
use std::fs;
use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::signal::Signal;

/// A process, as `/proc/PID/stat` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// When it started, in ticks since boot: with the pid, its identity.
    pub(crate) start: u64,
    /// Whether it has ended and only waits to be reaped.
    pub(crate) ended: bool,
}

/// What is known about who belongs to which run.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// The keeper.
    pub(crate) keeper: i32,
    /// The daemon and the loader: their descendants are nobody's run.
    pub(crate) ours: Vec<i32>,
    /// Runs by their session and process group.
    pub(crate) sessions: HashMap<i32, RunId>,
    /// Runs by processes in their cgroup.
    pub(crate) cgroups: HashMap<i32, RunId>,
}

/// Every process there is.
pub(crate) fn scan() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(look)
        .collect()
}

/// One process, if it exists.
fn look(pid: i32) -> Option<Process> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads a stat line. The name in it may hold anything, so everything is counted from its last parenthesis.
fn parse(pid: i32, stat: &[u8]) -> Option<Process> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 2..)?).ok()?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let mut number = || fields.next()?.parse::<i32>().ok();
    let (parent, group, session) = (number()?, number()?, number()?);
    // `starttime` is field 22; the session was field 6.
    let start = fields.nth(15)?.parse().ok()?;
    let ended = matches!(state, "Z" | "X");
    Some(Process {
        pid,
        parent,
        group,
        session,
        start,
        ended,
    })
}

/// The run a process was started for, by its environment.
pub(crate) fn run_in_environment(pid: i32) -> Option<RunId> {
    let env = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let line = env
        .split(|byte| *byte == 0)
        .find_map(|line| line.strip_prefix(b"RUNWISP_RUN_ID="))?;
    std::str::from_utf8(line).ok()?.parse().ok()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Belongs {
    /// Descends from the keeper, but nothing says to which run it belongs.
    Unclaimed,
    /// Not our business.
    Nobody,
    To(RunId),
}

/// Says which living process belongs to which run.
pub(crate) fn attribute(
    processes: &[Process],
    evidence: &Evidence,
    mut by_environment: impl FnMut(i32) -> Option<RunId>,
) -> Vec<(RunId, Process)> {
    let by_pid: HashMap<i32, &Process> = processes.iter().map(|p| (p.pid, p)).collect();
    let mut known: HashMap<i32, Belongs> = HashMap::new();
    known.insert(evidence.keeper, Belongs::Unclaimed);
    known.extend(evidence.ours.iter().map(|pid| (*pid, Belongs::Nobody)));
    let mut found = Vec::new();
    for process in processes {
        // Up to somebody known, then down again.
        let mut path = Vec::new();
        let mut at = process.pid;
        let mut belongs = loop {
            match (known.get(&at), by_pid.get(&at)) {
                (Some(belongs), _) => break *belongs,
                (None, Some(next)) if path.len() < processes.len() => {
                    path.push(**next);
                    at = next.parent;
                }
                (None, _) => break Belongs::Nobody,
            }
        };
        for step in path.iter().rev() {
            if belongs != Belongs::Nobody {
                belongs = claim(step, belongs, evidence, &mut by_environment);
            }
            known.insert(step.pid, belongs);
        }
        if let Belongs::To(run) = belongs
            && !process.ended
        {
            found.push((run, *process));
        }
    }
    found
}

fn claim(
    process: &Process,
    parent: Belongs,
    evidence: &Evidence,
    by_environment: &mut impl FnMut(i32) -> Option<RunId>,
) -> Belongs {
    let direct = evidence
        .cgroups
        .get(&process.pid)
        .or_else(|| evidence.sessions.get(&process.session))
        .or_else(|| evidence.sessions.get(&process.group));
    match (direct, parent) {
        (Some(run), _) => Belongs::To(*run),
        (None, Belongs::Unclaimed) => {
            by_environment(process.pid).map_or(Belongs::Unclaimed, Belongs::To)
        }
        (None, parent) => parent,
    }
}

/// Sends a signal to exactly this process: if its pid is somebody else's by now, nothing happens.
pub(crate) fn send(process: &Process, signal: Signal) -> nix::Result<()> {
    // SAFETY: the call takes numbers only and makes a new descriptor, which nobody else knows of.
    let pidfd = unsafe {
        let fd = Errno::result(libc::syscall(libc::SYS_pidfd_open, process.pid, 0))?;
        OwnedFd::from_raw_fd(i32::try_from(fd).map_err(|_| Errno::EBADF)?)
    };
    // The descriptor holds on to whoever has the pid now; is that still the one we saw?
    if look(process.pid).is_none_or(|now| now.start != process.start) {
        return Err(Errno::ESRCH);
    }
    use std::os::fd::AsRawFd;
    let none = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open, and a null siginfo means the default one.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal.0,
            none,
            0,
        )
    };
    Errno::result(sent).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, session: i32) -> Process {
        let (group, start, ended) = (session, 1, false);
        Process {
            pid,
            parent,
            group,
            session,
            start,
            ended,
        }
    }

    #[test]
    fn a_stat_line_is_read_whatever_the_name_says() {
        let line = b"7 (a) R 1 b)) S 3 4 5 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 998877 1000 2\n";
        let got = parse(7, line).unwrap();
        assert_eq!((got.parent, got.group, got.session), (3, 4, 5));
        assert_eq!((got.start, got.ended), (998_877, false));
        assert!(parse(7, b"").is_none());
        assert!(parse(7, b"7 (x) S 1").is_none());
    }

    #[test]
    fn the_keeper_finds_itself() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(scan().iter().any(|p| p.pid == pid && !p.ended));
    }

    #[test]
    fn every_way_to_get_away_is_known_and_strangers_are_left_alone() {
        let (a, b, inner) = (
            RunId::from_u128(1),
            RunId::from_u128(2),
            RunId::from_u128(9),
        );
        let evidence = Evidence {
            keeper: 10,
            ours: vec![11],
            sessions: HashMap::from([(20, a), (30, b)]),
            cgroups: HashMap::from([(50, b)]),
        };
        let processes = [
            process(1, 0, 1),
            process(10, 1, 10),
            process(11, 10, 11), // the daemon
            process(12, 11, 20), // its health check, in whatever session
            process(20, 10, 20), // a's main process
            process(21, 20, 21), // setsid, parent alive
            process(22, 21, 22), // and once more
            process(23, 10, 20), // orphan in the session
            process(24, 10, 24), // double fork and setsid, environment says a
            process(25, 24, 25), // its child, with a cleared environment
            process(26, 10, 26), // an orphan nothing is known of
            process(40, 21, 40), // child of a: another runwisp's run, still a's
            process(50, 10, 50), // in b's cgroup
            process(60, 1, 20),  // a stranger in a session with a's number
        ];
        let environment = HashMap::from([(24, a), (40, inner), (12, a), (60, a)]);
        let mut got: Vec<(RunId, i32)> =
            attribute(&processes, &evidence, |pid| environment.get(&pid).copied())
                .into_iter()
                .map(|(run, process)| (run, process.pid))
                .collect();
        got.sort_unstable();
        let mut expected: Vec<(RunId, i32)> =
            [20, 21, 22, 23, 24, 25, 40].map(|pid| (a, pid)).to_vec();
        expected.push((b, 50));
        assert_eq!(got, expected);
    }
}
