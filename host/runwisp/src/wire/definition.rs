//! What a unit is, as its configuration came out: everything but its secrets.
//!
//! Invariant: the value of a secret is in none of these documents. Tests: below.

use std::time::Duration;

use runwisp_core::config::params;
use runwisp_core::config::plan::{Check, Health, Plan, Role, Service, Task, Unit as Planned};
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::spawn::{EnvBase, OnFull, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What stands in the place of a secret.
const MASKED: &str = "••••";

/// What a unit is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Definition {
    /// The command as written.
    pub command: String,
    /// What is executed: program and arguments.
    pub argv: Vec<String>,
    /// Where it is defined.
    pub source: SourcePlace,
    /// Where it runs; none is where the keeper runs.
    pub working_dir: Option<String>,
    /// `user` or `user:group`, as written; none is the keeper's.
    pub user: Option<String>,
    /// What is set in its environment.
    pub env: Vec<EnvVar>,
    /// Every setting in force that has an effect, by its key.
    pub settings: Vec<Setting>,
    /// Services that have to be ready first.
    pub depends_on: Vec<UnitName>,
    /// When it is due.
    pub schedules: Vec<ScheduleText>,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Whether operators may trigger it.
    pub manual_trigger: bool,
}

/// Where a unit is defined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourcePlace {
    /// The file.
    pub file: String,
    /// The line of its header, from 1.
    pub line: usize,
}

/// A variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value; none for a secret.
    pub value: Option<String>,
    /// Whether it is, or holds, a secret.
    pub secret: bool,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Setting {
    /// Its key.
    pub key: String,
    /// Its value as text, secrets masked.
    pub value: String,
}

/// A schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleText {
    /// As written.
    pub expression: String,
    /// The same in words, such as `at 03:30 on Monday to Friday, Europe/Prague`.
    #[serde(default)]
    #[schema(required = true)]
    pub words: String,
    /// The zone its times are in.
    pub timezone: Option<String>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Param {
    /// The variable it is handed over in, which is its name.
    pub name: String,
    /// `string`, `number` or `boolean`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value when none is given.
    pub default: Option<String>,
    /// Whether a run needs it.
    pub required: bool,
    /// The values to choose from; empty is no choice.
    pub choices: Vec<String>,
    /// Whether other values than the choices are taken.
    pub allow_custom: bool,
    /// Shown beside it.
    pub description: Option<String>,
}

impl From<&Planned> for Definition {
    fn from(unit: &Planned) -> Self {
        let secrets = Secrets(&unit.spec.secrets);
        let (schedules, depends_on) = match &unit.role {
            Role::Task(task) => (schedules(task), Vec::new()),
            Role::Service(service) => (Vec::new(), service.depends_on.clone()),
        };
        Definition {
            command: secrets.mask(&unit.command),
            argv: unit.spec.argv.iter().map(|arg| secrets.mask(arg)).collect(),
            source: SourcePlace {
                file: unit.source.file.clone(),
                line: unit.source.line,
            },
            working_dir: unit.spec.cwd.as_ref().map(|cwd| secrets.mask(cwd)),
            user: unit.user.clone(),
            env: env(unit, &secrets),
            settings: settings(unit, &secrets),
            depends_on,
            schedules,
            params: params::declared(unit)
                .into_iter()
                .map(Param::from)
                .collect(),
            manual_trigger: unit.manual_trigger,
        }
    }
}

impl From<params::Param> for Param {
    fn from(param: params::Param) -> Self {
        Param {
            name: param.name,
            kind: param.kind.as_str().to_owned(),
            default: param.default,
            required: param.required,
            choices: param.choices,
            allow_custom: param.allow_custom,
            description: param.description,
        }
    }
}

/// The definition of a unit that the plan has.
pub fn definition(plan: &Plan, name: &UnitName) -> Option<Definition> {
    plan.units.get(name).map(Definition::from)
}

/// Texts that are never shown.
struct Secrets<'a>(&'a [String]);

impl Secrets<'_> {
    fn holds(&self, text: &str) -> bool {
        self.0
            .iter()
            .any(|secret| !secret.is_empty() && text.contains(secret.as_str()))
    }

    fn mask(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.0.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret.as_str(), MASKED);
        }
        text
    }
}

/// Later values win; they come in the order in which they are set.
fn env(unit: &Planned, secrets: &Secrets<'_>) -> Vec<EnvVar> {
    let mut vars: Vec<EnvVar> = Vec::new();
    for (name, value) in &unit.spec.env {
        let secret = secrets.holds(value);
        let var = EnvVar {
            name: name.clone(),
            value: (!secret).then(|| value.clone()),
            secret,
        };
        match vars.iter_mut().find(|var| var.name == *name) {
            Some(before) => *before = var,
            None => vars.push(var),
        }
    }
    vars
}

fn schedules(task: &Task) -> Vec<ScheduleText> {
    let one = |schedule: &runwisp_core::schedule::Schedule| ScheduleText {
        expression: schedule.text().to_owned(),
        words: schedule.in_words(),
        timezone: schedule.zone().iana_name().map(str::to_owned),
    };
    task.schedules.iter().map(one).collect()
}

/// Gathers settings that have an effect.
struct Gather<'a> {
    found: Vec<Setting>,
    secrets: &'a Secrets<'a>,
}

