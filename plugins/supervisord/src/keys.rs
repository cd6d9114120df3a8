//! The sections and keys that supervisord knows, and what becomes of each.
//!
//! Invariant: a key that is not here is reported as unknown; the manual's tables are generated from these.
//!
//! Tests: `tests/manual.rs`; below, what is made of mistyped ones.

/// A key, and what becomes of it.
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What becomes of it, for the manual.
    pub becomes: &'static str,
}

/// A kind of section.
pub struct Kind {
    /// Its header as users write it.
    pub header: &'static str,
    /// What becomes of it, for the manual.
    pub becomes: &'static str,
    /// Its keys.
    pub keys: &'static [&'static [Known]],
}

impl Kind {
    /// Whether it has a key of that name.
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// The names of its keys.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let keys = self.keys;
        keys.iter()
            .flat_map(|part| part.iter())
            .map(|known| known.name)
    }
}

macro_rules! keys {
    ($($name:literal $becomes:literal)*) => { &[$(Known { name: $name, becomes: $becomes }),*] };
}

const PROGRAM_KEYS: &[Known] = keys! {
    "command" "`run`: text where it is one plain command, else a list of program and arguments. With `%(process_num)` or `%(ENV_X)` in it, a line for the shell that computes the same arguments"
    "process_name" "nothing: the unit has the program's name, and an instance its number"
    "numprocs" "`instances`; for a task, as many tasks"
    "numprocs_start" "counted into what `%(process_num)` becomes; instances are numbered from 0"
    "priority" "`priority`, on every service as soon as two differ"
    "autostart" "`autostart`; for a task, no `run_on_start`"
    "startsecs" "`healthy_after`, always written: the defaults differ (1 s there, 60 s here)"
    "startretries" "`start_retries`, with `restart_backoff = \"linear\"`: waits of 1, 2, 3 … seconds"
    "autorestart" "`true`: `restart = \"always\"`. `unexpected`, the default: `\"on_failure\"`. `false`: a task with `run_on_start = true` and `restart = \"never\"`"
    "exitcodes" "`exit_codes`"
    "stopsignal" "`stop_signal`"
    "stopwaitsecs" "`graceful_stop`, always written: the defaults differ (10 s there, 5 s here)"
    "stopasgroup" "`false`, the default: `stop_scope = \"process\"`. `true`: nothing, it is what runwisp does"
    "killasgroup" "nothing: the final kill always takes everything"
    "user" "`user`; HOME, USER and LOGNAME become the user's, which supervisord leaves alone"
    "directory" "`working_dir`"
    "umask" "`umask`"
    "environment" "`env`, and `secrets` for names that look like one"
    "serverurl" "dropped"
    "redirect_stderr" "nothing: both streams are kept, in order, and told apart"
    "stdout_logfile" "dropped, with a TODO: output is kept by runwisp"
    "stderr_logfile" "dropped, with a TODO: output is kept by runwisp"
    "stdout_logfile_maxbytes" "`log_max_size`; the larger one of the two"
    "stderr_logfile_maxbytes" "`log_max_size`; the larger one of the two"
    "stdout_logfile_backups" "dropped, with a TODO"
    "stderr_logfile_backups" "dropped, with a TODO"
    "stdout_capture_maxbytes" "dropped, with a TODO, unless 0"
    "stderr_capture_maxbytes" "dropped, with a TODO, unless 0"
    "stdout_events_enabled" "dropped, with a TODO, unless false"
    "stderr_events_enabled" "dropped, with a TODO, unless false"
    "stdout_syslog" "dropped, with a TODO, unless false"
    "stderr_syslog" "dropped, with a TODO, unless false"
};

/// `[program:x]`.
pub static PROGRAM: Kind = Kind {
    header: "[program:x]",
    becomes: "It becomes `[services.x]`, or `[tasks.x]` with `autorestart=false`.",
    keys: &[PROGRAM_KEYS],
};

/// `[fcgi-program:x]`.
pub static FCGI: Kind = Kind {
    header: "[fcgi-program:x]",
    becomes: "It becomes a commented-out `[services.x]`, since runwisp opens no sockets. It has the keys of a program, and:",
    keys: &[
        PROGRAM_KEYS,
        keys! {
            "socket" "nothing"
            "socket_owner" "nothing"
            "socket_mode" "nothing"
            "socket_backlog" "nothing"
        },
    ],
};

/// `[eventlistener:x]`.
pub static LISTENER: Kind = Kind {
    header: "[eventlistener:x]",
    becomes: "See [event listeners](#event-listeners). It has the keys of a program, and:",
    keys: &[
        PROGRAM_KEYS,
        keys! {
            "events" "read to recognise the listener"
            "buffer_size" "nothing"
            "result_handler" "nothing"
        },
    ],
};

/// `[group:x]`.
pub static GROUP: Kind = Kind {
    header: "[group:x]",
    becomes: "It becomes `group = \"x\"` on its members.",
    keys: &[keys! {
        "programs" "`group` of each"
        "priority" "`priority` of each member, in place of its own"
    }],
};

