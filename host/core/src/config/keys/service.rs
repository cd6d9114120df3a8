//! The keys only services have, and those of their health checks.

use super::{CENTURY, Key, Table, Type, key, unit};

/// `[services.NAME]`.
pub static SERVICE: Table = Table {
    header: "[services.NAME]",
    doc: "A command that is kept alive.",
    parts: &[unit::UNIT_KEYS, SERVICE_KEYS],
    only: &[],
    open: false,
    foreign: &[
        (
            "cron",
            "a service is kept alive, not scheduled; what runs by the clock belongs in `[tasks.NAME]`",
        ),
        ("command", "write `run`"),
        ("cmd", "write `run`"),
        ("exec", "write `run`"),
        ("script", "write `run`"),
        ("directory", "write `working_dir`"),
        ("cwd", "write `working_dir`"),
        ("environment", "write `env`"),
        ("numprocs", "write `instances`"),
        ("replicas", "write `instances`"),
        ("autorestart", "write `restart`"),
        ("startsecs", "write `healthy_after`"),
        ("startretries", "write `start_retries`"),
        ("stopsignal", "write `stop_signal`"),
        ("stopwaitsecs", "write `graceful_stop`"),
        ("health_check", "write `health`"),
        ("after", "write `depends_on`"),
        ("failures", "write `exit_codes` and `fail_on_output`"),
        ("notify", "write `notify_on_failure`"),
        ("memory", "`memory` stands in `limits`"),
        (
            "retry_attempts",
            "a service is started again by `restart` and `start_retries`",
        ),
        (
            "retry_delay",
            "a service is started again after `restart_delay`",
        ),
        ("retry_backoff", "write `restart_backoff`"),
        ("max_concurrent", "a service has `instances`"),
    ],
};

/// The keys of services alone.
pub(super) const SERVICE_KEYS: &[Key] = &[
    key(
        "instances",
        Type::Int(1, 1024),
        "1",
        "3",
        "How many; each is told its number, from 0, in RUNWISP_INSTANCE_INDEX.",
    ),
    key(
        "restart",
        Type::Choice(&["always", "on_failure", "never"]),
        r#""always""#,
        r#""never""#,
        "What happens when it ends by itself.",
    ),
    key(
        "restart_delay",
        Type::Duration(0, CENTURY),
        r#""1s""#,
        r#""200ms""#,
        "The delay before it is started again.",
    ),
    key(
        "restart_backoff",
        Type::Choice(&["constant", "linear", "exponential"]),
        r#""exponential""#,
        r#""constant""#,
        "How that delay grows with failures in a row.",
    ),
    key(
        "restart_delay_max",
        Type::Duration(0, CENTURY),
        r#""60s""#,
        r#""5m""#,
        "The ceiling of the delay.",
    ),
    key(
        "healthy_after",
        Type::Duration(0, CENTURY),
        r#""60s""#,
        r#""10s""#,
        "How long it has to live to count as well started, which forgets its failures.",
    )
    .aliases(&["backoff_reset_after"]),
    key(
        "start_retries",
        Type::Int(0, 1_000_000),
        "3",
        "5",
        "How many failed starts in a row are tried again; one more is fatal.",
    )
    .aliases(&["restart_attempts"]),
    key(
        "priority",
        Type::Int(-1_000_000, 1_000_000),
        "0",
        "10",
        "Low numbers start first and stop last.",
    ),
    key(
        "autostart",
        Type::Bool,
        "true",
        "false",
        "Whether it starts with the daemon.",
    ),
    key(
        "depends_on",
        Type::Texts,
        "",
        r#"["other"]"#,
        "Services that have to be ready first.",
    ),
    key(
        "health",
        Type::Table(&HEALTH),
        "",
        r#"{ tcp = "127.0.0.1:80" }"#,
        "How its health is checked; see `[services.NAME.health]`.",
    ),
    key(
        "ready",
        Type::Choice(&["spawned", "healthy", "notify"]),
        r#""spawned""#,
        r#""notify""#,
        "What makes it ready: being executed, its first passed health check, or `READY=1` by sd_notify.",
    ),
    key(
        "watchdog",
        Type::Duration(1, CENTURY),
        "",
        r#""30s""#,
        "How often it has to send `WATCHDOG=1` by sd_notify; late, it is restarted.",
    ),
    key(
        "watch",
        Type::Texts,
        "",
        r#"["/etc/hosts"]"#,
        "Paths whose change restarts it; relative ones are relative to the file.",
    ),
    key(
        "critical",
        Type::Bool,
        "false",
        "true",
        "When it ends for good, everything is stopped and the daemon exits with a failure, for containers.",
    ),
];

/// `[services.NAME.health]`.
pub static HEALTH: Table = Table {
    header: "[services.NAME.health]",
    doc: "A check of a service's health: exactly one of `http`, `tcp` and `exec`.",
    parts: &[&[
        key(
            "http",
            Type::Text,
            "",
            r#""http://127.0.0.1:8080/health""#,
            "A URL to GET; 200 to 399 passes.",
        )
        .per_run(),
        key(
            "tcp",
            Type::Text,
            "",
            r#""127.0.0.1:5432""#,
            "A `host:port` to connect to.",
        )
        .per_run(),
        key(
            "exec",
            Type::Command,
            "",
            r#""./check""#,
            "A command, run as the service is; exit code 0 passes.",
        ),
        key(
            "interval",
            Type::Duration(1, CENTURY),
            r#""10s""#,
            r#""3s""#,
            "From the end of one check to the next.",
        ),
        key(
            "timeout",
            Type::Duration(1, CENTURY),
            r#""5s""#,
            r#""1s""#,
            "The longest a check may take.",
        ),
        key(
            "retries",
            Type::Int(1, 1000),
            "3",
            "1",
            "Failures in a row that make it unhealthy.",
        ),
        key(
            "start_period",
            Type::Duration(0, CENTURY),
            r#""10s""#,
            r#""1m""#,
            "How long failures before the first pass do not count.",
        ),
        key(
            "on_unhealthy",
            Type::Choice(&["restart", "none"]),
            r#""restart""#,
            r#""none""#,
            "What being unhealthy leads to.",
        ),
    ]],
    only: &[],
    open: false,
    foreign: &[
        ("run", "write `exec`"),
        ("url", "write `http`"),
        ("command", "write `exec`"),
        ("port", "write `tcp = \"host:port\"`"),
    ],
};
