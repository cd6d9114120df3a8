//! The manual says what the code knows: its tables of keys and codes are written from the code's own, and its example
//! is what the importer makes of it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use runwisp_plugin::Weight;
use runwisp_plugin::testing::Host;
use runwisp_supervisord::{Supervisord, codes, keys};

use crate::host;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/importing-supervisord.md")
}

/// Puts a generated part between its two marks.
fn replaced(text: &str, name: &str, part: &str) -> String {
    let (begin, end) = (
        format!("<!-- {name}: begin -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let (before, rest) = text.split_once(&begin).expect("the manual has the mark");
    let (_, after) = rest.split_once(&end).expect("the manual has the mark");
    format!("{before}{begin}{part}{end}{after}")
}

fn key_tables() -> String {
    let mut out = String::new();
    for kind in keys::KINDS {
        let _ = writeln!(out, "### `{}`\n\n{}\n", kind.header, kind.becomes);
        // The keys of a program are listed once.
        let own: Vec<&keys::Known> = match kind.keys {
            [_, own] => own.iter().collect(),
            all => all.iter().flat_map(|part| part.iter()).collect(),
        };
        let _ = writeln!(out, "| key | becomes |\n| --- | --- |");
        for key in own {
            let _ = writeln!(
                out,
                "| `{}` | {} |",
                key.name,
                key.becomes.replace('|', "\\|")
            );
        }
        out.push('\n');
    }
    out
}

fn code_table() -> String {
    let mut out = String::from("| code | weight | meaning |\n| --- | --- | --- |\n");
    for code in codes::ALL {
        let weight = match code.weight {
            Weight::Info => "info",
            Weight::Changed => "changed",
            Weight::Blocking => "blocking",
        };
        let refused = if code.refused { " Refused." } else { "" };
        let _ = writeln!(
            out,
            "| `{}` | {weight} | {}{refused} |",
            code.name,
            code.meaning.replace('|', "\\|")
        );
    }
    out
}

#[test]
fn the_tables_are_the_code_s_own_golden() {
    let old = fs::read_to_string(path()).unwrap();
    let new = replaced(&old, "keys", &key_tables());
    let new = replaced(&new, "codes", &code_table());
    if std::env::var_os("RUNWISP_BLESS").is_some() {
        fs::write(path(), new).unwrap();
    } else {
        assert_eq!(old, new, "run `cargo xtask codegen`");
    }
}

/// The text of the manual's fence that begins so.
fn fence<'a>(text: &'a str, language: &str) -> &'a str {
    let (_, rest) = text
        .split_once(&format!("```{language}\n"))
        .expect("the manual has the fence");
    rest.split_once("```").expect("the fence ends").0
}

#[test]
fn the_example_becomes_what_it_says() {
    let text = fs::read_to_string(path()).unwrap();
    let conversion = Host::new()
        .convert_text::<Supervisord>(fence(&text, "ini"), "{}")
        .unwrap();
    let ours = host::compiled(&host::configuration(&conversion));
    let shown = host::compiled(fence(&text, "toml"));
    let known = |plan: &runwisp_core::config::plan::Plan| -> Vec<String> {
        let mut units: Vec<String> = plan
            .units
            .values()
            .map(|unit| format!("{:?} {:?} {:?}", unit.spec, unit.exit_codes, unit.role))
            .collect();
        units.sort();
        units
    };
    assert_eq!(known(&ours), known(&shown));
}

/// A code that nothing ever says would be a promise.
#[test]
fn every_code_is_said_somewhere() {
    let mut sources = String::new();
    gather(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut sources,
    );
    let unsaid: Vec<String> = codes::ALL
        .iter()
        .map(|code| code.name.replace('-', "_").to_uppercase())
        .filter(|name| !sources.contains(&format!("codes::{name}")))
        .collect();
    assert!(unsaid.is_empty(), "said nowhere: {unsaid:?}");
}

fn gather(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, sources);
        } else {
            sources.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
