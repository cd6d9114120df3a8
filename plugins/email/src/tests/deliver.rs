//! Servers, envelopes, and what answers mean.

use super::{context, only, settings, takes_all};
use crate::Email;
use runwisp_plugin::mail::{Error, Login, Security};
use runwisp_plugin::serde_json::{Value, json};
use runwisp_plugin::testing::{Host, sample};
use runwisp_plugin::{Context, Failure};

#[test]
fn the_port_says_how_to_speak_and_the_other_way_round() {
    for (more, port, security) in [
        (json!({}), 587, Security::Starttls),
        (json!({"port": 465}), 465, Security::Tls),
        (json!({"port": 25}), 25, Security::Starttls),
        (json!({"port": 2525}), 2525, Security::Starttls),
        (json!({"security": "tls"}), 465, Security::Tls),
        (json!({"security": "none"}), 25, Security::None),
        (
            json!({"security": "tls", "port": 2465}),
            2465,
            Security::Tls,
        ),
    ] {
        let host = takes_all();
        host.deliver::<Email>(&settings(more), &sample("run.failed"))
            .unwrap();
        let server = only(&host).server;
        assert_eq!(server.host, "smtp.example.com");
        assert_eq!((server.port, server.security), (port, security));
        assert_eq!(server.login, None);
    }
}

#[test]
fn a_login_goes_over_tls_or_nowhere() {
    let login = |security: &str| {
        let host = takes_all();
        let more = json!({"security": security, "username": "u", "password": "S3CRET"});
        let outcome = host.deliver::<Email>(&settings(more), &sample("run.failed"));
        (outcome, host)
    };
    for security in ["starttls", "tls"] {
        let (outcome, host) = login(security);
        assert!(outcome.is_ok());
        let wanted = Login {
            user: "u".into(),
            password: "S3CRET".into(),
        };
        assert_eq!(only(&host).server.login, Some(wanted));
    }
    let (outcome, host) = login("none");
    let Err(Failure::Config(why)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        why,
        "security: a login is never sent over an unprotected connection"
    );
    assert!(host.mails().is_empty());
}

fn recipients(more: Value, target: Option<&str>) -> Vec<String> {
    let host = takes_all();
    let context = Context {
        target: target.map(String::from),
        ..context()
    };
    host.deliver_with::<Email>(&settings(more), &sample("run.failed"), &context)
        .unwrap();
    let mail = only(&host);
    assert_eq!(mail.envelope.sender, "runwisp@example.com");
    let text = String::from_utf8(mail.message).unwrap();
    assert!(!text.to_lowercase().contains("bcc"), "{text}");
    assert!(!text.contains("hidden@x.test"), "{text}");
    mail.envelope.recipients
}

#[test]
fn everybody_receives_it_once() {
    let all = json!({
        "to": ["A <a@x.test>", "b@x.test"],
        "cc": ["c@x.test", "a@x.test"],
        "bcc": "hidden@x.test",
    });
    let to_all = ["a@x.test", "b@x.test", "c@x.test", "hidden@x.test"];
    assert_eq!(recipients(all.clone(), None), to_all);
    assert_eq!(
        recipients(all, Some("T <t@x.test>")),
        ["t@x.test", "c@x.test", "a@x.test", "hidden@x.test"]
    );
}

#[test]
fn what_the_server_says_decides_whether_to_try_again() {
    let failure = |error: Error| {
        let host = Host::new().on_mail(move |_| Err(error.clone()));
        let more = json!({"username": "u", "password": "S3CRET"});
        host.deliver::<Email>(&settings(more), &sample("run.failed"))
            .unwrap_err()
    };
    let said = || "450 4.2.0 S3CRET no".to_string();
    for (error, kind) in [
        (Error::Denied(said()), "config"),
        (Error::Auth(said()), "config"),
        (Error::Invalid(said()), "rejected"),
        (Error::Permanent(said()), "rejected"),
        (Error::Connect(said()), "retry"),
        (Error::Tls(said()), "retry"),
        (Error::Temporary(said()), "retry"),
    ] {
        let failure = failure(error);
        let is = match &failure {
            Failure::Config(_) => "config",
            Failure::Rejected(_) => "rejected",
            Failure::Retry(later) => {
                assert_eq!(later.after_seconds, None);
                "retry"
            }
        };
        assert_eq!(is, kind, "{failure:?}");
        assert!(
            failure.message().contains("450 4.2.0 *** no"),
            "{failure:?}"
        );
    }
}

#[test]
fn the_receipt_names_the_message_and_keeps_the_answer() {
    let host = Host::new().on_mail(|_| Ok("2.0.0 OK:\r\n queued\tas 4711\n".into()));
    let receipt = host
        .deliver::<Email>(&settings(json!({})), &sample("run.failed"))
        .unwrap();
    assert_eq!(
        receipt.reference.as_deref(),
        Some("<runwisp.01JDELIVERY000000000000000@example.com>")
    );
    assert_eq!(receipt.note.as_deref(), Some("2.0.0 OK: queued as 4711"));
}

#[test]
fn bad_settings_send_nothing() {
    for bad in [
        json!({"to": []}),
        json!({"from": "x"}),
        json!({"cc": "x"}),
        json!({"host": "a b"}),
    ] {
        let host = takes_all();
        let outcome = host.deliver::<Email>(&settings(bad), &sample("run.failed"));
        assert!(matches!(outcome, Err(Failure::Config(_))));
        assert!(host.mails().is_empty());
    }
    let host = takes_all();
    let context = Context {
        target: Some("nobody".into()),
        ..context()
    };
    let outcome = host.deliver_with::<Email>(&settings(json!({})), &sample("test"), &context);
    assert!(matches!(outcome, Err(Failure::Config(_))));
}