impl Gather<'_> {
    fn add(&mut self, key: &str, value: impl ToString) {
        let value = self.secrets.mask(&value.to_string());
        self.found.push(Setting {
            key: key.to_owned(),
            value,
        });
    }

    fn some<T: ToString>(&mut self, key: &str, value: Option<T>) {
        if let Some(value) = value {
            self.add(key, value);
        }
    }

    fn list<T: ToString>(&mut self, key: &str, values: &[T]) {
        if !values.is_empty() {
            let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
            self.add(key, texts.join(", "));
        }
    }
}

/// A length as the configuration writes it.
fn length(length: Duration) -> String {
    format!("{length:?}")
}

fn settings(unit: &Planned, secrets: &Secrets<'_>) -> Vec<Setting> {
    let mut gather = Gather {
        found: Vec::new(),
        secrets,
    };
    let spec = &unit.spec;
    gather.some("timeout", unit.timeout.map(length));
    gather.list("exit_codes", &unit.exit_codes);
    gather.list("fail_on_output", &unit.fail_on_output);
    gather.add("stop_signal", spec.stop_signal);
    gather.add("graceful_stop", length(spec.graceful_stop));
    gather.add(
        "stop_scope",
        match spec.stop_scope {
            Scope::Process => "process",
            Scope::Group => "group",
            Scope::All => "all",
        },
    );
    gather.add("log_max_size", spec.log_max_size);
    gather.add(
        "log_on_full",
        match spec.log_on_full {
            OnFull::DropOld => "drop_old",
            OnFull::DropNew => "drop_new",
            OnFull::Kill => "kill",
        },
    );
    gather.some("keep_runs", unit.keep_runs);
    gather.some("keep_for", unit.keep_for.map(length));
    if spec.env_base == EnvBase::Clean {
        gather.add("env_base", "clean");
    }
    gather.some("umask", spec.umask.map(|mask| format!("{mask:03o}")));
    gather.some("nice", spec.nice);
    gather.some("oom_score_adj", spec.oom_score_adj);
    gather.some("limits.memory", spec.cgroup.memory_max);
    gather.some(
        "limits.cpu",
        spec.cgroup.cpu_milli.map(|milli| format!("{milli}m")),
    );
    gather.some("limits.pids", spec.cgroup.pids_max);
    for (limit, value) in &spec.rlimits {
        gather.add(
            &format!("limits.{}", format!("{limit:?}").to_lowercase()),
            value,
        );
    }
    if spec.pty {
        gather.add("pty", true);
    }
    gather.list("on_success", &unit.on_success);
    gather.list("on_failure", &unit.on_failure);
    match &unit.role {
        Role::Task(task) => of_task(&mut gather, task),
        Role::Service(service) => of_service(&mut gather, service),
    }
    gather.found
}

fn of_task(gather: &mut Gather<'_>, task: &Task) {
    if !task.jitter.is_zero() {
        gather.add("jitter", length(task.jitter));
    }
    gather.add(
        "run_on_start",
        format!("{:?}", task.run_on_start).to_lowercase(),
    );
    gather.add("catch_up", task.catch_up);
    gather.add(
        "on_overlap",
        format!("{:?}", task.on_overlap).to_lowercase(),
    );
    gather.add("max_concurrent", task.max_concurrent);
    gather.add("max_queued", task.max_queued);
    match task.retry_attempts {
        Some(0) => {}
        attempts => {
            let attempts = attempts.map_or_else(|| "without limit".to_owned(), |n| n.to_string());
            gather.add("retry_attempts", attempts);
            gather.add("retry_delay", length(task.retry_delay));
            gather.add(
                "retry_backoff",
                format!("{:?}", task.retry_backoff).to_lowercase(),
            );
        }
    }
    let expected: Vec<&str> = task
        .expect_by
        .iter()
        .map(|schedule| schedule.text())
        .collect();
    gather.list("expect_by", &expected);
    gather.some("max_silence", task.max_silence.map(length));
}

fn of_service(gather: &mut Gather<'_>, service: &Service) {
    use runwisp_core::config::plan::Restart;
    gather.add("instances", service.instances);
    gather.add(
        "restart",
        match service.restart {
            Restart::Always => "always",
            Restart::OnFailure => "on_failure",
            Restart::Never => "never",
        },
    );
    gather.add("restart_delay", length(service.restart_delay));
    gather.add(
        "restart_backoff",
        format!("{:?}", service.restart_backoff).to_lowercase(),
    );
    gather.add("restart_delay_max", length(service.restart_delay_max));
    gather.add("healthy_after", length(service.healthy_after));
    gather.add("start_retries", service.start_retries);
    gather.add("priority", service.priority);
    gather.add("autostart", service.autostart);
    gather.add("ready", format!("{:?}", service.ready).to_lowercase());
    gather.some("watchdog", service.watchdog.map(length));
    gather.list("watch", &service.watch);
    if service.critical {
        gather.add("critical", true);
    }
    if let Some(health) = &service.health {
        of_health(gather, health);
    }
}

fn of_health(gather: &mut Gather<'_>, health: &Health) {
    match &health.check {
        Check::Http(url) => gather.add("health.http", url),
        Check::Tcp(address) => gather.add("health.tcp", address),
        Check::Exec(argv) => gather.add("health.exec", argv.join(" ")),
    }
    gather.add("health.interval", length(health.interval));
    gather.add("health.timeout", length(health.timeout));
    gather.add("health.retries", health.retries);
    gather.add("health.start_period", length(health.start_period));
    gather.add(
        "health.on_unhealthy",
        if health.restart { "restart" } else { "none" },
    );
}
