//! Names for jobs that would be called the same: told apart by what differs between them, by number only where nothing
//! does.
//!
//! Tests are below.

use std::collections::{BTreeMap, BTreeSet};

use crate::shell::clean;

/// A job that wants a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// The name it would like.
    pub(crate) name: String,
    /// The arguments of its program.
    pub(crate) arguments: Vec<String>,
    /// The folder that it changes to.
    pub(crate) folder: Option<String>,
    /// Its user.
    pub(crate) user: Option<String>,
    /// The file it comes from.
    pub(crate) file: Option<String>,
    /// Its schedule.
    pub(crate) schedule: String,
}

/// How many arguments are looked at.
const ARGUMENTS: usize = 8;

/// What jobs are told apart by, in this order.
#[derive(Clone, Copy)]
enum Trait {
    Argument(usize),
    Folder,
    User,
    File,
    Macro,
}

impl Wish {
    /// How it is told apart by a trait; none where it lacks it.
    fn label(&self, by: Trait) -> Option<String> {
        let text = match by {
            Trait::Argument(place) => argument(self.arguments.get(place)?),
            Trait::Folder => base(self.folder.as_deref()?),
            Trait::User => self.user.as_deref()?,
            Trait::File => base(self.file.as_deref()?),
            Trait::Macro => self.schedule.strip_prefix('@')?,
        };
        Some(clean(text)).filter(|text| !text.is_empty())
    }
}

/// The last part of a path.
fn base(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// The telling part of an argument: the value of an option, the last part of a path without its ending.
fn argument(text: &str) -> &str {
    let text = text.trim_start_matches('-');
    let text = text.rsplit_once('=').map_or(text, |(_, value)| value);
    let text = base(text);
    match text.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 5 => stem,
        _ => text,
    }
}

/// A name for each, no two the same.
pub(crate) fn distinct(wishes: &[Wish]) -> Vec<String> {
    let mut names: Vec<String> = wishes.iter().map(|wish| wish.name.clone()).collect();
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, wish) in wishes.iter().enumerate() {
        groups.entry(&wish.name).or_default().push(index);
    }
    let traits: Vec<Trait> = (0..ARGUMENTS)
        .map(Trait::Argument)
        .chain([Trait::Folder, Trait::User, Trait::File, Trait::Macro])
        .collect();
    for group in groups.into_values() {
        tell_apart(wishes, &group, &traits, &mut names);
    }
    numbered(names)
}

/// Gives the members of a group longer names: by the first trait that tells all apart, else by the first that tells some
/// apart, and then by those behind it.
fn tell_apart(wishes: &[Wish], group: &[usize], traits: &[Trait], names: &mut [String]) {
    if group.len() < 2 {
        return;
    }
    let classes = |by: Trait| {
        let mut classes: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
        for index in group {
            classes
                .entry(wishes[*index].label(by))
                .or_default()
                .push(*index);
        }
        classes
    };
    let mut best = None;
    for (place, by) in traits.iter().enumerate() {
        let classes = classes(*by);
        let all = classes.len() == group.len();
        if all || (classes.len() > 1 && best.is_none()) {
            best = Some((place, classes));
        }
        if all {
            break;
        }
    }
    let Some((place, classes)) = best else {
        return;
    };
    for (label, members) in classes {
        for index in &members {
            if let Some(label) = &label {
                names[*index] = format!("{}-{label}", names[*index]);
            }
        }
        tell_apart(wishes, &members, &traits[place + 1..], names);
    }
}

/// Numbers for what is still the same, from 2.
fn numbered(mut names: Vec<String>) -> Vec<String> {
    let all: BTreeSet<String> = names.iter().cloned().collect();
    let mut taken = BTreeSet::new();
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for name in &mut names {
        if !taken.insert(name.clone()) {
            let number = last.entry(name.clone()).or_insert(1);
            let numbered = loop {
                *number += 1;
                let candidate = format!("{name}-{number}");
                if !all.contains(&candidate) && !taken.contains(&candidate) {
                    break candidate;
                }
            };
            taken.insert(numbered.clone());
            *name = numbered;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(name: &str, arguments: &str) -> Wish {
        Wish {
            name: name.into(),
            arguments: arguments.split_whitespace().map(str::to_owned).collect(),
            ..Wish::default()
        }
    }

    #[test]
    fn by_what_differs() {
        let wishes = [
            wish("backup", "--full"),
            wish("backup", "--incremental"),
            wish("backup", ""),
            wish("dump", "-q shop"),
            wish("dump", "-q blog"),
            wish("find", "/tmp -delete"),
            wish("find", "/var/log/ -delete"),
            wish("sync", "--mode=fast a"),
            wish("sync", "--mode=fast b"),
            wish("sync", "--mode=slow a"),
            wish("alone", "x"),
            wish("same", "x"),
            wish("same", "x"),
            wish("same-2", "x"),
        ];
        let expected = [
            "backup-full",
            "backup-incremental",
            "backup",
            "dump-shop",
            "dump-blog",
            "find-tmp",
            "find-log",
            "sync-fast-a",
            "sync-fast-b",
            "sync-slow",
            "alone",
            "same",
            "same-3",
            "same-2",
        ];
        assert_eq!(distinct(&wishes), expected);
    }

    #[test]
    fn by_user_file_and_macro() {
        let of = |user: &str, file: &str, schedule: &str| Wish {
            user: Some(user.into()),
            file: Some(file.into()),
            schedule: schedule.into(),
            ..wish("x", "")
        };
        let names = |wishes: &[Wish]| distinct(wishes).join(" ");
        assert_eq!(names(&[of("a", "/f", ""), of("b", "/f", "")]), "x-a x-b");
        assert_eq!(
            names(&[of("a", "/etc/cron.d/f", ""), of("a", "/etc/cron.d/g", "")]),
            "x-f x-g"
        );
        assert_eq!(
            names(&[of("a", "/f", "@daily"), of("a", "/f", "@weekly")]),
            "x-daily x-weekly"
        );
    }

    #[test]
    fn many_of_one_name_are_no_trouble() {
        let wishes = vec![wish("x", "a b c d e f g h"); 10_000];
        assert_eq!(distinct(&wishes)[9_999], "x-10000");
    }
}
