//! The guard before the real router: every path, closed to all but those whom the table of rights lets in.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use runwisp_core::words::run::RunState;
use serde_json::Value;

use super::world::{World, run};
use crate::access::{Access, Wish};
use crate::http::access::guard::{Peer, cookie_name};
use crate::http::access::rights::{Needs, OUTSIDE, RIGHTS, Right, Units};
use crate::http::{openapi, router};
use crate::wire::PREFIX;
use crate::wire::caller::Scope;

const HERE: &str = "127.0.0.1:9477";

/// A request as it comes over TCP.
struct Asked(axum::http::request::Builder);

fn ask(method: &str, path: &str) -> Asked {
    Asked(
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", HERE),
    )
}

impl Asked {
    fn with(self, name: &str, value: &str) -> Self {
        Asked(self.0.header(name, value))
    }

    fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// With a session, as the page asks.
    fn cookie(self, access: &Access, secret: &str) -> Self {
        let cookie = format!("other=1; {}={secret}", cookie_name(access));
        self.with("cookie", &cookie)
            .with("sec-fetch-site", "same-origin")
    }

    async fn of(self, router: &Router) -> Response<Body> {
        self.send(router, "").await
    }

    async fn send(self, router: &Router, body: &str) -> Response<Body> {
        let peer = Peer::Tcp {
            remote: "127.0.0.1:5000".parse().unwrap(),
            local: HERE.parse().unwrap(),
            tls: false,
        };
        let request = self.0.extension(peer).body(Body::from(body.to_owned()));
        let service = TowerToHyperService::new(router.clone());
        service.call(request.unwrap()).await.unwrap()
    }
}

