//! The keys of notifications and plugins, which the parts that run plugins give their meaning.

use super::{CENTURY, Table, Type, key};

/// `[notifiers.ID]`.
pub static NOTIFIER: Table = Table {
    header: "[notifiers.ID]",
    doc: "A channel to people. All keys but `type` are the plugin's own.",
    parts: &[&[key(
        "type",
        Type::Text,
        "",
        r#""slack""#,
        "The name of a notifier plugin.",
    )
    .required()]],
    only: &[],
    open: true,
    foreign: &[],
};

/// `[notify]`.
pub static NOTIFY: Table = Table {
    header: "[notify]",
    doc: "Notifications as a whole. Stands in the root file only.",
    parts: &[&[
        key(
            "global_notifiers",
            Type::Texts,
            r#"["inapp"]"#,
            "[]",
            "Who hears of all trouble, beside what units and routes say; `[]` is nobody.",
        ),
        key(
            "coalesce_window",
            Type::Duration(0, CENTURY),
            r#""1h""#,
            r#""10m""#,
            "How long repeats of an event of the same unit and kind are folded into one message; \"0s\" folds nothing.",
        ),
        key(
            "coalesce_limit",
            Type::Int(1, 100_000),
            "10",
            "3",
            "How many repeats make a message of their own before the window ends.",
        ),
        key(
            "retry_budget",
            Type::Duration(0, CENTURY),
            r#""5m""#,
            r#""1h""#,
            "How long a delivery that fails is tried again; \"0s\" is one attempt.",
        ),
        key(
            "keep_notifications",
            Type::Int(0, 1_000_000),
            "1024",
            "100",
            "How many notifications, and how many deliveries that have ended, are kept.",
        ),
        key(
            "keep_for",
            Type::Duration(1, CENTURY),
            r#""90d""#,
            r#""7d""#,
            "How long they are kept.",
        ),
        key(
            "quiet_hours",
            Type::Texts,
            "",
            r#"["22:00-07:00"]"#,
            "Times of day, `HH:MM-HH:MM` in the zone of `[daemon]`, in which messages wait; the bell does not.",
        ),
    ]],
    only: &[],
    open: false,
    foreign: &[
        ("history_keep", "write `keep_notifications`"),
        ("history_keep_for", "write `keep_for`"),
        ("default_timeout", "write `retry_budget`"),
        ("occurrence_ring", "write `coalesce_limit`"),
        ("coalesce_outbound", "write `coalesce_window = \"0s\"`"),
    ],
};

/// `[[route]]`.
pub static ROUTE: Table = Table {
    header: "[[route]]",
    doc: "Who hears of which events.",
    parts: &[&[
        key(
            "events",
            Type::Texts,
            "",
            r#"["run.failed"]"#,
            "Kinds of events, as globs. Left out, all that `severity` lets through.",
        ),
        key(
            "units",
            Type::Texts,
            "",
            r#"["db-*"]"#,
            "Names of units, as globs. Left out, all, and events that are about no unit.",
        ),
        key(
            "severity",
            Type::Choice(&["info", "warning", "error"]),
            "",
            r#""error""#,
            "The least severity. Left out, \"warning\"; beside `events`, \"info\".",
        ),
        key(
            "notifiers",
            Type::Texts,
            "",
            r#"["inapp"]"#,
            "Notifier ids, `id:target`, or \"inapp\".",
        )
        .required(),
        key(
            "template",
            Type::Text,
            "",
            r#""{{ unit }} failed""#,
            "The text of the message, in the syntax of Jinja.",
        ),
    ]],
    only: &[],
    open: false,
    foreign: &[
        ("notify", "write `notifiers`"),
        ("match", "write `events`, `units` and `severity`"),
    ],
};

/// `[plugins.NAME]`.
pub static PLUGIN: Table = Table {
    header: "[plugins.NAME]",
    doc: "Where a plugin comes from and what it may do.",
    parts: &[&[
        key(
            "path",
            Type::Path,
            "",
            r#""plugins/ntfy.wasm""#,
            "The component, on disk.",
        ),
        key(
            "version",
            Type::Text,
            "",
            r#""1.2""#,
            "The version of an installed plugin.",
        ),
        key(
            "sha256",
            Type::Text,
            "",
            r#""e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#,
            "The digest the component must have, in hexadecimal.",
        ),
        key(
            "allow_hosts",
            Type::Texts,
            "",
            r#"["ntfy.sh"]"#,
            "Hosts it may reach.",
        ),
        key(
            "allow_paths",
            Type::Texts,
            "",
            r#"["/etc/cron.d"]"#,
            "Paths it may read.",
        ),
        key(
            "timeout",
            Type::Duration(1, CENTURY),
            r#""10s""#,
            r#""30s""#,
            "The longest a call may take.",
        ),
        key(
            "memory",
            Type::Size(1),
            r#""64mb""#,
            r#""128mb""#,
            "The most memory a call may use.",
        ),
        key(
            "settings",
            Type::Open,
            "",
            "{ colour = true }",
            "Handed to every use of the plugin.",
        ),
    ]],
    only: &[],
    open: false,
    foreign: &[],
};
