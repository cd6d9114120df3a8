//! Where a remote daemon is: `https://host:port`, with a path before the API's where a proxy wants one. Pure.
//!
//! Tests: below.

/// The port a daemon listens on when nobody says.
const DEFAULT_PORT: u16 = 9477;

/// A daemon's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whether it is spoken to through TLS.
    pub tls: bool,
    /// Its name or number, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What stands before the API's own path; begins with `/` or is empty.
    pub base: String,
}

impl Address {
    /// Reads one. The error completes "could not use … as an address: ".
    pub fn parse(text: &str) -> Result<Address, String> {
        let (tls, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (false, rest)
        } else {
            return Err("it has to begin with https:// or http://".to_owned());
        };
        if rest.contains(['?', '#', '@']) || rest.contains(char::is_whitespace) {
            return Err(
                "it is scheme, host, port and path; a token goes into a file or RUNWISP_TOKEN"
                    .to_owned(),
            );
        }
        let (authority, base) = match rest.find('/') {
            Some(at) => (&rest[..at], rest[at..].trim_end_matches('/')),
            None => (rest, ""),
        };
        let (host, port) = split(authority)?;
        if host.is_empty() {
            return Err("it names no host".to_owned());
        }
        Ok(Address {
            tls,
            host: host.to_owned(),
            port: match port {
                Some(port) => port
                    .parse()
                    .ok()
                    .filter(|port| *port != 0)
                    .ok_or_else(|| format!("{port:?} is no port"))?,
                None => DEFAULT_PORT,
            },
            base: base.to_owned(),
        })
    }

    /// Whether what is said there stays on this machine.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self
                .host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback())
    }

    /// Host and port as they stand in a `Host` header.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.base)
    }
}

/// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn split(authority: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest
            .split_once(']')
            .ok_or_else(|| "a bracket is not closed".to_owned())?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err("a colon has to follow the bracket".to_owned()),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            Err("an IPv6 address stands in brackets".to_owned())
        }
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_whole() {
        for (text, shown, loopback) in [
            ("https://box", "https://box:9477", false),
            ("http://127.0.0.1:80/", "http://127.0.0.1:80", true),
            (
                "https://[::1]:1/run/wisp//",
                "https://[::1]:1/run/wisp",
                true,
            ),
            ("http://[fe80::1]", "http://[fe80::1]:9477", false),
            ("http://LOCALHOST", "http://LOCALHOST:9477", true),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), shown, "{text}");
            assert_eq!(address.is_loopback(), loopback, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_said() {
        for (text, why) in [
            ("box:9477", "begin with https://"),
            ("https://", "no host"),
            ("https://:80", "no host"),
            ("https://box:0", "no port"),
            ("https://box:99999", "no port"),
            ("https://::1", "brackets"),
            ("https://[::1", "not closed"),
            ("https://user:secret@box", "RUNWISP_TOKEN"),
            ("https://box/?token=x", "RUNWISP_TOKEN"),
        ] {
            let told = Address::parse(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}
