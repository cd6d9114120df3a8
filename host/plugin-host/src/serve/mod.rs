//! What the host offers a plugin: the interfaces of `wit/`, each behind the grants of the call.
//!
//! Invariant: a refusal is an answer to the plugin that says which grant would allow it, never a trap; and it is kept
//! in the exchange.

mod files;
mod http;
mod log;
mod mail;
mod template;
mod wasi_http;

use crate::call::exchange::{Exchange, HostCall};
use crate::call::limits::Terms;
use crate::call::masks::Masks;
use crate::grant::granted::Granted;

/// What all calls share: clients, resolver, trust roots.
#[derive(Clone, Default)]
pub(crate) struct Services {}

/// The gate of one call: what it may reach, and the record of what it asked.
pub(crate) struct Gate {
    name: String,
    granted: Granted,
    #[expect(dead_code, reason = "http and mail come next")]
    services: Services,
    masks: Masks,
    exchange: Exchange,
    host_calls: u32,
    max_host_calls: u32,
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
                "more than {most} host calls in one call are not granted to any plugin"
            ));
        }
        self.host_calls += 1;
        Ok(())
    }

    fn record(&mut self, call: HostCall) {
        self.exchange.call(&self.masks, call);
    }
}
