//! Patterns over unit names: `*` any characters, `?` one, `[abc]` `[a-z]` `[!a-z]` one of a set. Nothing else is special.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A pattern. Every text is one: a `[` without its `]` stands for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob(String);

impl Glob {
    /// The pattern that `text` spells.
    pub fn new(text: impl Into<String>) -> Self {
        Glob(text.into())
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names one thing only: no wildcard in it.
    pub fn is_exact(&self) -> bool {
        !self.0.contains(['*', '?', '['])
    }

    /// Whether the whole of `name` fits.
    pub fn matches(&self, name: &str) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        let name: Vec<char> = name.chars().collect();
        fits(&pattern, &name)
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One pass with one place to go back to, the last `*`: never more than pattern times name steps.
fn fits(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, n));
            p += 1;
            continue;
        }
        if let Some(next) = one(pattern, p, name[n]) {
            p = next;
            n += 1;
            continue;
        }
        let Some((after, from)) = star else {
            return false;
        };
        star = Some((after, from + 1));
        p = after;
        n = from + 1;
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// The place behind the element at `p`, if it fits `c`.
fn one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match pattern.get(p)? {
        '?' => Some(p + 1),
        '[' => match set(&pattern[p + 1..], c) {
            Some((length, true)) => Some(p + 1 + length),
            Some((_, false)) => None,
            None => (c == '[').then_some(p + 1),
        },
        literal => (*literal == c).then_some(p + 1),
    }
}

/// The length of a set behind its `[`, and whether `c` is in it. A `]` that comes first is a member.
fn set(rest: &[char], c: char) -> Option<(usize, bool)> {
    let negated = matches!(rest.first(), Some('!' | '^'));
    let start = usize::from(negated);
    let end = start + 1 + rest.get(start + 1..)?.iter().position(|x| *x == ']')?;
    let members = &rest[start..end];
    let mut found = false;
    let mut i = 0;
    while i < members.len() {
        if i + 2 < members.len() && members[i + 1] == '-' {
            found |= (members[i]..=members[i + 2]).contains(&c);
            i += 3;
        } else {
            found |= members[i] == c;
            i += 1;
        }
    }
    Some((end + 1, found != negated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_what_a_shell_user_expects() {
        for (pattern, name, expected) in [
            ("web", "web", true),
            ("web", "webs", false),
            ("web*", "web", true),
            ("*", "", true),
            ("*-worker", "api-worker", true),
            ("*-worker", "api-worker-2", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("w?b", "web", true),
            ("w?b", "wb", false),
            ("web[0-9]", "web7", true),
            ("web[0-9]", "webx", false),
            ("web[!0-9]", "webx", true),
            ("web[!0-9]", "web7", false),
            ("[ab]*", "beta", true),
            ("[]x]", "]", true),
            ("[", "[", true),
            ("a[b", "a[b", true),
            ("a.c", "abc", false),
            ("api:*", "api:worker", true),
            ("**", "x", true),
        ] {
            assert_eq!(
                Glob::new(pattern).matches(name),
                expected,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn a_hostile_pattern_costs_little() {
        let pattern = Glob::new("*a".repeat(200) + "b");
        assert!(!pattern.matches(&"a".repeat(2_000)));
    }
}
