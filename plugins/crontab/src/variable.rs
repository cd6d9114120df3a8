//! A line that sets a variable: `NAME = value`, with quotes as cron reads them.
//!
//! The rules are those of the two programs, found in cronie's `load_env` and by asking Debian's cron
//! (`fixtures/oracle/`). Nothing is expanded; what is neither of the forms below is no variable, and cron then takes the
//! line for a job.
//!
//! Tests: `crate::oracle`, against recorded answers of Debian's cron.

use crate::facts::Dialect;

/// White space as C's `isspace` has it.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}

/// Name and value, when the line sets a variable.
pub(crate) fn read(line: &str, dialect: Dialect) -> Option<(String, String)> {
    let line = line.trim_start_matches(is_space);
    let (name, rest) = match quote(line) {
        Some(quote) => {
            let (name, rest) = line[1..].split_once(quote)?;
            (!name.contains('=')).then_some((name, rest))?
        }
        None => line.split_at(line.find(|c| is_space(c) || c == '=')?),
    };
    let rest = rest.trim_start_matches(is_space).strip_prefix('=')?;
    let rest = rest.trim_start_matches(is_space);
    if rest.is_empty() {
        // Debian's cron wants `NAME=""`, and takes `NAME=` for a job that it can't read.
        return (dialect != Dialect::Debian).then(|| (name.to_owned(), String::new()));
    }
    let value = match quote(rest) {
        Some(quote) => {
            let (value, behind) = rest[1..].split_once(quote)?;
            let nothing_behind = behind.chars().all(is_space);
            let value = match dialect {
                // Quotes keep blanks in front only.
                Dialect::Debian => value.trim_end_matches(is_space),
                Dialect::Cronie | Dialect::Unknown => value,
            };
            nothing_behind.then_some(value)?
        }
        None => rest.trim_end_matches(is_space),
    };
    Some((name.to_owned(), value.to_owned()))
}

fn quote(text: &str) -> Option<char> {
    text.chars().next().filter(|c| matches!(c, '"' | '\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_programs_differ() {
        for (line, debian, cronie) in [
            ("A=", None, Some("")),
            ("A = ", None, Some("")),
            ("A=\" b \"", Some(" b"), Some(" b ")),
        ] {
            let value = |dialect| read(line, dialect).map(|(_, value)| value);
            assert_eq!(value(Dialect::Debian).as_deref(), debian, "{line}");
            assert_eq!(value(Dialect::Cronie).as_deref(), cronie, "{line}");
            assert_eq!(value(Dialect::Unknown).as_deref(), cronie, "{line}");
        }
    }

    #[test]
    fn a_job_is_no_variable() {
        for line in [
            "* * * * * A=b c",
            "@daily A=b",
            "0 3 * * * x",
            "",
            "'",
            "\"A",
        ] {
            assert_eq!(read(line, Dialect::Unknown), None, "{line}");
        }
    }
}
