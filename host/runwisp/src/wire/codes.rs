//! How a command ends, and how each refusal is told: the one table of problem codes, HTTP statuses and exit codes.
//! The API and the command line both read it.
//!
//! `docs/exit-codes.md` is made from it. Invariant: a code that has been released keeps its meaning.
//! Tests: below, and the golden of the page.

use std::fmt;

/// The exit code of a command. `run` passes its task's code on instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// The arguments make no sense.
    Usage,
    /// What was asked about does not run.
    NotRunning,
    /// No such unit or run, or no daemon to ask.
    Unknown,
    /// Understood and refused.
    Refused,
    /// The configuration has errors.
    BadConfig,
    /// What a run's process left with.
    Passed(u8),
}

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotRunning => 3,
            Exit::Unknown => 4,
            Exit::Refused => 5,
            Exit::BadConfig => 78,
            Exit::Passed(code) => code,
        }
    }

    /// Of several results, the one that tells most: the first that is not 0.
    #[must_use]
    pub fn or(self, later: Exit) -> Exit {
        if self.code() == 0 { later } else { self }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code())
    }
}

/// Every exit code with its meaning, for the manual.
pub const EXITS: [(Exit, &str); 7] = [
    (Exit::Done, "done; for `status`, everything named runs"),
    (
        Exit::Failed,
        "failed: what was asked for was tried and did not work",
    ),
    (
        Exit::Usage,
        "usage: the arguments make no sense; nothing was tried",
    ),
    (
        Exit::NotRunning,
        "not running: a unit named to `status` does not run, or there was nothing to signal",
    ),
    (
        Exit::Unknown,
        "no such unit or run, or the daemon can not be reached",
    ),
    (
        Exit::Refused,
        "refused: the daemon understood and will not, such as `manual_trigger = false`, or while it stops",
    ),
    (
        Exit::BadConfig,
        "bad configuration; systemd does not restart a service that ends so",
    ),
];

/// One way of being refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The stable name.
    pub code: &'static str,
    /// The HTTP status; 0 for what never travels over HTTP.
    pub status: u16,
    /// The exit code of the command.
    pub exit: Exit,
    /// What it means.
    pub means: &'static str,
}

const fn row(code: &'static str, status: u16, exit: Exit, means: &'static str) -> Row {
    Row {
        code,
        status,
        exit,
        means,
    }
}

