//! HTTP over TCP lets in whom it should, for as long as it should, and nobody else.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use nix::sys::signal::Signal;
use runwisp_tests::{Daemon, Place, Told, Web, fingerprint, kill, until};

const HOOK: &str = "0123456789abcdef0123456789abcdef";

const CONFIG: &str = r#"
[daemon]
listen = "127.0.0.1:0"
[services.web]
run = "exec sleep 600"
[services.db]
run = "exec sleep 600"
[tasks.job]
run = "echo done"
hook_tokens = ["0123456789abcdef0123456789abcdef"]
"#;

fn password(daemon: &Daemon) -> String {
    daemon.cli(&["password"]).ok().stdout.trim().to_owned()
}

fn body(password: &str) -> String {
    format!("{{\"password\":\"{password}\"}}")
}

/// The cookie's line for a request, and what was answered.
fn sign_in(web: &Web, password: &str) -> (String, Told) {
    let told = web.ask("POST", "/api/v1/session", &[], &body(password));
    let pair = told
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap_or("")
        .to_owned();
    (format!("cookie: {pair}"), told)
}

fn token(daemon: &Daemon, words: &[&str]) -> String {
    let mut all = vec!["token", "create"];
    all.extend_from_slice(words);
    let made = daemon.cli(&all).ok().stdout.trim().to_owned();
    format!("authorization: Bearer {made}")
}

fn who(web: &Web, header: &str) -> u16 {
    web.ask("GET", "/api/v1/session", &[header], "").status
}

#[test]
fn a_session_has_a_safe_cookie_outlives_the_daemon_and_ends_everywhere() {
    let place = Place::new(&CONFIG.replace("127.0.0.1:0", &free_address()));
    let daemon = place.start_serving();
    let web = Web::of(&daemon.status());
    assert_eq!(who(&web, "x: y"), 401);
    let (one, told) = sign_in(&web, &password(&daemon));
    assert_eq!(told.status, 201, "{told:?}");
    let cookie = told.header("set-cookie");
    for flag in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    // A second operator does not end the first one's session.
    let (two, _) = sign_in(&web, &password(&daemon));
    assert_eq!((who(&web, &one), who(&web, &two)), (200, 200));

    let old = daemon.status().daemon_pid();
    kill(old, Signal::SIGKILL);
    daemon.wait_daemon_after(old);
    daemon.wait("HTTP again", |status| {
        status.0["daemon"]["listen"].as_str().map(|_| ())
    });
    assert_eq!((who(&web, &one), who(&web, &two)), (200, 200));

    let origin = format!("origin: http://{}", web.address);
    let out = web.ask("DELETE", "/api/v1/sessions", &[&one, &origin], "");
    assert_eq!(
        (out.status, out.json()["sessions"].as_u64()),
        (200, Some(2))
    );
    assert_eq!((who(&web, &one), who(&web, &two)), (401, 401));
}

fn free_address() -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().to_string()
}

#[test]
fn wrong_passwords_are_counted_and_written_down_and_a_new_one_ends_sessions() {
    let daemon = Place::new(CONFIG).start_serving();
    let web = Web::of(&daemon.status());
    let (old, _) = sign_in(&web, &password(&daemon));
    daemon
        .cli_reading(&["password", "set"], b"a better password\n")
        .ok();
    daemon
        .cli_reading(&["password", "set", "--viewer"], b"only to look\n")
        .ok();
    assert_eq!(who(&web, &old), 401);
    daemon.cli(&["password"]).code(5);
    let (viewer, told) = sign_in(&web, "only to look");
    assert_eq!(told.json()["scope"], "read");
    let origin = format!("origin: http://{}", web.address);
    let stop = web.ask("POST", "/api/v1/units/web/stop", &[&viewer, &origin], "");
    assert_eq!((stop.status, stop.code().as_str()), (403, "access.scope"));
    for _ in 0..5 {
        let (_, told) = sign_in(&web, "a wrong password");
        assert_eq!(
            (told.status, told.code().as_str()),
            (401, "session.password")
        );
    }
    let (_, told) = sign_in(&web, "a better password");
    assert_eq!(
        (told.status, told.code().as_str()),
        (429, "session.too-many")
    );
    assert!(
        told.header("retry-after")
            .parse::<u64>()
            .is_ok_and(|s| s <= 300),
        "{told:?}"
    );

    let audit = daemon.cli(&["audit", "--json"]).ok().json();
    let rows: Vec<String> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            format!(
                "{} {}",
                row["action"].as_str().unwrap(),
                row["result"].as_str().unwrap()
            )
        })
        .collect();
    for row in [
        "password.set ok",
        "session.begin ok",
        "session.begin session.password",
        "unit.stop access.scope",
    ] {
        assert!(
            rows.iter().any(|known| known == row),
            "{row} is not in {rows:?}"
        );
    }
}

