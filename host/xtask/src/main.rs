//! Chores of the project, run with `cargo xtask VERB`. One verb, one file; no dependencies, so it builds in seconds.
//!
//! Invariant: nothing here is part of the product, and the product needs nothing here.
//!
//! The tidy tests (`tidy/`) are ordinary tests of this crate: `cargo nextest run -p xtask`.
#![forbid(unsafe_code)]

mod bench;
mod browser;
mod codegen;
mod dist;
mod run;
mod say;
mod setup;
mod shell;
mod test;
mod third_parties;
#[cfg(test)]
mod tidy;
mod vm;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask VERB

  setup      install what this machine lacks: rustfmt, clippy, cargo-nextest, cargo-deny
  run        build the program and run examples/first.toml with it; Ctrl-C stops everything
  test       every check and every test; ends with a line `N passed, N failed`
  bench      measure the program beside its peers, print a table in Markdown
             [--install-peers] [--only NAME,…] [--quick] [--no-build]
  examples   build the plugins of examples/plugins as their READMEs say; test does it, too
  codegen    write the generated files anew; --check only compares
  dist       release build, man pages and completions in one archive under target/dist
  screenshots
             the pictures of docs/tour.md, taken anew in a browser
  vm         the tests that want a machine of their own, on one: systemd, cgroup limits, a clock that may be set
             [TEST…]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    let result = match args.first().map(String::as_str) {
        Some("setup") => setup::setup(),
        Some("run") => run::run(),
        Some(run::SHOW) => run::show(&rest),
        Some("test") => test::test(),
        Some("examples") => setup::setup().and_then(|()| third_parties::build()),
        Some("bench") => bench::bench(&rest),
        Some("codegen") => codegen::codegen(&rest),
        Some("dist") => dist::dist(),
        Some("screenshots") => setup::setup().and_then(|()| browser::screenshots()),
        Some("vm") => vm::vm(&rest),
        Some("help" | "-h" | "--help") => {
            say::line(USAGE);
            Ok(())
        }
        _ => {
            say::line(USAGE);
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say::line(&format!("xtask: {why}"));
            ExitCode::FAILURE
        }
    }
}
