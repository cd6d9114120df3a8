//! What is pulled from a registry: the component that its manifest names, and nothing else.

use runwisp_plugin_host::{Digest, Plugins, Setup};
use runwisp_tests::servers::{Authority, HttpServer, Reply};
use serde_json::{Value, json};

use crate::support::setup;

const KIND: &str = "application/vnd.oci.image.manifest.v1+json";

struct Registry {
    server: HttpServer,
    plugins: Plugins,
    _authority: Authority,
}

impl Registry {
    fn start() -> Registry {
        let authority = Authority::new();
        let plugins = Plugins::open(Setup {
            roots: Some(authority.bundle()),
            ..setup()
        });
        Registry {
            server: HttpServer::tls(&authority),
            plugins: plugins.expect("a host can be opened"),
            _authority: authority,
        }
    }

    fn pull(&self, which: &str, limit: u64) -> Result<Vec<u8>, String> {
        let reference = format!("oci://127.0.0.1:{}/me/ntfy{which}", self.server.port());
        self.plugins.wait(self.plugins.pull(&reference, limit))
    }
}

fn manifest(bytes: &[u8]) -> Value {
    let digest = format!("sha256:{}", Digest::of(bytes));
    json!({
        "schemaVersion": 2,
        "mediaType": KIND,
        "config": {"mediaType": "application/vnd.wasm.config.v0+json", "digest": digest, "size": 2},
        "layers": [{"mediaType": "application/wasm", "digest": digest, "size": bytes.len()}],
    })
}

#[test]
fn a_component_is_pulled_with_a_token_that_stays_with_the_registry() {
    let registry = Registry::start();
    let other = HttpServer::new();
    let realm = registry.server.url("/token");
    let challenge =
        format!("Bearer realm=\"{realm}\",service=\"r\",scope=\"repository:me/ntfy:pull\"");
    let server = &registry.server;
    server.next(Reply::new(401).header("www-authenticate", challenge));
    server.next(Reply::new(200).json(&json!({"token": "t0ken"})));
    server.next(Reply::new(200).json(&manifest(b"bytes")));
    // Where blobs are kept is another host, which is not to have the token. This one is not even https.
    server.next(Reply::new(307).header("location", other.url("/blob")));
    let why = registry.pull(":1.0", 5).unwrap_err();
    assert!(why.contains("not https"), "{why}");
    let elsewhere = format!("https://localhost:{}/blob", server.port());
    server.next(Reply::new(200).json(&manifest(b"bytes")));
    server.next(Reply::new(307).header("location", elsewhere));
    server.next(Reply::new(200).text("bytes"));
    assert_eq!(registry.pull(":1.0", 5), Ok(b"bytes".to_vec()));
    let requests = server.requests();
    let asked: Vec<(&str, Option<&str>)> = requests
        .iter()
        .map(|request| (&*request.path, request.header("authorization")))
        .collect();
    let blob = format!("/v2/me/ntfy/blobs/sha256:{}", Digest::of(b"bytes"));
    let token = Some("Bearer t0ken");
    assert_eq!(
        asked,
        [
            ("/v2/me/ntfy/manifests/1.0", None),
            ("/token?service=r&scope=repository%3Ame%2Fntfy%3Apull", None),
            ("/v2/me/ntfy/manifests/1.0", token),
            (&blob, token),
            ("/v2/me/ntfy/manifests/1.0", None),
            (&blob, None),
            ("/blob", None),
        ]
    );
    assert_eq!(requests[0].header("accept"), Some(KIND));
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn the_token_does_not_follow_a_redirect_to_another_host() {
    let registry = Registry::start();
    let server = &registry.server;
    let realm = server.url("/token");
    server.next(Reply::new(401).header("www-authenticate", format!("Bearer realm=\"{realm}\"")));
    server.next(Reply::new(200).json(&json!({"access_token": "t0ken"})));
    server.next(Reply::new(200).json(&manifest(b"bytes")));
    let elsewhere = format!("https://localhost:{}/blob", server.port());
    server.next(Reply::new(307).header("location", elsewhere));
    server.next(Reply::new(200).text("bytes"));
    assert_eq!(registry.pull(":1.0", 5), Ok(b"bytes".to_vec()));
    let last = server.requests().pop().unwrap();
    assert_eq!((&*last.path, last.header("authorization")), ("/blob", None));
}

#[test]
fn what_is_not_what_it_should_be_is_refused() {
    let registry = Registry::start();
    let server = &registry.server;
    let refused = |which: &str, limit, says: &str| {
        let why = registry.pull(which, limit).unwrap_err();
        assert!(why.contains(says), "{why}");
    };
    let given = |manifest: &Value| server.next(Reply::new(200).json(manifest));
    given(&manifest(b"bytes"));
    server.next(Reply::new(200).text("BYTES"));
    refused(":1.0", 5, "the component has another digest");
    given(&manifest(b"bytes"));
    server.next(Reply::new(200).text("bytes and more"));
    refused(":1.0", 99, "larger");
    given(&manifest(b"bytes"));
    refused(":1.0", 4, "larger than 4 bytes");
    given(&manifest(b"bytes"));
    let pinned = format!("@sha256:{}", Digest::of(b"another manifest"));
    refused(&pinned, 5, "the manifest has another digest");
    given(&json!({"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}));
    refused(":1.0", 5, "image.index");
    server.next(Reply::new(404));
    refused(":2.0", 5, "404");
    server.next(Reply::new(401).header("www-authenticate", "Basic realm=\"x\""));
    refused(":1.0", 5, "wants an account");
    refused("", 5, "oci://HOST/NAME:TAG");
}

#[test]
fn a_manifest_that_is_named_by_its_digest_is_checked_by_it() {
    let registry = Registry::start();
    let text = manifest(b"bytes").to_string();
    let pinned = format!("@sha256:{}", Digest::of(text.as_bytes()));
    registry.server.next(Reply::new(200).text(&text));
    registry.server.next(Reply::new(200).text("bytes"));
    assert_eq!(registry.pull(&pinned, 5), Ok(b"bytes".to_vec()));
}
