//! From the words to their twins on the wire.

use std::time::Duration;

use jiff::Timestamp;
use runwisp_core::schedule::{self, Schedule, Standing};
use runwisp_core::words::command::Done;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::RunRecord;
use runwisp_core::words::status::{InstanceStatus, UnitStatus};

use super::{
    Accepted, Changed, Daemon, Ended, Firing, Instance, InstanceUse, LogLine, Reload, Run, Status,
    Unit,
};
use crate::daemon::handle::{DaemonStatus, ReloadReport, StatusSnapshot};
use crate::daemon::history::{Hit, Line, Place};

fn ms(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

impl From<StatusSnapshot> for Status {
    fn from(snapshot: StatusSnapshot) -> Self {
        Status {
            daemon: snapshot.daemon.into(),
            units: snapshot.units.into_iter().map(Unit::from).collect(),
        }
    }
}

impl From<DaemonStatus> for Daemon {
    fn from(daemon: DaemonStatus) -> Self {
        Daemon {
            version: daemon.version,
            pid: daemon.keeper_pid,
            daemon_pid: daemon.daemon_pid,
            started_at: daemon.started_at,
            config_loaded_at: Some(daemon.loaded_at),
            timezone: daemon.timezone,
            hostname: daemon.hostname,
            binary: daemon.binary.to_string_lossy().into_owned(),
            config: daemon.config.to_string_lossy().into_owned(),
            data: daemon.data.to_string_lossy().into_owned(),
            config_stale: daemon.config_stale,
            stopping: daemon.stopping,
            listen: daemon.web.listen.map(|at| at.to_string()),
            url: daemon.web.url,
            certificate: daemon.web.certificate,
            warnings: daemon.warnings,
        }
    }
}

impl From<UnitStatus> for Unit {
    fn from(unit: UnitStatus) -> Self {
        Unit {
            name: unit.name,
            kind: unit.kind,
            group: unit.group,
            description: unit.description,
            state: unit.state,
            next_run_at: unit.next_run_at,
            instances: unit.instances.into_iter().map(Instance::from).collect(),
            last_run: unit.last_run.map(Run::from),
            definition: None,
        }
    }
}

impl From<InstanceStatus> for Instance {
    fn from(instance: InstanceStatus) -> Self {
        Instance {
            index: instance.index,
            state: instance.state,
            pid: instance.pid,
            run_id: instance.run_id,
            uptime_ms: instance.uptime.map(ms),
            restarts: instance.restarts,
            retry_in_ms: instance.retry_in.map(ms),
            message: instance.message,
            usage: instance.usage.map(InstanceUse::from),
        }
    }
}

impl From<RunRecord> for Run {
    fn from(run: RunRecord) -> Self {
        Run {
            id: run.id,
            unit: run.unit,
            kind: run.kind,
            instance: run.instance,
            attempt: run.attempt,
            execution_id: run.execution_id,
            trigger: run.trigger,
            state: run.state,
            outcome: run.outcome,
            exit_code: run.exit_code,
            signal: run.signal,
            pid: run.pid,
            scheduled_at: run.scheduled_at,
            created_at: run.created_at,
            started_at: run.started_at,
            ended_at: run.ended_at,
            duration_ms: run.duration.map(ms),
            max_rss_bytes: run.max_rss_bytes,
            cpu_ms: run.cpu.map(ms),
            log_bytes: run.log_bytes,
            log_dropped_bytes: run.log_dropped_bytes,
            message: run.message,
            params: (!run.params.is_empty()).then(|| run.params.into_iter().collect()),
        }
    }
}

impl From<Done> for Accepted {
    fn from(done: Done) -> Self {
        Accepted {
            runs: done.runs,
            changed: done.changed,
            run: None,
            unit: None,
        }
    }
}

impl From<ReloadReport> for Reload {
    fn from(report: ReloadReport) -> Self {
        Reload {
            applied: report.applied,
            added: report.added,
            changed: report
                .changed
                .into_iter()
                .map(|(name, keys)| Changed { name, keys })
                .collect(),
            removed: report.removed,
            settings: report.settings,
            warnings: report.warnings,
        }
    }
}

impl From<RunRecord> for Ended {
    fn from(run: RunRecord) -> Self {
        Ended {
            run_id: run.id,
            run: run.into(),
        }
    }
}

impl From<Hit> for LogLine {
    fn from(hit: Hit) -> Self {
        line(&hit.unit, hit.run, hit.instance, &hit.line)
    }
}

/// A place as text.
pub fn place(place: Place) -> String {
    format!("{}:{}", place.offset, place.line)
}

/// A line of a run.
pub fn line(unit: &UnitName, run: RunId, instance: u32, line: &Line) -> LogLine {
    LogLine {
        unit: unit.clone(),
        run_id: run,
        instance,
        n: line.n,
        ts: line.ts,
        stream: line.stream.as_str().to_owned(),
        text: String::from_utf8_lossy(&line.bytes).into_owned(),
        after: place(line.place()),
        missing_bytes: line.missing,
    }
}

/// The next `n` firings after `from` of a task that has come so far, with their instants to sort by.
pub fn firings(
    unit: Option<&UnitName>,
    schedules: &[Schedule],
    standing: Standing,
    from: Timestamp,
    n: usize,
) -> Vec<(Timestamp, Firing)> {
    let Some(zone) = schedules.first().map(Schedule::zone) else {
        return Vec::new();
    };
    schedule::preview(schedules, standing, from, n)
        .into_iter()
        .map(|firing| {
            let at = firing
                .at
                .display_with_offset(zone.to_offset(firing.at))
                .to_string();
            let told = Firing {
                unit: unit.cloned(),
                at,
                note: firing.note,
            };
            (firing.at, told)
        })
        .collect()
}
