//! Which kind of table a text is, and how surely it is one.
//!
//! Told apart by the option, then by the path, then by the legend that stands in many tables, then by content: a sixth
//! field that is an account. Tests are below.

use crate::anacrontab;
use crate::facts::{Dialect, Facts};
use crate::lines::{Line, lines, unindented};
use crate::variable;
use crate::when;

/// What a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A user's own table; its owner, where the path tells.
    User(Option<String>),
    /// `/etc/crontab` and its like, with a user in each line.
    System,
    /// anacron's table.
    Anacron,
    /// A file that cron does not read, and why.
    Ignored(&'static str),
    /// It can't be told; read as a user's table.
    Doubtful,
}

/// Where cron keeps the tables of users: Debian, SUSE, the others.
const SPOOLS: [&str; 3] = [
    "/var/spool/cron/crontabs/",
    "/var/spool/cron/tabs/",
    "/var/spool/cron/",
];

/// Accounts that no program is named after: in front of a command, a sure sign of a system table.
const NEVER_COMMANDS: [&str; 8] = [
    "root", "www-data", "nobody", "apache", "nginx", "postgres", "daemon", "_chrony",
];

/// Whose reading holds for a source: that of this host's cron for its own tables, else nobody's.
pub(crate) fn dialect(path: Option<&str>, facts: &Facts) -> Dialect {
    let own = path.is_some_and(|path| {
        ["/etc/crontab", "/etc/anacrontab"].contains(&path)
            || path.starts_with("/etc/cron.d/")
            || path.starts_with("/var/spool/cron/")
    });
    match (own, facts.debian) {
        (true, true) => Dialect::Debian,
        (true, false) => Dialect::Cronie,
        (false, _) => Dialect::Unknown,
    }
}

/// Tells what a text is.
pub(crate) fn of(
    path: Option<&str>,
    text: &[Line<'_>],
    system: Option<bool>,
    facts: &Facts,
    dialect: Dialect,
) -> Kind {
    let by_path = path.and_then(|path| from_path(path, dialect));
    match (by_path, system) {
        (Some(kind @ (Kind::Anacron | Kind::Ignored(_))), _) => kind,
        (_, Some(true)) => Kind::System,
        (Some(kind @ Kind::User(_)), _) => kind,
        (_, Some(false)) => Kind::User(None),
        (Some(kind), None) => kind,
        (None, None) => from_text(text, facts, dialect, path.is_none()),
    }
}

fn from_path(path: &str, dialect: Dialect) -> Option<Kind> {
    if path.ends_with("/anacrontab") {
        return Some(Kind::Anacron);
    }
    if path.ends_with("/etc/crontab") {
        return Some(Kind::System);
    }
    if let Some((_, name)) = path.rsplit_once("/cron.d/")
        && !name.contains('/')
    {
        return Some(ignored(name, dialect).map_or(Kind::System, Kind::Ignored));
    }
    let owner = SPOOLS.iter().find_map(|spool| path.strip_prefix(spool))?;
    (!owner.contains('/')).then(|| Kind::User(Some(owner.to_owned())))
}

/// Why cron does not read a file of that name in `cron.d`.
fn ignored(name: &str, dialect: Dialect) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.starts_with('.') || name.starts_with('#') || name.ends_with('~') {
        return Some("cron leaves out files whose names begin with `.` or `#` or end with `~`");
    }
    if dialect == Dialect::Cronie {
        let left_over = [".rpmsave", ".rpmorig", ".rpmnew"]
            .iter()
            .any(|end| name.ends_with(end));
        return left_over.then_some("cronie leaves out what rpm has left behind");
    }
    let only_plain = name.chars().all(plain);
    (!only_plain).then_some(
        "Debian's cron reads only files whose names are of letters, digits, `_` and `-`; a dot is none of them",
    )
}

