//! What the operator fetches: over https alone, within a limit, through redirects.

use runwisp_plugin_host::{Plugins, Setup};
use runwisp_tests::servers::{Authority, HttpServer, Reply};
use serde_json::json;

use crate::support::{World, granted, setup, world_with};

#[test]
fn a_component_is_fetched_over_https_within_its_limit() {
    let authority = Authority::new();
    let server = HttpServer::tls(&authority);
    let plugins = Plugins::open(Setup {
        roots: Some(authority.bundle()),
        ..setup()
    })
    .unwrap();
    let fetch = |url: &str, limit| plugins.wait(plugins.fetch(url, limit));
    let moved = Reply::new(302).header("location", "/there");
    server.next(moved.clone());
    server.next(Reply::new(200).text("bytes"));
    assert_eq!(fetch(&server.url("/"), 5), Ok(b"bytes".to_vec()));
    server.next(Reply::new(200).text("bytes"));
    assert!(fetch(&server.url("/"), 4).unwrap_err().contains("larger"));
    server.next(Reply::new(404));
    assert!(fetch(&server.url("/"), 4).unwrap_err().contains("404"));
    server.next(Reply::new(200).text("half").cut_short());
    assert!(fetch(&server.url("/"), 9).is_err());
    server.next_times(6, moved);
    assert!(fetch(&server.url("/"), 4).unwrap_err().contains("leads on"));
    server.next(Reply::new(302).header("location", "http://127.0.0.1/"));
    let why = fetch(&server.url("/"), 4).unwrap_err();
    assert!(why.contains("not https"), "{why}");
    assert!(fetch("http://127.0.0.1/", 4).is_err());
}

#[test]
fn a_dry_run_sends_nothing_that_is_granted_and_refuses_what_is_not() {
    let server = HttpServer::new();
    let world: World = world_with(
        "evil",
        Setup {
            dry_run: true,
            ..setup()
        },
    );
    let request = json!({"do": "request", "url": server.url("/"), "text": "hello"});
    let told = world.told(granted(&["http:$url"]), request.clone());
    assert_eq!(told, "200 {\"ok\":true}");
    assert!(world.told(granted(&[]), request).starts_with("Denied"));
    assert_eq!(server.requests().len(), 0);
}
