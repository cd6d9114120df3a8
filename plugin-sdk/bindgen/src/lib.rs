//! The bindings in `plugin-sdk/src/wit`, written from the interfaces in `wit/` by the library behind `wit-bindgen`.
//!
//! They are kept in the repository because the macro that would make them costs every author half a minute of building.
//! `cargo xtask codegen` writes them anew, an ordinary test run compares them.
//!
//! Invariant: nothing depends on this crate, so nobody but the one who changes `wit/` builds the generator.

#![cfg(test)]

use std::path::{Path, PathBuf};

use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator};
use wit_bindgen_rust::{Opts, WithOption};

/// What importers share with notifiers is generated once, in the notifier's file.
const SHARED: [&str; 2] = ["types", "log"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn bindings(world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_path(root().join("wit/v0.1"))
        .expect("the interfaces parse");
    let id = resolve
        .select_world(&[package], Some(world))
        .expect("the world is there");
    let mut with = Vec::new();
    if world == "importer" {
        for name in SHARED {
            with.push((
                format!("runwisp:plugin/{name}@0.1.0"),
                WithOption::Path(format!("crate::wit::notifier::runwisp::plugin::{name}")),
            ));
        }
    }
    let options = Opts {
        format: true,
        pub_export_macro: true,
        export_macro_name: Some(format!("export_{world}_world")),
        default_bindings_module: Some(format!("runwisp_plugin::wit::{world}")),
        additional_derive_attributes: vec!["PartialEq".into()],
        generate_all: true,
        with,
        ..Opts::default()
    };
    let mut files = Files::default();
    options
        .build()
        .generate(&mut resolve, id, &mut files)
        .expect("bindings can be generated");
    let name = format!("{world}.rs");
    let (_, text) = files
        .iter()
        .find(|(file, _)| *file == name)
        .expect("one file, named after the world");
    text.to_vec()
}

fn compare(world: &str) {
    let file = root().join(format!("plugin-sdk/src/wit/{world}.rs"));
    let now = bindings(world);
    if std::env::var_os("RUNWISP_BLESS").is_some() {
        std::fs::write(&file, now).expect("the bindings can be written");
        return;
    }
    let kept = std::fs::read(&file).expect("the bindings are there");
    assert!(
        kept == now,
        "plugin-sdk/src/wit/{world}.rs is not what wit/ says; run `cargo xtask codegen`"
    );
}

#[test]
fn golden_notifier_bindings_are_what_wit_says() {
    compare("notifier");
}

#[test]
fn golden_importer_bindings_are_what_wit_says() {
    compare("importer");
}
