//! What tasks and services have in common, checked and put together.
//!
//! Tests: through `super::tests`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::command::{self, Family};
use super::depends;
use super::environment::{self, Layer};
use super::plan::{Role, SourcePlace, Unit};
use super::read::{Reader, join};
use super::typed::{CommandText, Layers, Section, Typed};
use super::{check_edges, check_params, check_service, check_task};
use crate::words::diagnostic::Span;
use crate::words::ids::UnitName;
use crate::words::run::Kind;
use crate::words::signal::Signal;
use crate::words::spawn::{CgroupLimits, EnvBase, OnFull, Rlimit, RunAs, Scope, SpawnSpec, Stdin};

/// A unit as read, before its values are looked at together.
pub(super) struct Draft {
    pub(super) name: UnitName,
    pub(super) kind: Kind,
    /// Where its name stands.
    pub(super) at: Span,
    pub(super) section: Section,
}

/// What the checks of all units share.
pub(super) struct Shared<'a> {
    pub(super) defaults: &'a Section,
    pub(super) defaults_env: Layer,
    pub(super) task: Section,
    pub(super) service: Section,
    pub(super) health: Section,
    pub(super) zone: TimeZone,
    pub(super) shutdown_timeout: Duration,
    pub(super) notifiers: BTreeSet<&'a str>,
    pub(super) kinds: BTreeMap<&'a str, Kind>,
}

/// A unit, checked.
pub(super) fn unit(reader: &mut Reader<'_>, shared: &Shared<'_>, draft: &Draft) -> Unit {
    let own = &draft.section;
    let layers = Layers {
        own,
        defaults: shared.defaults,
        built_in: match draft.kind {
            Kind::Task => &shared.task,
            Kind::Service => &shared.service,
        },
    };
    let notify = check_edges::of_unit(reader, &shared.notifiers, &layers);
    grace(reader, shared, &layers);
    patterns(reader, own);
    let mut spec = spec(reader, shared, &layers);
    check_params::params(reader, &layers, draft.kind, &spec.env);
    // Whoever starts a run and gives nothing, a schedule too, gives the defaults.
    spec.env.extend(check_params::defaults(own));
    check_params::hook_tokens(reader, own, draft.kind);
    let role = match draft.kind {
        Kind::Task => Role::Task(check_task::task(reader, shared, &layers)),
        Kind::Service => Role::Service(check_service::service(reader, shared, &layers)),
    };
    let spec = match &role {
        Role::Service(service) => SpawnSpec {
            notify: service.ready == super::plan::Ready::Notify || service.watchdog.is_some(),
            watchdog: service.watchdog,
            ..spec
        },
        Role::Task(_) => spec,
    };
    Unit {
        name: draft.name.clone(),
        source: place(reader, draft.at),
        description: own.text("description"),
        group: own.text("group"),
        spec,
        user: own.text("user"),
        command: shown(&layers),
        exit_codes: codes(&layers),
        fail_on_output: own
            .texts("fail_on_output")
            .iter()
            .map(|t| t.text.clone())
            .collect(),
        timeout: layers.limit("timeout"),
        keep_runs: layers.int("keep_runs"),
        keep_for: layers.duration("keep_for"),
        on_success: depends::names(reader, shared, own, "on_success", Kind::Task),
        on_failure: depends::names(reader, shared, own, "on_failure", Kind::Task),
        manual_trigger: layers.bool("manual_trigger"),
        notify,
        edges: edges(&layers),
        role,
    }
}

fn place(reader: &Reader<'_>, at: Span) -> SourcePlace {
    let ends = reader.lines.get(at.file);
    SourcePlace {
        file: reader.file_name(at).to_owned(),
        line: ends.map_or(1, |ends| ends.partition_point(|end| *end < at.start) + 1),
    }
}

fn shown(layers: &Layers<'_>) -> String {
    match layers.value("run") {
        Some(Typed::Command(CommandText::Script(text))) => text.trim().to_owned(),
        Some(Typed::Command(CommandText::Words(words))) => command::shown(words),
        _ => String::new(),
    }
}

fn codes(layers: &Layers<'_>) -> Vec<i32> {
    match layers.value("exit_codes") {
        Some(Typed::Codes(codes)) => {
            let codes: BTreeSet<i32> = codes.iter().copied().collect();
            codes.into_iter().collect()
        }
        _ => vec![0],
    }
}

