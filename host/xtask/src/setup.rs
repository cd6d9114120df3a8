//! `cargo xtask setup`: installs what a fresh machine lacks. What is there is left alone, so it may run every time.

use std::fs;
use std::path::Path;

use crate::say;
use crate::shell::{Outcome, cargo, command, output, root, run, target_dir, works};

/// The target that proves the core needs no operating system.
pub(crate) const BARE_TARGET: &str = "wasm32-unknown-unknown";

/// The target that plugins are built for.
const PLUGIN_TARGET: &str = "wasm32-wasip2";

/// What is written into the tests' Python environment once it is complete: what it was made of.
const MADE_OF: &str = "made-of.txt";

/// Everything that `test` needs.
pub(crate) fn setup() -> Outcome {
    toolchain()?;
    plugin_target()?;
    python()?;
    page()?;
    package("chromium", "--version")?;
    package("tmux", "-V")?;
    tool("nextest", "cargo-nextest")?;
    tool("deny", "cargo-deny")?;
    promtool();
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

/// Without it the program itself can't be built: its plugins are part of it.
pub(crate) fn plugin_target() -> Outcome {
    let sysroot = output(&mut command("rustc", &["--print", "sysroot"]))?;
    let target = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(PLUGIN_TARGET);
    if target.is_dir() {
        return Ok(());
    }
    run(&mut command("rustup", &["target", "add", PLUGIN_TARGET]))
}

/// A Python environment with the servers and the rival program that tests run, under target/tools/venv.
fn python() -> Outcome {
    let wanted = root().join("tests/requirements.txt");
    let wanted = fs::read_to_string(&wanted)
        .map_err(|e| format!("could not read {}: {e}", wanted.display()))?;
    let venv = target_dir().join("tools/venv");
    let made_of = venv.join(MADE_OF);
    if fs::read_to_string(&made_of).is_ok_and(|made_of| made_of == wanted) {
        return Ok(());
    }
    let folder = venv.to_string_lossy();
    run(&mut command("python3", &["-m", "venv", "--clear", &folder]))?;
    let pip = venv.join("bin/pip").to_string_lossy().into_owned();
    let words = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        "tests/requirements.txt",
    ];
    run(&mut command(&pip, &words))?;
    fs::write(&made_of, wanted).map_err(|e| format!("could not write {}: {e}", made_of.display()))
}

/// What the page is built and tested with, under web/node_modules, exactly as its lock file says.
pub(crate) fn page() -> Outcome {
    let lock = root().join("web/package-lock.json");
    let wanted =
        fs::read_to_string(&lock).map_err(|e| format!("could not read {}: {e}", lock.display()))?;
    let made_of = root().join("web/node_modules").join(MADE_OF);
    if fs::read_to_string(&made_of).is_ok_and(|made_of| made_of == wanted) {
        return Ok(());
    }
    if !works("npm", &["--version"]) {
        return Err(
            "npm is missing, which the page is built with: install Node.js 20.19 or later"
                .to_owned(),
        );
    }
    let mut install = command("npm", &["ci"]);
    // The browser is the machine's own.
    install.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run(install.current_dir(root().join("web")))?;
    fs::write(&made_of, wanted).map_err(|e| format!("could not write {}: {e}", made_of.display()))
}

/// A program of the distribution, of the same name as its package, which answers to `version` when it is there. Only
/// root can install it; others are told to.
fn package(name: &str, version: &str) -> Outcome {
    if works(name, &[version]) {
        return Ok(());
    }
    let root = output(&mut command("id", &["-u"]))?.trim() == "0";
    if !root || !works("apt-get", &["--version"]) {
        return Err(format!(
            "{name} is missing: install it, as in `apt-get install {name}`"
        ));
    }
    run(command("apt-get", &["update"]).env("DEBIAN_FRONTEND", "noninteractive"))?;
    let words = ["install", "--yes", "--no-install-recommends", name];
    run(command("apt-get", &words).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Prometheus' judge of metrics and rules, out of Debian's package, under target/tools/prometheus. Nothing is installed:
/// the package is fetched and unpacked. Where that can't be, a test says that it is left out.
fn promtool() {
    let folder = target_dir().join("tools/prometheus");
    let fetched = folder.join("usr/bin/promtool");
    let there = |path: &str| works(path, &["--version"]);
    if there("promtool") || there(&fetched.to_string_lossy()) {
        return;
    }
    let got = fs::create_dir_all(&folder).is_ok() && {
        let mut get = command("apt-get", &["download", "prometheus"]);
        get.current_dir(&folder);
        let unpack = "dpkg-deb --extract prometheus_*.deb . && rm prometheus_*.deb";
        let mut unpack = command("sh", &["-c", unpack]);
        unpack.current_dir(&folder);
        run(&mut get).and_then(|()| run(&mut unpack)).is_ok()
    };
    if !got {
        say::line("xtask: no promtool to be had here; its checks will be left out");
    }
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
