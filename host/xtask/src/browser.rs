//! The page in a real browser, against the real program: its tests, and the pictures of the manual.
//!
//! Invariant: nothing is downloaded but by the package manager; the browser is the machine's own.
//! Tests: `web/e2e`.

use std::process::Command;

use crate::shell::{Outcome, cargo, command, root, run, target_dir};

/// A script of web/package.json.
pub(crate) fn npm(script: &str) -> Command {
    let mut npm = command("npm", &["run", script]);
    npm.current_dir(root().join("web"));
    npm
}

/// A script that drives the browser, told which program to start.
pub(crate) fn driving(script: &str) -> Command {
    let mut npm = npm(script);
    npm.env("RUNWISP_BIN", target_dir().join("debug/runwisp"));
    npm
}

/// `cargo xtask screenshots`: the page and the program as they are now, and pictures of them under docs/images.
pub(crate) fn screenshots() -> Outcome {
    run(&mut npm("build"))?;
    cargo(&["build", "--package", "runwisp"])?;
    run(&mut driving("screenshots"))
}
