//! Whole imports, of definitions made by hand, and what the tests of the parts share.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::words::{Conversion, Definition, Kind, Note, Place, Row, Setting, Weight};
use super::*;

/// A setting.
pub(super) fn setting(path: &[&str], value: Value) -> Setting {
    Setting {
        path: path.iter().map(|&name| name.to_owned()).collect(),
        value: value.to_string(),
        note: None,
    }
}

/// A place in a made-up file.
pub(super) fn place(line: u32) -> Place {
    Place {
        file: Some("/etc/source".to_owned()),
        line,
    }
}

/// A definition with a `run`.
pub(super) fn definition(kind: Kind, name: &str, run: &str) -> Definition {
    Definition {
        kind,
        name: name.to_owned(),
        settings: vec![setting(&["run"], json!(run))],
        comments: Vec::new(),
        source: place(1),
        runnable: true,
    }
}

fn note(code: &str, weight: Weight, message: &str, line: u32) -> Note {
    Note {
        code: code.to_owned(),
        weight,
        message: message.to_owned(),
        source: place(line),
    }
}

/// One row for each definition.
pub(super) fn conversion(definitions: Vec<Definition>) -> Conversion {
    let rows = (0..definitions.len()).map(|n| Row {
        section: format!("[program:{}]", definitions[n].name),
        source: place(u32::try_from(n).unwrap() * 10 + 1),
        definitions: vec![u32::try_from(n).unwrap()],
        notes: Vec::new(),
    });
    Conversion {
        report: rows.collect(),
        definitions,
        notes: Vec::new(),
        retirement: Vec::new(),
    }
}

/// A conversion with a row of every status.
fn sample() -> Conversion {
    let service = |name: &str| definition(Kind::Service, name, name);
    let mut all = conversion(vec![
        service("clean"),
        service("changed"),
        service("blocked"),
        service("wrong"),
        service("clean"),
    ]);
    all.report[1].notes = vec![note("log-dropped", Weight::Changed, "logs are ours", 12)];
    all.report[2].notes = vec![note("no-user", Weight::Blocking, "no such user", 21)];
    all.definitions[3]
        .settings
        .push(setting(&["colour"], json!(1)));
    all.report.push(Row {
        section: "[eventlistener:x]".to_owned(),
        source: place(60),
        definitions: Vec::new(),
        notes: vec![note(
            "not-carried-over",
            Weight::Info,
            "events are other",
            60,
        )],
    });
    all.report.push(Row {
        section: "[bad]".to_owned(),
        source: place(70),
        definitions: vec![99],
        notes: Vec::new(),
    });
    all.notes = vec![note("fragment", Weight::Info, "a part of a file", 1)];
    all.retirement = vec!["systemctl disable --now supervisor".to_owned()];
    all
}

#[test]
fn every_section_has_a_row_with_its_status() {
    let imported = import(&sample(), &Existing::default(), Purpose::File);
    assert_eq!(
        people(&imported, false),
        "\
✓ [program:clean]  /etc/source:1
~ [program:changed]  /etc/source:11
    log-dropped: logs are ours (line 12)
! [program:blocked]  /etc/source:21
    no-user: no such user
! [program:wrong]  /etc/source:31
    importer-fault: the importer's fault: `colour`: there is no such key in [services.NAME] (line 1)
~ [program:clean]  /etc/source:41
    renamed-collision: another one is called `clean`; this one is `clean-2` (line 1)
- [eventlistener:x]  /etc/source:60
    not-carried-over: events are other
! [bad]  /etc/source:70
    importer-fault: its row names definition 99, which there is not
· /etc/source:1
    fragment: a part of a file
"
    );
    assert_eq!(
        summary(&imported),
        "7 sections: 1 clean, 2 changed, 1 skipped, 3 blocked"
    );
    let quiet = people(&imported, true);
    assert!(
        !quiet.contains('✓') && !quiet.contains("fragment"),
        "{quiet}"
    );
    assert!(imported.blocked() && imported.changed());
}

#[test]
fn the_document_is_what_scripts_rely_on() {
    let imported = import(&sample(), &Existing::default(), Purpose::File);
    let document = document(&imported);
    assert_eq!(
        document["units"][3],
        json!({
            "kind": "service",
            "name": "wrong",
            "settings": {"run": "wrong"},
            "source": {"file": "/etc/source", "line": 1},
            "runnable": true,
        })
    );
    assert_eq!(
        document["report"][1],
        json!({
            "section": "[program:changed]",
            "file": "/etc/source",
            "line": 11,
            "status": "changed",
            "codes": ["log-dropped"],
            "messages": ["logs are ours"],
        })
    );
    assert_eq!(document["toml"], imported.toml);
    assert_eq!(
        document["summary"],
        json!({"blocked": 3, "changed": 2, "skipped": 1, "clean": 1})
    );
}

