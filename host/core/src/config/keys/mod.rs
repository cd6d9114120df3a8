//! Every key a configuration may hold: its type, default, aliases, an example and what it means.
//!
//! This table is the one source for reading values, for suggestions about unknown keys, for the manual
//! (`super::reference`) and for the JSON Schema (`super::schema`). A key that is not here does not exist.
//!
//! Tests: `super::tests` compiles the example of every key and sees that it changes the plan.

mod daemon;
mod edges;
mod service;
mod task;
mod unit;

pub use daemon::{DAEMON, DEFAULTS, STORAGE};
pub use edges::{NOTIFIER, NOTIFY, PLUGIN, ROUTE};
pub use service::{HEALTH, SERVICE};
pub use task::{HOOK_TOKEN, PARAM, TASK};
pub use unit::LIMITS;

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// `true`, `false` or one of these words.
    BoolOr(&'static [&'static str]),
    /// A whole number in this range, both ends included.
    Int(i64, i64),
    /// A length of time in this range of milliseconds, both ends included.
    Duration(u64, u64),
    /// A number of bytes, at least so many.
    Size(u64),
    /// A number of processors, such as `1.5`.
    Cpu,
    /// Any text.
    Text,
    /// The path of a file or directory.
    Path,
    /// The path of a program, absolute.
    Program,
    /// A signal by name.
    Signal,
    /// An octal mode of at least three digits.
    Umask,
    /// `user` or `user:group`.
    User,
    /// A time zone of the IANA database.
    Zone,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of texts; one alone may stand without brackets.
    Texts,
    /// A list of exit codes; one alone may stand without brackets.
    Codes,
    /// A command: text for a shell, or a list of program and arguments. `${…}` in it is left alone.
    Command,
    /// A table of names of environment variables and their values.
    Env,
    /// Text, or `{ file = "…" }`.
    Stdin,
    /// A table of its own.
    Table(&'static Table),
    /// A list of tables.
    Tables(&'static Table),
    /// A list of secret texts or of tables with such a text in them.
    HookTokens,
    /// Anything; somebody else knows its shape.
    Open,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value may be.
    pub of: Type,
    /// The value it has when nothing is written, as TOML; empty when there is none.
    pub default: &'static str,
    /// A value that shows its use, as TOML.
    pub example: &'static str,
    /// What it means, for the manual and for editors.
    pub doc: &'static str,
    /// Other names it answers to.
    pub aliases: &'static [&'static str],
    /// Older words for values, each with the TOML that says the same today.
    pub old_values: &'static [(&'static str, &'static str)],
    /// What to add when a value is none of its words.
    pub hint: &'static str,
    /// Whether `${RUNWISP_INSTANCE_INDEX}` and its kin may stand in it.
    pub per_run: bool,
    /// Whether the table is of no use without it.
    pub required: bool,
}

/// Makes a [`Key`].
const fn key(
    name: &'static str,
    of: Type,
    default: &'static str,
    example: &'static str,
    doc: &'static str,
) -> Key {
    Key {
        name,
        of,
        default,
        example,
        doc,
        aliases: &[],
        old_values: &[],
        hint: "",
        per_run: false,
        required: false,
    }
}

impl Key {
    const fn aliases(mut self, aliases: &'static [&'static str]) -> Key {
        self.aliases = aliases;
        self
    }

    const fn old_values(mut self, old: &'static [(&'static str, &'static str)]) -> Key {
        self.old_values = old;
        self
    }

    const fn hint(mut self, hint: &'static str) -> Key {
        self.hint = hint;
        self
    }

    const fn per_run(mut self) -> Key {
        self.per_run = true;
        self
    }

    const fn required(mut self) -> Key {
        self.required = true;
        self
    }
}

/// A kind of table.
#[derive(Debug)]
pub struct Table {
    /// Its header as users write it, such as `[tasks.NAME]`.
    pub header: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys, in groups.
    pub parts: &'static [&'static [Key]],
    /// When not empty, only these keys of the parts belong to it, and they have no default here.
    pub only: &'static [&'static str],
    /// Whether any other key is left to somebody else to judge.
    pub open: bool,
    /// Names other programs use for something that has a key here, each with what to write.
    pub foreign: &'static [(&'static str, &'static str)],
}

impl Table {
    /// The keys, in the order of the manual.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> {
        let (parts, only) = (self.parts, self.only);
        parts
            .iter()
            .flat_map(|part| part.iter())
            .filter(move |key| only.is_empty() || only.contains(&key.name))
    }

    /// The key of that name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }

    /// The key that answers to an alias.
    pub fn alias(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.aliases.contains(&name))
    }
}

/// Every kind of table, in the order of the manual.
pub static TABLES: &[&Table] = &[
    &DAEMON,
    &STORAGE,
    &DEFAULTS,
    &TASK,
    &SERVICE,
    &HEALTH,
    &LIMITS,
    &PARAM,
    &HOOK_TOKEN,
    &NOTIFIER,
    &NOTIFY,
    &ROUTE,
    &PLUGIN,
];

/// What may stand at the root of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One table.
    One,
    /// One table for each name.
    Named,
    /// A list of tables.
    List,
}

/// The tables at the root: name, kind, shape, and whether an included file may hold it.
pub static ROOT: &[(&str, &Table, Shape, bool)] = &[
    ("daemon", &DAEMON, Shape::One, false),
    ("storage", &STORAGE, Shape::One, false),
    ("defaults", &DEFAULTS, Shape::One, false),
    ("tasks", &TASK, Shape::Named, true),
    ("services", &SERVICE, Shape::Named, true),
    ("notifiers", &NOTIFIER, Shape::Named, true),
    ("notify", &NOTIFY, Shape::One, false),
    ("route", &ROUTE, Shape::List, true),
    ("plugins", &PLUGIN, Shape::Named, true),
];

/// Names at the root that older files and other programs use, each with what to write.
pub static ROOT_FOREIGN: &[(&str, &str)] = &[
    ("task", "a task is `[tasks.NAME]`"),
    ("service", "a service is `[services.NAME]`"),
    ("program", "a program is kept alive by `[services.NAME]`"),
    ("scheduler", "the time zone is `timezone` in `[daemon]`"),
    ("notifier", "a notifier is `[notifiers.ID]`"),
    ("notification_route", "a route is `[[route]]`"),
    ("routes", "a route is `[[route]]`"),
    (
        "compose",
        "there is no table for docker compose; a unit's `run` may call it",
    ),
    ("include", "`include` stands in `[daemon]`"),
    ("env", "`env` stands in `[defaults]` or in a unit"),
];

/// A century, in milliseconds: the longest duration any key takes.
const CENTURY: u64 = 100 * 366 * DAY;
/// A day, in milliseconds.
const DAY: u64 = 86_400_000;
