//! Requests: what is granted goes out, what is not does not, and no name leads where it should not.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use runwisp_plugin_host::{Entry, HostCall, Proxy, Setup};
use runwisp_tests::servers::{Authority, Gate, HttpServer, Reply};
use serde_json::{Value, json};

use crate::support::{World, granted, setup, world, world_with};

fn request(url: &str) -> Value {
    json!({"do": "request", "url": url, "text": "hello"})
}

/// A host whose names lead where the test says, one answer after the other.
fn world_where(answers: &'static [&'static str]) -> (World, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let lookup = move |_: &str| {
        let n = counter
            .fetch_add(1, Ordering::SeqCst)
            .min(answers.len() - 1);
        Ok(answers[n]
            .split(' ')
            .map(|address| address.parse::<IpAddr>().expect("an address"))
            .collect())
    };
    let setup = Setup {
        lookup: Some(Arc::new(lookup)),
        ..setup()
    };
    (world_with("evil", setup), asked)
}

#[test]
fn the_users_setting_grants_its_host_and_nothing_else_does() {
    let server = HttpServer::new();
    let other = HttpServer::new();
    let world = world("evil");
    let terms = || granted(&["http:$url"]);
    assert_eq!(world.told(terms(), request(&server.url("/hook"))), "200 ok");
    let [asked] = &*server.requests() else {
        panic!("one request")
    };
    assert_eq!(asked.text(), "hello");
    assert!(asked.header("user-agent").unwrap().starts_with("runwisp/"));
    let settings = json!({"do": "request", "url": server.url("/"), "text": other.url("/")});
    assert_eq!(world.told(terms(), settings), "200 ok");
    let denied = world.told(granted(&[]), request(&server.url("/hook")));
    assert!(
        denied.contains(&format!(
            "needs the grant `http:127.0.0.1:{}`",
            server.port()
        )),
        "{denied}"
    );
    assert_eq!((server.requests().len(), other.requests().len()), (2, 0));
}

#[test]
fn a_check_has_no_way_out() {
    let server = HttpServer::new();
    let world = world("evil");
    let call = world
        .plugins
        .wait(world.plugin.check(&request(&server.url("/")), Vec::new()));
    let findings = call.answer.unwrap();
    assert!(
        findings[0].message.contains("is not granted"),
        "{findings:?}"
    );
    assert!(server.requests().is_empty());
}

#[test]
fn a_redirect_is_given_back_and_not_followed() {
    let (server, inner) = (HttpServer::new(), HttpServer::new());
    server.next(Reply::new(302).header("location", inner.url("/secret")));
    let world = world("evil");
    assert_eq!(
        world.told(granted(&["http:$url"]), request(&server.url("/"))),
        "302 "
    );
    assert!(inner.requests().is_empty());
}

