//! The bundled notifier `email` as the component it is, through a real mail server, read by Python's own parser.
#![expect(
    clippy::unwrap_used,
    reason = "what a test's own function does not get, fails the test"
)]

use std::io::Write;
use std::process::{Command, Stdio};

use runwisp_plugin_host::{Context, Event, Failure, Receipt, Setup, Terms};
use runwisp_tests::servers::{Authority, Mail, MailServer, Stage};
use serde_json::{Value, json};

use crate::support::{World, context, event, granted, setup, world, world_with};

const LOGIN: (&str, &str) = ("runwisp@example.com", "right password");

fn terms() -> Terms {
    granted(&["mail", "template"])
}

fn settings(server: &MailServer, more: Value) -> Value {
    let mut settings = json!({
        "host": "localhost",
        "port": server.port(),
        "from": "rünwisp <runwisp@example.com>",
        "to": ["Jörg <a@example.com>", "b@example.com"],
        "bcc": "hidden@example.com",
    });
    let table = settings.as_object_mut().unwrap();
    table.extend(more.as_object().unwrap().clone());
    settings
}

fn deliver(
    world: &World,
    settings: &Value,
    event: Event,
    context: Context,
) -> Result<Receipt, Failure> {
    let call = world.plugin.deliver(terms(), settings, event, context);
    world.plugins.wait(call).answer.unwrap()
}

/// What Python makes of a message: its headers, its two bodies, and whatever is wrong with it.
fn parsed(mail: &Mail) -> Value {
    let script = r"
import email, email.policy, json, sys
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
defects = [str(defect) for part in mail.walk() for defect in part.defects]
defects += [str(defect) for value in mail.values() for defect in value.defects]
bodies = {kind: mail.get_body((kind,)).get_content().replace('\r\n', '\n') for kind in ('plain', 'html')}
json.dump({'defects': defects, 'headers': {k.lower(): str(v) for k, v in mail.items()}, **bodies}, sys.stdout)
";
    let mut python = Command::new(runwisp_tests::python())
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(&mail.data).unwrap();
    let answer = python.wait_with_output().unwrap();
    assert!(answer.status.success());
    let parsed: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(parsed["defects"], json!([]));
    parsed
}

fn trusting(authority: &Authority) -> World {
    let setup = Setup {
        roots: Some(authority.bundle()),
        ..setup()
    };
    world_with("email", setup)
}

#[test]
fn a_failure_and_its_end_arrive_in_one_thread_over_either_kind_of_tls() {
    let authority = Authority::new();
    let world = trusting(&authority);
    let servers = [
        (
            "starttls",
            MailServer::starttls(&authority, LOGIN, &["LOGIN"]),
        ),
        ("tls", MailServer::tls(&authority, LOGIN)),
    ];
    for (security, server) in servers {
        let login = json!({"security": security, "username": LOGIN.0, "password": LOGIN.1});
        let settings = settings(&server, login);
        let mut failed = event();
        failed.sentence = "größer als „alles“".into();
        failed.tail = vec![".".into(), "..two".into(), format!("{}é", "x".repeat(1200))];
        let receipt = deliver(&world, &settings, failed.clone(), context()).unwrap();
        assert_eq!(receipt.note.as_deref(), Some("2.0.0 OK: queued as 4711"));
        let mail = server.wait_mail(1).remove(0);
        assert_eq!((mail.tls, mail.user.as_deref()), (true, Some(LOGIN.0)));
        assert_eq!(mail.sender, "runwisp@example.com");
        assert_eq!(
            mail.recipients,
            ["a@example.com", "b@example.com", "hidden@example.com"]
        );
        assert!(!mail.text().contains("hidden@"));
        let read = parsed(&mail);
        let headers = &read["headers"];
        assert_eq!(headers["subject"], "🔴 backup failed · box");
        assert_eq!(headers["from"], "rünwisp <runwisp@example.com>");
        assert_eq!(headers["to"], "Jörg <a@example.com>, b@example.com");
        assert_eq!(headers["auto-submitted"], "auto-generated");
        assert_eq!(headers["message-id"].as_str(), receipt.reference.as_deref());
        for body in ["plain", "html"] {
            let body = read[body].as_str().unwrap();
            for line in [failed.sentence.as_str(), ".\n..two\n", &failed.tail[2]] {
                assert!(body.contains(line), "{line} in {body}");
            }
        }

        let mut recovered = event();
        recovered.kind = "run.recovered".into();
        let context = Context {
            delivery_id: "delivery-2".into(),
            answers: receipt.reference.clone(),
            ..context()
        };
        deliver(&world, &settings, recovered, context).unwrap();
        let mail = server.wait_mail(2).remove(1);
        for header in ["In-Reply-To", "References"] {
            assert_eq!(mail.header(header), receipt.reference);
        }
        assert_ne!(mail.header("Message-ID"), receipt.reference);
    }
}

