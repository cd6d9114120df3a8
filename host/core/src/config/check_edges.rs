//! `[notifiers]`, `[notify]` and `[plugins]`: their shape, and that the names they use exist. What the settings of a
//! plugin mean, the plugin says.
//!
//! Tests: the goldens, `super::tests`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::check_route;
use super::keys::{NOTIFY, PLUGIN};
use super::notify_plan::{
    NotifierPlan, NotifyPlan, PluginPlan, QuietSpan, UnitNotify, WrittenNotifier,
};
use super::read::{Reader, built_in, join};
use super::suggest::nearest;
use super::tables::{Tables, alone};
use super::typed::{Layers, Section, Text};
use crate::words::diagnostic::Diagnostic;
use crate::words::notice::{BELL, Target};

/// Checks `id`, `id:target` and `inapp` against the notifiers there are, and gives what they name.
pub(super) fn targets(
    reader: &mut Reader<'_>,
    notifiers: &BTreeSet<&str>,
    texts: &[Text],
    path: &str,
) -> Vec<Target> {
    let mut named = Vec::new();
    for Text { text, span } in texts {
        let (id, target) = match text.split_once(':') {
            Some((id, target)) => (id, Some(target)),
            None => (text.as_str(), None),
        };
        let wrong = match (id == BELL || notifiers.contains(id), target) {
            (false, _) => {
                let help = match nearest(id, notifiers.iter().copied().chain([BELL])) {
                    Some(near) => format!("Did you mean \"{near}\"?"),
                    None => format!(
                        "Define `[notifiers.{}]`, or write \"inapp\".",
                        if id.is_empty() { "ID" } else { id }
                    ),
                };
                let message = format!("there is no notifier `{id}`");
                Some(("config.unknown-notifier", message, help))
            }
            (true, Some(_)) if id == BELL => {
                let message = "\"inapp\" has no targets".to_owned();
                Some(("config.value", message, "Write \"inapp\" alone.".to_owned()))
            }
            (true, Some("")) => {
                let message = format!("{text:?} names no target");
                let help = format!("Write \"{id}\" alone, or a target behind the colon.");
                Some(("config.value", message, help))
            }
            (true, _) => None,
        };
        match wrong {
            Some((code, message, help)) => reader.error(code, *span, path, message, help),
            None => named.push(Target::new(text)),
        }
    }
    named
}

/// What a unit's own keys, or those of `[defaults]`, say about who hears of it.
pub(super) fn of_unit(
    reader: &mut Reader<'_>,
    notifiers: &BTreeSet<&str>,
    layers: &Layers<'_>,
) -> UnitNotify {
    let mut read = |key: &str| {
        // What `[defaults]` says is checked once, there.
        let own = layers.own.texts(key);
        let named = targets(reader, notifiers, own, &join(&layers.own.path, key));
        let item = layers.get(key)?;
        match layers.own.items.contains_key(key) {
            true => Some(named),
            false => match &item.value {
                super::typed::Typed::Texts(texts) => {
                    Some(texts.iter().map(|text| Target::new(&text.text)).collect())
                }
                _ => None,
            },
        }
    };
    UnitNotify {
        on_failure: read("notify_on_failure"),
        on_success: read("notify_on_success"),
        on_recovery: read("notify_on_recovery"),
    }
}

/// The tables at the edges: as written, for a comparison, and as they are meant.
pub(super) fn edges(
    reader: &mut Reader<'_>,
    tables: &Tables,
    ids: &BTreeSet<&str>,
    units: &BTreeSet<&str>,
    zone: &jiff::tz::TimeZone,
) -> (Json, NotifyPlan) {
    let own = &tables.notify;
    let (empty, built_in_keys) = (Section::empty(&NOTIFY), built_in(&NOTIFY, reader.around));
    let layers = alone(own, &empty, &built_in_keys);
    let global = match own.get("global_notifiers") {
        Some(_) => targets(
            reader,
            ids,
            own.texts("global_notifiers"),
            "notify.global_notifiers",
        ),
        None => vec![Target::Bell],
    };
    let plugins = plugins(reader, &tables.plugins);
    let notifiers = notifiers(reader, &tables.notifiers, &plugins);
    let plan = NotifyPlan {
        notifiers,
        routes: check_route::routes(reader, &tables.routes, ids, units),
        global,
        coalesce_window: layers.duration("coalesce_window").unwrap_or_default(),
        coalesce_limit: layers.int("coalesce_limit").unwrap_or(10),
        retry_budget: layers.duration("retry_budget").unwrap_or_default(),
        keep_notifications: layers.int("keep_notifications").unwrap_or_default(),
        keep_for: layers.duration("keep_for").unwrap_or_default(),
        quiet_hours: quiet_hours(reader, own),
        zone: zone.clone(),
        plugins,
    };
    let named = |sections: &[Named]| {
        let written = |(name, section): &Named| (name.clone(), section.json(&[]));
        Json::from(
            sections
                .iter()
                .map(written)
                .collect::<serde_json::Map<_, _>>(),
        )
    };
    let mut plugins = named(&tables.plugins);
    for (name, plugin) in &plan.plugins {
        // Whoever reads it later does not know where the file stood that says so.
        if let Some(path) = &plugin.path {
            plugins[name]["path"] = path.clone().into();
        }
    }
    let written = json!({
        "notify": own.json(&[]),
        "notifiers": named(&tables.notifiers),
        "route": tables.routes.iter().map(|route| route.json(&[])).collect::<Vec<_>>(),
        "plugins": plugins,
    });
    (written, plan)
}

