//! Components that do not load, each with what to do; and the cache, damaged in every way.

use std::fs;
use std::path::{Path, PathBuf};

use runwisp_plugin_host::{
    Compiler, Component, InspectError, LoadError, Need, PluginKind, Plugins, Setup,
};
use serde_json::json;

use crate::support::{compiler, granted, guest, setup, world};

fn refused(bytes: Vec<u8>) -> LoadError {
    let plugins = Plugins::open(setup()).expect("it opens");
    let loaded = plugins.wait(plugins.get(&Component::bytes("x", bytes)));
    loaded.err().expect("it does not load")
}

/// The bytes with one text in place of another of the same length, wherever it stands.
fn patched(mut bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from.as_bytes()))
        .collect();
    assert!(!places.is_empty(), "{from} is nowhere");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

#[test]
fn what_is_no_plugin_says_what_it_is_and_what_to_do() {
    assert_eq!(refused(b"#!/bin/sh\n".to_vec()), LoadError::NotWasm);
    assert_eq!(refused(Vec::new()), LoadError::NotWasm);
    assert_eq!(refused(b"\0asm\x01\0\0\0".to_vec()), LoadError::Module);
    let stranger = refused(guest("stranger"));
    assert!(matches!(&stranger, LoadError::OtherWorld { exports } if exports == "nothing"));
    assert!(stranger.to_string().contains("runwisp:plugin/notifier-api"));
}

#[test]
fn another_version_is_told_by_its_number() {
    let bytes = patched(
        guest("evil"),
        "runwisp:plugin/notifier-api@0.1.0",
        "runwisp:plugin/notifier-api@0.9.0",
    );
    let error = refused(bytes);
    assert!(
        matches!(&error, LoadError::Version { speaks, .. } if speaks == "0.9.0"),
        "{error}"
    );
    assert!(error.to_string().ends_with("update runwisp"));
}

#[test]
fn a_need_that_no_plugin_gets_is_named() {
    let bytes = patched(
        guest("evil"),
        "runwisp:plugin/mail@0.1.0",
        "runwisp:plugin/mali@0.1.0",
    );
    let error = refused(bytes);
    assert!(
        matches!(&error, LoadError::Import(what) if what.contains("runwisp:plugin/mali@0.1.0")),
        "{error}"
    );
}

#[test]
fn a_component_cut_short_is_told_as_damaged_in_the_child_as_well_as_here() {
    let whole = guest("evil");
    for cut in [4, 7, 9, 100, whole.len() / 2, whole.len() - 1] {
        let error = refused(whole[..cut].to_vec());
        assert!(matches!(error, LoadError::Malformed(_)), "{cut}: {error}");
    }
    let here = Plugins::open(Setup::default()).unwrap();
    let half = Component::bytes("x", whole[..whole.len() / 2].to_vec());
    assert!(matches!(
        here.wait(here.get(&half)),
        Err(LoadError::Malformed(_))
    ));
}

#[test]
fn a_file_that_changed_after_it_was_added_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("evil.wasm");
    fs::write(&path, guest("evil")).unwrap();
    let added = Component::file("evil", path.clone(), None).unwrap();
    let plugins = Plugins::open(setup()).unwrap();
    assert!(plugins.wait(plugins.get(&added)).is_ok());
    plugins.release_idle(std::time::Duration::ZERO);
    fs::write(&path, guest("reader")).unwrap();
    let error = plugins.wait(plugins.get(&added)).err().unwrap();
    assert!(matches!(error, LoadError::Changed { .. }));
    assert!(error.to_string().contains("runwisp plugin add"));
}

struct Cached {
    dir: tempfile::TempDir,
}

impl Cached {
    fn new() -> Cached {
        let cached = Cached {
            dir: tempfile::tempdir().expect("a folder"),
        };
        cached.works();
        cached
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(self.folder())
            .expect("the folder is there")
            .map(|entry| entry.expect("an entry").path())
            .collect()
    }

    /// A new program loads the plugin and calls it.
    fn works(&self) {
        self.works_with(compiler());
    }

