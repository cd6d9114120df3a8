//! What others see of an instance.

use super::{Instance, Phase};
use crate::machine::health::Pulse;
use crate::words::status::{InstanceState, InstanceStatus};
use crate::words::time::Now;

impl Instance {
    /// Whether what depends on it may start: it runs well, or has done its work.
    pub(crate) fn is_ready(&self) -> bool {
        self.state() == InstanceState::Running
            || matches!(
                &self.phase,
                Phase::Exited {
                    succeeded: true,
                    ..
                }
            )
    }

    pub(crate) fn state(&self) -> InstanceState {
        match &self.phase {
            Phase::Stopped => InstanceState::Stopped,
            Phase::Waiting { .. } => InstanceState::Waiting,
            Phase::Starting(_) => InstanceState::Starting,
            Phase::Running(process) if process.is_unhealthy() => InstanceState::Unhealthy,
            Phase::Running(_) => InstanceState::Running,
            Phase::Backoff { .. } => InstanceState::Backoff,
            Phase::Stopping(_) => InstanceState::Stopping,
            Phase::Exited { .. } => InstanceState::Exited,
            Phase::Fatal { .. } => InstanceState::Fatal,
        }
    }

    pub(crate) fn message(&self) -> Option<String> {
        match &self.phase {
            Phase::Stopped => None,
            Phase::Waiting { why } => why.clone(),
            Phase::Starting(process) | Phase::Running(process) => {
                process.pulse.as_ref().and_then(Pulse::message)
            }
            Phase::Stopping(process) => process.live.row.message.clone(),
            Phase::Backoff { why, .. } | Phase::Exited { why, .. } | Phase::Fatal { why } => {
                Some(why.clone())
            }
        }
    }

    pub(crate) fn status(&self, now: Now) -> InstanceStatus {
        let live = self.process().map(|p| &p.live);
        let alive = live.filter(|live| live.exit.is_none());
        InstanceStatus {
            index: self.index,
            state: self.state(),
            pid: alive.and_then(|live| live.row.pid),
            run_id: live.map(|live| live.row.id).or(self.last_run),
            uptime: alive
                .and_then(|live| live.started)
                .map(|began| now.mono.since(began)),
            restarts: self.restarts,
            retry_in: match &self.phase {
                Phase::Backoff { until, .. } => Some(until.since(now.mono)),
                _ => None,
            },
            message: self.message(),
            usage: None,
        }
    }
}
