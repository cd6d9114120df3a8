//! The host's own compiler, for what only it can say: whether a key exists and takes a value, what it makes of a `run`.

use std::fmt::Write;

use jiff::tz::TimeZone;
use runwisp_core::config::plan::Plan;
use runwisp_core::config::{Source, Surroundings, compile};
use runwisp_core::words::spawn::RunAs;
use runwisp_plugin::{Conversion, Definition, Kind};
use serde_json::Value;

/// A machine where every account and every variable exists.
struct Anything;

impl Surroundings for Anything {
    fn var(&self, _name: &str) -> Option<String> {
        Some("value".to_owned())
    }
    fn read_file(&self, _path: &str, _beside: &str) -> Result<String, String> {
        Err("there are no files".to_owned())
    }
    fn absolute(&self, path: &str, _beside: &str) -> String {
        format!("/conf/{path}")
    }
    fn time_zone(&self, _name: &str) -> Option<TimeZone> {
        None
    }
    fn time_zone_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn host_time_zone(&self) -> TimeZone {
        TimeZone::UTC
    }
    fn account(&self, user: &str) -> Result<RunAs, String> {
        Ok(RunAs {
            uid: 1000,
            gid: 1000,
            groups: Vec::new(),
            name: user.to_owned(),
            home: "/home".to_owned(),
        })
    }
    fn may_become(&self, _account: &RunAs) -> bool {
        true
    }
}

/// The plan of a text; an error of it fails the test.
pub(crate) fn compiled(text: &str) -> Plan {
    let source = Source {
        name: "runwisp.toml".to_owned(),
        text: text.to_owned(),
    };
    let compiled = compile(&[source], &Anything);
    match compiled.plan {
        Some(plan) => plan,
        None => panic!("the host refuses this: {:#?}\n{text}", compiled.diagnostics),
    }
}

/// What the only unit of a text is started by.
pub(crate) fn argv(text: &str) -> Vec<String> {
    let plan = compiled(text);
    let unit = plan.units.values().next().expect("the text has a unit");
    unit.spec.argv.clone()
}

/// What may run of a conversion, as a configuration.
pub(crate) fn configuration(conversion: &Conversion) -> String {
    let mut out = String::new();
    for (number, definition) in conversion.definitions.iter().enumerate() {
        if definition.runnable {
            table(&mut out, number, definition);
        }
    }
    out
}

fn table(out: &mut String, number: usize, definition: &Definition) {
    let (family, name) = match definition.kind {
        Kind::Task => ("tasks", format!("t{number}")),
        Kind::Service => ("services", format!("s{number}")),
        Kind::Notifier => ("notifiers", definition.name.clone()),
        Kind::Route | Kind::Defaults => panic!("nothing of that kind is made"),
    };
    let _ = writeln!(out, "[{family}.{name:?}]");
    for setting in &definition.settings {
        let path: Vec<String> = setting
            .path
            .iter()
            .map(|part| format!("{part:?}"))
            .collect();
        let value: Value = serde_json::from_str(&setting.value).unwrap();
        let command = setting.path == ["run"];
        let _ = writeln!(out, "{} = {}", path.join("."), toml(&value, command));
    }
}

fn toml(value: &Value, command: bool) -> String {
    match value {
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(|value| toml(value, command)).collect();
            format!("[{}]", all.join(", "))
        }
        Value::Object(object) => Value::from(object["$substitute"].as_str().unwrap()).to_string(),
        Value::String(text) if !command => {
            // As the host does it: what is not one of ours is two characters.
            let text = text
                .replace("${", "$${")
                .replace("$${RUNWISP_", "${RUNWISP_");
            Value::from(text).to_string().replace('\u{7f}', "\\u007F")
        }
        other => other.to_string().replace('\u{7f}', "\\u007F"),
    }
}