async fn code(response: Response<Body>) -> (u16, String) {
    let status = response.status().as_u16();
    if status < 400 {
        // It may be an answer that goes on.
        return (status, String::new());
    }
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

/// Paths and methods of the document, as the table of rights writes them.
fn described() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let mut found = BTreeSet::new();
    for (path, item) in paths {
        for method in item.as_object().unwrap().keys() {
            if ["get", "post", "put", "delete", "patch"].contains(&method.as_str()) {
                found.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    found
}

/// A path with something in the place of its parameters.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{name}" | "{task}" | "{unit}" => "backup",
        "{id}" | "{n}" => "00000000010000000000000000",
        "{*file}" => "nothing.txt",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn rows() -> Vec<(String, Right)> {
    let below = RIGHTS
        .iter()
        .map(|row| (format!("{PREFIX}{}", row.path), *row));
    let outside = OUTSIDE.iter().map(|row| (row.path.to_owned(), *row));
    below.chain(outside).collect()
}

async fn token(access: &Access, name: &str, scope: Scope, units: Option<&[&str]>) -> String {
    let units = units.map(|units| units.iter().map(|unit| (*unit).to_owned()).collect());
    let wish = Wish {
        name: name.to_owned(),
        scope,
        units,
        lives: None,
        by: "test".to_owned(),
    };
    access.make_token(wish).await.unwrap().secret
}

#[test]
fn the_document_and_the_table_of_rights_have_the_same_paths() {
    let table: BTreeSet<(String, String)> = rows()
        .into_iter()
        .map(|(path, row)| (row.method.to_owned(), path))
        .collect();
    let described = described();
    let missing: Vec<_> = described.difference(&table).collect();
    assert!(
        missing.is_empty(),
        "give these a row in http/access/rights.rs: {missing:?}"
    );
    let dead: Vec<_> = table
        .difference(&described)
        .filter(|(_, path)| path.starts_with(PREFIX))
        .collect();
    assert!(
        dead.is_empty(),
        "these rows of http/access/rights.rs have no handler: {dead:?}"
    );
}

#[tokio::test]
async fn every_path_is_closed_to_strangers_viewers_and_tokens_as_the_table_says() {
    let world = World::start().await;
    world.keep(run(1, "backup", RunState::Ended), &[]);
    let access = world.handle().access();
    let router = router::guarded(world.handle(), None);
    let read = token(&access, "read", Scope::Read, None).await;
    let operate = token(&access, "operate", Scope::Operate, None).await;
    let elsewhere = token(&access, "elsewhere", Scope::Admin, Some(&["web"])).await;
    for (path, row) in rows() {
        let here = filled(&path);
        let ask = || ask(row.method, &here);
        let (stranger, stranger_code) = code(ask().of(&router).await).await;
        let closed = match row.needs {
            Needs::Nothing => {
                assert!(
                    stranger != 401 && stranger != 403,
                    "{row:?}: {stranger_code}"
                );
                // A row of a file of the page, or of what there is not always, says nothing about a handler.
                let always = ["/healthz", "/api", "/api.css", "/openapi.json"].contains(&row.path);
                assert!(!always || stranger == 200, "{row:?}: {stranger_code}");
                continue;
            }
            Needs::Judged => {
                assert!([400, 401].contains(&stranger), "{row:?}: {stranger_code}");
                continue;
            }
            Needs::Socket => Some("access.socket-only"),
            Needs::Scope(_) => None,
        };
        assert_eq!(
            (stranger, stranger_code.as_str()),
            (401, "session.required"),
            "{row:?}"
        );
        for (secret, scope) in [(&read, Scope::Read), (&operate, Scope::Operate)] {
            let (_, found) = code(ask().bearer(secret).of(&router).await).await;
            let expected = match row.needs {
                Needs::Scope(needs) if scope < needs => Some("access.scope"),
                _ => closed,
            };
            match expected {
                Some(expected) => assert_eq!(found, expected, "{row:?}"),
                None => assert!(!found.starts_with("access."), "{row:?}: {found}"),
            }
        }
        let (_, found) = code(ask().bearer(&elsewhere).of(&router).await).await;
        match row.units {
            Units::Named => assert_eq!(found, "unit.unknown", "{row:?}"),
            Units::All => assert!(found.starts_with("access."), "{row:?}: {found}"),
            Units::Theirs => {}
        }
    }
}

#[tokio::test]
async fn what_is_unknown_is_not_told_apart_by_strangers() {
    let world = World::start().await;
    let router = router::guarded(world.handle(), None);
    for (method, path, expected) in [
        ("GET", "/api/v1/unheard-of", 404),
        ("GET", "/api/v1/units/nothing", 401),
        ("GET", "/api/v1/units/a%2Fb/start", 401),
        ("PATCH", "/api/v1/status", 401),
        ("GET", "/api/v1/../v1/status", 404),
        ("GET", "//api/v1/status", 404),
        ("POST", "/", 401),
        ("GET", "/..%2fCargo.toml", 404),
        ("GET", "/.git/config", 404),
    ] {
        let (status, found) = code(ask(method, path).of(&router).await).await;
        assert_eq!(status, expected, "{method} {path}: {found}");
    }
    let access = world.handle().access();
    let secret = token(&access, "t", Scope::Admin, None).await;
    for (method, path, expected) in [
        ("GET", "/api/v1/unheard-of", "route.unknown"),
        ("PATCH", "/api/v1/status", "route.method"),
        ("POST", "/api/v1/units/a%2Fb/start", "unit.unknown"),
        ("GET", "/api/v1/units/%00", "unit.unknown"),
        ("GET", "/api/v1/runs/nothing", "run.unknown"),
    ] {
        let asked = ask(method, path).bearer(&secret);
        assert_eq!(
            code(asked.of(&router).await).await.1,
            expected,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_name_or_a_page_of_strangers_is_refused_on_loopback_too() {
    let world = World::start().await;
    let access = world.handle().access();
    let router = router::guarded(world.handle(), None);
    let secret = token(&access, "t", Scope::Admin, None).await;
    let password = access.password().1.unwrap();
    let (session, _) = access
        .sign_in(None, "test", password.clone())
        .await
        .unwrap();
    let path = "/api/v1/units/backup/start";
    let evil = "https://evil.example";

    let rebound = Asked(
        Request::builder()
            .uri("/api/v1/status")
            .header("host", "evil.example:9477"),
    );
    assert_eq!(
        code(rebound.bearer(&secret).of(&router).await).await.1,
        "request.host"
    );
    let two = ask("GET", "/api/v1/status").with("host", "evil.example");
    assert_eq!(
        code(two.bearer(&secret).of(&router).await).await.1,
        "request.host"
    );
    let absolute = ask("GET", "http://evil.example/api/v1/status");
    assert_eq!(
        code(absolute.bearer(&secret).of(&router).await).await.1,
        "request.host"
    );

    for foreign in [
        ask("POST", path)
            .cookie(&access, &session)
            .with("origin", evil),
        ask("GET", "/api/v1/status").with("origin", evil),
        ask("POST", "/api/v1/session").with("origin", "null"),
        ask("POST", "/api/v1/session").with("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(
            code(foreign.of(&router).await).await,
            (403, "request.origin".to_owned())
        );
    }
    // A cookie alone may come from anywhere.
    let bare = ask("POST", path).with("cookie", &format!("{}={session}", cookie_name(&access)));
    assert_eq!(code(bare.of(&router).await).await.1, "request.origin");
    let bare =
        ask("GET", "/api/v1/status").with("cookie", &format!("{}={session}", cookie_name(&access)));
    assert_eq!(bare.of(&router).await.status(), StatusCode::OK);
    let page = ask("POST", path)
        .cookie(&access, &session)
        .with("origin", &format!("http://{HERE}"));
    assert_eq!(page.of(&router).await.status(), StatusCode::OK);
    let program = ask("POST", path).bearer(&secret).with("origin", evil);
    assert_eq!(program.of(&router).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn signing_in_gives_a_cookie_that_scripts_can_not_read_and_signing_out_ends_it() {
    let world = World::start().await;
    let access = world.handle().access();
    let router = router::guarded(world.handle(), None);
    let body = |password: &str| serde_json::json!({ "password": password }).to_string();
    let wrong = ask("POST", "/api/v1/session")
        .send(&router, &body("wrong"))
        .await;
    assert_eq!(code(wrong).await, (401, "session.password".to_owned()));
    let password = access.password().1.unwrap();
    let signed_in = ask("POST", "/api/v1/session")
        .send(&router, &body(&password))
        .await;
    assert_eq!(signed_in.status(), StatusCode::CREATED);
    let cookie = signed_in.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .to_owned();
    for flag in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age="] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("; Secure"), "{cookie}");
    let pair = cookie.split(';').next().unwrap().to_owned();
    let with = |method, path| {
        ask(method, path)
            .with("cookie", &pair)
            .with("sec-fetch-site", "same-origin")
    };
    assert_eq!(
        with("GET", "/api/v1/session").of(&router).await.status(),
        StatusCode::OK
    );
    let signed_out = with("DELETE", "/api/v1/session").of(&router).await;
    assert_eq!(signed_out.status(), StatusCode::NO_CONTENT);
    assert!(
        signed_out.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    let after = with("GET", "/api/v1/session").of(&router).await;
    assert_eq!(code(after).await, (401, "session.required".to_owned()));
}

#[tokio::test]
async fn an_answer_that_goes_on_ends_with_the_right_to_it() {
    let world = World::start().await;
    let access = world.handle().access();
    let router = router::guarded(world.handle(), None);
    let secret = token(&access, "t", Scope::Read, None).await;
    let stream = ask("GET", "/api/v1/events")
        .bearer(&secret)
        .of(&router)
        .await;
    assert_eq!(stream.status(), StatusCode::OK);
    let all = tokio::spawn(axum::body::to_bytes(stream.into_body(), 1 << 20));
    access.revoke_token("t").await.unwrap();
    all.await.unwrap().unwrap();
}

#[tokio::test]
async fn every_answer_tells_browsers_what_they_may_not_do() {
    let world = World::start().await;
    let router = router::guarded(world.handle(), None);
    for path in ["/", "/api/v1/status", "/healthz", "/nothing"] {
        let response = ask("GET", path).of(&router).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
        assert!(!header("content-security-policy").contains("unsafe"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert!(
            !response
                .headers()
                .contains_key("access-control-allow-origin")
        );
    }
    let preflight = ask("OPTIONS", "/api/v1/status")
        .with("origin", "https://evil.example")
        .with("access-control-request-method", "GET");
    let response = preflight.of(&router).await;
    assert!(
        !response
            .headers()
            .contains_key("access-control-allow-origin")
    );
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let world = World::start().await;
    let access = world.handle().access();
    let router = router::guarded(world.handle(), None);
    let secret = token(&access, "t", Scope::Admin, None).await;
    let body = " ".repeat(crate::http::MAX_BODY + 1);
    let asked = ask("POST", "/api/v1/reload").bearer(&secret);
    assert_eq!(
        code(asked.send(&router, &body).await).await,
        (413, "request.too-large".to_owned())
    );
}

#[tokio::test]
async fn what_changes_something_is_written_down_and_tries_of_strangers_too() {
    let world = World::start().await;
    let access = world.handle().access();
    let router = router::guarded(world.handle(), None);
    let read = token(&access, "reader", Scope::Read, None).await;
    let operate = token(&access, "ci", Scope::Operate, None).await;
    let start = || ask("POST", "/api/v1/units/backup/start");
    start().bearer(&operate).of(&router).await;
    start().bearer(&read).of(&router).await;
    start().of(&router).await;
    ask("GET", "/api/v1/status")
        .bearer(&operate)
        .of(&router)
        .await;
    let run = ask("POST", "/api/v1/tasks/backup/run").bearer(&operate);
    run.send(&router, "{\"params\": {\"day\": \"1\"}}").await;
    let body = |password: &str| serde_json::json!({ "password": password }).to_string();
    ask("POST", "/api/v1/session")
        .send(&router, &body("a wrong one"))
        .await;
    let password = access.password().1.unwrap();
    ask("POST", "/api/v1/session")
        .send(&router, &body(&password))
        .await;
    let rows: Vec<_> = world
        .audit()
        .into_iter()
        .map(|row| {
            let target = row.target.unwrap_or_default();
            format!(
                "{} {}: {} {target} {} {}",
                row.kind,
                row.name,
                row.action,
                row.result,
                row.detail.unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            "token ci: unit.start backup ok ",
            "token reader: unit.start backup access.scope ",
            "token ci: task.run backup ok {\"params\":{\"day\":\"1\"}}",
            "stranger : session.begin  session.password ",
            "session operator: session.begin  ok ",
        ]
    );
    let shown = ask("GET", "/api/v1/audit?limit=2")
        .bearer(&token(&access, "boss", Scope::Admin, None).await);
    let shown = shown.of(&router).await;
    let bytes = axum::body::to_bytes(shown.into_body(), 1 << 20)
        .await
        .unwrap();
    let shown: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(shown["entries"][0]["actor"]["name"], "operator");
    assert_eq!(shown["next"], 4);
}

#[tokio::test]
async fn a_hook_token_triggers_its_unit_and_everything_else_is_one_answer() {
    let world = World::start().await;
    let router = router::guarded(world.handle(), None);
    let good = "0123456789abcdef0123456789abcdef";
    let hook =
        |unit: &str, token: &str| ask("POST", &format!("/api/v1/hooks/{unit}")).bearer(token);
    assert_eq!(
        hook("backup", good).of(&router).await.status(),
        StatusCode::OK
    );
    let header = ask("POST", "/api/v1/hooks/backup").with("x-runwisp-token", good);
    assert_eq!(header.of(&router).await.status(), StatusCode::OK);
    let mut answers = BTreeSet::new();
    for (unit, token) in [
        ("backup", "wrong"),
        ("web", good),
        ("nothing", good),
        ("backup", ""),
        ("a%2Fb", good),
    ] {
        answers.insert(code(hook(unit, token).of(&router).await).await);
    }
    assert_eq!(
        answers.into_iter().collect::<Vec<_>>(),
        [(401, "hook.invalid".to_owned())]
    );
    let stop = ask("POST", "/api/v1/hooks/backup?action=stop").bearer(good);
    assert_eq!(code(stop.of(&router).await).await.1, "hook.action");
    let elsewhere = ask("POST", "/api/v1/units/backup/start").bearer(good);
    assert_eq!(code(elsewhere.of(&router).await).await.1, "token.invalid");
    let rows = world.audit();
    assert_eq!(
        (rows[0].kind.as_str(), rows[0].name.as_str()),
        ("hook", "hook of backup")
    );
    for _ in 0..20 {
        hook("backup", "wrong").of(&router).await;
    }
    let limited = hook("backup", good).of(&router).await;
    assert!(limited.headers().contains_key("retry-after"));
    assert_eq!(code(limited).await, (429, "hook.too-many".to_owned()));
}
