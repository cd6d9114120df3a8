//! A section of a program as supervisord understands it: every key typed, nothing translated yet.
//!
//! Tests: `crate::tests`; the differential test compares with supervisord itself.

use crate::codes;
use crate::document::{Document, Section};
use crate::keys::{FCGI, LISTENER, PROGRAM};
use crate::percent::Fault;
use crate::scope::{Process, Scope, Used, World, is_variable, shown};
use crate::sheet::Sheet;
use crate::text::{Text, as_known};
use crate::value::{self, LogFile, Restart};
use crate::words;

/// Which kind of section it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Program,
    Fcgi,
    Listener,
}

/// What all processes of a program have in common.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// The `[group:x]` that it is in, if any.
    pub(crate) group: Option<String>,
    pub(crate) priority: i64,
    pub(crate) autostart: bool,
    pub(crate) restart: Restart,
    pub(crate) startsecs: i64,
    pub(crate) startretries: i64,
    pub(crate) stopsignal: i64,
    pub(crate) stopwaitsecs: i64,
    pub(crate) stopasgroup: bool,
    pub(crate) killasgroup: bool,
    pub(crate) exitcodes: Vec<i64>,
    pub(crate) redirect_stderr: bool,
    pub(crate) processes: i64,
    pub(crate) first: i64,
    pub(crate) user: Option<String>,
    pub(crate) umask: Option<i64>,
    pub(crate) captures: bool,
}

/// What may differ from process to process.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// The command, where all of it is known.
    pub(crate) command: Option<String>,
    /// Its words; none when it can't be started.
    pub(crate) argv: Vec<Text>,
    /// The variables, those of `[supervisord]` among them.
    pub(crate) env: Vec<(String, Text)>,
    pub(crate) directory: Option<Text>,
    pub(crate) process_name: Option<Text>,
    pub(crate) logs: Vec<Log>,
    /// The name of a variable differs from process to process.
    pub(crate) varying_names: bool,
}

/// One stream's log.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) stream: &'static str,
    pub(crate) file: LogFile,
    pub(crate) max_bytes: i64,
    pub(crate) syslog: bool,
}

/// Reads what all processes have in common.
pub(crate) fn read(
    sheet: &mut Sheet<'_>,
    world: &World<'_>,
    used: &Used,
    kind: Kind,
    name: &str,
    group: Option<&str>,
) -> Program {
    let scope = Scope {
        program: Some(name),
        group: Some(group.unwrap_or(name)),
        host: true,
        ..Scope::common(world, used)
    };
    let default_priority = if kind == Kind::Listener { -1 } else { 999 };
    let stopasgroup = sheet.get(&scope, "stopasgroup", false, value::boolean);
    let program = Program {
        kind,
        name: name.to_owned(),
        group: group.map(str::to_owned),
        priority: sheet.get(&scope, "priority", default_priority, value::integer),
        autostart: sheet.get(&scope, "autostart", true, value::boolean),
        restart: sheet.get(&scope, "autorestart", Restart::Unexpected, value::restart),
        startsecs: sheet.get(&scope, "startsecs", 1, value::integer),
        startretries: sheet.get(&scope, "startretries", 3, value::integer),
        stopsignal: sheet.get(&scope, "stopsignal", 15, value::signal),
        stopwaitsecs: sheet.get(&scope, "stopwaitsecs", 10, value::integer),
        stopasgroup,
        killasgroup: sheet.get(&scope, "killasgroup", stopasgroup, value::boolean),
        exitcodes: sheet.get(&scope, "exitcodes", vec![0], value::exit_codes),
        redirect_stderr: sheet.get(&scope, "redirect_stderr", false, value::boolean),
        processes: sheet.get(&scope, "numprocs", 1, value::integer),
        first: sheet.get(&scope, "numprocs_start", 0, value::integer),
        user: sheet.text(&scope, "user"),
        umask: sheet.get(&scope, "umask", None, |text| value::octal(text).map(Some)),
        captures: captures(sheet, &scope),
    };
    let server = sheet.text(&scope, "serverurl");
    if server.is_some_and(|url| !url.is_empty() && !url.trim().eq_ignore_ascii_case("auto")) {
        sheet.dropped(
            &codes::KEY_DROPPED,
            "serverurl",
            "`serverurl` tells a program where supervisord is, and has no counterpart",
        );
    }
    sheet.unknown_keys(match kind {
        Kind::Program => &PROGRAM,
        Kind::Fcgi => &FCGI,
        Kind::Listener => &LISTENER,
    });
    check(sheet, &program);
    program
}

fn captures(sheet: &mut Sheet<'_>, scope: &Scope<'_>) -> bool {
    let mut any = false;
    for key in ["stdout_capture_maxbytes", "stderr_capture_maxbytes"] {
        any |= sheet.get(scope, key, 0, value::bytes) != 0;
    }
    for key in ["stdout_events_enabled", "stderr_events_enabled"] {
        any |= sheet.get(scope, key, false, value::boolean);
    }
    any
}

/// What supervisord refuses about keys taken together.
fn check(sheet: &mut Sheet<'_>, program: &Program) {
    let process_name = sheet
        .entry("process_name")
        .map_or("%(program_name)s", |entry| entry.value.as_str());
    if let Err(why) = value::name(process_name) {
        sheet.remark(
            &codes::NAME_INVALID,
            "process_name",
            format!("`process_name` {why}"),
        );
    }
    if program.processes > 1 && !process_name.contains("%(process_num)") {
        let message = "with several processes, `process_name` has to hold `%(process_num)`, such as `%(program_name)s_%(process_num)02d`; supervisord refuses the file";
        sheet.remark(&codes::PROCESS_NAME_NEEDS_NUMBER, "numprocs", message);
    }
    if program.stopasgroup && !program.killasgroup {
        let message = "`stopasgroup=true` with `killasgroup=false` is refused by supervisord";
        sheet.remark(&codes::STOP_GROUP_CONFLICT, "killasgroup", message);
    }
    if let Some(user) = &program.user {
        let plain = !user.is_empty() && !user.contains([':', '/', ' ', '\t', '\n']);
        if !plain {
            let message = "`user` is the name or number of an account, without a group; supervisord refuses the file";
            sheet.remark(&codes::USER_GROUP_FORM, "user", message);
        }
    }
}

