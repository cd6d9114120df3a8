//! A program becomes a service, or a task, or several.
//!
//! Invariant: a key that is written here exists in the host's table of keys and means what supervisord does; what
//! does not is a TODO above the table and a remark.
//!
//! Tests: `crate::tests`, the goldens, `tests/differential.rs`.

use runwisp_plugin::{Kind, Weight};
use serde_json::{Value, json};

use crate::codes;
use crate::daemon::Daemon;
use crate::draft::Draft;
use crate::logs;
use crate::program::{self, Parts, Program};
use crate::run::{Range, Said, say};
use crate::scope::{Process, Used, World};
use crate::secret;
use crate::sheet::Sheet;
use crate::text::as_known;
use crate::value::{self, Restart};
use crate::warnings;

/// The most instances that a service has.
const MOST_INSTANCES: i64 = 1024;
/// A century in seconds: the longest duration that a key takes.
const CENTURY: i64 = 100 * 366 * 86_400;
/// The ceiling for stopping everything when `[daemon]` does not say otherwise, in seconds.
const SHUTDOWN_TIMEOUT: i64 = 10;

/// What a program needs of what surrounds it.
pub(crate) struct Around<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) daemon: &'a Daemon,
    /// The name of the unit.
    pub(crate) name: &'a str,
    /// What `priority` becomes, where it is written.
    pub(crate) priority: Option<i64>,
}

/// The units of a program.
pub(crate) fn units(sheet: &mut Sheet<'_>, program: &Program, around: &Around<'_>) -> Vec<Draft> {
    if program.processes < 1 {
        let message = format!(
            "`numprocs` is {}, so supervisord never runs it",
            program.processes
        );
        sheet.remark(&codes::NO_PROCESSES, "numprocs", message);
        return Vec::new();
    }
    if program.processes > MOST_INSTANCES {
        let message = format!(
            "`numprocs` is {}, and {MOST_INSTANCES} instances are the most",
            program.processes
        );
        sheet.remark(&codes::TOO_MANY_INSTANCES, "numprocs", message);
        return Vec::new();
    }
    let used = Used::default();
    let task = program.restart == Restart::Never;
    let range = Range {
        first: program.first,
        count: program.processes,
    };
    let whole = if range.count == 1 {
        Process::Numbered(range.first)
    } else {
        Process::Any
    };
    let parts = program::parts(sheet, around.world, &used, program, whole);
    let relative = around.daemon.directory.is_none();
    warnings::about(sheet, program, &parts, relative);
    sheet.used(&used);
    let said = say(&parts, range).filter(|_| range.count == 1 || !task);
    if parts.argv.is_empty() {
        return Vec::new();
    }
    let fixed = Fixed::new(sheet, program, around, &parts);
    let Some(said) = said else {
        return unrolled(sheet, program, around, &fixed, range);
    };
    secrets(sheet, &said);
    let mut draft = Draft::new(kind(program), around.name, sheet.section.at);
    draft.process = process_name(&parts, &program.name).unwrap_or_else(|| program.name.clone());
    fixed.write(&mut draft, &said);
    if range.count > 1 {
        draft.put(&["instances"], range.count);
    }
    fixed.finish(&mut draft, said);
    draft.comments.append(&mut sheet.todo.clone());
    vec![draft]
}

fn kind(program: &Program) -> Kind {
    match program.restart {
        Restart::Never => Kind::Task,
        Restart::Always | Restart::Unexpected => Kind::Service,
    }
}

