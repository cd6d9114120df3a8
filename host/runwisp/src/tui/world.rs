//! A small world for tests: a daemon's answers without a daemon, and a user who presses keys.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use runwisp_core::words::ids::RunId;
use serde_json::{Value, json};

use super::log::tests::line;
use super::message::{Answer, Effect, Message, Query};
use super::state::{App, Setting};
use super::update::{begin, update};
use crate::wire::{LogLine, Run};

/// When it is: 2026-01-01 12:00:00 in UTC.
pub(super) fn now() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

/// A terminal UI with hands that only remember.
pub(super) struct Ui {
    pub(super) app: App,
    /// What it wanted done since the last look.
    pub(super) effects: Vec<Effect>,
}

impl Ui {
    /// Before anything was heard.
    pub(super) fn blank(width: u16, height: u16) -> Ui {
        let mut app = App::new(Setting {
            place: "/run/runwisp/runwisp.sock".to_owned(),
            own_daemon: false,
            demo: false,
            zone: TimeZone::UTC,
            now: now(),
            size: (width, height),
        });
        let effects = begin(&mut app);
        Ui { app, effects }
    }

    /// With everything heard that it asked for.
    pub(super) fn open(width: u16, height: u16) -> Ui {
        let mut ui = Ui::blank(width, height);
        ui.hear(Message::Connected);
        ui.answer_all();
        ui
    }

    pub(super) fn hear(&mut self, message: Message) {
        let effects = update(&mut self.app, message);
        self.effects.extend(effects);
    }

    /// Presses keys, as words: `j`, `enter`, `ctrl+c`; quoted text is typed letter by letter.
    pub(super) fn press(&mut self, keys: &str) {
        for word in keys.split(' ') {
            if let Some(text) = word.strip_prefix('"') {
                for c in text.trim_end_matches('"').chars() {
                    self.hear(Message::Key(KeyCode::Char(c).into()));
                }
                continue;
            }
            let (modifiers, word) = match word.strip_prefix("ctrl+") {
                Some(rest) => (KeyModifiers::CONTROL, rest),
                None => (KeyModifiers::NONE, word),
            };
            let code = match word {
                "enter" => KeyCode::Enter,
                "esc" => KeyCode::Esc,
                "tab" => KeyCode::Tab,
                "up" => KeyCode::Up,
                "down" => KeyCode::Down,
                "left" => KeyCode::Left,
                "right" => KeyCode::Right,
                "pgup" => KeyCode::PageUp,
                "space" => KeyCode::Char(' '),
                "backspace" => KeyCode::Backspace,
                letter => KeyCode::Char(letter.chars().next().unwrap()),
            };
            self.hear(Message::Key(KeyEvent::new(code, modifiers)));
        }
    }

    pub(super) fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        self.hear(Message::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        }));
    }

    pub(super) fn click(&mut self, column: u16, row: u16) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row);
    }

    /// Answers all that was asked, until nothing is asked any more. Orders are left.
    pub(super) fn answer_all(&mut self) {
        while let Some(at) = self
            .effects
            .iter()
            .position(|e| matches!(e, Effect::Ask(_)))
        {
            if let Effect::Ask(query) = self.effects.remove(at) {
                let answer = answer(&query);
                self.hear(Message::Answer(query, Ok(answer)));
            }
        }
    }

    /// What it wanted done, and forgets it.
    pub(super) fn taken(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The lines of the log that is open.
    pub(super) fn lines(&mut self, lines: Vec<LogLine>) {
        let ticket = self.app.log.as_ref().unwrap().ticket;
        self.hear(Message::Lines(ticket, lines));
    }
}

pub(super) fn id(n: u128) -> RunId {
    RunId::from_u128(n)
}

