//! `[daemon]` and `[storage]`.
//!
//! Tests: through `super::tests` and the goldens.

use core::net::IpAddr;
use std::time::Duration;

use super::keys::{DAEMON, STORAGE};
use super::plan::{DaemonPlan, StoragePlan};
use super::read::{Reader, built_in};
use super::tables::alone;
use super::typed::{Layers, Section, Typed};

/// The keys the parts that serve HTTP read again.
const HTTP: [&str; 6] = [
    "tls",
    "tls_cert",
    "tls_key",
    "trusted_proxies",
    "allow_insecure",
    "metrics",
];

pub(super) fn daemon(reader: &mut Reader<'_>, own: &Section) -> DaemonPlan {
    let (empty, built_in) = (Section::empty(&DAEMON), built_in(&DAEMON, reader.around));
    let layers = alone(own, &empty, &built_in);
    tls(reader, &layers);
    metrics(reader, &layers);
    proxies(reader, own);
    super::check_unit::account(reader, own);
    DaemonPlan {
        listen: listen(reader, &layers),
        external_url: external_url(reader, own),
        timezone: match layers.value("timezone") {
            Some(Typed::Zone(zone)) => zone.clone(),
            _ => reader.around.host_time_zone(),
        },
        shutdown_timeout: layers
            .duration("shutdown_timeout")
            .unwrap_or(Duration::from_secs(10)),
        user: layers.text("user"),
        exit_when_done: layers.bool("exit_when_done"),
        http: http(reader, own),
    }
}

pub(super) fn storage(reader: &Reader<'_>, own: &Section) -> StoragePlan {
    let (empty, built_in) = (Section::empty(&STORAGE), built_in(&STORAGE, reader.around));
    let layers = alone(own, &empty, &built_in);
    StoragePlan {
        max_size: layers.bytes("max_size").unwrap_or_default(),
        min_free_space: layers.bytes("min_free_space").unwrap_or_default(),
    }
}

/// Splits `host:port` or `[v6]:port`.
pub(super) fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(v6) => v6.parse::<core::net::Ipv6Addr>().ok()?.to_string(),
        None if host.is_empty() || host.contains([':', '/', ' ', '@']) => return None,
        None => host.to_owned(),
    };
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    Some((host, port.parse().ok().filter(|_| digits)?))
}

fn listen(reader: &mut Reader<'_>, layers: &Layers<'_>) -> Option<String> {
    let address = layers.text("listen").filter(|address| address != "off")?;
    let Some(item) = layers.own.get("listen") else {
        return Some(address);
    };
    let Some((host, _)) = host_and_port(&address) else {
        reader.error(
            "config.value",
            item.span,
            "daemon.listen",
            "`listen` is neither `host:port` nor \"off\"".to_owned(),
            "Write it like `listen = \"127.0.0.1:9477\"` or `listen = \"off\"`.",
        );
        return None;
    };
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let guarded = layers.bool("allow_insecure")
        || layers.word("tls") == "auto"
        || layers.own.get("tls_cert").is_some();
    if !loopback && !guarded {
        reader.error(
            "config.insecure-listen",
            item.span,
            "daemon.listen",
            "listening beyond loopback without TLS shows passwords to the network".to_owned(),
            "Write `tls = \"auto\"`, or `allow_insecure = true` behind a proxy that speaks TLS.",
        );
    }
    Some(address)
}

fn tls(reader: &mut Reader<'_>, layers: &Layers<'_>) {
    let own = layers.own;
    let half = match (own.get("tls_cert"), own.get("tls_key")) {
        (Some(cert), None) => Some((cert.at, "`tls_cert` without `tls_key`")),
        (None, Some(key)) => Some((key.at, "`tls_key` without `tls_cert`")),
        (None, None) => return,
        (Some(_), Some(_)) => None,
    };
    if let Some((at, message)) = half {
        reader.error(
            "config.conflict",
            at,
            "daemon.tls_cert",
            message.to_owned(),
            "A certificate and its key come together.",
        );
    }
    if let Some(item) = own.get("tls")
        && layers.word("tls") == "off"
    {
        let span = item.span;
        reader.error(
            "config.conflict",
            span,
            "daemon.tls",
            "`tls = \"off\"` beside a certificate".to_owned(),
            "Remove `tls`; a certificate turns it on.",
        );
    }
}

fn metrics(reader: &mut Reader<'_>, layers: &Layers<'_>) {
    let Some((item, text)) = layers.own.get("metrics").zip(layers.text("metrics")) else {
        return;
    };
    if !matches!(text.as_str(), "on" | "off") && host_and_port(&text).is_none() {
        let span = item.span;
        reader.error(
            "config.value",
            span,
            "daemon.metrics",
            "`metrics` is none of \"on\", \"off\" and `host:port`".to_owned(),
            "Write it like `metrics = \"127.0.0.1:9478\"`.",
        );
    }
}

fn external_url(reader: &mut Reader<'_>, own: &Section) -> Option<String> {
    let (item, url) = own.get("external_url").zip(own.text("external_url"))?;
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let plain =
        !url.contains(['?', '#']) && !url.chars().any(|c| c.is_whitespace() || c.is_control());
    if host.is_none_or(|host| host.is_empty() || host.starts_with(':')) || !plain {
        let span = item.span;
        reader.error(
            "config.value",
            span,
            "daemon.external_url",
            "`external_url` is not the address of a site".to_owned(),
            "Write it like `external_url = \"https://jobs.example.com\"`, without `?` and `#`.",
        );
        return None;
    }
    Some(url.trim_end_matches('/').to_owned())
}

fn proxies(reader: &mut Reader<'_>, own: &Section) {
    for text in own.texts("trusted_proxies") {
        let wrong = match network(&text.text) {
            None => "is neither an address nor a network",
            Some(0) => "trusts everybody",
            Some(_) => continue,
        };
        reader.error(
            "config.value",
            text.span,
            "daemon.trusted_proxies",
            format!("{:?} {wrong}", text.text),
            "Write addresses or networks of your proxies, such as \"10.0.0.0/8\".",
        );
    }
}

/// The length of a network's prefix, as far as it tells addresses apart; an address alone is a network of its own.
fn network(text: &str) -> Option<u8> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(bits);
    // The network ::ffff:0:0/96 is all of IPv4.
    let mapped = matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
    let telling = if mapped {
        length.saturating_sub(96)
    } else {
        length
    };
    (length <= bits).then_some(telling)
}

/// The keys for HTTP, as written; paths absolute.
fn http(reader: &Reader<'_>, own: &Section) -> serde_json::Value {
    let mut json = own.json(&HTTP);
    for name in ["tls_cert", "tls_key"] {
        if let (Some(item), Some(path)) = (own.get(name), own.text(name)) {
            json[name] = reader.absolute(&path, item.span).into();
        }
    }
    json
}
