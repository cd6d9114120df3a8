//! The API as its clients see it: the real router on a real socket, before a loop and a history made of tables.

mod asking;
mod guard;
mod many;
mod messages;
mod rows;
mod streams;
mod world;

use std::time::Duration;

use runwisp_core::words::diagnostic::Severity;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::{Kind, Outcome, RunState};
use runwisp_core::words::status::{InstanceState, InstanceStatus, UnitStatus};
use serde_json::{Value, json};

use self::world::{World, run, unit};
use crate::client::{Lines, Uri};
use crate::daemon::handle::{DOOR, Finding, ReloadRefusal, ReloadReport};
use crate::wire::codes::problem;
use crate::wire::{Accepted, LogItem, Problem, Reload, ReloadBody};

/// An instance in this state.
pub(crate) fn instance(state: InstanceState, run: RunId) -> InstanceStatus {
    InstanceStatus {
        index: 0,
        state,
        pid: None,
        run_id: Some(run),
        uptime: None,
        restarts: 0,
        retry_in: None,
        message: None,
        usage: None,
    }
}

/// A unit with such instances.
pub(crate) fn status_of(
    name: &str,
    kind: Kind,
    instances: &[(InstanceState, RunId)],
) -> UnitStatus {
    let instances = instances.iter().map(|(state, run)| instance(*state, *run));
    UnitStatus {
        kind,
        instances: instances.collect(),
        ..unit(name)
    }
}

