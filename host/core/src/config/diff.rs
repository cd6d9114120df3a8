//! What a reload would change.
//!
//! Invariant: where a unit is defined does not matter; moving a definition to another file changes nothing.
//!
//! Tests: `super::tests`.

use super::plan::{DaemonPlan, Plan, Role, Service, Task, Unit};
use crate::words::ids::UnitName;

/// The differences between two plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Units that are new.
    pub added: Vec<UnitName>,
    /// Units that differ, each with the keys that do.
    pub changed: Vec<(UnitName, Vec<&'static str>)>,
    /// Units that are gone.
    pub removed: Vec<UnitName>,
    /// Keys of `[daemon]` that differ.
    pub daemon: Vec<&'static str>,
    /// Keys of `[storage]` that differ.
    pub storage: Vec<&'static str>,
    /// Tables of notifications and plugins that differ.
    pub edges: Vec<&'static str>,
}

impl Diff {
    /// Whether the plans are the same.
    pub fn is_empty(&self) -> bool {
        *self == Diff::default()
    }
}

/// Compares two plans.
pub fn diff(old: &Plan, new: &Plan) -> Diff {
    let mut diff = Diff {
        removed: old
            .units
            .keys()
            .filter(|name| !new.units.contains_key(*name))
            .cloned()
            .collect(),
        daemon: daemon(&old.daemon, &new.daemon),
        edges: ["notify", "notifiers", "route", "plugins"]
            .into_iter()
            .filter(|table| old.edges.get(table) != new.edges.get(table))
            .collect(),
        ..Diff::default()
    };
    if old.storage.max_size != new.storage.max_size {
        diff.storage.push("max_size");
    }
    if old.storage.min_free_space != new.storage.min_free_space {
        diff.storage.push("min_free_space");
    }
    for (name, unit) in &new.units {
        match old.units.get(name) {
            None => diff.added.push(name.clone()),
            Some(before) => {
                let keys = keys(before, unit);
                if !keys.is_empty() {
                    diff.changed.push((name.clone(), keys));
                }
            }
        }
    }
    diff
}

/// Pushes the key for every field that differs.
macro_rules! compare {
    ($keys:ident, $old:expr, $new:expr, $($($field:ident).+ => $key:literal),+ $(,)?) => {
        $(if $old.$($field).+ != $new.$($field).+ { $keys.push($key); })+
    };
}

fn daemon(old: &DaemonPlan, new: &DaemonPlan) -> Vec<&'static str> {
    let mut keys = Vec::new();
    compare!(keys, old, new,
        listen => "listen", external_url => "external_url", timezone => "timezone", shutdown_timeout => "shutdown_timeout",
        user => "user", exit_when_done => "exit_when_done",
    );
    for key in [
        "tls",
        "tls_cert",
        "tls_key",
        "trusted_proxies",
        "allow_insecure",
        "metrics",
    ] {
        if old.http.get(key) != new.http.get(key) {
            keys.push(key);
        }
    }
    keys
}

/// The keys of a unit that differ; a task that became a service differs in `run` and all else.
fn keys(old: &Unit, new: &Unit) -> Vec<&'static str> {
    let mut keys = Vec::new();
    compare!(keys, old, new,
        spec.argv => "run", description => "description", group => "group", spec.cwd => "working_dir", user => "user",
        spec.umask => "umask", spec.env => "env", spec.env_base => "env_base", spec.secrets => "secrets",
        spec.stop_signal => "stop_signal", spec.graceful_stop => "graceful_stop", spec.stop_scope => "stop_scope",
        exit_codes => "exit_codes", fail_on_output => "fail_on_output", timeout => "timeout",
        spec.log_max_size => "log_max_size", spec.log_on_full => "log_on_full", keep_runs => "keep_runs",
        keep_for => "keep_for", spec.nice => "nice", spec.oom_score_adj => "oom_score_adj", spec.stdin => "stdin",
        spec.pty => "pty", on_success => "on_success", on_failure => "on_failure", manual_trigger => "manual_trigger",
    );
    if old.spec.rlimits != new.spec.rlimits || old.spec.cgroup != new.spec.cgroup {
        keys.push("limits");
    }
    if old.spec.run_as != new.spec.run_as && old.user == new.user {
        keys.push("user");
    }
    for key in [
        "notify_on_failure",
        "notify_on_success",
        "notify_on_recovery",
        "hook_tokens",
        "params",
    ] {
        if old.edges.get(key) != new.edges.get(key) {
            keys.push(key);
        }
    }
    match (&old.role, &new.role) {
        (Role::Task(old), Role::Task(new)) => task(old, new, &mut keys),
        (Role::Service(old), Role::Service(new)) => service(old, new, &mut keys),
        (Role::Task(_), Role::Service(_)) | (Role::Service(_), Role::Task(_)) => keys.push("kind"),
    }
    keys
}

fn task(old: &Task, new: &Task, keys: &mut Vec<&'static str>) {
    compare!(keys, old, new,
        schedules => "cron", jitter => "jitter", run_on_start => "run_on_start", catch_up => "catch_up",
        on_overlap => "on_overlap", max_concurrent => "max_concurrent", max_queued => "max_queued",
        retry_attempts => "retry_attempts", retry_delay => "retry_delay", retry_backoff => "retry_backoff",
        expect_by => "expect_by", max_silence => "max_silence",
    );
}

fn service(old: &Service, new: &Service, keys: &mut Vec<&'static str>) {
    compare!(keys, old, new,
        instances => "instances", restart => "restart", restart_delay => "restart_delay",
        restart_backoff => "restart_backoff", restart_delay_max => "restart_delay_max", healthy_after => "healthy_after",
        start_retries => "start_retries", priority => "priority", autostart => "autostart", depends_on => "depends_on",
        health => "health", ready => "ready", watchdog => "watchdog", watch => "watch", critical => "critical",
    );
}
