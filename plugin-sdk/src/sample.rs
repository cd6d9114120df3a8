//! Events of every kind, as the daemon makes them.
//!
//! Invariant: the same each time, so that what a plugin makes of them can be compared.

use crate::{Event, Fact, Run, Severity, Unit, UnitKind};

/// What the clock of a test says: 2026-11-24, 12:32:30 UTC.
pub const NOW: u64 = 1_795_523_550_000;

/// Eight seconds before [`NOW`].
const AT: u64 = NOW - 8_000;

/// Kinds with their severity, what happened, and how. The list grows: a plugin must take any other as well.
const KINDS: [(&str, Severity, &str, &str, &str); 13] = [
    ("run.started", Severity::Info, "backup started", "", ""),
    (
        "run.succeeded",
        Severity::Info,
        "backup succeeded",
        "succeeded",
        "",
    ),
    (
        "run.failed",
        Severity::Error,
        "backup failed",
        "failed",
        "exited with code 2",
    ),
    (
        "run.timeout",
        Severity::Error,
        "backup timed out",
        "timeout",
        "stopped after 1h: it had not ended by then",
    ),
    (
        "run.oom_killed",
        Severity::Error,
        "backup ran out of memory",
        "oom_killed",
        "killed by SIGKILL: out of memory",
    ),
    (
        "run.recovered",
        Severity::Info,
        "backup works again",
        "succeeded",
        "",
    ),
    (
        "run.missed",
        Severity::Error,
        "backup missed its time",
        "",
        "the machine was off",
    ),
    (
        "service.fatal",
        Severity::Error,
        "web gave up",
        "failed",
        "exited with code 1 five times in a row",
    ),
    (
        "service.unhealthy",
        Severity::Error,
        "web is unhealthy",
        "",
        "its health check fails: connection refused",
    ),
    (
        "service.recovered",
        Severity::Info,
        "web works again",
        "",
        "",
    ),
    (
        "storage.low",
        Severity::Warning,
        "little space left for logs",
        "",
        "200 MB are free, 1 GB should be",
    ),
    ("daemon.started", Severity::Info, "runwisp started", "", ""),
    ("test", Severity::Info, "this is a test", "", ""),
];

/// An event of a kind. A kind that this list does not know is told as a warning, which is what a new one may look like.
pub fn sample(kind: &str) -> Event {
    let known = KINDS.iter().find(|known| known.0 == kind);
    let (_, severity, title, outcome, cause) = known.copied().unwrap_or((
        "",
        Severity::Warning,
        "something happened",
        "",
        "for a reason that is new",
    ));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_string());
    let failed = severity == Severity::Error;
    let recovered = kind.ends_with(".recovered");
    let own = kind.starts_with("storage.") || kind.starts_with("daemon.") || kind == "test";
    let service = kind.starts_with("service.");
    let sentence = match cause {
        "" => format!("{title} on web-1"),
        cause => format!("{title} on web-1: {cause}"),
    };
    Event {
        id: "01JEVENT000000000000000000".into(),
        kind: kind.into(),
        severity,
        at: AT,
        at_text: "2026-11-24 13:32:22 CET".into(),
        host: "web-1".into(),
        unit: (!own).then(|| unit(service)),
        run: (!own).then(|| run(outcome, failed)),
        title: title.into(),
        sentence,
        cause: some(cause),
        consecutive_failures: if failed { 3 } else { 0 },
        folded: 0,
        since: (failed || recovered).then_some(AT - 7_500_000),
        lasted_ms: recovered.then_some(7_500_000),
        tail: match failed {
            true => vec![
                "dumping database site".into(),
                "zstd: /backup/site.zst: No space left on device <disk full & \"done\">".into(),
            ],
            false => Vec::new(),
        },
        link: (!own).then(|| "https://ops.example.com/runs/01JRUN".into()),
        facts: match kind {
            "storage.low" => vec![Fact {
                name: "free_bytes".into(),
                value: "200000000".into(),
            }],
            _ => Vec::new(),
        },
    }
}

/// One event of every kind.
pub fn samples() -> Vec<Event> {
    KINDS.iter().map(|known| sample(known.0)).collect()
}

fn unit(service: bool) -> Unit {
    Unit {
        name: if service { "web" } else { "backup" }.into(),
        kind: match service {
            true => UnitKind::Service,
            false => UnitKind::Task,
        },
        group: Some("data".into()),
        description: Some("the database, every night".into()),
        instance: service.then_some(1),
    }
}

fn run(outcome: &str, failed: bool) -> Run {
    let ended = !outcome.is_empty();
    Run {
        id: "01JRUN".into(),
        attempt: 1,
        trigger: "schedule".into(),
        outcome: ended.then(|| outcome.into()),
        exit_code: match (outcome, failed) {
            ("failed", _) => Some(2),
            ("succeeded", _) => Some(0),
            _ => None,
        },
        signal: (outcome == "oom_killed").then(|| "SIGKILL".into()),
        scheduled_at: Some(AT - 63_500),
        started_at: Some(AT - 63_000),
        ended_at: ended.then_some(AT),
        duration_ms: ended.then_some(63_000),
    }
}