#[test]
fn other_names_other_sites_and_what_is_too_large_or_too_slow_are_turned_away() {
    let daemon = Place::new(CONFIG).start_serving();
    let web = Web::of(&daemon.status());
    let mut slow = web.connect();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ")
        .unwrap();
    let (cookie, _) = sign_in(&web, &password(&daemon));
    let ask = |headers: &[&str]| {
        let told = web.ask("POST", "/api/v1/units/web/restart", headers, "");
        (told.status, told.code())
    };
    assert_eq!(
        ask(&[&cookie, "host: evil.example"]),
        (421, "request.host".to_owned())
    );
    assert_eq!(
        ask(&[&cookie, "origin: https://evil.example"]),
        (403, "request.origin".to_owned())
    );
    assert_eq!(ask(&[&cookie]), (403, "request.origin".to_owned()));
    let origin = format!("origin: http://{}", web.address);
    assert_eq!(ask(&[&cookie, &origin]).0, 200);

    let mut large = web.connect();
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: {}\r\ncontent-length: 1073741824\r\n\r\n",
        web.address
    );
    large.write_all(head.as_bytes()).unwrap();
    let mut start = [0; 12];
    large.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
    let heads = format!("x: {}", "y".repeat(64 * 1024));
    let told = web.ask("GET", "/healthz", &[&heads], "");
    assert!([431, 0].contains(&told.status), "{told:?}");
    let many: Vec<String> = (0..200).map(|n| format!("x{n}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(web.ask("GET", "/healthz", &many, "").status, 431);

    // The one that never comes to an end is hung up on; whether with words is hyper's affair.
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    assert_eq!(web.ask("GET", "/healthz", &[], "").status, 200);
}

#[test]
fn a_token_sees_its_units_and_ends_when_revoked_or_over() {
    let daemon = Place::new(CONFIG).start_serving();
    let web = Web::of(&daemon.status());
    let limited = token(&daemon, &["limited", "--scope", "operate", "--unit", "w*"]);
    let units = web.ask("GET", "/api/v1/units", &[&limited], "").json();
    let names: Vec<&str> = units["units"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|unit| unit["name"].as_str())
        .collect();
    assert_eq!(names, ["web"]);
    let restart = |unit: &str| {
        let told = web.ask(
            "POST",
            &format!("/api/v1/units/{unit}/restart"),
            &[&limited],
            "",
        );
        (told.status, told.code())
    };
    assert_eq!(restart("web"), (200, String::new()));
    assert_eq!(restart("db"), (404, "unit.unknown".to_owned()));
    let reload = web.ask("POST", "/api/v1/reload", &[&limited], "");
    assert_eq!(reload.code(), "access.units");
    let list = daemon.cli(&["token", "list", "--json"]).ok().json();
    assert_eq!(list["tokens"][0]["name"], "limited");
    assert!(list["tokens"][0]["last_used_at"].is_string());
    daemon.cli(&["token", "revoke", "limited"]).ok();
    assert_eq!(who(&web, &limited), 401);
    let short = token(&daemon, &["short", "--expires", "1ms"]);
    until("the token to expire", || who(&web, &short) == 401);
}

#[test]
fn a_hook_runs_its_task_and_is_one_answer_to_everybody_else() {
    let daemon = Place::new(CONFIG).start_serving();
    let web = Web::of(&daemon.status());
    let bearer = format!("authorization: Bearer {HOOK}");
    let told = web.ask("POST", "/api/v1/hooks/job", &[&bearer], "");
    assert_eq!(told.status, 200, "{told:?}");
    let runs = daemon.wait_ended("job", 1);
    assert_eq!(runs[0]["trigger"], "hook");
    let wrong = web.ask(
        "POST",
        "/api/v1/hooks/job",
        &["authorization: Bearer x"],
        "",
    );
    let unknown = web.ask("POST", "/api/v1/hooks/nothing", &[&bearer], "");
    assert_eq!((wrong.status, &wrong.body), (401, &unknown.body));
    assert_eq!(who(&web, &bearer), 401);
}

#[test]
fn a_port_that_is_taken_keeps_no_service_from_running_and_a_reload_moves_on() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::new(&CONFIG.replace("127.0.0.1:0", &address));
    let daemon = place.start_serving();
    let status = daemon.wait_state("web", 0, "running");
    let warnings = status.0["daemon"]["warnings"].to_string();
    assert!(
        status.0["daemon"]["listen"].is_null() && warnings.contains(&address),
        "{warnings}"
    );

    place.write_config(CONFIG);
    daemon.cli(&["reload"]).ok();
    let status = daemon.wait("HTTP", |status| {
        status.0["daemon"]["listen"]
            .is_string()
            .then(|| status.clone())
    });
    let web = Web::of(&status);
    assert_eq!(web.ask("GET", "/healthz", &[], "").status, 200);
    assert!(
        !daemon
            .wait("no warning", |s| Some(
                s.0["daemon"]["warnings"].to_string()
            ))
            .contains(&address)
    );

    place.write_config(&CONFIG.replace("127.0.0.1:0", "off"));
    daemon.cli(&["reload"]).ok();
    daemon.wait("no HTTP", |status| {
        status.0["daemon"]["listen"].is_null().then_some(())
    });
    assert!(std::net::TcpStream::connect(web.address).is_err());
}

