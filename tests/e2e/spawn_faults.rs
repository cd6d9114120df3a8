//! What can not be started has a row that says which step failed and why, and hurts nobody else.

use runwisp_tests::{Place, is_root};

/// A unit's lines, and what its row has to say.
fn check(lines: &str, words: &[&str]) {
    let place = Place::new(&format!(
        "[services.neighbour]\nrun = \"exec sleep 600\"\n[tasks.broken]\n{lines}\n"
    ));
    let daemon = place.start();
    daemon.trigger("broken");
    let row = daemon.wait_ended("broken", 1).remove(0);
    assert_eq!(row["outcome"], "start_failed", "{row:#}");
    assert_eq!(
        (row["pid"].as_i64(), row["exit_code"].as_i64()),
        (None, None),
        "{row:#}"
    );
    let message = row["message"].as_str().unwrap_or_default().to_lowercase();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
    daemon.wait_state("neighbour", 0, "running");
}

#[test]
fn a_missing_binary() {
    check(
        "run = [\"/no/such/program\"]",
        &["/no/such/program", "no such file"],
    );
}

#[test]
fn a_name_that_is_nowhere_in_the_path() {
    check(
        "run = [\"no-such-program-anywhere\"]",
        &["no-such-program-anywhere", "no such file"],
    );
}

#[test]
fn a_file_that_is_no_program() {
    check(
        "run = [\"/etc/passwd\"]",
        &["/etc/passwd", "permission denied"],
    );
}

#[test]
fn a_missing_directory() {
    check(
        "run = [\"true\"]\nworking_dir = \"/no/such/folder\"",
        &["/no/such/folder", "no such file"],
    );
}

#[test]
fn a_missing_file_for_standard_input() {
    check(
        "run = [\"cat\"]\nstdin = { file = \"/no/such/input\" }",
        &["/no/such/input", "no such file"],
    );
}

#[test]
fn a_user_that_does_not_exist_is_a_finding_of_the_configuration() {
    let place = Place::new("[tasks.broken]\nrun = \"true\"\nuser = \"nobody-of-that-name\"\n");
    let answer = place.cli(&["validate", "--json"]).code(78);
    let document = answer.json();
    assert_eq!(
        document["errors"][0]["key"], "tasks.broken.user",
        "{document:#}"
    );
}

#[test]
fn a_user_one_may_not_become() {
    if is_root() {
        return runwisp_tests::skip("root may become anybody");
    }
    check("run = [\"true\"]\nuser = \"root\"", &["not permitted"]);
}

/// The keeper's `name` fails at its n-th call: one failed start, and the service comes up all the same.
fn failing_call(fault: &str) {
    let place = Place::new(
        "[services.web]\nrun = \"exec sleep 600\"\nrestart_delay = \"1ms\"\ninstances = 3\n",
    );
    let daemon = place.start_with(|command| {
        command.env("RUNWISP_FAULT", fault);
    });
    for index in 0..3 {
        daemon.wait_state("web", index, "running");
    }
    let failed = daemon.runs(&["--unit", "web", "--outcome", "start_failed"]);
    assert_eq!(failed.len(), 1, "{fault}: {failed:#?}");
    assert!(
        failed[0]["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
}

#[test]
fn fork_fails_once() {
    failing_call("fork:2");
}

#[test]
fn pipe_fails_once() {
    failing_call("pipe:2");
}

#[test]
fn exec_fails_once() {
    failing_call("exec:2");
}

#[test]
fn the_log_can_not_be_opened_once() {
    let place =
        Place::new("[services.web]\nrun = \"echo up; exec sleep 600\"\nrestart_delay = \"1ms\"\n");
    let daemon = place.start_with(|command| {
        command.env("RUNWISP_FAULT", "open:1");
    });
    // A log that can not be written is no reason not to run.
    daemon.wait_state("web", 0, "running");
}
