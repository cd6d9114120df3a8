//! Every code a note can have, with its weight and what it means.
//!
//! Invariant: a code is never renamed; the manual (`docs/importing-supervisord.md`) lists exactly these.
//!
//! Tests: `tests/manual.rs` compares the manual with this list.

use runwisp_plugin::Weight;

/// A code.
#[derive(Debug)]
pub struct Code {
    /// Its name, such as `unknown-key`.
    pub name: &'static str,
    /// How much it matters.
    pub weight: Weight,
    /// Whether supervisord itself refuses the whole file for it.
    pub refused: bool,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($ident:ident $name:literal $weight:ident $refused:literal $meaning:literal)*) => {
        $(pub(crate) static $ident: Code = Code {
            name: $name,
            weight: Weight::$weight,
            refused: $refused,
            meaning: $meaning,
        };)*
        /// All of them, in the order of the manual.
        pub static ALL: &[&Code] = &[$(&$ident),*];
    };
}

codes! {
    NOT_UTF8 "not-utf8" Blocking true "A file is not UTF-8; nothing is imported."
    NO_SECTION "no-section" Blocking true "A line stands before the first section; nothing is imported."
    STRAY_LINE "stray-line" Blocking true "A line is neither section, key, comment nor continuation; nothing is imported."
    BOM "bom" Changed true "The file begins with a byte order mark, which is left out."
    MISSING_BRACKET "missing-bracket" Blocking false "A section header has no `]`, so it is read as a key and the keys below it belong to the section above."
    HEADER_TRAILING_TEXT "header-trailing-text" Info false "Text behind the `]` of a header is ignored."
    INLINE_COMMENT_CUT "inline-comment-cut" Changed false "A value is cut at a blank and `;` or `#`; quotes do not protect it."
    CONTINUATION_LOST "continuation-lost" Changed false "A line that begins with `-` and is not indented is read as a key of its own and lost."
    CONTINUATION_SWALLOWED_KEY "continuation-swallowed-key" Changed false "An indented line that looks like a key belongs to the value above it."
    BACKSLASH_NEWLINE "backslash-newline" Changed false "A backslash at the end of a line puts a line break into an argument; it joins nothing."
    DUP_SECTION_MERGED "dup-section-merged" Info false "A section stands twice; its keys are merged, the last value of each wins."
    DUP_KEY "dup-key" Info false "A key stands twice in a section; the last value wins."
    DEFAULT_SECTION_APPLIED "default-section-applied" Info false "The keys of `[DEFAULT]` hold in every section that does not set them."
    UNKNOWN_KEY "unknown-key" Changed false "supervisord ignores the key; the nearest one that it knows is named."
    UNKNOWN_SECTION "unknown-section" Changed false "supervisord ignores the section; the nearest kind that it knows is named."
    FRAGMENT "fragment" Info true "There is no `[supervisord]` section, so this is a part of a configuration."
    NOTHING_TO_IMPORT "nothing-to-import" Changed false "There is no program in it."
    INCLUDE_FILES_MISSING "include-files-missing" Blocking true "`[include]` has no `files`."
    INCLUDE_FOLLOWED "include-followed" Info false "The files that `[include]` names are imported too."
    INCLUDE_NO_MATCH "include-no-match" Info false "A pattern of `[include]` matches no file."
    INCLUDE_UNREADABLE "include-unreadable" Blocking false "An included file can't be read here, so what is in it is not imported."
    INCLUDE_NEEDS_FILE "include-needs-file" Blocking false "From standard input, relative patterns of `[include]` are relative to nothing; name the file, or its folder by `--base-dir`."
    INCLUDE_NESTED_IGNORED "include-nested-ignored" Changed false "An `[include]` in an included file is ignored."
    PERCENT_BARE "percent-bare" Blocking true "A `%` is not followed by a form that Python knows; `%%` is a percent sign."
    PERCENT_UNKNOWN_NAME "percent-unknown-name" Blocking true "A name in `%( )` is not known in this key."
    PERCENT_TABLE "percent-table" Blocking false "A bare `%s` would be replaced by a table of every variable there is."
    PERCENT_FORM_UNSUPPORTED "percent-form-unsupported" Blocking false "A form in `%( )` is known to Python and not carried over."
    ENV_VAR_MISSING "env-var-missing" Blocking false "`%(ENV_X)s` stands where a value has to be known now; give `--option env.X=VALUE`."
    ENV_EXPANSION_KEPT "env-expansion-kept" Info false "`%(ENV_X)s` becomes `${X}`, taken from the environment of runwisp."
    ENV_EXPANSION_RESOLVED "env-expansion-resolved" Info false "`%(ENV_X)s` is replaced by the value that was given for the import."
    HERE_UNKNOWN "here-unknown" Blocking false "`%(here)s` has no meaning for standard input; name the file, or give `--option here=FOLDER`."
    HOST_UNKNOWN "host-unknown" Blocking false "`%(host_node_name)s` is not looked up; give `--option host=NAME`."
    HOSTNAME_BAKED_IN "hostname-baked-in" Info false "`%(host_node_name)s` is replaced by the name that was given for the import."
    ENV_INVALID "env-invalid" Blocking true "`environment` is no list of `NAME=value`."
    ENV_VALUE_TRUNCATED "env-value-truncated" Changed false "A value of `environment` without quotes is cut; it is imported as the program gets it."
    ENV_UNQUOTED_SPLIT "env-unquoted-split" Changed false "A value of `environment` without quotes falls apart into several variables."
    ENV_QUOTES_STRIPPED "env-quotes-stripped" Changed false "All outer quotes around a value of `environment` are removed, inner ones too."
    ENV_NAME_UNSUPPORTED "env-name-unsupported" Changed false "A name in `environment` is none that a variable can have here."
    SECRET_IN_CONFIG "secret-in-config" Info false "A variable looks like a secret and goes to `secrets`, where its value is masked."
    COMMAND_MISSING "command-missing" Blocking true "A program has no `command`."
    COMMAND_EMPTY "command-empty" Blocking false "`command` is empty, so no start can succeed."
    COMMAND_UNPARSABLE "command-unparsable" Blocking false "`command` can't be split into words, so no start can succeed."
    ENV_PREFIX_IN_COMMAND "env-prefix-in-command" Blocking false "`NAME=value` in front of a command is taken for the program, which does not exist."
    TILDE_LITERAL "tilde-literal" Blocking false "`~` is not expanded, so the path does not exist."
    EMPTY_VALUE "empty-value" Blocking false "A key is there without the value it needs, so no start can succeed."
    NUL_CHARACTER "nul-character" Blocking false "A value holds a NUL character, which no program can be given."
    SHELL_SYNTAX_LITERAL "shell-syntax-literal" Info false "There is no shell: operators, `$X`, `~` and `*` reach the program as they are."
    RELATIVE_COMMAND "relative-command" Info false "The program is a relative path; here it is relative to `working_dir`."
    DAEMONISING_COMMAND "daemonising-command" Changed false "The program puts itself in the background, which no supervisor can follow."
    PIDPROXY "pidproxy" Info false "`pidproxy` comes with supervisord and is needed as long as the command names it."
    STDIN_OPEN_PIPE "stdin-open-pipe" Changed false "supervisord gives the program a pipe that stays open; here its standard input is empty."
    SUPERVISOR_VARIABLES "supervisor-variables" Changed false "The program is told of supervisord by `SUPERVISOR_…` variables, which are not set here."
    NAME_INVALID "name-invalid" Blocking true "A name holds a blank, `:` or `/`, which supervisord refuses."
    NAME_SANITISED "name-sanitised" Info false "A name holds characters that a unit's name can't have."
    NAME_COLLISION "name-collision" Blocking false "Two processes of a group have one name, and supervisord runs only the later one."
    PROCESS_RENAMED "process-renamed" Info false "`process_name` differs from the program's name; the unit has the program's."
    PROCESS_NAME_NEEDS_NUMBER "process-name-needs-number" Blocking true "With several processes, `process_name` has to hold `%(process_num)`."
    GROUP_CARRIED "group-carried" Info false "The name of a group is `group` of its members; commands take names with globs."
    GROUP_UNKNOWN_MEMBER "group-unknown-member" Blocking true "A group names a program that does not exist."
    GROUP_MEMBER_TWICE "group-member-twice" Changed false "A program is in several groups, so it runs once for each: each is a unit."
    GROUP_ORDER "group-order" Changed false "`priority` of a group's member is replaced by the group's, which is what counts at the start."
    GROUP_SHADOWS_PROGRAM "group-shadows-program" Blocking false "A group and a program that is not in it have one name, and supervisord drops the later one."
    VALUE_INVALID "value-invalid" Blocking true "A value is none that its key takes."
    VALUE_MISSING "value-missing" Blocking true "A key that the section needs is missing."
    VALUE_CLAMPED "value-clamped" Changed false "A value is beyond what can be said here and becomes the nearest that can."
    NO_PROCESSES "no-processes" Changed false "`numprocs` is below 1, so the program never runs."
    TOO_MANY_INSTANCES "too-many-instances" Blocking false "`numprocs` is above 1024, the most that a service has."
    INSTANCES_UNROLLED "instances-unrolled" Info false "What differs between processes can't be said in one unit, so each is a unit of its own."
    SIGNAL_UNSUPPORTED "signal-unsupported" Blocking false "`stopsignal` is a number that supervisord takes and that is no signal."
    STOP_SIGNAL_KILL "stop-signal-kill" Info false "The program is stopped by `SIGKILL`, without a chance to clean up."
    GRACE_ZERO "grace-zero" Info false "`stopwaitsecs` is 0: `SIGKILL` follows at once."
    STOP_GROUP_CONFLICT "stop-group-conflict" Blocking true "`stopasgroup` without `killasgroup` is refused."
    KILL_TAKES_ALL "kill-takes-all" Info false "`killasgroup=false` spares the processes that a program leaves behind; here the final kill takes everything."
    SHUTDOWN_BUDGET "shutdown-budget" Changed false "`stopwaitsecs` is longer than `shutdown_timeout` of `[daemon]`, which is the ceiling when everything stops."
    USER_GROUP_FORM "user-group-form" Blocking true "`user` is no account; `user:group` is refused."
    USER_ENV_NOT_SET "user-env-not-set" Info false "supervisord leaves `HOME`, `USER` and `LOGNAME` as they are; here they are the user's."
    RELATIVE_DIRECTORY "relative-directory" Changed false "`directory` is relative to wherever supervisord was started; here it is relative to the file."
    UMASK_NOT_APPLIED "umask-not-applied" Info false "`umask` and `directory` of `[supervisord]` hold only when it puts itself in the background."
    LIMITS_EXACT "limits-exact" Info false "`minfds` is a least number; `limits.nofile` is exactly that."
    ONESHOT_FAST_EXIT "oneshot-fast-exit" Info false "supervisord starts a program again that ends within `startsecs`, whatever its exit code; a task runs once."
    NO_BACKOFF_LOOP "no-backoff-loop" Info false "With `startsecs=0` supervisord starts it again about every second, without end; here the delay grows."
    PRIORITY_NOT_DEPENDENCY "priority-not-dependency" Info false "`priority` orders starts and waits for nothing; `depends_on` waits."
    PRIORITY_OF_TASK "priority-of-task" Changed false "A task has no `priority`."
    LOG_FILE_DROPPED "log-file-dropped" Changed false "Output is kept by runwisp, not in the file that was named."
    LOG_OFF "log-off" Changed false "Output was thrown away; here it is kept."
    LOG_PASSTHROUGH "log-passthrough" Changed false "Output went to the one of supervisord itself; here it is kept."
    LOG_TARGET_DROPPED "log-target-dropped" Changed false "Output is not sent to syslog."
    LOG_UNBOUNDED "log-unbounded" Changed false "The log had no limit; here each run has one."
    STDERR_LOGFILE_IGNORED "stderr-logfile-ignored" Info false "With `redirect_stderr`, supervisord ignores `stderr_logfile`."
    EVENTS_DROPPED "events-dropped" Changed false "Output is not turned into events."
    KEY_DROPPED "key-dropped" Changed false "A key has no counterpart."
    DAEMON_SETTING_DROPPED "daemon-setting-dropped" Info false "A setting of supervisord itself has no meaning here."
    DAEMON_INHERITED "daemon-inherited" Info false "What programs inherit from `[supervisord]` is written into each unit."
    DAEMON_USER "daemon-user" Info false "supervisord gives up root for a user, so every program runs as that user: each unit says so."
    HTTP_SERVER_DROPPED "http-server-dropped" Info false "supervisord's own server is replaced by runwisp's socket; nothing is opened to the network by an import."
    RPC_PLUGIN_DROPPED "rpc-plugin-dropped" Changed false "A Python plugin of supervisord has no counterpart."
    FCGI_UNSUPPORTED "fcgi-unsupported" Blocking false "supervisord opens the socket of a FastCGI program; runwisp opens none."
    FCGI_IN_GROUP_NO_SOCKET "fcgi-in-group-no-socket" Blocking false "A FastCGI program in a group gets no socket from supervisord either."
    EVENTLISTENER_UNSUPPORTED "eventlistener-unsupported" Blocking false "An event listener that is not recognised; there are no event listeners here."
    EVENTLISTENER_RECOGNISED "eventlistener-recognised" Changed false "A well-known event listener is replaced by what runwisp does itself."
    DIALECT_GO "dialect-go" Changed false "Keys of the supervisord written in Go; the original ignores them."
    DIALECT_SUPERVICE "dialect-supervice" Changed false "Keys of supervice; supervisord ignores them."
}
