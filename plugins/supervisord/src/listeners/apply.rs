//! What a recognised listener adds to the units it looks after, and the notifier it becomes.
//!
//! Tests: the goldens.

use runwisp_plugin::Kind;
use serde_json::{Value, json};

use super::{Duty, Listener, Mail, Whom};
use crate::codes;
use crate::draft::Draft;
use crate::logs;
use crate::sheet::Sheet;

/// Adds to the units; answers with the notifiers that it makes.
pub(crate) fn apply(listener: &Listener, sheet: &mut Sheet<'_>, units: &mut [Draft]) -> Vec<Draft> {
    let notifier = notifier(listener, sheet);
    if notifier.is_some() {
        each(units, told(&listener.duty), |unit| {
            notify(unit, &listener.name)
        });
    }
    let name = listener.program;
    let (count, what) = match &listener.duty {
        Duty::Output => {
            let message = format!(
                "{name} is left out: `runwisp logs` shows the output of every unit, and nothing has to hand it on"
            );
            sheet.dropped(&codes::EVENTLISTENER_RECOGNISED, "", message);
            return Vec::new();
        }
        duty => carry_out(duty, units),
    };
    let message = match count {
        0 => format!("{name} would become {what}, but names no unit of this import"),
        1 => format!("{name} becomes {what}, of 1 unit"),
        _ => format!("{name} becomes {what}, of {count} units"),
    };
    sheet.dropped(&codes::EVENTLISTENER_RECOGNISED, "", message);
    notifier.into_iter().collect()
}

/// The notifier that a listener becomes, where it tells people.
fn notifier(listener: &Listener, sheet: &Sheet<'_>) -> Option<Draft> {
    match &listener.duty {
        Duty::Memory { mail, .. } | Duty::Http { mail, .. } => {
            mail.as_ref().map(|mail| email(listener, sheet, mail))
        }
        Duty::Mail { mail, .. } => Some(email(listener, sheet, mail)),
        Duty::Slack {
            token,
            webhook,
            channel,
            ..
        } => {
            let (token, webhook) = (token.as_deref(), webhook.as_deref());
            Some(slack(listener, sheet, token, webhook, channel.as_deref()))
        }
        Duty::Watch { .. } | Duty::Critical | Duty::Output => None,
    }
}

/// The units whose failures it tells.
fn told(duty: &Duty) -> &Whom {
    match duty {
        Duty::Http { whom, .. } | Duty::Mail { whom, .. } | Duty::Slack { whom, .. } => whom,
        Duty::Memory { .. } | Duty::Watch { .. } | Duty::Critical | Duty::Output => &ALL,
    }
}

static ALL: Whom = Whom {
    programs: Vec::new(),
    groups: Vec::new(),
    any: true,
};

/// Adds what it does to the units; answers with their number, and with what it became.
fn carry_out(duty: &Duty, units: &mut [Draft]) -> (usize, &'static str) {
    match duty {
        Duty::Memory { limits, .. } => {
            let mut count = 0;
            for (whom, bytes) in limits {
                count += each(units, whom, |unit| memory(unit, *bytes));
            }
            let what = "`limits.memory`, which the kernel holds the unit to with all its processes";
            (count, what)
        }
        Duty::Http {
            whom,
            url,
            timeout,
            interval,
            todo,
            ..
        } => {
            let add = |unit: &mut Draft| health(unit, url, timeout, interval, todo);
            (each(units, whom, add), "`health.http`")
        }
        Duty::Mail { whom, .. } => {
            let what = "a notifier by email, and `notify_on_failure`";
            (each(units, whom, |_| {}), what)
        }
        Duty::Slack { whom, .. } => {
            let what = "a notifier to Slack, and `notify_on_failure`";
            (each(units, whom, |_| {}), what)
        }
        Duty::Watch { whom, path, todo } => {
            (each(units, whom, |unit| watch(unit, path, todo)), "`watch`")
        }
        Duty::Critical => {
            let what = "`critical = true`, which ends the daemon when a service ends for good";
            (each(units, &ALL, critical), what)
        }
        Duty::Output => (0, "nothing"),
    }
}

fn critical(unit: &mut Draft) {
    if unit.kind == Kind::Service && !unit.has(&["critical"]) {
        unit.put(&["critical"], true);
    }
}

/// Does something to each unit that is meant; answers with their number.
fn each(units: &mut [Draft], whom: &Whom, mut act: impl FnMut(&mut Draft)) -> usize {
    let mut count = 0;
    for unit in units.iter_mut().filter(|unit| is_meant(unit, whom)) {
        act(unit);
        count += 1;
    }
    count
}

fn is_meant(unit: &Draft, whom: &Whom) -> bool {
    let named = whom.programs.iter().any(|name| {
        let (group, process) = name.split_once(':').unwrap_or((&unit.group, name));
        let numbered = process.strip_prefix(unit.program.as_str());
        let numbered = numbered.is_some_and(|rest| {
            rest.starts_with(['_', '-', ':']) && rest[1..].bytes().all(|b| b.is_ascii_digit())
        });
        group == unit.group && (process == unit.program || process == "*" || numbered)
    });
    whom.any || named || whom.groups.contains(&unit.group)
}

