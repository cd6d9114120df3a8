//! What the host offers a plugin: the interfaces of `wit/`, each behind the grants of the call.
//!
//! Invariant: a refusal is an answer to the plugin that says which grant would allow it, never a trap; and it is kept
//! in the exchange.

mod client;
mod fetch;
mod files;
mod glob;
mod http;
mod log;
mod mail;
mod names;
mod reference;
mod registry;
mod smtp_stream;
pub(crate) mod template;
mod trust;
mod wasi_http;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::call::exchange::{Exchange, HostCall};
use crate::call::limits::Terms;
use crate::call::masks::Masks;
use crate::grant::granted::Granted;
use crate::plugins::Setup;

/// Connections to mail servers at once, of all plugins.
const MAIL_AT_ONCE: usize = 4;
/// What is left of a call's time when its last request gives up, so that the plugin can still answer.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);

/// What all calls share. Made by whoever needs a part of it first, since most programs need none.
#[derive(Clone)]
pub(crate) struct Services(Arc<Shared>);

struct Shared {
    trust: trust::Trust,
    names: Arc<names::Names>,
    clients: client::Clients,
    mail_places: Semaphore,
    dry_run: bool,
}

impl Services {
    pub(crate) fn new(setup: &Setup) -> Services {
        let names = Arc::new(names::Names::new(setup));
        Services(Arc::new(Shared {
            trust: trust::Trust::new(setup.roots.clone()),
            clients: client::Clients::new(setup.proxy.clone(), Arc::clone(&names)),
            names,
            mail_places: Semaphore::new(MAIL_AT_ONCE),
            dry_run: setup.dry_run,
        }))
    }
}

/// The gate of one call: what it may reach, and the record of what it asked.
pub(crate) struct Gate {
    name: String,
    granted: Granted,
    services: Services,
    masks: Masks,
    exchange: Exchange,
    host_calls: u32,
    max_host_calls: u32,
    deadline: Instant,
}

impl Gate {
    pub(crate) fn new(name: &str, terms: &Terms, granted: Granted, services: Services) -> Gate {
        Gate {
            name: name.to_owned(),
            granted,
            services,
            masks: Masks::new(&terms.secrets),
            exchange: Exchange::default(),
            host_calls: 0,
            max_host_calls: terms.limits.host_calls,
            deadline: Instant::now() + terms.limits.wall,
        }
    }

    pub(crate) fn masks(&self) -> &Masks {
        &self.masks
    }

    pub(crate) fn into_exchange(self) -> Exchange {
        self.exchange
    }

    /// Counts a host call; the error says that there were too many.
    fn count(&mut self) -> Result<(), String> {
        if self.host_calls >= self.max_host_calls {
            let most = self.max_host_calls;
            return Err(format!(
                "no plugin may make more than {most} host calls in one call"
            ));
        }
        self.host_calls += 1;
        Ok(())
    }

    /// The longest that a host call may take now.
    fn time_left(&self) -> Duration {
        self.deadline
            .saturating_duration_since(Instant::now())
            .saturating_sub(TIME_TO_ANSWER)
    }

    fn record(&mut self, call: HostCall) {
        self.exchange.call(&self.masks, call);
    }
}

/// An error and its causes in one line, each said once.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
