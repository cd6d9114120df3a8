//! A crontab, read line by line: variables, jobs, and what is neither.
//!
//! Invariant: every line that is not blank, a comment or a variable is one [`Entry`], in the order of the file.
//! Tests: below and `crate::tests`.

use std::rc::Rc;

use crate::facts::Dialect;
use crate::lines::{Line, unindented};
use crate::percent::{self, Command};
use crate::when::{self, Refusal, When};
use crate::{note::Code, variable};

/// Variables in the order in which they were first set.
pub(crate) type Variables = Rc<Vec<(String, String)>>;

/// One job, or a line that cron takes for a broken one.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its line.
    pub(crate) line: u32,
    /// The schedule as it stands there, or the beginning of a line that has none.
    pub(crate) schedule: String,
    /// When it is due, or why that can't be said.
    pub(crate) when: Result<When, Refusal>,
    /// The account in the sixth field of a system table.
    pub(crate) user: Option<String>,
    /// What it runs.
    pub(crate) command: Command,
    /// The variables that hold for it.
    pub(crate) variables: Variables,
    /// The comments directly above it.
    pub(crate) comments: Vec<String>,
    /// What else there is to say about the line.
    pub(crate) oddities: Vec<Oddity>,
}

/// What is odd about a line without making it unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// A `-` in front.
    Quiet,
    /// No newline at its end.
    NoNewline,
    /// A carriage return at its end.
    CarriageReturn,
    /// Bytes that are not UTF-8.
    Encoding,
    /// More variables above it than it can have.
    Variables,
}

/// A variable that cron itself looks at, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Its line.
    pub(crate) line: u32,
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
}

/// What a crontab says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The jobs and the broken lines.
    pub(crate) entries: Vec<Entry>,
    /// All variables, in order.
    pub(crate) settings: Vec<Setting>,
}

/// The most variables of a job: a unit of runwisp has no more.
pub(crate) const VARIABLES: usize = 256;

/// The longest command of Debian's cron, in bytes.
const LONGEST: usize = 998;

