//! `plugins.lock`, beside the configuration: which plugins are installed, from where, with which digest, and what they
//! were granted. It is read by people in reviews and goes with the configuration to the next machine.
//!
//! Invariant: an edit changes the entry it is about and no other byte; a file of a later version is not touched.
//!
//! Tests: below.

use std::fmt::Write;

use runwisp_plugin_host::{Digest, Grants, PluginKind};
use serde::Deserialize;
use toml_edit::{Array, DocumentMut, Item, Table, value};

/// The version of the file that is written here.
const VERSION: i64 = 1;
/// What readers find first.
const HEAD: &str = "\
# Written by `runwisp plugin`: the plugins that are installed, and what each was granted.
# It belongs to the configuration; keep it wherever that is kept.
version = 1
";

/// An installed plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Locked {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: PluginKind,
    /// Its version.
    pub version: String,
    /// The interface version it speaks.
    pub interface: String,
    /// Where it came from: a path or an address.
    pub source: String,
    /// The digest of its component.
    pub sha256: Digest,
    /// What it was granted.
    pub grants: Grants,
}

/// Why a lock file can't be used. Texts complete "could not read …:".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadLock {
    /// Not TOML, or not of the right shape.
    #[error("line {line}: {message}")]
    Damaged {
        /// Where, from 1.
        line: usize,
        /// What.
        message: String,
    },
    /// Of a later version of the program.
    #[error("it is of version {0}, written by a later runwisp; this one knows version {VERSION}")]
    Newer(i64),
}

/// An entry as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: PluginKind,
    version: String,
    interface: String,
    source: String,
    sha256: Digest,
    #[serde(default)]
    grants: Grants,
}

#[derive(Deserialize)]
struct Versioned {
    version: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "looked at before the rest is")]
    version: Option<i64>,
    #[serde(default)]
    plugins: std::collections::BTreeMap<String, Entry>,
}

/// The plugins of a lock file, by name. An empty text has none.
pub fn parse(text: &str) -> Result<Vec<Locked>, BadLock> {
    let damaged = |error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        BadLock::Damaged {
            line: text.as_bytes()[..at]
                .iter()
                .filter(|b| **b == b'\n')
                .count()
                + 1,
            message: error.message().to_owned(),
        }
    };
    // The version first: a later one may have shapes that are not known here.
    let versioned: Versioned = toml::from_str(text).map_err(damaged)?;
    if let Some(version) = versioned.version.filter(|version| *version > VERSION) {
        return Err(BadLock::Newer(version));
    }
    let file: File = toml::from_str(text).map_err(damaged)?;
    let locked = |(name, entry): (String, Entry)| Locked {
        name,
        kind: entry.kind,
        version: entry.version,
        interface: entry.interface,
        source: entry.source,
        sha256: entry.sha256,
        grants: entry.grants,
    };
    Ok(file.plugins.into_iter().map(locked).collect())
}

/// The text with an entry added or replaced.
pub fn put(text: &str, locked: &Locked) -> Result<String, BadLock> {
    let mut document = document(text)?;
    let mut entry = Table::new();
    entry["kind"] = value(locked.kind.to_string());
    entry["version"] = value(&locked.version);
    entry["interface"] = value(&locked.interface);
    entry["source"] = value(&locked.source);
    entry["sha256"] = value(locked.sha256.to_string());
    entry["grants"] = value(Array::from_iter(locked.grants.words()));
    let plugins = document
        .entry("plugins")
        .or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        })
        .as_table_like_mut()
        .ok_or_else(|| BadLock::Damaged {
            line: 1,
            message: "`plugins` is not a table".to_owned(),
        })?;
    if let Some(old) = plugins.get(&locked.name).and_then(Item::as_table) {
        *entry.decor_mut() = old.decor().clone();
        if let Some(place) = old.position() {
            entry.set_position(Some(place));
        }
    }
    plugins.insert(&locked.name, Item::Table(entry));
    Ok(document.to_string())
}

/// The text without an entry.
pub fn remove(text: &str, name: &str) -> Result<String, BadLock> {
    let mut document = document(text)?;
    if let Some(plugins) = document
        .get_mut("plugins")
        .and_then(Item::as_table_like_mut)
    {
        plugins.remove(name);
    }
    Ok(document.to_string())
}

