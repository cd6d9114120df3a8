//! How cron lets go of what is imported: commands that comment out exactly the imported lines.
//!
//! Invariant: only lines whose tasks may run are named. Tests are below.

/// What was imported from one source.
#[derive(Clone, Debug)]
pub(crate) struct Letting {
    /// The file; none for standard input.
    pub(crate) path: Option<String>,
    /// Whose table it is.
    pub(crate) table: Whose,
    /// The lines that run here now.
    pub(crate) lines: Vec<u32>,
}

/// Whose table a source is, which says how it is edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// That of whoever imports, from standard input.
    Mine,
    /// A user's, in cron's own folder.
    Owner(String),
    /// A file that cron reads.
    System,
    /// A file that anacron reads.
    Anacron,
    /// It can't be said: a text or file from anywhere.
    Unknown,
}

/// Of more lines than these, a sentence is clearer than a command.
const MOST: usize = 40;

/// What to do, in order.
pub(crate) fn steps(sources: &[Letting], blocked: bool) -> Vec<String> {
    let mut steps: Vec<String> = sources
        .iter()
        .filter(|source| !source.lines.is_empty())
        .map(step)
        .collect();
    if steps.is_empty() {
        return steps;
    }
    if sources.iter().any(|source| source.table == Whose::Anacron) {
        steps.push(
            "leave the package anacron installed: lines that test for /usr/sbin/anacron rely on it"
                .to_owned(),
        );
    }
    if blocked {
        steps.push(
            "what is blocked goes on running in cron until you have dealt with it".to_owned(),
        );
    }
    steps
}

fn step(source: &Letting) -> String {
    let few = source.lines.len() <= MOST;
    let edits: Vec<String> = source
        .lines
        .iter()
        .map(|line| format!("-e '{line}s/^/#/'"))
        .collect();
    let edits = edits.join(" ");
    let path = source.path.as_deref();
    match (&source.table, path) {
        (Whose::Mine, _) if few => format!("crontab -l | sed {edits} | crontab -"),
        (Whose::Mine, _) => "comment out the imported lines with `crontab -e`".to_owned(),
        (Whose::Owner(owner), _) => {
            let owner = quoted(owner);
            match few {
                true => format!("crontab -u {owner} -l | sed {edits} | crontab -u {owner} -"),
                false => format!("comment out the imported lines with `crontab -u {owner} -e`"),
            }
        }
        // No cron reads a file whose name ends in `~`.
        (Whose::System | Whose::Anacron, Some(path)) if few => {
            format!("sed -i~ {edits} {}", quoted(path))
        }
        (_, Some(path)) => {
            format!("comment out the lines imported from {path} where cron reads them")
        }
        (_, None) => "comment out the imported lines where cron reads them".to_owned(),
    }
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letting(path: Option<&str>, table: Whose, lines: &[u32]) -> Letting {
        Letting {
            path: path.map(str::to_owned),
            table,
            lines: lines.to_vec(),
        }
    }

    #[test]
    fn exactly_the_imported_lines() {
        for (source, expected) in [
            (
                letting(None, Whose::Mine, &[3, 4]),
                "crontab -l | sed -e '3s/^/#/' -e '4s/^/#/' | crontab -",
            ),
            (
                letting(Some("/etc/cron.d/a'b"), Whose::System, &[1]),
                r"sed -i~ -e '1s/^/#/' '/etc/cron.d/a'\''b'",
            ),
            (
                letting(
                    Some("/var/spool/cron/crontabs/al"),
                    Whose::Owner("al".into()),
                    &[9],
                ),
                "crontab -u al -l | sed -e '9s/^/#/' | crontab -u al -",
            ),
            (
                letting(Some("/x"), Whose::Unknown, &[1]),
                "comment out the lines imported from /x where cron reads them",
            ),
        ] {
            assert_eq!(steps(&[source], false), [expected]);
        }
        assert_eq!(steps(&[letting(None, Whose::Mine, &[])], true), [""; 0]);
        let many: Vec<u32> = (1..100).collect();
        assert_eq!(
            steps(&[letting(None, Whose::Mine, &many)], false),
            ["comment out the imported lines with `crontab -e`"]
        );
        assert_eq!(
            steps(
                &[letting(Some("/etc/anacrontab"), Whose::Anacron, &[1])],
                true
            )
            .len(),
            3
        );
    }
}
