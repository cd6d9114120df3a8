//! The systemd unit: what it says, and whether a file found in its place is ours. Pure.
//!
//! The first lines name the maker and carry a digest of the rest, so that an edited file and one written by hand are
//! told from our own.
//!
//! Tests: below.

use std::path::Path;

use runwisp_core::words::digest::digest;

/// What our files begin with.
const MARK: &str = "# Made by `runwisp service install`; change it with `systemctl edit`. Digest: ";

/// Where systemd starts the daemon, and as whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The machine's own systemd, as root.
    System,
    /// A user's.
    User,
}

/// The whole file.
pub(super) fn unit_file(owner: Owner, program: &Path, config: &Path, data: &Path) -> String {
    let line = |verb: &str| {
        let words = [Path::new("--config"), config, Path::new("--data"), data];
        [program, Path::new(verb)]
            .into_iter()
            .chain(words)
            .map(|word| quoted(&word.to_string_lossy()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let (command, reload) = (line("daemon"), line("reload"));
    let (after, wanted_by) = match owner {
        Owner::System => (
            "After=network.target remote-fs.target nss-user-lookup.target time-sync.target\n",
            "multi-user.target",
        ),
        Owner::User => ("", "default.target"),
    };
    let state = match (owner, data == Path::new("/var/lib/runwisp")) {
        (Owner::System, true) => "StateDirectory=runwisp\nStateDirectoryMode=0700\n",
        _ => "",
    };
    let body = format!(
        "[Unit]\n\
         Description=runwisp: services and scheduled tasks\n\
         Documentation=man:runwisp(1)\n\
         {after}\
         \n\
         [Service]\n\
         Type=notify\n\
         # The keeper is the main process; the daemon, its child, says when it is ready.\n\
         NotifyAccess=all\n\
         ExecStart={command}\n\
         # Ends when the new configuration is in force, and fails when it is refused.\n\
         ExecReload={reload}\n\
         Restart=on-failure\n\
         # A broken configuration does not get better by trying again.\n\
         RestartPreventExitStatus=78\n\
         # TERM goes to the keeper alone, which stops everything in order.\n\
         KillMode=mixed\n\
         TimeoutStopSec=120\n\
         WatchdogSec=60\n\
         # Limits of units are cgroups below ours; one unit that runs out of memory is no reason to end all.\n\
         Delegate=yes\n\
         OOMPolicy=continue\n\
         TasksMax=infinity\n\
         LimitNOFILE=524288\n\
         {state}\
         \n\
         [Install]\n\
         WantedBy={wanted_by}\n"
    );
    format!("{MARK}{}\n{body}", digest(&body))
}

/// What stands in the place of our file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Exactly what we would write.
    Same,
    /// Ours, of another version or for other paths.
    Ours,
    /// Ours, and edited since.
    Edited,
    /// Somebody else's.
    Foreign,
}

/// Compares a file with the one we would write.
pub(super) fn compare(found: &str, ours: &str) -> Found {
    if found == ours {
        return Found::Same;
    }
    let marked = found
        .strip_prefix(MARK)
        .and_then(|rest| rest.split_once('\n'));
    match marked {
        Some((sum, body)) if sum == digest(&body) => Found::Ours,
        Some(_) => Found::Edited,
        None => Found::Foreign,
    }
}

/// A word of a command line as systemd.service(5) reads it.
fn quoted(word: &str) -> String {
    let escaped = word
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
        .replace('$', "$$");
    let plain = !word.is_empty() && !word.contains([' ', '\t', '"', '\'', '\\', ';', '#']);
    if plain {
        escaped
    } else {
        format!("\"{escaped}\"")
    }
}

/// Whether a program at this path may be gone tomorrow.
pub(super) fn is_transient(program: &Path) -> bool {
    let temporary = ["/tmp", "/var/tmp", "/dev/shm", "/run", "/proc"];
    let built = program
        .components()
        .any(|part| part.as_os_str() == "target")
        && program
            .parent()
            .is_some_and(|dir| dir.ends_with("debug") || dir.ends_with("release"));
    built || temporary.iter().any(|dir| program.starts_with(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(owner: Owner) -> String {
        unit_file(
            owner,
            Path::new("/usr/bin/runwisp"),
            Path::new("/etc/runwisp/runwisp.toml"),
            Path::new("/var/lib/runwisp"),
        )
    }

    #[test]
    fn a_file_is_known_again() {
        let ours = file(Owner::System);
        let other = file(Owner::User);
        for (found, expected) in [
            (ours.clone(), Found::Same),
            (other, Found::Ours),
            (ours.replace("=60", "=5"), Found::Edited),
            ("[Service]\nExecStart=/x\n".to_owned(), Found::Foreign),
            (String::new(), Found::Foreign),
        ] {
            assert_eq!(compare(&found, &ours), expected, "{found}");
        }
    }

    #[test]
    fn the_system_s_unit_golden() {
        insta::assert_snapshot!(file(Owner::System));
    }

    #[test]
    fn words_are_quoted_as_systemd_reads_them() {
        for (word, expected) in [
            ("/usr/bin/runwisp", "/usr/bin/runwisp"),
            ("/a b", "\"/a b\""),
            ("100%", "100%%"),
            ("$HOME", "$$HOME"),
            ("a\"b\\", "\"a\\\"b\\\\\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(word), expected, "{word}");
        }
    }

    #[test]
    fn programs_that_may_vanish_are_told() {
        for (path, expected) in [
            ("/usr/bin/runwisp", false),
            ("/tmp/runwisp", true),
            ("/tmpfoo/runwisp", false),
            ("/home/u/runwisp/target/release/runwisp", true),
            ("/opt/target/bin/runwisp", false),
        ] {
            assert_eq!(is_transient(Path::new(path)), expected, "{path}");
        }
    }
}
