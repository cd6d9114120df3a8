//! What is known about the host, and which cron a table is read as.
//!
//! Invariant: data only; `gather` fills it. Tests: where it is used.

use std::collections::BTreeSet;

/// Whose reading of a line holds where programs differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Debian's cron, a Vixie cron 3.0.
    Debian,
    /// cronie, as Fedora, Red Hat, SUSE and Arch have it.
    Cronie,
    /// A table that may come from anywhere: read as cronie does, with a word where Debian's cron differs.
    Unknown,
}

/// What is known about the host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// The names of `/etc/passwd`; none where it could not be read.
    pub(crate) accounts: Option<BTreeSet<String>>,
    /// Whether this is Debian, or one of its children.
    pub(crate) debian: bool,
}

impl Facts {
    /// Whether there is such an account, as far as that is known.
    pub(crate) fn has_account(&self, name: &str) -> Option<bool> {
        self.accounts
            .as_ref()
            .map(|accounts| accounts.contains(name))
    }
}
