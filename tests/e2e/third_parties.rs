//! Plugins that strangers could have written, in three languages: added, agreed to, and run. `cargo xtask test` builds
//! them as their READMEs say.

use std::fs;

use runwisp_tests::servers::{HttpServer, Request};
use runwisp_tests::{Place, third_party};

/// Adds the plugin, lets it judge settings, and lets it deliver one failure to a server that takes everything.
#[track_caller]
fn delivers(name: &str, settings: impl Fn(&HttpServer) -> Vec<String>) -> Request {
    let place = Place::new("");
    let server = HttpServer::new();
    let file = third_party(name);
    let file = file.to_str().unwrap();
    // What it asks for is told before anything is granted.
    place.cli(&["plugin", "add", file]).code(5);
    place.cli(&["plugin", "add", file, "--grant"]).ok();
    let unknown = format!("[notifiers.phone]\ntype = \"{name}\"\nno_such_key = 1\n");
    fs::write(place.path("runwisp.toml"), unknown).unwrap();
    place.cli(&["validate"]).code(78).says("no_such_key");
    let mut words = vec!["plugin", "run", name, "--event", "failed"];
    let settings = settings(&server);
    for setting in &settings {
        words.extend(["--set", setting]);
    }
    place.cli(&words).ok();
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].method, "POST");
    requests.into_iter().next().unwrap()
}

#[test]
fn a_notifier_in_rust_delivers() {
    let sent = delivers("ntfy", |server| {
        vec![format!("url={}", server.url("")), "topic=ops".into()]
    });
    let document = sent.json();
    assert_eq!(document["topic"], "ops");
    assert_eq!(document["priority"], 4);
    assert!(document["title"].as_str().unwrap().contains("failed"));
}

#[test]
fn a_notifier_in_python_delivers() {
    let sent = delivers("gotify", |server| {
        vec![format!("url={}", server.url("")), "token=sesame".into()]
    });
    assert_eq!(sent.header("x-gotify-key"), Some("sesame"));
    assert!(sent.json()["title"].as_str().unwrap().contains("failed"));
}

#[test]
fn a_notifier_in_javascript_delivers() {
    let sent = delivers("discord", |server| {
        vec![format!("webhook_url={}", server.url("/hook"))]
    });
    assert_eq!(sent.path, "/hook");
    let embed = &sent.json()["embeds"][0];
    assert!(embed["title"].as_str().unwrap().contains("failed"));
}

#[test]
fn an_importer_in_rust_imports() {
    let place = Place::new("");
    let file = third_party("procfile");
    place
        .cli(&["plugin", "add", file.to_str().unwrap(), "--grant"])
        .ok();
    fs::write(
        place.path("Procfile"),
        "web: bundle exec puma\nworker: rake jobs:work\n",
    )
    .unwrap();
    let document = place
        .cli(&["import", "procfile", "Procfile", "--json"])
        .ok()
        .json();
    let names: Vec<_> = document["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| unit["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["web", "worker"]);
    let toml = document["toml"].as_str().unwrap();
    fs::write(place.path("runwisp.toml"), toml).unwrap();
    place.cli(&["validate"]).ok();
}
