//! The `include` of the root file.
//!
//! Tests: below.

use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::PATTERN;

/// A root file where there is none.
pub(super) const NEW_ROOT: &str = "\
# Begun by `runwisp import --write`.
[daemon]
include = [\"runwisp.d/*.toml\"]
";

/// The text with the include added, everything else as it was. The error completes "`include` can't be added: …".
pub(super) fn add(text: &str) -> Result<String, String> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
    if !document.contains_key("daemon") {
        let mut table = Table::new();
        if !text.trim().is_empty() {
            table.decor_mut().set_prefix("\n");
        }
        document.insert("daemon", Item::Table(table));
    }
    let daemon = document["daemon"]
        .as_table_like_mut()
        .ok_or("`daemon` is not a table")?;
    daemon.insert("include", value(Array::from_iter([PATTERN])));
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_include_is_added_and_nothing_else() {
        for (before, after) in [
            ("", "[daemon]\ninclude = [\"runwisp.d/*.toml\"]\n"),
            (
                "# mine\n[services.a] # x\nrun   = 'a'\n",
                "# mine\n[services.a] # x\nrun   = 'a'\n\n[daemon]\ninclude = [\"runwisp.d/*.toml\"]\n",
            ),
            (
                "[daemon]\nlisten = \"off\" # why\n\n# next\n[services.a]\nrun = 'a'\n",
                "[daemon]\nlisten = \"off\" # why\ninclude = [\"runwisp.d/*.toml\"]\n\n# next\n[services.a]\nrun = 'a'\n",
            ),
            (
                "daemon = { listen = \"off\" }\n",
                "daemon = { listen = \"off\" , include = [\"runwisp.d/*.toml\"] }\n",
            ),
            (
                "[[route]]\nnotifiers = []\n# the end",
                "[[route]]\nnotifiers = []\n\n[daemon]\ninclude = [\"runwisp.d/*.toml\"]\n# the end",
            ),
        ] {
            let wired = add(before).unwrap();
            assert_eq!(wired, after);
            toml::from_str::<toml::Table>(&wired).unwrap();
        }
        assert!(add("daemon = 1\n").is_err());
        assert_eq!(
            NEW_ROOT.lines().last(),
            Some("include = [\"runwisp.d/*.toml\"]")
        );
    }
}
