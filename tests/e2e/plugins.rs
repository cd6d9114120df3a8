//! `runwisp plugin`: nothing runs that was not agreed to, and what runs is what was.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use runwisp_tests::servers::{Authority, HttpServer, Reply};
use runwisp_tests::{Place, component};
use serde_json::{Value, json};

/// The component of a bundled notifier, as somebody else's file, told apart by a word in a custom section.
fn other(place: &Place, word: &str) -> PathBuf {
    let mut bytes = fs::read(component("webhook")).unwrap();
    let name = format!("note{word}");
    let length = u8::try_from(name.len()).unwrap();
    bytes.extend([0, length + 1, length]);
    bytes.extend(name.bytes());
    let path = place.path("mine.wasm");
    fs::write(&path, bytes).unwrap();
    path
}

fn place() -> Arc<Place> {
    Place::new("")
}

#[track_caller]
fn listed(place: &Place, name: &str) -> Value {
    let document = place.cli(&["plugin", "list", "--json"]).ok().json();
    let plugins = document["plugins"].as_array().unwrap();
    let found = plugins.iter().find(|plugin| plugin["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {document:#}"))
        .clone()
}

#[test]
fn what_is_bundled_is_listed_and_shown() {
    let place = place();
    let slack = listed(&place, "slack");
    assert_eq!(slack["kind"], "notifier");
    assert_eq!(slack["origin"], "bundled");
    assert_eq!(slack["state"], "ready");
    assert_eq!(slack["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(listed(&place, "crontab")["kind"], "importer");
    let shown = place
        .cli(&["plugin", "show", "slack", "--json"])
        .ok()
        .json();
    for key in [
        "name",
        "kind",
        "version",
        "interface",
        "summary",
        "needs",
        "grants",
        "sha256",
    ] {
        assert!(!shown[key].is_null(), "{key} in {shown:#}");
    }
    assert_eq!(shown["settings_schema"]["type"], "object");
    place.cli(&["plugin", "show", "slak"]).code(4).says("slack");
    place.cli(&["plugin", "remove", "slack"]).code(5);
}

#[test]
fn nobody_to_ask_is_no_yes() {
    let place = place();
    let file = other(&place, "");
    let file = file.to_str().unwrap();
    let refused = place.cli(&["plugin", "add", file]).code(5);
    refused
        .says("the host in your setting `url`")
        .says("--grant");
    assert!(!place.path("plugins.lock").exists());
    place.cli(&["plugin", "add", file, "--grant"]).ok();
    let entry = listed(&place, "webhook");
    assert_eq!(entry["origin"], "installed");
    assert_eq!(entry["state"], "ready");
    let lock = fs::read_to_string(place.path("plugins.lock")).unwrap();
    assert!(
        lock.contains("[plugins.webhook]") && lock.contains("http:$url"),
        "{lock}"
    );
    // The same again asks nobody, and changes nothing.
    place
        .cli(&["plugin", "add", file])
        .ok()
        .says("installed already");
    assert_eq!(
        fs::read_to_string(place.path("plugins.lock")).unwrap(),
        lock
    );
    place.cli(&["plugin", "remove", "webhook"]).ok();
    assert_eq!(listed(&place, "webhook")["origin"], "bundled");
    let store = place.data().join("plugins/store");
    assert_eq!(fs::read_dir(store).unwrap().count(), 0);
}

#[test]
fn an_update_asks_only_about_what_is_new() {
    let place = place();
    let file = other(&place, "one");
    place
        .cli(&["plugin", "add", file.to_str().unwrap(), "--grant"])
        .ok();
    let first = listed(&place, "webhook");
    other(&place, "two");
    place
        .cli(&["plugin", "update", "webhook"])
        .ok()
        .says("It asks for nothing new");
    let second = listed(&place, "webhook");
    assert_ne!(first["sha256"], second["sha256"]);
    // As if it had asked for less before.
    let lock = place.path("plugins.lock");
    let text = fs::read_to_string(&lock).unwrap();
    fs::write(&lock, text.replace("\"http:$url\", ", "")).unwrap();
    other(&place, "three");
    let answer = place.cli(&["plugin", "update"]).code(1);
    answer.says("(http:$url)");
    assert_eq!(listed(&place, "webhook")["sha256"], second["sha256"]);
}

#[test]
fn what_changed_on_disk_is_refused() {
    let place = place();
    let file = other(&place, "");
    place
        .cli(&["plugin", "add", file.to_str().unwrap(), "--grant"])
        .ok();
    let store = place.data().join("plugins/store");
    let stored = fs::read_dir(&store)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&stored).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&stored, bytes).unwrap();
    assert_eq!(listed(&place, "webhook")["state"], "changed");
    place
        .cli(&["plugin", "show", "webhook"])
        .code(5)
        .says("has changed");
    fs::remove_file(&stored).unwrap();
    assert_eq!(listed(&place, "webhook")["state"], "missing");
    // As on the next machine, which has the lock file and no store.
    place.cli(&["plugin", "update"]).ok();
    assert_eq!(listed(&place, "webhook")["state"], "ready");
}

