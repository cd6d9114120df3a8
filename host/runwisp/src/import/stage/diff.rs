//! What would change in a file, as `diff -u` shows it.

use std::time::Duration;

use similar::{Algorithm, TextDiff};

use crate::replace::Change;

/// How long the shortest difference is looked for; after that, any will do.
const PATIENCE: Duration = Duration::from_millis(500);

/// The difference.
pub fn diff(change: &Change) -> String {
    let name = change.path.display().to_string();
    let before = change.before.as_deref();
    let old = if before.is_some() {
        name.as_str()
    } else {
        "/dev/null"
    };
    TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .timeout(PATIENCE)
        .diff_lines(before.unwrap_or_default(), &change.after)
        .unified_diff()
        .header(old, &name)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_and_a_changed_one() {
        let mut change = Change {
            path: "/etc/a.toml".into(),
            before: None,
            after: "a\nb\n".to_owned(),
        };
        assert_eq!(
            diff(&change),
            "--- /dev/null\n+++ /etc/a.toml\n@@ -0,0 +1,2 @@\n+a\n+b\n"
        );
        change.before = Some("a\nc\n".to_owned());
        assert_eq!(
            diff(&change),
            "--- /etc/a.toml\n+++ /etc/a.toml\n@@ -1,2 +1,2 @@\n a\n-c\n+b\n"
        );
    }
}
