//! What a person should know about a program: what could never have started, what behaves otherwise here.
//!
//! Invariant: no message quotes the command beyond a word that is known beforehand.
//!
//! Tests: `crate::tests`.

use crate::codes;
use crate::program::{Kind, Parts, Program};
use crate::sheet::Sheet;
use crate::text::{Piece, Text, as_known};
use crate::unit::process_name;
use crate::value::Restart;

/// Remarks on a program. `relative` says that a relative directory is relative to nothing that is known.
pub(crate) fn about(sheet: &mut Sheet<'_>, program: &Program, parts: &Parts, relative: bool) {
    command(sheet, parts);
    directory(sheet, parts, relative);
    nul(sheet, parts);
    stops(sheet, program);
    restarts(sheet, program);
    if program.kind == Kind::Fcgi {
        fcgi(sheet, program);
    }
    if let Some(user) = &program.user {
        let told = parts.env.iter().any(|(name, _)| name == "HOME");
        if user != "root" && user != "0" && !told {
            let message = "supervisord leaves HOME, USER and LOGNAME as its own; runwisp sets them to those of the user";
            sheet.remark(&codes::USER_ENV_NOT_SET, "user", message);
        }
    }
    if program.processes == 1 && process_name(parts, &program.name).is_some() {
        let message = "`process_name` is not the program's name; the unit has the program's";
        sheet.remark(&codes::PROCESS_RENAMED, "process_name", message);
    }
    let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
    if !program.name.chars().all(fit) || program.name.len() > 100 || program.name.is_empty() {
        let message = "the name of a unit is of at most 100 letters, digits and . _ - : alone; the unit is called as the file says";
        sheet.remark(&codes::NAME_SANITISED, "", message);
    }
}

fn command(sheet: &mut Sheet<'_>, parts: &Parts) {
    let Some(program) = parts.argv.first() else {
        return;
    };
    let words: Vec<Option<String>> = parts.argv.iter().map(|word| as_known(word)).collect();
    let program = as_known(program).unwrap_or_default();
    if is_assignment(&program) {
        let message = "the command begins with `NAME=value`, which is taken for the program; there is no shell to make a variable of it, so every start fails: use `environment`";
        sheet.remark(&codes::ENV_PREFIX_IN_COMMAND, "command", message);
    } else if program.starts_with("~/") {
        let message = "`~` is not expanded, so the program is not found and every start fails";
        sheet.remark(&codes::TILDE_LITERAL, "command", message);
    } else if program.contains('/') && !program.starts_with('/') {
        let message = "the program is a relative path; supervisord looks for it where it was started itself and executes it below `directory`, runwisp below `working_dir`";
        sheet.remark(&codes::RELATIVE_COMMAND, "command", message);
    }
    if let Some(found) = literal_syntax(&words) {
        let message = format!(
            "there is no shell: {found} reaches the program as it stands; for a shell, write `run` as one text"
        );
        sheet.remark(&codes::SHELL_SYNTAX_LITERAL, "command", message);
    }
    let broken = |text: &Text| text.first() == Some(&Piece::Char('\n'));
    if parts.argv.iter().any(broken) {
        let message = "a backslash at the end of a line joins nothing: an argument begins with the line break";
        sheet.remark(&codes::BACKSLASH_NEWLINE, "command", message);
    }
    let words: Vec<&str> = words
        .iter()
        .map(|word| word.as_deref().unwrap_or_default())
        .collect();
    if let Some(flag) = daemonises(&words) {
        let message = format!(
            "the program puts itself in the background, and what it leaves there is ended with it; {flag}"
        );
        sheet.dropped(&codes::DAEMONISING_COMMAND, "command", message);
    }
    if words.first().is_some_and(|word| base(word) == "pidproxy") {
        let message = "`pidproxy` comes with supervisord: keep that installed, or start the program in the foreground";
        sheet.remark(&codes::PIDPROXY, "command", message);
    }
    if reads_input(&words) {
        let message = "the program reads its standard input, which supervisord keeps open and empty; here it ends at once";
        sheet.dropped(&codes::STDIN_OPEN_PIPE, "command", message);
    }
    let mentions = |text: &Text| text_of(text).contains("SUPERVISOR_");
    if parts
        .argv
        .iter()
        .chain(parts.env.iter().map(|(_, value)| value))
        .any(mentions)
    {
        let message =
            "SUPERVISOR_… variables are not set here; RUNWISP_UNIT and RUNWISP_INSTANCE_INDEX are";
        sheet.dropped(&codes::SUPERVISOR_VARIABLES, "command", message);
    }
}

