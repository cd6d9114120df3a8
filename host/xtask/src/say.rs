//! The one place where chores write: progress to standard error, results to standard output.

use std::io::Write;

/// A line of progress. A closed terminal is no reason to end a chore, so a failed write is passed over.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A line of result, for pipes and files.
pub(crate) fn result(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