/// What the parts at the edges read again.
fn edges(layers: &Layers<'_>) -> serde_json::Value {
    let keys = [
        "notify_on_failure",
        "notify_on_success",
        "notify_on_recovery",
        "hook_tokens",
        "params",
    ];
    keys.iter()
        .filter_map(|key| {
            layers
                .get(key)
                .map(|item| ((*key).to_owned(), item.json.clone()))
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn grace(reader: &mut Reader<'_>, shared: &Shared<'_>, layers: &Layers<'_>) {
    let written = [layers.own, layers.defaults]
        .into_iter()
        .find_map(|section| {
            section
                .get("graceful_stop")
                .map(|item| (section, item.span))
        });
    let (Some((section, span)), Some(grace)) = (written, layers.duration("graceful_stop")) else {
        return;
    };
    if grace > shared.shutdown_timeout {
        reader.warn(
            "config.long-grace",
            span,
            &join(&section.path, "graceful_stop"),
            "`graceful_stop` is longer than `shutdown_timeout` in `[daemon]`".to_owned(),
            "When the daemon stops, what is left after `shutdown_timeout` is killed; raise it, or lower this.",
        );
    }
}

fn patterns(reader: &mut Reader<'_>, own: &Section) {
    for text in own.texts("fail_on_output") {
        if let Err(why) = regex::bytes::Regex::new(&text.text) {
            let why = why.to_string();
            let last = why
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned();
            reader.error("config.regex", text.span, &join(&own.path, "fail_on_output"), format!("not a regular expression: {last}"), "The syntax is that of Rust's regex crate; in TOML, 'single quotes' keep backslashes as they are.");
        }
    }
}

fn spec(reader: &mut Reader<'_>, shared: &Shared<'_>, layers: &Layers<'_>) -> SpawnSpec {
    let own = layers.own;
    let layer = environment::layer(reader, own);
    let environment = environment::merge(reader, own, &shared.defaults_env, &layer);
    let run_as = account(reader, own);
    let mut spec = SpawnSpec {
        argv: argv(reader, layers, "run", layers),
        env_base: if layers.word("env_base") == "clean" {
            EnvBase::Clean
        } else {
            EnvBase::Inherit
        },
        env: environment.vars,
        cwd: own
            .get("working_dir")
            .zip(own.text("working_dir"))
            .map(|(item, path)| reader.absolute_for_unit(&path, item.span)),
        umask: match layers.value("umask") {
            Some(Typed::Mode(mode)) => Some(*mode),
            _ => None,
        },
        rlimits: Vec::new(),
        nice: layers.int("nice"),
        oom_score_adj: layers.int("oom_score_adj"),
        cgroup: CgroupLimits::default(),
        stdin: stdin(reader, layers, run_as.as_ref()),
        run_as,
        pty: layers.bool("pty"),
        notify: false,
        watchdog: None,
        secrets: environment.secrets,
        log_max_size: layers.bytes("log_max_size").unwrap_or_default(),
        log_on_full: match layers.word("log_on_full") {
            "drop_new" => OnFull::DropNew,
            "kill" => OnFull::Kill,
            _ => OnFull::DropOld,
        },
        stop_signal: match layers.value("stop_signal") {
            Some(Typed::Signal(signal)) => *signal,
            _ => Signal::TERM,
        },
        graceful_stop: layers.duration("graceful_stop").unwrap_or_default(),
        stop_scope: if layers.word("stop_scope") == "process" {
            Scope::Process
        } else {
            Scope::Group
        },
    };
    if let Some(Typed::Section(limits)) = layers.value("limits") {
        bound(&mut spec, limits);
    }
    spec
}

fn stdin(reader: &Reader<'_>, layers: &Layers<'_>, run_as: Option<&RunAs>) -> Stdin {
    let Some((item, Typed::Stdin(stdin))) = layers.get("stdin").map(|item| (item, &item.value))
    else {
        return Stdin::Null;
    };
    match (stdin, run_as) {
        (Stdin::File(path), Some(account)) if path.starts_with("~/") => {
            Stdin::File(path.replacen('~', &account.home, 1))
        }
        (Stdin::File(path), _) => Stdin::File(reader.absolute(path, item.span)),
        (other, _) => other.clone(),
    }
}

/// Looks up `user`; an error where there is no such account.
pub(super) fn account(reader: &mut Reader<'_>, own: &Section) -> Option<RunAs> {
    let (item, user) = own.get("user").zip(own.text("user"))?;
    let path = join(&own.path, "user");
    match reader.around.account(&user) {
        Ok(account) => {
            if !reader.around.may_become(&account) {
                let message = format!("only a daemon started as root can run as `{user}`");
                let help = "Start runwisp as root, or remove `user`.";
                reader.warn("config.needs-root", item.span, &path, message, help);
            }
            Some(account)
        }
        Err(why) => {
            let help = "Write the name of an account, or `user:group`; numbers work where there is no name.";
            reader.error("config.unknown-user", item.span, &path, why, help);
            None
        }
    }
}

fn bound(spec: &mut SpawnSpec, limits: &Section) {
    let number = |name: &str| match limits.get(name).map(|item| &item.value) {
        Some(Typed::Bytes(n) | Typed::Milli(n)) => Some(*n),
        Some(Typed::Int(n)) => u64::try_from(*n).ok(),
        _ => None,
    };
    spec.cgroup = CgroupLimits {
        memory_max: number("memory"),
        cpu_milli: number("cpu"),
        pids_max: number("pids"),
    };
    for (name, limit) in [
        ("nofile", Rlimit::Nofile),
        ("core", Rlimit::Core),
        ("nproc", Rlimit::Nproc),
    ] {
        spec.rlimits.extend(number(name).map(|n| (limit, n)));
    }
}

/// The program and arguments of the command under `key` of `command`, run as the unit in `unit` is.
pub(super) fn argv(
    reader: &mut Reader<'_>,
    command: &Layers<'_>,
    key: &str,
    unit: &Layers<'_>,
) -> Vec<String> {
    match command.value(key) {
        Some(Typed::Command(CommandText::Words(words))) => words.clone(),
        Some(Typed::Command(CommandText::Script(text))) => {
            let shell = unit.text("shell").unwrap_or_else(|| "/bin/sh".to_owned());
            if command::family(&shell) == Family::Other
                && let Some(item) = unit.get("shell")
            {
                let path = join(&unit.own.path, "shell");
                reader.warn("config.shell", item.span, &path, format!("{shell:?} is not known to take `-e`"), "It is started with `-c` alone, so a failing command in the middle does not end the run.");
            }
            command::from_text(text, &shell)
        }
        _ => Vec::new(),
    }
}
