//! Which of the commands in a line is the one it is about: past guards, changes of directory and wrappers.
//!
//! Tests: `super::name`.

use super::words::{Token, tokens};

/// The program a line is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Main {
    /// The program as it is written.
    pub(crate) program: String,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
}

/// Words of the shell that stand in front of commands.
const RESERVED: [&str; 11] = [
    "if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "fi",
];

/// Commands that prepare, look or wait, and are hardly what a line is about.
const ASIDE: [&str; 27] = [
    ".", ":", "[", "[[", "cd", "command", "echo", "export", "false", "for", "printf", "pushd",
    "read", "set", "sleep", "source", "test", "trap", "true", "type", "ulimit", "umask", "unset",
    "wait", "which", "done", "}",
];

/// Programs that run another one: the options that take a word, and how many words stand in front of the program.
const WRAPPERS: &[(&str, &[&str], usize)] = &[
    (
        "sudo",
        &[
            "-u", "-g", "-h", "-p", "-C", "-r", "-t", "-U", "-D", "-T", "--user", "--group",
        ],
        0,
    ),
    ("doas", &["-u", "-C"], 0),
    ("nice", &["-n", "--adjustment"], 0),
    ("ionice", &["-c", "-n", "-p", "--class", "--classdata"], 0),
    ("chrt", &["-T", "-P", "-D"], 1),
    ("taskset", &[], 1),
    ("cpulimit", &["-l", "-p", "-e"], 0),
    (
        "flock",
        &["-w", "--timeout", "-E", "--conflict-exit-code"],
        1,
    ),
    ("lockf", &["-t"], 1),
    ("lckdo", &["-w"], 1),
    ("setlock", &[], 1),
    ("env", &["-u", "--unset", "-C", "--chdir"], 0),
    ("timeout", &["-k", "--kill-after", "-s", "--signal"], 1),
    ("time", &["-f", "-o", "--format", "--output"], 0),
    ("nohup", &[], 0),
    ("setsid", &[], 0),
    ("exec", &["-a"], 0),
    ("chronic", &[], 0),
    ("cronic", &[], 0),
    ("cronwrap", &[], 0),
    ("eatmydata", &[], 0),
    ("unbuffer", &[], 0),
    ("stdbuf", &["-i", "-o", "-e"], 0),
    (
        "systemd-cat",
        &["-t", "-p", "--identifier", "--priority"],
        0,
    ),
    (
        "systemd-inhibit",
        &["--what", "--who", "--why", "--mode"],
        0,
    ),
    (
        "systemd-run",
        &[
            "-p",
            "--property",
            "--unit",
            "-u",
            "--slice",
            "--uid",
            "--gid",
        ],
        0,
    ),
    ("setuidgid", &[], 1),
    (
        "chpst",
        &[
            "-u", "-U", "-b", "-/", "-n", "-l", "-m", "-d", "-o", "-p", "-f", "-c",
        ],
        0,
    ),
    ("runuser", &["-u", "--user", "-g", "--group"], 0),
    (
        "xvfb-run",
        &["-s", "-n", "--server-args", "--server-num"],
        0,
    ),
    ("dbus-run-session", &[], 0),
    ("catchsegv", &[], 0),
    ("caffeinate", &["-t", "-w"], 0),
];

/// Pairs of words that run another program, such as `bundle exec`, with options and words in front as above.
const TWO_WORDS: &[(&str, &str, &[&str], usize)] = &[
    ("bundle", "exec", &[], 0),
    ("poetry", "run", &[], 0),
    ("pipenv", "run", &[], 0),
    ("uv", "run", &["--project", "--directory", "--with"], 0),
    (
        "docker",
        "exec",
        &["-u", "--user", "-e", "--env", "-w", "--workdir"],
        1,
    ),
    (
        "podman",
        "exec",
        &["-u", "--user", "-e", "--env", "-w", "--workdir"],
        1,
    ),
    (
        "docker-compose",
        "exec",
        &["-u", "--user", "-e", "--env", "-w", "--workdir", "--index"],
        1,
    ),
];

