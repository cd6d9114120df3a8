//! An event as JSON: the shape that programs get, and the names that templates may use.
//!
//! Invariant: keys are only added within a `schema_version`. `docs/notifiers/templates.md` lists them.

use serde_json::Value;

use super::{Message, duration, rfc3339};
use crate::{Context, Event, Run, Severity, Unit, UnitKind};

/// Changes when a key is taken away or means something else.
const SCHEMA_VERSION: u32 = 1;

/// An event with the delivery around it, as programs get it. What is not known is null.
pub fn event_json(event: &Event, context: &Context) -> Value {
    let facts = event.facts.iter();
    let facts = facts.map(|fact| (fact.name.clone(), fact.value.clone().into()));
    table(vec![
        ("schema_version", SCHEMA_VERSION.into()),
        ("id", event.id.as_str().into()),
        ("kind", event.kind.as_str().into()),
        ("severity", severity(event.severity).into()),
        ("at", rfc3339(event.at).into()),
        ("at_text", event.at_text.as_str().into()),
        ("host", event.host.as_str().into()),
        ("unit", event.unit.as_ref().map(unit).into()),
        ("run", event.run.as_ref().map(run).into()),
        ("title", event.title.as_str().into()),
        ("sentence", event.sentence.as_str().into()),
        ("cause", event.cause.as_deref().into()),
        ("consecutive_failures", event.consecutive_failures.into()),
        ("folded", event.folded.into()),
        ("since", event.since.map(rfc3339).into()),
        ("lasted_ms", event.lasted_ms.into()),
        ("tail", event.tail.as_slice().into()),
        ("link", event.link.as_deref().into()),
        ("facts", Value::Object(facts.collect())),
        ("text", context.text.as_deref().into()),
        (
            "delivery",
            table(vec![
                ("id", context.delivery_id.as_str().into()),
                ("attempt", context.attempt.into()),
                ("target", context.target.as_deref().into()),
                ("answers", context.answers.as_deref().into()),
            ]),
        ),
    ])
}

/// One copy of what `json!` would write out at each place.
fn table(rows: Vec<(&str, Value)>) -> Value {
    let owned = |(key, value): (&str, Value)| (key.to_owned(), value);
    Value::Object(rows.into_iter().map(owned).collect())
}

/// The names that a template may use: those of [`event_json`], where what is not known is an empty text, `unit` and `run`
/// are always there; and a few that are ready for people, among them `output`, the lines of `tail` as one text.
pub fn template_values(event: &Event, context: &Context) -> Value {
    let message = Message::new(event, context);
    let mut values = event_json(event, context);
    if let Value::Object(table) = &mut values {
        if event.unit.is_none() {
            table.insert("unit".into(), nothing(unit(&no_unit())));
        }
        if event.run.is_none() {
            table.insert("run".into(), nothing(run(&no_run())));
        }
        let length = event.run.as_ref().and_then(|run| run.duration_ms);
        for (name, value) in [
            ("mark", message.tone().mark().to_string()),
            ("heading", message.heading()),
            ("footer", message.footer()),
            ("output", event.tail.join("\n")),
            ("duration", length.map(duration).unwrap_or_default()),
            ("lasted", event.lasted_ms.map(duration).unwrap_or_default()),
        ] {
            table.insert(name.into(), value.into());
        }
        table.insert("times".into(), (u64::from(event.folded) + 1).into());
    }
    without_null(&mut values);
    values
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn unit(unit: &Unit) -> Value {
    let kind = match unit.kind {
        UnitKind::Task => "task",
        UnitKind::Service => "service",
    };
    table(vec![
        ("name", unit.name.as_str().into()),
        ("kind", kind.into()),
        ("group", unit.group.as_deref().into()),
        ("description", unit.description.as_deref().into()),
        ("instance", unit.instance.into()),
    ])
}

fn run(run: &Run) -> Value {
    table(vec![
        ("id", run.id.as_str().into()),
        ("attempt", run.attempt.into()),
        ("trigger", run.trigger.as_str().into()),
        ("outcome", run.outcome.as_deref().into()),
        ("exit_code", run.exit_code.into()),
        ("signal", run.signal.as_deref().into()),
        ("scheduled_at", run.scheduled_at.map(rfc3339).into()),
        ("started_at", run.started_at.map(rfc3339).into()),
        ("ended_at", run.ended_at.map(rfc3339).into()),
        ("duration_ms", run.duration_ms.into()),
    ])
}

fn no_unit() -> Unit {
    Unit {
        name: String::new(),
        kind: UnitKind::Task,
        group: None,
        description: None,
        instance: None,
    }
}

fn no_run() -> Run {
    Run {
        id: String::new(),
        attempt: 0,
        trigger: String::new(),
        outcome: None,
        exit_code: None,
        signal: None,
        scheduled_at: None,
        started_at: None,
        ended_at: None,
        duration_ms: None,
    }
}

/// The same keys with nothing in them.
fn nothing(mut table: Value) -> Value {
    for (_, value) in table.as_object_mut().into_iter().flatten() {
        *value = "".into();
    }
    table
}

/// Nothing is an empty text: a template prints what it is given.
fn without_null(value: &mut Value) {
    match value {
        Value::Null => *value = "".into(),
        Value::Object(table) => table.values_mut().for_each(without_null),
        Value::Array(list) => list.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::samples;

    #[test]
    fn every_event_has_the_same_names_for_templates_and_none_is_null() {
        let context = Context::default();
        let names = |event: &Event| {
            let values = template_values(event, &context);
            let mut names = Vec::new();
            for (key, value) in values.as_object().unwrap() {
                assert!(!value.is_null(), "{key}");
                names.push(key.clone());
                if ["unit", "run", "delivery"].contains(&key.as_str()) {
                    names.extend(value.as_object().unwrap().keys().cloned());
                }
            }
            names
        };
        let all: Vec<_> = samples().iter().map(names).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
