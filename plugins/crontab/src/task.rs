//! From a job to a task: its settings in the order in which they are written, and what there is to say about them.
//!
//! Tests: the goldens, and `crate::tests`.

use runwisp_plugin::serde_json::{Value, json};
use runwisp_plugin::{Definition, Kind, Note, Place, Setting};

use crate::description::description;
use crate::facts::{Dialect, Facts};
use crate::note::Code;
use crate::shell::{self, Main};
use crate::table::{Entry, Oddity, VARIABLES};
use crate::when::When;

/// What surrounds a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around<'a> {
    /// What is known about the host.
    pub(crate) facts: &'a Facts,
    /// Whose reading holds.
    pub(crate) dialect: Dialect,
    /// The file; none for standard input.
    pub(crate) file: Option<&'a str>,
    /// Whom the whole table belongs to.
    pub(crate) owner: Option<&'a str>,
    /// Whether it can't be told if users stand in the table.
    pub(crate) doubtful: bool,
    /// Whether anacron's own table is imported as well.
    pub(crate) anacron: bool,
    /// The line for which cron ignores the whole table.
    pub(crate) refused: Option<u32>,
}

/// What became of a job.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    /// The task, still without its name; none where the job is left out.
    pub(crate) definition: Option<Definition>,
    /// What there is to say.
    pub(crate) notes: Vec<Note>,
}

/// Variables that speak to cron and mean nothing to a command.
const FOR_CRON: [&str; 6] = [
    "MAILTO",
    "MAILFROM",
    "CONTENT_TYPE",
    "CONTENT_TRANSFER_ENCODING",
    "RANDOM_DELAY",
    "MLS_LEVEL",
];

/// The shells that runwisp tells to stop at the first command that fails.
const STOPPING: [&str; 11] = [
    "sh", "dash", "ash", "bash", "ksh", "ksh93", "mksh", "oksh", "posh", "yash", "zsh",
];

/// What cron's commands are looked up in when the table does not say.
const CRONS_PATH: &str = "/usr/bin:/bin";

/// Builds a task. `notifier` hears of failures.
pub(crate) fn build(
    entry: &Entry,
    main: Option<&Main>,
    around: Around<'_>,
    notifier: Option<&str>,
) -> Built {
    let mut task = Task {
        settings: Vec::new(),
        notes: Vec::new(),
        place: Place {
            file: around.file.map(str::to_owned),
            line: entry.line,
        },
        blocked: false,
    };
    if task.left_out(entry, main, around) {
        return Built {
            definition: None,
            notes: task.notes,
        };
    }
    if let (Some(line), true) = (around.refused, entry.when.is_ok()) {
        task.say(
            Code::TableRefused,
            format!("Debian's cron can't read line {line} and then ignores the whole table, so the job does not run today"),
        );
    }
    task.oddities(entry, main, around);
    task.command(entry, around);
    task.set(
        &["description"],
        description(&entry.comments).map(Value::from),
    );
    let due = task.due(entry, around);
    let user = entry.user.as_deref().or(around.owner);
    task.set(&["user"], user.map(Value::from));
    task.surroundings(entry);
    if due {
        task.set(&["on_overlap"], Some(json!("queue")));
        task.noted(&["max_queued"], json!(1), "cron would start another copy");
    }
    task.set(&["notify_on_failure"], notifier.map(|id| json!([id])));
    Built {
        definition: Some(Definition {
            kind: Kind::Task,
            name: String::new(),
            settings: task.settings,
            comments: Vec::new(),
            source: task.place,
            runnable: !task.blocked,
        }),
        notes: task.notes,
    }
}

/// A task in the making.
struct Task {
    settings: Vec<Setting>,
    notes: Vec<Note>,
    place: Place,
    blocked: bool,
}

impl Task {
    fn set(&mut self, path: &[&str], value: Option<Value>) {
        if let Some(value) = value {
            self.settings.push(setting(path, &value, None));
        }
    }

    fn noted(&mut self, path: &[&str], value: Value, note: &str) {
        self.settings.push(setting(path, &value, Some(note)));
    }

    fn say(&mut self, code: Code, message: impl Into<String>) {
        self.notes.push(code.note(self.place.clone(), message));
    }

    fn block(&mut self, code: Code, message: impl Into<String>) {
        self.blocked = true;
        self.say(code, message);
    }

    /// Whether the job becomes nothing at all, with the reason said.
    fn left_out(&mut self, entry: &Entry, main: Option<&Main>, around: Around<'_>) -> bool {
        if let Err(refusal) = &entry.when {
            self.block(refusal.code, refusal.message.clone());
        }
        if entry.oddities.contains(&Oddity::Encoding) {
            self.block(
                Code::Encoding,
                "the line is not UTF-8; convert the file with `iconv`, then import it again",
            );
            return true;
        }
        if entry.command.text.trim().is_empty() {
            if !self.blocked {
                self.say(Code::NoCommand, "there is no command, so cron runs nothing");
            }
            return true;
        }
        if let Some(user) = &entry.user
            && around.facts.has_account(user) == Some(false)
        {
            self.say(
                Code::UserUnknown,
                format!("there is no account `{user}` on this host, so cron does not run the line"),
            );
            return true;
        }
        if around.anacron && starts_anacron(&entry.command.text, main) {
            self.say(
                Code::StartsAnacron,
                "this starts anacron, whose jobs are imported from its own table",
            );
            return true;
        }
        false
    }