fn text_of(text: &[Piece]) -> String {
    text.iter()
        .filter_map(|piece| match piece {
            Piece::Char(c) => Some(*c),
            Piece::Number(_) | Piece::Env(_) => None,
        })
        .collect()
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| crate::scope::is_variable(name))
}

/// The first word that a shell would not take literally.
fn literal_syntax(words: &[Option<String>]) -> Option<&'static str> {
    const OPERATORS: [&str; 12] = [
        "`&&`", "`||`", "`|`", "`;`", "`&`", "`>`", "`>>`", "`<`", "`2>&1`", "`2>`", "`>&2`",
        "`<<`",
    ];
    let shell = words
        .first()
        .and_then(Option::as_deref)
        .is_some_and(is_shell);
    let mut script = false;
    for word in words
        .iter()
        .skip(1)
        .map(|word| word.as_deref().unwrap_or_default())
    {
        if script {
            // What a shell is given to read is meant for it, and so are the words behind.
            return None;
        }
        script = shell && word.starts_with('-') && !word.starts_with("--") && word.contains('c');
        if let Some(operator) = OPERATORS
            .into_iter()
            .find(|operator| operator.trim_matches('`') == word)
        {
            return Some(operator);
        }
        let variable = word.split('$').skip(1).any(|rest| {
            rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '{' | '('))
        });
        let found = [
            (variable, "`$`"),
            (word.contains('`'), "a backtick"),
            (word.starts_with("~/") || word == "~", "`~`"),
            (word.contains('*'), "`*`"),
        ];
        if let Some((_, what)) = found.into_iter().find(|(there, _)| *there) {
            return Some(what);
        }
    }
    None
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

fn is_shell(word: &str) -> bool {
    matches!(
        base(word),
        "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "fish"
    )
}

/// What to write so that a well-known program stays in the foreground, when it would not.
fn daemonises(words: &[&str]) -> Option<&'static str> {
    let (program, rest) = words.split_first()?;
    let any = |flags: &[&str]| rest.iter().any(|word| flags.contains(word));
    let holds = |part: &str| rest.iter().any(|word| word.contains(part));
    match base(program) {
        "nginx" if !holds("daemon off") && !any(&["-t", "-v", "-s"]) => {
            Some("add `-g 'daemon off;'`, unless its configuration says so")
        }
        "apache2" | "httpd" if !any(&["-DFOREGROUND", "FOREGROUND", "-X", "-DNO_DETACH"]) => {
            Some("add `-DFOREGROUND`")
        }
        "apachectl" | "apache2ctl"
            if any(&["start", "restart"]) && !any(&["-DFOREGROUND", "FOREGROUND"]) =>
        {
            Some("add `-DFOREGROUND`")
        }
        "php-fpm" if !any(&["-F", "--nodaemonize"]) => {
            Some("add `-F`, unless its configuration says so")
        }
        "gunicorn" | "celery" | "uwsgi" if any(&["-D", "--daemon", "--detach", "--daemonize"]) => {
            Some("remove the flag that does that")
        }
        "celery" if any(&["multi"]) => Some("start each worker by `celery worker`"),
        "redis-server" if rest.windows(2).any(|pair| pair == ["--daemonize", "yes"]) => {
            Some("remove `--daemonize`")
        }
        "memcached" | "haproxy" if any(&["-d", "-D"]) => Some("remove the flag that does that"),
        "sshd" if !any(&["-D", "-d"]) => Some("add `-D`"),
        "cron" | "crond" if !any(&["-f", "-n"]) => Some("add `-f`"),
        "service" | "systemctl" | "pm2" | "forever" if any(&["start", "restart"]) => {
            Some("start the program itself")
        }
        _ if program.starts_with("/etc/init.d/") => Some("start the program itself"),
        _ => None,
    }
}

/// Whether the program lives as long as its input is open.
fn reads_input(words: &[&str]) -> bool {
    match words {
        [program] => matches!(
            base(program),
            "cat" | "sh" | "bash" | "dash" | "python" | "python3" | "node" | "irb" | "tee"
        ),
        [program, rest @ ..] => {
            (base(program) == "cat" && rest == ["-"])
                || rest.contains(&"--watch-stdin")
                || rest == ["-i"] && is_shell(program)
        }
        [] => false,
    }
}

