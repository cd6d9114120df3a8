//! Events in words: title, sentence, cause and facts.
//!
//! Invariant: the same event always gives the same id and the same words, whichever daemon says it.

use std::time::Duration;

use jiff::Timestamp;

use super::incident::Incident;
use crate::config::plan::{Plan, Role};
use crate::machine::plain;
use crate::words::event_kind::EventKind;
use crate::words::ids::UnitName;
use crate::words::notice::{AboutRun, AboutUnit, Notice};
use crate::words::run::{Kind, Outcome, RunRecord};

/// An event with nothing but its name, its time and what it is called.
pub(crate) fn bare(kind: EventKind, at: Timestamp, subject: &str, title: String) -> Notice {
    Notice {
        id: format!("{kind}/{subject}/{}", at.as_millisecond()),
        kind,
        at,
        unit: None,
        run: None,
        sentence: sentence_of(&title),
        title,
        cause: None,
        failures: 0,
        folded: 0,
        since: None,
        lasted_ms: None,
        facts: Vec::new(),
    }
}

/// A unit as far as the plan knows it.
pub(crate) fn about(plan: &Plan, name: &UnitName, kind: Kind, instance: u32) -> AboutUnit {
    let unit = plan.units.get(name);
    let several = unit.is_some_and(|unit| match &unit.role {
        Role::Service(service) => service.instances > 1,
        Role::Task(_) => false,
    });
    AboutUnit {
        name: name.clone(),
        kind,
        group: unit.and_then(|unit| unit.group.clone()),
        description: unit.and_then(|unit| unit.description.clone()),
        instance: several.then_some(instance),
    }
}

/// What a run came to.
pub(crate) fn run(plan: &Plan, row: &RunRecord, kind: EventKind, failures: u32) -> Notice {
    let unit = about(plan, &row.unit, row.kind, row.instance);
    let at = match kind {
        EventKind::RunStarted => row.started_at.unwrap_or(row.created_at),
        _ => row.ended_at.unwrap_or(row.created_at),
    };
    let name = named(&unit);
    let title = format!("{name} {}", verb(kind));
    let cause = match kind {
        EventKind::RunStarted | EventKind::RunSucceeded => None,
        _ => row.message.clone(),
    };
    let lived = row
        .duration
        .filter(|_| row.started_at.is_some() && kind != EventKind::RunStarted)
        .map(|lived| format!(" after {}", plain::length(rounded(lived))));
    let mut sentence = format!(
        "The {} {title}{}",
        word(row.kind),
        lived.unwrap_or_default()
    );
    if let Some(cause) = &cause {
        sentence.push_str(&format!(": {cause}"));
    }
    sentence.push('.');
    if failures > 1 {
        sentence.push_str(&format!(" It has failed {failures} times in a row."));
    }
    Notice {
        id: format!("{kind}/{}", row.id),
        unit: Some(unit),
        run: Some(about_run(row)),
        sentence,
        cause,
        failures,
        facts: facts(row),
        ..bare(kind, at, "", title)
    }
}

/// A run that ended a time of failures.
pub(crate) fn mended(plan: &Plan, row: &RunRecord, now: Timestamp) -> Notice {
    let kind = match row.kind {
        Kind::Task => EventKind::RunRecovered,
        Kind::Service => EventKind::ServiceRecovered,
    };
    let at = row.ended_at.unwrap_or(now);
    Notice {
        id: format!("{kind}/{}", row.id),
        run: Some(about_run(row)),
        ..unit(plan, &row.unit, row.instance, kind, at, None)
    }
}

/// Something about a unit that is not about one of its runs.
pub(crate) fn unit(
    plan: &Plan,
    name: &UnitName,
    instance: u32,
    kind: EventKind,
    at: Timestamp,
    cause: Option<String>,
) -> Notice {
    let is = match kind {
        EventKind::TaskOverdue | EventKind::RunRecovered => Kind::Task,
        _ => Kind::Service,
    };
    let mut unit = about(plan, name, is, instance);
    if kind == EventKind::ServiceRecovered {
        // All of its instances are.
        unit.instance = None;
    }
    let title = format!("{} {}", named(&unit), verb(kind));
    let why = cause.as_ref().map(|cause| format!(": {cause}"));
    let sentence = format!("The {} {title}{}.", word(is), why.unwrap_or_default());
    let notice = bare(kind, at, &format!("{name}#{instance}"), title);
    Notice {
        unit: Some(unit),
        sentence,
        cause,
        ..notice
    }
}

