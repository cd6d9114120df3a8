//! Both answers as the same thing: a sorted list of processes.

use std::collections::BTreeMap;
use std::process::Command;

use runwisp_plugin::{Conversion, Definition, Kind};
use serde_json::{Map, Value, json};

use super::environment;
use super::generate::World;

/// Processes, each as JSON, sorted.
#[derive(Debug, PartialEq)]
pub(super) struct Processes(Vec<String>);

impl Processes {
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    fn new(mut all: Vec<String>) -> Processes {
        all.sort();
        Processes(all)
    }

    /// What supervisord answers, without the programs named.
    pub(super) fn theirs(answer: &Value, blocked: &[String]) -> Processes {
        let all = answer["processes"].as_array().unwrap();
        let kept = all.iter().filter(|process| {
            let section = process["section"].as_str().unwrap();
            !blocked.iter().any(|blocked| blocked == section)
        });
        Processes::new(kept.map(their_process).collect())
    }

    /// What a conversion comes to, instance by instance; none when what it starts is not the script that tells.
    pub(super) fn ours(conversion: &Conversion, world: &World) -> Option<Processes> {
        let live = conversion.definitions.iter().filter(|d| d.runnable);
        let mut all = Vec::new();
        for definition in live {
            let count = setting(definition, "instances")
                .and_then(|v| v.as_u64())
                .unwrap_or(1);
            for index in 0..count {
                all.push(our_process(definition, index, world)?);
            }
        }
        Some(Processes::new(all))
    }
}

fn is_variable(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty()
}

fn their_process(process: &Value) -> String {
    let mut process = process.as_object().unwrap().clone();
    process.remove("section");
    let env: Map<String, Value> = process["env"].as_object().unwrap().clone();
    process["env"] = env
        .into_iter()
        .filter(|(name, _)| is_variable(name))
        .collect::<Map<_, _>>()
        .into();
    Value::from(process).to_string()
}

fn setting(definition: &Definition, key: &str) -> Option<Value> {
    let found = definition.settings.iter().find(|s| s.path == [key]);
    found.map(|s| serde_json::from_str(&s.value).unwrap())
}

/// A text with its substitutions made, as runwisp makes them.
fn filled(value: &Value, index: u64) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => {
            let mut text = other["$substitute"]
                .as_str()
                .unwrap()
                .replace("$${", "\u{1}");
            for (name, value) in environment() {
                text = text.replace(&format!("${{{name}}}"), &value);
            }
            text.replace('\u{1}', "${")
        }
    };
    text.replace("${RUNWISP_INSTANCE_INDEX}", &index.to_string())
}

fn our_process(definition: &Definition, index: u64, world: &World) -> Option<String> {
    let get = |key: &str| setting(definition, key);
    let text = |key: &str| get(key).and_then(|v| v.as_str().map(str::to_owned));
    let seconds = |key: &str| text(key).map(|t| t.trim_end_matches('s').parse::<i64>().unwrap());
    let mut env = BTreeMap::new();
    for setting in &definition.settings {
        if let [table, name] = setting.path.as_slice()
            && matches!(table.as_str(), "env" | "secrets")
        {
            let value = serde_json::from_str(&setting.value).unwrap();
            env.insert(name.clone(), filled(&value, index));
        }
    }
    let mut directory = get("working_dir").map(|value| filled(&value, index));
    let argv = match get("run").unwrap() {
        Value::Array(words) => words,
        run => shell(run.as_str().unwrap(), index, &mut env, &mut directory)?,
    };
    let task = definition.kind == Kind::Task;
    let autostart = if task {
        get("run_on_start").is_some()
    } else {
        get("autostart") != Some(json!(false))
    };
    let uid = text("user").map(|user| world.uid(&user));
    let signal = text("stop_signal").unwrap_or_else(|| "SIGTERM".to_owned());
    let retries = get("start_retries").unwrap_or(json!(3));
    let process = json!({
        "argv": argv,
        "env": env,
        "directory": directory,
        "restart": text("restart"),
        "autostart": autostart,
        "startsecs": seconds("healthy_after"),
        "startretries": if task { Value::Null } else { retries },
        "exitcodes": sorted(get("exit_codes").unwrap_or(json!([0]))),
        "stopsignal": signal.parse::<runwisp_core::words::signal::Signal>().unwrap().0,
        "stopwaitsecs": seconds("graceful_stop"),
        "stopasgroup": get("stop_scope").is_none(),
        "uid": uid,
        "umask": text("umask").map(|mode| i64::from_str_radix(&mode, 8).unwrap()),
        "group": text("group"),
    });
    Some(process.to_string())
}

fn sorted(codes: Value) -> Value {
    let mut codes: Vec<i64> = codes
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_i64().unwrap())
        .collect();
    codes.sort_unstable();
    json!(codes)
}

/// Runs a text as runwisp does, for what the program at its end is given.
fn shell(
    run: &str,
    index: u64,
    env: &mut BTreeMap<String, String>,
    directory: &mut Option<String>,
) -> Option<Vec<Value>> {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-e", "-c", run])
        .env_clear()
        .envs(environment())
        .env("RUNWISP_INSTANCE_INDEX", index.to_string())
        .envs(&*env)
        .current_dir("/");
    let out = command.output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let mut items = text.split_terminator('\0').map(str::to_owned);
    let count: usize = items.next()?.parse().ok()?;
    let argv: Vec<Value> = items.by_ref().take(count + 1).map(Value::from).collect();
    let place = items.next()?;
    if place != "/" {
        *directory = Some(place);
    }
    let noise = ["PWD", "OLDPWD", "_", "SHLVL", "RUNWISP_INSTANCE_INDEX"];
    for pair in items {
        let (name, value) = pair.split_once('=')?;
        let known = environment().get(name).is_some_and(|known| known == value);
        let inherited = known && !env.contains_key(name);
        if !noise.contains(&name) && !inherited {
            env.insert(name.to_owned(), value.to_owned());
        }
    }
    Some(argv)
}
