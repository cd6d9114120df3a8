//! `runwisp status`: what is running.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runwisp_core::words::run::{Kind, Outcome};
use runwisp_core::words::status::InstanceState;

use super::context::Context;
use super::table::{Cell, Tone, cell, harmless, table, toned};
use super::target::matching;
use super::validate;
use crate::client::Uri;
use crate::human;
use crate::wire::codes::Exit;
use crate::wire::{Instance, Problem, Status, Unit};

/// What to show.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Units, by name or pattern; with these, the exit code is 3 unless all of them run
    #[arg(value_name = "UNIT")]
    units: Vec<String>,
}

/// Shows it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let mut status: Status = context.client()?.get(&Uri::new(&["status"])).await?;
    if !args.units.is_empty() {
        let names: Vec<&str> = status.units.iter().map(|u| u.name.as_str()).collect();
        let wanted: Vec<String> = matching(&names, &args.units)?
            .into_iter()
            .map(str::to_owned)
            .collect();
        status
            .units
            .retain(|unit| wanted.iter().any(|name| name == unit.name.as_str()));
    }
    let all_run = status.units.iter().all(runs);
    if context.out.json {
        context.out.document(&status)?;
    } else {
        let now = Timestamp::now();
        let zone = TimeZone::system();
        if args.units.is_empty() {
            for line in about_daemon(&status, now, &zone) {
                context.out.message(&line);
            }
        }
        let rows: Vec<Vec<Cell>> = status
            .units
            .iter()
            .flat_map(|unit| unit_rows(unit, now, &zone))
            .collect();
        context.out.text(&table(
            &["NAME", "STATE", "DETAIL"],
            &rows,
            context.out.color,
        ))?;
    }
    Ok(if args.units.is_empty() || all_run {
        Exit::Done
    } else {
        Exit::NotRunning
    })
}

/// Whether all of a service runs; a task does while one of its runs does.
fn runs(unit: &Unit) -> bool {
    unit.state == InstanceState::Running
}

fn about_daemon(status: &Status, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let daemon = &status.daemon;
    let mut lines = vec![format!(
        "runwisp {}, pid {}, daemon {} since {}: {}",
        daemon.version,
        daemon.pid,
        daemon.daemon_pid,
        human::time(daemon.started_at, now, zone),
        validate::contents(status.units.iter().map(|unit| unit.kind))
    )];
    if let Some(url) = &daemon.url {
        lines.push(format!(
            "the page: {url} (`runwisp password` prints its password)"
        ));
    }
    if let Some(certificate) = &daemon.certificate {
        lines.push(format!("its certificate: SHA-256 {certificate}"));
    }
    if daemon.stopping {
        lines.push("everything is being stopped".to_owned());
    }
    if daemon.config_stale {
        lines.push(
            "the configuration on disk is another one: `runwisp reload` checks it and puts it in force".to_owned(),
        );
    }
    lines.extend(daemon.warnings.iter().map(|w| format!("warning: {w}")));
    lines
}

/// One row per instance of a service, one for a task.
pub(super) fn unit_rows(unit: &Unit, now: Timestamp, zone: &TimeZone) -> Vec<Vec<Cell>> {
    let name = |instance: &Instance| match unit.kind {
        Kind::Service if unit.instances.len() > 1 => format!("{}#{}", unit.name, instance.index),
        _ => unit.name.to_string(),
    };
    let live = |instance: &&Instance| unit.kind == Kind::Service || is_live(instance.state);
    let mut rows: Vec<Vec<Cell>> = unit
        .instances
        .iter()
        .filter(live)
        .map(|i| {
            vec![
                cell(name(i)),
                toned(i.state.as_str(), tone(i.state)),
                cell(harmless(&instance_detail(i))),
            ]
        })
        .collect();
    if rows.is_empty() {
        rows.push(vec![
            cell(unit.name.as_str()),
            toned(unit.state.as_str(), tone(unit.state)),
            cell(harmless(&task_detail(unit, now, zone))),
        ]);
    }
    rows
}

fn instance_detail(instance: &Instance) -> String {
    let mut parts = Vec::new();
    parts.extend(instance.pid.map(|pid| format!("pid {pid}")));
    parts.extend(
        instance
            .uptime_ms
            .map(|ms| format!("up {}", human::length(ms))),
    );
    match instance.restarts {
        0 => {}
        1 => parts.push("1 restart".to_owned()),
        n => parts.push(format!("{n} restarts")),
    }
    parts.extend(
        instance
            .retry_in_ms
            .map(|ms| format!("next try in {}", human::length(ms))),
    );
    parts.extend(instance.message.clone());
    parts.join(", ")
}

fn task_detail(unit: &Unit, now: Timestamp, zone: &TimeZone) -> String {
    let mut parts = Vec::new();
    if let Some(last) = &unit.last_run {
        let outcome = last.outcome.map_or("ended", Outcome::as_str);
        let when = last.ended_at.unwrap_or(last.created_at);
        parts.push(format!("last {outcome} {}", human::time(when, now, zone)));
        if last.outcome.is_some_and(Outcome::is_failure) {
            parts.extend(last.message.clone());
        }
    }
    parts.extend(
        unit.next_run_at
            .map(|at| format!("next {}", human::time(at, now, zone))),
    );
    parts.join(", ")
}

/// Whether a process is, or is about to be, there.
pub(super) fn is_live(state: InstanceState) -> bool {
    use InstanceState::{
        Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping, Unhealthy, Waiting,
    };
    match state {
        Waiting | Starting | Running | Unhealthy | Backoff | Stopping => true,
        Stopped | Exited | Fatal => false,
    }
}

fn tone(state: InstanceState) -> Tone {
    match state {
        InstanceState::Running => Tone::Good,
        InstanceState::Waiting | InstanceState::Starting | InstanceState::Stopping => Tone::Notice,
        InstanceState::Unhealthy | InstanceState::Backoff | InstanceState::Fatal => Tone::Bad,
        InstanceState::Stopped | InstanceState::Exited => Tone::Faint,
    }
}