    fn works_with(&self, compiler: Compiler) {
        let setup = Setup {
            cache: Some(self.folder()),
            compiler: Some(compiler),
            ..setup()
        };
        let world = crate::support::world_with("evil", setup);
        world.works();
    }
}

#[test]
fn code_is_compiled_once_and_loaded_by_the_next_program() {
    let cached = Cached::new();
    let [file] = &*cached.files() else {
        panic!("one file is left: {:?}", cached.files())
    };
    // Had it to be compiled, this compiler would say so.
    let never = Compiler {
        program: "/bin/false".into(),
        arguments: Vec::new(),
    };
    cached.works_with(never);
    assert_eq!(cached.files(), std::slice::from_ref(file));
}

#[test]
fn damaged_code_is_thrown_away_and_compiled_again() {
    let cached = Cached::new();
    let damage: [fn(&Path); 3] = [
        |file| {
            let mut bytes = fs::read(file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(file, bytes).unwrap();
        },
        |file| fs::write(file, b"").unwrap(),
        |file| fs::write(file, b"not code at all").unwrap(),
    ];
    for damage in damage {
        let before = cached.files();
        damage(&before[0]);
        cached.works();
        assert_eq!(cached.files(), before);
    }
}

#[test]
fn a_compiler_that_fails_is_told_and_one_that_is_not_there_is_done_without() {
    let dir = tempfile::tempdir().unwrap();
    let evil = Component::bytes("evil", guest("evil"));
    let with = |program: &str| {
        let compiler = Compiler {
            program: program.into(),
            arguments: Vec::new(),
        };
        Plugins::open(Setup {
            cache: Some(dir.path().join("cache")),
            compiler: Some(compiler),
            ..setup()
        })
        .unwrap()
    };
    let failing = with("/bin/false");
    assert!(matches!(
        failing.wait(failing.get(&evil)),
        Err(LoadError::Compile(_))
    ));
    let missing = with("/nowhere/runwisp");
    assert!(missing.wait(missing.get(&evil)).is_ok());
}

#[test]
fn without_a_folder_for_code_plugins_still_work() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let world = crate::support::world_with(
        "evil",
        Setup {
            cache: Some(file.path().to_owned()),
            ..setup()
        },
    );
    world.works();
}

#[test]
fn plugins_are_let_go_when_idle_and_loaded_again_when_called() {
    let world = world("evil");
    let evil = Component::bytes("evil", guest("evil"));
    assert_eq!(
        world.plugins.release_idle(std::time::Duration::ZERO),
        0,
        "somebody holds it"
    );
    let plugins = world.plugins.clone();
    drop(world);
    assert_eq!(
        plugins.release_idle(std::time::Duration::from_secs(600)),
        0,
        "it was used a moment ago"
    );
    assert_eq!(plugins.release_idle(std::time::Duration::ZERO), 1);
    let again = plugins.wait(plugins.get(&evil)).unwrap();
    let call = plugins.wait(again.check(&json!({"do": "fine"}), Vec::new()));
    assert!(call.answer.unwrap().is_empty());
}

#[test]
fn inspecting_tells_what_a_component_is_and_asks_for() {
    let plugins = Plugins::open(setup()).unwrap();
    let evil = Component::bytes("evil", guest("evil"));
    let inspection = plugins.wait(plugins.inspect(&evil)).unwrap();
    assert_eq!(inspection.kind, PluginKind::Notifier);
    assert_eq!(inspection.interface, "0.1.0");
    assert_eq!(inspection.descriptor.name, "evil");
    assert_eq!(
        inspection.descriptor.needs,
        [Need::Http("$url".into()), Need::Mail]
    );
    assert!(
        inspection
            .imports
            .iter()
            .any(|import| import == "runwisp:plugin/http@0.1.0")
    );
    let bytes = patched(guest("evil"), "$url", "a b/");
    let error = plugins
        .wait(plugins.inspect(&Component::bytes("evil", bytes)))
        .unwrap_err();
    assert!(
        matches!(&error, InspectError::Descriptor(problems) if problems.len() == 1),
        "{error}"
    );
    assert!(granted(&[]).grants.http.is_empty());
}
