//! The HTTP clients: one for each reach, so that no connection made under the wider one serves the narrower.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

use crate::grant::address::Reach;
use crate::plugins::Proxy;
use crate::serve::names::{Names, Resolver};
use crate::serve::trust::Trust;
use crate::serve::whole;

/// How we name ourselves.
const AGENT: &str = concat!("runwisp/", env!("CARGO_PKG_VERSION"));
/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a connection without use is kept, and how many to one host.
const IDLE: Duration = Duration::from_secs(20);
const IDLE_EACH: usize = 4;

pub(super) struct Clients {
    proxy: Proxy,
    names: Arc<Names>,
    public: OnceLock<Result<Client, String>>,
    named: OnceLock<Result<Client, String>>,
}

impl Clients {
    pub(super) fn new(proxy: Proxy, names: Arc<Names>) -> Clients {
        Clients {
            proxy,
            names,
            public: OnceLock::new(),
            named: OnceLock::new(),
        }
    }

    /// The client for this reach. The error is one of the machine, not of the request.
    pub(super) fn get(&self, reach: Reach, trust: &Trust) -> Result<&Client, String> {
        let made = match reach {
            Reach::Public => &self.public,
            Reach::Named => &self.named,
        };
        made.get_or_init(|| self.make(reach, trust))
            .as_ref()
            .map_err(Clone::clone)
    }

    fn make(&self, reach: Reach, trust: &Trust) -> Result<Client, String> {
        let resolver = Resolver {
            names: Arc::clone(&self.names),
            reach,
        };
        let builder = Client::builder()
            .user_agent(AGENT)
            // A redirect would step around the grant; the plugin gets the answer as it is.
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_EACH)
            .dns_resolver(Arc::new(resolver))
            .tls_backend_preconfigured((*trust.config()?).clone());
        self.through(builder)?.build().map_err(|e| whole(&e))
    }

    fn through(&self, builder: ClientBuilder) -> Result<ClientBuilder, String> {
        match &self.proxy {
            Proxy::Environment => Ok(builder),
            Proxy::Direct => Ok(builder.no_proxy()),
            Proxy::Address(address) => {
                let proxy = reqwest::Proxy::all(address)
                    .map_err(|e| format!("the proxy {address}: {}", whole(&e)))?;
                Ok(builder.proxy(proxy))
            }
        }
    }
}