/// A run that stands for a tick.
pub(crate) fn tick_row(
    n: u64,
    name: &str,
    at: jiff::Timestamp,
    state: RunState,
) -> runwisp_core::words::run::RunRecord {
    let mut row = run(n, name, state);
    row.scheduled_at = Some(at);
    row.created_at = at;
    row
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .map(|object| object.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

fn holds(value: &Value, expected: &str) {
    let found = keys(value);
    for key in expected.split_whitespace() {
        assert!(found.contains(&key), "{key} is not in {found:?}");
    }
}

#[tokio::test]
async fn status_has_the_fields_that_scripts_rely_on() {
    let world = World::start().await;
    let (status, body) = world.raw("GET", "/api/v1/status", "").await;
    assert_eq!(status, 200);
    assert_eq!(body["schema_version"], 1);
    holds(
        &body["daemon"],
        "version pid daemon_pid started_at config_stale warnings",
    );
    assert_eq!(
        (&body["daemon"]["pid"], &body["daemon"]["daemon_pid"]),
        (&json!(7), &json!(8))
    );
    let web = &body["units"][1];
    holds(web, "name kind group state next_run_at instances last_run");
    holds(
        &web["instances"][0],
        "index state pid run_id uptime_ms restarts usage",
    );
    assert_eq!(web["instances"][0]["uptime_ms"], 1500);
    assert_eq!(web["state"], "running");
}

#[tokio::test]
async fn runs_have_the_fields_that_scripts_rely_on() {
    let world = World::start().await;
    let mut row = run(1, "backup", RunState::Ended);
    row.outcome = Some(Outcome::OomKilled);
    row.duration = Some(Duration::from_millis(2_500));
    row.cpu = Some(Duration::from_millis(40));
    world.keep(row, &[]);
    let (_, body) = world
        .raw("GET", "/api/v1/runs?unit=back*&outcome=oom_killed", "")
        .await;
    let row = &body["runs"][0];
    holds(
        row,
        "id unit kind instance attempt execution_id trigger state outcome exit_code signal pid scheduled_at
         created_at started_at ended_at duration_ms max_rss_bytes cpu_ms log_bytes log_dropped_bytes message",
    );
    assert_eq!(
        (&row["duration_ms"], &row["cpu_ms"]),
        (&json!(2_500), &json!(40))
    );
    let (_, body) = world.raw("GET", "/api/v1/runs?unit=web", "").await;
    assert_eq!(body["runs"], json!([]));
}

#[tokio::test]
async fn what_is_refused_says_so_with_a_code_and_its_status() {
    let world = World::start().await;
    let large = "x".repeat(crate::http::MAX_BODY + 1);
    let no_run = "/api/v1/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for (method, path, body, code) in [
        ("GET", "/api/v2/status", "", "route.unknown"),
        ("GET", "/api/v1/nothing", "", "route.unknown"),
        ("POST", "/api/v1/status", "", "route.method"),
        ("GET", "/api/v1/units/nobody", "", "unit.unknown"),
        ("GET", "/api/v1/units/a%2Fb", "", "unit.unknown"),
        ("POST", "/api/v1/units/locked/start", "", "unit.locked"),
        ("POST", "/api/v1/units/web/signal", "", "request.invalid"),
        (
            "POST",
            "/api/v1/units/web/signal",
            r#"{"signal":"FOO"}"#,
            "request.invalid",
        ),
        (
            "POST",
            "/api/v1/units/backup/signal",
            r#"{"signal":"HUP"}"#,
            "unit.not-running",
        ),
        ("POST", "/api/v1/tasks/web/run", "", "unit.wrong-kind"),
        ("POST", "/api/v1/tasks/backup/run", "{", "request.invalid"),
        (
            "POST",
            "/api/v1/tasks/backup/run",
            r#"{"prams":{}}"#,
            "request.invalid",
        ),
        (
            "POST",
            "/api/v1/tasks/backup/run",
            r#"{"params":{"A=B":""}}"#,
            "request.params",
        ),
        (
            "POST",
            "/api/v1/tasks/backup/run",
            &large,
            "request.too-large",
        ),
        ("GET", no_run, "", "run.unknown"),
        ("GET", "/api/v1/runs/../../etc", "", "route.unknown"),
        ("GET", "/api/v1/runs/xyz", "", "run.unknown"),
        ("GET", "/api/v1/runs?limt=3", "", "request.invalid"),
        ("GET", "/api/v1/runs?outcome=great", "", "request.invalid"),
        ("GET", "/api/v1/runs?since=yesterday", "", "request.invalid"),
        ("GET", "/api/v1/runs?unit=x*", "", "unit.unknown"),
        (
            "GET",
            "/api/v1/logs/follow?target=web&head=1&follow=true",
            "",
            "request.invalid",
        ),
        ("GET", "/api/v1/search", "", "request.invalid"),
        ("GET", "/api/v1/search?pattern=(", "", "search.pattern"),
        ("GET", "/api/v1/explain/web", "", "unit.wrong-kind"),
    ] {
        let (status, answer) = world.raw(method, path, body).await;
        assert_eq!(answer["code"], code, "{method} {path} {body:.40}");
        assert_eq!(status, problem(code).status, "{method} {path}");
        assert_eq!(answer["schema_version"], 1);
        assert_eq!(answer["status"], status);
        assert_eq!(answer["type"], format!("/api#{code}"));
        assert_eq!(answer["title"], problem(code).means);
    }
}

#[tokio::test]
async fn a_command_comes_back_with_its_runs() {
    let world = World::start().await;
    let uri = Uri::new(&["tasks", "backup", "run"]);
    let body = json!({"params": {"target-dir": "/x"}});
    let accepted: Accepted = world.client().post(&uri, &body).await.unwrap();
    assert_eq!((accepted.runs.len(), accepted.changed), (1, true));
    let asked = world.commands().join("\n");
    assert!(asked.contains("RUNWISP_PARAM_TARGET_DIR"), "{asked}");
}

#[tokio::test]
async fn a_loop_that_falls_behind_is_busy_and_one_that_is_gone_is_leaving() {
    let world = World::deaf().await;
    let handle = world.handle();
    let mut waiting: Vec<_> = (0..DOOR).map(|_| Box::pin(handle.status())).collect();
    for asked in &mut waiting {
        // One poll puts the request through the door; nobody answers.
        assert!(futures_are_pending(asked).await);
    }
    let (status, answer) = world.raw("GET", "/api/v1/status", "").await;
    assert_eq!((status, &answer["code"]), (503, &json!("daemon.busy")));
    world.end_loop();
    let (status, answer) = world.raw("GET", "/api/v1/status", "").await;
    assert_eq!((status, &answer["code"]), (503, &json!("daemon.leaving")));
}

async fn futures_are_pending<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
    })
    .await
}