/// Trouble of the daemon's own means, or its end.
pub(crate) fn trouble(part: &str, message: Option<String>, at: Timestamp) -> Notice {
    let kind = match (&message, part) {
        (None, _) => EventKind::DaemonRecovered,
        (Some(_), "disk") => EventKind::DiskLow,
        (Some(_), _) => EventKind::DaemonDegraded,
    };
    let title = match kind {
        EventKind::DaemonRecovered => format!("runwisp is well again: {part}"),
        EventKind::DiskLow => "little room is left on the disk".to_owned(),
        _ => format!("runwisp is in trouble: {part}"),
    };
    let mut notice = bare(kind, at, part, title);
    if let Some(message) = message {
        notice.sentence = sentence_of(&message);
        notice.cause = Some(message);
    }
    notice.facts.push(("part".to_owned(), part.to_owned()));
    notice
}

/// Adds to a recovery what the incident was.
pub(crate) fn recovered(notice: &mut Notice, incident: &Incident) {
    let lasted = notice.at.duration_since(incident.since);
    let lasted = Duration::try_from(lasted).unwrap_or_default();
    notice.since = Some(incident.since);
    notice.lasted_ms = u64::try_from(lasted.as_millis()).ok();
    let times = match incident.failures {
        0 => String::new(),
        1 => ", with 1 failure".to_owned(),
        many => format!(", with {many} failures"),
    };
    let was = format!(" It was not for {}{times}.", plain::length(rounded(lasted)));
    notice.sentence.push_str(&was);
    let failures = ("failures".to_owned(), incident.failures.to_string());
    notice.facts.push(failures);
}

fn about_run(row: &RunRecord) -> AboutRun {
    AboutRun {
        id: row.id,
        attempt: row.attempt,
        trigger: row.trigger,
        outcome: row.outcome,
        exit_code: row.exit_code,
        signal: row.signal,
        scheduled_at: row.scheduled_at,
        started_at: row.started_at,
        ended_at: row.ended_at,
        duration_ms: row
            .duration
            .and_then(|lived| u64::try_from(lived.as_millis()).ok()),
    }
}

fn facts(row: &RunRecord) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        facts.extend(value.map(|value| (name.to_owned(), value)));
    };
    if row.outcome == Some(Outcome::OomKilled) {
        add("max_rss_bytes", row.max_rss_bytes.map(|n| n.to_string()));
    }
    if row.log_dropped_bytes > 0 {
        add("log_dropped_bytes", Some(row.log_dropped_bytes.to_string()));
    }
    if row.execution_id != row.id {
        add("execution_id", Some(row.execution_id.to_string()));
    }
    facts
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Task => "task",
        Kind::Service => "service",
    }
}

/// The unit, with its instance where it has several.
fn named(unit: &AboutUnit) -> String {
    match unit.instance {
        Some(instance) => format!("{}#{instance}", unit.name),
        None => unit.name.to_string(),
    }
}

/// What a unit did, as the end of "backup …".
fn verb(kind: EventKind) -> &'static str {
    match kind {
        EventKind::RunStarted => "started",
        EventKind::RunSucceeded => "succeeded",
        EventKind::RunFailed => "failed",
        EventKind::RunTimeout => "took too long",
        EventKind::RunStartFailed => "could not be started",
        EventKind::RunOomKilled => "ran out of memory",
        EventKind::RunUnhealthy => "was unhealthy and was ended",
        EventKind::RunLogOverflow => "printed too much and was ended",
        EventKind::RunInterrupted => "was interrupted",
        EventKind::RunMissed => "missed its time",
        EventKind::RunQueueFull => "has too many runs waiting",
        EventKind::RunSkipped => "was still busy and was skipped",
        EventKind::RunDstSkipped => "was skipped, as the clocks went back",
        EventKind::RunStopped => "was stopped",
        EventKind::RunDaemonStopped => "was stopped together with runwisp",
        EventKind::RunRetrying => "failed and is tried again",
        EventKind::RunRecovered | EventKind::ServiceRecovered => "is well again",
        EventKind::ServiceFatal => "failed too often and is given up",
        EventKind::ServiceUnhealthy => "is unhealthy",
        EventKind::TaskOverdue => "is overdue",
        EventKind::DaemonStarted
        | EventKind::DaemonCrashed
        | EventKind::DaemonDegraded
        | EventKind::DaemonRecovered
        | EventKind::DiskLow
        | EventKind::PluginSuspended
        | EventKind::DeliveryFailed
        | EventKind::Test => "has something to say",
    }
}

/// Seconds are fine enough for what took longer than one.
fn rounded(length: Duration) -> Duration {
    match length.as_secs() {
        0 => Duration::from_millis(u64::try_from(length.as_millis()).unwrap_or_default()),
        seconds => Duration::from_secs(seconds),
    }
}

/// Words as a sentence of their own.
pub(crate) fn sentence_of(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).chain(['.']).collect(),
        None => String::new(),
    }
}
