//! The commands of the README's first minute, as a reader types them, in one shell.
//!
//! Three things differ from a reader's hands: what builds is left out, the daemon goes to the background, and who
//! follows a log leaves after its first line.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use runwisp_tests::{Place, program};

/// Lines that begin with `$ ` in the section whose heading holds "minute".
fn commands(readme: &str) -> Vec<&str> {
    let is_heading = |line: &&str| line.starts_with("## ");
    let section = readme
        .lines()
        .skip_while(|line| !(is_heading(line) && line.contains("minute")));
    let section = section.skip(1).take_while(|line| !is_heading(line));
    section
        .filter_map(|line| line.strip_prefix("$ "))
        .filter(|line| !line.starts_with("cargo "))
        .collect()
}

/// The whole as a shell script that says the exit code of each line after it.
fn script(commands: &[&str]) -> String {
    let mut text = String::new();
    for line in commands {
        let words = line.split(" #").next().unwrap_or(line).trim();
        let _ = match words {
            daemon if daemon.contains("runwisp daemon") => {
                let data = words.split("--data ").nth(1).unwrap();
                writeln!(
                    text,
                    "{daemon} &\nuntil target/release/runwisp --data {data} status; do sleep 0.1; done >&2 2>/dev/null"
                )
            }
            follow if follow.ends_with(" -f") => writeln!(text, "{follow} | head -n 1"),
            other => writeln!(text, "{other}"),
        };
        let _ = writeln!(
            text,
            "echo \"[$?] {}\"",
            words.replace(['$', '"', '\\', '`'], " ")
        );
    }
    text + "kill %1\nwait %1\necho \"[$?] stopped\"\n"
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = fs::read_to_string(top.join("README.md")).unwrap();
    let commands = commands(&readme);
    assert!(
        commands.len() >= 6,
        "the README has no first minute: {commands:?}"
    );
    let place = Place::new("");
    fs::remove_file(place.config()).unwrap();
    fs::create_dir_all(place.path("target/release")).unwrap();
    std::os::unix::fs::symlink(program(), place.path("target/release/runwisp")).unwrap();
    fs::create_dir(place.path("examples")).unwrap();
    fs::copy(
        top.join("examples/first.toml"),
        place.path("examples/first.toml"),
    )
    .unwrap();
    let script = script(&commands).replace("/tmp/rw", &place.data().to_string_lossy());

    let like = place.command();
    let mut shell = Command::new("bash");
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
        .args(["-m", "-c", &script])
        .current_dir(place.dir())
        .stdin(Stdio::null());
    let output = shell.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let ends: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(ends.len(), commands.len() + 1, "{text}");
    // One task fails, on purpose, and its code is the shell's.
    for end in ends {
        let wanted = if end.contains("runwisp run ") {
            "[3]"
        } else {
            "[0]"
        };
        assert!(end.starts_with(wanted), "{end}\n-- all of it\n{text}");
    }
    for words in ["hello, it is", "no space left on /mnt/backup", "failed"] {
        assert!(text.contains(words), "{words:?} is not shown:\n{text}");
    }
}
