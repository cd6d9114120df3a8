//! What users name: units by name or pattern, runs by id. Pure.
//!
//! Tests: below.

use runwisp_core::words::glob::Glob;
use runwisp_core::words::ids::RunId;

use crate::wire::Problem;

/// The names that fit the patterns, in the order of `names`, each once. What fits nothing is a problem that knows the
/// nearest name.
pub fn matching<'a>(names: &[&'a str], patterns: &[String]) -> Result<Vec<&'a str>, Problem> {
    let globs: Vec<Glob> = patterns.iter().map(Glob::new).collect();
    for glob in &globs {
        if !names.iter().any(|name| glob.matches(name)) {
            return Err(nothing_fits(names, glob));
        }
    }
    Ok(names
        .iter()
        .filter(|name| globs.iter().any(|glob| glob.matches(name)))
        .copied()
        .collect())
}

/// Splits run ids from names and patterns.
pub fn split_runs(targets: &[String]) -> (Vec<RunId>, Vec<String>) {
    let mut runs = Vec::new();
    let mut rest = Vec::new();
    for target in targets {
        match target.parse() {
            Ok(id) => runs.push(id),
            Err(_) => rest.push(target.clone()),
        }
    }
    (runs, rest)
}

/// Whether this name was given as it is, not by a pattern.
pub fn is_named(name: &str, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| pattern == name)
}

fn nothing_fits(names: &[&str], glob: &Glob) -> Problem {
    if !glob.is_exact() {
        return Problem::new("unit.unknown", format!("no unit fits {:?}", glob.as_str()))
            .help("`runwisp list` shows the units of the configuration.");
    }
    let problem = Problem::no_unit(glob.as_str());
    match nearest(glob.as_str(), names) {
        Some(name) => problem.help(format!("Did you mean {name:?}?")),
        None => problem,
    }
}

/// The name that takes the fewest changes of one letter, if they are few for its length.
pub fn nearest<'a>(wrong: &str, names: &[&'a str]) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    names
        .iter()
        .map(|name| (distance(wrong, name), *name))
        .filter(|(changes, _)| *changes <= limit)
        .min()
        .map(|(_, name)| name)
}

/// Letters inserted, removed, replaced or swapped with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, first) in rows[0].iter_mut().enumerate() {
        *first = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["api", "api-worker", "backup", "web"];

    fn check(patterns: &[&str]) -> Result<Vec<&'static str>, (String, Option<String>)> {
        let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
        matching(&NAMES, &patterns).map_err(|problem| (problem.code, problem.help))
    }

    #[test]
    fn patterns_name_each_unit_once() {
        assert_eq!(
            check(&["api*", "api", "web"]),
            Ok(vec!["api", "api-worker", "web"])
        );
        assert_eq!(check(&["*"]), Ok(NAMES.to_vec()));
    }

    #[test]
    fn what_fits_nothing_is_said() {
        let (code, help) = check(&["web", "bakcup"]).unwrap_err();
        assert_eq!(code, "unit.unknown");
        assert_eq!(help.as_deref(), Some("Did you mean \"backup\"?"));
        assert_eq!(check(&["db*"]).unwrap_err().0, "unit.unknown");
        let (_, help) = check(&["postgres"]).unwrap_err();
        assert!(!help.unwrap_or_default().contains("mean"));
    }

    #[test]
    fn run_ids_are_no_patterns() {
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned();
        let (runs, rest) = split_runs(&[id.clone(), "web".into()]);
        assert_eq!((runs[0].to_string(), rest), (id, vec!["web".to_owned()]));
    }
}