    fn oddities(&mut self, entry: &Entry, main: Option<&Main>, around: Around<'_>) {
        let (first, rest) = crate::when::word(&entry.command.text);
        if around.doubtful
            && around.facts.has_account(first).unwrap_or(first == "root")
            && !rest.is_empty()
        {
            self.block(
                Code::TableKind,
                format!("`{first}` may be a user or a command; import again with the option `system` set to true or false"),
            );
        }
        let flags = first.strip_prefix('-').unwrap_or_default();
        if !flags.is_empty() && flags.chars().all(|c| "nqs".contains(c)) {
            self.block(
                Code::OpenbsdFlags,
                format!(
                    "`{first}` in front of a command is read by OpenBSD's cron alone; remove it"
                ),
            );
        }
        for oddity in &entry.oddities {
            match oddity {
                Oddity::Quiet => self.say(Code::Quiet, "the `-` kept cron from logging the start; runwisp records every run"),
                Oddity::NoNewline if around.file.is_some() => {
                    self.say(Code::NoNewline, "the line does not end in a newline, so cron ignores it; runwisp will run it");
                }
                Oddity::CarriageReturn => self.say(
                    Code::CarriageReturn,
                    "the line ends in a carriage return, which cron hands to the command; it is left out here",
                ),
                Oddity::Variables => self.say(
                    Code::VariableName,
                    format!("the table sets more than {VARIABLES} variables; the others are left out"),
                ),
                Oddity::NoNewline | Oddity::Encoding => {}
            }
        }
        if entry.command.text.contains("/usr/sbin/anacron ||") {
            self.say(
                Code::AnacronGuard,
                "does nothing as long as `/usr/sbin/anacron` is there, since anacron's own table has the job",
            );
        }
        if let Some(folder) = main.and_then(run_parts) {
            self.say(
                Code::RunParts,
                format!("one task runs all scripts in {folder}, which stay there"),
            );
        }
    }

    fn command(&mut self, entry: &Entry, around: Around<'_>) {
        let command = &entry.command;
        let shell = entry.variable("SHELL").unwrap_or("/bin/sh");
        let family = shell.rsplit('/').next().unwrap_or_default();
        let run = if STOPPING.contains(&family) && shell::goes_on_after_failure(&command.text) {
            self.say(
                Code::GoesOn,
                "cron's shell goes on when a command fails; without `set +e` runwisp's would stop there",
            );
            format!("set +e; {}", command.text)
        } else {
            command.text.clone()
        };
        self.set(&["run"], Some(run.into()));
        if command.percent {
            self.say(
                Code::Percent,
                match command.stdin {
                    Some(_) => "what stands behind `%` is what the command reads",
                    None => "`\\%` stands for a percent sign, and `%` ends the command",
                },
            );
        }
        if command.backslashes && around.dialect == Dialect::Unknown {
            self.say(
                Code::Backslash,
                "`\\\\` is kept as it is written; Debian's cron hands on a single backslash",
            );
        }
    }

    /// When it is due. False when it never is.
    fn due(&mut self, entry: &Entry, around: Around<'_>) -> bool {
        let (text, random, never) = match &entry.when {
            Err(_) => return false,
            Ok(When::Boot) => {
                self.set(&["run_on_start"], Some(json!("boot")));
                return false;
            }
            Ok(When::Times {
                text,
                random_minutes,
                never,
            }) => (text, *random_minutes, *never),
        };
        if never {
            self.say(
                Code::NeverDue,
                format!("no day fits `{text}`, so cron never runs it; the task runs by hand alone"),
            );
            return false;
        }
        self.set(&["cron"], Some(text.clone().into()));
        self.zone(entry, around);
        let delay = match around.dialect {
            Dialect::Debian => 0,
            Dialect::Cronie | Dialect::Unknown => random_delay(entry),
        };
        if delay > 0 {
            self.say(
                Code::RandomDelay,
                format!("cronie delays by up to {delay} minutes, the same at every run until it is restarted; here each run is delayed anew"),
            );
        }
        if random > 0 {
            self.say(
                Code::RandomTime,
                format!("cronie picks one time within {random} minutes when it reads the table; here each run is delayed anew"),
            );
        }
        // A day is the most that `jitter` takes.
        let jitter = (random + delay).min(24 * 60);
        self.set(
            &["jitter"],
            (jitter > 0).then(|| json!(format!("{jitter}m"))),
        );
        self.noted(
            &["catch_up"],
            json!(0),
            "cron does not make up for missed runs",
        );
        true
    }

