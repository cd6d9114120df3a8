//! The remote way, against servers over TCP and TLS.

use runwisp_tests::servers::{Authority, HttpServer, Reply};
use serde_json::Value;

use super::{Client, Fingerprint, Uri, Wish};
use crate::wire::Problem;

async fn ask(wish: Wish) -> Result<Value, Problem> {
    Client::remote(wish)?.get(&Uri::new(&["status"])).await
}

fn wish(url: String) -> Wish {
    Wish {
        url,
        token: Some("rwt_abc".to_owned()),
        ..Wish::default()
    }
}

const ANSWER: &str = r#"{"schema_version":1,"fine":true}"#;

#[tokio::test]
async fn a_token_travels_as_bearer_to_the_path_behind_a_proxy() {
    let server = HttpServer::new();
    server.next(Reply::new(200).text(ANSWER));
    let answer = ask(wish(server.url("/behind/"))).await.unwrap();
    assert_eq!(answer["fine"], true);
    let asked = &server.requests()[0];
    assert_eq!(asked.path, "/behind/api/v1/status");
    assert_eq!(asked.header("authorization"), Some("Bearer rwt_abc"));
    let host = format!("127.0.0.1:{}", server.port());
    assert_eq!(asked.header("host"), Some(host.as_str()));
}

#[tokio::test]
async fn a_refusal_without_a_token_says_how_to_get_one() {
    let server = HttpServer::new();
    server.next(Reply::new(401).text(
        r#"{"schema_version":1,"code":"session.required","message":"who are you","help":null}"#,
    ));
    let problem = ask(wish(server.url(""))).await.unwrap_err();
    assert_eq!(problem.code, "session.required");
    assert!(problem.help.unwrap().contains("--token-file"));
    server.next(Reply::new(502).text("<html>"));
    let problem = ask(wish(server.url(""))).await.unwrap_err();
    assert_eq!(problem.code, "answer.unreadable");
    assert!(problem.message.contains("502"), "{}", problem.message);
}

#[tokio::test]
async fn an_unknown_certificate_is_shown_and_can_be_pinned() {
    let authority = Authority::new();
    let server = HttpServer::tls(&authority);
    let problem = ask(wish(server.url(""))).await.unwrap_err();
    assert_eq!(problem.code, "tls.untrusted");
    let help = problem.help.unwrap();
    let (_, shown) = help.split_once("--fingerprint ").unwrap();

    server.next(Reply::new(200).text(ANSWER));
    let pinned = Wish {
        fingerprint: Some(shown.to_owned()),
        ..wish(server.url(""))
    };
    assert_eq!(ask(pinned).await.unwrap()["fine"], true);

    let other = Wish {
        fingerprint: Some(Fingerprint::of(b"another").to_string()),
        ..wish(server.url(""))
    };
    let problem = ask(other).await.unwrap_err();
    assert_eq!(problem.code, "tls.untrusted");
    assert!(problem.message.contains(shown), "{}", problem.message);
    assert!(!problem.help.unwrap().contains("pin it"));
    assert_eq!(server.requests().len(), 1, "nothing was said to a stranger");
}

#[tokio::test]
async fn nobody_there_and_no_tls_there_are_told_apart() {
    // A port that no service has used for decades, and that is not given out.
    let problem = ask(wish("http://127.0.0.1:1".to_owned()))
        .await
        .unwrap_err();
    assert_eq!(problem.code, "daemon.unreachable");
    assert!(problem.help.unwrap().contains("listen"));
    let plain = HttpServer::new();
    let problem = ask(wish(format!("https://127.0.0.1:{}", plain.port())))
        .await
        .unwrap_err();
    assert_eq!(problem.code, "daemon.unreachable");
    assert!(problem.message.contains("TLS"), "{}", problem.message);
}

#[test]
fn a_token_does_not_leave_this_machine_in_clear_text_unless_told_to() {
    let refused = |url: &str, insecure| {
        let wish = Wish {
            insecure,
            ..wish(url.to_owned())
        };
        Client::remote(wish).err().map(|problem| problem.code)
    };
    assert_eq!(
        refused("http://box", false).as_deref(),
        Some("tls.required")
    );
    assert_eq!(refused("http://box", true), None);
    assert_eq!(refused("http://127.0.0.1:1", false), None);
    assert_eq!(refused("https://box", false), None);
    assert_eq!(refused("box", false).as_deref(), Some("request.invalid"));
}
