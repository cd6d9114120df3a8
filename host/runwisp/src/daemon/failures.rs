//! The keeper's failures in plain words.
//!
//! Tests: below.

use runwisp_core::words::ids::UnitName;
use runwisp_core::words::keeper::SpawnStep;

/// Why a command could not be started, such as `exec /usr/bin/foo: no such file or directory`.
pub(crate) fn spawn_failed(step: SpawnStep, errno: i32, about: &str) -> String {
    let doing = match step {
        SpawnStep::Refused => "the keeper refused to start it",
        SpawnStep::Pipe => "could not make its pipes",
        SpawnStep::Fork => "could not make a process",
        SpawnStep::Cgroup => "could not set its cgroup limits",
        SpawnStep::Session => "could not make its session",
        SpawnStep::Rlimit => "could not set a limit",
        SpawnStep::Priority => "could not set its priority",
        SpawnStep::Groups => "could not take its groups",
        SpawnStep::User => "could not become the user",
        SpawnStep::Chdir => "could not enter the directory",
        SpawnStep::Stdin => "could not open its standard input",
        SpawnStep::Exec => "could not execute",
    };
    let about = if about.is_empty() {
        String::new()
    } else {
        format!(" {about}")
    };
    if errno == 0 {
        return format!("{doing}{about}");
    }
    format!("{doing}{about}: {}{}", text_of(errno), hint(step, errno))
}

/// The system's own words. The standard library's text ends in "(os error 2)", which helps nobody here.
pub(crate) fn text_of(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .to_lowercase()
}

/// Why a unit runs without its cgroup limits.
pub(crate) fn unlimited(unit: &UnitName, why: &str) -> String {
    format!("the cgroup limits of {unit} do not hold: {why}")
}

/// What to do about the failures people meet most.
fn hint(step: SpawnStep, errno: i32) -> &'static str {
    match (step, errno) {
        (SpawnStep::Exec, libc::ENOENT) => " (is it installed, and in the PATH of this unit?)",
        (SpawnStep::Exec, libc::EACCES) => " (is it executable by this user?)",
        (SpawnStep::Exec, libc::ENOEXEC) => " (does it begin with a #! line?)",
        (SpawnStep::User | SpawnStep::Groups, libc::EPERM) => {
            " (only a daemon run by root can change users)"
        }
        (SpawnStep::Fork, libc::EAGAIN) => " (the limit of processes is reached)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_where_and_what_to_do() {
        assert_eq!(
            spawn_failed(SpawnStep::Exec, libc::ENOENT, "nosuch"),
            "could not execute nosuch: no such file or directory (is it installed, and in the PATH of this unit?)"
        );
        assert_eq!(
            spawn_failed(SpawnStep::Chdir, libc::ENOTDIR, "/etc/passwd"),
            "could not enter the directory /etc/passwd: not a directory"
        );
        assert_eq!(
            spawn_failed(SpawnStep::Refused, 0, "no such unit"),
            "the keeper refused to start it no such unit"
        );
    }
}
