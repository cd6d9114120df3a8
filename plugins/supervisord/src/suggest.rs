//! The nearest of some names to a mistyped one.
//!
//! Tests: below.

/// The candidate most like `name`, if one is like it at all: a third of its letters may be wrong.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let letters: Vec<char> = name
        .chars()
        .take(101)
        .flat_map(char::to_lowercase)
        .collect();
    if letters.len() > 100 {
        return None;
    }
    let limit = (letters.len() / 3).max(1);
    candidates
        .map(|candidate| (distance(&letters, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be changed, added, dropped or swapped with a neighbour.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let width = b.len() + 1;
    let mut cost = vec![0; (a.len() + 1) * width];
    for (j, cell) in cost.iter_mut().take(width).enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        cost[i * width] = i;
        for j in 1..width {
            let above = cost[(i - 1) * width + j] + 1;
            let left = cost[i * width + j - 1] + 1;
            let same = cost[(i - 1) * width + j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = above.min(left).min(same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(cost[(i - 2) * width + j - 2] + 1);
            }
            cost[i * width + j] = best;
        }
    }
    cost.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::PROGRAM;

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        for (typed, meant) in [
            ("autorestrat", Some("autorestart")),
            ("autorestarts", Some("autorestart")),
            ("comand", Some("command")),
            ("numproc", Some("numprocs")),
            ("stdout_log_file", Some("stdout_logfile")),
            ("enviroment", Some("environment")),
            ("start_secs", Some("startsecs")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, PROGRAM.names()), meant, "{typed}");
        }
    }
}