fn from_text(text: &[Line<'_>], facts: &Facts, dialect: Dialect, piped: bool) -> Kind {
    if let Some(system) = text.iter().find_map(legend) {
        return if system {
            Kind::System
        } else {
            Kind::User(None)
        };
    }
    let count = Count::of(text, dialect);
    if count.anacron > 0 && count.jobs == 0 {
        return Kind::Anacron;
    }
    let (mut with, mut without, mut doubtful) = (0, 0, 0);
    for line in text.iter().filter(|line| is_line(line)) {
        let Some(head) = job(line, dialect) else {
            continue;
        };
        let (first, rest) = when::word(head.rest);
        let account = match facts.has_account(first) {
            Some(known) => known,
            None => NEVER_COMMANDS.contains(&first),
        };
        match (account, rest.is_empty() || rest.starts_with('-')) {
            (true, false) if NEVER_COMMANDS.contains(&first) || begins_a_command(rest) => with += 1,
            (true, false) => doubtful += 1,
            _ => without += 1,
        }
    }
    match (with, without, doubtful) {
        (1.., 0, _) => Kind::System,
        (0, _, 0) | (0, 1.., _) => Kind::User(None),
        // Whoever pipes a table in is most likely to pipe in `crontab -l`.
        (0, 0, _) if piped => Kind::User(None),
        _ => Kind::Doubtful,
    }
}

/// Whether a text can hardly be but the beginning of a command.
fn begins_a_command(text: &str) -> bool {
    let (word, _) = when::word(text);
    word.starts_with(['/', '[', '~', '$'])
        || [
            "test",
            "cd",
            "if",
            "run-parts",
            "command",
            "env",
            "sh",
            "bash",
        ]
        .contains(&word)
}

/// Whether a comment is the legend of the columns, and whether it has one for the user.
fn legend(line: &Line<'_>) -> Option<bool> {
    let words = unindented(&line.text)
        .strip_prefix('#')?
        .to_ascii_lowercase();
    let words: Vec<&str> = words.split_ascii_whitespace().collect();
    let command = words.iter().position(|word| word.starts_with("command"))?;
    let user = |word: &&str| ["user", "user-name", "username", "who"].contains(word);
    if words.starts_with(&["m", "h"])
        || words.starts_with(&["min", "hour"])
        || words.starts_with(&["minute", "hour"])
    {
        return Some(words[..command].iter().any(user));
    }
    (words.starts_with(&["*"; 5]) && words.get(5).is_some_and(user)).then_some(true)
}

fn is_line(line: &Line<'_>) -> bool {
    let text = unindented(&line.text);
    !text.is_empty() && !text.starts_with('#')
}

fn job<'a>(line: &'a Line<'_>, dialect: Dialect) -> Option<when::Head<'a>> {
    if variable::read(&line.text, dialect).is_some() {
        return None;
    }
    when::read(&line.text, dialect).filter(|head| head.when.is_ok() && !head.rest.is_empty())
}

/// How many lines are what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) jobs: usize,
    pub(crate) anacron: usize,
    pub(crate) variables: usize,
    pub(crate) other: usize,
    pub(crate) sections: usize,
    pub(crate) legends: usize,
}

impl Count {
    pub(crate) fn of(text: &[Line<'_>], dialect: Dialect) -> Count {
        let mut count = Count::default();
        for line in text {
            count.legends += usize::from(legend(line).is_some());
            if !is_line(line) {
                continue;
            }
            let text = line.text.trim();
            if variable::read(text, dialect).is_some() {
                count.variables += 1;
            } else if job(line, dialect).is_some() {
                count.jobs += 1;
            } else if anacrontab::is_job(text) {
                count.anacron += 1;
            } else if text.starts_with('[') && text.ends_with(']') {
                count.sections += 1;
            } else {
                count.other += 1;
            }
        }
        count
    }
}

/// How surely a text is a crontab or an anacrontab, from 0 to 100.
pub(crate) fn probe(path: Option<&str>, head: &[u8]) -> u8 {
    if head.contains(&0) {
        return 0;
    }
    if path.is_some_and(|path| from_path(path, Dialect::Unknown).is_some()) {
        return 95;
    }
    // The last line may have been cut.
    let whole = head
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(head, |end| &head[..=end]);
    let count = Count::of(&lines(whole), Dialect::Unknown);
    let found = count.jobs + count.anacron;
    let named = path.is_some_and(|path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.contains("crontab") || name.ends_with(".cron")
    });
    match found {
        _ if count.sections > 0 => 2,
        0 if count.legends > 0 || named => 60,
        0 => 0,
        _ if count.other == 0 => 90,
        found if found > count.other || named => 70,
        _ => 20,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: Option<&str>, text: &str) -> Kind {
        let accounts = ["root", "alice", "mail", "backup"].map(str::to_owned);
        let facts = Facts {
            accounts: Some(accounts.into()),
            debian: true,
        };
        let dialect = dialect(path, &facts);
        of(path, &lines(text.as_bytes()), None, &facts, dialect)
    }

