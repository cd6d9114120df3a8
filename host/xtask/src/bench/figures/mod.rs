//! What is measured: one figure, one function. Goals are those of the design.

mod boot;
mod capture;
mod history;
mod restart;
mod size;
mod steady;
mod stop;
mod tasks;

use super::place::Place;
use super::subjects::Subject;

/// One row of the table.
pub(super) struct Figure {
    /// For `--only`.
    pub(super) name: &'static str,
    /// As the table says it.
    pub(super) what: &'static str,
    /// What the design asks for.
    pub(super) goal: &'static str,
    /// Whether the others have nothing of the kind.
    pub(super) only_ours: bool,
    /// Takes the figure; the flag asks for a tenth of the work.
    pub(super) measure: fn(&dyn Subject, &Place, bool) -> Result<String, String>,
}

const fn row(
    name: &'static str,
    what: &'static str,
    goal: &'static str,
    only_ours: bool,
    measure: fn(&dyn Subject, &Place, bool) -> Result<String, String>,
) -> Figure {
    Figure {
        name,
        what,
        goal,
        only_ours,
        measure,
    }
}

/// Every figure, in the order of the table.
pub(super) const FIGURES: [Figure; 14] = [
    row(
        "boot",
        "200 services up, from exec of the daemon",
        "≤ 0.25 s",
        false,
        boot::services,
    ),
    row(
        "restart",
        "killed child → next exec (delay 0), median",
        "≤ 2 ms",
        false,
        restart::latency,
    ),
    row(
        "capture",
        "1 GiB of output captured",
        "≥ 1 GiB/s, ≤ 0.6 CPU-s",
        false,
        capture::flood,
    ),
    row(
        "stop",
        "50 services that take 1 s to stop",
        "≤ 1.1 s",
        false,
        stop::parallel,
    ),
    row(
        "memory",
        "memory (PSS), 200 services",
        "≤ 15 MB",
        false,
        steady::memory,
    ),
    row(
        "idle",
        "at idle, 200 services (ours: and 1,000 cron tasks)",
        "0.0 % CPU",
        false,
        steady::idle,
    ),
    row(
        "short-runs",
        "short runs, triggered and recorded durably",
        "≥ 500/s",
        true,
        tasks::short_runs,
    ),
    row(
        "ticks",
        "tick → exec for 1,000 tasks due in one second, the last one",
        "≤ 1 s",
        true,
        tasks::same_second,
    ),
    row(
        "query",
        "list and filter over 1,000,000 runs, p99",
        "≤ 20 ms",
        true,
        history::queries,
    ),
    row(
        "search",
        "search in logs",
        "≥ 1 GiB/s",
        true,
        history::search,
    ),
    row(
        "ready",
        "start to ready, median",
        "≤ 50 ms",
        true,
        boot::ready,
    ),
    row(
        "client",
        "one `status` by the command line, median",
        "",
        true,
        boot::client,
    ),
    row(
        "overhead",
        "memory (PSS), nothing to run",
        "",
        false,
        steady::empty,
    ),
    row("size", "size of the binary", "≤ 22 MB", true, size::binary),
];
