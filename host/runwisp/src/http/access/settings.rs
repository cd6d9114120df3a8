//! What the configuration says about who may come in, ready to be used for each request.
//!
//! Tests: below.

use std::sync::{Arc, Mutex, PoisonError};

use runwisp_core::config::plan::{DaemonPlan, Plan};

use super::address::Network;
use super::host::host_of;
use super::origin::Site;

/// It, for one plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Names of ours, in lower case.
    pub names: Vec<String>,
    /// Where browsers reach us from outside.
    pub external: Option<Site>,
    /// Whose forwarding headers are believed.
    pub proxies: Vec<Network>,
}

impl Settings {
    /// Of a plan. `listen` is where HTTP is served, if anywhere; `hostname` what this host calls itself.
    pub fn of(daemon: &DaemonPlan, listen: Option<&str>, hostname: Option<&str>) -> Settings {
        let external = daemon.external_url.as_deref().and_then(Site::parse);
        let listen = listen.and_then(host_of);
        let hostname = hostname.and_then(host_of);
        let outside = external.as_ref().map(|site| site.host().to_owned());
        let proxies = daemon.http["trusted_proxies"].as_array();
        let proxies = proxies.into_iter().flatten();
        Settings {
            names: listen.into_iter().chain(hostname).chain(outside).collect(),
            external,
            proxies: proxies
                .filter_map(|text| Network::parse(text.as_str()?))
                .collect(),
        }
    }
}

/// The settings of the plan in force, made anew when there is another one.
#[derive(Debug)]
pub struct Current {
    /// `--listen`, which wins over the plan.
    listen: Option<String>,
    hostname: Option<String>,
    known: Mutex<Option<(Arc<Plan>, Arc<Settings>)>>,
}

impl Current {
    /// None known yet.
    pub fn new(listen: Option<String>) -> Self {
        let hostname = nix::unistd::gethostname().ok();
        Current {
            listen,
            hostname: hostname.and_then(|name| name.into_string().ok()),
            known: Mutex::new(None),
        }
    }

    /// Those of this plan.
    pub fn of(&self, plan: &Arc<Plan>) -> Arc<Settings> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, settings)) = known.as_ref()
            && Arc::ptr_eq(of, plan)
        {
            return Arc::clone(settings);
        }
        let listen = self.listen.as_deref().or(plan.daemon.listen.as_deref());
        let hostname = self.hostname.as_deref();
        let settings = Arc::new(Settings::of(&plan.daemon, listen, hostname));
        *known = Some((Arc::clone(plan), Arc::clone(&settings)));
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_address_the_host_and_the_outside() {
        let daemon = DaemonPlan {
            listen: None,
            external_url: Some("https://Jobs.example.com/x".to_owned()),
            timezone: jiff::tz::TimeZone::UTC,
            shutdown_timeout: std::time::Duration::ZERO,
            user: None,
            exit_when_done: false,
            http: serde_json::json!({"trusted_proxies": ["10.0.0.0/8", "::1"]}),
        };
        let settings = Settings::of(&daemon, Some("box.lan:9477"), Some("box1"));
        assert_eq!(settings.names, ["box.lan", "box1", "jobs.example.com"]);
        assert_eq!(settings.proxies.len(), 2);
        assert!(settings.external.is_some_and(|site| site.is_https()));
    }
}
