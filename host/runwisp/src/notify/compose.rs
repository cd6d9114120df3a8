//! A delivery as a plugin sees it: the event, and what surrounds it.
//!
//! Tests: below.

use jiff::Timestamp;
use runwisp_core::words::event_kind::Severity;
use runwisp_core::words::notice::{AboutRun, AboutUnit, Delivery, Notice};
use runwisp_core::words::run::Kind;
use runwisp_core::words::signal::Signal;
use runwisp_plugin_host as host;
use serde_json::{Map, Value, json};

use super::Telling;

/// The event.
pub(super) fn event(delivery: &Delivery, telling: &Telling, tail: Vec<String>) -> host::Event {
    let notice = &delivery.notice;
    host::Event {
        id: notice.id.clone(),
        kind: notice.kind.as_str().to_owned(),
        severity: match notice.severity() {
            Severity::Info => host::Severity::Info,
            Severity::Warning => host::Severity::Warning,
            Severity::Error => host::Severity::Error,
        },
        at: instant(notice.at),
        at_text: notice
            .at
            .to_zoned(telling.zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S %Z")
            .to_string(),
        host: telling.host.clone(),
        unit: notice.unit.as_ref().map(unit),
        run: notice.run.as_ref().map(run),
        title: notice.title.clone(),
        sentence: notice.sentence.clone(),
        cause: notice.cause.clone(),
        consecutive_failures: notice.failures,
        folded: notice.folded,
        since: notice.since.map(instant),
        lasted_ms: notice.lasted_ms,
        tail,
        link: link(notice, telling.external_url.as_deref()),
        facts: notice
            .facts
            .iter()
            .map(|(name, value)| host::Fact {
                name: name.clone(),
                value: value.clone(),
            })
            .collect(),
    }
}

/// What surrounds it.
pub(super) fn context(delivery: &Delivery, text: Option<String>) -> host::Context {
    host::Context {
        delivery_id: delivery.id.to_string(),
        attempt: u32::try_from(delivery.attempts.len() + 1).unwrap_or(u32::MAX),
        target: delivery.target.clone(),
        text,
        answers: delivery.answers_reference.clone(),
    }
}

fn instant(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or(0)
}

fn unit(unit: &AboutUnit) -> host::Unit {
    host::Unit {
        name: unit.name.to_string(),
        kind: match unit.kind {
            Kind::Task => host::UnitKind::Task,
            Kind::Service => host::UnitKind::Service,
        },
        group: unit.group.clone(),
        description: unit.description.clone(),
        instance: unit.instance,
    }
}

fn run(run: &AboutRun) -> host::Run {
    host::Run {
        id: run.id.to_string(),
        attempt: run.attempt,
        trigger: word(&run.trigger),
        outcome: run.outcome.map(|outcome| outcome.as_str().to_owned()),
        exit_code: run.exit_code,
        signal: run.signal.map(|signal| Signal(signal).to_string()),
        scheduled_at: run.scheduled_at.map(instant),
        started_at: run.started_at.map(instant),
        ended_at: run.ended_at.map(instant),
        duration_ms: run.duration_ms,
    }
}

/// The word that JSON has for it.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Where a browser shows the run, or the unit.
fn link(notice: &Notice, external_url: Option<&str>) -> Option<String> {
    let base = external_url?.trim_end_matches('/');
    Some(match (&notice.run, &notice.unit) {
        (Some(run), _) => format!("{base}/runs/{}", run.id),
        (None, Some(unit)) => format!("{base}/units/{}", unit.name),
        (None, None) => base.to_owned(),
    })
}

/// The values of a route's template. Every name of the manual is there, as null where there is nothing to say.
pub(super) fn values(event: &host::Event) -> Value {
    let facts: Map<String, Value> = event
        .facts
        .iter()
        .map(|fact| (fact.name.clone(), json!(fact.value)))
        .collect();
    let kind = |kind| match kind {
        host::UnitKind::Task => "task",
        host::UnitKind::Service => "service",
    };
    json!({
        "id": event.id,
        "kind": event.kind,
        "severity": match event.severity {
            host::Severity::Info => "info",
            host::Severity::Warning => "warning",
            host::Severity::Error => "error",
        },
        "at": event.at,
        "at_text": event.at_text,
        "host": event.host,
        "unit": event.unit.as_ref().map(|unit| json!({
            "name": unit.name,
            "kind": kind(unit.kind),
            "group": unit.group,
            "description": unit.description,
            "instance": unit.instance,
        })),
        "run": event.run.as_ref().map(|run| json!({
            "id": run.id,
            "attempt": run.attempt,
            "trigger": run.trigger,
            "outcome": run.outcome,
            "exit_code": run.exit_code,
            "signal": run.signal,
            "scheduled_at": run.scheduled_at,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "duration_ms": run.duration_ms,
        })),
        "title": event.title,
        "sentence": event.sentence,
        "cause": event.cause,
        "consecutive_failures": event.consecutive_failures,
        "folded": event.folded,
        "since": event.since,
        "lasted_ms": event.lasted_ms,
        "tail": event.tail,
        "link": event.link,
        "facts": facts,
    })
}
