//! Every example is valid, without a warning.

use std::fs;
use std::path::Path;

use runwisp_tests::Place;

#[test]
fn every_example_is_valid() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("examples");
    let files = fs::read_dir(&examples)
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    let files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let place = Place::new("");
        fs::copy(&file, place.config()).unwrap();
        let answer = place.cli(&["validate", "--json"]).ok();
        let document = answer.json();
        assert_eq!(
            document["warnings"].as_array().map(Vec::len),
            Some(0),
            "{}: {document:#}",
            file.display()
        );
    }
}

#[test]
fn the_first_example_runs_a_service_and_a_task_that_fails() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("examples");
    let place = Place::new(&fs::read_to_string(examples.join("first.toml")).unwrap());
    let daemon = place.start();
    daemon.wait_state("hello", 0, "running");
    daemon.cli(&["run", "broken"]).code(3);
    let row = daemon.wait_ended("broken", 1).remove(0);
    assert_eq!(row["outcome"], "failed");
    assert!(
        daemon
            .cli(&["logs", "broken"])
            .ok()
            .stdout
            .contains("no space left"),
        "its log says why"
    );
}
