//! The percent sign: where a command ends and its standard input begins.
//!
//! The first `%` without a backslash ends the command; those behind it are newlines. `\%` is a percent sign. Debian's cron
//! also takes one backslash of two away in the command, which cronie does not.
//!
//! Tests: `crate::oracle`, against recorded answers of Debian's cron; the rest below.

use crate::facts::Dialect;

/// A command and what it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// What the shell gets.
    pub(crate) text: String,
    /// What the command reads; none is nothing.
    pub(crate) stdin: Option<String>,
    /// Whether a percent sign changed anything.
    pub(crate) percent: bool,
    /// Whether the programs disagree about backslashes in it.
    pub(crate) backslashes: bool,
}

/// Reads the command part of a line.
pub(crate) fn split(line: &str, dialect: Dialect) -> Command {
    let mut command = Command {
        text: String::with_capacity(line.len()),
        stdin: None,
        percent: false,
        backslashes: false,
    };
    let mut escaped = false;
    let mut chars = line.char_indices();
    let input = loop {
        let Some((at, c)) = chars.next() else {
            break "";
        };
        if !escaped && c == '%' {
            command.percent = true;
            break &line[at + 1..];
        }
        if escaped && c == '%' {
            command.text.pop();
            command.percent = true;
        }
        if escaped && c == '\\' {
            command.backslashes = true;
            if dialect == Dialect::Debian {
                command.text.pop();
            }
        }
        command.text.push(c);
        escaped = c == '\\' && !escaped;
    };
    if !input.is_empty() {
        command.stdin = Some(standard_input(input));
    }
    command
}

/// What stands behind the first percent sign, as the command reads it.
fn standard_input(text: &str) -> String {
    let mut input = String::with_capacity(text.len() + 1);
    let mut escaped = false;
    for c in text.chars() {
        if escaped && c != '%' {
            input.push('\\');
        }
        let c = if c == '%' && !escaped { '\n' } else { c };
        escaped = c == '\\';
        if !escaped {
            input.push(c);
        }
    }
    if escaped {
        input.push('\\');
    }
    if !input.ends_with('\n') {
        input.push('\n');
    }
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_programs_differ() {
        let text = |line, dialect| split(line, dialect).text;
        assert_eq!(text(r"sed s/\\/x/", Dialect::Debian), r"sed s/\/x/");
        assert_eq!(text(r"sed s/\\/x/", Dialect::Cronie), r"sed s/\\/x/");
        assert!(split(r"sed s/\\/x/", Dialect::Unknown).backslashes);
        assert!(!split(r"sed s/\./x/", Dialect::Unknown).backslashes);
    }
}
