//! When to look for processes that got away, and what to do with those found.
//!
//! Invariant: hunts take at most a twentieth of the keeper's time, and none is made unless something ended or was
//! ordered since the last one.
//!
//! Tests: `tests/keeper/escapees.rs`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use runwisp_core::words::ids::RunId;
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;
use runwisp_core::words::time::Mono;

use crate::escapees::{Evidence, Process, attribute, run_in_environment, scan, send};
use crate::main_loop::Keeper;
use crate::say::say;
use crate::{cgroup, clock};

/// The shortest time from the wish to the hunt, so that several ends share one.
const GATHER: Duration = Duration::from_millis(20);

/// How much longer than a hunt took the keeper waits before the next.
const REST_FACTOR: u32 = 20;

/// How often a hunt that kills looks again at once: whoever forks while being killed is caught by the next pass.
const PASSES_MAX: usize = 10;

/// What is to be hunted, and when.
#[derive(Debug, Default)]
pub(crate) struct Hunt {
    due: Option<Mono>,
    /// No hunt before this.
    rested_at: Mono,
    /// Runs that were declared gone without a hunt: what is found of them is killed. By session.
    strays: Vec<(i32, RunId)>,
    /// Signals to be sent to whatever is found.
    orders: Vec<(RunId, Signal, Scope)>,
}

impl Hunt {
    /// Wants a hunt soon.
    pub(crate) fn want(&mut self) {
        let earliest = self.rested_at.max(clock::mono().plus(GATHER));
        self.due.get_or_insert(earliest);
    }

    /// Wants one if the last left something to look after.
    pub(crate) fn want_if_pending(&mut self) {
        if !self.strays.is_empty() {
            self.want();
        }
    }

    /// A run is gone as far as anybody can tell without looking.
    pub(crate) fn expect_strays(&mut self, session: i32, run: RunId) {
        self.strays.push((session, run));
        self.want();
    }

    /// A signal for processes that must be looked for. Done before this turn ends.
    pub(crate) fn order(&mut self, run: RunId, signal: Signal, scope: Scope) {
        self.orders.push((run, signal, scope));
    }

    pub(crate) fn due_at(&self) -> Option<Mono> {
        self.due
    }
}

type Found = BTreeMap<RunId, Vec<Process>>;

impl Keeper {
    /// Hunts if it is time to, or if signals are to be sent.
    pub(crate) fn hunt_if_due(&mut self, now: Mono) {
        if self.hunt.due.is_some_and(|at| at <= now) || !self.hunt.orders.is_empty() {
            self.hunt();
        }
    }

    /// Hunts now if there is to be a hunt at all: the last chance before the keeper leaves.
    pub(crate) fn hunt_if_wanted(&mut self) {
        if self.hunt.due.is_some() {
            self.hunt();
        }
    }

    fn hunt(&mut self) {
        let begun = clock::mono();
        self.hunt.due = None;
        let orders = std::mem::take(&mut self.hunt.orders);
        let strays = std::mem::take(&mut self.hunt.strays);
        let mut found = self.look(&strays);
        self.carry_out(&orders, &found);
        let mut killed = HashSet::new();
        for _ in 0..PASSES_MAX {
            if !self.kill_condemned(&strays, &found, &mut killed) {
                break;
            }
            found = self.look(&strays);
        }
        // Those of whom something is left must be looked after again, when the next orphan is reaped.
        let left = strays.into_iter().filter(|(_, id)| found.contains_key(id));
        self.hunt.strays.extend(left);
        self.judge(&found);
        let took = clock::mono().since(begun);
        self.hunt.rested_at = clock::mono().plus(took.saturating_mul(REST_FACTOR).max(GATHER));
    }

    /// Everything alive of every run that is not over, and of the strays.
    fn look(&self, strays: &[(i32, RunId)]) -> Found {
        let mut evidence = Evidence {
            keeper: nix::unistd::getpid().as_raw(),
            ours: self
                .daemon
                .pid
                .into_iter()
                .chain(self.loader.pid())
                .collect(),
            sessions: strays.iter().copied().collect(),
            cgroups: HashMap::new(),
        };
        let mut wanted: Vec<RunId> = strays.iter().map(|(_, id)| *id).collect();
        for run in self.runs.values().filter(|run| !run.is_over()) {
            evidence.sessions.insert(run.facts.pid, run.facts.run);
            wanted.push(run.facts.run);
            for pid in run
                .facts
                .cgroup
                .as_deref()
                .map(cgroup::pids)
                .unwrap_or_default()
            {
                evidence.cgroups.insert(pid, run.facts.run);
            }
        }
        wanted.sort_unstable();
        let by_environment =
            |pid| run_in_environment(pid).filter(|id| wanted.binary_search(id).is_ok());
        let mut found = Found::new();
        for (id, process) in attribute(&scan(), &evidence, by_environment) {
            found.entry(id).or_default().push(process);
        }
        found
    }

    /// Sends the ordered signals to all that their scope covers and the first, direct signal did not reach.
    fn carry_out(&self, orders: &[(RunId, Signal, Scope)], found: &Found) {
        for (id, signal, scope) in orders {
            let Some(run) = self.runs.get(id) else {
                continue;
            };
            let group = run.facts.pid;
            for process in found.get(id).into_iter().flatten() {
                let in_group = process.group == group;
                let meant = if run.is_alive() {
                    !in_group
                } else {
                    in_group || *scope == Scope::All
                };
                if meant {
                    // It may have ended meanwhile.
                    let _ = send(process, *signal);
                }
            }
        }
    }

    /// Kills what is found of runs that are to be killed, and of those already gone. Says whether there was any that
    /// is not in `killed` yet, by pid and start.
    fn kill_condemned(
        &self,
        strays: &[(i32, RunId)],
        found: &Found,
        killed: &mut HashSet<(i32, u64)>,
    ) -> bool {
        let mut any = false;
        for (id, processes) in found {
            let run = self.runs.get(id).filter(|run| !run.is_over());
            let stray = run.is_none() && strays.iter().any(|(_, stray)| stray == id);
            if !stray && run.is_none_or(|run| !run.facts.killing) {
                continue;
            }
            for process in processes {
                let is_new = killed.insert((process.pid, process.start));
                if is_new && send(process, Signal::KILL).is_ok() {
                    any = true;
                    if stray {
                        say(&format!(
                            "killed process {}, left over by run {id}",
                            process.pid
                        ));
                    }
                }
            }
        }
        any
    }

    /// Runs whose main process has ended and of which nothing was found are gone, whoever holds their pipes.
    fn judge(&mut self, found: &Found) {
        let lingering = self.runs.values().filter(|run| run.is_lingering());
        let lingering: Vec<RunId> = lingering.map(|run| run.facts.run).collect();
        let empty: Vec<RunId> = lingering
            .iter()
            .filter(|id| !found.contains_key(*id))
            .copied()
            .collect();
        for id in &lingering {
            if let Some(run) = self.runs.get_mut(id) {
                run.facts.escaped = found.contains_key(id);
            }
        }
        if empty.is_empty() {
            return;
        }
        // One that forked while the list was read may have been missed; it is not missed twice.
        let again = self.look(&[]);
        for id in empty {
            match self.runs.get_mut(&id) {
                Some(run) if again.contains_key(&id) => {
                    run.facts.escaped = true;
                    self.hunt.want();
                }
                Some(_) => self.gone(id),
                None => {}
            }
        }
    }
}
