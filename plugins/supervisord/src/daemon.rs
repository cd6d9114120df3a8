//! `[supervisord]`: what programs inherit from it, and what falls away.
//!
//! Tests: `crate::tests`, the goldens.

use crate::codes;
use crate::document::{Document, Remark};
use crate::keys::SUPERVISORD;
use crate::scope::{Scope, Used, World, is_variable, shown};
use crate::sheet::Sheet;
use crate::text::{Text, as_known};
use crate::value;

/// What units inherit.
#[derive(Debug, Default)]
pub(crate) struct Daemon {
    pub(crate) user: Option<String>,
    pub(crate) umask: Option<i64>,
    pub(crate) directory: Option<String>,
    pub(crate) nofile: Option<i64>,
    /// Whether anything at all is inherited.
    pub(crate) inherited: bool,
}

/// What falls away without a trace.
const DROPPED: [&str; 11] = [
    "logfile",
    "logfile_maxbytes",
    "logfile_backups",
    "loglevel",
    "pidfile",
    "silent",
    "nocleanup",
    "childlogdir",
    "strip_ansi",
    "identifier",
    "minprocs",
];

const LEVELS: [&str; 7] = [
    "critical", "error", "warn", "info", "debug", "trace", "blather",
];

/// Reads the section; its variables join the world.
pub(crate) fn read(document: &Document, world: &mut World<'_>) -> (Daemon, Vec<Remark>) {
    let Some(section) = document.section("supervisord") else {
        return (Daemon::default(), Vec::new());
    };
    let mut sheet = Sheet::new(document, section);
    let used = Used::default();
    let scope = Scope::common(world, &used);
    let nofile = sheet.get(&scope, "minfds", 1024, value::integer);
    let directory = sheet.text(&scope, "directory");
    let user = sheet.text(&scope, "user");
    let umask = sheet.get(&scope, "umask", None, |text| value::octal(text).map(Some));
    let foreground = sheet.get(&scope, "nodaemon", false, value::boolean);
    unused(&mut sheet, &scope);
    let shared = variables(&mut sheet, &scope);
    sheet.unknown_keys(&SUPERVISORD);
    let mut daemon = Daemon {
        user: user.filter(|user| user != "root" && user != "0" && !user.is_empty()),
        umask: umask.map(|umask| umask & 0o777).filter(|_| !foreground),
        directory: directory.filter(|path| !path.is_empty() && !foreground),
        nofile: Some(nofile).filter(|n| *n > 1024),
        inherited: false,
    };
    daemon.inherited = daemon.user.is_some()
        || daemon.umask.is_some()
        || daemon.directory.is_some()
        || daemon.nofile.is_some()
        || !shared.is_empty();
    tell(&mut sheet, &daemon, foreground);
    sheet.used(&used);
    if sheet.remarks.is_empty() && !daemon.inherited {
        let message = "there is nothing in it that a program inherits";
        sheet.remark(&codes::DAEMON_SETTING_DROPPED, "", message);
    }
    let remarks = sheet.remarks;
    world.shared = shared;
    (daemon, remarks)
}

/// Reads what falls away, for what supervisord refuses about it.
fn unused(sheet: &mut Sheet<'_>, scope: &Scope<'_>) {
    sheet.get(scope, "minprocs", 200, value::integer);
    for key in ["logfile", "pidfile", "identifier", "childlogdir"] {
        sheet.text(scope, key);
    }
    sheet.get(scope, "logfile_maxbytes", 0, value::bytes);
    sheet.get(scope, "logfile_backups", 0, value::integer);
    sheet.get(scope, "loglevel", (), |text| {
        let known = LEVELS.contains(&text.to_lowercase().as_str());
        known.then_some(()).ok_or_else(|| "is no level".to_owned())
    });
    for key in ["silent", "nocleanup", "strip_ansi"] {
        sheet.get(scope, key, false, value::boolean);
    }
}

/// Says what units inherit, and what not.
fn tell(sheet: &mut Sheet<'_>, daemon: &Daemon, foreground: bool) {
    if let Some(key) = ["umask", "directory"]
        .into_iter()
        .find(|key| sheet.has(key))
    {
        let message = if foreground {
            "with `nodaemon=true` supervisord ignores its own `umask` and `directory`, and programs have those of its caller"
        } else {
            "`umask` and `directory` are written into each unit; where supervisord was started with `-n`, they did not hold, and are better removed"
        };
        sheet.remark(&codes::UMASK_NOT_APPLIED, key, message);
    }
    if let Some(user) = &daemon.user {
        let message = format!(
            "every program runs as `{}`, so each unit without its own `user` says so",
            shown(user)
        );
        sheet.remark(&codes::DAEMON_USER, "user", message);
    }
    if daemon.nofile.is_some() {
        let message = "`minfds` is a least number of open files; `limits.nofile` of each unit is exactly that";
        sheet.remark(&codes::LIMITS_EXACT, "minfds", message);
    }
    let dropped = DROPPED.iter().filter(|key| sheet.has(key));
    let dropped: Vec<String> = dropped.map(|key| format!("`{key}`")).collect();
    if !dropped.is_empty() {
        let message = format!(
            "{}: of supervisord itself, and not carried over",
            dropped.join(", ")
        );
        sheet.remark(&codes::DAEMON_SETTING_DROPPED, "", message);
    }
}

/// The variables that every program gets.
fn variables(sheet: &mut Sheet<'_>, scope: &Scope<'_>) -> Vec<(String, Text)> {
    let Some(entry) = sheet.entry("environment") else {
        return Vec::new();
    };
    let kept = Scope {
        program: None,
        group: None,
        process: None,
        own: &[],
        host: false,
        keep: true,
        world: scope.world,
        used: scope.used,
    };
    // supervisord expands it twice, and knows the name of the machine only the second time.
    let twice = kept.expand(&entry.value).and_then(|text| {
        let host = Scope { host: true, ..kept };
        host.again(&text)
    });
    let text = match twice {
        Ok(text) => text,
        Err(fault) => {
            sheet.fault("environment", fault);
            return Vec::new();
        }
    };
    let mut vars = Vec::new();
    for (name, value) in sheet.variables(&text) {
        let Some(name) = as_known(&name) else {
            continue;
        };
        if !is_variable(&name) {
            let message = format!(
                "`{}` is no name of a variable here, and is left out",
                shown(&name)
            );
            sheet.remark(&codes::ENV_NAME_UNSUPPORTED, "environment", message);
        }
        vars.push((name, value));
    }
    vars
}