/// A unit for each process.
fn unrolled(
    sheet: &mut Sheet<'_>,
    program: &Program,
    around: &Around<'_>,
    fixed: &Fixed<'_>,
    range: Range,
) -> Vec<Draft> {
    let why = if program.restart == Restart::Never {
        "tasks have no instances, so each process is a task of its own"
    } else {
        "what differs between the processes can't be said in one unit, so each is a unit of its own"
    };
    sheet.remark(&codes::INSTANCES_UNROLLED, "numprocs", why);
    let mut drafts = Vec::new();
    for number in range.first..range.first.saturating_add(range.count) {
        // What there is to remark about any of them has been; what is wrong with one alone has not.
        let mut quiet = Sheet::new(sheet.document, sheet.section);
        let parts = program::parts(
            &mut quiet,
            around.world,
            &Used::default(),
            program,
            Process::Numbered(number),
        );
        warnings::nul(&mut quiet, &parts);
        for remark in quiet.remarks {
            let new = sheet
                .remarks
                .iter()
                .all(|known| (known.code.name, known.at) != (remark.code.name, remark.at));
            if new && remark.code.weight == Weight::Blocking {
                sheet.remarks.push(remark);
            }
        }
        let one = Range {
            first: number,
            count: 1,
        };
        let Some(said) = say(&parts, one).filter(|_| !parts.argv.is_empty()) else {
            continue;
        };
        if number == range.first {
            secrets(sheet, &said);
        }
        let name = format!("{}-{number}", around.name);
        let mut draft = Draft::new(kind(program), &name, sheet.section.at);
        draft.process = process_name(&parts, &program.name).unwrap_or_else(|| name.clone());
        fixed.write(&mut draft, &said);
        fixed.finish(&mut draft, said);
        draft.comments.append(&mut sheet.todo.clone());
        drafts.push(draft);
    }
    drafts
}

/// What is the same for all processes of a program, translated.
struct Fixed<'a> {
    program: &'a Program,
    around: &'a Around<'a>,
    has: [bool; 3],
    log_max_size: Option<String>,
    user: Option<String>,
    umask: Option<i64>,
    healthy_after: i64,
    start_retries: i64,
    graceful_stop: i64,
    priority: Option<i64>,
}

