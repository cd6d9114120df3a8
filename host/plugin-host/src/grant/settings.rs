//! What the user's settings name: the hosts below a key, and mail servers anywhere.
//!
//! Invariant: pure.

use serde_json::Value;

use crate::grant::rule::split_port;

/// A host as a setting names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// In lower case; an IPv6 address without brackets.
    pub(super) host: String,
    /// Where the setting says one, or its scheme has one.
    pub(super) port: Option<u16>,
}

/// The hosts in the setting to which these keys lead; through lists as well.
pub(super) fn hosts(settings: &Value, keys: &[String]) -> Vec<Named> {
    let mut found = Vec::new();
    collect(settings, keys, &mut found);
    found
}

fn collect(value: &Value, keys: &[String], found: &mut Vec<Named>) {
    match (value, keys) {
        (Value::Array(items), _) => items.iter().for_each(|item| collect(item, keys, found)),
        (Value::Object(table), [key, rest @ ..]) => {
            if let Some(value) = table.get(key) {
                collect(value, rest, found);
            }
        }
        (Value::String(text), []) => found.extend(named(text)),
        _ => {}
    }
}

/// Every text anywhere in the settings that may be a host, and every number that may be a port.
pub(super) fn everything(settings: &Value) -> (Vec<Named>, Vec<u16>) {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    let mut open = vec![settings];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => hosts.extend(named(text)),
            Value::Number(number) => {
                ports.extend(number.as_u64().and_then(|n| u16::try_from(n).ok()));
            }
            Value::Array(items) => open.extend(items),
            Value::Object(table) => open.extend(table.values()),
            Value::Null | Value::Bool(_) => {}
        }
    }
    (hosts, ports)
}

/// `https://host:port/path`, `host:port` or `host`.
fn named(text: &str) -> Option<Named> {
    if let Ok(url) = reqwest::Url::parse(text)
        && let Some(host) = url.host_str()
    {
        return Some(Named {
            host: host.trim_matches(['[', ']']).to_ascii_lowercase(),
            port: url.port_or_known_default(),
        });
    }
    let (host, port) = split_port(text).ok()?;
    let proper =
        !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/' || c == '@');
    proper.then(|| Named {
        host: host.to_ascii_lowercase(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(settings: Value, keys: &str) -> Vec<(String, Option<u16>)> {
        let keys: Vec<String> = keys.split('.').map(str::to_owned).collect();
        let named = hosts(&settings, &keys).into_iter();
        named.map(|named| (named.host, named.port)).collect()
    }

    #[test]
    fn a_setting_names_a_host_as_an_address_or_alone() {
        let settings =
            json!({"url": "https://A.example/x", "host": "b.example:25", "bare": "c", "n": 5});
        assert_eq!(
            found(settings.clone(), "url"),
            [("a.example".into(), Some(443))]
        );
        assert_eq!(
            found(settings.clone(), "host"),
            [("b.example".into(), Some(25))]
        );
        assert_eq!(found(settings.clone(), "bare"), [("c".into(), None)]);
        assert!(found(settings.clone(), "n").is_empty());
        assert!(found(settings, "missing").is_empty());
    }

    #[test]
    fn keys_lead_through_tables_and_lists() {
        let settings =
            json!({"servers": [{"url": "http://a:1"}, {"url": ["http://[::1]:2", "http://c:3/"]}]});
        let expected = [
            ("a".into(), Some(1)),
            ("::1".into(), Some(2)),
            ("c".into(), Some(3)),
        ];
        assert_eq!(found(settings, "servers.url"), expected);
    }
}
