//! What tests need of the machine: where programs are, fifos, small disks, a pid of one's choice.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::unistd;

use crate::PATIENCE;

/// The program under test: `RUNWISP_BIN`, or what cargo built beside the tests.
pub fn program() -> PathBuf {
    match std::env::var_os("RUNWISP_BIN") {
        Some(path) => path.into(),
        None => built("runwisp"),
    }
}

/// The program of bad-mannered children.
pub fn bad_child() -> PathBuf {
    built("bad-child")
}

/// A script of the folder of bad-mannered children.
pub fn child(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("children")
        .join(name)
}

/// A script of the folder of servers.
pub(crate) fn server(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("servers")
        .join(name)
}

/// The Python that `cargo xtask setup` prepares, with what `tests/requirements.txt` names.
pub fn python() -> PathBuf {
    let me = std::env::current_exe().expect("a test knows where it is");
    // target/PROFILE/deps/e2e-HASH: tools are three up and down again.
    let target = me.ancestors().nth(3);
    let path = target
        .expect("a test is three folders below target's parent")
        .join("tools/venv/bin/python");
    assert!(
        path.exists(),
        "{} is missing: cargo xtask setup",
        path.display()
    );
    path
}

/// Prometheus' own judge of metrics and rules, if it is on the machine or `cargo xtask setup` could get it.
pub fn promtool() -> Option<PathBuf> {
    let me = std::env::current_exe().expect("a test knows where it is");
    let target = me.ancestors().nth(3);
    let fetched = target.map(|target| target.join("tools/prometheus/usr/bin/promtool"));
    let works = |path: &PathBuf| {
        let mut command = Command::new(path);
        command
            .arg("--version")
            .output()
            .is_ok_and(|out| out.status.success())
    };
    ["promtool".into()].into_iter().chain(fetched).find(works)
}

fn built(name: &str) -> PathBuf {
    let me = std::env::current_exe().expect("a test knows where it is");
    // target/PROFILE/deps/e2e-HASH: programs are two up.
    let path = me
        .ancestors()
        .nth(2)
        .expect("a test is two folders below target")
        .join(name);
    assert!(
        path.exists(),
        "{} is missing: cargo build -p runwisp -p runwisp-tests --bins",
        path.display()
    );
    path
}

/// A bundled plugin as a file, as its author would have it.
pub fn component(name: &str) -> PathBuf {
    let file = format!("bundled-plugins/wasm32-wasip2/plugin/runwisp_{name}.wasm");
    in_target(&file, "cargo build -p runwisp")
}

/// A plugin of `examples/plugins`, as its README has it built.
pub fn third_party(name: &str) -> PathBuf {
    in_target(
        &format!("third-parties/{name}.wasm"),
        "cargo xtask examples",
    )
}

fn in_target(file: &str, made_by: &str) -> PathBuf {
    let me = std::env::current_exe().expect("a test knows where it is");
    // target/PROFILE/deps/e2e-HASH: the target folder is three up.
    let target = me.ancestors().nth(3);
    let path = target
        .expect("a test is three folders below target")
        .join(file);
    assert!(path.exists(), "{} is missing: {made_by}", path.display());
    path
}

/// Whether the test may do what only root may.
pub fn is_root() -> bool {
    unistd::geteuid().is_root()
}

/// Says that a test is left out, and why.
pub fn skip(why: &str) {
    say(&format!("skipped: {why}"));
}

pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A new fifo. Who opens it waits for the other end, so a test decides when a child goes on.
pub fn fifo(path: &Path) {
    unistd::mkfifo(path, Mode::S_IRWXU).expect("a fifo can be made");
}

/// Lets a child that reads a line from `fifo` go on.
pub fn poke(fifo: &Path) {
    fs::write(fifo, "go\n").expect("a fifo can be written to");
}

/// The content of a file that some process is about to put in place, trimmed.
#[track_caller]
pub fn read_when_there(path: &Path) -> String {
    let until = Instant::now() + PATIENCE;
    loop {
        match fs::read_to_string(path) {
            Ok(text) if !text.trim().is_empty() => return text.trim().to_owned(),
            _ => assert!(Instant::now() < until, "{} does not appear", path.display()),
        }
        // Another process's rename: nothing in this process is told of it.
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for what this process is told nothing of.
#[track_caller]
pub fn until(what: &str, done: impl FnMut() -> bool) {
    until_within(what, PATIENCE, done);
}

/// The same for what takes its time by rule.
#[track_caller]
pub fn until_within(what: &str, patience: Duration, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + patience;
    while !done() {
        assert!(Instant::now() < until, "waited for {what}");
        // Other processes' business, such as their end: nothing in this process is told of it.
        thread::sleep(Duration::from_millis(5));
    }
}

/// Mounts a disk of `size` (such as `4m`) at `at`, seen by this thread and what it starts only. Root only.
pub fn tmpfs(at: &Path, size: &str) {
    unshare(CloneFlags::CLONE_NEWNS).expect("a mount namespace can be made");
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .expect("mounts can be kept private");
    fs::create_dir_all(at).expect("a folder can be made");
    let options = format!("size={size},mode=0755");
    mount(
        Some("tmpfs"),
        at,
        Some("tmpfs"),
        MsFlags::empty(),
        Some(&*options),
    )
    .expect("a disk can be mounted");
}

/// Mounts the file `image`, a disk of `size` that it is made to hold first, at `at`; none of it is written before it is
/// needed. `false` where the kernel has no such disks. Root only, after [`tmpfs`], whose view it shares.
#[must_use]
pub fn loop_disk(image: &Path, size: u64, at: &Path) -> bool {
    let file = fs::File::create(image).expect("an image can be made");
    file.set_len(size).expect("an image can be sparse");
    let made = Command::new("mkfs.ext4")
        .args(["-q", "-F", "-O", "^has_journal", "-E", "nodiscard"])
        .arg(image)
        .status();
    fs::create_dir_all(at).expect("a folder can be made");
    made.is_ok_and(|made| made.success()) && mount_loop(image, at)
}

/// Mounts such a disk again.
#[must_use]
pub fn mount_loop(image: &Path, at: &Path) -> bool {
    let mounted = Command::new("mount")
        .args(["-o", "loop,errors=continue"])
        .args([image, at])
        .status();
    mounted.is_ok_and(|mounted| mounted.success())
}

/// Makes the disk mounted at `at` read-only, or `at` read-only, or writable again.
pub fn write_protect(at: &Path, protect: bool) {
    let flags = if protect {
        MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY
    } else {
        MsFlags::MS_REMOUNT
    };
    mount(None::<&str>, at, None::<&str>, flags, None::<&str>).expect("a disk can be remounted");
}

/// A process that has the pid `pid`, which must be free; none where the kernel does not let pids be chosen.
pub fn steal_pid(pid: i32) -> Option<Child> {
    for _ in 0..200 {
        fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).ok()?;
        let mut child = Command::new("sleep").arg("600").spawn().ok()?;
        if i32::try_from(child.id()) == Ok(pid) {
            return Some(child);
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    None
}

/// How long the machine has been up; no setting of the wall clock changes it.
pub fn boot_clock() -> Duration {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME);
    Duration::from(now.expect("the boot clock can be read"))
}
