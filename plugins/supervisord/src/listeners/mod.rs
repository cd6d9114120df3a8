//! `[eventlistener:x]`: well-known ones become what runwisp does itself; any other is blocked.
//!
//! Invariant: a listener never becomes a unit, and no message holds what it was started with.
//!
//! Tests: below, and the goldens.

mod apply;
mod arguments;
mod known;

pub(crate) use apply::{apply, join_lists};

use crate::codes;
use crate::program::{self, Kind};
use crate::scope::{Process, Used, World};
use crate::sheet::Sheet;
use crate::text::as_known;

/// Which units it looks after.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Whom {
    /// Names of programs or processes.
    pub(crate) programs: Vec<String>,
    /// Names of groups.
    pub(crate) groups: Vec<String>,
    /// All of them.
    pub(crate) any: bool,
}

/// What a listener does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Duty {
    /// Restarts what uses more memory.
    Memory {
        limits: Vec<(Whom, i64)>,
        mail: Option<Mail>,
    },
    /// Restarts what does not answer.
    Http {
        whom: Whom,
        url: String,
        timeout: String,
        interval: &'static str,
        todo: Vec<String>,
        mail: Option<Mail>,
    },
    /// Sends mail when something fails.
    Mail { whom: Whom, mail: Mail },
    /// Posts to Slack when something fails.
    Slack {
        whom: Whom,
        token: Option<String>,
        webhook: Option<String>,
        channel: Option<String>,
    },
    /// Restarts when files change.
    Watch {
        whom: Whom,
        path: String,
        todo: Vec<String>,
    },
    /// Ends supervisord when something fails for good.
    Critical,
    /// Hands output on.
    Output,
}

/// How mail is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mail {
    pub(crate) to: Vec<String>,
    pub(crate) from: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) tls: bool,
}

/// A listener that was recognised.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) name: String,
    /// What it is called by people.
    pub(crate) program: &'static str,
    pub(crate) duty: Duty,
}

/// Reads a listener. One that is not recognised is remarked and gives none.
pub(crate) fn read(sheet: &mut Sheet<'_>, world: &World<'_>) -> Option<Listener> {
    let used = Used::default();
    let name = program::name_of(sheet)?;
    let program = program::read(sheet, world, &used, Kind::Listener, &name, None);
    let events = events(sheet, world, &used);
    if program.redirect_stderr {
        let message = "`redirect_stderr=true` is refused by supervisord for event listeners";
        sheet.remark(&codes::VALUE_INVALID, "redirect_stderr", message);
    }
    if program.processes < 1 {
        sheet.remark(
            &codes::NO_PROCESSES,
            "numprocs",
            "`numprocs` is below 1, so supervisord never runs it",
        );
        return None;
    }
    let parts = program::parts(
        sheet,
        world,
        &used,
        &program,
        Process::Numbered(program.first),
    );
    let words: Option<Vec<String>> = parts.argv.iter().map(|word| as_known(word)).collect();
    let duty = words
        .as_deref()
        .and_then(|words| known::recognise(words, &events));
    match duty {
        Some((program, duty)) => Some(Listener {
            name,
            program,
            duty,
        }),
        None => {
            let message = "an event listener that is not recognised; there are no event listeners here: `[[route]]` with a notifier tells people, `[….health]` checks, `on_failure` of a task runs something";
            sheet.dropped(&codes::EVENTLISTENER_UNSUPPORTED, "", message);
            None
        }
    }
}

fn events(sheet: &mut Sheet<'_>, world: &World<'_>, used: &Used) -> Vec<String> {
    let scope = crate::scope::Scope::common(world, used);
    let buffer = sheet.get(&scope, "buffer_size", 10, crate::value::integer);
    if buffer < 1 {
        sheet.remark(
            &codes::VALUE_INVALID,
            "buffer_size",
            "`buffer_size` is at least 1; supervisord refuses the file",
        );
    }
    let events = sheet.text(&scope, "events").unwrap_or_default();
    if events.is_empty() {
        sheet.remark(
            &codes::VALUE_MISSING,
            "",
            "an event listener needs `events`; supervisord refuses the file",
        );
    }
    events
        .split(',')
        .map(|event| crate::text::strip(event).to_uppercase())
        .collect()
}
