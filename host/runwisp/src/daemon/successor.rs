//! Asking the program that an upgrade would execute whether it can go on with what the keeper holds.
//!
//! Once the keeper has executed it there is no way back: a program that can't read the state loses every pipe. So it
//! is asked while everything still stands.
//!
//! Invariant: a program that does not answer in its time, or something else than yes, is not executed.
//! Tests: below; `tests/e2e/upgrade_restart.rs`.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use runwisp_keeper::STATE_FORMAT;

/// What it prints when it can. Ending with 0 is not enough: `/bin/true` does that.
pub(crate) const YES: &str = "yes: this runwisp takes over";

/// How long it may think.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked whether it has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// How much of its answer is read.
const MOST: u64 = 4096;

/// Asks it. The error says why it is not to be executed.
pub(crate) fn ask(program: &Path) -> Result<(), String> {
    let shown = program.display();
    let mut child = Command::new(program)
        .args(["daemon", "--can-take-over", &STATE_FORMAT.to_string()])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{shown} can not be executed: {error}"))?;
    let until = Instant::now() + PATIENCE;
    let ended = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < until => std::thread::sleep(PAUSE),
            Ok(None) | Err(_) => {
                // Whether it can be killed and waited for or not, it has not said yes.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{shown} did not say whether it can take over"));
            }
        }
    };
    let (said, complaint) = (text(child.stdout.take()), text(child.stderr.take()));
    if ended.success() && said.trim() == YES {
        return Ok(());
    }
    let why = complaint.lines().find(|line| !line.trim().is_empty());
    let why = why.unwrap_or("it does not know the question").trim();
    let why = why.trim_start_matches("runwisp: ");
    Err(format!(
        "{shown} can not take over from this version: {why}"
    ))
}

/// What it has printed: it has ended, so this waits for nothing but what it may have left behind, and not for long.
fn text(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // An answer that can't be read is no yes.
        let _ = pipe.take(MOST).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        let dir = tempfile::tempdir().unwrap();
        for (script, expected) in [
            (format!("#!/bin/sh\necho '{YES}'"), ""),
            (format!("#!/bin/sh\necho '{YES}'; exit 3"), "does not know"),
            ("#!/bin/sh\necho maybe".to_owned(), "does not know"),
            (
                "#!/bin/sh\necho 'error: no' >&2; exit 2".to_owned(),
                "error: no",
            ),
            ("no program".to_owned(), "can not be executed"),
        ] {
            let program = dir.path().join("program");
            std::fs::write(&program, &script).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            match ask(&program) {
                Ok(()) => assert_eq!(expected, "", "{script}"),
                Err(why) => assert!(!expected.is_empty() && why.contains(expected), "{why}"),
            }
        }
        assert!(ask(&dir.path().join("absent")).is_err());
    }
}
