//! An importer reads what was granted, through the host alone.

use std::fs;

use runwisp_plugin_host::{Grants, Reason, Source, Terms};
use serde_json::json;

use crate::support::{context, event, world};

#[test]
fn includes_are_read_below_what_was_granted() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("conf.d")).unwrap();
    fs::write(dir.path().join("conf.d/a.ini"), "the text").unwrap();
    let world = world("reader");
    let source = Source {
        path: Some(dir.path().join("main.list").to_str().unwrap().to_owned()),
        bytes: b"conf.d/*.ini\n/etc/*.conf\n".to_vec(),
    };
    let options = json!({});
    let grants = Grants {
        files: vec![dir.path().to_owned()],
        ..Grants::default()
    };
    let convert = world
        .plugin
        .convert(Terms::import(grants), vec![source], &options);
    let call = world.plugins.wait(convert);
    let report = call.answer.unwrap().unwrap().report;
    assert_eq!(report.len(), 2);
    assert!(report[0].section.ends_with("conf.d/a.ini"));
    assert_eq!(report[0].notes[0].message, "the text");
    assert!(
        report[1].section.contains("grant `files:/"),
        "{}",
        report[1].section
    );
    assert_eq!(report[1].source.line, 2);
    assert_eq!(call.exchange.entries.len(), 3);
}

#[test]
fn how_sure_it_is_never_exceeds_a_hundred_and_the_head_is_cut() {
    let world = world("reader");
    let probe = |path: Option<&str>, head| {
        let call = world
            .plugins
            .wait(world.plugin.probe(path.map(str::to_owned), head));
        call.answer.unwrap()
    };
    assert_eq!(probe(Some("a.list"), Vec::new()), 100);
    assert_eq!(probe(None, vec![b'x'; 7]), 7);
    assert_eq!(probe(None, vec![b'x'; 1 << 20]), 100);
}

#[test]
fn a_call_of_another_kind_is_refused_before_it_begins() {
    let world = world("reader");
    let call = world.plugins.wait(world.plugin.deliver(
        Terms::question(),
        &json!({}),
        event(),
        context(),
    ));
    let error = call.answer.unwrap_err();
    assert!(matches!(error.reason, Reason::Kind { .. }));
    assert_eq!(
        error.to_string(),
        "it is a plugin of kind importer, not notifier"
    );
}
