//! Patterns of one path component: `*`, `?` and `[…]`, as glob(7) has them.
//!
//! Invariant: pure, and linear in pattern times name, whatever the pattern.

/// Whether the component is a pattern at all.
pub(super) fn is_pattern(component: &str) -> bool {
    component.contains(['*', '?', '['])
}

/// Whether a name matches. A leading dot has to be written.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    if name.first() == Some(&'.') && pattern.first() != Some(&'.') {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    // Where the last star stood, and how much it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if let Some(next) = single(&pattern, p, name[n]) {
            p = next;
            n += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Matches one character; the answer is where the pattern goes on.
fn single(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => match set(pattern, at, c) {
            Some((true, next)) => Some(next),
            Some((false, _)) => None,
            // An open bracket that is never closed is an ordinary character.
            None => (c == '[').then_some(at + 1),
        },
        other => (*other == c).then_some(at + 1),
    }
}

/// Whether a set holds a character, and where it ends; none where it is not closed.
fn set(pattern: &[char], open: usize, c: char) -> Option<(bool, usize)> {
    let mut at = open + 1;
    let negated = matches!(pattern.get(at)?, '!' | '^');
    at += usize::from(negated);
    let first = at;
    let mut found = false;
    loop {
        let low = *pattern.get(at)?;
        if low == ']' && at > first {
            return Some((found != negated, at + 1));
        }
        let high = match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some('-'), Some(high)) if *high != ']' => *high,
            _ => low,
        };
        found |= (low..=high).contains(&c);
        at += if high == low { 1 } else { 3 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_questions_and_sets() {
        for (pattern, name) in [
            ("*.ini", "a.ini"),
            ("*", "abc"),
            ("a*b*c", "aXbYbZc"),
            ("a?c", "abc"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]a]x", "]x"),
            ("[a", "[a"),
            (".*", ".a"),
            ("ä?", "äö"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.ini", "a.conf"),
            ("*", ".hidden"),
            ("?", ""),
            ("a?c", "ac"),
            ("[a-c]x", "dx"),
            ("[!a-c]x", "ax"),
            ("abc", "abcd"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_take_no_longer_than_one() {
        let pattern = "*a".repeat(100);
        assert!(!matches(&pattern, &"a".repeat(99).replace('a', "ab")));
    }
}
