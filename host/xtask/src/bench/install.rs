//! `--install-peers`: the supervisors to compare with, from their ordinary sources, kept under target/bench.

use std::fs;
use std::path::PathBuf;

use crate::say;
use crate::shell::{Outcome, command, run, target_dir, works};

/// Where a peer's program is, when it was installed here; else it is looked for in the path.
pub(super) fn program(name: &str) -> String {
    let places = [
        folder().join("venv/bin"),
        folder().join("npm/node_modules/.bin"),
        PathBuf::from("/usr/bin"),
    ];
    let found = places
        .iter()
        .map(|place| place.join(name))
        .find(|path| path.exists());
    found.map_or_else(
        || name.to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}

fn folder() -> PathBuf {
    target_dir().join("bench/peers")
}

pub(super) fn peers() -> Outcome {
    let folder = folder();
    fs::create_dir_all(&folder).map_err(|e| format!("could not make {}: {e}", folder.display()))?;
    let venv = folder.join("venv").to_string_lossy().into_owned();
    let pip = format!("{venv}/bin/pip");
    let npm = folder.join("npm").to_string_lossy().into_owned();
    // One peer that is not to be had is no reason to go without the others.
    let steps = [
        (
            "runit",
            works("which", &["runsvdir"]),
            vec![command(
                "apt-get",
                &["install", "-y", "--no-install-recommends", "runit"],
            )],
        ),
        (
            "supervisor and circus",
            works(&pip, &["show", "supervisor", "circus"]),
            vec![
                command("python3", &["-m", "venv", &venv]),
                command(&pip, &["install", "-q", "supervisor", "circus"]),
            ],
        ),
        (
            "pm2",
            works(&format!("{npm}/node_modules/.bin/pm2"), &["--version"]),
            vec![command(
                "npm",
                &["install", "--silent", "--prefix", &npm, "pm2"],
            )],
        ),
    ];
    for (name, there, commands) in steps {
        if there {
            continue;
        }
        for mut step in commands {
            if let Err(why) = run(&mut step) {
                say::line(&format!("could not install {name}: {why}"));
                break;
            }
        }
    }
    Ok(())
}
