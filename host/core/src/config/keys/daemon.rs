//! The keys of `[daemon]`, `[storage]` and `[defaults]`.

use super::{CENTURY, Key, Table, Type, key, service, task, unit};

/// `[daemon]`.
pub static DAEMON: Table = Table {
    header: "[daemon]",
    doc: "The daemon itself. Stands in the root file only.",
    parts: &[DAEMON_KEYS],
    only: &[],
    open: false,
    foreign: &[
        (
            "port",
            "the port is part of `listen`, as in \"127.0.0.1:9477\"",
        ),
        (
            "host",
            "the address is part of `listen`, as in \"127.0.0.1:9477\"",
        ),
        ("metrics_enabled", "write `metrics = \"on\"`"),
        ("metrics_listen", "write `metrics = \"host:port\"`"),
        ("check_updates", "there is no such poll; remove the key"),
        (
            "include_cron",
            "run `runwisp import crontab`, or write the jobs as tasks",
        ),
    ],
};

const DAEMON_KEYS: &[Key] = &[
    key(
        "listen",
        Type::Text,
        r#""127.0.0.1:9477""#,
        r#""127.0.0.1:9000""#,
        "Where HTTP is served: `host:port`, or \"off\" for the Unix socket alone.",
    ),
    key(
        "external_url",
        Type::Text,
        "",
        r#""https://jobs.example.com""#,
        "What links in messages begin with. It is never contacted.",
    ),
    key(
        "timezone",
        Type::Zone,
        "",
        r#""Europe/Berlin""#,
        "The zone of schedules that name none. Left out, it is the host's.",
    ),
    key(
        "shutdown_timeout",
        Type::Duration(0, CENTURY),
        r#""10s""#,
        r#""30s""#,
        "The longest that stopping everything may take, all units in parallel; what is left then is killed.",
    ),
    key(
        "user",
        Type::User,
        "",
        r#""nobody""#,
        "Whom the daemon runs as when it was started as root; units keep their own `user`.",
    ),
    key(
        "include",
        Type::Texts,
        "",
        r#"["conf.d/*.toml"]"#,
        "Further files, as globs relative to this one. An included file may hold tasks, services, notifiers, routes and plugins.",
    ),
    key(
        "tls",
        Type::Choice(&["off", "auto"]),
        r#""off""#,
        r#""auto""#,
        "\"auto\" serves HTTPS with a certificate of its own on every address but loopback.",
    ),
    key(
        "tls_cert",
        Type::Path,
        "",
        r#""tls/cert.pem""#,
        "The certificate, PEM; needs `tls_key`.",
    ),
    key(
        "tls_key",
        Type::Path,
        "",
        r#""tls/key.pem""#,
        "The certificate's private key, PEM; needs `tls_cert`.",
    ),
    key(
        "trusted_proxies",
        Type::Texts,
        "",
        r#"["10.0.0.0/8"]"#,
        "Addresses or networks whose forwarding headers are believed.",
    ),
    key(
        "allow_insecure",
        Type::Bool,
        "false",
        "true",
        "Needed to listen beyond loopback without TLS.",
    ),
    key(
        "metrics",
        Type::Text,
        r#""off""#,
        r#""on""#,
        "\"on\" serves /metrics beside the API; `host:port` serves it there, alone.",
    ),
    key(
        "exit_when_done",
        Type::Bool,
        "false",
        "true",
        "Leave when nothing runs and nothing will, for containers.",
    ),
];

/// `[storage]`.
pub static STORAGE: Table = Table {
    header: "[storage]",
    doc: "Bounds for what is kept on disk. Stands in the root file only. 0 is no bound.",
    parts: &[STORAGE_KEYS],
    only: &[],
    open: false,
    foreign: &[(
        "keep_runs",
        "`keep_runs` stands in `[defaults]` or in a unit",
    )],
};

const STORAGE_KEYS: &[Key] = &[
    key(
        "max_size",
        Type::Size(0),
        "0",
        r#""10gb""#,
        "The ceiling for all logs together; the oldest ended runs make room.",
    ),
    key(
        "min_free_space",
        Type::Size(0),
        "0",
        r#""1gb""#,
        "How much of the file system stays free; below that no output is kept.",
    ),
];

/// `[defaults]`.
pub static DEFAULTS: Table = Table {
    header: "[defaults]",
    doc: "Values for units that leave a key out. Stands in the root file only. An explicit `0` or `\"0s\"` in a unit is a value and wins; `env` and `secrets` are merged key by key.",
    parts: &[unit::UNIT_KEYS, task::TASK_KEYS, service::SERVICE_KEYS],
    only: &[
        "timeout",
        "jitter",
        "shell",
        "stop_signal",
        "graceful_stop",
        "exit_codes",
        "log_max_size",
        "log_on_full",
        "keep_runs",
        "keep_for",
        "healthy_after",
        "start_retries",
        "restart_delay",
        "restart_backoff",
        "catch_up",
        "env",
        "env_file",
        "secrets",
        "secrets_file",
        "notify_on_failure",
    ],
    open: false,
    foreign: &[
        (
            "timezone",
            "the zone of all schedules is `timezone` in `[daemon]`",
        ),
        ("failures", "write `exit_codes` and `fail_on_output`"),
        ("notify", "write `notify_on_failure`"),
    ],
};
