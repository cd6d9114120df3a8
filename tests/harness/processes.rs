//! What /proc knows of processes.

use std::fs;
use std::path::PathBuf;

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

/// Sends a signal; a process that is gone already is no fault.
pub fn kill(pid: i32, signal: Signal) {
    assert!(pid > 1, "pid {pid} is not one to send {signal} to");
    let _ = signal::kill(Pid::from_raw(pid), signal);
}

/// Whether a process exists and is not a zombie.
pub fn alive(pid: i32) -> bool {
    stat(pid).is_some_and(|fields| !matches!(fields[0].as_str(), "Z" | "X"))
}

/// When a process began, in clock ticks since boot: with the pid, its true name.
pub fn start_time(pid: i32) -> Option<u64> {
    stat(pid)?.get(19)?.parse().ok()
}

/// The processes whose parent is `pid`.
pub fn children_of(pid: i32) -> Vec<i32> {
    let parent = pid.to_string();
    let is_child = |child: &i32| stat(*child).is_some_and(|fields| fields.get(1) == Some(&parent));
    all().filter(is_child).collect()
}

/// The file a process executes.
pub fn executable(pid: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/exe")).ok()
}

/// A variable of a process's environment.
pub fn environment(pid: i32, name: &str) -> Option<String> {
    let block = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let wanted = format!("{name}=");
    let texts = block.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    texts
        .filter_map(|text| text.strip_prefix(&wanted).map(str::to_owned))
        .next()
}

/// Every living process with this variable in its environment, with its command line.
pub(crate) fn with_variable(name: &str, value: &str) -> Vec<(i32, String)> {
    let carries = |pid: &i32| environment(*pid, name).is_some_and(|found| found == value);
    let carriers = all().filter(carries).filter(|pid| alive(*pid));
    carriers.map(|pid| (pid, command_line(pid))).collect()
}

fn command_line(pid: i32) -> String {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words)
        .replace('\0', " ")
        .trim_end()
        .to_owned()
}

fn all() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").expect("/proc can be read").flatten();
    entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok())
}

/// The fields of /proc/PID/stat behind the name, which may hold anything: state, parent, ….
fn stat(pid: i32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}