#[test]
fn what_is_no_plugin_is_refused_with_its_reason() {
    let place = place();
    let good = fs::read(component("webhook")).unwrap();
    let plain_module = b"\0asm\x01\0\0\0".to_vec();
    let empty_component = b"\0asm\x0d\0\x01\0".to_vec();
    for (bytes, says) in [
        (good[..good.len() / 2].to_vec(), "cut short"),
        (b"#!/bin/sh\n".to_vec(), "no WebAssembly"),
        (Vec::new(), "no WebAssembly"),
        (plain_module, "wasm32-wasip2"),
        (empty_component, "neither a notifier nor an importer"),
    ] {
        let path = place.path("bad.wasm");
        fs::write(&path, bytes).unwrap();
        let path = path.to_str().unwrap();
        place
            .cli(&["plugin", "add", path, "--grant"])
            .code(1)
            .says(says);
        place.cli(&["plugin", "check", path]).code(1).says(says);
    }
    assert!(!place.path("plugins.lock").exists());
    place.cli(&["plugin", "add", "missing.wasm"]).code(1);
    place
        .cli(&["plugin", "add", "http://127.0.0.1/x.wasm"])
        .code(2)
        .says("https");
    place
        .cli(&["plugin", "add", "https://127.0.0.1:1/x.wasm"])
        .code(2)
        .says("--sha256");
    let file = other(&place, "");
    let wrong = "0".repeat(64);
    place
        .cli(&[
            "plugin",
            "add",
            file.to_str().unwrap(),
            "--sha256",
            &wrong,
            "--grant",
        ])
        .code(5);
}

