//! A running daemon: started until it says READY=1, and ended when the test is done with it.

use std::fs::{self, File};
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::{Events, PATIENCE, Place, Status, processes};

/// A keeper with its daemon, in the foreground, as a child of the test.
pub struct Daemon {
    place: Arc<Place>,
    keeper: Child,
    ended: Option<ExitStatus>,
    ready: UnixDatagram,
}

impl Deref for Daemon {
    type Target = Place;
    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Daemon {
    #[track_caller]
    pub(crate) fn start(place: Arc<Place>, change: impl FnOnce(&mut Command)) -> Daemon {
        let mut daemon = Daemon::spawn(place, Some("off"), change);
        daemon.wait_said("READY=1");
        daemon
    }

    /// The same with HTTP served where the configuration says.
    #[track_caller]
    pub(crate) fn start_serving(place: Arc<Place>, change: impl FnOnce(&mut Command)) -> Daemon {
        let mut daemon = Daemon::spawn(place, None, change);
        daemon.wait_said("READY=1");
        daemon
    }

    /// Waits until it says this line to whoever started it, and gives the whole message.
    #[track_caller]
    pub fn wait_said(&mut self, line: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(said) = hear(&self.ready) {
                if said.lines().any(|said| said == line) {
                    return said;
                }
            } else if let Some(status) = self.try_ended() {
                panic!("the daemon ended before it said {line}: {status}");
            }
            assert!(Instant::now() < until, "the daemon does not say {line}");
        }
    }

    /// Starts a daemon that is expected to leave by itself, and waits for that.
    pub fn start_to_fail(place: &Arc<Place>) -> ExitStatus {
        let mut daemon = Daemon::spawn(Arc::clone(place), Some("off"), |_| {});
        daemon.wait_end()
    }

    fn spawn(place: Arc<Place>, listen: Option<&str>, change: impl FnOnce(&mut Command)) -> Daemon {
        let socket = place.path("ready.sock");
        let _ = fs::remove_file(&socket);
        let ready = UnixDatagram::bind(&socket).expect("a socket can be bound");
        // As the socket of init is: whoever the daemon runs as may speak.
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o777))
            .expect("a socket has a mode");
        ready
            .set_read_timeout(Some(Duration::from_millis(100)))
            .expect("a socket has a timeout");
        let log = File::options()
            .create(true)
            .append(true)
            .open(place.path("daemon.log"));
        let log = log.expect("a log can be opened");
        let mut command = place.command();
        command
            .arg("daemon")
            .arg("-c")
            .arg(place.config())
            .arg("--data")
            .arg(place.data());
        // Without it, daemons of tests that run at once would all want the same port.
        if let Some(listen) = listen {
            command.args(["--listen", listen]);
        }
        command.env("NOTIFY_SOCKET", &socket);
        command
            .stdout(log.try_clone().expect("a descriptor can be copied"))
            .stderr(log);
        change(&mut command);
        let keeper = command.spawn().expect("the program can be run");
        Daemon {
            place,
            keeper,
            ended: None,
            ready,
        }
    }

    /// The place it runs in.
    pub fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// What it and its keeper have printed in this place so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.place.path("daemon.log")).unwrap_or_default()
    }

    /// Waits until it or its keeper has printed this, for when nobody is there who could tell of events.
    #[track_caller]
    pub fn wait_log(&self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.log().contains(text) {
            assert!(Instant::now() < until, "nobody says {text:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The keeper's pid: the process that was started.
    pub fn keeper_pid(&self) -> i32 {
        i32::try_from(self.keeper.id()).expect("a pid is a small number")
    }

    /// Waits until `look` finds something in the status. Looks again whenever the daemon tells of an event.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, mut look: impl FnMut(&Status) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let mut events = Events::of(self.socket());
        events.open();
        loop {
            let status = self.try_status();
            if let Some(found) = status.as_ref().and_then(&mut look) {
                return found;
            }
            let shown =
                status.map_or_else(|| "nobody answers".to_owned(), |s| format!("{:#}", s.0));
            assert!(Instant::now() < until, "waited for {what}, but: {shown}");
            events.wait();
        }
    }

    /// Waits until an instance is in a state.
    #[track_caller]
    pub fn wait_state(&self, unit: &str, index: usize, state: &str) -> Status {
        self.wait(&format!("{unit}[{index}] to be {state}"), |status| {
            (status.state(unit, index) == state).then(|| status.clone())
        })
    }

    /// Waits until `look` finds something among the runs of a unit, newest first.
    #[track_caller]
    pub fn wait_runs<T>(
        &self,
        unit: &str,
        what: &str,
        mut look: impl FnMut(&[Value]) -> Option<T>,
    ) -> T {
        let mut last = Vec::new();
        self.wait(&format!("{what} among the runs of {unit}"), |_| {
            let answer = self.cli(&["runs", "--json", "-n", "10000", "--unit", unit]);
            if answer.code != 0 {
                return None;
            }
            last = answer.json()["runs"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            look(&last)
        })
    }

    /// Waits until exactly or at least `count` runs of a unit have ended, and gives all its runs, oldest first.
    #[track_caller]
    pub fn wait_ended(&self, unit: &str, count: usize) -> Vec<Value> {
        self.wait_runs(unit, &format!("{count} that have ended"), |runs| {
            let ended = runs.iter().filter(|run| run["state"] == "ended").count();
            (ended >= count).then(|| runs.iter().rev().cloned().collect())
        })
    }

    /// Waits until a daemon other than `old` answers, and gives its pid.
    #[track_caller]
    pub fn wait_daemon_after(&self, old: i32) -> i32 {
        self.wait("a new daemon", |status| {
            (status.daemon_pid() != old).then(|| status.daemon_pid())
        })
    }

    /// Sends a signal to the keeper.
    pub fn signal(&self, signal: Signal) {
        processes::kill(self.keeper_pid(), signal);
    }

    /// SIGTERM, and the end.
    #[track_caller]
    pub fn stop(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.wait_end()
    }

    /// Kills keeper and daemon at once, as a power cut would for them, and leaves their children to themselves.
    pub fn kill_both(mut self) {
        let daemon = self.status().daemon_pid();
        // The keeper is stopped first, so that it can not bring the daemon back in between.
        self.signal(Signal::SIGSTOP);
        processes::kill(daemon, Signal::SIGKILL);
        self.signal(Signal::SIGKILL);
        self.wait_end();
    }

    /// Waits until the keeper has left.
    #[track_caller]
    pub fn wait_end(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.try_ended() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the daemon does not leave");
    }

    fn try_ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.keeper.try_wait().expect("a child can be waited for");
        }
        self.ended
    }

    /// The path of its socket, for a client of the test's own.
    pub fn socket_path(&self) -> PathBuf {
        self.place.socket()
    }
}

impl Drop for Daemon {
    /// Asks it to leave; what it then leaves behind is the place's to find.
    fn drop(&mut self) {
        if self.try_ended().is_some() {
            return;
        }
        self.signal(Signal::SIGTERM);
        let until = Instant::now() + PATIENCE;
        while self.try_ended().is_none() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        if self.try_ended().is_none() {
            self.place.clean();
            let ended = self
                .keeper
                .wait()
                .unwrap_or_else(|_| ExitStatus::from_raw(0));
            assert!(
                std::thread::panicking(),
                "the daemon did not leave when asked to: {ended}"
            );
        }
    }
}

/// The next datagram, if one comes before the socket's timeout.
fn hear(socket: &UnixDatagram) -> Option<String> {
    let mut text = [0u8; 4096];
    let length = socket.recv(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text[..length]).into_owned())
}
