//! Goldens of what is generated from the arguments: the help of every verb and the manual pages made of it.
//! With `RUNWISP_BLESS=1` they are written instead of compared.

use std::path::PathBuf;

use clap::CommandFactory;

use super::args::Cli;
use super::man::{commands, file_page, manual, trimmed};
use crate::wire::codes;

fn golden(path: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    if std::env::var_os("RUNWISP_BLESS").is_some() {
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).unwrap();
        }
        std::fs::write(&path, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{} is not what the program says; `cargo xtask codegen` writes it anew. It says:\n{text}",
        path.display()
    );
}

#[test]
fn the_arguments_make_sense_to_clap() {
    Cli::command().debug_assert();
}

#[test]
fn the_page_about_the_file_has_every_key_and_nothing_that_roff_would_act_on() {
    let page = file_page();
    for words in [
        ".TP\n\\fBdepends_on\\fR\n(",
        ".TP\n\\fBcron\\fR\n(",
        "default \\fB",
    ] {
        assert!(page.contains(words), "{words:?} is not in:\n{page}");
    }
    for line in page.lines().filter(|line| line.starts_with(['.', '\''])) {
        let word = line.split(' ').next().unwrap_or_default();
        assert!([".TH", ".SH", ".PP", ".TP"].contains(&word), "{line}");
    }
    assert!(!page.contains('`') && !page.contains("\n|"), "{page}");
}

#[test]
fn help_golden() {
    for (name, mut command) in commands() {
        let help = format!("{}\n", trimmed(&command.render_long_help().to_string()));
        golden(&format!("tests/goldens/help/{name}.txt"), &help);
    }
}

#[test]
fn manual_golden() {
    golden("docs/cli.md", &manual());
}

#[test]
fn exit_codes_golden() {
    golden("docs/exit-codes.md", &codes::page());
}
