//! Configurations and what they become, side by side in `fixtures/`: `NAME.conf` and `NAME.txt`.
//!
//! `RUNWISP_BLESS=1` writes the texts anew.

use std::fs;
use std::path::{Path, PathBuf};

use runwisp_plugin::testing::{Files, Host};
use runwisp_plugin::{Conversion, Note};
use runwisp_supervisord::Supervisord;

use crate::{host, render};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// A fixture, read as `/etc/supervisor/NAME.conf` beside the other files of its folder.
fn converted(name: &str) -> Result<Conversion, Vec<Note>> {
    let mut files = Vec::new();
    gather(&folder(), "/etc/supervisor", &mut files);
    let path = format!("/etc/supervisor/{name}.conf");
    let host = Host::new().with_files(Files::map(files));
    let options = r#"{"env": {"RELEASE": "blue"}, "host": "box1"}"#;
    host.convert::<Supervisord>(&[&path], options)
}

/// What a fixture becomes.
fn rendered(name: &str) -> String {
    match converted(name) {
        Ok(conversion) => render::conversion(&conversion),
        Err(errors) => render::errors(&errors),
    }
}

fn gather(folder: &Path, name: &str, files: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = format!("{name}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            gather(&path, &name, files);
        } else {
            files.push((name, fs::read(&path).unwrap()));
        }
    }
}

/// The names of the fixtures, without their ending.
fn names() -> Vec<String> {
    let names = fs::read_dir(folder()).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name()?.to_str()?.strip_suffix(".conf")?;
        Some(name.to_owned())
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert!(names.len() >= 12, "only {names:?} were found");
    names
}

/// Every key that is written exists in the host's table, and takes its value.
#[test]
fn what_may_run_loads() {
    for name in names() {
        if let Ok(conversion) = converted(&name) {
            host::compiled(&host::configuration(&conversion));
        }
    }
}

#[test]
fn fixtures_become_their_goldens() {
    let mut wrong = Vec::new();
    for name in names() {
        let text = rendered(&name);
        let golden = folder().join(format!("{name}.txt"));
        if std::env::var_os("RUNWISP_BLESS").is_some() {
            fs::write(&golden, &text).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != text {
            wrong.push(format!("{name}:\n{text}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "run `cargo xtask codegen` and look at what changed:\n{}",
        wrong.join("\n")
    );
}
