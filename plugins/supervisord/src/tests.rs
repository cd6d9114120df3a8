//! The whole, trap by trap: a text, what becomes of it, and what is said about it.

use runwisp_plugin::testing::{Files, Host};
use runwisp_plugin::{Conversion, Importer, Weight};
use serde_json::{Value, json};

use crate::{Supervisord, probe};

fn convert(text: &str) -> Conversion {
    Host::new().convert_text::<Supervisord>(text, "{}").unwrap()
}

/// The codes of a conversion: those of rows, then those of the whole.
fn codes(conversion: &Conversion) -> Vec<&str> {
    let rows = conversion.report.iter().flat_map(|row| &row.notes);
    rows.chain(&conversion.notes)
        .map(|note| note.code.as_str())
        .collect()
}

/// The keys of the only definition that stands behind a program's command, with the codes of its row.
fn program(keys: &str) -> (Value, Vec<String>) {
    let text = format!("[supervisord]\n[program:x]\ncommand=/bin/x\n{keys}\n");
    let conversion = convert(&text);
    let definition = &conversion.definitions[0];
    let settings: serde_json::Map<String, Value> = definition
        .settings
        .iter()
        .map(|setting| {
            (
                setting.path.join("."),
                serde_json::from_str(&setting.value).unwrap(),
            )
        })
        .collect();
    let row = &conversion.report[1];
    assert_eq!(row.section, "[program:x]");
    let codes = row.notes.iter().map(|note| note.code.clone()).collect();
    (settings.into(), codes)
}

/// What keys change about a program without any, and what is said about them.
fn check(keys: &str, expected: Value, said: &[&str]) {
    let (bare, _) = program("");
    let (Value::Object(bare), (Value::Object(found), codes)) = (bare, program(keys)) else {
        panic!("settings are objects");
    };
    let mut changes = serde_json::Map::new();
    for (name, value) in &found {
        if bare.get(name) != Some(value) {
            changes.insert(name.clone(), value.clone());
        }
    }
    for name in bare.keys().filter(|name| !found.contains_key(*name)) {
        changes.insert(name.clone(), Value::Null);
    }
    assert_eq!(Value::from(changes), expected, "{keys}");
    assert_eq!(codes, said, "{keys}");
}

#[test]
fn defaults_that_differ_are_written_out() {
    let (settings, codes) = program("");
    let expected = json!({
        "run": "/bin/x", "restart": "on_failure", "restart_backoff": "linear", "healthy_after": "1s",
        "graceful_stop": "10s", "stop_scope": "process",
    });
    assert_eq!(settings, expected);
    assert_eq!(codes, [""; 0]);
}

#[test]
fn each_key_becomes_its_own() {
    check("directory=/srv", json!({"working_dir": "/srv"}), &[]);
    check("umask=7", json!({"umask": "007"}), &[]);
    check("umask=7777", json!({"umask": "777"}), &["value-clamped"]);
    check("autostart=no", json!({"autostart": false}), &[]);
    check("autorestart=true", json!({"restart": "always"}), &[]);
    check("startsecs=10", json!({"healthy_after": "10s"}), &[]);
    check("startretries=3", json!({"start_retries": 3}), &[]);
    check(
        "startretries=70",
        json!({"start_retries": 70, "restart_delay_max": "70s"}),
        &[],
    );
    check(
        "startretries=-1",
        json!({"start_retries": 0}),
        &["value-clamped"],
    );
    check("exitcodes=0,2", json!({"exit_codes": [0, 2]}), &[]);
    check("exitcodes=", json!({"exit_codes": []}), &[]);
    check("stopsignal=TERM", json!({"stop_signal": "SIGTERM"}), &[]);
    check("stopsignal=34", json!({"stop_signal": "SIGRTMIN"}), &[]);
    check(
        "stopsignal=KILL",
        json!({"stop_signal": "SIGKILL"}),
        &["stop-signal-kill"],
    );
    check("stopwaitsecs=3", json!({"graceful_stop": "3s"}), &[]);
    check(
        "stopwaitsecs=0",
        json!({"graceful_stop": "0s"}),
        &["grace-zero"],
    );
    check(
        "stopwaitsecs=11",
        json!({"graceful_stop": "11s"}),
        &["shutdown-budget"],
    );
    check("stopasgroup=true", json!({"stop_scope": null}), &[]);
    check("killasgroup=true", json!({}), &[]);
    check("killasgroup=false", json!({}), &["kill-takes-all"]);
    check("user=www", json!({"user": "www"}), &["user-env-not-set"]);
    check(
        "user=www\nenvironment=HOME=/x",
        json!({"user": "www", "env.HOME": "/x"}),
        &[],
    );
    check("environment=A=1", json!({"env.A": "1"}), &[]);
    check(
        "environment=A_TOKEN=%(ENV_A)s",
        json!({"secrets.A_TOKEN": {"$substitute": "${A}"}}),
        &["env-expansion-kept", "secret-in-config"],
    );
    check(
        "environment=A_TOKEN=abc",
        json!({"secrets.A_TOKEN": "abc"}),
        &["secret-in-config"],
    );
    check(
        "stdout_logfile_maxbytes=1GB",
        json!({"log_max_size": "1gb"}),
        &[],
    );
    check(
        "stdout_logfile_maxbytes=1000",
        json!({"log_max_size": "1000"}),
        &[],
    );
    check("stdout_logfile=/x", json!({}), &["log-file-dropped"]);
    check(
        "stdout_capture_maxbytes=1MB",
        json!({}),
        &["events-dropped"],
    );
    check("priority=999", json!({}), &[]);
    check("process_name=y", json!({}), &["process-renamed"]);
}

