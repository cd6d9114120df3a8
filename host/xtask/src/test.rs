//! `cargo xtask test`: every check and every test, in the order in which they fail fastest.
//!
//! A check counts as one test; what nextest and the doc tests count is added. Nothing is left out because something
//! before it failed, so one run shows all there is to mend. The last line is `N passed, N failed`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::shell::{Outcome, cargo, command, output, run, show};
use crate::{browser, say, setup, third_parties};

/// What each crate must not depend on, however indirectly, and why that would be a fault.
const ABSENT: [(&str, &[&str]); 3] = [
    // Every decision is a pure function: nothing in its reach can wait, write or call the system.
    (
        "runwisp-core",
        &[
            "tokio", "mio", "nix", "libc", "rusqlite", "axum", "hyper", "wasmtime",
        ],
    ),
    // The process that must never fail holds as little as possible.
    (
        "runwisp-keeper",
        &[
            "tokio", "mio", "rusqlite", "axum", "hyper", "wasmtime", "clap", "miette",
        ],
    ),
    // What runs plugins knows nothing of the daemon: it could be anybody's.
    (
        "runwisp-plugin-host",
        &[
            "runwisp",
            "runwisp-core",
            "runwisp-keeper",
            "rusqlite",
            "axum",
            "clap",
            "miette",
        ],
    ),
];

/// The checks of the page, and its build, which the program embeds: what each is called, and its script.
const PAGE: [(&str, &str); 5] = [
    ("types of the API", "types:check"),
    ("format of the page", "lint"),
    ("types of the page", "check"),
    ("tests of the page", "test"),
    ("build of the page", "build"),
];

#[derive(Clone, Copy, Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    fn check(&mut self, name: &str, result: Outcome) {
        match result {
            Ok(()) => self.passed += 1,
            Err(why) => {
                self.failed += 1;
                say::line(&format!("FAILED {name}: {why}"));
            }
        }
    }
}

pub(crate) fn test() -> Outcome {
    setup::setup()?;
    let mut tally = Tally::default();
    tally.check("format", cargo(&["fmt", "--all", "--check"]));
    tally.check("floors", floors());
    tally.check(
        "dependencies",
        cargo(&["deny", "check", "bans", "licenses", "sources"]),
    );
    for (name, script) in PAGE {
        tally.check(name, run(&mut browser::npm(script)));
    }
    if setup::bare_target() {
        let words = [
            "check",
            "--package",
            "runwisp-core",
            "--target",
            setup::BARE_TARGET,
        ];
        tally.check("core without a system", cargo(&words));
    }
    let lints = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    tally.check("lints", cargo(&lints));
    // The end-to-end tests look for the programs beside their own, and build nothing themselves.
    tally.check(
        "programs",
        cargo(&["build", "--workspace", "--exclude", "xtask", "--bins"]),
    );
    tally.check("plugins of third parties", third_parties::build());
    // Files generated from the program are compared by tests of this run, see `codegen`.
    let all = command("cargo", &["nextest", "run", "--workspace"]);
    tally.add(counted(all, nextest_counts));
    let docs = command("cargo", &["test", "--workspace", "--doc"]);
    tally.add(counted(docs, doctest_counts));
    tally.add(counted(browser::driving("e2e"), browser_counts));
    say::result(&format!("{} passed, {} failed", tally.passed, tally.failed));
    if tally.failed == 0 {
        Ok(())
    } else {
        Err("not everything passed".into())
    }
}

/// Nothing a crate must not contain is in its dependency tree.
fn floors() -> Outcome {
    let mut found = Vec::new();
    for (package, absent) in ABSENT {
        let words = [
            "tree",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
        ];
        let tree = output(&mut command("cargo", &words))?;
        let names = tree.lines().filter_map(|line| line.split(' ').next());
        found.extend(
            names
                .filter(|name| absent.contains(name))
                .map(|name| format!("{package} depends on {name}")),
        );
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        Ok(())
    } else {
        Err(found.join(", "))
    }
}