fn quiet_hours(reader: &mut Reader<'_>, own: &Section) -> Vec<QuietSpan> {
    let mut spans = Vec::new();
    for text in own.texts("quiet_hours") {
        match check_route::stretch(&text.text) {
            Some(span) => spans.push(span),
            None => reader.error(
                "config.value",
                text.span,
                "notify.quiet_hours",
                format!("{:?} is not a stretch of the day", text.text),
                "Write it like `quiet_hours = [\"22:00-07:00\"]`.",
            ),
        }
    }
    spans
}

/// The tables of notifiers as they were written, for their plugins to judge.
pub(super) fn written(tables: &Tables) -> Vec<WrittenNotifier> {
    let notifier = |(id, section): &Named| WrittenNotifier {
        id: id.clone(),
        plugin: section.text("type").unwrap_or_default(),
        settings: section.rest.clone().into(),
        span: section.span,
        places: section.places.clone(),
    };
    tables.notifiers.iter().map(notifier).collect()
}

type Named = (String, Section);

/// Reports names that are taken.
fn unique(reader: &mut Reader<'_>, sections: &[Named]) {
    let mut first = BTreeMap::new();
    for (name, section) in sections {
        if let Some(other) = first.insert(name, section.span) {
            let message = format!("`{name}` is defined twice");
            reader.out.push(
                Diagnostic::error("config.duplicate-name", section.span, message)
                    .help("Rename one of them.")
                    .key(section.path.clone())
                    .related(other, "first defined here"),
            );
        }
    }
}

fn notifiers(
    reader: &mut Reader<'_>,
    sections: &[Named],
    plugins: &BTreeMap<String, PluginPlan>,
) -> BTreeMap<String, NotifierPlan> {
    unique(reader, sections);
    let mut all = BTreeMap::new();
    for (id, section) in sections {
        if id.is_empty() || id == BELL || id.contains(':') {
            reader.error(
                "config.name",
                section.span,
                &section.path,
                format!("{id:?} cannot be the id of a notifier"),
                "An id is not empty, not \"inapp\", and holds no `:`.",
            );
        }
        let plugin = section.text("type").unwrap_or_default();
        let mut settings = section.rest.clone();
        // What the plugin's own table hands to every use, unless this one says otherwise.
        if let Some(Json::Object(shared)) = plugins.get(&plugin).map(|plugin| &plugin.settings) {
            for (key, value) in shared {
                settings.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        let plan = NotifierPlan {
            plugin,
            settings: settings.into(),
            secrets: section.filled.clone(),
        };
        all.insert(id.clone(), plan);
    }
    all
}

fn plugins(reader: &mut Reader<'_>, sections: &[Named]) -> BTreeMap<String, PluginPlan> {
    unique(reader, sections);
    let (empty, built_in_keys) = (Section::empty(&PLUGIN), built_in(&PLUGIN, reader.around));
    let mut all = BTreeMap::new();
    for (name, section) in sections {
        let layers = alone(section, &empty, &built_in_keys);
        all.insert(name.clone(), plugin(reader, section, &layers));
    }
    all
}

fn plugin(reader: &mut Reader<'_>, section: &Section, layers: &Layers<'_>) -> PluginPlan {
    if let (Some(path), Some(version)) = (section.get("path"), section.get("version")) {
        reader.out.push(
            Diagnostic::error(
                "config.conflict",
                version.at,
                "a plugin has a `path` or a `version`, not both",
            )
            .help("Keep `path` for a file of your own, `version` for an installed plugin.")
            .key(section.path.clone())
            .related(path.at, "the other one"),
        );
    }
    if let (Some(item), Some(digest)) = (section.get("sha256"), section.text("sha256"))
        && !(digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        reader.error(
            "config.value",
            item.span,
            &join(&section.path, "sha256"),
            "not a SHA-256 digest: 64 hexadecimal digits".to_owned(),
            "`sha256sum FILE` prints it.",
        );
    }
    let texts = |key: &str| {
        let texts = section.texts(key).iter().map(|text| text.text.clone());
        section.get(key).map(|_| texts.collect())
    };
    let path = section.get("path").zip(section.text("path"));
    PluginPlan {
        path: path.map(|(item, path)| reader.absolute(&path, item.span)),
        version: section.text("version"),
        sha256: section
            .text("sha256")
            .map(|digest| digest.to_ascii_lowercase()),
        allow_hosts: texts("allow_hosts"),
        allow_paths: texts("allow_paths"),
        timeout: layers
            .duration("timeout")
            .unwrap_or(Duration::from_secs(10)),
        memory: layers.bytes("memory").unwrap_or_default(),
        settings: section
            .get("settings")
            .map_or(Json::Null, |item| item.json.clone()),
    }
}
