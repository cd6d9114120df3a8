//! Events of every kind, as the daemon makes them. Templates are checked with them, and tests of plugins use them.
//!
//! Invariant: the same each time, so that what a plugin makes of them can be compared. Tests: `tests` below.

use crate::{Event, Fact, Run, Severity, Unit, UnitKind};

/// What the clock of a test says: 2026-11-24, 12:32:30 UTC.
pub const NOW: u64 = 1_795_523_550_000;

/// Eight seconds before [`NOW`].
const AT: u64 = NOW - 8_000;

use Severity::{Error, Info, Warning};

/// Kinds with their severity, what happened, and why. The list grows: a plugin must take any other as well.
const KINDS: [(&str, Severity, &str, &str); 28] = [
    ("run.started", Info, "backup started", ""),
    ("run.succeeded", Info, "backup succeeded", ""),
    ("run.failed", Error, "backup failed", "exited 2"),
    (
        "run.timeout",
        Error,
        "backup took too long",
        "longer than 1h",
    ),
    (
        "run.start_failed",
        Error,
        "backup could not be started",
        "no such file: /usr/local/bin/backup",
    ),
    (
        "run.oom_killed",
        Error,
        "backup ran out of memory",
        "killed by SIGKILL",
    ),
    (
        "run.unhealthy",
        Error,
        "backup was unhealthy and was ended",
        "its watchdog heard nothing for 30s",
    ),
    (
        "run.log_overflow",
        Error,
        "backup printed too much and was ended",
        "more than 100 MiB",
    ),
    (
        "run.interrupted",
        Error,
        "backup was interrupted",
        "the machine went away",
    ),
    (
        "run.missed",
        Error,
        "backup missed its time",
        "3 ticks while the machine was off",
    ),
    (
        "run.queue_full",
        Warning,
        "backup has too many runs waiting",
        "10 are",
    ),
    (
        "run.skipped",
        Info,
        "backup was still busy and was skipped",
        "",
    ),
    (
        "run.dst_skipped",
        Info,
        "backup was skipped, as the clocks went back",
        "",
    ),
    ("run.stopped", Info, "backup was stopped", "by an operator"),
    (
        "run.daemon_stopped",
        Info,
        "backup was stopped together with runwisp",
        "",
    ),
    (
        "run.retrying",
        Info,
        "backup failed and is tried again",
        "exited 2",
    ),
    ("run.recovered", Info, "backup is well again", ""),
    (
        "service.fatal",
        Error,
        "web#1 failed too often and is given up",
        "exited 1",
    ),
    (
        "service.unhealthy",
        Error,
        "web#1 is unhealthy",
        "connection refused",
    ),
    ("service.recovered", Info, "web is well again", ""),
    (
        "task.overdue",
        Error,
        "backup is overdue",
        "nothing has ended since 06:00",
    ),
    ("daemon.started", Info, "runwisp started", ""),
    (
        "daemon.crashed",
        Error,
        "runwisp died and is back",
        "what it supervises went on",
    ),
    (
        "daemon.degraded",
        Error,
        "runwisp is in trouble: database",
        "the disk is full",
    ),
    (
        "daemon.recovered",
        Info,
        "runwisp is well again: database",
        "",
    ),
    (
        "disk.low",
        Warning,
        "little room is left on the disk",
        "200 MiB are left",
    ),
    (
        "plugin.suspended",
        Warning,
        "the plugin ntfy is left alone for a while",
        "it failed 5 times",
    ),
    ("notify.test", Info, "this is a test", ""),
];

