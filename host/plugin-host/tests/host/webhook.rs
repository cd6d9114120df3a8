//! The bundled notifier `webhook` as the component it is, against a real server; its signature checked by the very lines
//! that the manual shows.
#![expect(
    clippy::unwrap_used,
    reason = "what a test's own function does not get, fails the test"
)]

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use runwisp_plugin_host::{Context, Failure, Receipt, Setup, Terms};
use runwisp_tests::servers::{Authority, HttpServer, Reply, Request};
use serde_json::{Value, json};

use crate::support::{World, context, event, granted, setup, world, world_with};

fn terms() -> Terms {
    granted(&["http:$url", "template"])
}

fn deliver(world: &World, settings: &Value, context: Context) -> Result<Receipt, Failure> {
    let call = world.plugin.deliver(terms(), settings, event(), context);
    world.plugins.wait(call).answer.unwrap()
}

/// What the manual's own function says about a request.
fn is_ours(request: &Request, secret: &str) -> bool {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/notifiers/webhook.md"
    );
    let page = std::fs::read_to_string(page).unwrap();
    let code = page
        .split("```python\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let headers: Vec<(String, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.as_str()))
        .collect();
    let (headers, content) = (json!(headers).to_string(), request.text());
    let script = format!(
        "{code}\nimport json, sys\nheaders, content, secret = sys.argv[1:]\n\
         print(is_ours(dict(json.loads(headers)), content.encode(), secret))\n"
    );
    let answer = Command::new(runwisp_tests::python())
        .args(["-c", &script, &headers, content, secret])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(answer.status.success(), "{said}");
    match answer.stdout.as_slice() {
        b"True\n" => true,
        b"False\n" => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_event_arrives_whole_and_signed() {
    let server = HttpServer::new();
    let world = world("webhook");
    let before = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    for secret in ["whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "a plain secret, é"] {
        let settings =
            json!({"url": server.url("/in?x=1"), "secret": secret, "headers": {"X-Own": "1"}});
        let receipt = deliver(&world, &settings, context()).unwrap();
        assert_eq!(receipt.reference.as_deref(), Some("delivery-1"));
        let request = server.requests().pop().unwrap();
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("POST", "/in?x=1")
        );
        assert_eq!(request.header("x-own"), Some("1"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("webhook-id"), Some("delivery-1"));
        let stamp: u64 = request
            .header("webhook-timestamp")
            .unwrap()
            .parse()
            .unwrap();
        assert!(stamp >= before);
        let document = request.json();
        assert_eq!(document["schema_version"], 1);
        assert_eq!(document["kind"], "run.failed");
        assert_eq!(document["at"], "2023-11-14T22:13:20.000Z");
        assert_eq!(document["delivery"]["id"], "delivery-1");
        assert!(is_ours(&request, secret));
        assert!(!is_ours(&request, "another secret"));
        let mut changed = request.clone();
        changed.body.push(b' ');
        assert!(!is_ours(&changed, secret));
    }
}

#[test]
fn a_template_makes_the_content() {
    let server = HttpServer::new();
    let body = "{\"text\": {{ (title ~ \"\\n\" ~ sentence)|tojson }}}";
    let settings = json!({"url": server.url("/"), "method": "PUT", "body": body});
    deliver(&world("webhook"), &settings, context()).unwrap();
    let request = server.requests().pop().unwrap();
    assert_eq!(request.method, "PUT");
    let said = "backup failed\nbackup failed: exited with code 2";
    assert_eq!(request.json(), json!({"text": said}));
}

#[test]
fn answers_say_whether_to_try_again() {
    let server = HttpServer::new();
    let elsewhere = HttpServer::new();
    let world = world("webhook");
    let settings = json!({"url": server.url("/S3CRET-PATH")});
    let failure = |reply: Reply| {
        server.next(reply);
        let failure = deliver(&world, &settings, context()).unwrap_err();
        assert!(!format!("{failure:?}").contains("S3CRET"), "{failure:?}");
        failure
    };
    let busy = Reply::new(503).header("Retry-After", 7).text("busy");
    let Failure::Retry(later) = failure(busy) else {
        panic!("503 is not for good");
    };
    assert_eq!(later.message, "the server answered 503: busy");
    assert_eq!(later.after_seconds, Some(7));
    for status in [408, 425, 429, 500, 502, 504] {
        assert!(
            matches!(failure(Reply::new(status)), Failure::Retry(_)),
            "{status}"
        );
    }
    for status in [401, 403, 404, 410] {
        assert!(
            matches!(failure(Reply::new(status)), Failure::Config(_)),
            "{status}"
        );
    }
    for status in [400, 413, 422] {
        assert!(
            matches!(failure(Reply::new(status)), Failure::Rejected(_)),
            "{status}"
        );
    }
    let moved = Reply::new(307).header("Location", elsewhere.url("/"));
    assert!(matches!(failure(moved), Failure::Config(_)));
    assert!(elsewhere.requests().is_empty());
    let half = Reply::new(200).text("0123456789").cut_short();
    assert!(matches!(failure(half), Failure::Retry(_)));
    let large = Reply::new(200).body(vec![b'x'; 10 << 20]);
    assert!(matches!(failure(large), Failure::Rejected(_)));
    // The client tries once more by itself where a kept connection was closed under it.
    server.next_times(2, Reply::hang_up());
    let outcome = deliver(&world, &settings, context());
    assert!(matches!(outcome, Err(Failure::Retry(_))), "{outcome:?}");
}

#[test]
fn a_certificate_has_to_be_trusted() {
    let authority = Authority::new();
    let server = HttpServer::tls(&authority);
    let settings = json!({"url": server.url("/")});
    let trusting = |authority: &Authority| {
        let setup = Setup {
            roots: Some(authority.bundle()),
            ..setup()
        };
        deliver(&world_with("webhook", setup), &settings, context())
    };
    trusting(&authority).unwrap();
    let outcome = trusting(&Authority::new());
    assert!(matches!(outcome, Err(Failure::Retry(_))), "{outcome:?}");
    assert_eq!(server.requests().len(), 1);
}
