//! What scripts rely on: every field of every JSON document, and every exit code.

use runwisp_tests::{Events, Place};
use serde_json::Value;

const CONFIG: &str = r#"
    [services.web]
    run = "echo hello; exec sleep 600"
    group = "site"
    [tasks.nightly]
    run = "echo working; exit 3"
    cron = "30 2 * * *"
    timezone = "Europe/Berlin"
    "#;

#[track_caller]
fn has(document: &Value, keys: &[&str]) {
    for key in keys {
        assert!(document.get(key).is_some(), "no {key:?} in {document:#}");
    }
}

#[test]
fn status() {
    let daemon = Place::new(CONFIG).start();
    daemon.cli(&["run", "nightly"]).code(3);
    daemon.wait_state("web", 0, "running");
    daemon.wait_ended("nightly", 1);
    let status = daemon.status();
    has(
        &status.0["daemon"],
        &[
            "version",
            "pid",
            "daemon_pid",
            "started_at",
            "config_stale",
            "warnings",
        ],
    );
    assert_eq!(status.keeper_pid(), daemon.keeper_pid());
    for unit in ["web", "nightly"] {
        has(
            status.unit(unit),
            &[
                "name",
                "kind",
                "group",
                "state",
                "next_run_at",
                "instances",
                "last_run",
            ],
        );
    }
    has(
        status.instance("web", 0),
        &["index", "state", "pid", "run_id", "uptime_ms", "restarts"],
    );
    assert_eq!(status.unit("web")["kind"], "service");
    assert_eq!(status.unit("web")["group"], "site");
    assert_eq!(status.unit("nightly")["last_run"]["outcome"], "failed");
    assert!(status.unit("nightly")["next_run_at"].is_string());
    let some = daemon.cli(&["status", "we*", "--json"]).ok().json();
    assert_eq!(some["units"].as_array().map(Vec::len), Some(1));
}

