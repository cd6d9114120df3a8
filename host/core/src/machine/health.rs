//! The pulse of one service process: whether it is ready, whether it still answers.
//!
//! - Ready is: executed, the first passed check, or `READY=1`, as the plan says.
//! - A process that has to become ready by itself has `healthy_after` for it (without limit when that is 0, or when
//!   it is to become healthy and `on_unhealthy = "none"`); `EXTEND_TIMEOUT_USEC` gives it more.
//! - The first check comes at once. Until one has passed, checks within `start_period` come every second (or every
//!   `interval`, if shorter) and do not count when they fail. After that they come `interval` after the last answer.
//! - The watchdog counts from readiness.
//!
//! Invariant: at most one check is on its way.

use std::time::Duration;

use super::plain;
use super::timers::earlier;
use crate::config::plan::{Ready, Service};
use crate::words::input::Notified;
use crate::words::time::Mono;

/// The pace of checks while a process starts.
const START_PACE: Duration = Duration::from_secs(1);

/// What the pulse tells its instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing new.
    Steady,
    /// A check is due.
    Probe,
    /// It has become ready.
    Ready,
    /// Its check fails; it is left alone, as configured.
    Unhealthy,
    /// It answers again.
    Recovered,
    /// It is given up: end it.
    Failed {
        /// Why.
        why: String,
        /// Without grace: it hangs.
        at_once: bool,
    },
}

/// The pulse of one process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulse {
    pub(crate) ready: bool,
    /// A check has passed.
    passed: bool,
    pub(crate) unhealthy: bool,
    failures: u32,
    started: Mono,
    ready_by: Option<Mono>,
    probe_at: Option<Mono>,
    watchdog_at: Option<Mono>,
    /// What it said of itself, or why its check fails.
    pub(crate) said: Option<String>,
    pub(crate) trouble: Option<String>,
}

impl Pulse {
    /// The process has been executed.
    pub(crate) fn begin(service: &Service, started: Mono) -> Pulse {
        let bounded = match service.ready {
            Ready::Spawned => false,
            Ready::Healthy => service.health.as_ref().is_some_and(|h| h.restart),
            Ready::Notify => true,
        };
        let mut pulse = Pulse {
            started,
            ready_by: (bounded && !service.healthy_after.is_zero())
                .then(|| started.plus(service.healthy_after)),
            probe_at: service.health.as_ref().map(|_| started),
            ..Pulse::default()
        };
        if service.ready == Ready::Spawned {
            pulse.now_ready(service, started);
        }
        pulse
    }

    /// A process that was there before this daemon: held to be ready; its checks begin anew.
    pub(crate) fn resume(service: &Service, started: Mono, now: Mono) -> Pulse {
        let mut pulse = Pulse {
            started,
            probe_at: service.health.as_ref().map(|_| now),
            ..Pulse::default()
        };
        pulse.now_ready(service, now);
        pulse
    }

    fn now_ready(&mut self, service: &Service, at: Mono) {
        self.ready = true;
        self.ready_by = None;
        self.watchdog_at = service.watchdog.map(|every| at.plus(every));
    }

    /// What time says; to be asked again until it is steady.
    pub(crate) fn on_time(&mut self, service: &Service, now: Mono) -> Beat {
        if self.ready_by.is_some_and(|at| at <= now) {
            self.ready_by = None;
            let limit = plain::length(now.since(self.started));
            let why = match &self.trouble {
                Some(trouble) => format!("not ready within {limit}: {trouble}"),
                None => format!("not ready within {limit}"),
            };
            return Beat::Failed {
                why,
                at_once: false,
            };
        }
        if self.watchdog_at.is_some_and(|at| at <= now) {
            self.watchdog_at = None;
            let every = plain::length(service.watchdog.unwrap_or_default());
            return Beat::Failed {
                why: format!("the watchdog had no WATCHDOG=1 within {every}"),
                at_once: true,
            };
        }
        if self.probe_at.is_some_and(|at| at <= now) {
            self.probe_at = None;
            return Beat::Probe;
        }
        Beat::Steady
    }

    /// A check came back.
    pub(crate) fn probed(
        &mut self,
        service: &Service,
        now: Mono,
        result: Result<(), String>,
    ) -> Beat {
        let Some(health) = &service.health else {
            return Beat::Steady;
        };
        let starting = !self.passed && now < self.started.plus(health.start_period);
        match result {
            Ok(()) => {
                self.probe_at = Some(now.plus(health.interval));
                self.passed = true;
                self.failures = 0;
                self.trouble = None;
                if std::mem::take(&mut self.unhealthy) {
                    return Beat::Recovered;
                }
                if !self.ready && service.ready == Ready::Healthy {
                    self.now_ready(service, now);
                    return Beat::Ready;
                }
                Beat::Steady
            }
            Err(why) if starting => {
                self.probe_at = Some(now.plus(health.interval.min(START_PACE)));
                self.trouble = Some(why);
                Beat::Steady
            }
            Err(why) => {
                self.probe_at = Some(now.plus(health.interval));
                self.failures = self.failures.saturating_add(1);
                self.trouble = Some(why.clone());
                if self.failures < health.retries.max(1) || self.unhealthy {
                    return Beat::Steady;
                }
                if health.restart {
                    let why = format!("its health check failed: {why}");
                    return Beat::Failed {
                        why,
                        at_once: false,
                    };
                }
                self.unhealthy = true;
                Beat::Unhealthy
            }
        }
    }

    /// It said something by sd_notify.
    pub(crate) fn notified(&mut self, service: &Service, now: Mono, said: &Notified) -> Beat {
        if let Some(status) = &said.status {
            self.said = (!status.is_empty()).then(|| status.clone());
        }
        if let (Some(usec), Some(ready_by)) = (said.extend_timeout_usec, &mut self.ready_by) {
            *ready_by = (*ready_by).max(now.plus(Duration::from_micros(usec)));
        }
        if said.trigger {
            return Beat::Failed {
                why: "it asked for its watchdog to strike".to_owned(),
                at_once: true,
            };
        }
        if let (true, Some(at), Some(every)) =
            (said.watchdog, &mut self.watchdog_at, service.watchdog)
        {
            *at = now.plus(every);
        }
        if said.ready && !self.ready && service.ready == Ready::Notify {
            self.now_ready(service, now);
            return Beat::Ready;
        }
        Beat::Steady
    }

    /// Whether it counts as well started, having lived until `at`.
    pub(crate) fn well_started(&self, service: &Service, at: Mono) -> bool {
        let answered = service.health.is_none() || self.passed;
        self.ready && answered && at.since(self.started) >= service.healthy_after
    }

    pub(crate) fn deadline(&self) -> Option<Mono> {
        earlier(earlier(self.ready_by, self.watchdog_at), self.probe_at)
    }

    /// What people should read about it.
    pub(crate) fn message(&self) -> Option<String> {
        self.trouble.clone().or_else(|| self.said.clone())
    }
}