    fn zone(&mut self, entry: &Entry, around: Around<'_>) {
        let Some(zone) = entry.variable("CRON_TZ").filter(|zone| !zone.is_empty()) else {
            return;
        };
        let zone = zone.strip_prefix(':').unwrap_or(zone);
        if around.dialect == Dialect::Debian {
            self.say(
                Code::TimezoneIgnored,
                format!("Debian's cron ignores CRON_TZ, so the times are the host's; for those of {zone}, set `timezone`"),
            );
        } else if is_zone(zone) {
            self.set(&["timezone"], Some(zone.into()));
            if around.dialect == Dialect::Unknown {
                self.say(
                    Code::Timezone,
                    "cronie reads the times in the zone of CRON_TZ, which Debian's cron ignores; if it ran there, remove `timezone`",
                );
            }
        } else {
            self.block(
                Code::TimezoneInvalid,
                format!("`{zone}` is no time zone by name, such as `Europe/Berlin`"),
            );
        }
    }

    fn surroundings(&mut self, entry: &Entry) {
        let home = entry.variable("HOME").filter(|home| home.starts_with('/'));
        match home {
            Some(home) => self.set(&["working_dir"], Some(home.into())),
            None => self.noted(
                &["working_dir"],
                json!("~"),
                "cron begins in the home directory",
            ),
        }
        match entry.variable("SHELL") {
            None | Some("/bin/sh") => {}
            Some(shell) if shell.starts_with('/') => self.set(&["shell"], Some(shell.into())),
            Some(shell) => self.block(
                Code::Shell,
                format!("cron can't start `{shell}`: SHELL has to be the whole path of a shell"),
            ),
        }
        self.set(&["stdin"], entry.command.stdin.clone().map(Value::from));
        self.noted(&["env_base"], json!("clean"), "cron hands nothing on");
        if entry.variable("PATH").is_none() {
            self.noted(&["env", "PATH"], json!(CRONS_PATH), "cron's own");
        }
        for (name, value) in entry.variables.iter() {
            if name == "LOGNAME" {
                self.say(
                    Code::Login,
                    "LOGNAME is always the user's name, in cron as here",
                );
            } else if name == "HOME" && !value.starts_with('/') {
                self.say(
                    Code::VariableName,
                    format!("HOME is `{value}`, which is no whole path, so cron begins elsewhere; it is left out"),
                );
            } else if !is_variable(name) {
                self.say(
                    Code::VariableName,
                    format!("`{name}` is no name that a variable can have here; it is left out"),
                );
            } else if name == "CRON_TZ" && value.is_empty() {
                // It only ends what one above it said.
            } else if FOR_CRON.contains(&name.as_str()) || (name == "SHELL" && value == "/bin/sh") {
                // What cron does with these, the task does; or it is so by itself.
            } else {
                self.set(&["env", name], Some(value.as_str().into()));
            }
        }
    }
}

/// The folder whose scripts a command runs.
pub(crate) fn run_parts(main: &Main) -> Option<&str> {
    let folder = main.arguments.iter().find(|word| !word.starts_with('-'));
    folder
        .filter(|_| main.program.rsplit('/').next() == Some("run-parts"))
        .map(String::as_str)
}

/// A setting; a text stands for itself.
pub(crate) fn setting(path: &[&str], value: &Value, note: Option<&str>) -> Setting {
    Setting {
        path: path.iter().map(|key| (*key).to_owned()).collect(),
        value: value.to_string(),
        note: note.map(str::to_owned),
    }
}

/// Whether a name is one that runwisp takes for a variable.
pub(crate) fn is_variable(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Zones whose names look like rules of POSIX.
const LIKE_RULES: [&str; 5] = ["EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "GMT0"];

/// Whether a text can be the name of a zone, and is not a rule such as `UTC0`. Whether there is such a zone, the host
/// knows.
fn is_zone(text: &str) -> bool {
    let rule = !text.contains('/') && text.contains(|c: char| c.is_ascii_digit());
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_+-/".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && (!rule || LIKE_RULES.contains(&text))
}

/// The minutes of `RANDOM_DELAY`.
fn random_delay(entry: &Entry) -> u32 {
    let delay = entry
        .variable("RANDOM_DELAY")
        .and_then(|text| text.parse().ok());
    delay.filter(|minutes| *minutes <= 24 * 60).unwrap_or(0)
}

/// Whether a command does nothing but start anacron.
fn starts_anacron(command: &str, main: Option<&Main>) -> bool {
    let program = main.is_some_and(|main| main.program.rsplit('/').next() == Some("anacron"));
    let service = [
        "invoke-rc.d anacron start",
        "service anacron start",
        "init.d/anacron start",
        "systemctl start anacron",
    ];
    program || service.iter().any(|words| command.contains(words))
}
