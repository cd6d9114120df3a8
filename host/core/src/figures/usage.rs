//! From what was read about processes to what each run uses: who belongs to whom, and what was used since the last
//! reading.
//!
//! A process belongs to the run whose session it is in, or to the run of its parent, or, once it has left both, to the
//! run it belonged to at the reading before or was started for. A run with a cgroup of its own is measured by that.
//!
//! Processor time of a run is what its processes used since the reading before, with that of children that ended
//! meanwhile and were waited for: their time is in their parent's. What ended without a parent in the run to wait for
//! it took its last seconds along. A pid that is somebody else's by now is told by the start time; nothing ever goes
//! below zero.
//!
//! Tests: below.

use std::collections::HashMap;
use std::time::Duration;

use super::Usage;
use crate::words::ids::RunId;
use crate::words::time::Mono;

/// A run that has just begun has to live so long before percents say something: the kernel counts in steps of 10 ms.
const SHORTEST: Duration = Duration::from_millis(100);

/// A process, as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its pid.
    pub pid: i32,
    /// Its parent's.
    pub parent: i32,
    /// Its session.
    pub session: i32,
    /// When it started, in the kernel's ticks since boot: with the pid, its identity.
    pub start: u64,
    /// Processor time of its own and of the children that it waited for.
    pub cpu: Duration,
    /// Its resident size, bytes.
    pub memory_bytes: u64,
}

/// What the kernel says of a cgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Processor time since it was made.
    pub cpu: Duration,
    /// Memory that can't be had back without harm, bytes; none where the kernel does not count it.
    pub memory_bytes: Option<u64>,
}

/// A run to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The run.
    pub run: RunId,
    /// Its main process, and so its session.
    pub pid: i32,
    /// When it began.
    pub since: Mono,
    /// What its own cgroup says, where it has one.
    pub group: Option<Group>,
}

/// What a run used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunUsage {
    /// The run.
    pub run: RunId,
    /// On average since the reading before.
    pub usage: Usage,
    /// Processor time since the reading before.
    pub cpu: Duration,
}

/// A process of a run, remembered to the next reading.
#[derive(Clone, Copy, Debug)]
struct Seen {
    run: RunId,
    parent: i32,
    start: u64,
    cpu: Duration,
}

/// What is remembered from one reading to the next: 48 bytes for each process of a run.
#[derive(Debug, Default)]
pub struct Meter {
    at: Option<Mono>,
    processes: HashMap<i32, Seen>,
    groups: HashMap<RunId, Option<Duration>>,
}

impl Meter {
    /// When the last reading was taken.
    pub fn read_at(&self) -> Option<Mono> {
        self.at
    }

    /// Takes a reading in. Runs whose use is not known yet, because they were there before the first reading, are left
    /// out, as are those of which nothing is alive. `started_for` says for which run a process was started; it is
    /// asked about the few whose parent and session say nothing.
    pub fn read(
        &mut self,
        at: Mono,
        processes: &[Process],
        watched: &[Watched],
        started_for: impl FnMut(&Process) -> Option<RunId>,
    ) -> Vec<RunUsage> {
        let members = self.members(processes, watched, started_for);
        let mut used = self.used_by_processes(&members);
        let mut memory: HashMap<RunId, u64> = HashMap::new();
        for (process, run) in &members {
            *memory.entry(*run).or_default() += process.memory_bytes;
        }
        for run in watched {
            let Some(group) = run.group else { continue };
            memory.extend(group.memory_bytes.map(|bytes| (run.run, bytes)));
            let before = self.groups.get(&run.run).copied().flatten();
            used.insert(
                run.run,
                group.cpu.saturating_sub(before.unwrap_or_default()),
            );
        }
        let found = watched.iter().filter_map(|run| {
            let memory_bytes = *memory.get(&run.run)?;
            let begin = self.begin(run)?;
            let elapsed = at.since(begin);
            let known = self.groups.contains_key(&run.run);
            if elapsed.is_zero() || (!known && elapsed < SHORTEST) {
                return None;
            }
            let cpu = used.get(&run.run).copied().unwrap_or_default();
            let cpu_percent = cpu.as_secs_f64() / elapsed.as_secs_f64() * 100.0;
            Some(RunUsage {
                run: run.run,
                usage: Usage {
                    cpu_percent,
                    memory_bytes,
                },
                cpu,
            })
        });
        let found = found.collect();
        self.remember(at, &members, watched);
        found
    }

    /// Since when what was found of a run has been used; none where that is not known.
    fn begin(&self, run: &Watched) -> Option<Mono> {
        let last = self.at?;
        Some(match self.groups.get(&run.run) {
            Some(_) => last,
            // It began after the last reading, or that reading missed it by a hair.
            None => run.since.max(last),
        })
    }