#[test]
fn several_processes_are_instances() {
    let several = "numprocs=3\nprocess_name=%(program_name)s_%(process_num)d\n";
    check(several, json!({"instances": 3}), &[]);
    check(
        &format!("{several}environment=P=80%(process_num)02d"),
        json!({"instances": 3, "env.P": "800${RUNWISP_INSTANCE_INDEX}"}),
        &[],
    );
    check(
        &format!("{several}numprocs_start=1\nenvironment=P=%(process_num)d"),
        json!({
            "instances": 3,
            "run": "export P=\"$((RUNWISP_INSTANCE_INDEX + 1))\"\nexec /bin/x",
        }),
        &[],
    );
}

#[test]
fn a_program_that_is_not_started_again_is_a_task() {
    let conversion =
        convert("[supervisord]\n[program:x]\ncommand=/bin/x\nautorestart=false\nautostart=false\n");
    let paths: Vec<String> = conversion.definitions[0]
        .settings
        .iter()
        .map(|s| s.path.join("."))
        .collect();
    assert_eq!(conversion.definitions[0].kind, runwisp_plugin::Kind::Task);
    assert_eq!(paths, ["run", "restart", "graceful_stop", "stop_scope"]);
}

#[test]
fn nothing_blocked_may_run_and_every_section_has_a_row() {
    let text = "[supervisord]\n[program:a]\ncommand=/bin/a\nstartsecs=x\n[program:b]\ncommand=/bin/b\n[foo]\n[foo]\n";
    let conversion = convert(text);
    let sections: Vec<&str> = conversion
        .report
        .iter()
        .map(|row| row.section.as_str())
        .collect();
    assert_eq!(
        sections,
        ["[supervisord]", "[program:a]", "[program:b]", "[foo]"]
    );
    let silent = |row: &&runwisp_plugin::Row| row.definitions.is_empty() && row.notes.is_empty();
    assert_eq!(
        conversion.report.iter().filter(silent).count(),
        0,
        "a section is skipped without a word"
    );
    let runnable: Vec<bool> = conversion.definitions.iter().map(|d| d.runnable).collect();
    assert_eq!(runnable, [false, true]);
}

/// Values of variables, words of commands and passwords are never in a message.
#[test]
fn no_secret_is_told() {
    let text = "[supervisord]\nenvironment=A=hunter2 x\n[inet_http_server]\nport=1\npassword=hunter2\n\
        [program:x]\ncommand=/bin/x --password hunter2 && ~/hunter2 'hunter2\nenvironment=B=hunter2 hunter2,C=\"hunter2\n\
        [program:z]\ncommand=/bin/z\n--password hunter2 --x=1\n--password hunter2 --x=2\n\
        [program:y]\ncommand=HUNTER=hunter2 x\nenvironment=D=a@hunter2\n\
        [eventlistener:l]\ncommand=/opt/l --token hunter2\nevents=TICK_60\n";
    let conversion = convert(text);
    let mut seen = 0;
    for note in conversion
        .report
        .iter()
        .flat_map(|row| &row.notes)
        .chain(&conversion.notes)
    {
        assert!(!note.message.contains("hunter2"), "{note:?}");
        seen += 1;
    }
    for definition in &conversion.definitions {
        assert!(
            !definition.comments.concat().contains("hunter2"),
            "{definition:?}"
        );
    }
    assert!(seen >= 6, "only {seen} notes");
}

