//! Names become addresses, and every address is judged before it is connected to.
//!
//! The judgement is made on the answer that the connection uses, not on one that was looked up before: a name that
//! answers differently the second time gains nothing by it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::grant::address::{OutOfReach, Reach};
use crate::plugins::{Lookup, Proxy, Setup};

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAddress {
    /// It leads where the plugin may not go.
    #[error("{name} leads to {address}, {why}{}", help(*.why, .name))]
    Refused {
        name: String,
        address: IpAddr,
        why: OutOfReach,
    },
    /// It leads nowhere at all.
    #[error("{name} has no address: {why}")]
    Unknown { name: String, why: String },
}

fn help(why: OutOfReach, name: &str) -> String {
    match why {
        OutOfReach::Metadata => String::new(),
        OutOfReach::Private => format!(
            "; a plugin reaches private addresses only where its settings name the host, or with a grant for the \
             address itself, such as `http:ADDRESS` in place of `http:{name}`"
        ),
    }
}

/// Looks up names.
pub(super) struct Names {
    lookup: Option<Lookup>,
    /// The names of proxies, which the operator chose and which may be anywhere.
    proxies: Vec<String>,
}

impl Names {
    pub(super) fn new(setup: &Setup) -> Names {
        Names {
            lookup: setup.lookup.clone(),
            proxies: proxies(&setup.proxy),
        }
    }

    /// The addresses of a name, as far as they are in reach; an address as it stands, if it is.
    pub(super) async fn addresses(
        &self,
        name: &str,
        reach: Reach,
    ) -> Result<Vec<IpAddr>, NoAddress> {
        if let Ok(address) = name.parse() {
            return self.judge(name, vec![address], reach);
        }
        let unknown = |error: io::Error| NoAddress::Unknown {
            name: name.to_owned(),
            why: error.to_string(),
        };
        let found = match &self.lookup {
            Some(lookup) => {
                let (lookup, name) = (Arc::clone(lookup), name.to_owned());
                let asked = tokio::task::spawn_blocking(move || lookup(&name)).await;
                asked
                    .map_err(|e| unknown(io::Error::other(e)))?
                    .map_err(unknown)?
            }
            None => {
                let found = tokio::net::lookup_host((name, 0)).await.map_err(unknown)?;
                found.map(|address| address.ip()).collect()
            }
        };
        self.judge(name, found, reach)
    }

    /// Keeps what is in reach. Without any, the first one's refusal is the answer.
    pub(super) fn judge(
        &self,
        name: &str,
        found: Vec<IpAddr>,
        reach: Reach,
    ) -> Result<Vec<IpAddr>, NoAddress> {
        if self
            .proxies
            .iter()
            .any(|proxy| proxy.eq_ignore_ascii_case(name))
        {
            return Ok(found);
        }
        let mut refused = None;
        let mut good = Vec::new();
        for address in found {
            match reach.admits(address) {
                Ok(()) => good.push(address),
                Err(why) => {
                    refused.get_or_insert(NoAddress::Refused {
                        name: name.to_owned(),
                        address,
                        why,
                    });
                }
            }
        }
        match refused {
            _ if !good.is_empty() => Ok(good),
            Some(refused) => Err(refused),
            None => Err(NoAddress::Unknown {
                name: name.to_owned(),
                why: "the answer was empty".to_owned(),
            }),
        }
    }
}

/// What an HTTP client looks names up with: each client has one reach, and never shares a connection with the other.
pub(super) struct Resolver {
    pub(super) names: Arc<Names>,
    pub(super) reach: Reach,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, reach) = (Arc::clone(&self.names), self.reach);
        Box::pin(async move {
            let found = names.addresses(name.as_str(), reach).await?;
            let found: Addrs =
                Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(found)
        })
    }
}

/// The hosts of the proxies in use.
fn proxies(proxy: &Proxy) -> Vec<String> {
    const VARIABLES: [&str; 6] = [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ];
    let addresses = match proxy {
        Proxy::Direct => Vec::new(),
        Proxy::Address(address) => vec![address.clone()],
        Proxy::Environment => VARIABLES
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .collect(),
    };
    addresses
        .iter()
        .filter_map(|address| host(address))
        .collect()
}

fn host(address: &str) -> Option<String> {
    let with_scheme = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    let url = reqwest::Url::parse(&with_scheme).ok()?;
    url.host_str()
        .map(|host| host.trim_matches(['[', ']']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(proxy: Proxy) -> Names {
        Names::new(&Setup {
            proxy,
            ..Setup::default()
        })
    }

    fn addresses(of: &[&str]) -> Vec<IpAddr> {
        of.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn of_several_addresses_those_in_reach_are_kept() {
        let names = names(Proxy::Direct);
        let found = addresses(&["10.0.0.1", "1.1.1.1", "169.254.169.254"]);
        assert_eq!(
            names.judge("a", found.clone(), Reach::Public).unwrap(),
            addresses(&["1.1.1.1"])
        );
        assert_eq!(
            names.judge("a", found, Reach::Named).unwrap(),
            addresses(&["10.0.0.1", "1.1.1.1"])
        );
    }

    #[test]
    fn a_refusal_says_where_the_name_leads_and_what_would_help() {
        let names = names(Proxy::Direct);
        let refused = names
            .judge("a.example", addresses(&["127.0.0.1"]), Reach::Public)
            .unwrap_err();
        let text = refused.to_string();
        assert!(
            text.starts_with("a.example leads to 127.0.0.1, a private address; "),
            "{text}"
        );
        let refused = names
            .judge("a.example", addresses(&["169.254.169.254"]), Reach::Named)
            .unwrap_err();
        assert!(refused.to_string().ends_with("which no plugin may reach"));
        assert!(names.judge("a.example", Vec::new(), Reach::Named).is_err());
    }

    #[test]
    fn the_operators_proxy_may_be_anywhere() {
        let names = names(Proxy::Address("proxy.lan:3128".into()));
        let found = addresses(&["10.0.0.1"]);
        assert_eq!(
            names
                .judge("proxy.lan", found.clone(), Reach::Public)
                .unwrap(),
            found
        );
        assert!(names.judge("other.lan", found, Reach::Public).is_err());
    }
}