    fn remember(&mut self, at: Mono, members: &[(Process, RunId)], watched: &[Watched]) {
        self.at = Some(at);
        self.processes.clear();
        for (process, run) in members {
            self.processes.insert(
                process.pid,
                Seen {
                    run: *run,
                    parent: process.parent,
                    start: process.start,
                    cpu: process.cpu,
                },
            );
        }
        self.groups = watched
            .iter()
            .map(|run| (run.run, run.group.map(|group| group.cpu)))
            .collect();
    }

    /// Every process that belongs to a run.
    fn members(
        &self,
        processes: &[Process],
        watched: &[Watched],
        mut started_for: impl FnMut(&Process) -> Option<RunId>,
    ) -> Vec<(Process, RunId)> {
        let sessions: HashMap<i32, RunId> = watched.iter().map(|run| (run.pid, run.run)).collect();
        let by_pid: HashMap<i32, &Process> = processes.iter().map(|p| (p.pid, p)).collect();
        let mut known: HashMap<i32, Option<RunId>> = HashMap::with_capacity(processes.len());
        let mut path: Vec<&Process> = Vec::new();
        for process in processes {
            // Up to somebody whose run is known, then down again.
            let mut at = Some(process);
            let mut run = None;
            while let Some(step) = at {
                let direct = sessions.get(&step.session).or_else(|| self.before(step));
                if let Some(found) = known.get(&step.pid).copied() {
                    run = found;
                    break;
                }
                path.push(step);
                if direct.is_some() || path.len() > processes.len() {
                    run = direct.copied();
                    break;
                }
                at = by_pid.get(&step.parent).copied();
            }
            while let Some(step) = path.pop() {
                if run.is_none() && step.session == step.pid {
                    run = started_for(step).filter(|run| sessions.values().any(|r| r == run));
                }
                known.insert(step.pid, run);
            }
        }
        let member = |process: &Process| Some((*process, (*known.get(&process.pid)?)?));
        processes.iter().filter_map(member).collect()
    }

    /// The run a process belonged to at the last reading.
    fn before(&self, process: &Process) -> Option<&RunId> {
        let seen = self.processes.get(&process.pid)?;
        (seen.start == process.start).then_some(&seen.run)
    }

    fn used_by_processes(&self, members: &[(Process, RunId)]) -> HashMap<RunId, Duration> {
        let mut now: HashMap<RunId, Duration> = HashMap::new();
        let mut alive: HashMap<i32, u64> = HashMap::with_capacity(members.len());
        for (process, run) in members {
            *now.entry(*run).or_default() += process.cpu;
            alive.insert(process.pid, process.start);
        }
        let mut before: HashMap<RunId, Duration> = HashMap::new();
        for (pid, seen) in &self.processes {
            let lives = alive.get(pid) == Some(&seen.start);
            // One that ended is in the time of its parent, if that is here to have waited for it.
            let parent = self.processes.get(&seen.parent);
            let waited_for =
                parent.is_some_and(|parent| alive.get(&seen.parent) == Some(&parent.start));
            if lives || waited_for {
                *before.entry(seen.run).or_default() += seen.cpu;
            }
        }
        for (run, used) in &mut now {
            *used = used.saturating_sub(before.get(run).copied().unwrap_or_default());
        }
        now
    }
}

