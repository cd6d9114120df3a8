//! A rule about hosts: `host`, `host:port`, `*.domain`, `*.domain:port`, `$KEY`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::grant::BadNeed;

/// Hosts that requests may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostRule {
    /// One host.
    Host {
        /// Its name in lower case, or its address; an IPv6 address without brackets.
        name: String,
        /// The one port; none stands for the scheme's own.
        port: Option<u16>,
    },
    /// All hosts below a domain, not the domain itself.
    Below {
        /// The domain in lower case, without a leading dot.
        domain: String,
        /// The one port; none stands for the scheme's own.
        port: Option<u16>,
    },
    /// The host, or hosts, that the user wrote into a setting.
    Setting(
        /// The keys that lead to it.
        Vec<String>,
    ),
}

impl HostRule {
    /// Whether this host is meant. `own` is the own port of the scheme in use; `$KEY` never matches by itself.
    #[must_use]
    pub fn allows(&self, host: &str, port: u16, own: u16) -> bool {
        let (named, allowed) = match self {
            HostRule::Host { name, port } => (host.eq_ignore_ascii_case(name), port),
            HostRule::Below { domain, port } => (is_below(host, domain), port),
            HostRule::Setting(_) => return false,
        };
        named && port == allowed.unwrap_or(own)
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host.strip_suffix(domain)
        .and_then(|front| front.strip_suffix('.'))
        .is_some_and(|front| !front.is_empty())
}

impl FromStr for HostRule {
    type Err = BadNeed;

    fn from_str(word: &str) -> Result<HostRule, BadNeed> {
        parse(word).map_err(|why| BadNeed {
            word: word.to_owned(),
            why: why.to_owned(),
        })
    }
}

fn parse(word: &str) -> Result<HostRule, &'static str> {
    if let Some(path) = word.strip_prefix('$') {
        let keys: Vec<String> = path.split('.').map(str::to_owned).collect();
        let key = |key: &String| {
            !key.is_empty()
                && key
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        return if keys.iter().all(key) {
            Ok(HostRule::Setting(keys))
        } else {
            Err("behind `$` stands the name of a setting, or several joined by dots")
        };
    }
    if word.contains("://") {
        return Err("write the host alone, without scheme and path");
    }
    let (host, port) = split_port(word)?;
    let host = host.to_ascii_lowercase();
    match host.strip_prefix("*.") {
        Some(domain) if is_name(domain) && domain.parse::<IpAddr>().is_err() => {
            Ok(HostRule::Below {
                domain: domain.to_owned(),
                port,
            })
        }
        None if is_name(&host) || host.parse::<IpAddr>().is_ok() => {
            Ok(HostRule::Host { name: host, port })
        }
        _ => Err("write `host`, `host:port`, `*.domain` or `$setting`"),
    }
}

/// Takes a port off, and the brackets of an IPv6 address.
pub(super) fn split_port(word: &str) -> Result<(&str, Option<u16>), &'static str> {
    const PORT: &str = "behind the colon stands a port between 1 and 65535";
    let port = |text: &str| match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(Some(port)),
        _ => Err(PORT),
    };
    if let Some(rest) = word.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("the bracket is not closed")?;
        return match rest.strip_prefix(':') {
            Some(text) => Ok((host, port(text)?)),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(PORT),
        };
    }
    match word.split_once(':') {
        None => Ok((word, None)),
        Some((_, more)) if more.contains(':') => Ok((word, None)),
        Some((host, text)) => Ok((host, port(text)?)),
    }
}

fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.split('.').all(label)
}

impl fmt::Display for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = match self {
            HostRule::Setting(keys) => return write!(f, "${}", keys.join(".")),
            HostRule::Host { name, port } if name.contains(':') => (format!("[{name}]"), port),
            HostRule::Host { name, port } => (name.clone(), port),
            HostRule::Below { domain, port } => (format!("*.{domain}"), port),
        };
        match port {
            Some(port) => write!(f, "{host}:{port}"),
            None => f.write_str(&host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rule: &str, host: &str, port: u16) -> bool {
        rule.parse::<HostRule>().unwrap().allows(host, port, 443)
    }

    #[test]
    fn a_host_without_a_port_means_the_own_port_of_the_scheme() {
        assert!(allows("api.example", "API.example", 443));
        assert!(!allows("api.example", "api.example", 8443));
        assert!(allows("api.example:8443", "api.example", 8443));
        assert!(!allows("api.example:8443", "api.example", 443));
        assert!(!allows("api.example", "api.example.evil.example", 443));
    }

    #[test]
    fn a_star_stands_for_at_least_one_label() {
        assert!(allows("*.slack.com", "hooks.slack.com", 443));
        assert!(allows("*.slack.com", "a.b.slack.com", 443));
        assert!(!allows("*.slack.com", "slack.com", 443));
        assert!(!allows("*.slack.com", "notslack.com", 443));
        assert!(!allows("*.slack.com", ".slack.com", 443));
    }

    #[test]
    fn every_rule_is_written_as_it_was_read() {
        for rule in [
            "a.example",
            "a.example:80",
            "*.a.example",
            "$url",
            "$servers.url",
            "[::1]:80",
            "10.0.0.1",
        ] {
            assert_eq!(rule.parse::<HostRule>().unwrap().to_string(), rule);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for rule in [
            "",
            "*",
            "*.",
            "a b",
            "https://a.example",
            "a.example/x",
            "a:0",
            "a:99999",
            "a:x",
            "$",
            "$a..b",
            "*.1.2.3.4",
            "[::1",
            "-a",
        ] {
            assert!(rule.parse::<HostRule>().is_err(), "{rule}");
        }
    }
}
