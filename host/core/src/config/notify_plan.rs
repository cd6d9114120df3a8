//! Notifications and plugins as a configuration comes to them: routes that name events that exist, notifiers with the
//! settings that their plugins judge.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::words::diagnostic::Span;
use crate::words::event_kind::{EventKind, Severity};
use crate::words::glob::Glob;
use crate::words::notice::Target;

/// `[notify]`, `[notifiers]`, `[[route]]` and `[plugins]`.
#[derive(Clone, Debug, PartialEq)]
pub struct NotifyPlan {
    /// Notifiers, by id.
    pub notifiers: BTreeMap<String, NotifierPlan>,
    /// Routes, in the order of the files.
    pub routes: Vec<RoutePlan>,
    /// Who hears of all trouble.
    pub global: Vec<Target>,
    /// How long repeats are folded into one message; zero folds nothing.
    pub coalesce_window: Duration,
    /// How many repeats make a message of their own.
    pub coalesce_limit: u32,
    /// How long a delivery that fails is tried again.
    pub retry_budget: Duration,
    /// How many notifications and deliveries are kept.
    pub keep_notifications: u64,
    /// How long they are kept.
    pub keep_for: Duration,
    /// Stretches of the day in which messages wait.
    pub quiet_hours: Vec<QuietSpan>,
    /// The zone of the quiet hours, and of the times in messages.
    pub zone: TimeZone,
    /// What is said of plugins, by name.
    pub plugins: BTreeMap<String, PluginPlan>,
}

impl Default for NotifyPlan {
    /// What an empty configuration comes to, in UTC.
    fn default() -> Self {
        NotifyPlan {
            notifiers: BTreeMap::new(),
            routes: Vec::new(),
            global: vec![Target::Bell],
            coalesce_window: Duration::from_secs(3600),
            coalesce_limit: 10,
            retry_budget: Duration::from_secs(300),
            keep_notifications: 1024,
            keep_for: Duration::from_secs(90 * 86_400),
            quiet_hours: Vec::new(),
            zone: TimeZone::UTC,
            plugins: BTreeMap::new(),
        }
    }
}

/// `[notifiers.ID]`.
#[derive(Clone, Debug, PartialEq)]
pub struct NotifierPlan {
    /// The plugin's name: `type`.
    pub plugin: String,
    /// The other keys, as JSON; with what `settings` of the plugin's own table adds.
    pub settings: serde_json::Value,
    /// Values that must not be shown: what substitutions put in.
    pub secrets: Vec<String>,
}

/// The template of a route as it was written, to be tried out by whoever can fill it.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenTemplate {
    /// Its text.
    pub text: String,
    /// Its key, such as `route[0].template`.
    pub key: String,
    /// Where it stands.
    pub span: Span,
}

/// `[[route]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutePlan {
    /// The kinds of events it takes.
    pub kinds: Vec<EventKind>,
    /// The units it takes events of; none is all of them, and events that are about no unit too.
    pub units: Option<Vec<Glob>>,
    /// The least severity.
    pub severity: Severity,
    /// Who hears of it.
    pub targets: Vec<Target>,
    /// The text of the message.
    pub template: Option<String>,
}

/// A stretch of the day, from its first minute to its last, not included; over midnight where it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietSpan {
    /// When it begins.
    pub from: Time,
    /// When it ends.
    pub to: Time,
}

/// `[plugins.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginPlan {
    /// The component, absolute; none for an installed or bundled one.
    pub path: Option<String>,
    /// The version it has to be of.
    pub version: Option<String>,
    /// The digest it has to have, in lower-case hexadecimal.
    pub sha256: Option<String>,
    /// Hosts it may reach; none leaves it to what was granted when it was installed.
    pub allow_hosts: Option<Vec<String>>,
    /// Paths it may read.
    pub allow_paths: Option<Vec<String>>,
    /// The longest a call may take.
    pub timeout: Duration,
    /// The most memory a call may use, bytes.
    pub memory: u64,
    /// Handed to every use of the plugin.
    pub settings: serde_json::Value,
}

/// Who hears of a unit, as its own keys say; none where nothing is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitNotify {
    /// `notify_on_failure`.
    pub on_failure: Option<Vec<Target>>,
    /// `notify_on_success`.
    pub on_success: Option<Vec<Target>>,
    /// `notify_on_recovery`.
    pub on_recovery: Option<Vec<Target>>,
}

/// The table of a notifier as it was written, for its plugin to judge.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenNotifier {
    /// Its id.
    pub id: String,
    /// The plugin's name; empty where `type` is missing.
    pub plugin: String,
    /// The settings, as JSON.
    pub settings: serde_json::Value,
    /// The place of its header.
    pub span: Span,
    /// The places of values, by JSON pointer (RFC 6901) into the settings; `/type` is there too.
    pub places: BTreeMap<String, Span>,
}

impl WrittenNotifier {
    /// The place of what a pointer names, or of what it stands in.
    pub fn place(&self, pointer: &str) -> Span {
        let mut rest = pointer;
        loop {
            if let Some(span) = self.places.get(rest) {
                return *span;
            }
            match rest.rfind('/') {
                Some(at) if at > 0 => rest = &rest[..at],
                _ => return self.span,
            }
        }
    }
}
