//! The manual's page about keys, made from the table of keys.
//!
//! Tests: the product compares it with `docs/config.md`.

use std::fmt::Write;

use super::keys::{Key, TABLES, Table, Type};

const HEAD: &str = "\
# runwisp.toml

<!-- Generated from the table of keys; `cargo xtask codegen` writes it anew. -->

One file, in TOML, is the only definition of what runs. `runwisp validate` shows everything that is wrong with it at once.

A *duration* is like `300ms`, `5s`, `1h30m`, `1.5h`, `2d` or `1w`. A *size* is like `100mb`, `2gb` or `512kib`, each unit 1024 of
the one before; a bare number is bytes. A *signal* is `SIGTERM` or `TERM`. The *name* of a task or service is 1 to 100 of letters,
digits and `. _ - :`, given once among all tasks and services of all files.

A key that is left out takes its value from `[defaults]`, and then what is built in. An explicit `0` or `\"0s\"` is a value.

In every text but commands, `${VAR}` is an environment variable of the daemon, `${VAR:-default}` the same with a default for one
that is unset or empty, `${file:path}` the content of a file without the blanks around it, and `$${` stands for `${` itself. They are
resolved when the file is loaded; a variable that is not set and has no default is an error.

Every run finds `RUNWISP_UNIT`, `RUNWISP_RUN_ID`, `RUNWISP_INSTANCE_INDEX`, `RUNWISP_INSTANCE_COUNT`, `RUNWISP_ATTEMPT`,
`RUNWISP_TRIGGER` and `RUNWISP_SCHEDULED_AT` in its environment. Keys marked *per run* may name them as `${…}` too.
";

/// The page, in Markdown.
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    for table in TABLES {
        page.push_str(&section(table));
    }
    page
}

fn section(table: &Table) -> String {
    let mut text = format!("\n## `{}`\n\n{}\n", table.header, table.doc);
    if !table.only.is_empty() {
        let keys: Vec<String> = table.keys().map(|key| format!("`{}`", key.name)).collect();
        let _ = write!(
            text,
            "\nIts keys mean what they mean in a unit: {}.\n",
            keys.join(", ")
        );
        return text;
    }
    text.push_str("\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for key in table.keys() {
        let default = if key.default.is_empty() {
            String::new()
        } else {
            code(key.default)
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {default} | {} |",
            key.name,
            cell(&value(key)),
            cell(&meaning(key))
        );
    }
    text
}

fn meaning(key: &Key) -> String {
    let mut text = key.doc.to_owned();
    if key.required {
        text = format!("Required. {text}");
    }
    if key.per_run {
        text.push_str(" *Per run.*");
    }
    for alias in key.aliases {
        let _ = write!(text, " An older name is `{alias}`.");
    }
    for (old, new) in key.old_values {
        let _ = write!(text, " `\"{old}\"` is an older word for `{new}`.");
    }
    let _ = write!(text, " Example: `{} = {}`", key.name, key.example);
    text
}

fn value(key: &Key) -> String {
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| format!("`\"{word}\"`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match key.of {
        Type::Bool => "`true` or `false`".to_owned(),
        Type::BoolOr(list) => format!("`true`, `false`, {}", words(list)),
        Type::Int(min, i64::MAX) => format!("number from {min}"),
        Type::Int(min, max) => format!("number, {min} to {max}"),
        Type::Duration(..) => "duration".to_owned(),
        Type::Size(_) => "size".to_owned(),
        Type::Cpu => "number".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Path | Type::Program => "path".to_owned(),
        Type::Signal => "signal".to_owned(),
        Type::Umask => "octal text".to_owned(),
        Type::User => "text".to_owned(),
        Type::Zone => "time zone".to_owned(),
        Type::Choice(list) => words(list),
        Type::Texts => "list of texts".to_owned(),
        Type::Codes => "list of numbers, 0 to 255".to_owned(),
        Type::Command => "text or list".to_owned(),
        Type::Env => "table".to_owned(),
        Type::Stdin => "text or table".to_owned(),
        Type::Table(_) => "table".to_owned(),
        Type::Tables(_) => "list of tables".to_owned(),
        Type::HookTokens => "list".to_owned(),
        Type::Open => "anything".to_owned(),
    }
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn code(toml: &str) -> String {
    format!("`{}`", cell(toml))
}