impl<'a> Fixed<'a> {
    fn new(
        sheet: &mut Sheet<'_>,
        program: &'a Program,
        around: &'a Around<'a>,
        parts: &Parts,
    ) -> Fixed<'a> {
        let log_max_size = logs::translate(sheet, program, parts);
        let umask = program.umask.map(|umask| {
            let kept = umask & 0o777;
            if kept != umask {
                sheet.remark(
                    &codes::VALUE_CLAMPED,
                    "umask",
                    format!("`umask` becomes {kept:03o}: only its last nine bits count"),
                );
            }
            kept
        });
        let mut clamp = |key: &'static str, value: i64, least: i64, most: i64| {
            let kept = value.clamp(least, most);
            if kept != value {
                sheet.remark(
                    &codes::VALUE_CLAMPED,
                    key,
                    format!("`{key}={value}` becomes {kept}"),
                );
            }
            kept
        };
        Fixed {
            healthy_after: clamp("startsecs", program.startsecs, 0, CENTURY),
            start_retries: clamp("startretries", program.startretries, 0, 1_000_000),
            graceful_stop: clamp("stopwaitsecs", program.stopwaitsecs, 0, CENTURY),
            priority: around
                .priority
                .map(|p| clamp("priority", p, -1_000_000, 1_000_000)),
            has: ["startretries", "stopsignal", "exitcodes"].map(|key| sheet.has(key)),
            user: program.user.clone().or_else(|| around.daemon.user.clone()),
            umask: umask.or(around.daemon.umask),
            program,
            around,
            log_max_size,
        }
    }

    /// What stands in front of `instances`.
    fn write(&self, draft: &mut Draft, said: &Said) {
        let program = self.program;
        draft.program.clone_from(&program.name);
        draft.group = program
            .group
            .clone()
            .unwrap_or_else(|| program.name.clone());
        draft.put(&["run"], said.run.clone());
        self.directory(draft, said);
        if let Some(user) = &self.user {
            draft.put(&["user"], user.as_str());
        }
        if let Some(umask) = self.umask {
            draft.put(&["umask"], format!("{umask:03o}"));
        }
        if let Some(group) = &program.group {
            draft.put(&["group"], group.as_str());
        }
        let [retries, signal, codes] = self.has;
        if program.restart == Restart::Never {
            if program.autostart {
                draft.put(&["run_on_start"], true);
            }
            draft.put(&["restart"], "never");
        } else {
            if !program.autostart {
                draft.put(&["autostart"], false);
            }
            let always = program.restart == Restart::Always;
            draft.put(&["restart"], if always { "always" } else { "on_failure" });
            draft.put(&["restart_backoff"], "linear");
            if self.start_retries > 60 {
                draft.put(&["restart_delay_max"], format!("{}s", self.start_retries));
            }
            draft.put(&["healthy_after"], format!("{}s", self.healthy_after));
            if retries || self.start_retries != 3 {
                draft.put(&["start_retries"], self.start_retries);
            }
        }
        if codes || program.exitcodes != [0] {
            draft.put(&["exit_codes"], json!(program.exitcodes));
        }
        if let Some(name) =
            value::signal_name(program.stopsignal).filter(|_| signal || program.stopsignal != 15)
        {
            draft.put(&["stop_signal"], name);
        }
        let late = self.graceful_stop > SHUTDOWN_TIMEOUT;
        let note = late.then(|| {
            format!(
                "TODO set `shutdown_timeout` in `[daemon]` to at least {}s",
                self.graceful_stop
            )
        });
        draft.noted(&["graceful_stop"], format!("{}s", self.graceful_stop), note);
        if !program.stopasgroup {
            draft.put(&["stop_scope"], "process");
        }
    }

    fn directory(&self, draft: &mut Draft, said: &Said) {
        let shared = self.around.daemon.directory.as_deref();
        let own = said.directory.as_ref();
        let relative = own
            .and_then(|json| json.as_str())
            .filter(|path| !path.starts_with('/'));
        match (own, relative, shared) {
            (_, Some(""), _) | (None, _, None) => {}
            (_, Some(own), Some(shared)) => {
                let path = format!("{}/{own}", shared.trim_end_matches('/'));
                draft.put(&["working_dir"], path);
            }
            (_, Some(own), None) => {
                let note = "TODO make this absolute: supervisord took it from where it was started";
                draft.noted(&["working_dir"], own, Some(note.to_owned()));
            }
            (Some(json), None, _) => draft.put(&["working_dir"], json.clone()),
            (None, _, Some(shared)) => draft.put(&["working_dir"], shared),
        }
    }

    /// What stands behind `instances`.
    fn finish(&self, draft: &mut Draft, said: Said) {
        if let Some(priority) = self
            .priority
            .filter(|_| self.program.restart != Restart::Never)
        {
            draft.put(&["priority"], priority);
        }
        if let Some(size) = &self.log_max_size {
            draft.put(&["log_max_size"], size.as_str());
        }
        if let Some(nofile) = self.around.daemon.nofile {
            draft.put(&["limits", "nofile"], nofile);
        }
        let (secrets, plain): (Vec<_>, Vec<_>) = said
            .env
            .into_iter()
            .partition(|(name, value)| looks_secret(name, value));
        for (name, value) in plain {
            draft.put(&["env", &name], value);
        }
        for (name, value) in secrets {
            draft.put(&["secrets", &name], value);
        }
    }
}

fn looks_secret(name: &str, value: &Value) -> bool {
    // What is filled in later may be anything.
    secret::is_secret(name, value.as_str().unwrap_or("unknown"))
}

/// Names the variables that go to `secrets`.
fn secrets(sheet: &mut Sheet<'_>, said: &Said) {
    let secret = said
        .env
        .iter()
        .filter(|(name, value)| looks_secret(name, value));
    let names: Vec<String> = secret.map(|(name, _)| format!("`{name}`")).collect();
    if !names.is_empty() {
        let (verb, whose) = if names.len() == 1 {
            ("goes", "its value is")
        } else {
            ("go", "their values are")
        };
        let message = format!(
            "{} {verb} to `secrets`, where {whose} masked in output",
            names.join(", ")
        );
        sheet.remark(&codes::SECRET_IN_CONFIG, "environment", message);
    }
}

/// The unit name that a person would give to a process, where that differs from the program's.
pub(crate) fn process_name(parts: &Parts, name: &str) -> Option<String> {
    let text = as_known(parts.process_name.as_ref()?)?;
    (text != name).then_some(text)
}
