//! `cargo xtask codegen [--check]`: files that are generated from the program, kept in the repository for readers.
//!
//! Each is written, or compared, by an ordinary test whose name holds `golden`; with `RUNWISP_BLESS=1` such a test
//! writes its file instead of comparing. So a stale file fails `cargo nextest run` as well. The page's types are made
//! of the API's description by a script of `web/package.json`, and compared by `cargo xtask test` with the page.

use crate::browser::npm;
use crate::shell::{Outcome, command, run};

/// The tests that own a generated file.
const GOLDENS: &str = "test(/golden/)";

pub(crate) fn codegen(args: &[&str]) -> Outcome {
    let check = match args {
        [] => false,
        ["--check"] => true,
        _ => return Err("usage: cargo xtask codegen [--check]".into()),
    };
    let words = [
        "nextest",
        "run",
        "--workspace",
        "--exclude",
        "runwisp-tests",
        "-E",
        GOLDENS,
    ];
    let mut tests = command("cargo", &words);
    if check {
        return run(&mut tests)
            .and_then(|()| run(&mut npm("types:check")))
            .map_err(|why| format!("{why}; run `cargo xtask codegen` and commit what changed"));
    }
    run(tests.env("RUNWISP_BLESS", "1"))?;
    run(&mut npm("types"))?;
    run(&mut command("git", &["status", "--short"]))
}
