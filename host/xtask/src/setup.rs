//! `cargo xtask setup`: installs what a fresh machine lacks. What is there is left alone, so it may run every time.

use crate::say;
use crate::shell::{Outcome, cargo, command, run, works};

/// The target that proves the core needs no operating system.
pub(crate) const BARE_TARGET: &str = "wasm32-unknown-unknown";

/// Everything that `test` needs.
pub(crate) fn setup() -> Outcome {
    toolchain()?;
    tool("nextest", "cargo-nextest")?;
    tool("deny", "cargo-deny")?;
    if !bare_target() {
        say::line("xtask: no wasm target to be had here; that check will be left out");
    }
    Ok(())
}

/// rustfmt and clippy of the pinned toolchain; a toolchain without rustup has to bring them itself.
pub(crate) fn toolchain() -> Outcome {
    if works("cargo", &["fmt", "--version"]) && works("cargo", &["clippy", "--version"]) {
        return Ok(());
    }
    run(&mut command(
        "rustup",
        &["component", "add", "rustfmt", "clippy"],
    ))
}

/// Whether the wasm target is there, or can be added.
pub(crate) fn bare_target() -> bool {
    let installed = command("rustup", &["target", "list", "--installed"]).output();
    if installed.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains(BARE_TARGET)) {
        return true;
    }
    works("rustup", &["target", "add", BARE_TARGET])
}

fn tool(verb: &str, package: &str) -> Outcome {
    if works("cargo", &[verb, "--version"]) {
        return Ok(());
    }
    say::line(&format!(
        "xtask: {package} is missing; building it takes some minutes, once"
    ));
    cargo(&["install", package, "--locked"])
}