/// Reads a table; `system` says whether a user stands in front of the command.
pub(crate) fn read(lines: &[Line<'_>], system: bool, dialect: Dialect) -> Table {
    let mut table = Table::default();
    let mut variables = Variables::default();
    let mut comments = Vec::new();
    let mut too_many = false;
    for line in lines {
        let text = unindented(&line.text);
        if text.is_empty() {
            comments.clear();
        } else if let Some(comment) = text.strip_prefix('#') {
            comments.push(comment.to_owned());
        } else if let Some((name, value)) = variable::read(text, dialect) {
            comments.clear();
            too_many |= !set(&mut variables, &name, &value);
            table.settings.push(Setting {
                line: line.number,
                name,
                value,
            });
        } else {
            let mut entry = entry(line, system, dialect);
            entry.variables = Rc::clone(&variables);
            entry.comments = std::mem::take(&mut comments);
            if too_many {
                entry.oddities.push(Oddity::Variables);
            }
            table.entries.push(entry);
        }
    }
    table
}

/// Sets a variable. False when there are too many.
pub(crate) fn set(variables: &mut Variables, name: &str, value: &str) -> bool {
    let known = variables.iter().position(|(known, _)| known == name);
    if known.is_none() && variables.len() >= VARIABLES {
        return false;
    }
    let variables = Rc::make_mut(variables);
    match known {
        Some(index) => value.clone_into(&mut variables[index].1),
        None => variables.push((name.to_owned(), value.to_owned())),
    }
    true
}

fn entry(line: &Line<'_>, system: bool, dialect: Dialect) -> Entry {
    let mut entry = Entry {
        line: line.number,
        schedule: String::new(),
        when: Err(Refusal {
            code: Code::Line,
            message: String::new(),
        }),
        user: None,
        command: percent::split("", dialect),
        variables: Variables::default(),
        comments: Vec::new(),
        oddities: oddities(line),
    };
    let Some(head) = when::read(&line.text, dialect) else {
        entry.schedule = beginning(&line.text);
        entry.refuse("this is neither `NAME=value` nor five times and a command".to_owned());
        return entry;
    };
    let schedule: Vec<&str> = head.schedule.split_whitespace().collect();
    entry.schedule = schedule.join(" ");
    entry.when = head.when;
    if head.quiet {
        entry.oddities.push(Oddity::Quiet);
    }
    let mut command = head.rest;
    if system {
        let (user, rest) = when::word(command);
        // Cron wants a blank behind the user, and then takes no command at all for a command.
        if user.is_empty() || (rest.is_empty() && !command.ends_with(crate::lines::BLANK)) {
            entry.refuse(
                "a user and a command have to follow the time in a system table".to_owned(),
            );
        }
        entry.user = Some(user.to_owned()).filter(|user| !user.is_empty());
        command = rest;
    } else if command.is_empty() {
        entry.refuse("no command follows the time".to_owned());
    } else if command.starts_with('*') {
        entry.refuse("the command begins with `*`: there is one field too many".to_owned());
    }
    if dialect == Dialect::Debian && command.len() > LONGEST {
        entry.refuse(format!(
            "the command is longer than the {LONGEST} bytes that Debian's cron takes"
        ));
    }
    entry.command = percent::split(command, dialect);
    entry.command.text = trimmed(&entry.command.text);
    entry
}

impl Entry {
    /// Says why cron does not take it for a job, unless that has been said.
    fn refuse(&mut self, message: String) {
        let said = |refusal: &Refusal| !refusal.message.is_empty();
        if !self.when.as_ref().is_err_and(said) {
            self.when = Err(Refusal {
                code: Code::Line,
                message,
            });
        }
    }

    /// The value of a variable that holds for it.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        let mut all = self.variables.iter();
        all.find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

fn oddities(line: &Line<'_>) -> Vec<Oddity> {
    [
        (!line.ended, Oddity::NoNewline),
        (line.carriage_return, Oddity::CarriageReturn),
        (!line.utf8, Oddity::Encoding),
    ]
    .into_iter()
    .filter_map(|(holds, oddity)| holds.then_some(oddity))
    .collect()
}

/// The beginning of a line that is no job, for the report. It may hold a secret, so little of it is shown.
fn beginning(line: &str) -> String {
    let line = unindented(line);
    let shown: String = line.chars().take_while(|c| *c != '=').take(24).collect();
    match shown.len() < line.len() {
        true => format!("{}…", shown.trim_end()),
        false => shown,
    }
}

/// A command without blanks around it, which mean nothing to a shell unless the last is escaped.
fn trimmed(command: &str) -> String {
    let command = command.trim_start_matches(crate::lines::BLANK);
    let short = command.trim_end_matches(crate::lines::BLANK);
    match short.ends_with('\\') {
        true => command.to_owned(),
        false => short.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::lines;

    fn table(text: &str, system: bool) -> Table {
        read(&lines(text.as_bytes()), system, Dialect::Unknown)
    }

    #[test]
    fn variables_hold_for_the_jobs_below_them() {
        let table = table(
            "* * * * * a\nA=1\nB=2\n* * * * * b\nA=3\n* * * * * c\n",
            false,
        );
        let of = |entry: &Entry| format!("{:?}", entry.variables);
        let told: Vec<_> = table.entries.iter().map(of).collect();
        assert_eq!(
            told,
            [
                "[]",
                r#"[("A", "1"), ("B", "2")]"#,
                r#"[("A", "3"), ("B", "2")]"#,
            ]
        );
    }

    #[test]
    fn variables_have_a_bound() {
        let many: String = (0..300).map(|n| format!("V{n}=x\n")).collect();
        let table = table(&format!("{many}V0=y\n@daily a\n"), false);
        assert_eq!(table.entries[0].variables.len(), VARIABLES);
        assert_eq!(table.entries[0].variable("V0"), Some("y"));
        assert_eq!(table.entries[0].oddities, [Oddity::Variables]);
    }

    #[test]
    fn comments_directly_above_belong_to_a_job() {
        let table = table(
            "# far\n\n# one\n#two\n@daily a\n@daily b\n# three\nA=1\n@daily c\n",
            false,
        );
        let told: Vec<_> = table.entries.iter().map(|e| e.comments.join("|")).collect();
        assert_eq!(told, [" one|two", "", ""]);
    }

    #[test]
    fn a_system_table_names_users() {
        let told: Vec<_> = table(
            "* * * * * root  a b\n@daily www\n* * * * * root \nx y\n",
            true,
        )
        .entries
        .into_iter()
        .map(|e| (e.user.unwrap_or_default(), e.command.text, e.when.is_ok()))
        .collect();
        let expected = [
            ("root", "a b", true),
            ("www", "", false),
            ("root", "", true),
            ("", "", false),
        ];
        assert_eq!(
            told,
            expected.map(|(u, c, ok)| (u.to_owned(), c.to_owned(), ok))
        );
    }

    #[test]
    fn one_field_too_many_is_seen() {
        let table = table("0 0 3 * * * backup\n", false);
        assert!(
            table.entries[0]
                .when
                .as_ref()
                .is_err_and(|why| why.code == Code::Line)
        );
    }

    #[test]
    fn little_is_shown_of_a_line_that_may_be_a_secret() {
        assert_eq!(beginning("PASSWORD=\"hunter2"), "PASSWORD…");
        assert_eq!(
            beginning("  do this and that and the other"),
            "do this and that and the…"
        );
    }
}
