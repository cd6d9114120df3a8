//! `[[route]]`, and stretches of the day.
//!
//! Tests: below, the goldens.

use std::collections::BTreeSet;

use super::check_edges::targets;
use super::check_task::clock;
use super::notify_plan::{QuietSpan, RoutePlan, WrittenTemplate};
use super::read::{Reader, join};
use super::suggest::nearest;
use super::typed::{Section, Typed};
use crate::words::event_kind::{EventKind, Severity};
use crate::words::glob::Glob;

/// The routes, each checked against the events, units and notifiers there are.
pub(super) fn routes(
    reader: &mut Reader<'_>,
    sections: &[Section],
    notifiers: &BTreeSet<&str>,
    units: &BTreeSet<&str>,
) -> Vec<RoutePlan> {
    sections
        .iter()
        .map(|section| route(reader, section, notifiers, units))
        .collect()
}

/// The templates of routes as they were written.
pub(super) fn written(sections: &[Section]) -> Vec<WrittenTemplate> {
    let template = |section: &Section| {
        Some(WrittenTemplate {
            text: section.text("template")?,
            key: join(&section.path, "template"),
            span: section.get("template")?.span,
        })
    };
    sections.iter().filter_map(template).collect()
}

fn route(
    reader: &mut Reader<'_>,
    section: &Section,
    notifiers: &BTreeSet<&str>,
    units: &BTreeSet<&str>,
) -> RoutePlan {
    let path = join(&section.path, "notifiers");
    let targets = targets(reader, notifiers, section.texts("notifiers"), &path);
    if let (Some(item), true) = (
        section.get("notifiers"),
        section.texts("notifiers").is_empty(),
    ) {
        let message = "`notifiers` is empty, so nobody hears of anything".to_owned();
        let help = "Name a notifier, or remove the route.";
        reader.error("config.value", item.span, &path, message, help);
    }
    let severity = severity(section);
    let kinds = kinds(reader, section, severity);
    RoutePlan {
        kinds,
        units: section
            .get("units")
            .map(|_| unit_globs(reader, section, units)),
        severity,
        targets,
        template: section.text("template"),
    }
}

/// What is written; else trouble, for a route that names no events, and anything for one that does.
fn severity(section: &Section) -> Severity {
    match section.get("severity").map(|item| &item.value) {
        Some(Typed::Word("error")) => Severity::Error,
        Some(Typed::Word("warning")) => Severity::Warning,
        Some(Typed::Word(_)) => Severity::Info,
        _ if section.get("events").is_some() => Severity::Info,
        _ => Severity::Warning,
    }
}

fn kinds(reader: &mut Reader<'_>, section: &Section, severity: Severity) -> Vec<EventKind> {
    let routable = || {
        EventKind::ALL
            .iter()
            .copied()
            .filter(|kind| kind.is_routable())
    };
    let path = join(&section.path, "events");
    let Some(item) = section.get("events") else {
        return routable()
            .filter(|kind| kind.severity() >= severity)
            .collect();
    };
    let mut named = BTreeSet::new();
    for text in section.texts("events") {
        let glob = Glob::new(text.text.as_str());
        let before = named.len();
        let found: Vec<_> = routable()
            .filter(|kind| glob.matches(kind.as_str()))
            .collect();
        named.extend(found.iter().copied());
        if found.is_empty() && before == named.len() {
            let (message, help) = unknown_event(&text.text);
            reader.error("config.unknown-event", text.span, &path, message, help);
        }
    }
    let any = !named.is_empty();
    named.retain(|kind| kind.severity() >= severity);
    if any && named.is_empty() {
        let message = format!(
            "no event that `events` names is of severity \"{}\"",
            severity.as_str()
        );
        let help = "Remove `severity`; the names of the events say it.";
        reader.error("config.value", item.span, &path, message, help);
    }
    named.into_iter().collect()
}

fn unknown_event(text: &str) -> (String, String) {
    if text.parse::<EventKind>().is_ok() {
        return (
            format!("`{text}` is for the bell alone"),
            "A message about a message that fails would fail as well; remove it.".to_owned(),
        );
    }
    let names = EventKind::ALL.iter().filter(|kind| kind.is_routable());
    let near = nearest(text, names.clone().map(|kind| kind.as_str()))
        // `failed` for `run.failed`.
        .or_else(|| {
            let ends = |kind: &&EventKind| kind.as_str().ends_with(&format!(".{text}"));
            names.clone().find(ends).map(|kind| kind.as_str())
        });
    let help = match near {
        Some(near) => format!("Did you mean \"{near}\"?"),
        None => "The manual's page `notifications` lists the events; `*` stands for any letters."
            .to_owned(),
    };
    (format!("there is no event `{text}`"), help)
}

fn unit_globs(reader: &mut Reader<'_>, section: &Section, units: &BTreeSet<&str>) -> Vec<Glob> {
    let path = join(&section.path, "units");
    let mut globs = Vec::new();
    for text in section.texts("units") {
        let glob = Glob::new(text.text.as_str());
        if text.text.is_empty() {
            let message = "`units` holds an empty text".to_owned();
            let help = "Write a name or a glob such as \"db-*\".";
            reader.error("config.value", text.span, &path, message, help);
        } else if !units.iter().any(|unit| glob.matches(unit)) {
            let help = match nearest(&text.text, units.iter().copied()) {
                Some(near) => format!("Did you mean \"{near}\"?"),
                None => "Write the name of a task or service, or a glob such as \"db-*\".".into(),
            };
            let message = format!("no unit is named like `{}`", text.text);
            reader.warn("config.unknown-unit", text.span, &path, message, help);
        }
        globs.push(glob);
    }
    globs
}

/// `22:00-07:00`.
pub(super) fn stretch(text: &str) -> Option<QuietSpan> {
    let (from, to) = text.split_once('-')?;
    let time = |text: &str| {
        let (hour, minute) = clock(text)?;
        jiff::civil::Time::new(hour.try_into().ok()?, minute.try_into().ok()?, 0, 0).ok()
    };
    let span = QuietSpan {
        from: time(from)?,
        to: time(to)?,
    };
    (span.from != span.to).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_of_the_day_has_two_ends() {
        assert!(stretch("22:00-07:00").is_some());
        assert!(stretch(" 9:30 - 12:00 ").is_some());
        for wrong in ["22:00", "22:00-22:00", "24:00-01:00", "a-b", ""] {
            assert_eq!(stretch(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_unknown_event_is_met_with_the_nearest() {
        assert!(unknown_event("run.faild").1.contains("run.failed"));
        assert!(unknown_event("failed").1.contains("run.failed"));
        assert!(unknown_event("fatal").1.contains("service.fatal"));
        assert!(unknown_event("notify.delivery_failed").0.contains("bell"));
        assert!(unknown_event("zzzzzzz").1.contains("manual"));
    }
}
