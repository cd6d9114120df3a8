//! Under a real systemd: installed, ready, reloaded, replaced, watched, stopped, removed.
//!
//! These tests install a unit on the machine, so they run only where that was allowed (`RUNWISP_TEST_SYSTEMD=1`, as
//! root) and systemd is process 1; `cargo xtask vm` makes such a machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use nix::sys::signal::Signal;
use runwisp_tests::{Answer, Place, Status, alive, is_root, kill, program, skip, until};

/// Where the program is put: a place that is still there after the next boot.
const PROGRAM: &str = "/usr/local/bin/runwisp";

const CONFIG: &str = r#"
    [services.web]
    run = "exec sleep 600"
    limits = { pids = 9 }
"#;

/// Systemd to be tested with: the machine's, or that of a user.
struct Systemd {
    user: Option<&'static str>,
    place: Arc<Place>,
}

impl Systemd {
    /// None, and a word about it, where nothing may be installed.
    fn take(user: Option<&'static str>) -> Option<Systemd> {
        let init = fs::read_to_string("/proc/1/comm").unwrap_or_default();
        let allowed = std::env::var_os("RUNWISP_TEST_SYSTEMD").is_some();
        if !allowed || !is_root() || init.trim() != "systemd" {
            skip("installs a unit: run as root under systemd with RUNWISP_TEST_SYSTEMD=1");
            return None;
        }
        // Not replaced while a process of the test before still executes it.
        fs::copy(program(), format!("{PROGRAM}.new")).unwrap();
        fs::rename(format!("{PROGRAM}.new"), PROGRAM).unwrap();
        let place = Place::with_program(CONFIG, PathBuf::from(PROGRAM));
        if let Some(name) = user {
            done(Command::new("loginctl").args(["enable-linger", name]));
            done(Command::new("chown").args(["-R", name]).arg(place.dir()));
        }
        let systemd = Systemd { user, place };
        if user.is_some() {
            until("the user's systemd", || {
                systemd.systemctl(&["is-system-running"]).1.trim() == "running"
            });
        }
        Some(systemd)
    }

    /// A command as the user in question.
    fn command(&self, program: &str) -> Command {
        let Some(user) = self.user else {
            return Command::new(program);
        };
        let mut command = Command::new("runuser");
        command.args(["-u", user, "--", "env", "XDG_RUNTIME_DIR=/run/user/1000"]);
        command.arg(program);
        command
    }

    /// Whether `systemctl` succeeded, and what it printed.
    fn systemctl(&self, words: &[&str]) -> (bool, String) {
        let mut command = self.command("systemctl");
        if self.user.is_some() {
            command.arg("--user");
        }
        let output = command.args(words).output().unwrap();
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.success(), text)
    }

    #[track_caller]
    fn works(&self, words: &[&str]) {
        let (worked, text) = self.systemctl(words);
        assert!(worked, "systemctl {words:?}: {text}");
    }

    fn property(&self, name: &str) -> String {
        let words = ["show", "runwisp", "--value", "-p", name];
        self.systemctl(&words).1.trim().to_owned()
    }

    /// `runwisp service …` for this systemd.
    fn service(&self, verb: &str) -> Answer {
        let mut command = self.command(PROGRAM);
        command.args(["service", verb]);
        if self.user.is_some() {
            command.arg("--user");
        }
        command
            .arg("-c")
            .arg(self.place.config())
            .arg("--data")
            .arg(self.place.data());
        let words = ["service", verb];
        Answer::new(&words, command.output().unwrap())
    }

    fn wait(&self, what: &str, look: impl Fn(&Status) -> bool) -> Status {
        let mut found = None;
        until(what, || {
            found = self.place.try_status().filter(&look);
            found.is_some()
        });
        found.unwrap()
    }

    fn wait_web(&self) -> Status {
        self.wait("web to run", |status| status.state("web", 0) == "running")
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        let _ = self.systemctl(&["disable", "--now", "runwisp"]);
        let _ = fs::remove_file("/etc/systemd/system/runwisp.service");
        let _ = fs::remove_dir_all("/run/systemd/system/runwisp.service.d");
        let _ = self.systemctl(&["daemon-reload"]);
    }
}

