//! What the kernel counts for runs that have a cgroup of their own: those with limits.
//!
//! Tests: below, on a directory that looks like one; with real cgroups in `tests/e2e/cgroups.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runwisp_core::figures::usage::{Group, Watched};
use runwisp_core::words::ids::RunId;

/// What the keeper's cgroups of runs are called.
const PREFIX: &str = "runwisp-";

/// Where the keeper puts itself when it was in the root cgroup; those of runs are beside that.
const MAIN: &str = "runwisp-main";

/// Says of every run that has a cgroup what it counts.
pub(super) fn fill(keeper: i32, watched: &mut [Watched]) {
    if let Some(root) = root_of(keeper) {
        fill_from(&root, watched);
    }
}

fn root_of(keeper: i32) -> Option<PathBuf> {
    let own = fs::read_to_string(format!("/proc/{keeper}/cgroup")).ok()?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mount = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        .into_iter()
        .find(|mount| Path::new(mount).join("cgroup.procs").exists())?;
    let own = own.trim_start_matches('/');
    Some(Path::new(mount).join(own.strip_suffix(MAIN).unwrap_or(own)))
}

fn fill_from(root: &Path, watched: &mut [Watched]) {
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let run = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let Some(run) = run.and_then(|run| run.parse::<RunId>().ok()) else {
            continue;
        };
        if let Some(watched) = watched.iter_mut().find(|watched| watched.run == run) {
            watched.group = read(&entry.path());
        }
    }
}

fn read(path: &Path) -> Option<Group> {
    let cpu = number(
        &fs::read_to_string(path.join("cpu.stat")).ok()?,
        "usage_usec",
    )?;
    let current = fs::read_to_string(path.join("memory.current")).ok();
    let current = current.and_then(|text| text.trim().parse::<u64>().ok());
    let memory_bytes = current.map(|current| {
        // Files that were read once and may be forgotten at any time are nobody's need.
        let stat = fs::read_to_string(path.join("memory.stat")).unwrap_or_default();
        current.saturating_sub(number(&stat, "inactive_file").unwrap_or_default())
    });
    Some(Group {
        cpu: Duration::from_micros(cpu),
        memory_bytes,
    })
}

fn number(text: &str, name: &str) -> Option<u64> {
    let of = |line: &str| line.strip_prefix(name)?.trim().parse().ok();
    text.lines().find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runwisp_core::words::time::Mono;

    #[test]
    fn a_run_with_a_cgroup_is_told_what_it_counts() {
        let root = tempfile::tempdir().unwrap();
        let watched = |n| Watched {
            run: RunId::from_parts(n, 0),
            pid: 1,
            since: Mono(0),
            group: None,
        };
        let mut runs = [watched(1), watched(2), watched(3)];
        let make = |run: RunId, files: &[(&str, &str)]| {
            let path = root.path().join(format!("runwisp-{run}"));
            fs::create_dir(&path).unwrap();
            for (name, text) in files {
                fs::write(path.join(name), text).unwrap();
            }
        };
        let whole = [
            ("cpu.stat", "usage_usec 1500000\nuser_usec 1\n"),
            ("memory.current", "5000\n"),
            ("memory.stat", "anon 1\ninactive_file 1200\n"),
        ];
        make(runs[0].run, &whole);
        make(runs[1].run, &whole[..1]);
        fill_from(root.path(), &mut runs);
        let cpu = Duration::from_millis(1500);
        let memory = |memory_bytes| Some(Group { cpu, memory_bytes });
        assert_eq!(runs[0].group, memory(Some(3800)));
        assert_eq!(runs[1].group, memory(None));
        assert_eq!(runs[2].group, None);
    }
}
