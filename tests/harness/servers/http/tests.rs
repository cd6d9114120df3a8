//! The server, asked by hand.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use super::{Gate, HttpServer, Reply};
use crate::servers::Authority;
use crate::system;

/// Sends a text and gives all that comes back until the server closes the connection.
fn say(server: &HttpServer, text: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut said = String::new();
    // A connection that is cut may be reset.
    let _ = stream.read_to_string(&mut said);
    said
}

const LAST: &str =
    "POST /x?y HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc";

#[test]
fn requests_are_recorded_in_whatever_way_their_bodies_come() {
    let server = HttpServer::new();
    let chunked =
        "PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nde\r\n1;x\r\nf\r\n0\r\n\r\n";
    let said = say(&server, &format!("HEAD / HTTP/1.1\r\n\r\n{chunked}{LAST}"));
    assert_eq!(said.matches("200 scripted").count(), 3, "{said}");
    assert_eq!(said.matches("\r\n\r\nok").count(), 2, "{said}");
    let requests = server.wait_requests(3).split_off(1);
    assert_eq!(
        (requests[0].method.as_str(), requests[0].text()),
        ("PUT", "def")
    );
    assert_eq!(
        (requests[1].path.as_str(), requests[1].text()),
        ("/x?y", "abc")
    );
    assert_eq!(requests[1].header("HOST"), Some("h"));
}

#[test]
fn replies_are_given_in_their_order_and_then_the_usual_one() {
    let server = HttpServer::with(|request| Reply::new(201).text(&request.path));
    server.next(Reply::new(429).header("retry-after", 7));
    server.next_times(2, Reply::new(500));
    assert!(say(&server, LAST).contains("429 scripted\r\nretry-after: 7\r\n"));
    assert!(say(&server, LAST).contains(" 500 "));
    assert!(say(&server, LAST).contains(" 500 "));
    assert!(say(&server, LAST).ends_with("/x?y"));
}

#[test]
fn a_reply_can_be_missing_or_half_or_late() {
    let server = HttpServer::new();
    server.next(Reply::hang_up());
    server.next(Reply::new(200).text("0123456789").cut_short());
    assert_eq!(say(&server, LAST), "");
    assert!(say(&server, LAST).ends_with("\r\n\r\n01234"));
    let gate = Gate::new();
    server.next(Reply::new(200).text("late").after(&gate));
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| say(&server, LAST));
        server.wait_requests(3);
        assert!(!asked.is_finished());
        gate.open();
        assert!(asked.join().unwrap().ends_with("late"));
    });
}

#[test]
fn behind_tls_it_is_trusted_by_who_trusts_the_authority() {
    let authority = Authority::new();
    let server = HttpServer::tls(&authority);
    let fetch =
        "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())";
    let fetched = |trusting: bool| {
        let mut command = Command::new(system::python());
        command.args(["-c", fetch]).arg(server.url("/"));
        if trusting {
            command.env("SSL_CERT_FILE", authority.bundle());
        }
        command.output().unwrap()
    };
    let stranger = fetched(false);
    let said = String::from_utf8_lossy(&stranger.stderr).into_owned();
    assert!(said.contains("CERTIFICATE_VERIFY_FAILED"), "{said}");
    assert_eq!(fetched(true).stdout, b"ok\n");
}
