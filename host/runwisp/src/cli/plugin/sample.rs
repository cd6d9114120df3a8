//! An event to try a notifier with: what a daemon would tell, made up.
//!
//! Tests: below.

use runwisp_core::config::nearest;
use runwisp_core::words::event_kind::EventKind;
use runwisp_plugin_host as host;

use crate::wire::Problem;

/// When it all happened: a fixed moment, so that two tries can be compared. 2026-01-15 03:12:00 UTC.
const AT: u64 = 1_768_446_720_000;

/// A sample of this kind; `failed` is `run.failed`.
pub(super) fn event(
    name: &str,
    target: Option<String>,
) -> Result<(host::Event, host::Context), Problem> {
    let kind = kind(name)?;
    let trouble = kind.is_trouble();
    let recovered = kind.is_recovery();
    let service = kind.as_str().starts_with("service.");
    let own = kind.as_str().starts_with("run.") || kind.as_str().starts_with("task.");
    let subject = if service { "api" } else { "backup" };
    let word = kind
        .as_str()
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .replace('_', " ");
    let title = if service || own {
        format!("{subject} {word}")
    } else {
        kind.as_str().replace(['.', '_'], " ")
    };
    let cause = trouble.then(|| "exited with code 2".to_owned());
    let sentence = match (&cause, recovered) {
        (Some(cause), _) if service || own => format!("`{subject}` {cause} after 41 s."),
        (_, true) => format!("`{subject}` is well again after 25 min."),
        _ => kind.doc().to_owned(),
    };
    let event = host::Event {
        id: "01KF0SAMPLE0000000000000EV".to_owned(),
        kind: kind.as_str().to_owned(),
        severity: match kind.severity() {
            runwisp_core::words::event_kind::Severity::Info => host::Severity::Info,
            runwisp_core::words::event_kind::Severity::Warning => host::Severity::Warning,
            runwisp_core::words::event_kind::Severity::Error => host::Severity::Error,
        },
        at: AT,
        at_text: "2026-01-15 03:12:00 UTC".to_owned(),
        host: "sample".to_owned(),
        unit: (service || own).then(|| unit(subject, service)),
        run: (service || own).then(|| run(trouble)),
        title,
        sentence,
        cause,
        consecutive_failures: u32::from(trouble),
        folded: 0,
        since: recovered.then_some(AT - 1_500_000),
        lasted_ms: recovered.then_some(1_500_000),
        tail: vec![
            "dumping 3 of 7 tables".to_owned(),
            "error: could not reach <db-1>: connection refused".to_owned(),
        ],
        link: None,
        facts: Vec::new(),
    };
    let context = host::Context {
        delivery_id: "01KF0SAMPLE0000000000000DV".to_owned(),
        attempt: 1,
        target,
        text: None,
        answers: None,
    };
    Ok((event, context))
}

fn unit(name: &str, service: bool) -> host::Unit {
    host::Unit {
        name: name.to_owned(),
        kind: if service {
            host::UnitKind::Service
        } else {
            host::UnitKind::Task
        },
        group: None,
        description: Some("A sample".to_owned()),
        instance: service.then_some(0),
    }
}

fn run(failed: bool) -> host::Run {
    host::Run {
        id: "01KF0SAMPLE0000000000000RN".to_owned(),
        attempt: 1,
        trigger: "schedule".to_owned(),
        outcome: Some(if failed { "failed" } else { "succeeded" }.to_owned()),
        exit_code: Some(if failed { 2 } else { 0 }),
        signal: None,
        scheduled_at: Some(AT - 41_500),
        started_at: Some(AT - 41_000),
        ended_at: Some(AT),
        duration_ms: Some(41_000),
    }
}

/// The kind of that name, or of the only kind that ends so.
fn kind(name: &str) -> Result<EventKind, Problem> {
    let ends = |kind: &&EventKind| kind.as_str().rsplit('.').next() == Some(name);
    let found = name
        .parse()
        .ok()
        .or_else(|| EventKind::ALL.iter().find(ends).copied());
    found.ok_or_else(|| {
        let names = EventKind::ALL.iter().map(|kind| kind.as_str());
        let help = match nearest(name, names) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "The manual's page `notifications` lists the kinds.".to_owned(),
        };
        Problem::new(
            "request.invalid",
            format!("{name:?} is not a kind of event"),
        )
        .help(help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_sample() {
        for kind in EventKind::ALL {
            let (event, _) = event(kind.as_str(), None).unwrap();
            assert_eq!(event.kind, kind.as_str());
            assert!(!event.title.is_empty() && !event.sentence.is_empty());
        }
        assert_eq!(event("failed", None).unwrap().0.title, "backup failed");
        assert_eq!(event("recovered", None).unwrap().0.kind, "run.recovered");
        assert!(event("run.fialed", None).is_err());
    }
}
