//! What a plugin may reach, from what it asked for: the rules of the real host.
//!
//! Invariant: nothing is granted that `describe` does not name. Tests: `tests` below.

use serde_json::Value;

use crate::{Descriptor, Need};

/// The needs of a plugin, with `$KEY` filled in.
#[derive(Clone, Default)]
pub(super) struct Grants {
    hosts: Vec<String>,
    pub(super) mail: bool,
    pub(super) template: bool,
    pub(super) files: Vec<String>,
}

impl Grants {
    /// Everything asked for, each setting standing for the hosts in it.
    pub(super) fn of(descriptor: &Descriptor, settings: &Value) -> Grants {
        let mut grants = Grants::default();
        for need in &descriptor.needs {
            match need {
                Need::Http(rule) => match rule.strip_prefix('$') {
                    Some(path) => named(settings, path, &mut grants.hosts),
                    None => grants.hosts.push(rule.clone()),
                },
                Need::Mail => grants.mail = true,
                Need::Template => grants.template = true,
                Need::Files(path) => grants.files.push(path.clone()),
            }
        }
        grants
    }

    /// What is granted to every plugin when it is only looked at.
    pub(super) fn of_check(descriptor: &Descriptor) -> Grants {
        Grants {
            template: descriptor.needs.contains(&Need::Template),
            ..Grants::default()
        }
    }

    pub(super) fn allows(&self, url: &str) -> Result<(), String> {
        let Some((scheme, host, port)) = address(url) else {
            return Err(format!("`{url}` is not an absolute http or https address"));
        };
        let own_port = if scheme == "https" { 443 } else { 80 };
        let allowed = self.hosts.iter().any(|rule| match rule.strip_prefix("*.") {
            Some(domain) => {
                port == own_port
                    && host
                        .strip_suffix(domain)
                        .is_some_and(|rest| rest.ends_with('.'))
            }
            None if port == own_port => *rule == host || *rule == format!("{host}:{port}"),
            None => *rule == format!("{host}:{port}"),
        });
        if allowed {
            return Ok(());
        }
        Err(format!(
            "{host}:{port} is not granted: `describe` does not ask for it"
        ))
    }
}

/// The hosts in a setting; each of them where it is a list.
fn named(settings: &Value, path: &str, into: &mut Vec<String>) {
    let mut value = settings;
    for key in path.split('.') {
        value = &value[key];
    }
    let texts: Vec<&str> = match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for text in texts {
        if let Some((scheme, host, port)) = address(text) {
            let own_port = if scheme == "https" { 443 } else { 80 };
            into.push(if port == own_port {
                host
            } else {
                format!("{host}:{port}")
            });
        }
    }
}

/// Scheme, host in lower case and port of an address.
fn address(url: &str) -> Option<(&str, String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let own_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (authority, own_port),
    };
    (!host.is_empty()).then(|| (scheme, host.to_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn granted(needs: &[&str], settings: Value) -> Grants {
        let descriptor = needs.iter().fold(
            Descriptor::new("x", "1.0.0", "Tests"),
            |descriptor, need| descriptor.needs_http(need),
        );
        Grants::of(&descriptor, &settings)
    }

    #[test]
    fn a_host_is_granted_by_name_by_domain_or_by_the_setting_that_names_it() {
        let grants = granted(
            &["api.example.com", "*.example.org", "$url", "$servers.list"],
            json!({"url": "http://Localhost:8080/x", "servers": {"list": ["https://a.test"]}}),
        );
        for good in [
            "https://api.example.com/x?y",
            "https://a.b.example.org",
            "http://localhost:8080",
            "https://user@a.test/",
        ] {
            assert_eq!(grants.allows(good), Ok(()), "{good}");
        }
        for bad in [
            "https://example.org",
            "https://evilexample.org",
            "https://api.example.com:8443",
            "http://localhost",
            "https://api.example.com@evil.test",
            "ftp://api.example.com",
            "api.example.com",
        ] {
            assert!(grants.allows(bad).is_err(), "{bad}");
        }
    }
}
