//! A keeper to test: started as a process, with the test as its daemon.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeVal;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::keeper::{
    AfterLeave, Ask, Exit, Held, OutputTotals, Report, Spawn, SpawnStep, decode,
};
use runwisp_core::words::log_index::{INDEX_SUFFIX, Record, read_all};
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::{OnFull, Scope, SpawnSpec};
use runwisp_keeper::channel::Inbox;
use runwisp_keeper::{KeeperOptions, channel};

/// Longer than anything here can take on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    /// Where logs go.
    pub(crate) logs: PathBuf,
    pub(crate) keeper: Child,
    listener: UnixListener,
    pub(crate) daemon: Option<Daemon>,
    /// The socket for sd_notify, from the last welcome.
    pub(crate) notify: Option<OwnedFd>,
    runs: u128,
    stash: Vec<Report>,
}

/// The daemon's place, which the test has taken.
pub(crate) struct Daemon {
    channel: OwnedFd,
    pub(crate) pid: i32,
    process: Process,
    control: UnixStream,
}

/// A command in sh that keeps all it prints, with every other setting at rest.
pub(crate) fn sh(script: &str) -> SpawnSpec {
    SpawnSpec {
        argv: ["sh", "-c", script].map(String::from).to_vec(),
        env_base: Default::default(),
        env: vec![],
        cwd: None,
        run_as: None,
        umask: None,
        rlimits: vec![],
        nice: None,
        oom_score_adj: None,
        cgroup: Default::default(),
        stdin: Default::default(),
        pty: false,
        notify: false,
        watchdog: None,
        secrets: vec![],
        log_max_size: u64::MAX,
        log_on_full: OnFull::DropNew,
        stop_signal: Signal::TERM,
        graceful_stop: Duration::from_secs(20),
        stop_scope: Scope::Group,
    }
}

impl Bench {
    /// A keeper with its daemon connected.
    pub(crate) fn new() -> Bench {
        let mut bench = Bench::start(&[], |_| {});
        assert_eq!(bench.connect(), []);
        bench
    }