fn memory(unit: &mut Draft, bytes: i64) {
    if bytes > 0 && !unit.has(&["limits", "memory"]) {
        unit.put(&["limits", "memory"], logs::shown(bytes));
    }
}

fn health(unit: &mut Draft, url: &str, timeout: &str, interval: &str, todo: &[String]) {
    if unit.kind != Kind::Service || unit.has(&["health", "http"]) {
        return;
    }
    let note = todo.first().cloned();
    unit.comments.extend(todo.iter().skip(1).cloned());
    unit.noted(&["health", "http"], url, note);
    unit.put(&["health", "interval"], interval);
    unit.put(&["health", "timeout"], timeout);
    unit.put(&["health", "retries"], 1);
}

fn watch(unit: &mut Draft, path: &str, todo: &[String]) {
    if unit.kind != Kind::Service || unit.has(&["watch"]) {
        return;
    }
    unit.put(&["watch"], json!([path]));
    unit.comments.extend(todo.iter().cloned());
}

/// Adds a notifier to those who hear of a failure. The list becomes one key when all listeners are done.
fn notify(unit: &mut Draft, notifier: &str) {
    let name = "notify_on_failure";
    let known = unit
        .settings
        .iter()
        .position(|setting| setting.path == [name]);
    match known {
        Some(place) => {
            let setting = &mut unit.settings[place];
            let mut list: Vec<Value> = serde_json::from_str(&setting.value).unwrap_or_default();
            if !list.iter().any(|known| known == notifier) {
                list.push(json!(notifier));
            }
            setting.value = Value::from(list).to_string();
        }
        None => unit.put(&[name], json!([notifier])),
    }
}

/// Puts keys of the table itself in front of those of its tables, where a person looks for them.
pub(crate) fn join_lists(units: &mut [Draft]) {
    for unit in units {
        unit.settings.sort_by_key(|setting| setting.path.len() > 1);
    }
}

fn email(listener: &Listener, sheet: &Sheet<'_>, mail: &Mail) -> Draft {
    let mut draft = Draft::new(Kind::Notifier, &listener.name, sheet.section.at);
    draft.put(&["type"], "email");
    let (host, port) = match mail.host.as_deref() {
        Some(host) => host.rsplit_once(':').unwrap_or((host, "")),
        None => ("localhost", ""),
    };
    let note = mail.host.is_none().then(|| {
        "TODO the server that takes your mail; there was sendmail, or none named".to_owned()
    });
    draft.noted(&["host"], host, note);
    if let Ok(port) = port.parse::<u16>() {
        draft.put(&["port"], port);
    } else if mail.tls {
        draft.put(&["port"], 25);
    }
    let login = mail.user.is_some() || mail.password.is_some();
    match (mail.tls, login) {
        (true, _) => draft.put(&["security"], "starttls"),
        (false, true) => {
            let note = "TODO the login was sent in the open, which is not done here";
            draft.noted(&["security"], "starttls", Some(note.to_owned()));
        }
        (false, false) => draft.put(&["security"], "none"),
    }
    if login {
        for (key, value) in [("username", &mail.user), ("password", &mail.password)] {
            let note = value.is_none().then(|| "TODO there was none".to_owned());
            draft.noted(&[key], value.as_deref().unwrap_or("TODO"), note);
        }
    }
    let (from, note) = match &mail.from {
        Some(from) => (from.as_str(), None),
        None => ("runwisp@localhost", Some("TODO the sender".to_owned())),
    };
    draft.noted(&["from"], from, note);
    let (to, note) = if mail.to.is_empty() {
        (
            json!(["root@localhost"]),
            Some("TODO who is told".to_owned()),
        )
    } else {
        (json!(mail.to), None)
    };
    draft.noted(&["to"], to, note);
    draft
}

fn slack(
    listener: &Listener,
    sheet: &Sheet<'_>,
    token: Option<&str>,
    webhook: Option<&str>,
    channel: Option<&str>,
) -> Draft {
    let mut draft = Draft::new(Kind::Notifier, &listener.name, sheet.section.at);
    draft.put(&["type"], "slack");
    match (token, webhook) {
        (Some(token), _) => {
            draft.put(&["token"], token);
            let note = channel.is_none().then(|| "TODO where to post".to_owned());
            draft.noted(&["channel"], channel.unwrap_or("#general"), note);
        }
        (None, Some(webhook)) => draft.put(&["webhook_url"], webhook),
        (None, None) => {
            let note = "TODO the address of your incoming webhook; superslacker had it from its environment";
            draft.noted(
                &["webhook_url"],
                "https://hooks.slack.com/services/TODO",
                Some(note.to_owned()),
            );
        }
    }
    draft
}
