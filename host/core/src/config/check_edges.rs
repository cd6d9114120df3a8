//! `[notifiers]`, `[notify]`, `[[route]]` and `[plugins]`: their shape, and that the names they use exist. What the
//! settings of a plugin mean, the plugin says.
//!
//! Tests: the goldens.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::check_task::clock;
use super::read::{Reader, join};
use super::suggest::nearest;
use super::tables::Tables;
use super::typed::{Section, Text};
use crate::words::diagnostic::Diagnostic;

/// Checks `id`, `id:target` and `inapp` against the notifiers there are.
pub(super) fn targets(
    reader: &mut Reader<'_>,
    notifiers: &BTreeSet<&str>,
    texts: &[Text],
    path: &str,
) {
    for Text { text, span } in texts {
        let id = text.split(':').next().unwrap_or_default();
        if id == "inapp" || notifiers.contains(id) {
            continue;
        }
        let help = match nearest(id, notifiers.iter().copied().chain(["inapp"])) {
            Some(near) => format!("Did you mean \"{near}\"?"),
            None => format!(
                "Define `[notifiers.{}]`, or write \"inapp\".",
                if id.is_empty() { "ID" } else { id }
            ),
        };
        reader.error(
            "config.unknown-notifier",
            *span,
            path,
            format!("there is no notifier `{id}`"),
            help,
        );
    }
}

/// Checks the tables at the edges and gives them as JSON.
pub(super) fn edges(reader: &mut Reader<'_>, tables: &Tables, ids: &BTreeSet<&str>) -> Json {
    let notify = &tables.notify;
    targets(
        reader,
        ids,
        notify.texts("global_notifiers"),
        "notify.global_notifiers",
    );
    for text in notify.texts("quiet_hours") {
        let valid = text
            .text
            .split_once('-')
            .is_some_and(|(from, to)| clock(from).is_some() && clock(to).is_some());
        if !valid {
            reader.error(
                "config.value",
                text.span,
                "notify.quiet_hours",
                format!("{:?} is not a stretch of the day", text.text),
                "Write it like `quiet_hours = [\"22:00-07:00\"]`.",
            );
        }
    }
    for route in &tables.routes {
        targets(
            reader,
            ids,
            route.texts("notifiers"),
            &join(&route.path, "notifiers"),
        );
        for key in ["events", "units"] {
            if let Some(text) = route.texts(key).iter().find(|text| text.text.is_empty()) {
                reader.error(
                    "config.value",
                    text.span,
                    &join(&route.path, key),
                    format!("`{key}` holds an empty text"),
                    "Write a name or a glob such as \"db-*\".",
                );
            }
        }
    }
    json!({
        "notify": notify.json(&[]),
        "notifiers": named(reader, &tables.notifiers, notifier),
        "route": tables.routes.iter().map(|route| route.json(&[])).collect::<Vec<_>>(),
        "plugins": named(reader, &tables.plugins, plugin),
    })
}

type Named = (String, Section);

/// Tables by name, each checked; a name that is taken is an error.
fn named(
    reader: &mut Reader<'_>,
    sections: &[Named],
    check: fn(&mut Reader<'_>, &Named) -> Json,
) -> Json {
    let mut first = BTreeMap::new();
    let mut all = serde_json::Map::new();
    for named in sections {
        let (name, section) = named;
        if let Some(other) = first.insert(name, section.span) {
            reader.out.push(
                Diagnostic::error(
                    "config.duplicate-name",
                    section.span,
                    format!("`{name}` is defined twice"),
                )
                .help("Rename one of them.")
                .key(section.path.clone())
                .related(other, "first defined here"),
            );
        }
        all.insert(name.clone(), check(reader, named));
    }
    all.into()
}

fn notifier(reader: &mut Reader<'_>, (id, section): &Named) -> Json {
    if id.is_empty() || id == "inapp" || id.contains(':') {
        reader.error(
            "config.name",
            section.span,
            &section.path,
            format!("{id:?} cannot be the id of a notifier"),
            "An id is not empty, not \"inapp\", and holds no `:`.",
        );
    }
    section.json(&[])
}

fn plugin(reader: &mut Reader<'_>, (_, section): &Named) -> Json {
    let mut json = section.json(&[]);
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
    if let (Some(item), Some(path)) = (section.get("path"), section.text("path")) {
        json["path"] = reader.absolute(&path, item.span).into();
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
    json
}