/// `plugin add` of this source, by a program that trusts the authority: its exit code and what it says.
fn add(place: &Place, authority: &Authority, words: &[&str]) -> (Option<i32>, String) {
    let mut command = place.command();
    command
        .args(["plugin", "add", "--grant"])
        .args(words)
        .arg("-c")
        .arg(place.config())
        .arg("--data")
        .arg(place.data())
        .env("SSL_CERT_FILE", authority.bundle());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

#[test]
fn a_plugin_comes_over_https_with_its_digest() {
    let place = place();
    let bytes = fs::read(other(&place, "")).unwrap();
    let authority = Authority::new();
    let server = HttpServer::tls(&authority);
    let url = server.url("/webhook.wasm");
    server.next(Reply::new(200).body(bytes.clone()));
    let (code, said) = add(&place, &authority, &[&url, "--sha256", &"0".repeat(64)]);
    assert_eq!(code, Some(5), "{said}");
    let (_, digest) = said.split_once("another digest than it should: ").unwrap();
    let digest = digest[..64].to_owned();
    assert!(!place.path("plugins.lock").exists());
    // Nobody who is not trusted gives anything.
    let (code, said) = add(&place, &Authority::new(), &[&url, "--sha256", &digest]);
    assert_eq!(code, Some(1), "{said}");
    server.next(Reply::new(200).body(bytes));
    let (code, said) = add(&place, &authority, &[&url, "--sha256", &digest]);
    assert_eq!(code, Some(0), "{said}");
    let entry = listed(&place, "webhook");
    assert_eq!(
        (&entry["source"], &entry["sha256"]),
        (&url.into(), &digest.into())
    );
    assert_eq!(entry["state"], "ready");
}

#[test]
fn a_plugin_comes_from_a_registry() {
    let place = place();
    let file = other(&place, "");
    place
        .cli(&["plugin", "add", file.to_str().unwrap(), "--grant"])
        .ok();
    let digest = listed(&place, "webhook")["sha256"].clone();
    place.cli(&["plugin", "remove", "webhook"]).ok();
    let bytes = fs::read(file).unwrap();
    let authority = Authority::new();
    let server = HttpServer::tls(&authority);
    let layer = json!({
        "mediaType": "application/wasm",
        "digest": format!("sha256:{}", digest.as_str().unwrap()),
        "size": bytes.len(),
    });
    server.next(Reply::new(200).json(&json!({"schemaVersion": 2, "layers": [layer]})));
    server.next(Reply::new(200).body(bytes));
    let source = format!("oci://127.0.0.1:{}/me/webhook:1.0", server.port());
    let (code, said) = add(&place, &authority, &[&source]);
    assert_eq!(code, Some(0), "{said}");
    let entry = listed(&place, "webhook");
    assert_eq!(
        (&entry["source"], &entry["sha256"]),
        (&source.into(), &digest)
    );
    assert_eq!(entry["state"], "ready");
}

#[test]
fn a_lock_file_that_is_damaged_or_newer_is_left_alone() {
    let place = place();
    let file = other(&place, "");
    for (text, says) in [
        ("version = 2\n", "later runwisp"),
        ("version = 1\n[plugins.x]\nkind = 'notifier'\n", "line"),
        ("[plugins\n", "line 1"),
    ] {
        fs::write(place.path("plugins.lock"), text).unwrap();
        for words in [
            &["plugin", "list"][..],
            &["plugin", "add", file.to_str().unwrap(), "--grant"],
            &["import", "crontab", "x"],
            &["validate"],
        ] {
            place.cli(words).code(78).says(says);
        }
        assert_eq!(
            fs::read_to_string(place.path("plugins.lock")).unwrap(),
            text
        );
    }
    // The daemon does its work without plugins.
    place.write_config("[services.a]\nrun = 'sleep 600'\n[notifiers.n]\ntype = 'slack'\n");
    let daemon = place.start();
    daemon.wait_state("a", 0, "running");
}

#[test]
fn a_component_is_checked_with_nothing_granted() {
    let place = place();
    for name in ["slack", "webhook", "crontab"] {
        let file = component(name);
        let document = place
            .cli(&["plugin", "check", file.to_str().unwrap(), "--json"])
            .ok()
            .json();
        assert_eq!(document["name"], name);
        let trials = document["trials"].as_array().unwrap();
        assert!(
            trials.len() > 2 && trials.iter().all(|t| t["passed"] == true),
            "{document:#}"
        );
    }
}

#[test]
fn validate_points_at_the_setting_that_its_plugin_refuses() {
    let place = Place::new(
        "[notifiers.ops]\ntype = 'webhook'\nurl = 'https://h.example/'\nmethd = 'PUT'\n\n[notifiers.b]\ntype = 'webhok'\n",
    );
    let document = place.cli(&["validate", "--json"]).code(78).json();
    let errors = document["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{document:#}");
    assert_eq!(errors[0]["code"], "plugin.settings");
    assert_eq!(errors[0]["line"], 4);
    assert_eq!(errors[0]["key"], "notifiers.ops");
    assert!(errors[0]["help"].as_str().unwrap().contains("`method`"));
    assert_eq!(errors[1]["code"], "plugin.unknown");
    assert_eq!(errors[1]["line"], 7);
    assert!(errors[1]["help"].as_str().unwrap().contains("\"webhook\""));
    // A reload asks the same question, and is refused without a change.
    place.write_config("[services.a]\nrun = 'sleep 600'\n");
    let daemon = place.start();
    place.write_config(
        "[services.b]\nrun = 'sleep 600'\n[notifiers.n]\ntype = 'webhook'\nurl = 1\n",
    );
    daemon.cli(&["reload"]).code(78).says("plugin.settings");
    daemon.wait_state("a", 0, "running");
}

#[test]
fn an_author_sees_what_a_call_does_and_no_secret() {
    let place = place();
    let words = [
        "plugin",
        "run",
        "webhook",
        "--event",
        "failed",
        "--set",
        "url=https://hooks.example/x",
        "--set",
        "headers.X-Key=sesame-open",
        "--dry-run",
    ];
    let answer = place.cli(&words).ok();
    assert!(
        answer.stdout.contains("POST https://hooks.example/x → 200"),
        "{answer}"
    );
    assert!(answer.stdout.contains("run.failed"), "{answer}");
    assert!(!answer.stdout.contains("sesame"), "{answer}");
    let document = place.cli(&[&words[..], &["--json"]].concat()).ok().json();
    assert_eq!(document["result"], "delivered");
    let call = &document["exchange"]["entries"][0]["call"];
    assert_eq!(call["asked"], "POST https://hooks.example/x");
    // What nothing listens on, without the pretence.
    let real = [
        "plugin",
        "run",
        "webhook",
        "--set",
        "url=http://127.0.0.1:1/",
    ];
    let document = place.cli(&[&real[..], &["--json"]].concat()).code(1).json();
    assert_eq!(document["result"], "retry");
    place
        .cli(&["plugin", "run", "webhook", "--event", "fialed"])
        .code(2);
    place
        .cli(&["plugin", "run", "webhook", "--set", "url"])
        .code(2);
    fs::write(place.path("table"), "5 4 * * * /usr/bin/x\n").unwrap();
    let answer = place.cli(&["plugin", "run", "crontab", "table"]).ok();
    assert!(answer.stdout.contains("[tasks.x]"), "{answer}");
}

#[test]
fn a_new_project_is_whole() {
    let place = place();
    for (lang, file) in [
        ("rust", "src/lib.rs"),
        ("python", "app.py"),
        ("js", "app.js"),
    ] {
        let dir = format!("my-{lang}");
        let words = ["plugin", "new", &dir, "--lang", lang, "--json"];
        let document = place.cli(&words).ok().json();
        let files = document["files"].as_array().unwrap();
        assert!(files.iter().any(|path| path == file), "{document:#}");
        for path in files {
            assert!(place.path(&dir).join(path.as_str().unwrap()).is_file());
        }
        place.cli(&words).code(5).says("not empty");
    }
    place.cli(&["plugin", "new", "Bad_Name"]).code(2);
    place
        .cli(&[
            "plugin", "new", "x", "--kind", "importer", "--lang", "python",
        ])
        .code(2);
    assert!(!place.path("x").exists());
    place.cli(&["plugin", "test", "data"]).code(2);
}