#[test]
fn from_standard_input_relative_includes_are_refused() {
    let conversion =
        convert("[supervisord]\n[include]\nfiles=conf.d/*.conf\n[program:x]\ncommand=%(here)s/x\n");
    assert_eq!(
        codes(&conversion),
        [
            "daemon-setting-dropped",
            "include-needs-file",
            "here-unknown"
        ]
    );
    let told = Host::new()
        .convert_text::<Supervisord>(
            "[supervisord]\n[program:x]\ncommand=%(here)s/x\n",
            r#"{"here": "/srv"}"#,
        )
        .unwrap();
    assert_eq!(told.definitions[0].settings[0].value, "\"/srv/x\"");
}

#[test]
fn what_the_host_does_not_let_be_read_is_said() {
    let files = Files::map([
        (
            "/etc/s.conf",
            "[supervisord]\n[include]\nfiles=/srv/*.conf /etc/no/*.conf\n[program:x]\ncommand=x\n",
        ),
        ("/srv/a.conf", "[program:a]\ncommand=a\n"),
    ])
    .only(&["/etc"]);
    let conversion = Host::new()
        .with_files(files)
        .convert::<Supervisord>(&["/etc/s.conf"], "{}")
        .unwrap();
    assert_eq!(
        codes(&conversion),
        [
            "daemon-setting-dropped",
            "include-unreadable",
            "include-no-match"
        ]
    );
    assert_eq!(conversion.report[1].notes[0].weight, Weight::Blocking);
}

#[test]
fn a_broken_file_that_is_included_refuses_everything() {
    let files = Files::map([
        ("/etc/s.conf", "[supervisord]\n[include]\nfiles=a.conf\n"),
        ("/etc/a.conf", "[program:a]\nstray\n"),
    ]);
    let errors = Host::new()
        .with_files(files)
        .convert::<Supervisord>(&["/etc/s.conf"], "{}")
        .unwrap_err();
    assert_eq!(
        (errors[0].code.as_str(), errors[0].source.line),
        ("stray-line", 2)
    );
    assert_eq!(errors[0].source.file.as_deref(), Some("/etc/a.conf"));
}

#[test]
fn several_files_are_one_configuration() {
    let files = Files::map([
        ("/a/s.conf", "[supervisord]\nenvironment=A=1\n"),
        ("/b/p.conf", "[program:x]\ncommand=%(here)s/x\n"),
    ]);
    let conversion = Host::new()
        .with_files(files)
        .convert::<Supervisord>(&["/a/s.conf", "/b/p.conf"], "{}")
        .unwrap();
    let values: Vec<&str> = conversion.definitions[0]
        .settings
        .iter()
        .map(|s| s.value.as_str())
        .collect();
    assert_eq!((values[0], values[values.len() - 1]), ("\"/b/x\"", "\"1\""));
}

#[test]
fn its_own_texts_are_recognised() {
    for (path, text, sure) in [
        (None, "; c\n[program:x]\n", 100),
        (None, "\u{feff}[supervisord]\n", 100),
        (None, "[unix_http_server]\n", 90),
        (Some("/etc/supervisord.conf"), "[include]\n", 60),
        (Some("/etc/supervisord.conf"), "", 30),
        (None, "[tasks.x]\nrun = \"x\"\n", 0),
        (None, "* * * * * echo [program:x]\n", 0),
        (None, "", 0),
    ] {
        assert_eq!(probe(path, text.as_bytes()), sure, "{path:?} {text:?}");
    }
}

#[test]
fn the_description_is_one_that_the_host_takes() {
    let descriptor = Supervisord::describe();
    assert_eq!(
        runwisp_plugin::testing::description_faults(&descriptor),
        [""; 0]
    );
}

#[test]
fn golden_schema_is_that_of_the_options() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/settings.schema.json");
    runwisp_plugin::testing::golden_schema::<crate::scope::Options>(file);
}