#[test]
fn what_is_blocked_is_never_staged_to_run() {
    let imported = import(&sample(), &Existing::default(), Purpose::Staged);
    let runnable: Vec<(&str, bool)> = imported
        .units
        .iter()
        .map(|unit| (unit.name.as_str(), unit.runnable))
        .collect();
    assert_eq!(
        runnable,
        [
            ("clean", true),
            ("changed", true),
            ("blocked", false),
            ("wrong", false),
            ("clean-2", true)
        ]
    );
    assert!(
        imported
            .toml
            .contains("\n# TODO no such user\n# [services.blocked]\n")
    );
    let table: toml::Table = toml::from_str(&imported.toml).unwrap();
    assert_eq!(table["services"].as_table().unwrap().len(), 3);
}

#[test]
fn what_the_configuration_has_is_skipped() {
    let mut existing = Existing::default();
    let clean = names::Unit {
        kind: Kind::Service,
        table: json!({"run": "clean"}),
        imported: false,
    };
    existing.units.insert("clean".to_owned(), clean);
    let only = conversion(vec![definition(Kind::Service, "clean", "clean")]);
    let imported = import(&only, &existing, Purpose::Staged);
    assert_eq!(imported.toml, "");
    assert_eq!(imported.units, []);
    assert_eq!(imported.report[0].status, Status::Skipped);
    assert_eq!(imported.report[0].notes[0].code, "already-defined");
}

#[test]
fn ten_thousand_programs_are_imported() {
    let service = |n: usize| {
        let mut service = definition(Kind::Service, "worker", &format!("work --shard {n}"));
        service
            .settings
            .push(setting(&["env", "N"], json!(n.to_string())));
        service.settings.push(setting(&["user"], json!("www-data")));
        service
    };
    let all = conversion((0..10_000).map(service).collect());
    let imported = import(&all, &Existing::default(), Purpose::Staged);
    assert_eq!(imported.units.len(), 10_000);
    assert_eq!(imported.units[9_999].name, "worker-10000");
    assert_eq!(imported.counts(), [0, 9_999, 0, 1]);
}

/// Definitions as a broken or hostile importer may give them.
fn any_definition() -> impl Strategy<Value = Definition> {
    let key = prop_oneof![
        Just("run"),
        Just("env"),
        Just("user"),
        Just("health"),
        Just("http"),
        Just("depends_on"),
        Just("on_failure"),
        Just("cron"),
        Just("type"),
        Just("notifiers"),
        Just("instances"),
        Just("x\ny]"),
        Just(""),
    ];
    let value = prop_oneof![
        Just(json!("a")),
        Just(json!("b\n# ${c")),
        Just(json!({"$substitute": "${x"})),
        Just(json!(["a", 1])),
        Just(json!({"A": {"b": null}})),
        Just(json!(-3)),
        Just(json!(true)),
        Just(json!("@daily")),
    ];
    let kind = prop_oneof![
        Just(Kind::Task),
        Just(Kind::Service),
        Just(Kind::Notifier),
        Just(Kind::Route),
        Just(Kind::Defaults),
    ];
    let path = prop::collection::vec(key, 0..3);
    let settings = prop::collection::vec((path, value), 0..6);
    (kind, "[ab\n:.]{0,3}", settings, any::<bool>(), ".{0,5}").prop_map(
        |(kind, name, settings, runnable, text)| Definition {
            settings: settings
                .into_iter()
                .map(|(path, value)| Setting {
                    note: Some(text.clone()),
                    ..setting(&path, value)
                })
                .collect(),
            comments: vec![text],
            runnable,
            ..definition(kind, &name, "")
        },
    )
}

proptest! {
    /// `proof` compiles what it answers, and this sees that there is an end to it and a text that is TOML.
    #[test]
    fn whatever_an_importer_says_the_text_loads(all in prop::collection::vec(any_definition(), 0..8)) {
        for purpose in [Purpose::File, Purpose::Staged] {
            let imported = import(&conversion(all.clone()), &Existing::default(), purpose);
            let read: Result<toml::Table, _> = toml::from_str(&imported.toml);
            prop_assert!(read.is_ok(), "{}", imported.toml);
            prop_assert_eq!(proof::errors(&imported.toml, ""), Vec::new(), "{}", imported.toml);
            let again = import(&conversion(all.clone()), &Existing::default(), purpose);
            prop_assert_eq!(again, imported);
        }
    }
}
