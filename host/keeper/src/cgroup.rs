//! A cgroup (version 2) for a unit that has limits: made before its process, removed after it.
//!
//! Needs a place where the keeper may make cgroups and hand controllers down: as root of a plain machine, or by
//! delegation (`Delegate=yes`). Where that can't be had, a unit runs without these limits, and the daemon is told why; a
//! unit without limits never notices.
//!
//! Tests: `tests/keeper/cgroups.rs`, as far as the machine lets them.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::spawn::CgroupLimits;

/// What failed, and on which file.
pub(crate) type CgroupFailure = (Errno, String);

/// Where the processes go that were in the root cgroup: one that hands controllers down may hold none itself.
const MAIN: &str = "runwisp-main";

/// How often it is looked for processes to move; each round leaves only what was forked during it.
const ROUNDS: usize = 16;

fn failed<'a>(path: &'a Path) -> impl FnOnce(std::io::Error) -> CgroupFailure + 'a {
    move |error| {
        let errno = Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO));
        (errno, path.display().to_string())
    }
}

/// The keeper's own cgroup, below which it makes others.
pub(crate) fn find_root() -> Option<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mount = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        .into_iter()
        .find(|mount| Path::new(mount).join("cgroup.procs").exists())?;
    let own = own.trim_start_matches('/');
    // After an upgrade the keeper is in the place it made for itself.
    let own = own.strip_suffix(MAIN).unwrap_or(own);
    Some(Path::new(mount).join(own))
}

/// Makes the run's cgroup with its limits. Gives its path and its open `cgroup.procs`.
pub(crate) fn make(
    root: Option<&Path>,
    run: RunId,
    limits: &CgroupLimits,
) -> Result<(PathBuf, OwnedFd), CgroupFailure> {
    let Some(root) = root else {
        return Err((Errno::ENOENT, "no cgroup version 2 on this machine".into()));
    };
    let wanted = [
        (
            "memory",
            "memory.max",
            limits.memory_max.map(|n| n.to_string()),
        ),
        (
            "cpu",
            "cpu.max",
            limits
                .cpu_milli
                .map(|milli| format!("{} 100000", milli.saturating_mul(100))),
        ),
        ("pids", "pids.max", limits.pids_max.map(|n| n.to_string())),
    ];
    for (controller, _, _) in wanted.iter().filter(|(_, _, value)| value.is_some()) {
        hand_down(root, controller)?;
    }
    let path = root.join(format!("runwisp-{run}"));
    fs::create_dir(&path).map_err(failed(&path))?;
    let filled = fill(&path, &wanted);
    if filled.is_err() {
        remove(&path);
    }
    filled.map(|procs| (path, procs))
}

fn fill(path: &Path, wanted: &[(&str, &str, Option<String>)]) -> Result<OwnedFd, CgroupFailure> {
    for (_, file, value) in wanted {
        if let Some(value) = value {
            let file = path.join(file);
            fs::write(&file, value).map_err(failed(&file))?;
        }
    }
    let procs = path.join("cgroup.procs");
    let opened = fs::OpenOptions::new().write(true).open(&procs);
    opened.map(OwnedFd::from).map_err(failed(&procs))
}

/// Makes sure cgroups below `root` have this controller.
fn hand_down(root: &Path, controller: &str) -> Result<(), CgroupFailure> {
    let file = root.join("cgroup.subtree_control");
    let listed = |file: &Path| {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.split_whitespace().any(|name| name == controller)
    };
    if listed(&file) {
        return Ok(());
    }
    if !listed(&root.join("cgroup.controllers")) {
        let about = format!(
            "the {controller} controller is not available in {}",
            root.display()
        );
        return Err((Errno::ENODEV, about));
    }
    // Not left to the kernel to refuse: where there are processes it takes `cpu` and `pids` all the same, makes the
    // cgroup a threaded one, and then nothing can enter what is made below it (cgroups(7), "threaded domain").
    move_out(root)?;
    fs::write(&file, format!("+{controller}")).map_err(failed(&file))
}

/// Moves every process of `root` itself into a cgroup below it. Only the root of all may have some beside others.
fn move_out(root: &Path) -> Result<(), CgroupFailure> {
    if !root.join("cgroup.type").exists() {
        return Ok(());
    }
    let main = root.join(MAIN);
    // What is moved may just have forked, so it is looked at again.
    for _ in 0..ROUNDS {
        let found = pids(root);
        if found.is_empty() {
            break;
        }
        if !main.exists() {
            fs::create_dir(&main).map_err(failed(&main))?;
        }
        for pid in found {
            // One that has ended meanwhile needs no move; any other failure shows in what comes next.
            let _ = fs::write(main.join("cgroup.procs"), pid.to_string());
        }
    }
    Ok(())
}

/// The processes in a cgroup.
pub(crate) fn pids(path: &Path) -> Vec<i32> {
    let text = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Kills everything in it, as far as the kernel knows how (5.14).
pub(crate) fn kill(path: &Path) {
    let _ = fs::write(path.join("cgroup.kill"), "1");
}

/// Whether the kernel has killed something in it for want of memory.
pub(crate) fn had_oom_kill(path: &Path) -> bool {
    let events = fs::read_to_string(path.join("memory.events")).unwrap_or_default();
    events
        .lines()
        .filter_map(|line| line.strip_prefix("oom_kill "))
        .any(|count| count.trim() != "0")
}

/// Removes it. One that still holds a process stays; it is empty at a run's end.
pub(crate) fn remove(path: &Path) {
    let _ = fs::remove_dir(path);
}