    /// A keeper in a larger environment, with other options.
    pub(crate) fn start(env: &[(&str, &str)], change: impl FnOnce(&mut KeeperOptions)) -> Bench {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let logs = dir.path().join("logs");
        fs::create_dir(&logs).unwrap();
        let path = dir.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let program = PathBuf::from(env!("CARGO_BIN_EXE_keeper-alone"));
        let mut options = KeeperOptions {
            program: program.clone(),
            daemon_args: vec!["daemon".into(), path.into()],
            daemon_user: None,
            loader: None,
            cgroup_root: None,
            lock: None,
        };
        change(&mut options);
        let keeper = Command::new(program)
            .arg("keep")
            .env("KEEPER_OPTIONS", serde_json::to_string(&options).unwrap())
            .envs(env.iter().copied())
            .current_dir(dir.path())
            .stderr(File::create(dir.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        Bench {
            dir,
            logs,
            keeper,
            listener,
            daemon: None,
            notify: None,
            runs: 0,
            stash: vec![],
        }
    }

    /// Takes the place of the daemon the keeper has just started; nothing is said yet.
    pub(crate) fn accept(&mut self) {
        wait_readable(&self.listener, "the keeper starts a daemon");
        let (control, _) = self.listener.accept().unwrap();
        control.set_read_timeout(Some(LIMIT)).unwrap();
        let (json, mut fds) = channel::recv(control.as_fd(), &mut Inbox::default())
            .unwrap()
            .unwrap();
        let channel = fds.remove(0);
        let limit = TimeVal::new(LIMIT.as_secs().cast_signed(), 0);
        setsockopt(&channel, sockopt::ReceiveTimeout, &limit).unwrap();
        let pid = decode(&json).unwrap();
        let process = Process::of(pid);
        self.stash.clear();
        self.daemon = Some(Daemon {
            channel,
            pid,
            process,
            control,
        });
    }

    /// The same, and says hello; gives what the keeper holds.
    pub(crate) fn connect(&mut self) -> Vec<Held> {
        self.accept();
        self.hello()
    }

    pub(crate) fn hello(&mut self) -> Vec<Held> {
        self.ask(&Ask::Hello { protocol: 1 });
        let (report, fds) = self.receive();
        let Report::Welcome { runs, .. } = report else {
            panic!("{report:?} is no welcome");
        };
        self.notify = fds.into_iter().next();
        runs
    }

    /// The daemon ends with this code.
    pub(crate) fn daemon_exits(&mut self, code: u8) {
        let mut daemon = self.daemon.take().unwrap();
        daemon.control.write_all(&[code]).unwrap();
        // A daemon that hangs up before it ends is killed; that is another test.
        daemon.process.wait_for_end();
    }

    /// The daemon leaves on purpose, and does not read what it has been told meanwhile.
    pub(crate) fn leave_unread(&mut self, then: AfterLeave) {
        let mut daemon = self.daemon.take().unwrap();
        wait_readable(&daemon.channel, "a report comes");
        channel::send(daemon.channel.as_fd(), &Ask::Leave { then }, &[]).unwrap();
        drop(daemon.channel);
        daemon.control.write_all(&[0]).unwrap();
    }

    /// The daemon leaves on purpose.
    pub(crate) fn leave(&mut self, then: AfterLeave) {
        self.ask(&Ask::Leave { then });
        self.daemon_exits(0);
    }

    pub(crate) fn ask(&self, ask: &Ask) {
        self.ask_with(ask, &[]);
    }

    fn ask_with(&self, ask: &Ask, fds: &[std::os::fd::BorrowedFd<'_>]) {
        let daemon = self.daemon.as_ref().unwrap();
        channel::send(daemon.channel.as_fd(), ask, fds).unwrap();
    }

    pub(crate) fn send_raw(&self, packet: &[u8]) {
        let daemon = self.daemon.as_ref().unwrap();
        let none = nix::sys::socket::MsgFlags::empty();
        nix::sys::socket::send(daemon.channel.as_raw_fd(), packet, none).unwrap();
    }

    /// What a new daemon is told is held, now.
    pub(crate) fn held_after_restart(&mut self) -> Vec<Held> {
        self.leave(AfterLeave::Restart);
        self.connect()
    }

    /// Waits until the keeper has said this on standard error.
    pub(crate) fn said(&self, text: &str) {
        while !fs::read_to_string(self.dir.path().join("stderr"))
            .unwrap()
            .contains(text)
        {
            std::thread::yield_now();
        }
    }

    fn receive(&self) -> (Report, Vec<OwnedFd>) {
        let daemon = self.daemon.as_ref().unwrap();
        let received = channel::recv(daemon.channel.as_fd(), &mut Inbox::default());
        let Ok(Some((json, fds))) = received else {
            panic!("no report came ({received:?}); there were {:?}", self.stash);
        };
        (decode(&json).unwrap(), fds)
    }

    /// The first report that `pick` wants, now or to come. The others are kept for later.
    pub(crate) fn wait<T>(&mut self, mut pick: impl FnMut(&Report) -> Option<T>) -> T {
        if let Some(place) = self.stash.iter().position(|r| pick(r).is_some()) {
            return pick(&self.stash.remove(place)).unwrap();
        }
        loop {
            let (report, _) = self.receive();
            match pick(&report) {
                Some(found) => return found,
                None => self.stash.push(report),
            }
        }
    }

    /// Whether a report that nobody waited for is of this kind.
    pub(crate) fn has_been_told(&self, is: impl Fn(&Report) -> bool) -> bool {
        self.stash.iter().any(is)
    }

    pub(crate) fn new_run(&mut self) -> RunId {
        self.runs += 1;
        RunId::from_u128(self.runs)
    }

    /// Defines a unit for this specification and asks for a run of it.
    pub(crate) fn spawn(&mut self, spec: &SpawnSpec) -> RunId {
        let run = self.new_run();
        let unit = UnitName::new(&format!("unit-{}", self.runs)).unwrap();
        let spec = Box::new(spec.clone());
        self.ask(&Ask::Define {
            unit: unit.clone(),
            spec,
        });
        self.spawn_unit(run, unit, vec![]);
        run
    }

    pub(crate) fn spawn_unit(&mut self, run: RunId, unit: UnitName, vars: Vec<(String, String)>) {
        let dir = File::open(&self.logs).unwrap();
        let log = File::create_new(self.log_path(run)).unwrap();
        let index = self.log_path(run).with_added_extension(&INDEX_SUFFIX[1..]);
        let index = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(index)
            .unwrap();
        let (tag, log_name) = (format!("tag of {run}"), run.to_string());
        let spawn = Spawn {
            run,
            unit,
            vars,
            log_name,
            tag,
        };
        self.ask_with(
            &Ask::Spawn(spawn),
            &[dir.as_fd(), log.as_fd(), index.as_fd()],
        );
    }

    /// A named pipe in the directory the keeper and its children run in.
    pub(crate) fn fifo(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        path
    }

    pub(crate) fn log_path(&self, run: RunId) -> PathBuf {
        self.logs.join(run.to_string())
    }

    pub(crate) fn log(&self, run: RunId) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path(run)).unwrap()).into_owned()
    }

    pub(crate) fn index(&self, run: RunId) -> Vec<Record> {
        let path = self.log_path(run).with_added_extension(&INDEX_SUFFIX[1..]);
        read_all(&fs::read(path).unwrap()).collect()
    }

