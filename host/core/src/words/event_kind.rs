//! The kinds of events that people may be told of, and how much each matters.
//!
//! The names are what users write in routes and what plugins get; the list can grow, a name never changes its meaning.
//! The manual's table (`docs/notifications.md`) is compared with this one by a test of the product.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::run::Outcome;

/// How much something matters to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Not as it should be, but nothing failed.
    Warning,
    /// Something failed.
    Error,
}

impl Severity {
    /// The name used in files, in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// Makes the enum, and the table of what is known of each kind.
macro_rules! kinds {
    ($($variant:ident $name:literal $severity:ident $doc:literal,)+) => {
        /// A kind of event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum EventKind {
            $(#[doc = $doc] $variant,)+
        }

        impl EventKind {
            /// Every kind, in the order of the manual.
            pub const ALL: &'static [EventKind] = &[$(EventKind::$variant,)+];

            /// The name used in files, in JSON and by plugins.
            pub fn as_str(self) -> &'static str {
                match self { $(EventKind::$variant => $name,)+ }
            }

            /// How much it matters.
            pub fn severity(self) -> Severity {
                match self { $(EventKind::$variant => Severity::$severity,)+ }
            }

            /// When it happens: a sentence.
            pub fn doc(self) -> &'static str {
                match self { $(EventKind::$variant => $doc,)+ }
            }
        }
    };
}

kinds! {
    RunStarted "run.started" Info "The process of a run began.",
    RunSucceeded "run.succeeded" Info "A run succeeded.",
    RunFailed "run.failed" Error "A run ended by itself with another code than those of `exit_codes`, by a signal, or with a line that matches `fail_on_output`.",
    RunTimeout "run.timeout" Error "A run took longer than its `timeout`.",
    RunStartFailed "run.start_failed" Error "The command of a run could not be started.",
    RunOomKilled "run.oom_killed" Error "The kernel killed a run: out of memory.",
    RunUnhealthy "run.unhealthy" Error "A run was ended because its health check or watchdog gave up on it.",
    RunLogOverflow "run.log_overflow" Error "A run printed more than `log_max_size`, with `log_on_full = \"kill\"`.",
    RunInterrupted "run.interrupted" Error "The machine or the keeper went away under a run.",
    RunMissed "run.missed" Error "Ticks of a schedule passed while nothing was there to run them.",
    RunQueueFull "run.queue_full" Warning "A tick or a request found as many runs waiting as `max_queued` allows.",
    RunSkipped "run.skipped" Info "A tick found the task busy, with `on_overlap = \"skip\"`.",
    RunDstSkipped "run.dst_skipped" Info "A tick was the second of two equal times on the night the clocks go back.",
    RunStopped "run.stopped" Info "An operator, an overlap rule or a restart ended a run.",
    RunDaemonStopped "run.daemon_stopped" Info "A run ended because runwisp was told to stop.",
    RunRetrying "run.retrying" Info "An attempt failed, and is tried again.",
    RunRecovered "run.recovered" Info "A task succeeded after it had failed.",
    ServiceFatal "service.fatal" Error "A service failed to start too often, and is not started again.",
    ServiceUnhealthy "service.unhealthy" Error "The health check of a service fails, with `on_unhealthy = \"none\"`.",
    ServiceRecovered "service.recovered" Info "All instances of a service have been running for `healthy_after` again, after a failure.",
    TaskOverdue "task.overdue" Error "A task with `expect_by` or `max_silence` has not finished a run in time.",
    DaemonStarted "daemon.started" Info "A daemon took over.",
    DaemonCrashed "daemon.crashed" Error "The daemon died, and a new one took over. What it supervises went on.",
    DaemonDegraded "daemon.degraded" Error "Something of the daemon's own means does not work, such as its database; the fact `part` says what.",
    DaemonRecovered "daemon.recovered" Info "It works again.",
    DiskLow "disk.low" Warning "Less room is left than `min_free_space`, so nothing more is kept.",
    PluginSuspended "plugin.suspended" Warning "A plugin failed again and again, and is left alone for a while.",
    DeliveryFailed "notify.delivery_failed" Warning "A message could not be delivered. For the bell alone; no route can name it.",
    Test "notify.test" Info "The sample that `runwisp notify test` sends. No route can name it.",
}

/// The text is not the name of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a kind of event")
    }
}

impl std::error::Error for UnknownKind {}

impl EventKind {
    /// Whether a route may name it.
    pub fn is_routable(self) -> bool {
        !matches!(self, EventKind::DeliveryFailed | EventKind::Test)
    }

    /// Whether it tells that something is not as it should be.
    pub fn is_trouble(self) -> bool {
        self.severity() >= Severity::Warning
    }

    /// Whether it tells that something is as it should be again.
    pub fn is_recovery(self) -> bool {
        use EventKind::{DaemonRecovered, RunRecovered, ServiceRecovered};
        matches!(self, RunRecovered | ServiceRecovered | DaemonRecovered)
    }

    /// The kind that tells of a run's end.
    pub fn of(outcome: Outcome) -> EventKind {
        match outcome {
            Outcome::Succeeded => EventKind::RunSucceeded,
            Outcome::Failed => EventKind::RunFailed,
            Outcome::Timeout => EventKind::RunTimeout,
            Outcome::Stopped => EventKind::RunStopped,
            Outcome::StartFailed => EventKind::RunStartFailed,
            Outcome::Unhealthy => EventKind::RunUnhealthy,
            Outcome::OomKilled => EventKind::RunOomKilled,
            Outcome::LogOverflow => EventKind::RunLogOverflow,
            Outcome::Interrupted => EventKind::RunInterrupted,
            Outcome::DaemonStopped => EventKind::RunDaemonStopped,
            Outcome::Skipped => EventKind::RunSkipped,
            Outcome::QueueFull => EventKind::RunQueueFull,
            Outcome::Missed => EventKind::RunMissed,
            Outcome::DstSkipped => EventKind::RunDstSkipped,
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventKind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        EventKind::ALL
            .iter()
            .find(|kind| kind.as_str() == text)
            .copied()
            .ok_or(UnknownKind)
    }
}

impl TryFrom<String> for EventKind {
    type Error = UnknownKind;
    fn try_from(text: String) -> Result<Self, UnknownKind> {
        text.parse()
    }
}

impl From<EventKind> for String {
    fn from(kind: EventKind) -> String {
        kind.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_failed_is_an_error_and_nothing_else_of_runs_is_but_missed_ticks() {
        for kind in EventKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        use Outcome::*;
        for outcome in [
            Succeeded,
            Failed,
            Timeout,
            Stopped,
            StartFailed,
            Unhealthy,
            OomKilled,
            LogOverflow,
            Interrupted,
            DaemonStopped,
            Skipped,
            QueueFull,
            Missed,
            DstSkipped,
        ] {
            let kind = EventKind::of(outcome);
            assert_eq!(kind.as_str(), format!("run.{}", outcome.as_str()));
            assert_eq!(
                kind.severity() == Severity::Error,
                outcome.is_failure(),
                "{kind}"
            );
        }
    }
}
