//! Imports crontabs: those of users, `/etc/crontab`, `/etc/cron.d`, and anacron's table.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `lines`, `table`, `variable`, `when`, `percent` | how cron reads a table |
//! | `anacrontab` | how anacron reads its own |
//! | `kind` | which of them a text is |
//! | `shell`, `distinct`, `description` | what a job is called |
//! | `task`, `anacron`, `mail` | what a job becomes |
//! | `convert`, `retirement` | the whole |
//! | `gather` | what is asked of the host |
//!
//! Invariant: all but `gather` is a function of the texts, the options and the facts. Users read about it in
//! `docs/importing-crontab.md`.
//!
//! Tests stand beside what they test; `tests` has whole tables and the goldens, `oracle` the answers of Debian's cron.

mod anacron;
mod anacrontab;
mod convert;
mod description;
mod distinct;
mod facts;
mod gather;
mod kind;
mod lines;
mod mail;
mod note;
#[cfg(test)]
mod oracle;
mod percent;
mod retirement;
mod shell;
mod table;
mod task;
#[cfg(test)]
mod tests;
mod variable;
mod when;

use runwisp_plugin::schemars::{self, JsonSchema};
use runwisp_plugin::{Conversion, Descriptor, Importer, Note, Place, Source};
use serde::Deserialize;

use convert::Choices;
use facts::Dialect;
use note::Code;

/// The importer.
pub struct Crontab;

/// What the user may say about an import.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Whether a user stands in front of each command, as in /etc/crontab. Left out, the path and the text tell.
    system: Option<bool>,
    /// Which cron has read the table so far, where they differ. Left out, the cron of this host for its own tables.
    cron: Option<Cron>,
}

/// A cron whose reading holds.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Cron {
    Debian,
    Cronie,
}

impl Importer for Crontab {
    type Options = Options;

    fn describe() -> Descriptor {
        let descriptor = Descriptor::new("crontab", env!("CARGO_PKG_VERSION"), "Imports crontabs")
            .settings_schema(include_str!("../settings.schema.json"))
            .needs_files(gather::ACCOUNTS)
            .needs_files(gather::DEBIAN);
        gather::TABLES
            .into_iter()
            .fold(descriptor, Descriptor::needs_files)
    }

    fn probe(path: Option<&str>, head: &[u8]) -> u8 {
        kind::probe(path, head)
    }

    /// Without sources, those of this host.
    fn convert(sources: &[Source], options: &Options) -> Result<Conversion, Vec<Note>> {
        let choices = Choices {
            system: options.system,
            dialect: options.cron.map(|cron| match cron {
                Cron::Debian => Dialect::Debian,
                Cron::Cronie => Dialect::Cronie,
            }),
        };
        if !sources.is_empty() {
            return convert::convert(sources, choices, &gather::facts());
        }
        let own = gather::tables();
        if own.is_empty() {
            let nowhere = Place {
                file: None,
                line: 1,
            };
            let message = "this host has no crontab that may be read; name a file, or use `crontab -l | runwisp import crontab -`";
            return Err(vec![Code::NotACrontab.note(nowhere, message)]);
        }
        convert::convert(&own, choices, &gather::facts())
    }
}

runwisp_plugin::importer!(Crontab);
