//! What a unit is made of, to read: its definition as the daemon tells it, secrets masked, and its next firings.

use serde_json::Value;

use super::words;
use crate::tui::state::{App, Dialog, Look, Page};
use crate::tui::text::{clean, pad};

pub(in crate::tui) fn dialog(app: &App) -> Option<Dialog> {
    let Page::Unit(name) = &app.page else {
        return None;
    };
    let more = app.unit.as_ref().filter(|more| more.name == *name)?;
    let mut lines = Vec::new();
    let mut section = |title: &str, rows: Vec<(String, String)>| {
        if rows.is_empty() {
            return;
        }
        if !lines.is_empty() {
            lines.push((String::new(), Look::Plain));
        }
        lines.push((title.to_owned(), Look::Title));
        lines.extend(rows.into_iter().map(|(key, value)| {
            (
                format!("  {} {}", pad(&key, 18), clean(&value)),
                Look::Plain,
            )
        }));
    };
    match &more.definition {
        Some(definition) => {
            section("Definition", definition_rows(definition));
            section("Settings", pairs(&definition["settings"], "key"));
            section("Environment", pairs(&definition["env"], "name"));
            section("Parameters", params(&definition["params"]));
        }
        None => section(
            "Definition",
            vec![(String::new(), "this daemon does not tell it".to_owned())],
        ),
    }
    if let Some(unit) = app.unit_named(name) {
        let state = |i: &crate::wire::Instance| {
            let pid = i.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
            let message = i
                .message
                .as_ref()
                .map(|m| format!(", {m}"))
                .unwrap_or_default();
            let word = format!("{:?}", i.state).to_lowercase();
            (format!("#{}", i.index), format!("{word}{pid}{message}"))
        };
        section("Instances", unit.instances.iter().map(state).collect());
    }
    let firing = |f: &crate::wire::Firing| (f.at.clone(), f.note.clone().unwrap_or_default());
    section(
        "Next firings",
        more.firings
            .iter()
            .map(firing)
            .map(|(at, note)| (String::new(), format!("{at}  {note}")))
            .collect(),
    );
    Some(Dialog::Text {
        title: name.clone(),
        lines,
        top: 0,
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn definition_rows(definition: &Value) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut add = |key: &str, value: String| {
        if !value.is_empty() {
            rows.push((key.to_owned(), value));
        }
    };
    add("command", text(&definition["command"]));
    add("argv", text(&definition["argv"]));
    add("shell", text(&definition["shell"]));
    let source = &definition["source"];
    if let Some(file) = source["file"].as_str() {
        add("defined in", format!("{file}:{}", source["line"]));
    }
    add("working directory", text(&definition["working_dir"]));
    add("user", text(&definition["user"]));
    add("depends on", text(&definition["depends_on"]));
    for schedule in definition["schedules"].as_array().into_iter().flatten() {
        add(
            "schedule",
            format!(
                "{}  {}",
                text(&schedule["expression"]),
                text(&schedule["words"])
            ),
        );
    }
    rows
}

fn pairs(list: &Value, key: &str) -> Vec<(String, String)> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter()
        .map(|pair| {
            let value = if pair["secret"].as_bool() == Some(true) {
                "(secret)".to_owned()
            } else {
                text(&pair["value"])
            };
            (text(&pair[key]), value)
        })
        .collect()
}

fn params(list: &Value) -> Vec<(String, String)> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter()
        .map(|param| {
            let default = text(&param["default"]);
            let default = if default.is_empty() {
                default
            } else {
                format!(", {default} when not given")
            };
            (
                text(&param["name"]),
                format!(
                    "{}{default}  {}",
                    text(&param["type"]),
                    text(&param["description"])
                ),
            )
        })
        .collect()
}

/// How long ago the daemon took over, for the quit question.
pub(super) fn uptime(app: &App) -> String {
    let began = app
        .status
        .as_ref()
        .map_or(app.now, |status| status.daemon.started_at);
    words::length(u64::try_from(app.now.duration_since(began).as_millis()).unwrap_or(0))
}
