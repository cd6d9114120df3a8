//! Each project is whole, fits this program, and those in Rust build and pass their own tests.

use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Paths of all files below a folder.
fn below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => open.push(entry.path()),
                false => {
                    let path = entry.path();
                    let path = path.strip_prefix(folder).unwrap();
                    found.insert(path.to_string_lossy().into_owned());
                }
            }
        }
    }
    found
}

/// The module that names them all.
fn carried() -> String {
    let listed = |folder: &str, prefix: &str| -> String {
        let paths = below(&root().join(folder));
        let line = |path: &String| {
            let path = format!("{prefix}{path}");
            format!(
                "    file!(\"{folder}\", \"{path}\"),\n",
                folder = &folder[..folder.len() - prefix.len()]
            )
        };
        paths.iter().map(line).collect()
    };
    format!(
        "//! What a project carries: the SDK as it is here, and the interfaces.\n\
         //!\n\
         //! Invariant: every file there is, is here. Written by a golden test; `cargo xtask codegen` writes it anew.\n\
         \n\
         use super::Files;\n\
         \n\
         macro_rules! file {{\n    \
             ($folder:literal, $path:literal) => {{\n        \
                 ($path, include_str!(concat!(\"../../../\", $folder, $path)))\n    \
             }};\n\
         }}\n\
         \n\
         /// The interfaces, for the tools of other languages.\n\
         pub(crate) const WIT: Files = &[\n{wit}];\n\
         \n\
         /// The SDK as a crate of its own. Its manifest is `sdk-Cargo.toml`, since here it shares the workspace's.\n\
         pub(crate) const SOURCES: Files = &[\n    \
             (\"Cargo.toml\", include_str!(\"../sdk-Cargo.toml\")),\n{sources}];\n",
        wit = listed("wit/v0.1/", ""),
        sources = listed("plugin-sdk/src/", "src/"),
    )
}

#[test]
fn golden_list_names_every_source_of_the_sdk_and_every_interface() {
    golden("src/sdk.rs", &carried());
}

/// Compares a file of this crate, or writes it.
fn golden(path: &str, now: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("RUNWISP_BLESS").is_some() {
        fs::write(file, now).unwrap();
        return;
    }
    assert!(
        fs::read_to_string(file).unwrap() == now,
        "plugin-sdk/templates/{path} is stale; run `cargo xtask codegen`"
    );
}

/// The manifest that a carried SDK has: the one here, with what it takes from the workspace written out and what only its
/// own tests need left out.
fn manifest() -> String {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let value = |key: &str| {
        let start = format!("{key} = ");
        let line = workspace.lines().find(|line| line.starts_with(&start));
        line.unwrap_or_else(|| panic!("the workspace names {key}"))[start.len()..].to_string()
    };
    let here = fs::read_to_string(root().join("plugin-sdk/Cargo.toml")).unwrap();
    let mut text = String::from("# Written from the workspace of runwisp.\n");
    let mut skipping = false;
    for line in here.lines() {
        if line.starts_with('[') {
            skipping = line == "[dev-dependencies]" || line == "[lints]";
        }
        if skipping {
            continue;
        }
        if let Some(key) = line.strip_suffix(".workspace = true") {
            text.push_str(&format!("{key} = {}\n", value(key)));
        } else if let Some((key, rest)) = line.split_once(" = { workspace = true, ") {
            let inner = value(key);
            let inner = match inner
                .strip_prefix("{ ")
                .and_then(|inner| inner.strip_suffix(" }"))
            {
                Some(inner) => inner.to_string(),
                None => format!("version = {inner}"),
            };
            text.push_str(&format!("{key} = {{ {inner}, {rest}\n"));
        } else {
            text.push_str(&format!("{line}\n"));
        }
    }
    format!("{}\n", text.trim_end())
}

#[test]
fn golden_manifest_of_the_carried_sdk_is_that_of_the_workspace() {
    golden("sdk-Cargo.toml", &manifest());
}

#[test]
fn names_that_can_not_be_are_refused_and_importers_are_in_rust() {
    let notifier = |name| project(Kind::Notifier, Language::Rust, name).map(|_| ());
    assert_eq!(notifier("my-pager-2"), Ok(()));
    for bad in [
        "",
        "a b",
        "Ntfy",
        "2x",
        "x-",
        "../x",
        "test",
        &"x".repeat(41),
    ] {
        assert_eq!(notifier(bad), Err(Refusal::BadName), "{bad}");
    }
    for language in [Language::Python, Language::JavaScript] {
        let importer = project(Kind::Importer, language, "x");
        assert_eq!(importer, Err(Refusal::NoTemplate));
    }
}

#[test]
fn no_project_speaks_of_the_template() {
    for (kind, language) in [
        (Kind::Notifier, Language::Rust),
        (Kind::Importer, Language::Rust),
        (Kind::Notifier, Language::Python),
        (Kind::Notifier, Language::JavaScript),
    ] {
        for file in project(kind, language, "my-pager").unwrap() {
            assert!(
                !file.text.contains(NAME) && !file.text.contains(FILE_NAME),
                "{}",
                file.path
            );
        }
    }
}

/// Writes a project and lets its own tests run, with what is downloaded already.
fn passes_its_own_tests(kind: Kind, name: &str) {
    let target = root().join("target/plugin-templates");
    let folder = target.join("projects").join(name);
    for file in project(kind, Language::Rust, name).unwrap() {
        let path = folder.join(file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file.text).unwrap();
    }
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let told = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--quiet"])
        .current_dir(folder)
        // Beside ours, so that no lock is held twice.
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&told.stdout),
        String::from_utf8_lossy(&told.stderr)
    );
    assert!(told.status.success(), "{text}");
    assert!(text.contains(" passed; 0 failed"), "{text}");
}

/// One after the other, since both use one target folder.
#[test]
fn new_projects_in_rust_pass_their_own_tests() {
    passes_its_own_tests(Kind::Notifier, "my-pager");
    passes_its_own_tests(Kind::Importer, "my-list");
}
