//! What only services have, their health checks among it.
//!
//! Tests: through `super::tests` and the goldens.

use super::check_daemon::host_and_port;
use super::check_task::curve;
use super::check_unit::{Shared, argv};
use super::depends;
use super::keys::HEALTH;
use super::plan::{Check, Health, Ready, Restart, Service};
use super::read::{Reader, join};
use super::tables::alone;
use super::typed::{Layers, Section, Typed};
use crate::words::run::Kind;

pub(super) fn service(
    reader: &mut Reader<'_>,
    shared: &Shared<'_>,
    layers: &Layers<'_>,
) -> Service {
    let own = layers.own;
    let health = match layers.value("health") {
        Some(Typed::Section(section)) => health(reader, shared, section, layers),
        _ => None,
    };
    let ready = match layers.word("ready") {
        "healthy" => Ready::Healthy,
        "notify" => Ready::Notify,
        _ => Ready::Spawned,
    };
    if let (Ready::Healthy, None, Some(item)) = (ready, own.get("health"), own.get("ready")) {
        reader.error(
            "config.ready",
            item.span,
            &join(&own.path, "ready"),
            "`ready = \"healthy\"` without a health check".to_owned(),
            format!(
                "Add `[{}.health]`, or write `ready = \"spawned\"`.",
                own.path
            ),
        );
    }
    Service {
        instances: layers.int("instances").unwrap_or(1),
        restart: match layers.word("restart") {
            "on_failure" => Restart::OnFailure,
            "never" => Restart::Never,
            _ => Restart::Always,
        },
        restart_delay: layers.duration("restart_delay").unwrap_or_default(),
        restart_backoff: curve(layers.word("restart_backoff")),
        restart_delay_max: layers.duration("restart_delay_max").unwrap_or_default(),
        healthy_after: layers.duration("healthy_after").unwrap_or_default(),
        start_retries: layers.int("start_retries").unwrap_or_default(),
        priority: layers.int("priority").unwrap_or_default(),
        autostart: layers.bool("autostart"),
        depends_on: depends::names(reader, shared, own, "depends_on", Kind::Service),
        health,
        ready,
        watchdog: layers.limit("watchdog"),
        watch: own
            .texts("watch")
            .iter()
            .map(|path| reader.absolute(&path.text, path.span))
            .collect(),
        critical: layers.bool("critical"),
    }
}

fn health(
    reader: &mut Reader<'_>,
    shared: &Shared<'_>,
    own: &Section,
    unit: &Layers<'_>,
) -> Option<Health> {
    let empty = Section::empty(&HEALTH);
    let layers = alone(own, &empty, &shared.health);
    let written: Vec<&str> = ["http", "tcp", "exec"]
        .into_iter()
        .filter(|kind| own.get(kind).is_some())
        .collect();
    let check = match written.as_slice() {
        ["http"] => http(reader, own).map(Check::Http),
        ["tcp"] => tcp(reader, own).map(Check::Tcp),
        [_] => Some(Check::Exec(argv(reader, &layers, "exec", unit))),
        [] => {
            reader.error("config.health", own.span, &own.path, "the health check says nothing to check".to_owned(), "Write one of `http = \"http://…\"`, `tcp = \"host:port\"` and `exec = \"command\"`.");
            None
        }
        [first, second, ..] => {
            let span = own.get(second).map_or(own.span, |item| item.at);
            reader.error(
                "config.health",
                span,
                &join(&own.path, second),
                format!("a health check has one kind, and this has `{first}` and `{second}`"),
                "Keep one; an `exec` can check several things.",
            );
            None
        }
    };
    Some(Health {
        check: check?,
        interval: layers.duration("interval").unwrap_or_default(),
        timeout: layers.duration("timeout").unwrap_or_default(),
        retries: layers.int("retries").unwrap_or(1),
        start_period: layers.duration("start_period").unwrap_or_default(),
        restart: layers.word("on_unhealthy") != "none",
    })
}

fn http(reader: &mut Reader<'_>, own: &Section) -> Option<String> {
    let (item, url) = own.get("http").zip(own.text("http"))?;
    let authority = url
        .strip_prefix("http://")
        .map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    let valid = authority.is_some_and(|host| !host.is_empty() && !host.starts_with(':'))
        && !url.chars().any(|c| c.is_whitespace() || c.is_control());
    if !valid {
        let help = if url.starts_with("https:") {
            "Checks are made without TLS; write `exec = \"curl -fsS https://…\"`."
        } else {
            "Write it like `http = \"http://127.0.0.1:8080/health\"`."
        };
        reader.error(
            "config.value",
            item.span,
            &join(&own.path, "http"),
            "not a URL that begins with `http://` and names a host".to_owned(),
            help,
        );
    }
    valid.then_some(url)
}

fn tcp(reader: &mut Reader<'_>, own: &Section) -> Option<String> {
    let (item, address) = own.get("tcp").zip(own.text("tcp"))?;
    let per_run = address.contains("${");
    let valid = per_run || host_and_port(&address).is_some_and(|(_, port)| port > 0);
    if !valid {
        reader.error(
            "config.value",
            item.span,
            &join(&own.path, "tcp"),
            "not of the form `host:port`".to_owned(),
            "Write it like `tcp = \"127.0.0.1:5432\"`.",
        );
    }
    valid.then_some(address)
}
