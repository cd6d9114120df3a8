//! A delivery as a plugin sees it: the event, and what surrounds it.
//!
//! Tests: below.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runwisp_core::words::event_kind::Severity;
use runwisp_core::words::notice::{AboutRun, AboutUnit, Delivery, Notice};
use runwisp_core::words::run::Kind;
use runwisp_core::words::signal::Signal;
use runwisp_plugin_host as host;
use serde_json::{Map, Value, json};

/// What an event is seen with.
pub(super) struct Around<'a> {
    /// The zone of times for people.
    pub(super) zone: &'a TimeZone,
    /// The name of the host.
    pub(super) host: &'a str,
    /// What links begin with.
    pub(super) external_url: Option<&'a str>,
}

/// The event.
pub(super) fn event(notice: &Notice, around: &Around<'_>, tail: Vec<String>) -> host::Event {
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
            .to_zoned(around.zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S %Z")
            .to_string(),
        host: around.host.to_owned(),
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
        link: link(notice, around.external_url),
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

/// The values of a route's template, by the names that templates of notifiers have (`docs/notifiers/templates.md`).
/// What is not known is an empty text, and `unit` and `run` are always there, so that no name is a typing error for some
/// events and right for others.
pub(super) fn values(event: &host::Event) -> Value {
    let facts: Map<String, Value> = event
        .facts
        .iter()
        .map(|fact| (fact.name.clone(), json!(fact.value)))
        .collect();
    let mut values = json!({
        "id": event.id,
        "kind": event.kind,
        "severity": match event.severity {
            host::Severity::Info => "info",
            host::Severity::Warning => "warning",
            host::Severity::Error => "error",
        },
        "at": rfc3339(event.at),
        "at_text": event.at_text,
        "host": event.host,
        "unit": unit_values(event.unit.as_ref()),
        "run": run_values(event.run.as_ref()),
        "title": event.title,
        "sentence": event.sentence,
        "cause": event.cause,
        "consecutive_failures": event.consecutive_failures,
        "folded": event.folded,
        "times": u64::from(event.folded) + 1,
        "since": event.since.map(rfc3339),
        "lasted_ms": event.lasted_ms,
        "tail": event.tail,
        "output": event.tail.join("\n"),
        "link": event.link,
        "facts": facts,
    });
    fill(&mut values);
    values
}

fn unit_values(unit: Option<&host::Unit>) -> Value {
    let kind = unit.map(|unit| match unit.kind {
        host::UnitKind::Task => "task",
        host::UnitKind::Service => "service",
    });
    json!({
        "name": unit.map(|unit| &unit.name),
        "kind": kind,
        "group": unit.and_then(|unit| unit.group.as_ref()),
        "description": unit.and_then(|unit| unit.description.as_ref()),
        "instance": unit.and_then(|unit| unit.instance),
    })
}

fn run_values(run: Option<&host::Run>) -> Value {
    json!({
        "id": run.map(|run| &run.id),
        "attempt": run.map(|run| run.attempt),
        "trigger": run.map(|run| &run.trigger),
        "outcome": run.and_then(|run| run.outcome.as_ref()),
        "exit_code": run.and_then(|run| run.exit_code),
        "signal": run.and_then(|run| run.signal.as_ref()),
        "scheduled_at": run.and_then(|run| run.scheduled_at).map(rfc3339),
        "started_at": run.and_then(|run| run.started_at).map(rfc3339),
        "ended_at": run.and_then(|run| run.ended_at).map(rfc3339),
        "duration_ms": run.and_then(|run| run.duration_ms),
    })
}

fn rfc3339(instant: u64) -> String {
    i64::try_from(instant)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map(|at| at.to_string())
        .unwrap_or_default()
}

/// Puts an empty text where nothing is known.
fn fill(value: &mut Value) {
    match value {
        Value::Null => *value = "".into(),
        Value::Object(entries) => entries.values_mut().for_each(fill),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::sample;

    #[test]
    fn every_name_of_a_template_is_there_whatever_is_known() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let delivery = |kind| sample::delivery("slack", kind, now).unwrap();
        let utc = TimeZone::UTC;
        let around = |external_url| Around {
            zone: &utc,
            host: "box",
            external_url,
        };
        let plain = values(&event(&delivery(None).notice, &around(None), Vec::new()));
        assert_eq!(
            (&plain["unit"]["name"], &plain["link"]),
            (&json!(""), &json!(""))
        );
        assert_eq!(plain["at"], "2023-11-14T22:13:20Z");
        let failed = event(
            &delivery(Some("failed")).notice,
            &around(Some("https://jobs.example.com/")),
            vec!["a".to_owned(), "b".to_owned()],
        );
        let failed = values(&failed);
        assert_eq!(failed["output"], "a\nb");
        assert_eq!(failed["at_text"], "2023-11-14 22:13:20 UTC");
        let link = failed["link"].as_str().unwrap();
        assert!(link.starts_with("https://jobs.example.com/runs/"), "{link}");
        let names =
            |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        assert_eq!(names(&plain["run"]), names(&failed["run"]));
    }
}