#[test]
fn what_a_server_says_is_config_or_rejected_or_to_be_tried_again() {
    let mut server = MailServer::plain();
    let world = world("email");
    let settings = settings(&server, json!({"security": "none"}));
    let mut outcome = |stage: Stage, answer: Option<&str>| {
        match answer {
            Some(answer) => server.refuse(stage, answer),
            None => server.drop_at(stage),
        }
        let failure = deliver(&world, &settings, event(), context()).unwrap_err();
        let (kind, said) = match failure {
            Failure::Config(said) => ("config", said),
            Failure::Rejected(said) => ("rejected", said),
            Failure::Retry(later) => ("retry", later.message),
        };
        if let Some(answer) = answer {
            let words = answer.split_once(' ').unwrap().1;
            assert!(said.contains(words), "{answer}: {said}");
        }
        kind
    };
    // One of three recipients is enough: a message goes to all of them or to none.
    assert_eq!(
        outcome(Stage::Rcpt, Some("550 5.1.1 no such user")),
        "rejected"
    );
    assert_eq!(outcome(Stage::Rcpt, Some("450 4.7.1 greylisted")), "retry");
    assert_eq!(outcome(Stage::Mail, Some("421 4.3.2 going down")), "retry");
    assert_eq!(
        outcome(Stage::Mail, Some("553 5.1.8 not from there")),
        "rejected"
    );
    assert_eq!(
        outcome(Stage::Message, Some("451 4.3.0 try later")),
        "retry"
    );
    assert_eq!(
        outcome(Stage::Message, Some("554 5.6.0 looks like spam")),
        "rejected"
    );
    for stage in [Stage::Ehlo, Stage::Rcpt, Stage::Message] {
        assert_eq!(outcome(stage, None), "retry");
    }
    assert!(server.mail().is_empty());
}

#[test]
fn what_is_sent_again_is_the_same_message() {
    let mut server = MailServer::plain();
    let world = world("email");
    let settings = settings(&server, json!({"security": "none"}));
    deliver(&world, &settings, event(), context()).unwrap();
    server.drop_at(Stage::Message);
    let again = |attempt: u32| Context {
        attempt,
        ..context()
    };
    assert!(matches!(
        deliver(&world, &settings, event(), again(2)),
        Err(Failure::Retry(_))
    ));
    deliver(&world, &settings, event(), again(3)).unwrap();
    let mail = server.wait_mail(2);
    assert_eq!(mail[0].data, mail[1].data);
}

#[test]
fn a_wrong_password_is_the_settings_fault_and_is_not_told() {
    let authority = Authority::new();
    let server = MailServer::tls(&authority, LOGIN);
    let wrong = json!({"security": "tls", "username": LOGIN.0, "password": "wr0ng-S3CRET"});
    let outcome = deliver(
        &trusting(&authority),
        &settings(&server, wrong),
        event(),
        context(),
    );
    let Err(Failure::Config(said)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        said.starts_with("the server refused the login") && !said.contains("S3CRET"),
        "{said}"
    );
    assert!(server.mail().is_empty());
}

#[test]
fn without_trust_in_the_certificate_nothing_is_sent() {
    let authority = Authority::new();
    let server = MailServer::starttls(&authority, LOGIN, &["PLAIN"]);
    let login = json!({"security": "starttls", "username": LOGIN.0, "password": LOGIN.1});
    let other = Authority::new();
    let outcome = deliver(
        &trusting(&other),
        &settings(&server, login),
        event(),
        context(),
    );
    assert!(matches!(outcome, Err(Failure::Retry(_))), "{outcome:?}");
    assert!(server.logins().is_empty() && server.mail().is_empty());
}
