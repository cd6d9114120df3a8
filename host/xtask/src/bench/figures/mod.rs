//! What is measured: one figure, one function. Goals are those of the design.

mod boot;
mod capture;
mod deliveries;
mod followers;
mod history;
mod plugins;
mod restart;
mod size;
mod steady;
mod stop;
mod tasks;

use super::place::Place;
use super::subjects::{BARE, OURS, Subject};

/// One row of the table.
pub(super) struct Figure {
    /// For `--only`.
    pub(super) name: &'static str,
    /// As the table says it.
    pub(super) what: &'static str,
    /// What the design asks for.
    pub(super) goal: &'static str,
    /// Who has something of the kind.
    pub(super) who: Who,
    /// Takes the figure; the flag asks for a tenth of the work.
    pub(super) measure: fn(&dyn Subject, &Place, bool) -> Result<String, String>,
}

/// Who is measured.
pub(super) enum Who {
    /// Only ours has it.
    Ours,
    /// Every supervisor.
    Supervisors,
    /// Every supervisor, and the loop that supervises nothing: what the machine takes for itself.
    All,
}

impl Figure {
    /// Whether this subject is measured.
    pub(super) fn concerns(&self, subject: &str) -> bool {
        match self.who {
            Who::Ours => subject == OURS,
            Who::Supervisors => subject != BARE,
            Who::All => true,
        }
    }
}

const fn row(
    name: &'static str,
    what: &'static str,
    goal: &'static str,
    who: Who,
    measure: fn(&dyn Subject, &Place, bool) -> Result<String, String>,
) -> Figure {
    Figure {
        name,
        what,
        goal,
        who,
        measure,
    }
}

/// Every figure, in the order of the table.
pub(super) const FIGURES: [Figure; 22] = [
    row(
        "boot",
        "200 services up, from exec of the daemon",
        "≤ 0.25 s",
        Who::All,
        boot::services,
    ),
    row(
        "restart",
        "killed child → next exec (delay 0), median",
        "≤ 2 ms",
        Who::All,
        restart::latency,
    ),
    row(
        "capture",
        "1 GiB of output captured",
        "≥ 1 GiB/s, ≤ 0.6 CPU-s",
        Who::Supervisors,
        capture::flood,
    ),
    row(
        "stop",
        "50 services that take 1 s to stop",
        "≤ 1.1 s",
        Who::Supervisors,
        stop::parallel,
    ),
    row(
        "memory",
        "memory (PSS), 200 services",
        "≤ 15 MB",
        Who::Supervisors,
        steady::memory,
    ),
    row(
        "idle",
        "at idle, 200 services (ours: and 1,000 cron tasks)",
        "0.0 % CPU",
        Who::Supervisors,
        steady::idle,
    ),
    row(
        "short-runs",
        "short runs, triggered and recorded durably",
        "≥ 500/s",
        Who::Ours,
        tasks::short_runs,
    ),
    row(
        "ticks",
        "tick → exec for 1,000 tasks due in one second, the last one",
        "≤ 1 s",
        Who::Ours,
        tasks::same_second,
    ),
    row(
        "query",
        "list and filter over 1,000,000 runs, p99",
        "≤ 20 ms",
        Who::Ours,
        history::queries,
    ),
    row(
        "query-tcp",
        "the same over TCP, with a token, p99",
        "≤ 20 ms",
        Who::Ours,
        history::queries_by_tcp,
    ),
    row(
        "followers",
        "1,000 readers of events and 10 that do not read",
        "no effect on capture",
        Who::Ours,
        followers::subscribers,
    ),
    row(
        "search",
        "search in logs",
        "≥ 1 GiB/s",
        Who::Ours,
        history::search,
    ),
    row(
        "ready",
        "start to ready, median",
        "≤ 50 ms",
        Who::Ours,
        boot::ready,
    ),
    row(
        "client",
        "one `status` by the command line, median",
        "",
        Who::Ours,
        boot::client,
    ),
    row(
        "overhead",
        "memory (PSS), nothing to run",
        "",
        Who::Supervisors,
        steady::empty,
    ),
    row(
        "plugin-first",
        "a plugin's first call ever, compiled on the way, median",
        "≤ 0.2 s",
        Who::Ours,
        plugins::first,
    ),
    row(
        "plugin-cached",
        "a plugin's first call of a program, median",
        "≤ 5 ms",
        Who::Ours,
        plugins::cached,
    ),
    row(
        "plugin-warm",
        "a call of a loaded plugin, median",
        "≤ 0.1 ms",
        Who::Ours,
        plugins::warm,
    ),
    row(
        "plugin-memory",
        "memory (RSS) of a loaded plugin",
        "≤ 600 kB, given back",
        Who::Ours,
        plugins::memory,
    ),
    row(
        "plugin-timers",
        "timers of 5 ms while 16 plugins spin, median",
        "≤ 10 ms late",
        Who::Ours,
        plugins::timers,
    ),
    row(
        "deliveries",
        "messages delivered through a webhook on this machine",
        "≥ 1,000/s",
        Who::Ours,
        deliveries::webhook,
    ),
    row(
        "size",
        "size of the binary",
        "≤ 22 MB",
        Who::Ours,
        size::binary,
    ),
];