/// Every problem code.
pub const PROBLEMS: &[Row] = &[
    row(
        "notifier.unknown",
        404,
        Exit::Unknown,
        "the configuration has no notifier of this id",
    ),
    row(
        "delivery.unknown",
        404,
        Exit::Unknown,
        "no delivery has this id, or it is no longer kept",
    ),
    row(
        "delivery.refused",
        409,
        Exit::Refused,
        "the delivery can't be sent once more: it is on its way, has arrived, or has no notifier any more",
    ),
    row(
        "notification.unknown",
        404,
        Exit::Unknown,
        "no row of the bell has this id, or it is no longer kept",
    ),
    row(
        "unit.unknown",
        404,
        Exit::Unknown,
        "no unit has this name, or none fits the pattern",
    ),
    row(
        "unit.not-running",
        409,
        Exit::NotRunning,
        "a signal for something that does not run",
    ),
    row(
        "unit.locked",
        403,
        Exit::Refused,
        "the unit says `manual_trigger = false`",
    ),
    row(
        "unit.wrong-kind",
        409,
        Exit::Refused,
        "a task was asked for what only services do, or the other way round",
    ),
    row(
        "run.unknown",
        404,
        Exit::Unknown,
        "no such run, or it is no longer kept",
    ),
    row(
        "run.active",
        409,
        Exit::Refused,
        "the run has not ended, and this is for runs that have",
    ),
    row(
        "wait.timeout",
        504,
        Exit::Failed,
        "what was waited for did not come true in time; what was begun goes on",
    ),
    row(
        "request.params",
        400,
        Exit::Usage,
        "a parameter of a run is not declared, missing, or not of its type",
    ),
    row(
        "request.idempotency",
        409,
        Exit::Refused,
        "the idempotency key was used for another request",
    ),
    row(
        "log.none",
        404,
        Exit::Failed,
        "the run's output is not kept, or it never had any",
    ),
    row(
        "config.invalid",
        422,
        Exit::BadConfig,
        "the configuration has errors; nothing was changed",
    ),
    row(
        "config.missing",
        0,
        Exit::BadConfig,
        "there is no configuration file where it was looked for",
    ),
    row(
        "reload.busy",
        409,
        Exit::Refused,
        "another reload is under way",
    ),
    row(
        "tls.untrusted",
        0,
        Exit::Unknown,
        "the certificate of the daemon is neither pinned nor vouched for by this machine's roots",
    ),
    row(
        "tls.required",
        0,
        Exit::Usage,
        "a token would have travelled over a network in clear text",
    ),
    row(
        "daemon.unreachable",
        0,
        Exit::Unknown,
        "nobody answers on the socket",
    ),
    row(
        "daemon.busy",
        503,
        Exit::Refused,
        "too many requests are waiting; try again",
    ),
    row(
        "daemon.running",
        0,
        Exit::Refused,
        "a daemon is running on this data directory already",
    ),
    row(
        "daemon.stopping",
        503,
        Exit::Refused,
        "the daemon is stopping everything",
    ),
    row(
        "daemon.leaving",
        503,
        Exit::Unknown,
        "the daemon left before it answered",
    ),
    row(
        "caller.denied",
        403,
        Exit::Refused,
        "the caller is neither the daemon's user nor root",
    ),
    row(
        "session.required",
        401,
        Exit::Refused,
        "the caller is not signed in, or no longer",
    ),
    row(
        "session.none",
        409,
        Exit::Refused,
        "there is no session to sign out of: a token, or the socket",
    ),
    row(
        "session.password",
        401,
        Exit::Refused,
        "this is not the password",
    ),
    row(
        "session.too-many",
        429,
        Exit::Refused,
        "too many wrong passwords came from this address; `Retry-After` says how long to wait",
    ),
    row(
        "token.invalid",
        401,
        Exit::Refused,
        "the token is unknown, revoked or expired",
    ),
    row(
        "token.unknown",
        404,
        Exit::Unknown,
        "no token has this id or name",
    ),
    row(
        "token.refused",
        409,
        Exit::Refused,
        "there is a token of this name, or there are too many",
    ),
    row(
        "password.unfit",
        422,
        Exit::Usage,
        "the password is too short, too long, can not be typed, or is the other one",
    ),
    row(
        "certificate.none",
        0,
        Exit::Refused,
        "the daemon serves no HTTPS, so it has no certificate",
    ),
    row(
        "password.hidden",
        0,
        Exit::Refused,
        "the password can not be shown: only a digest of it is kept, or it is kept elsewhere",
    ),
    row(
        "password.given",
        409,
        Exit::Refused,
        "the password comes from the environment or from systemd, and is changed there",
    ),
    row(
        "access.scope",
        403,
        Exit::Refused,
        "the caller's scope does not allow this",
    ),
    row(
        "access.units",
        403,
        Exit::Refused,
        "the caller is limited to some units, and this is about more",
    ),
    row(
        "access.socket-only",
        403,
        Exit::Refused,
        "this is answered on the Unix socket alone",
    ),
    row(
        "access.unsaved",
        500,
        Exit::Failed,
        "a change of passwords, sessions or tokens could not be kept on disk",
    ),
    row(
        "hook.invalid",
        401,
        Exit::Refused,
        "no such unit, or not one of its hook tokens",
    ),
    row(
        "hook.action",
        403,
        Exit::Refused,
        "the hook token does not allow this action",
    ),
    row(
        "hook.too-many",
        429,
        Exit::Refused,
        "too many wrong hook tokens came from this address; `Retry-After` says how long to wait",
    ),
    row(
        "request.host",
        421,
        Exit::Refused,
        "the request names a host that is not this daemon",
    ),
    row(
        "request.origin",
        403,
        Exit::Refused,
        "the request was caused by a page of another site",
    ),
    row(
        "request.slow",
        408,
        Exit::Failed,
        "the body of the request did not come in time",
    ),
    row(
        "request.plain",
        400,
        Exit::Usage,
        "plain HTTP on a port that speaks TLS",
    ),
    row(
        "page.missing",
        404,
        Exit::Failed,
        "this build is without the page",
    ),
    row(
        "request.invalid",
        400,
        Exit::Usage,
        "a parameter or body can not be understood",
    ),
    row(
        "request.too-large",
        413,
        Exit::Usage,
        "the request is larger than the daemon takes",
    ),
    row(
        "route.unknown",
        404,
        Exit::Usage,
        "the API has nothing at this path",
    ),
    row(
        "route.method",
        405,
        Exit::Usage,
        "the path takes another method",
    ),
    row(
        "search.pattern",
        400,
        Exit::Usage,
        "the pattern is no regular expression",
    ),
    row(
        "history.unreadable",
        500,
        Exit::Failed,
        "the history or a log could not be read",
    ),
    row(
        "answer.unreadable",
        0,
        Exit::Failed,
        "the daemon's answer can not be understood",
    ),
    row(
        "upgrade.refused",
        409,
        Exit::Refused,
        "the program at runwisp's path can not go on with what this version holds",
    ),
    row(
        "service.refused",
        0,
        Exit::Refused,
        "`runwisp service` would overwrite what others wrote, or lacks the right",
    ),
    row(
        "import.unknown",
        0,
        Exit::Usage,
        "no importer has this name",
    ),
    row(
        "import.no-source",
        0,
        Exit::BadConfig,
        "there is nothing to import where it was looked for",
    ),
    row(
        "import.unreadable",
        0,
        Exit::BadConfig,
        "the source can not be read as what it should be",
    ),
    row(
        "import.refused",
        0,
        Exit::Refused,
        "the import would overwrite what others wrote, or not be included; nothing was written",
    ),
    row(
        "plugin.unknown",
        404,
        Exit::Unknown,
        "no plugin has this name",
    ),
    row(
        "plugin.invalid",
        0,
        Exit::Failed,
        "the file is not a plugin that this version can run",
    ),
    row(
        "plugin.failed",
        500,
        Exit::Failed,
        "a plugin was called and gave no answer",
    ),
    row(
        "plugin.refused",
        0,
        Exit::Refused,
        "the plugin was not agreed to, or is not the one that was",
    ),
    row(
        "plugin.unreachable",
        0,
        Exit::Failed,
        "the plugin could not be fetched",
    ),
    row(
        "plugin.lock",
        500,
        Exit::BadConfig,
        "plugins.lock is damaged, or of a later version",
    ),
    row(
        "io.failed",
        500,
        Exit::Failed,
        "a file, a directory or a process could not be used",
    ),
];