#[tokio::test]
async fn a_refused_reload_brings_every_finding() {
    let world = World::start().await;
    let uri = Uri::new(&["reload"]).with("plan_only", true);
    let body = ReloadBody::default();
    let report: Reload = world.client().post(&uri, &body).await.unwrap();
    assert_eq!(report.applied, ReloadReport::default().applied);
    world.refuse_reload(ReloadRefusal::Invalid {
        findings: vec![Finding {
            code: "config.unknown-key".to_owned(),
            severity: Severity::Error,
            message: "unknown key \"rnu\"".to_owned(),
            help: None,
            file: Some("/etc/runwisp/runwisp.toml".to_owned()),
            line: Some(3),
            column: Some(1),
            key: Some("services.web.rnu".to_owned()),
        }],
        rendered: "drawn".to_owned(),
    });
    let refused: Problem = world
        .client()
        .post::<Reload>(&uri, &body)
        .await
        .unwrap_err();
    assert_eq!(refused.code, "config.invalid");
    assert_eq!(
        (refused.errors[0].line, refused.rendered.as_deref()),
        (Some(3), Some("drawn"))
    );
}

async fn all(mut lines: Lines<LogItem>) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(item) = lines.next().await.unwrap() {
        told.push(match item {
            LogItem::Line(line) => format!("{} {} {}", line.unit, line.n, line.text),
            LogItem::End(end) => format!("end {} {:?}", end.run.unit, end.run.outcome),
            LogItem::Lagged { missed } => format!("lagged {missed}"),
            LogItem::Broken(problem) => problem.code,
        });
    }
    told
}

#[tokio::test]
async fn output_of_several_runs_is_merged_by_time() {
    let world = World::start().await;
    world.keep(run(1, "web", RunState::Running), &["a", "c"]);
    let mut ended = run(2, "backup", RunState::Ended);
    ended.outcome = Some(Outcome::Succeeded);
    world.keep(ended, &["b", "d"]);
    let uri = Uri::new(&["logs", "follow"]).with("target", "web,backup");
    let told = all(world.client().lines(&uri).await.unwrap()).await;
    assert_eq!(
        told,
        [
            "web 1 a",
            "backup 1 b",
            "web 2 c",
            "backup 2 d",
            "end backup Some(Succeeded)"
        ]
    );
    let uri = uri.with("tail", 1);
    let told = all(world.client().lines(&uri).await.unwrap()).await;
    assert_eq!(
        told,
        ["web 2 c", "backup 2 d", "end backup Some(Succeeded)"]
    );
}

#[tokio::test]
async fn following_a_run_brings_every_line_once_and_then_its_end() {
    let world = World::start().await;
    let row = run(5, "backup", RunState::Running);
    world.keep(row.clone(), &["one"]);
    let uri = Uri::new(&["logs", "follow"])
        .with("target", row.id)
        .with("follow", true);
    let mut lines: Lines<LogItem> = world.client().lines(&uri).await.unwrap();
    let mut next = async || match lines.next().await.unwrap() {
        Some(LogItem::Line(line)) => line.text,
        other => format!("{other:?}"),
    };
    assert_eq!(next().await, "one");
    world.print(row.id, "two");
    assert_eq!(next().await, "two");
    world.print(row.id, "three");
    world.end(row.id, Outcome::Failed);
    assert_eq!(next().await, "three");
    let told = all(lines).await;
    assert_eq!(told, ["end backup Some(Failed)"]);
}

#[tokio::test]
async fn following_a_unit_takes_up_its_new_runs() {
    let world = World::start().await;
    let uri = Uri::new(&["logs", "follow"])
        .with("target", "back*")
        .with("follow", true);
    let mut lines: Lines<LogItem> = world.client().lines(&uri).await.unwrap();
    let row = run(6, "backup", RunState::Running);
    world.followed().await;
    world.keep(row.clone(), &["fresh"]);
    world.tell_run(&row);
    world.tell_run(&row);
    let Some(LogItem::Line(line)) = lines.next().await.unwrap() else {
        panic!("no line came");
    };
    assert_eq!((line.run_id, line.text.as_str()), (row.id, "fresh"));
    world.end(row.id, Outcome::Succeeded);
    assert!(matches!(lines.next().await.unwrap(), Some(LogItem::End(_))));
}

#[tokio::test]
async fn events_resume_where_a_reader_left_off() {
    let world = World::start().await;
    for seq in 1..=4 {
        world.remember_event(seq);
    }
    let uri = Uri::new(&["events"]).with("after", 2);
    let mut events: Lines<Value> = world.client().lines(&uri).await.unwrap();
    let mut seqs = Vec::new();
    for _ in 0..2 {
        seqs.push(
            events.next().await.unwrap().unwrap()["seq"]
                .as_u64()
                .unwrap(),
        );
    }
    // One that was read from the history already, and a new one.
    world.tell_event(4);
    world.tell_event(5);
    seqs.push(
        events.next().await.unwrap().unwrap()["seq"]
            .as_u64()
            .unwrap(),
    );
    assert_eq!(seqs, [3, 4, 5]);
}

