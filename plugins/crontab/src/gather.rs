//! What is asked of the host: its accounts, whether it is Debian, and, where the user named nothing, cron's own tables.
//!
//! Tests: `crate::tests`, with a host that has such files.

use runwisp_plugin::{Source, files, log};

use crate::facts::Facts;

/// Where the accounts are.
pub(crate) const ACCOUNTS: &str = "/etc/passwd";
/// Only Debian and its children have it.
pub(crate) const DEBIAN: &str = "/etc/debian_version";
/// What cron and anacron read.
pub(crate) const TABLES: [&str; 4] = [
    "/etc/crontab",
    "/etc/cron.d",
    "/etc/anacrontab",
    "/var/spool/cron",
];

/// Where in those places tables are.
const PATTERNS: [&str; 6] = [
    "/etc/crontab",
    "/etc/cron.d/*",
    "/var/spool/cron/crontabs/*",
    "/var/spool/cron/tabs/*",
    "/var/spool/cron/*",
    "/etc/anacrontab",
];

/// What can be known about the host.
pub(crate) fn facts() -> Facts {
    let accounts = files::read(None, ACCOUNTS).ok().map(|content| {
        let text = String::from_utf8_lossy(&content.bytes);
        let names = text.lines().filter_map(|line| line.split(':').next());
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    });
    Facts {
        accounts,
        debian: files::read(None, DEBIAN).is_ok(),
    }
}

/// The tables that cron and anacron read on this host, as far as they may be read.
pub(crate) fn tables() -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for pattern in PATTERNS {
        let paths = match files::glob(None, pattern) {
            Ok(paths) => paths,
            Err(why) => {
                log::warning(format!("{pattern}: {why:?}"));
                continue;
            }
        };
        for path in paths {
            match files::read(None, &path) {
                Ok(content) => sources.push(Source {
                    path: Some(content.path),
                    bytes: content.bytes,
                }),
                Err(files::Error::Missing(_)) => {}
                Err(why) => log::warning(format!("{path}: {why:?}")),
            }
        }
    }
    let of_a_user = |source: &Source| {
        let path = source.path.as_deref().unwrap_or_default();
        path.starts_with("/var/spool/")
    };
    if !sources.iter().any(of_a_user) {
        log::warning(
            "no table of a user is there that may be read; `crontab -l | runwisp import crontab` imports your own",
        );
    }
    let mut seen = std::collections::BTreeSet::new();
    sources.retain(|source| seen.insert(source.path.clone()));
    sources
}