/// Shells, whose `-c` is a command of its own.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "su"];

/// How deep commands in commands are looked into.
const DEEPEST: usize = 4;

/// The program a line is about; none where there is none.
pub(crate) fn main_command(command: &str) -> Option<Main> {
    find(command, DEEPEST)
}

/// The folder that a command changes to before anything else.
pub(crate) fn folder(command: &str) -> Option<String> {
    let mut words = tokens(command).into_iter();
    match (words.next()?, words.next()?) {
        (Token::Word(cd), Token::Word(folder)) if cd == "cd" => Some(folder),
        _ => None,
    }
}

fn find(command: &str, depth: usize) -> Option<Main> {
    let tokens = tokens(command);
    let mut aside = None;
    for segment in tokens.split(|token| *token == Token::End) {
        let words: Vec<String> = segment
            .iter()
            .filter_map(|token| match token {
                Token::Word(word) => Some(word.clone()),
                Token::End => None,
            })
            .collect();
        let Some(main) = unwrapped(&words, depth) else {
            continue;
        };
        if !ASIDE.contains(&main.program.as_str()) {
            return Some(main);
        }
        // A line of nothing but an `echo` is about that.
        let says_something =
            ["echo", "printf", "sleep", "true", "source", "."].contains(&main.program.as_str());
        if says_something && aside.is_none() {
            aside = Some(main);
        }
    }
    aside
}

/// The last part of a path.
pub(super) fn base(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a word sets a variable for the command behind it.
fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn unwrapped(words: &[String], depth: usize) -> Option<Main> {
    let mut words = words;
    loop {
        let (first, rest) = words.split_first()?;
        if is_assignment(first) || RESERVED.contains(&first.as_str()) {
            words = rest;
            continue;
        }
        let program = base(first);
        if SHELLS.contains(&program)
            && let Some(script) = script(rest)
            && depth > 0
        {
            return find(script, depth - 1);
        }
        let next = rest.first().map(String::as_str).unwrap_or_default();
        let two = TWO_WORDS
            .iter()
            .find(|(one, two, ..)| *one == program && *two == next);
        let inner = if let Some((_, _, options, skipped)) = two {
            behind(&rest[1..], options, *skipped)
        } else if let Some((_, options, skipped)) =
            WRAPPERS.iter().find(|(name, ..)| *name == program)
        {
            behind(rest, options, *skipped)
        } else {
            &[]
        };
        // `flock FILE -c 'command'`
        if ["flock", "runuser"].contains(&program)
            && let Some(script) = script(rest)
            && depth > 0
        {
            return find(script, depth - 1);
        }
        if inner.is_empty() {
            return Some(Main {
                program: first.clone(),
                arguments: rest.to_vec(),
            });
        }
        words = inner;
    }
}

/// The words behind the options of a wrapper and the words it takes for itself.
fn behind<'a>(words: &'a [String], with_word: &[&str], skipped: usize) -> &'a [String] {
    let mut rest = words;
    while let Some((first, more)) = rest.split_first() {
        if first == "--" {
            rest = more;
            break;
        }
        if first.starts_with('-') && first.len() > 1 {
            let takes = usize::from(with_word.contains(&first.as_str()));
            rest = more.get(takes..).unwrap_or_default();
        } else if is_assignment(first) {
            rest = more;
        } else {
            break;
        }
    }
    rest.get(skipped..).unwrap_or_default()
}

/// The command behind `-c`, also where it is the last of several letters: `-lc`.
fn script(words: &[String]) -> Option<&str> {
    let is_c = |word: &String| {
        word == "--command"
            || (word.starts_with('-') && !word.starts_with("--") && word.ends_with('c'))
    };
    let at = words.iter().position(is_c)?;
    words.get(at + 1).map(String::as_str)
}
