//! The server, spoken to by hand and by Python's own client.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;

use super::{Login, MailServer, Stage};
use crate::servers::Authority;
use crate::system;

/// Speaks to the server line by line; each is answered by one line, the greeting comes first.
fn talk(server: &MailServer, lines: &[&str]) -> Vec<String> {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let mut said = BufReader::new(stream.try_clone().unwrap());
    let mut answers = Vec::new();
    for line in [&[""], lines].concat() {
        if !line.is_empty() {
            (&stream)
                .write_all(format!("{line}\r\n").as_bytes())
                .unwrap();
        }
        let mut answer = String::new();
        let _ = said.read_line(&mut answer);
        answers.push(answer.trim_end().to_owned());
    }
    answers
}

const MESSAGE: [&str; 5] = [
    "HELO here",
    "MAIL FROM:<a@example.com>",
    "RCPT TO:<b@example.com>",
    "DATA",
    "Subject: one\r\n two\r\n\r\nb\u{f6}dy\r\n..dot\r\n.",
];

#[test]
fn it_takes_mail_as_it_is() {
    let server = MailServer::plain();
    let answers = talk(&server, &MESSAGE);
    assert!(answers[5].starts_with("250 2.0.0"), "{answers:?}");
    let mail = server.wait_mail(1).remove(0);
    assert_eq!(mail.sender, "a@example.com");
    assert_eq!(mail.recipients, ["b@example.com"]);
    assert_eq!((mail.tls, mail.user.clone()), (false, None));
    assert_eq!(mail.header("subject").unwrap(), "one two");
    assert!(
        mail.text().ends_with("b\u{f6}dy\r\n.dot\r\n"),
        "{}",
        mail.text()
    );
}

#[test]
fn it_misbehaves_once_for_each_order() {
    let mut server = MailServer::plain();
    server.refuse(Stage::Rcpt, "451 4.7.1 come back later");
    server.refuse(Stage::Message, "554 5.6.0 not this");
    server.drop_at(Stage::Message);
    assert_eq!(talk(&server, &MESSAGE[..3])[3], "451 4.7.1 come back later");
    assert_eq!(talk(&server, &MESSAGE)[5], "554 5.6.0 not this");
    assert_eq!(talk(&server, &MESSAGE)[5], "");
    server.wait_refused(3);
    assert!(talk(&server, &MESSAGE)[5].starts_with("250"));
    assert_eq!(server.wait_mail(1).len(), 1);
}

/// Sends a message as Python's mail client does, and gives what it has to say about it.
fn python(authority: &Authority, security: &str, port: u16, password: &str) -> String {
    let script = r"
import smtplib, ssl, sys
bundle, security, port, password = sys.argv[1:]
tls = ssl.create_default_context(cafile=bundle)
if security == 'tls':
    client = smtplib.SMTP_SSL('localhost', int(port), context=tls)
else:
    client = smtplib.SMTP('localhost', int(port))
    client.starttls(context=tls)
try:
    client.login('watch', password)
    client.sendmail('a@example.com', ['b@example.com'], 'Subject: x\n\nbody')
except smtplib.SMTPException as refused:
    print(type(refused).__name__)
";
    let answer = Command::new(system::python())
        .args(["-c", script])
        .arg(authority.bundle())
        .args([security, &port.to_string(), password])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(answer.status.success(), "{said}");
    String::from_utf8(answer.stdout).unwrap()
}

#[test]
fn with_tls_it_takes_the_right_login_alone() {
    let authority = Authority::new();
    let login = ("watch", "right");
    for (security, server, mechanism) in [
        (
            "starttls",
            MailServer::starttls(&authority, login, &["LOGIN"]),
            "LOGIN",
        ),
        ("tls", MailServer::tls(&authority, login), "PLAIN"),
    ] {
        let wrong = python(&authority, security, server.port(), "wrong");
        assert_eq!(wrong, "SMTPAuthenticationError\n");
        assert_eq!(python(&authority, security, server.port(), "right"), "");
        let mail = server.wait_mail(1).remove(0);
        assert_eq!((mail.tls, mail.user.as_deref()), (true, Some("watch")));
        let taken = Login {
            user: "watch".into(),
            mechanism: mechanism.into(),
            taken: true,
        };
        assert_eq!(server.logins().last(), Some(&taken));
    }
}