pub(super) fn run(n: u128, unit: &str, outcome: &str) -> Run {
    let kind = if unit == "web" || unit == "worker" {
        "service"
    } else {
        "task"
    };
    let minute = 59 - (n % 50);
    let ended = outcome != "running";
    let value = json!({
        "id": id(n).to_string(), "unit": unit, "kind": kind, "instance": 0, "attempt": 1,
        "execution_id": id(n).to_string(), "trigger": "schedule",
        "state": if ended { "ended" } else { "running" },
        "outcome": ended.then_some(outcome),
        "exit_code": if outcome == "failed" { json!(2) } else if ended { json!(0) } else { Value::Null },
        "signal": null, "pid": 4242, "scheduled_at": null,
        "created_at": format!("2026-01-01T11:{minute:02}:00Z"),
        "started_at": format!("2026-01-01T11:{minute:02}:00Z"),
        "ended_at": ended.then(|| format!("2026-01-01T11:{minute:02}:07Z")),
        "duration_ms": ended.then_some(7_250), "max_rss_bytes": 12_582_912, "cpu_ms": 310,
        "log_bytes": 2048, "log_dropped_bytes": 0,
        "message": (outcome == "failed").then_some("exit code 2: table orders could not be read"),
    });
    serde_json::from_value(value).unwrap()
}

fn unit(name: &str, kind: &str, group: Option<&str>, state: &str) -> Value {
    json!({
        "name": name, "kind": kind, "group": group, "description": null, "state": state,
        "next_run_at": null, "instances": [], "last_run": null,
    })
}

fn instance(index: u32, state: &str, message: Option<&str>) -> Value {
    json!({
        "index": index, "state": state, "pid": 4100 + index, "run_id": id(u128::from(index) + 90).to_string(),
        "uptime_ms": 7_384_000, "restarts": index, "retry_in_ms": null, "message": message,
    })
}

pub(super) fn status() -> Value {
    let mut web = unit("web", "service", Some("front"), "running");
    web["description"] = json!("The shop's web server");
    web["instances"] = json!([
        instance(0, "running", None),
        instance(1, "running", Some("serving 12 clients"))
    ]);
    let mut worker = unit("worker", "service", Some("back"), "backoff");
    worker["instances"] = json!([instance(0, "backoff", Some("exit code 3 after 0.2 s"))]);
    let mut backup = unit("backup", "task", Some("nightly"), "stopped");
    backup["description"] = json!("Dumps the database");
    backup["next_run_at"] = json!("2026-01-01T12:05:00Z");
    backup["last_run"] = serde_json::to_value(run(1, "backup", "failed")).unwrap();
    let mut report = unit("report", "task", Some("nightly"), "stopped");
    report["next_run_at"] = json!("2026-01-02T06:00:00Z");
    report["last_run"] = serde_json::to_value(run(2, "report", "succeeded")).unwrap();
    json!({
        "daemon": {
            "version": "0.1.0", "pid": 100, "daemon_pid": 101, "started_at": "2026-01-01T09:00:00Z",
            "binary": "/usr/bin/runwisp", "config": "/etc/runwisp/runwisp.toml", "data": "/var/lib/runwisp",
            "config_stale": true, "stopping": false, "warnings": ["the disk has 512 MiB left"],
        },
        "units": [backup, unit("deploy", "task", None, "stopped"), report, web, worker],
    })
}

