//! The process of an instance: its run, and its pulse.

use std::time::Duration;

use crate::config::plan::{Curve, Ready, Restart, Role, Service, Unit};
use crate::machine::health::{Beat, Pulse};
use crate::machine::live::Live;
use crate::words::time::Mono;

/// A run with its pulse.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) live: Live,
    pub(super) pulse: Option<Pulse>,
    /// It was there before this daemon.
    pub(super) adopted: bool,
}

impl Process {
    pub(super) fn pulse_beat(&mut self, ask: impl FnOnce(&mut Pulse) -> Beat) -> Beat {
        match &mut self.pulse {
            Some(pulse) if self.live.is_up() => ask(pulse),
            Some(_) | None => Beat::Steady,
        }
    }

    pub(super) fn is_unhealthy(&self) -> bool {
        self.pulse.as_ref().is_some_and(|pulse| pulse.unhealthy)
    }

    pub(super) fn well_started(&self, service: &Service, at: Mono) -> bool {
        let pulse = self.pulse.as_ref();
        pulse.is_some_and(|pulse| pulse.well_started(service, at))
    }

    pub(super) fn lived(&self, until: Mono) -> Duration {
        self.live
            .started
            .map_or(Duration::ZERO, |began| until.since(began))
    }
}

/// What only a service has. A machine of this kind is only ever given services; a task would be one that never
/// restarts.
pub(super) fn service(unit: &Unit) -> &Service {
    match &unit.role {
        Role::Service(service) => service,
        Role::Task(_) => &NO_SERVICE,
    }
}

/// A service that is never started.
pub(crate) static NO_SERVICE: Service = Service {
    instances: 0,
    restart: Restart::Never,
    restart_delay: Duration::ZERO,
    restart_backoff: Curve::Constant,
    restart_delay_max: Duration::ZERO,
    healthy_after: Duration::ZERO,
    start_retries: 0,
    priority: 0,
    autostart: false,
    depends_on: Vec::new(),
    health: None,
    ready: Ready::Spawned,
    watchdog: None,
    watch: Vec::new(),
    critical: false,
};