#[test]
fn a_name_that_the_plugin_chose_does_not_lead_to_a_private_address() {
    let server = HttpServer::new();
    let (world, asked) = world_where(&["127.0.0.1"]);
    let grant = format!("http:inside.example:{}", server.port());
    let settings = request(&format!("http://inside.example:{}/", server.port()));
    let denied = world.told(granted(&[&grant]), settings);
    assert!(
        denied.starts_with("Denied") && denied.contains("inside.example leads to 127.0.0.1"),
        "{denied}"
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert!(server.requests().is_empty());
    for address in ["127.0.0.1", "[::1]", "2130706433", "0x7f.1"] {
        let denied = world.told(
            granted(&["http:*.example"]),
            request(&format!("http://{address}/")),
        );
        assert!(denied.starts_with("Denied"), "{address}: {denied}");
    }
}

#[test]
fn a_name_that_answers_differently_the_second_time_gains_nothing() {
    let server = HttpServer::new();
    // The first is an address for documentation, where nobody answers.
    let (world, asked) = world_where(&["192.0.2.1", "127.0.0.1"]);
    let grant = format!("http:rebind.example:{}", server.port());
    let url = format!("http://rebind.example:{}/", server.port());
    let settings = json!({"do": "request", "url": url, "n": 200});
    let first = world.told(granted(&[&grant]), settings.clone());
    assert!(
        first.starts_with("Timeout") || first.starts_with("Connect"),
        "{first}"
    );
    let second = world.told(granted(&[&grant]), settings);
    assert!(second.starts_with("Denied"), "{second}");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert!(server.requests().is_empty());
}

#[test]
fn the_users_own_host_may_be_private_but_never_a_metadata_address() {
    let server = HttpServer::new();
    let (world, _) = world_where(&["127.0.0.1", "169.254.169.254"]);
    let url = format!("http://ntfy.example:{}/", server.port());
    assert_eq!(world.told(granted(&["http:$url"]), request(&url)), "200 ok");
    for url in [
        "http://meta.example/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
    ] {
        let denied = world.told(granted(&["http:$url"]), request(url));
        assert!(denied.contains("which no plugin may reach"), "{denied}");
    }
}

#[test]
fn no_connection_made_for_a_named_host_serves_a_name_that_the_plugin_chose() {
    let server = HttpServer::new();
    let (world, _) = world_where(&["127.0.0.1"]);
    let url = format!("http://shared.example:{}/", server.port());
    assert_eq!(world.told(granted(&["http:$url"]), request(&url)), "200 ok");
    let grant = format!("http:shared.example:{}", server.port());
    assert!(
        world
            .told(granted(&[&grant]), request(&url))
            .starts_with("Denied")
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn servers_that_answer_too_much_too_late_or_not_at_all() {
    let server = HttpServer::new();
    let world = world("evil");
    let told = |settings| world.told(granted(&["http:$url"]), settings);
    let url = server.url("/");
    server.next(Reply::new(200).body(vec![b'x'; (1 << 20) + 1]));
    assert_eq!(told(request(&url)), "TooLarge(1048576)");
    server.next(Reply::new(200).body(vec![b'x'; 1 << 20]));
    assert!(told(request(&url)).starts_with("200 xxx"));
    let never = Gate::new();
    server.next(Reply::new(200).after(&never));
    assert!(told(json!({"do": "request", "url": url, "n": 150})).starts_with("Timeout"));
    never.open();
    server.next(Reply::hang_up());
    assert!(told(request(&url)).starts_with("Connect"));
    server.next(Reply::new(200).text("half").cut_short());
    assert!(told(request(&url)).starts_with("Connect"));
    server.next(Reply::new(429).header("retry-after", 7).text("slow down"));
    assert_eq!(told(request(&url)), "429 slow down");
    assert!(told(request("ftp://127.0.0.1/")).starts_with("Invalid"));
    assert!(told(request("no address")).starts_with("Invalid"));
}

#[test]
fn a_server_that_nobody_vouches_for_is_not_trusted() {
    let authority = Authority::new();
    let server = HttpServer::tls(&authority);
    let url = server.url("/");
    let stranger = world("evil").told(granted(&["http:$url"]), request(&url));
    assert!(stranger.starts_with("Tls"), "{stranger}");
    let trusting = world_with(
        "evil",
        Setup {
            roots: Some(authority.bundle()),
            ..setup()
        },
    );
    assert_eq!(
        trusting.told(granted(&["http:$url"]), request(&url)),
        "200 ok"
    );
}

#[test]
fn through_a_proxy_the_name_is_still_what_is_granted() {
    let proxy = HttpServer::new();
    let address = Proxy::Address(proxy.url(""));
    let world = world_with(
        "evil",
        Setup {
            proxy: address,
            ..setup()
        },
    );
    let url = "http://far.example/hook";
    assert_eq!(
        world.told(granted(&["http:far.example"]), request(url)),
        "200 ok"
    );
    assert!(world.told(granted(&[]), request(url)).starts_with("Denied"));
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn more_host_calls_than_a_call_may_make_are_refused() {
    let server = HttpServer::new();
    let world = world("evil");
    let settings = json!({"do": "requests", "url": server.url("/"), "n": 4});
    let mut terms = granted(&["http:$url"]);
    terms.limits.host_calls = 3;
    let told = world.told(terms, settings);
    assert!(
        told.starts_with("Denied") && told.contains("more than 3"),
        "{told}"
    );
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn fetch_goes_through_the_same_gate() {
    let server = HttpServer::new();
    let world = world("evil");
    let fetch = |url: &str| json!({"do": "fetch", "url": url});
    assert_eq!(
        world.told(granted(&["http:$url"]), fetch(&server.url("/x"))),
        "200 ok"
    );
    let call = world.deliver(granted(&[]), fetch(&server.url("/x")));
    let told = call.answer.unwrap().unwrap().reference.unwrap();
    assert!(told.contains("is not granted"), "{told}");
    let refused = call.exchange.entries.iter().any(
        |entry| matches!(entry, Entry::Call(HostCall { outcome: Err(why), .. }) if why.contains("is not granted")),
    );
    assert!(refused);
    assert_eq!(server.requests().len(), 1);
    server.next(Reply::new(200).body(vec![b'x'; (1 << 20) + 1]));
    let large = world.told(granted(&["http:$url"]), fetch(&server.url("/")));
    assert!(large.contains("HttpResponseBodySize"), "{large}");
}