#[test]
fn runs() {
    let daemon = Place::new(CONFIG).start();
    daemon.cli(&["run", "nightly"]).code(3);
    daemon.cli(&["run", "nightly"]).code(3);
    let rows = daemon.wait_ended("nightly", 2);
    let keys = [
        "id",
        "unit",
        "kind",
        "instance",
        "attempt",
        "execution_id",
        "trigger",
        "state",
        "outcome",
        "exit_code",
        "signal",
        "pid",
        "scheduled_at",
        "created_at",
        "started_at",
        "ended_at",
        "duration_ms",
        "max_rss_bytes",
        "cpu_ms",
        "log_bytes",
        "log_dropped_bytes",
        "message",
    ];
    has(&rows[0], &keys);
    assert_eq!(
        (
            rows[0]["log_bytes"].as_u64(),
            rows[0]["log_dropped_bytes"].as_u64()
        ),
        (Some(8), Some(0))
    );
    assert!(rows[0]["max_rss_bytes"].as_u64() > Some(0) && rows[0]["duration_ms"].is_u64());
    let count = |words: &[&str]| daemon.runs(words).len();
    assert_eq!(count(&["--unit", "night*", "--outcome", "failed"]), 2);
    assert_eq!(count(&["--unit", "nightly", "--outcome", "succeeded"]), 0);
    assert_eq!(count(&["--state", "running"]), 1);
    assert_eq!(count(&["--since", "2100-01-01T00:00:00Z"]), 0);
    let one = daemon.cli(&["runs", "--json", "-n", "1"]).ok().json();
    assert_eq!(one["runs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn run_and_logs() {
    let daemon = Place::new(CONFIG).start();
    let answer = daemon.cli(&["run", "nightly", "--json"]).code(3);
    assert!(answer.stdout.contains("\"failed\""), "{answer}");
    let documents = daemon
        .cli(&["logs", "nightly", "-n", "all", "--json"])
        .ok()
        .json_lines();
    has(
        &documents[0],
        &[
            "type", "unit", "run_id", "instance", "n", "ts", "stream", "text",
        ],
    );
    let line = (
        documents[0]["n"].as_u64(),
        documents[0]["stream"].as_str(),
        documents[0]["text"].as_str(),
    );
    assert_eq!(line, (Some(1), Some("stdout"), Some("working")));
    assert_eq!(
        documents.last().map(|document| document["type"].clone()),
        Some("end".into())
    );
    daemon.wait("web's line", |_| {
        (daemon.texts("web") == ["hello"]).then_some(())
    });
    let found = daemon.cli(&["search", "work", "--json"]).ok();
    assert!(found.stdout.contains("working"), "{found}");
}

#[test]
fn validate() {
    let place = Place::new(
        "[tasks.a]\nrnu = \"true\"\n\n[services.b]\nrun = \"true\"\ncron = \"* * * * *\"\n",
    );
    let document = place.cli(&["validate", "--json"]).code(78).json();
    assert_eq!(document["valid"], false);
    has(&document, &["errors", "warnings"]);
    let errors = document["errors"].as_array().unwrap();
    assert!(errors.len() >= 2, "every problem in one pass: {document:#}");
    for error in errors {
        has(
            error,
            &["code", "message", "help", "file", "line", "column", "key"],
        );
    }
    assert!(
        errors
            .iter()
            .any(|error| error["line"] == 2 && error["help"].to_string().contains("run"))
    );
    assert!(errors.iter().any(|error| error["line"] == 6));
    let shown = place.cli(&["validate"]).code(78);
    assert!(
        shown.stderr.contains("rnu") && shown.stderr.contains("runwisp.toml"),
        "{shown}"
    );
    place.write_config(CONFIG);
    let document = place.cli(&["validate", "--json"]).ok().json();
    assert_eq!(document["valid"], true);
}

#[test]
fn next() {
    let place = Place::new(CONFIG);
    let words = [
        "next",
        "nightly",
        "--from",
        "2026-03-28T00:00:00Z",
        "-n",
        "3",
        "--json",
    ];
    let document = place.cli(&words).ok().json();
    let firings = document["firings"].as_array().unwrap();
    assert_eq!(firings.len(), 3);
    for firing in firings {
        has(firing, &["unit", "at", "note"]);
    }
    // 02:30 does not exist on 29 March in Berlin: it fires at the end of the gap, 03:00 there, and says so.
    assert!(firings[1]["note"].is_string(), "{document:#}");
    let at = firings[1]["at"].as_str().unwrap();
    assert!(
        at.starts_with("2026-03-29T03:00:00+02:00") || at.starts_with("2026-03-29T01:00:00Z"),
        "{at}"
    );
    let words = [
        "next",
        "--cron",
        "0 12 * * 1",
        "--timezone",
        "UTC",
        "--from",
        "2026-01-01T00:00:00Z",
        "-n",
        "1",
        "--json",
    ];
    let document = place.cli(&words).ok().json();
    assert!(
        document["firings"][0]["at"]
            .as_str()
            .is_some_and(|at| at.starts_with("2026-01-05T12:00:00")),
        "{document:#}"
    );
}

#[test]
fn schema_and_version() {
    let place = Place::new(CONFIG);
    let schema: Value = serde_json::from_str(&place.cli(&["schema"]).ok().stdout).unwrap();
    assert!(schema["properties"]["services"].is_object(), "{schema:#}");
    assert!(place.cli(&["version", "--json"]).ok().json()["version"].is_string());
    assert!(place.cli(&["man"]).ok().stdout.contains(".TH"));
    assert!(
        place
            .cli(&["completions", "bash"])
            .ok()
            .stdout
            .contains("runwisp")
    );
}

#[test]
fn exit_codes() {
    let place = Place::new(CONFIG);
    place.cli(&["no-such-verb"]).code(2);
    place.cli(&["status"]).code(4).says("runwisp daemon");
    let daemon = place.start();
    daemon.cli(&["status", "no-such-unit"]).code(4);
    daemon
        .cli(&["stop", "no-such-unit"])
        .code(4)
        .says("no-such-unit");
    daemon.cli(&["signal", "HUP", "nightly"]).code(3);
    place.write_config("[services.web]\nrun = 5\n");
    daemon.cli(&["reload"]).code(78);
    drop(daemon);
    place.write_config("[tasks.locked]\nrun = \"true\"\nmanual_trigger = false\n");
    let daemon = place.start();
    daemon.cli(&["run", "locked"]).code(5);
}

#[test]
fn the_event_stream_numbers_what_it_tells() {
    let daemon = Place::new(CONFIG).start();
    daemon.wait_state("web", 0, "running");
    let mut events = Events::of(daemon.socket_path());
    events.open();
    daemon.trigger("nightly");
    let mut last = 0;
    loop {
        let event = events.next_event().expect("an event comes");
        has(&event, &["seq", "at", "event"]);
        let seq = event["seq"].as_u64().unwrap();
        assert!(seq > last, "{seq} after {last}");
        last = seq;
        if event["event"] == "run" && event["state"] == "ended" {
            assert_eq!(
                (event["unit"].as_str(), event["outcome"].as_str()),
                (Some("nightly"), Some("failed"))
            );
            return;
        }
    }
}