#[tokio::test]
async fn explain_tells_ticks_and_firings() {
    let world = World::start().await;
    let mut row = run(9, "backup", RunState::Ended);
    row.scheduled_at = Some(row.created_at);
    row.outcome = Some(Outcome::Skipped);
    world.keep(row, &[]);
    let (status, body) = world.raw("GET", "/api/v1/explain/backup?n=3", "").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["ticks"][0]["ran"], false);
    assert!(
        body["ticks"][0]["why"]
            .as_str()
            .unwrap()
            .contains("on_overlap")
    );
    assert_eq!(body["firings"].as_array().unwrap().len(), 3);
    let (_, body) = world
        .raw("GET", "/api/v1/next?n=2&from=2026-01-01T00:00:00Z", "")
        .await;
    assert_eq!(body["firings"][0]["at"], "2026-01-01T03:00:00+00:00");
    assert_eq!(body["firings"][1]["unit"], "backup");
}

#[tokio::test]
async fn ticks_and_days_tell_what_fired_and_what_will() {
    let world = World::start().await;
    let at = "2026-03-01T03:00:00Z".parse().unwrap();
    let mut row = tick_row(9, "backup", at, RunState::Ended);
    row.outcome = Some(Outcome::Missed);
    let id = row.id.to_string();
    world.keep(row, &[]);
    let (status, body) = world.raw("GET", "/api/v1/ticks?unit=backup", "").await;
    assert_eq!(status, 200, "{body}");
    let tick = &body["ticks"][0];
    holds(tick, "unit at ran why run");
    assert_eq!(
        (&tick["unit"], &tick["run"]["id"]),
        (&json!("backup"), &json!(id))
    );
    assert_eq!(tick["ran"], false);
    let path = "/api/v1/calendar?from=2026-03-01&until=2026-03-02";
    let (status, body) = world.raw("GET", path, "").await;
    assert_eq!((status, &body["timezone"]), (200, &json!("UTC")), "{body}");
    let unit = &body["days"][0]["units"][0];
    assert_eq!(
        (&unit["fired"], &unit["outcomes"]),
        (&json!(1), &json!({"missed": 1}))
    );
    assert_eq!(unit["ticks"][0]["run_id"], json!(id));
    // A year that nobody has seen yet: once a day at three.
    let path = "/api/v1/calendar?from=2990-03-01&until=2990-03-02&unit=backup";
    let (_, body) = world.raw("GET", path, "").await;
    assert_eq!(body["days"].as_array().unwrap().len(), 2);
    assert_eq!(body["days"][1]["units"][0]["due"], 1);
    assert_eq!(
        body["days"][1]["units"][0]["ticks"][0]["at"],
        "2990-03-02T03:00:00Z"
    );
    for bad in [
        "from=2026-03-02&until=2026-03-01",
        "from=2026-01-01&until=2026-03-04",
        "from=x",
        "from=-9999-01-01",
    ] {
        let (status, body) = world
            .raw("GET", &format!("/api/v1/calendar?{bad}"), "")
            .await;
        assert_eq!(
            (status, &body["code"]),
            (400, &json!("request.invalid")),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn nobody_at_the_socket_is_said_with_what_to_do() {
    let world = World::start().await;
    let client = crate::client::Client::new(&world.dir().join("no.sock"), "Do this.").unwrap();
    let problem = client
        .get::<Value>(&Uri::new(&["status"]))
        .await
        .unwrap_err();
    assert_eq!(
        (problem.code.as_str(), problem.help.as_deref()),
        ("daemon.unreachable", Some("Do this."))
    );
    assert_eq!(unit("web").name.as_str(), "web");
}

#[tokio::test]
async fn the_socket_is_for_its_owner_alone_and_replaces_only_a_socket() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::start().await;
    let mode = std::fs::metadata(world.socket())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let file = world.dir().join("file");
    std::fs::write(&file, "precious").unwrap();
    assert!(crate::http::listen::bind(&file).is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
}