    pub(crate) fn spawned(&mut self, run: RunId) -> i32 {
        self.wait(|report| match report {
            Report::Spawned { run: r, pid, .. } if *r == run => Some(*pid),
            Report::SpawnFailed { run: r, .. } if *r == run => panic!("{report:?}"),
            _ => None,
        })
    }

    pub(crate) fn failed(&mut self, run: RunId) -> (SpawnStep, i32, String) {
        self.wait(|report| match report {
            Report::SpawnFailed {
                run: r,
                step,
                errno,
                about,
            } if *r == run => Some((*step, *errno, about.clone())),
            Report::Spawned { run: r, .. } if *r == run => panic!("{report:?}"),
            _ => None,
        })
    }

    pub(crate) fn exited(&mut self, run: RunId) -> Exit {
        self.wait(|report| match report {
            Report::Exited { run: r, exit } if *r == run => Some(exit.clone()),
            Report::SpawnFailed { run: r, .. } if *r == run => panic!("{report:?}"),
            _ => None,
        })
    }

    pub(crate) fn gone(&mut self, run: RunId) -> OutputTotals {
        self.wait(|report| match report {
            Report::Gone { run: r, output } if *r == run => Some(*output),
            Report::SpawnFailed { run: r, .. } if *r == run => panic!("{report:?}"),
            _ => None,
        })
    }

    /// Waits until the run's log holds this text.
    pub(crate) fn printed(&mut self, run: RunId, text: &str) {
        let mut from = 0;
        while !self.log(run).contains(text) {
            self.ask(&Ask::Watch { run, from });
            let (end, complete) = self.wait(|report| match report {
                Report::Output {
                    run: r,
                    end,
                    complete,
                } if *r == run => Some((*end, *complete)),
                _ => None,
            });
            from = end;
            let all = self.log(run);
            assert!(
                !complete || all.contains(text),
                "{text:?} is not in {all:?}"
            );
        }
    }

    pub(crate) fn signal(&self, run: RunId, signal: Signal, scope: Scope) {
        self.ask(&Ask::Signal { run, signal, scope });
    }

    /// Runs it to its end; what it printed.
    pub(crate) fn output_of(&mut self, spec: &SpawnSpec) -> String {
        let run = self.spawn(spec);
        self.gone(run);
        self.log(run)
    }

    pub(crate) fn keeper_pid(&self) -> i32 {
        self.keeper.id().cast_signed()
    }

    pub(crate) fn signal_keeper(&self, signal: i32) {
        send(self.keeper_pid(), signal);
    }

    /// Waits for the keeper's end; its exit code.
    pub(crate) fn keeper_exits(&mut self) -> Option<i32> {
        let process = Process::of(self.keeper_pid());
        process.wait_for_end();
        self.keeper.wait().unwrap().code()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Three requests to stop, and the keeper kills what is left by itself.
        for _ in 0..3 {
            if self.keeper.try_wait().is_ok_and(|ended| ended.is_none()) {
                self.signal_keeper(libc::SIGQUIT);
                std::thread::yield_now();
            }
        }
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

pub(crate) fn send(pid: i32, signal: i32) {
    // SAFETY: the call takes numbers only.
    unsafe { libc::kill(pid, signal) };
}

/// A process, held on to so that its pid can't become another's.
pub(crate) struct Process(OwnedFd);

impl Process {
    pub(crate) fn of(pid: i32) -> Process {
        // SAFETY: the call takes numbers only and makes a new descriptor.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        assert!(fd >= 0, "process {pid} does not exist");
        // SAFETY: just made, and nobody else knows of it.
        Process(unsafe { OwnedFd::from_raw_fd(i32::try_from(fd).unwrap()) })
    }

    pub(crate) fn wait_for_end(&self) {
        wait_readable(&self.0, "the process ends");
    }

    pub(crate) fn is_alive(&self) -> bool {
        !is_readable(&self.0, 0)
    }
}

fn is_readable(fd: &impl AsFd, millis: i32) -> bool {
    let mut wanted = libc::pollfd {
        fd: fd.as_fd().as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one valid entry.
    unsafe { libc::poll(&raw mut wanted, 1, millis) > 0 }
}

fn wait_readable(fd: &impl AsFd, what: &str) {
    let limit = i32::try_from(LIMIT.as_millis()).unwrap();
    assert!(is_readable(fd, limit), "waited in vain: {what}");
}

/// The pid a script printed behind `key=`.
pub(crate) fn pid_in(text: &str, key: &str) -> i32 {
    let after = text
        .split(&format!("{key}="))
        .nth(1)
        .unwrap_or_else(|| panic!("{key} in {text:?}"));
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// Says why a test could not be made on this machine.
///
/// Who reads the test's output must see that it tested nothing.
pub(crate) fn skipped(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}