fn done(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

#[test]
fn it_is_installed_reloaded_replaced_stopped_and_removed() {
    let Some(systemd) = Systemd::take(None) else {
        return;
    };
    assert_eq!(systemd.service("status").code, 4);
    systemd.service("install").ok();
    // Ready is what the daemon said, not that it was started.
    assert_eq!(systemd.property("StatusText"), "1 services, 0 tasks");
    assert_eq!(systemd.service("status").code, 0);
    let status = systemd.wait_web();
    assert_eq!(systemd.property("MainPID"), status.keeper_pid().to_string());
    let warnings = status.0["daemon"]["warnings"].to_string();
    assert!(!warnings.contains("limits"), "{warnings}");

    systemd
        .place
        .write_config(&format!("{CONFIG}\n[tasks.more]\nrun = 'true'"));
    systemd.works(&["reload", "runwisp"]);
    assert!(!systemd.place.status().unit("more").is_null());
    assert_eq!(systemd.property("StatusText"), "1 services, 1 tasks");
    systemd.place.write_config("[services.web]\nrum = 1");
    assert!(!systemd.systemctl(&["reload", "runwisp"]).0);
    assert_eq!(systemd.property("ActiveState"), "active");
    systemd.place.write_config(CONFIG);
    systemd.works(&["reload", "runwisp"]);

    kill(status.daemon_pid(), Signal::SIGKILL);
    let after = systemd.wait("a new daemon", |s| s.daemon_pid() != status.daemon_pid());
    assert_eq!(after.pid("web", 0), status.pid("web", 0));
    assert_eq!(systemd.property("MainPID"), status.keeper_pid().to_string());
    assert_eq!(systemd.property("NRestarts"), "0");

    let web = status.pid("web", 0).unwrap();
    systemd.works(&["stop", "runwisp"]);
    assert_eq!(systemd.property("Result"), "success");
    assert_eq!(systemd.service("status").code, 3);
    assert!(!alive(web), "stopping leaves nothing");
    systemd.works(&["restart", "runwisp"]);
    systemd.wait_web();
    systemd.service("uninstall").ok();
    systemd.service("uninstall").ok();
    assert!(!Path::new("/etc/systemd/system/runwisp.service").exists());
    assert_eq!(systemd.service("status").code, 4);
}

#[test]
fn a_loop_that_is_stuck_is_ended_by_the_watchdog_and_everything_begins_anew() {
    let Some(systemd) = Systemd::take(None) else {
        return;
    };
    let dir = Path::new("/run/systemd/system/runwisp.service.d");
    fs::create_dir_all(dir).unwrap();
    fs::write(dir.join("e2e.conf"), "[Service]\nWatchdogSec=4\n").unwrap();
    systemd.service("install").ok();
    let before = systemd.wait_web();
    kill(before.daemon_pid(), Signal::SIGSTOP);
    let after = systemd.wait("another keeper", |s| s.keeper_pid() != before.keeper_pid());
    assert_eq!(systemd.property("NRestarts"), "1");
    let old = before.pid("web", 0).unwrap();
    let status = systemd.wait_web();
    assert_ne!(status.pid("web", 0), Some(old));
    assert!(!alive(old), "no service runs twice");
    assert_ne!(after.daemon_pid(), before.daemon_pid());
}

#[test]
fn a_user_has_a_unit_of_ones_own() {
    let Some(systemd) = Systemd::take(Some("alice")) else {
        return;
    };
    systemd.service("install").ok();
    assert_eq!(systemd.property("StatusText"), "1 services, 0 tasks");
    let status = systemd.wait_web();
    assert_eq!(systemd.property("MainPID"), status.keeper_pid().to_string());
    let warnings = status.0["daemon"]["warnings"].to_string();
    assert!(!warnings.contains("limits"), "{warnings}");
    systemd.works(&["reload", "runwisp"]);
    systemd.works(&["stop", "runwisp"]);
    assert_eq!(systemd.service("status").code, 3);
    systemd.service("uninstall").ok();
    assert_eq!(systemd.service("status").code, 4);
}
