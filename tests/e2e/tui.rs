//! The terminal UI in a terminal: what is on it, and that it is given back.

use std::fs;

use nix::sys::signal::Signal;
use runwisp_tests::{Place, Terminal, kill, until};

/// A service that is up, and a task that fails below sixty lines.
const CONFIG: &str = r#"
[services.web]
run = "echo serving; exec sleep 1000"

[tasks.backup]
run = """
for i in $(seq 60); do
  case $i in 7|33) echo "line $i: a needle";; *) echo "line $i";; esac
done
exit 7
"""
"#;

/// What a shell's terminal is like.
const GIVEN_BACK: &str = "other=0 mouse=0 cursor=1 by=sh";

/// Waits until the shell has the terminal again, lines are edited by the terminal, and what is typed is seen.
#[track_caller]
fn is_given_back(terminal: &Terminal) {
    terminal.wait_for("the shell", |_| terminal.modes() == GIVEN_BACK);
    terminal.type_in("stty -a | grep -q -- '-echo ' || echo \"lines are $((40 + 2))\"");
    terminal.press(&["Enter"]);
    terminal.wait("lines are 42");
}

fn runs_of(place: &Place, unit: &str) -> usize {
    let runs = place.runs(&[]);
    runs.iter().filter(|run| run["unit"] == unit).count()
}

#[test]
fn who_types_only_its_name_sees_what_fails_and_runs_it_again() {
    let place = Place::new(CONFIG);
    let terminal = Terminal::open(&place, 120, 30);
    terminal.type_in("runwisp");
    terminal.press(&["Enter"]);
    terminal.wait("1/1 services up");
    assert_eq!(terminal.modes(), "other=1 mouse=1 cursor=0 by=runwisp");

    place.trigger("backup");
    terminal.wait("1 need attention");
    terminal.press(&["A"]);
    terminal.wait_for("the list", |screen| {
        screen.contains("STARTED") && screen.contains("failed (7)")
    });
    // The newest run is the first line, and chosen.
    terminal.press(&["Enter"]);
    let screen = terminal.wait("line 60 of 60");
    assert!(screen.contains("exited 7"), "{screen}");
    assert!(!screen.contains("line 33: a needle"), "{screen}");
    terminal.press(&["/"]);
    terminal.type_in("needle");
    terminal.press(&["Enter"]);
    terminal.wait("\"needle\" 2 of 2");
    terminal.wait("line 33: a needle");
    terminal.press(&["n"]);
    terminal.wait("line 7: a needle");

    // The first takes back the search, the second leaves the run.
    terminal.press(&["Escape"]);
    terminal.wait_for("the search to be gone", |screen| {
        !screen.contains("\"needle\"")
    });
    terminal.press(&["Escape"]);
    terminal.wait("STARTED");
    terminal.press(&["e"]);
    terminal.wait("again?");
    assert_eq!(
        runs_of(&place, "backup"),
        1,
        "nothing happens before the answer"
    );
    terminal.press(&["Enter"]);
    terminal.wait_for("two failed runs", |screen| {
        screen.matches("failed (7)").count() == 2
    });
    assert_eq!(runs_of(&place, "backup"), 2);

    terminal.resize(40, 10);
    terminal.wait_for("the narrow screen", |screen| {
        screen.lines().count() <= 10 && screen.contains("? help") && !screen.contains("Overview")
    });
    terminal.resize(120, 30);
    terminal.wait_for("both halves", |screen| {
        screen.contains("Overview") && screen.contains("failed (7)")
    });
    terminal.press(&["?"]);
    terminal.wait("this help");
    terminal.press(&["Escape"]);
    terminal.wait_for("the help to be gone", |screen| {
        !screen.contains("this help")
    });

    terminal.press(&["q"]);
    terminal.wait("stop it, and everything it runs");
    terminal.press(&["Down", "Enter"]);
    terminal.wait("everything is being stopped");
    is_given_back(&terminal);
    until("the daemon to end", || place.try_status().is_none());
    until("the keeper to end", || {
        !place
            .processes()
            .iter()
            .any(|(_, line)| line.contains(" daemon"))
    });
}

#[test]
fn a_terminal_ui_that_is_told_to_end_gives_the_terminal_back() {
    let place = Place::new(CONFIG);
    let daemon = place.start();
    let terminal = Terminal::open(&place, 80, 24);
    terminal.type_in("runwisp tui");
    terminal.press(&["Enter"]);
    terminal.wait("1/1 services up");
    let ui = place
        .processes()
        .into_iter()
        .find(|(_, line)| line.ends_with("runwisp tui"));
    kill(ui.unwrap().0, Signal::SIGTERM);
    is_given_back(&terminal);
    drop(daemon);
}

#[test]
fn a_demo_answers_has_a_past_and_leaves_nothing() {
    let place = Place::new("");
    let terminal = Terminal::open(&place, 120, 30);
    terminal.type_in("runwisp demo");
    terminal.press(&["Enter"]);
    terminal.wait("runwisp demo");
    terminal.wait("services up");
    let demos = || -> Vec<_> {
        let files = fs::read_dir(place.dir()).unwrap().flatten();
        let names = files.map(|file| file.path());
        names
            .filter(|path| path.to_string_lossy().contains("runwisp-demo-"))
            .collect()
    };
    let dir = demos().pop().unwrap();
    let socket = dir.join("data/runwisp.sock");
    let socket = socket.to_string_lossy();
    let status = place
        .cli(&["status", "--json", "--socket", &socket])
        .ok()
        .json();
    let units = status["units"].as_array().unwrap();
    assert!(
        units.iter().any(|unit| unit["name"] == "storefront"),
        "{status:#}"
    );
    let words = [
        "runs",
        "--json",
        "--socket",
        &socket,
        "-n",
        "1000",
        "--outcome",
        "failed",
    ];
    let failed = place.cli(&words).ok().json();
    assert!(failed["runs"].as_array().unwrap().len() > 3, "{failed:#}");

    terminal.press(&["q"]);
    is_given_back(&terminal);
    terminal.wait_for("the directory to be gone", |_| demos().is_empty());
    until("its processes to end", || {
        !place
            .processes()
            .iter()
            .any(|(_, line)| line.contains("runwisp "))
    });
}

#[test]
fn where_there_is_no_terminal_its_name_alone_prints_the_help() {
    let place = Place::new("");
    let output = place.command().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("Keeps services alive"), "{said}");
    assert!(said.contains("Usage: runwisp"), "{said}");
    assert!(!said.contains("error:"), "{said}");
}
