//! Imports what supervisord is configured with.
//!
//! Text → sections with places (`ini`, `include`) → programs as supervisord 4.3.0 understands them (`program`, with
//! `percent`, `environment`, `words`, `value`) → definitions (`unit`, `run`, `logs`, `listeners`) and a report
//! (`convert`, with the codes in `codes`).
//!
//! Invariant: what supervisord really makes of a text wins over what was meant, and the difference is noted; no message
//! holds the value of a variable or a part of a command; nothing is looked up on the machine.
//!
//! Tests: beside each part and in `tests` here; goldens, the comparison with the real parser and the manual's tables in
//! the crate's `tests` folder.

pub mod codes;
mod convert;
mod daemon;
mod document;
mod draft;
mod environment;
mod form;
mod groups;
mod include;
mod ini;
pub mod keys;
mod listeners;
mod logs;
mod others;
mod percent;
mod plain;
mod program;
mod run;
mod scope;
mod secret;
mod sheet;
#[cfg(test)]
mod tests;
mod text;
mod unit;
mod value;
mod warnings;
mod words;

use runwisp_plugin::{Conversion, Descriptor, Importer, Note, Source};

pub use scope::Options;

/// The importer `supervisord`.
pub struct Supervisord;

impl Importer for Supervisord {
    type Options = Options;

    fn describe() -> Descriptor {
        Descriptor::new(
            "supervisord",
            env!("CARGO_PKG_VERSION"),
            "Imports what supervisord is configured with",
        )
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn probe(path: Option<&str>, head: &[u8]) -> u8 {
        probe(path, head)
    }

    fn convert(sources: &[Source], options: &Options) -> Result<Conversion, Vec<Note>> {
        let (document, errors) = include::read(sources, options);
        if errors.is_empty() {
            Ok(convert::convert(&document, options))
        } else {
            Err(convert::notes_of(&document, errors))
        }
    }
}

runwisp_plugin::importer!(Supervisord);

/// Sure where a line is a header that only supervisord has; a guess where the file is called like one of its own.
fn probe(path: Option<&str>, head: &[u8]) -> u8 {
    let text = String::from_utf8_lossy(head);
    let begins = |line: &str, heads: &[&str]| heads.iter().any(|head| line.starts_with(head));
    let mut lines = text
        .lines()
        .map(|line| line.trim_start_matches('\u{feff}').trim());
    if lines.clone().any(|line| {
        begins(
            line,
            &[
                "[program:",
                "[supervisord]",
                "[eventlistener:",
                "[fcgi-program:",
            ],
        )
    }) {
        return 100;
    }
    if lines.any(|line| {
        begins(
            line,
            &[
                "[supervisorctl]",
                "[unix_http_server]",
                "[inet_http_server]",
                "[rpcinterface:",
            ],
        )
    }) {
        return 90;
    }
    let name = path
        .unwrap_or_default()
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let section = text.lines().any(|line| line.starts_with('['));
    match (name, section) {
        ("supervisord.conf" | "supervisor.conf", true) => 60,
        ("supervisord.conf" | "supervisor.conf", false) => 30,
        _ => 0,
    }
}