/// `[supervisord]`.
pub static SUPERVISORD: Kind = Kind {
    header: "[supervisord]",
    becomes: "What programs inherit from it is written into each unit.",
    keys: &[keys! {
        "environment" "`env` and `secrets` of every unit; the program's own win"
        "directory" "`working_dir` of units without one, unless `nodaemon=true`"
        "umask" "`umask` of units without one, unless `nodaemon=true`"
        "user" "`user` of units without one, unless it is root"
        "minfds" "above 1024: `limits.nofile` of every unit"
        "minprocs" "dropped: it is a least number, and runwisp's limits are ceilings"
        "nodaemon" "read: whether `directory` and `umask` hold"
        "logfile" "dropped"
        "logfile_maxbytes" "dropped"
        "logfile_backups" "dropped"
        "loglevel" "dropped"
        "pidfile" "dropped"
        "silent" "dropped"
        "nocleanup" "dropped"
        "childlogdir" "dropped"
        "strip_ansi" "dropped"
        "identifier" "dropped"
        "profile_options" "dropped"
    }],
};

/// `[include]`.
pub static INCLUDE: Kind = Kind {
    header: "[include]",
    becomes: "It is followed one level deep, as supervisord does.",
    keys: &[keys! {
        "files" "patterns, relative to the main file; the matches of each in order of their names"
    }],
};

/// `[unix_http_server]`.
pub static UNIX_SERVER: Kind = Kind {
    header: "[unix_http_server]",
    becomes: "It becomes nothing: runwisp has a socket of its own.",
    keys: &[keys! {
        "file" "nothing"
        "chmod" "nothing"
        "chown" "nothing"
        "username" "nothing"
        "password" "nothing"
    }],
};

/// `[inet_http_server]`.
pub static INET_SERVER: Kind = Kind {
    header: "[inet_http_server]",
    becomes: "It becomes nothing: an import opens no port. The note names `[daemon] listen`.",
    keys: &[keys! {
        "port" "named in the note"
        "username" "nothing"
        "password" "nothing"
    }],
};

/// `[supervisorctl]`.
pub static CTL: Kind = Kind {
    header: "[supervisorctl]",
    becomes: "It becomes nothing: `runwisp` finds its daemon by itself.",
    keys: &[keys! {
        "serverurl" "nothing"
        "username" "nothing"
        "password" "nothing"
        "prompt" "nothing"
        "history_file" "nothing"
    }],
};

/// `[rpcinterface:x]`.
pub static RPC: Kind = Kind {
    header: "[rpcinterface:x]",
    becomes: "It becomes nothing; there is a note unless it is supervisord's own. Other keys are the plugin's.",
    keys: &[keys! { "supervisor.rpcinterface_factory" "nothing" }],
};

/// `[ctlplugin:x]`.
pub static CTL_PLUGIN: Kind = Kind {
    header: "[ctlplugin:x]",
    becomes: "It becomes nothing, with a note. Other keys are the plugin's.",
    keys: &[keys! { "supervisor.ctl_factory" "nothing" }],
};

/// All of them, in the order of the manual.
pub static KINDS: &[&Kind] = &[
    &PROGRAM,
    &GROUP,
    &SUPERVISORD,
    &INCLUDE,
    &LISTENER,
    &FCGI,
    &UNIX_SERVER,
    &INET_SERVER,
    &CTL,
    &RPC,
    &CTL_PLUGIN,
];

/// Keys of the supervisord written in Go.
pub(crate) const GO_KEYS: &[&str] = &[
    "restartpause",
    "depends_on",
    "envfiles",
    "pre_start_hook",
    "pre_stop_hook",
    "liveness_check_script",
    "cron",
    "killwaitsecs",
    "restart_when_binary_changed",
    "restart_cmd_when_binary_changed",
    "restart_signal_when_binary_changed",
    "restart_directory_monitor",
    "restart_file_pattern",
    "restart_cmd_when_file_changed",
    "restart_signal_when_file_changed",
];

/// Keys of supervice.
pub(crate) const SUPERVICE_KEYS: &[&str] = &[
    "env_file",
    "group",
    "healthcheck_type",
    "healthcheck_command",
    "healthcheck_port",
    "healthcheck_interval",
    "healthcheck_timeout",
    "healthcheck_retries",
    "healthcheck_start_period",
];

/// The kind of the section of that name.
pub(crate) fn kind_of(section: &str) -> Option<&'static Kind> {
    let (head, named) = match section.split_once(':') {
        Some((head, _)) => (head, true),
        None => (section, false),
    };
    Some(match (head, named) {
        ("program", true) => &PROGRAM,
        ("fcgi-program", true) => &FCGI,
        ("eventlistener", true) => &LISTENER,
        ("group", true) => &GROUP,
        ("supervisord", false) => &SUPERVISORD,
        ("include", false) => &INCLUDE,
        ("supervisorctl", false) => &CTL,
        ("rpcinterface", true) => &RPC,
        ("ctlplugin", true) => &CTL_PLUGIN,
        _ if section.starts_with("unix_http_server") => &UNIX_SERVER,
        _ if section.starts_with("inet_http_server") => &INET_SERVER,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use runwisp_plugin::settings::nearest;

    use super::*;

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        for (typed, meant) in [
            ("autorestrat", Some("autorestart")),
            ("autorestarts", Some("autorestart")),
            ("comand", Some("command")),
            ("numproc", Some("numprocs")),
            ("stdout_log_file", Some("stdout_logfile")),
            ("enviroment", Some("environment")),
            ("start_secs", Some("startsecs")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, PROGRAM.names()), meant, "{typed}");
        }
    }
}