fn directory(sheet: &mut Sheet<'_>, parts: &Parts, relative: bool) {
    let Some(text) = &parts.directory else { return };
    match text.first() {
        None => {
            let message = "`directory` is empty, so every start fails";
            sheet.remark(&codes::EMPTY_VALUE, "directory", message);
        }
        Some(Piece::Char('~')) => {
            let message = "`~` is not expanded in `directory`, so every start fails; here it would be the home of the user";
            sheet.remark(&codes::TILDE_LITERAL, "directory", message);
        }
        Some(Piece::Char('/') | Piece::Env(_)) => {}
        Some(Piece::Char(_) | Piece::Number(_)) if relative => {
            let message = "`directory` is relative to where supervisord was started; here it is relative to the configuration file";
            sheet.remark(&codes::RELATIVE_DIRECTORY, "directory", message);
        }
        Some(Piece::Char(_) | Piece::Number(_)) => {}
    }
}

/// Remarks on NUL characters, which no program can be given.
pub(crate) fn nul(sheet: &mut Sheet<'_>, parts: &Parts) {
    let holds = |text: &[Piece]| text.contains(&Piece::Char('\0'));
    let found = [
        ("command", parts.argv.iter().any(|word| holds(word))),
        (
            "environment",
            parts.env.iter().any(|(_, value)| holds(value)),
        ),
        ("directory", parts.directory.as_deref().is_some_and(holds)),
    ];
    for (key, _) in found.into_iter().filter(|(_, there)| *there) {
        sheet.remark(
            &codes::NUL_CHARACTER,
            key,
            format!("`{key}` holds a NUL character"),
        );
    }
}

fn stops(sheet: &mut Sheet<'_>, program: &Program) {
    match program.stopsignal {
        0 => {
            let message = "`stopsignal=0` sends nothing, so supervisord waits and kills";
            sheet.remark(&codes::SIGNAL_UNSUPPORTED, "stopsignal", message);
        }
        9 => {
            let message = "the program is stopped by SIGKILL, without a chance to clean up";
            sheet.remark(&codes::STOP_SIGNAL_KILL, "stopsignal", message);
        }
        _ => {}
    }
    if program.stopwaitsecs <= 0 {
        sheet.remark(
            &codes::GRACE_ZERO,
            "stopwaitsecs",
            "SIGKILL follows the stop signal at once",
        );
    } else if program.stopwaitsecs > 10 {
        let message = format!(
            "`stopwaitsecs` is longer than `shutdown_timeout` in `[daemon]`, which is 10s unless set: raise it to {}s, or what is left is killed when everything stops",
            program.stopwaitsecs
        );
        sheet.remark(&codes::SHUTDOWN_BUDGET, "stopwaitsecs", message);
    }
    if sheet.has("killasgroup") && !program.killasgroup {
        let message = "with `killasgroup=false` supervisord leaves alive what the program has started; here the final kill takes everything";
        sheet.remark(&codes::KILL_TAKES_ALL, "killasgroup", message);
    }
}

fn restarts(sheet: &mut Sheet<'_>, program: &Program) {
    match program.restart {
        Restart::Never => {
            if program.startsecs > 0 && program.startretries > 0 {
                let message = "supervisord starts it up to startretries times again when it ends within startsecs, whatever its exit code; a task runs once";
                sheet.remark(&codes::ONESHOT_FAST_EXIT, "autorestart", message);
            }
            if sheet.has("priority") {
                sheet.dropped(
                    &codes::PRIORITY_OF_TASK,
                    "priority",
                    "a task has no `priority`",
                );
            }
        }
        Restart::Always if program.startsecs <= 0 => {
            let message = "with `startsecs=0` supervisord starts it again about once a second, without end; here the delay grows while it ends within a second";
            sheet.remark(&codes::NO_BACKOFF_LOOP, "startsecs", message);
        }
        Restart::Always | Restart::Unexpected => {}
    }
}

fn fcgi(sheet: &mut Sheet<'_>, program: &Program) {
    if program.group.is_some() {
        let message = "supervisord makes an ordinary program of a FastCGI program in a group, without its socket; runwisp opens none either: let the server open it, by `spawn-fcgi` or an option of its own";
        sheet.dropped(&codes::FCGI_IN_GROUP_NO_SOCKET, "socket", message);
    } else {
        let message = "supervisord opens the socket and hands it over as standard input; runwisp opens none: let the server open it, by `spawn-fcgi` or an option of its own";
        sheet.dropped(&codes::FCGI_UNSUPPORTED, "socket", message);
    }
}
