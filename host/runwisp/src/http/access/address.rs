//! Whose request it is, where proxies pass requests on.
//!
//! `X-Forwarded-For` is read from the right: each trusted proxy has appended whom it spoke to, and the first address that
//! is no trusted proxy is the caller. What stands to its left is the caller's own story. Of two headers the later one
//! continues the earlier. A proxy that appends what is no address is not gone past.
//!
//! Tests: below.

use std::net::IpAddr;

/// A network of trusted proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

impl Network {
    /// `10.0.0.0/8`, or an address, which is a network of its own.
    pub fn parse(text: &str) -> Option<Network> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(bits);
        if length > bits {
            return None;
        }
        // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
        Some(match address.to_canonical() {
            v4 @ IpAddr::V4(_) if bits == 128 => Network {
                address: v4,
                length: length.checked_sub(96)?,
            },
            address => Network { address, length },
        })
    }

    /// Whether the address is in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                let shift = u32::from(32 - self.length.min(32));
                net.to_bits().checked_shr(shift).unwrap_or(0)
                    == address.to_bits().checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => {
                let shift = u32::from(128 - self.length.min(128));
                net.to_bits().checked_shr(shift).unwrap_or(0)
                    == address.to_bits().checked_shr(shift).unwrap_or(0)
            }
            _ => false,
        }
    }
}

/// Who asks: `peer` is who connected, `forwarded` the values of `X-Forwarded-For` in order.
pub fn caller<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    proxies: &[Network],
) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.holds(address));
    let mut at = peer.to_canonical();
    for text in forwarded.rev().flat_map(|value| value.rsplit(',')) {
        if !trusted(at) {
            break;
        }
        match parse(text.trim()) {
            Some(address) => at = address.to_canonical(),
            None => break,
        }
    }
    at
}

/// An address as proxies write it: with a port, in brackets, or bare.
fn parse(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let socket: Option<std::net::SocketAddr> = text.parse().ok();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    socket
        .map(|socket| socket.ip())
        .or_else(|| bare?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let proxies: Vec<Network> = proxies.iter().filter_map(|p| Network::parse(p)).collect();
        caller(peer.parse().unwrap(), forwarded.iter().copied(), &proxies).to_string()
    }

    #[test]
    fn the_first_from_the_right_that_is_no_proxy_asks() {
        let proxies = ["10.0.0.0/8", "127.0.0.1"];
        for (peer, forwarded, caller) in [
            ("192.0.2.1", vec!["1.1.1.1"], "192.0.2.1"),
            ("127.0.0.1", vec![], "127.0.0.1"),
            ("127.0.0.1", vec!["1.1.1.1, 192.0.2.7"], "192.0.2.7"),
            (
                "127.0.0.1",
                vec!["1.1.1.1, 192.0.2.7, 10.1.2.3"],
                "192.0.2.7",
            ),
            ("127.0.0.1", vec!["192.0.2.7", "10.1.2.3"], "192.0.2.7"),
            ("127.0.0.1", vec!["10.9.9.9,10.1.2.3"], "10.9.9.9"),
            ("127.0.0.1", vec!["192.0.2.7, nonsense"], "127.0.0.1"),
            ("127.0.0.1", vec!["192.0.2.7:4711"], "192.0.2.7"),
            ("::ffff:127.0.0.1", vec!["[2001:db8::1]:80"], "2001:db8::1"),
            ("127.0.0.1", vec!["[2001:db8::1]"], "2001:db8::1"),
            ("127.0.0.1", vec![""], "127.0.0.1"),
        ] {
            assert_eq!(
                of(peer, &forwarded, &proxies),
                caller,
                "{peer} {forwarded:?}"
            );
        }
        assert_eq!(of("127.0.0.1", &["192.0.2.7"], &[]), "127.0.0.1");
    }

    #[test]
    fn networks_hold_what_is_theirs() {
        let holds = |network: &str, address: &str| {
            Network::parse(network)
                .unwrap()
                .holds(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("::ffff:10.0.0.0/104", "10.1.1.1"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1") && !holds("2001:db8::/32", "10.0.0.1"));
        assert!(holds("192.0.2.1", "::ffff:192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
        assert!(holds("0.0.0.0/0", "1.2.3.4"));
        for wrong in ["10.0.0.0/33", "x", "10.0.0.0/", "::ffff:10.0.0.0/90"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }
}