/// Runs a command, passes on all it prints, and counts by its summary lines. Failing without a summary is one failure.
fn counted(mut command: Command, count: fn(&str) -> Option<Tally>) -> Tally {
    let shown = show(&command);
    say::line(&format!("$ {shown}"));
    let mut tally = Tally::default();
    let succeeded = tee(&mut command, |line| {
        if let Some(more) = count(line) {
            tally.add(more);
        }
    });
    if !succeeded && tally.failed == 0 {
        tally.check(&shown, Err("ended without success".into()));
    }
    tally
}

/// Passes on both streams line by line; whether the command succeeded.
fn tee(command: &mut Command, mut look: impl FnMut(&str)) -> bool {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return false };
    let (send, lines) = std::sync::mpsc::channel();
    let streams: [Option<Box<dyn std::io::Read + Send>>; 2] = [
        child.stdout.take().map(|s| Box::new(s) as _),
        child.stderr.take().map(|s| Box::new(s) as _),
    ];
    for stream in streams.into_iter().flatten() {
        let send = send.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                if send
                    .send(String::from_utf8_lossy(&line).into_owned())
                    .is_err()
                {
                    return;
                }
            }
        });
    }
    drop(send);
    for line in lines {
        say::line(&line);
        look(&line);
    }
    child.wait().is_ok_and(|status| status.success())
}

/// `Summary [ 1.2s] 30 tests run: 28 passed (1 slow), 1 failed, 1 timed out, 2 skipped`: whatever ran and did not pass has failed.
fn nextest_counts(line: &str) -> Option<Tally> {
    let (before, after) = line
        .trim_start()
        .strip_prefix("Summary [")?
        .split_once("run: ")?;
    let run = before.split_once("] ")?.1.trim();
    // A run that was cut short says `12/30 tests run`.
    let run: usize = run.split(['/', ' ']).next()?.parse().ok()?;
    let passed = number_before(after, " passed").unwrap_or(0);
    Some(Tally {
        passed,
        failed: run.saturating_sub(passed),
    })
}

/// `test result: ok. 3 passed; 0 failed; …`
fn doctest_counts(line: &str) -> Option<Tally> {
    let counts = line.strip_prefix("test result: ")?;
    Some(Tally {
        passed: number_before(counts, " passed")?,
        failed: number_before(counts, " failed")?,
    })
}

/// `  14 passed (2.1m)`, `  1 failed`, `  2 did not run`: each on a line of its own.
fn browser_counts(line: &str) -> Option<Tally> {
    let (number, what) = line.strip_prefix("  ")?.split_once(' ')?;
    let number = number.parse().ok()?;
    match what.split(" (").next()? {
        "passed" => Some(Tally {
            passed: number,
            failed: 0,
        }),
        "failed" | "did not run" | "interrupted" | "flaky" => Some(Tally {
            passed: 0,
            failed: number,
        }),
        _ => None,
    }
}

fn number_before(text: &str, word: &str) -> Option<usize> {
    let before = text.split_once(word)?.0;
    before.rsplit([' ', ';']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_both_runners_are_counted() {
        let counts = |tally: Option<Tally>| tally.map(|t| (t.passed, t.failed));
        let mixed = "     Summary [   4.213s] 30 tests run: 27 passed (1 slow), 1 failed, 2 timed out, 3 skipped";
        assert_eq!(counts(nextest_counts(mixed)), Some((27, 3)));
        let one = "     Summary [   0.004s] 1 test run: 1 passed, 0 skipped";
        assert_eq!(counts(nextest_counts(one)), Some((1, 0)));
        let cut = "     Summary [   0.004s] 2/30 tests run: 1 passed, 1 failed, 0 skipped";
        assert_eq!(counts(nextest_counts(cut)), Some((1, 1)));
        assert_eq!(
            counts(nextest_counts("        PASS [   0.004s] xtask")),
            None
        );
        let browser = |line| counts(browser_counts(line));
        assert_eq!(browser("  14 passed (2.1m)"), Some((14, 0)));
        assert_eq!(browser("  1 failed"), Some((0, 1)));
        assert_eq!(browser("  2 did not run"), Some((0, 2)));
        assert_eq!(browser("    [chromium] › log.spec.ts:3:1 › 2 failed"), None);
        let doc = "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(counts(doctest_counts(doc)), Some((3, 1)));
    }
}
