//! A directory of one test: its configuration, its data, and the promise that nothing outlives it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::{Answer, Status, code, processes, system};

/// The variable that every process of a place carries. Not one of runwisp's own, which children do not get.
const MARK: &str = "E2E_PLACE";

/// A directory with a configuration and data. Daemons come and go in it.
pub struct Place {
    dir: TempDir,
    program: PathBuf,
}

impl Place {
    /// A new directory with this configuration. In it, `{children}` stands for the folder of bad-mannered children,
    /// `{bad_child}` for the program of that name, and `{dir}` for the directory itself.
    pub fn new(config: &str) -> Arc<Place> {
        Place::with_program(config, system::program())
    }

    /// The same with another binary, such as a copy that is going to be replaced.
    pub fn with_program(config: &str, program: PathBuf) -> Arc<Place> {
        let dir = TempDir::with_prefix("rw").expect("a temporary directory can be made");
        let place = Place { dir, program };
        fs::create_dir(place.data()).expect("the data directory can be made");
        code::give(&place.data());
        place.write_config(config);
        Arc::new(place)
    }

    /// The directory itself.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A path in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.path("runwisp.toml")
    }

    /// The daemon's socket.
    pub fn socket(&self) -> PathBuf {
        self.data().join("runwisp.sock")
    }

    /// Writes the configuration anew, see [`Place::new`].
    pub fn write_config(&self, config: &str) {
        let text = config
            .replace("{children}", &system::child("").to_string_lossy())
            .replace("{bad_child}", &system::bad_child().to_string_lossy())
            .replace("{dir}", &self.dir().to_string_lossy());
        fs::write(self.config(), text).expect("the configuration can be written");
    }

    /// The program with the place's mark, and nothing of the test's own environment that could lead it elsewhere.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let leads_elsewhere = ["RUNWISP_", "XDG_", "NEXTEST", "CARGO"]
                .iter()
                .any(|p| name.starts_with(p));
            if leads_elsewhere || name.ends_with("_DIRECTORY") || name == "NOTIFY_SOCKET" {
                command.env_remove(name);
            }
        }
        command
            .env(MARK, self.dir())
            .env("HOME", self.dir())
            .current_dir(self.dir())
            .stdin(Stdio::null());
        command
    }

    /// Runs a client command with `-c` and `--data` of this place.
    pub fn cli(&self, words: &[&str]) -> Answer {
        let mut command = self.command();
        command
            .args(words)
            .arg("-c")
            .arg(self.config())
            .arg("--data")
            .arg(self.data());
        Answer::new(words, command.output().expect("the program can be run"))
    }

    /// The same with a text on standard input.
    pub fn cli_reading(&self, words: &[&str], input: &[u8]) -> Answer {
        let mut command = self.command();
        command
            .args(words)
            .arg("-c")
            .arg(self.config())
            .arg("--data")
            .arg(self.data())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be run");
        let mut stdin = child.stdin.take().expect("it was asked for");
        let input = input.to_vec();
        // A program that does not read all of it is no fault of the writer's.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("a child can be waited for");
        writer.join().expect("a writer ends when its pipe does");
        Answer::new(words, output)
    }

    /// Starts one run of a task, and does not wait for what becomes of it.
    #[track_caller]
    pub fn trigger(&self, task: &str) {
        self.cli(&["start", task, "--no-wait"]).ok();
    }

    /// Starts a daemon and waits until it says that it is ready.
    #[track_caller]
    pub fn start(self: &Arc<Place>) -> Daemon {
        self.start_with(|_| {})
    }

    /// The same with more arguments or variables.
    #[track_caller]
    pub fn start_with(self: &Arc<Place>, change: impl FnOnce(&mut Command)) -> Daemon {
        Daemon::start(Arc::clone(self), change)
    }

    /// Starts a daemon that serves HTTP where its configuration says: on port 0, or one that is the test's own.
    #[track_caller]
    pub fn start_serving(self: &Arc<Place>) -> Daemon {
        self.start_serving_with(|_| {})
    }

    /// The same with more arguments or variables.
    #[track_caller]
    pub fn start_serving_with(self: &Arc<Place>, change: impl FnOnce(&mut Command)) -> Daemon {
        Daemon::start_serving(Arc::clone(self), change)
    }

    /// `status --json`, which has to succeed.
    #[track_caller]
    pub fn status(&self) -> Status {
        Status(self.cli(&["status", "--json"]).ok().json())
    }

    /// `status --json`, when somebody answers.
    pub fn try_status(&self) -> Option<Status> {
        let answer = self.cli(&["status", "--json"]);
        (answer.code == 0).then(|| Status(answer.json()))
    }

    /// `runs --json` with more words: newest first.
    #[track_caller]
    pub fn runs(&self, words: &[&str]) -> Vec<Value> {
        let mut all = vec!["runs", "--json", "-n", "10000"];
        all.extend_from_slice(words);
        let document = self.cli(&all).ok().json();
        let runs = document["runs"].as_array();
        runs.unwrap_or_else(|| panic!("no runs in {document:#}"))
            .clone()
    }

    /// Every process that was started in this place, with its command line.
    pub fn processes(&self) -> Vec<(i32, String)> {
        processes::with_variable(MARK, &self.dir().to_string_lossy())
    }

    /// Kills all that is left, and says what it was.
    pub fn clean(&self) -> Vec<String> {
        let mut left = Vec::new();
        // Each round may find what a process of the round before had just forked.
        for _ in 0..100 {
            let found = self.processes();
            if found.is_empty() {
                break;
            }
            for (pid, line) in found {
                processes::kill(pid, Signal::SIGKILL);
                left.push(format!("{pid}: {line}"));
            }
        }
        left.sort();
        left.dedup();
        left
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let left = self.clean();
        code::keep(&self.data());
        if std::thread::panicking() {
            let log = fs::read_to_string(self.path("daemon.log")).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(60).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            system::say(&format!(
                "-- the daemon said\n{}\n-- left alive: {left:#?}",
                tail.join("\n")
            ));
        } else {
            assert!(left.is_empty(), "left alive: {left:#?}");
        }
    }
}