/// Processor time of one thing between two readings of a count that only grows, in percent of `whole`.
pub fn percent(before: Duration, now: Duration, whole: Duration) -> f64 {
    if whole.is_zero() {
        return 0.0;
    }
    now.saturating_sub(before).as_secs_f64() / whole.as_secs_f64() * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn run(n: u64) -> RunId {
        RunId::from_parts(n, 0)
    }

    fn process(pid: i32, parent: i32, session: i32, cpu_ms: u64) -> Process {
        Process {
            pid,
            parent,
            session,
            start: 1,
            cpu: Duration::from_millis(cpu_ms),
            memory_bytes: 1000,
        }
    }

    fn watched(n: u64, pid: i32) -> Watched {
        Watched {
            run: run(n),
            pid,
            since: Mono(0),
            group: None,
        }
    }

    /// Readings ten seconds apart; percents of each run at the last one.
    fn readings(watched: &[Watched], readings: &[&[Process]]) -> Vec<(u64, f64, u64)> {
        let mut meter = Meter::default();
        let mut last = Vec::new();
        for (n, processes) in (1..).zip(readings) {
            last = meter.read(Mono(n * 10 * SECOND), processes, watched, |_| None);
        }
        let short = |used: &RunUsage| {
            (
                used.run.unix_ms(),
                used.usage.cpu_percent.round(),
                used.usage.memory_bytes,
            )
        };
        last.iter().map(short).collect()
    }

    #[test]
    fn a_run_is_its_session_and_what_descends_from_it() {
        let first = [
            process(10, 1, 10, 0),
            process(20, 1, 20, 0),
            process(99, 1, 99, 0),
        ];
        // 12 left the session of its parent 11; 99 is a stranger.
        let second = [
            process(12, 11, 12, 1000),
            process(10, 1, 10, 1000),
            process(11, 10, 10, 1000),
            process(20, 1, 20, 500),
            process(99, 1, 99, 9000),
        ];
        let found = readings(&[watched(1, 10), watched(2, 20)], &[&first, &second]);
        assert_eq!(found, [(1, 30.0, 3000), (2, 5.0, 1000)]);
    }

    #[test]
    fn the_first_reading_of_old_runs_says_nothing_and_a_new_run_counts_from_its_start() {
        let mut meter = Meter::default();
        let old = [process(10, 1, 10, 50_000)];
        assert!(
            meter
                .read(Mono(10 * SECOND), &old, &[watched(1, 10)], |_| None)
                .is_empty()
        );
        let fresh = Watched {
            since: Mono(18 * SECOND),
            ..watched(2, 20)
        };
        let both = [process(10, 1, 10, 50_000), process(20, 1, 20, 1000)];
        let found = meter.read(Mono(20 * SECOND), &both, &[watched(1, 10), fresh], |_| None);
        let percents: Vec<f64> = found.iter().map(|used| used.usage.cpu_percent).collect();
        assert_eq!(percents, [0.0, 50.0]);
    }

    #[test]
    fn the_time_of_children_that_were_waited_for_counts_once() {
        // 11 used 2 s, one of which was seen, and its parent waited for it.
        let first = [process(10, 1, 10, 0), process(11, 10, 10, 1000)];
        let second = [process(10, 1, 10, 2000)];
        assert_eq!(
            readings(&[watched(1, 10)], &[&first, &second]),
            [(1, 10.0, 1000)]
        );
    }

    #[test]
    fn an_orphan_that_ended_takes_nothing_from_the_others() {
        let first = [process(10, 1, 10, 0), process(11, 1, 10, 90_000)];
        let second = [process(10, 1, 10, 1000)];
        assert_eq!(
            readings(&[watched(1, 10)], &[&first, &second]),
            [(1, 10.0, 1000)]
        );
    }

    #[test]
    fn a_pid_that_is_somebody_elses_by_now_is_another_process() {
        let first = [process(10, 1, 10, 0), process(11, 1, 10, 60_000)];
        let again = Process {
            start: 2,
            ..process(11, 10, 10, 500)
        };
        let second = [process(10, 1, 10, 0), again];
        assert_eq!(
            readings(&[watched(1, 10)], &[&first, &second]),
            [(1, 5.0, 2000)]
        );
    }

    #[test]
    fn who_left_its_parent_stays_with_its_run_and_who_was_never_seen_is_asked() {
        let first = [process(10, 1, 10, 0), process(11, 10, 11, 0)];
        let second = [process(10, 1, 10, 0), process(11, 1, 11, 1000)];
        assert_eq!(
            readings(&[watched(1, 10)], &[&first, &second]),
            [(1, 10.0, 2000)]
        );
        let mut meter = Meter::default();
        meter.read(Mono(SECOND), &first[..1], &[watched(1, 10)], |_| None);
        let found = meter.read(Mono(11 * SECOND), &second, &[watched(1, 10)], |process| {
            (process.pid == 11).then(|| run(1))
        });
        assert_eq!(found[0].usage.memory_bytes, 2000);
    }

    #[test]
    fn a_cgroup_is_believed_before_its_processes() {
        let group = |seconds| Watched {
            group: Some(Group {
                cpu: Duration::from_secs(seconds),
                memory_bytes: Some(77),
            }),
            ..watched(1, 10)
        };
        let mut meter = Meter::default();
        let processes = [process(10, 1, 10, 0)];
        meter.read(Mono(10 * SECOND), &processes, &[group(5)], |_| None);
        let found = meter.read(Mono(20 * SECOND), &processes, &[group(10)], |_| None);
        assert_eq!(
            (found[0].usage.cpu_percent, found[0].usage.memory_bytes),
            (50.0, 77)
        );
    }

    #[test]
    fn processes_that_are_each_others_parents_end_the_search() {
        let circle = [process(10, 11, 1, 0), process(11, 10, 1, 0)];
        assert!(readings(&[watched(1, 50)], &[&circle, &circle]).is_empty());
    }

    #[test]
    fn a_count_that_went_back_is_nothing_used() {
        let (second, ten) = (Duration::from_secs(1), Duration::from_secs(10));
        assert_eq!(percent(ten, second, ten), 0.0);
        assert_eq!(percent(second, ten, ten), 90.0);
        assert_eq!(percent(second, ten, Duration::ZERO), 0.0);
    }
}
