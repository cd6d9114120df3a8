//! Whether a request means this daemon by its `Host`.
//!
//! A page of a stranger can make a browser's requests reach 127.0.0.1 by giving its own name that address (DNS
//! rebinding). The browser then says the stranger's name as `Host`, so names that are not ours are refused, on loopback
//! too. Addresses can't be given away, and nobody but us decides what this host is called.
//!
//! Ports are not compared: a tunnel has its own.
//! Tests: below.

use std::net::IpAddr;

/// Names a loopback interface goes by.
const LOOPBACK: &str = "localhost";

/// The host of `host:port`, `[v6]:port` or either without a port, in lower case; none when it is none of these.
pub fn host_of(authority: &str) -> Option<String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (v6, rest) = rest.split_once(']')?;
            v6.parse::<std::net::Ipv6Addr>().ok()?;
            (
                v6,
                rest.strip_prefix(':').or(rest.is_empty().then_some("0")),
            )
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, Some("0")),
        },
    };
    port?.parse::<u16>().ok()?;
    let named = host
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':'));
    let host = host.strip_suffix('.').unwrap_or(host);
    (named && !host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// Whether the host, as [`host_of`] gives it, is ours. `local` is the address that was connected to; `names` are ours,
/// in lower case.
pub fn is_ours(host: &str, local: IpAddr, names: &[String]) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        let address = address.to_canonical();
        return address.is_loopback()
            || address == local.to_canonical()
            || names.iter().any(|name| name == host);
    }
    host == LOOPBACK || host.ends_with(".localhost") || names.iter().any(|name| name == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_stands_before_the_port() {
        for (authority, host) in [
            ("localhost:9477", Some("localhost")),
            ("LocalHost", Some("localhost")),
            ("jobs.example.com.", Some("jobs.example.com")),
            ("[::1]:9477", Some("::1")),
            ("[::1]", Some("::1")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("", None),
            (":9477", None),
            ("a:b", None),
            ("a:1:2", None),
            ("user@host", None),
            ("[x]:1", None),
            ("[::1]x", None),
            ("a/b", None),
            ("a:99999", None),
        ] {
            assert_eq!(host_of(authority).as_deref(), host, "{authority:?}");
        }
    }

    #[test]
    fn a_stranger_s_name_is_not_ours_whatever_it_resolves_to() {
        let names = ["jobs.example.com".to_owned(), "box1".to_owned()];
        let local = "192.0.2.5".parse().unwrap();
        for ours in [
            "localhost",
            "a.localhost",
            "127.0.0.1",
            "127.1.2.3",
            "::1",
            "192.0.2.5",
            "jobs.example.com",
            "box1",
        ] {
            assert!(is_ours(ours, local, &names), "{ours}");
        }
        for other in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "jobs.example.com.evil.example",
            "192.0.2.6",
            "evil-localhost",
        ] {
            assert!(!is_ours(other, local, &names), "{other}");
        }
    }
}
