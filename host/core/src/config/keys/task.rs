//! The keys only tasks have, and those of `params` and `hook_tokens`.

use super::{CENTURY, DAY, Key, Table, Type, key, unit};

/// `[tasks.NAME]`.
pub static TASK: Table = Table {
    header: "[tasks.NAME]",
    doc: "A command that is run to its end, by schedule or by hand.",
    parts: &[unit::UNIT_KEYS, TASK_KEYS],
    only: &[],
    open: false,
    foreign: &[
        ("command", "write `run`"),
        ("cmd", "write `run`"),
        ("exec", "write `run`"),
        ("script", "write `run`"),
        ("schedule", "write `cron`"),
        ("every", "write `cron = \"@every …\"`"),
        ("directory", "write `working_dir`"),
        ("cwd", "write `working_dir`"),
        ("environment", "write `env`"),
        ("stopsignal", "write `stop_signal`"),
        ("stopwaitsecs", "write `graceful_stop`"),
        ("parallelism", "write `max_concurrent`"),
        ("queue_max", "write `max_queued`"),
        ("retries", "write `retry_attempts`"),
        ("failures", "write `exit_codes` and `fail_on_output`"),
        ("notify", "write `notify_on_failure`"),
        ("memory", "`memory` stands in `limits`"),
        (
            "restart_delay",
            "a failed task is tried again by `retry_attempts` and `retry_delay`",
        ),
        (
            "restart_backoff",
            "a failed task is tried again by `retry_attempts` and `retry_backoff`",
        ),
        (
            "start_retries",
            "a failed task is tried again by `retry_attempts`",
        ),
        (
            "restart_attempts",
            "a failed task is tried again by `retry_attempts`",
        ),
        (
            "instances",
            "a task runs several times at once by `max_concurrent`; a program that stays up belongs in `[services.NAME]`",
        ),
        (
            "depends_on",
            "tasks follow each other by `on_success`; only `[services.NAME]` waits by `depends_on`",
        ),
    ],
};

/// The keys of tasks alone.
pub(super) const TASK_KEYS: &[Key] = &[
    key("cron", Type::Texts, "", r#""0 3 * * *""#,
        "When it is due: five fields, or six with seconds first, `@daily` and its kin, `@every 90s`, `@hourly`; one or a list. Left out, it runs by hand alone."),
    key("timezone", Type::Zone, "", r#""America/New_York""#, "The zone its `cron` is read in. Left out, the daemon's."),
    key("jitter", Type::Duration(0, DAY), r#""0s""#, r#""5m""#, "The largest random delay of a scheduled start, up to a day; needs `cron`."),
    key("run_on_start", Type::BoolOr(&["daemon", "boot"]), "false", r#""boot""#,
        "Run once when the daemon starts (`true`, or \"daemon\"), or at its first start after the machine booted (\"boot\")."),
    key("catch_up", Type::Int(0, 10_000), "1", "0",
        "How many missed ticks, the newest, are made up for. More than 1 needs `on_overlap = \"queue\"`.")
        .old_values(&[("skip", "0"), ("latest", "1")]),
    key("on_overlap", Type::Choice(&["queue", "skip", "kill"]), r#""queue""#, r#""skip""#,
        "What a tick does that finds all slots taken: it waits, is skipped, or ends the oldest run and takes its place.")
        .old_values(&[("terminate", r#""kill""#)]),
    key("max_concurrent", Type::Int(1, 1024), "1", "2", "How many runs at once."),
    key("max_queued", Type::Int(0, 10_000), "100", "5", "How many runs may wait."),
    key("retry_attempts", Type::Int(0, 100), "0", "3", "How often a failed run is tried again."),
    key("retry_delay", Type::Duration(0, CENTURY), r#""5s""#, r#""1m""#, "The delay before that."),
    key("retry_backoff", Type::Choice(&["constant", "linear", "exponential"]), r#""constant""#, r#""linear""#,
        "How that delay grows from one attempt to the next, up to 5 minutes."),
    key("restart", Type::Choice(&["never", "on_failure"]), r#""never""#, r#""on_failure""#,
        "\"on_failure\" tries a failed run again without limit.")
    .hint(" What has to stay up belongs in `[services.NAME]`."),
    key("expect_by", Type::Texts, "", r#"["06:00"]"#,
        "Times of day, or cron expressions, by which a run has to have finished since the time before; else people are told."),
    key("max_silence", Type::Duration(1, CENTURY), "", r#""26h""#,
        "The longest time without a finished run before people are told."),
];

/// `[[….params]]`.
pub static PARAM: Table = Table {
    header: "[[tasks.NAME.params]]",
    doc: "One argument of a manual run.",
    parts: &[&[
        key(
            "env",
            Type::Text,
            "",
            r#""TARGET""#,
            "The environment variable it is handed over in.",
        )
        .required(),
        key(
            "type",
            Type::Choice(&["string", "number", "boolean"]),
            r#""string""#,
            r#""number""#,
            "What it may be.",
        ),
        key(
            "default",
            Type::Open,
            "",
            r#""all""#,
            "Its value when none is given.",
        ),
        key(
            "required",
            Type::Bool,
            "false",
            "true",
            "Whether a run needs it.",
        ),
        key(
            "choices",
            Type::Open,
            "",
            r#"["all", "some"]"#,
            "The values to choose from.",
        ),
        key(
            "allow_custom",
            Type::Bool,
            "false",
            "true",
            "Whether other values than the choices are taken.",
        ),
        key(
            "description",
            Type::Text,
            "",
            r#""What to copy""#,
            "Shown beside it.",
        ),
    ]],
    only: &[],
    open: false,
    foreign: &[
        ("name", "write `env`"),
        (
            "arg",
            "arguments are handed over in the environment: write `env`",
        ),
        (
            "option",
            "arguments are handed over in the environment: write `env`",
        ),
        (
            "flag",
            "arguments are handed over in the environment: write `env`",
        ),
    ],
};

/// A table in `hook_tokens`.
pub static HOOK_TOKEN: Table = Table {
    header: "hook_tokens = [{ … }]",
    doc: "A token with what it allows.",
    parts: &[&[
        key(
            "token",
            Type::Text,
            "",
            r#""0123456789abcdef0123456789abcdef""#,
            "The secret, at least 32 characters without white space.",
        )
        .required(),
        key(
            "allow",
            Type::Texts,
            "",
            r#"["run"]"#,
            "What the caller may do: \"run\", \"start\", \"stop\", \"restart\".",
        ),
    ]],
    only: &[],
    open: false,
    foreign: &[],
};