    #[test]
    fn by_path() {
        let alice = Kind::User(Some("alice".into()));
        assert_eq!(kind(Some("/etc/crontab"), ""), Kind::System);
        assert_eq!(kind(Some("/etc/cron.d/app"), ""), Kind::System);
        assert_eq!(kind(Some("/backup/host/etc/cron.d/app"), ""), Kind::System);
        assert_eq!(kind(Some("/etc/anacrontab"), ""), Kind::Anacron);
        assert_eq!(kind(Some("/var/spool/cron/crontabs/alice"), ""), alice);
        assert_eq!(kind(Some("/var/spool/cron/alice"), ""), alice);
        for name in ["app.bak", ".placeholder", "app~", "a b"] {
            let path = format!("/etc/cron.d/{name}");
            assert!(matches!(kind(Some(&path), ""), Kind::Ignored(_)), "{name}");
        }
        assert_eq!(ignored("sysstat.cron", Dialect::Cronie), None);
        assert!(ignored("sysstat.rpmsave", Dialect::Cronie).is_some());
    }

    #[test]
    fn by_legend() {
        for (text, expected) in [
            ("# m h dom mon dow user\tcommand\n", Kind::System),
            (
                "# *  *  *  *  * user-name  command to be executed\n",
                Kind::System,
            ),
            (
                "# m h  dom mon dow   command\n* * * * * root x\n",
                Kind::User(None),
            ),
        ] {
            assert_eq!(kind(None, text), expected, "{text}");
        }
    }

    #[test]
    fn by_content() {
        for (text, expected) in [
            ("0 3 * * * root /x\n@daily alice /y\n", Kind::System),
            ("0 3 * * * root backup now\n", Kind::System),
            ("0 3 * * * /x\n", Kind::User(None)),
            ("0 3 * * * mail -s x y\n", Kind::User(None)),
            ("0 3 * * * backup now\n", Kind::Doubtful),
            ("0 3 * * * backup\n", Kind::User(None)),
            ("0 3 * * * root /x\n0 4 * * * /y\n", Kind::Doubtful),
            ("1 5 cron.daily run-parts /etc/cron.daily\n", Kind::Anacron),
            ("A=b\n", Kind::User(None)),
        ] {
            assert_eq!(kind(Some("/srv/x"), text), expected, "{text}");
        }
        assert_eq!(kind(None, "0 3 * * * backup now\n"), Kind::User(None));
        let mixed = "0 3 * * * root /x\n0 4 * * * /y\n";
        assert_eq!(kind(None, mixed), Kind::Doubtful);
    }

    #[test]
    fn how_surely() {
        let sure = |path, text: &str| probe(path, text.as_bytes());
        assert_eq!(sure(Some("/etc/cron.d/x.bak"), ""), 95);
        assert_eq!(sure(None, "MAILTO=x\n0 3 * * * y\n"), 90);
        assert_eq!(sure(None, "7 5 weekly x\n"), 90);
        assert_eq!(sure(None, "[program:x]\ncommand=x\n"), 2);
        assert_eq!(sure(None, "a=b\n"), 0);
        assert_eq!(sure(None, "web: bundle exec rails\n"), 0);
        assert_eq!(sure(None, "# m h  dom mon dow   command\n"), 60);
        assert_eq!(sure(None, "0 3 * * * y\0"), 0);
        assert_eq!(sure(Some("/home/x/my.crontab"), "# none yet\n"), 60);
    }
}
