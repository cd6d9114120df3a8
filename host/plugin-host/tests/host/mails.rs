//! Mail through a real server: every kind of protection, and every way of being refused.

use runwisp_plugin_host::{Setup, Terms};
use runwisp_tests::servers::{Authority, MailServer, Stage};
use serde_json::{Value, json};

use crate::support::{World, granted, setup, world, world_with};

const TEXT: &str = "Subject: hello\r\n\r\ntext\r\n.hidden\r\n";

fn settings(server: &MailServer, security: &str, login: Option<(&str, &str)>) -> Value {
    let (user, password) = login.unwrap_or_default();
    json!({
        "do": "mail", "host": "localhost", "port": server.port(), "security": security, "text": TEXT,
        "user": user, "password": password,
    })
}

fn terms() -> Terms {
    granted(&["mail"])
}

fn trusting(authority: &Authority) -> World {
    world_with(
        "evil",
        Setup {
            roots: Some(authority.bundle()),
            ..setup()
        },
    )
}

#[test]
fn a_plain_server_takes_a_message_as_it_is() {
    let server = MailServer::plain();
    let world = world("evil");
    let told = world.told(terms(), settings(&server, "none", None));
    assert!(told.starts_with("taken: "), "{told}");
    let mail = &server.wait_mail(1)[0];
    assert_eq!(mail.recipients, ["ops@example.org"]);
    assert!(mail.text().contains(".hidden"));
}

#[test]
fn tls_is_required_where_it_is_asked_for_and_a_login_never_goes_without() {
    let server = MailServer::plain();
    let world = world("evil");
    let told = world.told(
        terms(),
        settings(&server, "starttls", Some(("u", "secret"))),
    );
    assert!(
        told.starts_with("Tls") && told.contains("does not offer STARTTLS"),
        "{told}"
    );
    let told = world.told(terms(), settings(&server, "none", Some(("u", "secret"))));
    assert!(told.starts_with("Invalid"), "{told}");
    assert!(server.logins().is_empty() && server.mail().is_empty());
}

#[test]
fn a_login_is_sent_over_starttls_and_over_tls_by_either_mechanism() {
    let authority = Authority::new();
    let login = ("user", "right password");
    let world = trusting(&authority);
    for mechanisms in [&["PLAIN"][..], &["LOGIN"]] {
        let server = MailServer::starttls(&authority, login, mechanisms);
        let told = world.told(terms(), settings(&server, "starttls", Some(login)));
        assert!(told.starts_with("taken: "), "{mechanisms:?}: {told}");
        assert!(server.wait_mail(1)[0].tls);
    }
    let server = MailServer::tls(&authority, login);
    let told = world.told(terms(), settings(&server, "tls", Some(login)));
    assert!(told.starts_with("taken: "), "{told}");
    let told = world.told(
        terms(),
        settings(&server, "tls", Some(("user", "wrong password"))),
    );
    assert!(told.starts_with("Auth"), "{told}");
}

#[test]
fn a_server_that_nobody_vouches_for_gets_no_login() {
    let authority = Authority::new();
    let login = ("user", "right password");
    let world = world("evil");
    let starttls = MailServer::starttls(&authority, login, &["PLAIN"]);
    let tls = MailServer::tls(&authority, login);
    for (server, security) in [(&starttls, "starttls"), (&tls, "tls")] {
        let told = world.told(terms(), settings(server, security, Some(login)));
        assert!(told.starts_with("Tls"), "{security}: {told}");
        assert!(server.logins().is_empty());
    }
}

#[test]
fn not_now_never_and_a_connection_that_drops_are_told_apart() {
    let mut server = MailServer::plain();
    let world = world("evil");
    let mut refused = |stage, answer: Option<&str>| {
        match answer {
            Some(answer) => server.refuse(stage, answer),
            None => server.drop_at(stage),
        }
        world.told(terms(), settings(&server, "none", None))
    };
    assert!(refused(Stage::Rcpt, Some("451 4.7.1 come back later")).starts_with("Temporary"));
    assert!(refused(Stage::Rcpt, Some("550 5.1.1 no such mailbox")).starts_with("Permanent"));
    assert!(refused(Stage::Message, Some("552 5.3.4 too large")).starts_with("Permanent"));
    assert!(refused(Stage::Mail, Some("530 5.7.0 who are you")).starts_with("Auth"));
    for stage in [Stage::Ehlo, Stage::Mail, Stage::Data, Stage::Message] {
        let told = refused(stage, None);
        assert!(told.starts_with("Connect"), "{told}");
    }
}

#[test]
fn only_the_server_of_the_settings_is_granted() {
    let server = MailServer::plain();
    let world = world("evil");
    let told = world.told(granted(&[]), settings(&server, "none", None));
    assert!(told.contains("needs the grant `mail`"), "{told}");
    let mut metadata = settings(&server, "none", None);
    metadata["host"] = json!("169.254.169.254");
    assert!(
        world
            .told(terms(), metadata)
            .contains("which no plugin may reach")
    );
    assert!(server.mail().is_empty());
}
