//! What is found in settings, at its place and with a word of help.

use super::settings;
use crate::{Email, Settings};
use runwisp_plugin::serde_json::{self, json};
use runwisp_plugin::testing::{Host, description_faults, documented_settings, golden_schema};
use runwisp_plugin::{Notifier, Severity};

#[test]
fn it_describes_itself_soundly() {
    assert_eq!(description_faults(&Email::describe()), Vec::<String>::new());
}

#[test]
fn golden_schema_is_that_of_the_settings() {
    golden_schema::<Settings>(concat!(env!("CARGO_MANIFEST_DIR"), "/settings.schema.json"));
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/notifiers/email.md");

#[test]
fn the_manual_lists_every_setting() {
    documented_settings(&Email::describe(), PAGE);
}

/// The examples of the page are good settings.
#[test]
fn the_manual_shows_what_works() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut shown = 0;
    for example in page.split("```toml\n").skip(1) {
        let example = example.split("```").next().unwrap();
        let example: toml::Table = example.parse().unwrap();
        for (_, notifier) in example["notifiers"].as_table().unwrap() {
            let mut settings = serde_json::to_value(notifier).unwrap();
            let kind = settings.as_object_mut().unwrap().remove("type");
            assert_eq!(kind.unwrap(), "email");
            let settings = settings.to_string();
            assert_eq!(Host::new().check::<Email>(&settings), [], "{settings}");
            shown += 1;
        }
    }
    assert!(shown > 1);
}

#[test]
fn good_settings_are_left_alone() {
    for good in [
        json!({}),
        json!({"port": 465, "security": "tls", "username": "u", "password": "p"}),
        json!({"to": ["Jörg <a@example.com>", "b@example.com"], "cc": "c@x.test", "bcc": [], "reply_to": "d@x.test"}),
        json!({"host": "127.0.0.1", "port": 25, "security": "none"}),
        json!({"host": "::1", "security": "none"}),
        json!({"subject": "{{ title }}", "text": "{{ output }}", "html": "<b>{{ unit.name }}</b>"}),
    ] {
        assert_eq!(Host::new().check::<Email>(&settings(good)), []);
    }
}

#[test]
fn each_fault_has_its_place() {
    use Severity::{Error, Warning};
    for (bad, severity, pointer) in [
        (json!({"host": ""}), Error, "/host"),
        (json!({"host": "smtp.example.com:587"}), Error, "/host"),
        (json!({"host": "smtp://smtp.example.com"}), Error, "/host"),
        (json!({"port": 0}), Error, "/port"),
        (json!({"port": 70000}), Error, "/port"),
        (json!({"security": "ssl"}), Error, "/security"),
        (json!({"username": "u"}), Error, "/username"),
        (json!({"password": "p"}), Error, "/password"),
        (
            json!({"host": "localhost", "security": "none", "username": "u", "password": "p"}),
            Error,
            "/security",
        ),
        (json!({"security": "none"}), Warning, "/security"),
        (
            json!({"security": "starttls", "port": 465}),
            Warning,
            "/security",
        ),
        (
            json!({"security": "tls", "port": 587}),
            Warning,
            "/security",
        ),
        (json!({"from": "runwisp"}), Error, "/from"),
        (json!({"reply_to": "x"}), Error, "/reply_to"),
        (json!({"to": "a@x.test, b@x.test"}), Error, "/to"),
        (json!({"to": ["a@x.test", "b"]}), Error, "/to/1"),
        (json!({"to": []}), Error, "/to"),
        (json!({"to": 7}), Error, "/to"),
        (json!({"cc": ["a"]}), Error, "/cc/0"),
        (json!({"bcc": "a\r\nTo: b@x.test"}), Error, "/bcc"),
        (json!({"bcc": vec!["a@x.test"; 100]}), Error, "/to"),
        (json!({"subject": "{{ title"}), Error, "/subject"),
        (json!({"html": "{% if %}"}), Error, "/html"),
        (json!({"smtp_host": "x"}), Error, "/smtp_host"),
    ] {
        let found = Host::new().check::<Email>(&settings(bad.clone()));
        assert_eq!(found.len(), 1, "{bad}: {found:?}");
        assert_eq!(
            (found[0].severity, found[0].pointer.as_str()),
            (severity, pointer),
            "{bad}"
        );
    }
}

#[test]
fn a_target_is_an_address() {
    let check = |target: &str| Host::new().check_target::<Email>(&settings(json!({})), target);
    assert_eq!(check("Ops <ops@example.com>"), Ok(()));
    for bad in ["ops", "a@x.test,b@x.test", ""] {
        assert!(check(bad).is_err(), "{bad}");
    }
}