/// An event of a kind. A kind that this list does not know is told as a warning, which is what a new one may look like.
pub fn sample(kind: &str) -> Event {
    let known = KINDS.iter().find(|known| known.0 == kind);
    let (_, severity, title, cause) = known.copied().unwrap_or((
        "",
        Warning,
        "something happened",
        "for a reason that is new",
    ));
    let run_kind = kind.starts_with("run.");
    let service = kind.starts_with("service.");
    let about_unit = run_kind || service || kind.starts_with("task.");
    let failed = severity == Error;
    let recovered = kind.ends_with(".recovered") && about_unit;
    Event {
        id: "01JEVENT000000000000000000".into(),
        kind: kind.into(),
        severity,
        at: AT,
        at_text: "2026-11-24 13:32:22 CET".into(),
        host: "web-1".into(),
        unit: about_unit.then(|| unit(service, recovered)),
        run: (run_kind || recovered).then(|| run(kind)),
        title: title.into(),
        sentence: sentence(
            title,
            cause,
            about_unit,
            service,
            run_kind && failed,
            recovered,
        ),
        cause: (!cause.is_empty()).then(|| cause.into()),
        consecutive_failures: if failed && about_unit { 3 } else { 0 },
        folded: 0,
        since: ((failed && about_unit) || recovered).then_some(AT - 7_500_000),
        lasted_ms: recovered.then_some(7_500_000),
        tail: match failed && run_kind {
            true => vec![
                "dumping database site".into(),
                "zstd: /backup/site.zst: No space left on device <disk full & \"done\">".into(),
            ],
            false => Vec::new(),
        },
        link: about_unit.then(|| "https://ops.example.com/runs/01JRUN".into()),
        facts: facts(kind, recovered),
    }
}

/// One event of every kind.
pub fn samples() -> Vec<Event> {
    KINDS.iter().map(|known| sample(known.0)).collect()
}

fn sentence(
    title: &str,
    cause: &str,
    about_unit: bool,
    service: bool,
    lived: bool,
    recovered: bool,
) -> String {
    let mut text = match (about_unit, service) {
        (true, false) => format!("The task {title}"),
        (true, true) => format!("The service {title}"),
        (false, _) => title[..1].to_ascii_uppercase() + &title[1..],
    };
    if lived {
        text.push_str(" after 1m3s");
    }
    if !cause.is_empty() {
        text.push_str(": ");
        text.push_str(cause);
    }
    text.push('.');
    if lived {
        text.push_str(" It has failed 3 times in a row.");
    }
    if recovered {
        text.push_str(" It was not for 2h5m, with 3 failures.");
    }
    text
}

fn facts(kind: &str, recovered: bool) -> Vec<Fact> {
    let fact = |name: &str, value: &str| Fact {
        name: name.into(),
        value: value.into(),
    };
    match kind {
        "disk.low" => vec![fact("part", "disk")],
        "daemon.degraded" | "daemon.recovered" => vec![fact("part", "database")],
        "run.oom_killed" => vec![fact("max_rss_bytes", "536870912")],
        _ if recovered => vec![fact("failures", "3")],
        _ => Vec::new(),
    }
}

fn unit(service: bool, recovered: bool) -> Unit {
    Unit {
        name: if service { "web" } else { "backup" }.into(),
        kind: match service {
            true => UnitKind::Service,
            false => UnitKind::Task,
        },
        group: Some("data".into()),
        description: Some("the database, every night".into()),
        instance: (service && !recovered).then_some(1),
    }
}

fn run(kind: &str) -> Run {
    let outcome = match kind {
        "run.started" => "",
        "run.recovered" | "service.recovered" => "succeeded",
        other => other.trim_start_matches("run."),
    };
    let ended = !outcome.is_empty();
    Run {
        id: "01JRUN".into(),
        attempt: 1,
        trigger: "schedule".into(),
        outcome: ended.then(|| outcome.into()),
        exit_code: match outcome {
            "failed" | "retrying" => Some(2),
            "succeeded" => Some(0),
            _ => None,
        },
        signal: (outcome == "oom_killed").then(|| "SIGKILL".into()),
        scheduled_at: Some(AT - 63_500),
        started_at: Some(AT - 63_000),
        ended_at: ended.then_some(AT),
        duration_ms: ended.then_some(63_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_severities_are_those_of_the_manual() {
        let manual = include_str!("../../docs/notifications.md");
        let row = |line: &str| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let kind = cells.next()?.strip_suffix('`')?.to_string();
            let severity = match cells.next()? {
                "info" => Info,
                "warning" => Warning,
                "error" => Error,
                _ => return None,
            };
            Some((kind, severity))
        };
        let mut wanted: Vec<_> = manual.lines().filter_map(row).collect();
        // The one that no notifier ever gets.
        wanted.retain(|(kind, _)| kind != "notify.delivery_failed");
        let known: Vec<_> = KINDS
            .iter()
            .map(|known| (known.0.to_string(), known.1))
            .collect();
        assert_eq!(known, wanted);
    }
}
