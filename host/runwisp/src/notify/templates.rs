//! The templates of routes, tried out before they are needed: with an event that has everything, and with one that is
//! about no unit.
//!
//! Invariant: what is wrong with a template is told at its place; one that only fails for a fact that its event does not
//! have is taken, since facts differ from event to event.
//!
//! Tests: `tests/config/plugin-template.toml`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runwisp_core::notify::sample;
use runwisp_core::words::diagnostic::{Diagnostic, Severity};
use runwisp_core::words::event_kind::EventKind;
use runwisp_plugin_host::render_text;
use serde_json::Value;

use super::compose;
use crate::config::Loaded;

/// The facts that events have, see `runwisp_core::notify`.
const FACTS: [&str; 6] = [
    "execution_id",
    "failures",
    "log_dropped_bytes",
    "max_rss_bytes",
    "part",
    "plugin",
];

/// Adds what is wrong with templates to what was found before; a plan with an error is none.
pub fn judge(loaded: &mut Loaded) {
    let mut found = Vec::new();
    for template in &loaded.templates {
        let wrong = [EventKind::RunFailed, EventKind::DaemonStarted]
            .into_iter()
            .find_map(|kind| render_text(&template.text, &values(kind)).err());
        if let Some(why) = wrong {
            let message = format!("the template can't be filled: {why}");
            found.push(
                Diagnostic::error("plugin.template", template.span, message)
                    .help("The names that a template may use are in docs/notifiers/templates.md.")
                    .key(template.key.clone()),
            );
        }
    }
    if found.iter().any(|one| one.severity == Severity::Error) {
        loaded.plan = None;
    }
    loaded.diagnostics.extend(found);
    loaded.diagnostics.sort_by_key(|finding| finding.span);
}

fn values(kind: EventKind) -> Value {
    let around = compose::Around {
        zone: &TimeZone::UTC,
        host: "host",
        external_url: None,
    };
    let notice = sample(kind, Timestamp::UNIX_EPOCH);
    let mut values = compose::values(&compose::event(&notice, &around, Vec::new()));
    for fact in FACTS {
        values["facts"][fact] = "".into();
    }
    values
}