/// The row of a code; an unknown one, of a later daemon, is a plain failure.
pub fn problem(code: &str) -> Row {
    PROBLEMS
        .iter()
        .copied()
        .find(|row| row.code == code)
        .unwrap_or(row(
            "unknown",
            500,
            Exit::Failed,
            "a problem this version does not know",
        ))
}

/// `docs/exit-codes.md`.
pub fn page() -> String {
    use std::fmt::Write;
    let mut page = String::from(
        "# Exit codes and problem codes\n\n<!-- Generated from host/runwisp/src/wire/codes.rs. -->\n\n\
         Every command ends with one of these. `runwisp run TASK` ends with the exit code of the task's process instead:\n\
         1 when the run is a failure although its process left with 0 or never started, and 128 + n when signal n ended it.\n\n\
         | code | meaning |\n| ---: | --- |\n",
    );
    for (exit, means) in EXITS {
        let _ = writeln!(page, "| {exit} | {means} |");
    }
    page.push_str(
        "\nWhere a command or the API refuses, it says why with a code that stays the same over versions.\n\n\
         | problem | HTTP | exit | meaning |\n| --- | ---: | ---: | --- |\n",
    );
    for row in PROBLEMS {
        let status = match row.status {
            0 => "–".to_owned(),
            status => status.to_string(),
        };
        let _ = writeln!(
            page,
            "| `{}` | {status} | {} | {} |",
            row.code, row.exit, row.means
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_codes_are_those_of_the_contract() {
        let codes: Vec<u8> = EXITS.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 78]);
    }

    #[test]
    fn every_problem_has_one_row_and_fits_its_status() {
        let mut seen = HashSet::new();
        for row in PROBLEMS {
            assert!(seen.insert(row.code), "{} stands twice", row.code);
            assert_ne!(row.exit, Exit::Done, "{}", row.code);
            assert!(
                row.status == 0 || (400..600).contains(&row.status),
                "{}",
                row.code
            );
        }
    }

    #[test]
    fn the_first_trouble_decides() {
        assert_eq!(Exit::Done.or(Exit::Unknown), Exit::Unknown);
        assert_eq!(Exit::Failed.or(Exit::Unknown), Exit::Failed);
        assert_eq!(Exit::Done.or(Exit::Done).code(), 0);
    }
}