#[test]
fn a_certificate_is_replaced_while_it_is_served_and_a_bad_one_is_not() {
    let maker = Place::new("[daemon]\nlisten = \"0.0.0.0:0\"\ntls = \"auto\"\n");
    let other = Place::new("[daemon]\nlisten = \"0.0.0.0:0\"\ntls = \"auto\"\n");
    let own = maker.start_serving();
    let shown = own.cli(&["certificate"]).ok().stdout.trim().to_owned();
    assert_eq!(own.status().0["daemon"]["certificate"], shown.as_str());
    drop(own);
    drop(other.start_serving());

    let place = Place::new(
        "[daemon]\nlisten = \"127.0.0.1:0\"\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n",
    );
    let copy = |from: &Place, name: &str| {
        let beside = place.path(&format!("{name}.new"));
        fs::copy(from.data().join("tls").join(name), &beside).unwrap();
        fs::rename(beside, place.path(name)).unwrap();
    };
    for name in ["key.pem", "cert.pem"] {
        copy(&maker, name);
    }
    let daemon = place.start_serving();
    let web = Web::of(&daemon.status());
    assert_eq!(daemon.status().0["daemon"]["certificate"], shown.as_str());
    let first = fingerprint(&web);
    assert_eq!(web.ask_tls("GET", "/healthz", &[], "").body, "ok\n");
    let plain = web.ask("GET", "/runs/x?y", &[], "");
    assert_eq!(plain.status, 308);
    assert_eq!(
        plain.header("location"),
        format!("https://{}/runs/x?y", web.address)
    );
    assert_eq!(
        web.ask("POST", "/api/v1/session", &[], "{}").code(),
        "request.plain"
    );
    let told = web.ask_tls("POST", "/api/v1/session", &[], &body(&password(&daemon)));
    assert!(told.header("set-cookie").contains("; Secure"), "{told:?}");

    // A certificate without its key changes nothing, and is told.
    copy(&other, "cert.pem");
    daemon.wait("a warning", |status| {
        let warnings = status.0["daemon"]["warnings"].to_string();
        warnings
            .contains("the old certificate stays in force")
            .then_some(())
    });
    assert_eq!(fingerprint(&web), first);
    copy(&other, "key.pem");
    daemon.wait("the new certificate", |status| {
        (status.0["daemon"]["certificate"] != shown.as_str()).then_some(())
    });
    assert_ne!(fingerprint(&web), first);
}