fn document(text: &str) -> Result<DocumentMut, BadLock> {
    // Whatever is wrong is found by the reader, with its line.
    parse(text)?;
    let text = if text.trim().is_empty() { HEAD } else { text };
    text.parse()
        .map_err(|error: toml_edit::TomlError| BadLock::Damaged {
            line: 1,
            message: error.message().to_owned(),
        })
}

/// What a grant lets a plugin do, in words: "may …".
pub fn in_words(word: &str) -> String {
    let mut text = String::new();
    let _ = match word.split_once(':') {
        Some(("http", host)) => match host.strip_prefix('$') {
            Some(key) => write!(text, "send requests to the host in your setting `{key}`"),
            None => match host.strip_prefix("*.") {
                Some(domain) => write!(text, "send requests to any host below {domain}"),
                None => write!(text, "send requests to {host}"),
            },
        },
        Some(("files", path)) => write!(text, "read {path} and what lies below it"),
        _ => match word {
            "mail" => write!(text, "send mail through the server in your settings"),
            "template" => write!(text, "fill in templates"),
            other => write!(text, "{other}"),
        },
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(name: &str, version: &str) -> Locked {
        let mut grants = Grants::default();
        grants.add_word("http:$url").unwrap();
        Locked {
            name: name.to_owned(),
            kind: PluginKind::Notifier,
            version: version.to_owned(),
            interface: "0.1.0".to_owned(),
            source: "/srv/ntfy.wasm".to_owned(),
            sha256: Digest::of(version.as_bytes()),
            grants,
        }
    }

    #[test]
    fn entries_are_added_replaced_and_removed() {
        let one = put("", &locked("ntfy", "1.0.0")).unwrap();
        assert!(one.starts_with(HEAD), "{one}");
        assert_eq!(parse(&one).unwrap(), [locked("ntfy", "1.0.0")]);
        let two = put(&one, &locked("another", "2.0.0")).unwrap();
        let noted = two.replace("[plugins.ntfy]", "# reviewed by ada\n[plugins.ntfy]");
        let newer = put(&noted, &locked("ntfy", "1.1.0")).unwrap();
        assert!(
            newer.contains("# reviewed by ada\n[plugins.ntfy]"),
            "{newer}"
        );
        let all = [locked("another", "2.0.0"), locked("ntfy", "1.1.0")];
        assert_eq!(parse(&newer).unwrap(), all);
        assert_eq!(remove(&two, "another").unwrap(), one);
        assert_eq!(parse("").unwrap(), []);
    }

    #[test]
    fn what_is_damaged_or_of_a_later_version_is_refused() {
        let good = put("", &locked("ntfy", "1.0.0")).unwrap();
        let digest = Digest::of(b"1.0.0").to_string();
        for (from, to, line) in [
            ("kind = \"notifier\"", "kind = \"notifies\"", 6),
            (digest.as_str(), "beef", 10),
            ("source", "sorce", 9),
            ("[plugins.ntfy]", "[plugins.ntfy", 5),
            ("http:$url", "http:", 11),
        ] {
            let text = good.replace(from, to);
            let Err(BadLock::Damaged { line: found, .. }) = parse(&text) else {
                panic!("{text}");
            };
            assert!(found.abs_diff(line) <= 1, "{found}: {text}");
            assert!(put(&text, &locked("x", "1.0.0")).is_err());
            assert!(remove(&text, "ntfy").is_err());
        }
        let later = good.replace("version = 1\n", "version = 2\nnew = []\n");
        assert_eq!(parse(&later), Err(BadLock::Newer(2)));
        assert_eq!(put(&later, &locked("x", "1")), Err(BadLock::Newer(2)));
    }

    #[test]
    fn grants_are_told_in_words() {
        for (word, words) in [
            (
                "http:$url",
                "send requests to the host in your setting `url`",
            ),
            (
                "http:*.slack.com",
                "send requests to any host below slack.com",
            ),
            ("http:ntfy.sh:8080", "send requests to ntfy.sh:8080"),
            ("mail", "send mail through the server in your settings"),
            ("files:/etc/x", "read /etc/x and what lies below it"),
            ("template", "fill in templates"),
        ] {
            assert_eq!(in_words(word), words);
        }
    }
}
