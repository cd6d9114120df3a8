//! `cargo xtask run`: from a clean clone to a running service, a task that fails and its log, and the page that shows it.
//!
//! The chore becomes the daemon by exec, so that Ctrl-C, the shell's wait and the exit code are the daemon's own. What
//! is shown meanwhile comes from a second process, which waits for readiness on a socket it finds as its standard input.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::shell::{Outcome, cargo, root, target_dir};
use crate::{say, setup, shell};

/// The hidden verb of the process that shows.
pub(crate) const SHOW: &str = "show-when-ready";

/// How long a daemon on any machine may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn run() -> Outcome {
    setup::toolchain()?;
    setup::plugin_target()?;
    setup::page()?;
    cargo(&["build", "--release", "--package", "runwisp"])?;
    let program = target_dir().join("release/runwisp");
    let config = root().join("examples/first.toml");
    let data = root().join(".runwisp");
    std::fs::create_dir_all(&data)
        .map_err(|e| format!("could not make {}: {e}", data.display()))?;
    let ready = data.join("ready.sock");
    let _ = std::fs::remove_file(&ready);
    let socket = UnixDatagram::bind(&ready)
        .map_err(|e| format!("could not bind {}: {e}", ready.display()))?;
    show_in_background(&program, &data, socket)?;
    let mut daemon = Command::new(&program);
    daemon
        .arg("daemon")
        .arg("-c")
        .arg(config)
        .arg("--data")
        .arg(&data)
        .env("NOTIFY_SOCKET", &ready);
    say::line(&format!("$ {}", shell::show(&daemon)));
    Err(format!(
        "could not execute {}: {}",
        program.display(),
        daemon.exec()
    ))
}

fn show_in_background(program: &Path, data: &Path, socket: UnixDatagram) -> Outcome {
    let me = std::env::current_exe().map_err(|e| format!("could not find myself: {e}"))?;
    Command::new(me)
        .arg(SHOW)
        .arg(program)
        .arg(data)
        .stdin(Stdio::from(OwnedFd::from(socket)))
        .spawn()
        .map(drop)
        .map_err(|e| format!("could not start the viewer: {e}"))
}

/// Waits for `READY=1` on standard input, then shows the status and the page's password once, and the logs until the
/// daemon is gone.
pub(crate) fn show(args: &[&str]) -> Outcome {
    let [program, data] = args else {
        return Err(format!("{SHOW} is for `cargo xtask run` alone"));
    };
    let socket = std::io::stdin().as_fd().try_clone_to_owned();
    let socket = UnixDatagram::from(socket.map_err(|e| format!("could not wait: {e}"))?);
    wait_ready(&socket)?;
    let client = |args: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(args)
            .arg("--data")
            .arg(data)
            .stdin(Stdio::null());
        shell::run(&mut command)
    };
    client(&["status"])?;
    say::line("xtask: the password of the page:");
    client(&["password"])?;
    say::line("xtask: following all logs; Ctrl-C stops everything");
    client(&["logs", "*", "-f"])
}

fn wait_ready(socket: &UnixDatagram) -> Outcome {
    let mut text = [0u8; 4096];
    socket
        .set_read_timeout(Some(PATIENCE))
        .map_err(|e| format!("could not wait: {e}"))?;
    loop {
        let length = socket
            .recv(&mut text)
            .map_err(|e| format!("could not wait for the daemon: {e}"))?;
        if String::from_utf8_lossy(&text[..length])
            .lines()
            .any(|line| line == "READY=1")
        {
            return Ok(());
        }
    }
}
