//! Kinds of addresses: public, private, and those that answer with a machine's own credentials.
//!
//! Sources: RFC 6890 and its registries for special purposes; the vendors' manuals for the addresses of their metadata
//! services.
//!
//! Invariant: pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far a plugin may reach with one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To the internet: a name that only the plugin chose must not lead into the private net.
    Public,
    /// To private addresses as well: the user, or a grant, named this host.
    Named,
}

/// Why an address is out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OutOfReach {
    /// A machine's metadata service, or anything else link-local.
    #[error("a link-local or metadata address, which no plugin may reach")]
    Metadata,
    /// Private, and nobody named it.
    #[error("a private address")]
    Private,
}

/// Metadata services outside the link-local blocks: Azure, Oracle, Alibaba; AWS and Google over IPv6.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(100, 100, 100, 200),
];
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

impl Reach {
    /// Whether this address may be connected to.
    pub(crate) fn admits(self, address: IpAddr) -> Result<(), OutOfReach> {
        let (metadata, private) = match address {
            IpAddr::V4(v4) => (is_metadata_v4(v4), is_private_v4(v4)),
            IpAddr::V6(v6) => match embedded(v6) {
                Some(v4) => (is_metadata_v4(v4), is_private_v4(v4)),
                None => (is_metadata_v6(v6), is_private_v6(v6)),
            },
        };
        if metadata {
            Err(OutOfReach::Metadata)
        } else if private && self == Reach::Public {
            Err(OutOfReach::Private)
        } else {
            Ok(())
        }
    }
}

/// Whether a name can only ever lead into a private net, so that whoever grants it grants that.
pub(crate) fn is_private_name(name: &str) -> bool {
    const PRIVATE: [&str; 8] = [
        "local",
        "localhost",
        "internal",
        "lan",
        "home",
        "intranet",
        "corp",
        "home.arpa",
    ];
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let below = |domain: &str| {
        name.strip_suffix(domain)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    !name.contains('.') || PRIVATE.iter().any(|domain| below(domain))
}

/// The IPv4 address that an IPv6 one leads to: mapped, compatible, NAT64 or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    let tail = || Ipv4Addr::from(((u32::from(parts[6])) << 16) | u32::from(parts[7]));
    match parts {
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(tail()),
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => Some(tail()),
        [0x2002, high, low, ..] => Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => None,
    }
}

fn is_metadata_v4(address: Ipv4Addr) -> bool {
    address.is_link_local() || METADATA_V4.contains(&address)
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        0 | 240..=255 => true,
        100 => (64..128).contains(&b),
        192 => b == 0 && c == 0,
        198 => b == 18 || b == 19,
        _ => false,
    };
    special || address.is_private() || address.is_loopback() || address.is_multicast()
}

fn is_metadata_v6(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local() || METADATA_V6.contains(&address)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let old_site_local = address.segments()[0] & 0xffc0 == 0xfec0;
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_multicast()
        || old_site_local
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(reach: Reach, address: &str) -> Result<(), OutOfReach> {
        reach.admits(address.parse().unwrap())
    }

    #[test]
    fn metadata_is_never_in_reach_however_it_is_written() {
        let written = [
            "169.254.169.254",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
        ];
        for address in written {
            for reach in [Reach::Public, Reach::Named] {
                assert_eq!(
                    admits(reach, address),
                    Err(OutOfReach::Metadata),
                    "{address}"
                );
            }
        }
    }

    #[test]
    fn private_addresses_are_for_those_whom_somebody_named() {
        let private = [
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fc00::1",
            "fdff::1",
            "ff02::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ];
        for address in private {
            assert_eq!(
                admits(Reach::Public, address),
                Err(OutOfReach::Private),
                "{address}"
            );
            assert_eq!(admits(Reach::Named, address), Ok(()), "{address}");
        }
    }

    #[test]
    fn the_internet_is_in_reach() {
        let public = [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
        ];
        for address in public {
            assert_eq!(admits(Reach::Public, address), Ok(()), "{address}");
        }
    }

    #[test]
    fn some_names_can_only_be_private() {
        for name in [
            "localhost",
            "ntfy",
            "ntfy.lan",
            "a.b.internal",
            "printer.local.",
            "x.home.arpa",
        ] {
            assert!(is_private_name(name), "{name}");
        }
        for name in ["example.com", "notlocal.com", "lan.example", "xlan.example"] {
            assert!(!is_private_name(name), "{name}");
        }
    }
}