/// Reads what may differ, for one process or for any.
pub(crate) fn parts(
    sheet: &mut Sheet<'_>,
    world: &World<'_>,
    used: &Used,
    program: &Program,
    process: Process,
) -> Parts {
    let group = program.group.as_deref().unwrap_or(&program.name);
    let scope = Scope {
        program: Some(&program.name),
        group: Some(group),
        process: Some((process, program.processes)),
        host: true,
        keep: true,
        ..Scope::common(world, used)
    };
    let mut parts = Parts::default();
    let own = variables(sheet, &scope, &mut parts.varying_names);
    let scope = Scope { own: &own, ..scope };
    parts.directory = sheet
        .entry("directory")
        .and_then(|entry| faulted(sheet, "directory", scope.expand(&entry.value)));
    for stream in ["stdout", "stderr"] {
        let log = log(sheet, &scope, stream);
        parts.logs.push(log);
    }
    if let Some(entry) = sheet.entry("process_name") {
        parts.process_name = faulted(sheet, "process_name", scope.expand(&entry.value));
    }
    command(sheet, &scope, &mut parts);
    parts.env.clone_from(&world.shared);
    for (name, value) in own {
        match parts.env.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => parts.env.push((name, value)),
        }
    }
    parts.env.retain(|(name, _)| is_variable(name));
    parts
}

fn faulted<T>(sheet: &mut Sheet<'_>, key: &str, result: Result<T, Fault>) -> Option<T> {
    result.map_err(|fault| sheet.fault(key, fault)).ok()
}

/// The program's own variables, those with impossible names among them: expansions may still name these.
fn variables(sheet: &mut Sheet<'_>, scope: &Scope<'_>, varying: &mut bool) -> Vec<(String, Text)> {
    let Some(entry) = sheet.entry("environment") else {
        return Vec::new();
    };
    let Some(text) = faulted(sheet, "environment", scope.expand(&entry.value)) else {
        return Vec::new();
    };
    let mut vars = Vec::new();
    for (name, value) in sheet.variables(&text) {
        match as_known(&name) {
            Some(name) => {
                if !is_variable(&name) {
                    let message = format!(
                        "`{}` is no name of a variable here, and is left out",
                        shown(&name)
                    );
                    sheet.dropped(&codes::ENV_NAME_UNSUPPORTED, "environment", message);
                }
                vars.push((name, value));
            }
            None => *varying = true,
        }
    }
    vars
}

fn log(sheet: &mut Sheet<'_>, scope: &Scope<'_>, stream: &'static str) -> Log {
    let key = |what: &str| format!("{stream}_{what}");
    let file = match sheet.entry(&key("logfile")) {
        None => LogFile::Auto,
        Some(entry) => {
            // supervisord expands it twice.
            let text = scope
                .expand(&entry.value)
                .and_then(|text| scope.again(&text));
            match faulted(sheet, &key("logfile"), text) {
                None => LogFile::Auto,
                Some(text) => match as_known(&text) {
                    Some(text) => value::log_file(&text),
                    None => LogFile::Path(entry.value.clone()),
                },
            }
        }
    };
    sheet.get(scope, &key("logfile_backups"), 10, value::integer);
    Log {
        stream,
        file,
        max_bytes: sheet.get(scope, &key("logfile_maxbytes"), 50 << 20, value::bytes),
        syslog: sheet.get(scope, &key("syslog"), false, value::boolean),
    }
}

fn command(sheet: &mut Sheet<'_>, scope: &Scope<'_>, parts: &mut Parts) {
    let Some(entry) = sheet.entry("command") else {
        let message = "the section has no `command`; supervisord refuses the file";
        sheet.remark(&codes::COMMAND_MISSING, "", message);
        return;
    };
    let Some(text) = faulted(sheet, "command", scope.expand(&entry.value)) else {
        return;
    };
    parts.command = as_known(&text);
    match words::split(&text) {
        Ok(words) if words.is_empty() => {
            let message = "`command` is empty, so every start fails";
            sheet.remark(&codes::COMMAND_EMPTY, "command", message);
        }
        Ok(words) => parts.argv = words,
        Err(why) => {
            let message = format!("the command {}, so every start fails", why.as_str());
            sheet.remark(&codes::COMMAND_UNPARSABLE, "command", message);
        }
    }
}

/// The name behind the colon of a section, checked as supervisord checks it.
pub(crate) fn name_of(sheet: &mut Sheet<'_>) -> Option<String> {
    let (_, name) = sheet.section.name.split_once(':')?;
    match value::name(name) {
        Ok(name) => Some(name),
        Err(why) => {
            let message = format!("the name {why}");
            sheet.remark(&codes::NAME_INVALID, "", message);
            None
        }
    }
}

/// The section of a program or FastCGI program of that name, with its kind.
pub(crate) fn find<'a>(document: &'a Document, name: &str) -> Option<(&'a Section, Kind)> {
    let program = document.section(&format!("program:{name}"));
    let fcgi = document.section(&format!("fcgi-program:{name}"));
    match (program, fcgi) {
        (Some(section), None) => Some((section, Kind::Program)),
        (None, Some(section)) => Some((section, Kind::Fcgi)),
        _ => None,
    }
}