fn answer(query: &Query) -> Answer {
    match query {
        Query::Status => Answer::Status(serde_json::from_value(status()).unwrap()),
        Query::Runs { unit, after, .. } => {
            let name = unit.as_deref();
            let from = if after.is_some() { 100 } else { 0 };
            let made = (1..=40_u128).map(|n| {
                let outcome = ["failed", "succeeded", "succeeded", "timeout"][usize::try_from(n % 4).unwrap()];
                run(from + n, name.unwrap_or(["backup", "report"][usize::try_from(n % 2).unwrap()]), outcome)
            });
            Answer::Runs {
                runs: crate::wire::Runs {
                    runs: made.collect(),
                    ..Default::default()
                },
                next: after.is_none().then(|| "more".to_owned()),
            }
        }
        Query::Recent => Answer::Runs {
            runs: crate::wire::Runs {
                runs: vec![run(1, "backup", "failed"), run(2, "report", "succeeded"), run(3, "deploy", "stopped")],
                ..Default::default()
            },
            next: None,
        },
        Query::Run(id) => {
            let n = (1..200).find(|n| self::id(*n) == *id).unwrap_or(1);
            Answer::Run(Box::new(run(n, "backup", if n == 1 { "failed" } else { "running" })))
        }
        Query::Unit(name) => Answer::Unit(json!({"name": name, "definition": definition(name)})),
        Query::Next(_) => Answer::Firings(serde_json::from_value(json!({"firings": [
            {"unit": "backup", "at": "2026-01-01T12:05:00+00:00", "note": null},
            {"unit": "backup", "at": "2026-01-01T12:10:00+00:00", "note": null},
        ]})).unwrap()),
        Query::Bell => Answer::Bell(serde_json::from_value(json!({"unread": 1, "notifications": [
            bell_row(7, "backup failed", 3, false), bell_row(8, "worker keeps failing", 1, true),
        ]})).unwrap()),
        Query::Host => Answer::Host(json!({
            "hostname": "shop-1", "os": "linux", "arch": "x86_64", "cores": 2, "uptime_ms": 86_400_000_u64,
            "load": [0.31, 0.22, 0.18], "cpu_percent": 12.4,
            "memory": {"total_bytes": 2_147_483_648_u64, "used_bytes": 1_610_612_736_u64},
            "disk": {"total_bytes": 21_474_836_480_u64, "free_bytes": 536_870_912_u64},
            "daemon": {"cpu_percent": 0.1, "memory_bytes": 14_680_064, "open_fds": 31, "threads": 6, "uptime_ms": 1},
        })),
        Query::Page { from, limit, .. } => Answer::Page(crate::wire::LogPage {
            lines: (*from..(*from + *limit).min(3_001)).map(|n| line(n, &format!("line {n}"))).collect(),
            next: String::new(),
            complete: false,
            total_lines: None,
        }),
        Query::Hits { .. } => Answer::Hits(vec![5, 12, 18]),
        Query::Plan => Answer::Plan(serde_json::from_value(json!({
            "applied": false, "added": ["mailer"], "changed": [{"name": "web", "keys": ["run", "env.PORT"]}],
            "removed": ["old"], "settings": [], "warnings": [],
        })).unwrap()),
    }
}

fn bell_row(n: u128, title: &str, count: u32, read: bool) -> Value {
    json!({
        "id": id(n).to_string(), "kind": "run.failed", "severity": "error", "unit": "backup",
        "run_id": id(1).to_string(), "title": title, "sentence": format!("{title}: exit code 2"), "count": count,
        "first_at": "2026-01-01T10:00:00Z", "last_at": "2026-01-01T11:58:00Z", "read": read,
    })
}

fn definition(name: &str) -> Value {
    let params = if name == "deploy" {
        json!([
            {"name": "version", "type": "string", "default": null, "required": true, "choices": null, "description": "What to put into place"},
            {"name": "stage", "type": "choice", "default": "staging", "required": false, "choices": ["staging", "production"], "description": ""},
            {"name": "dry-run", "type": "bool", "default": false, "required": false, "choices": null, "description": "Only say what would be done"},
        ])
    } else {
        json!([])
    };
    json!({
        "command": "pg_dump shop | zstd > /backup/shop.zst", "argv": null, "shell": "sh -e -c",
        "source": {"file": "/etc/runwisp/runwisp.toml", "line": 12}, "working_dir": "/backup", "user": "postgres",
        "env": [{"name": "PGPASSWORD", "value": null, "secret": true}, {"name": "LANG", "value": "C", "secret": false}],
        "settings": [{"key": "timeout", "value": "1h"}], "depends_on": [],
        "schedules": if name == "backup" { json!([{"expression": "*/5 * * * *", "timezone": "UTC", "words": "every 5 minutes"}]) } else { json!([]) },
        "params": params,
    })
}
