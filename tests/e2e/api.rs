//! The API keeps its word: a key runs a task once whatever dies, a wait ends when it came true, pages and streams go on
//! where they ended, and what makes no sense has a clear answer.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;

use nix::sys::signal::Signal;
use runwisp_tests::{Daemon, Place, Told, Web, kill};
use serde_json::{Value, json};

const CONFIG: &str = r#"
[daemon]
listen = "127.0.0.1:0"
[services.web]
run = "exec sleep 600"
[services.broken]
run = "exit 3"
autostart = false
restart = "never"
# It never says that it is ready, so a wait for it to be up sees how it ends.
ready = "notify"
[tasks.job]
run = "for n in 1 2 3 4 5; do echo line $n; done"
max_concurrent = 4
[tasks.slow]
run = "echo begun; exec sleep 600"
[tasks.often]
run = "true"
cron = "* * * * * *"
"#;

/// A daemon, and somebody who may do everything there.
struct World {
    daemon: Daemon,
    header: String,
    web: Web,
}

impl World {
    fn start() -> World {
        let daemon = Place::new(CONFIG).start_serving();
        let made = daemon.cli(&["token", "create", "t", "--scope", "admin"]);
        World {
            header: format!("authorization: Bearer {}", made.ok().stdout.trim()),
            web: Web::of(&daemon.status()),
            daemon,
        }
    }

    /// The daemon is another one now, and may listen elsewhere.
    fn moved(&mut self) {
        self.web = Web::of(&self.daemon.status());
    }

    fn ask(&self, method: &str, path: &str, more: &[&str], body: &str) -> Told {
        let mut headers = vec![self.header.as_str()];
        headers.extend_from_slice(more);
        let path = format!("/api/v1{path}");
        self.web.ask(method, &path, &headers, body)
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let told = self.ask("GET", path, &[], "");
        assert_eq!(told.status, 200, "{path}: {told:?}");
        told.json()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &str) -> Value {
        let told = self.ask("POST", path, &[], body);
        assert_eq!(told.status, 200, "{path}: {told:?}");
        told.json()
    }

    fn run(&self) -> String {
        let ran = self.post("/tasks/job/run?wait=true", "");
        assert_eq!(ran["run"]["outcome"], "succeeded", "{ran}");
        ran["run"]["id"].as_str().unwrap().to_owned()
    }

    /// A stream of events, from behind the last one seen.
    fn stream(&self, path: &str, last: Option<&str>) -> Stream {
        let mut stream = self.web.connect();
        let last = last.map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        let (address, header) = (self.web.address, &self.header);
        let request = format!(
            "GET /api/v1{path} HTTP/1.1\r\nhost: {address}\r\n{header}\r\naccept: text/event-stream\r\n{last}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        Stream(BufReader::new(stream))
    }
}

struct Stream(BufReader<TcpStream>);

impl Stream {
    /// The next event that is no sign of life: its id, its name and what it holds.
    fn next(&mut self) -> Option<(String, String, Value)> {
        let (mut id, mut event) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 || line == "0\r\n" {
                return None;
            }
            if let Some(text) = line.strip_prefix("id: ") {
                text.trim().clone_into(&mut id);
            } else if let Some(text) = line.strip_prefix("event: ") {
                text.trim().clone_into(&mut event);
            } else if let Some(text) = line.strip_prefix("data: ")
                && event != "ping"
            {
                return Some((id, event, serde_json::from_str(text).unwrap()));
            }
        }
    }
}

fn ids(page: &Value, list: &str) -> Vec<String> {
    let rows = page[list].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_key_runs_a_task_once_over_a_restart_and_a_death() {
    let mut world = World::start();
    let ask = |world: &World, body: &str| {
        let key = ["idempotency-key: once"];
        world.ask("POST", "/tasks/job/run", &key, body)
    };
    let first = ask(&world, "").json();
    assert_eq!(first["changed"], true, "{first}");
    let same = |world: &World| {
        let again = ask(world, "").json();
        assert_eq!(
            (&again["runs"], &again["changed"]),
            (&first["runs"], &json!(false))
        );
        let other = ask(world, r#"{"params": {"a": "b"}}"#);
        assert_eq!(other.code(), "request.idempotency");
    };
    same(&world);
    let pid = world.daemon.status().daemon_pid();
    world.daemon.cli(&["restart"]).ok();
    let pid = match world.daemon.status().daemon_pid() {
        new if new != pid => new,
        _ => world.daemon.wait_daemon_after(pid),
    };
    world.moved();
    same(&world);
    // Killed right after it was answered: the key is on disk with the run, or neither is.
    let second = world.ask("POST", "/tasks/job/run", &["idempotency-key: twice"], "");
    kill(pid, Signal::SIGKILL);
    world.daemon.wait_daemon_after(pid);
    world.moved();
    same(&world);
    let again = world.ask("POST", "/tasks/job/run", &["idempotency-key: twice"], "");
    let runs = world.daemon.wait_ended("job", 2);
    if runs.iter().any(|run| run["id"] == second.json()["runs"][0]) {
        assert_eq!(again.json()["runs"], second.json()["runs"]);
    }
    assert_eq!(runs.len(), 2);
}

#[test]
fn a_wait_ends_when_it_came_true_and_at_its_limit() {
    let world = World::start();
    let run = world.post("/tasks/job/run?wait=true", "");
    assert_eq!(run["run"]["exit_code"], 0);
    let late = world.ask("POST", "/tasks/slow/run?wait=true&timeout_ms=50", &[], "");
    assert_eq!((late.status, late.code().as_str()), (504, "wait.timeout"));
    let down = world.post("/units/slow/stop?wait=true", "");
    assert_eq!(down["unit"]["instances"], json!([]), "{down}");
    let up = world.post("/units/web/start?wait=true", "");
    let first = &up["unit"]["instances"][0];
    assert_eq!(first["state"], "running");
    let again = world.post("/units/web/restart?wait=true", "");
    let second = &again["unit"]["instances"][0];
    assert_eq!(second["state"], "running");
    assert_ne!(first["run_id"], second["run_id"]);
    let down = world.post("/units/web/stop?wait=true", "");
    assert_eq!(down["unit"]["state"], "stopped", "{down}");
    let broken = world.post("/units/broken/start?wait=true", "");
    assert_eq!(
        broken["unit"]["instances"][0]["state"], "exited",
        "{broken}"
    );
}

#[test]
fn pages_go_on_where_they_ended_while_runs_arrive() {
    let world = World::start();
    let before: BTreeSet<String> = (0..9).map(|_| world.run()).collect();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/runs?unit=job&limit=2{cursor}"));
        seen.extend(ids(&page, "runs"));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        world.run();
    }
    assert_eq!(seen.len(), before.len(), "{seen:?}");
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), before);
    let bad = world.ask("GET", "/runs?cursor=nonsense", &[], "");
    assert_eq!(bad.code(), "request.invalid");
}

#[test]
fn what_is_deleted_is_nobody_s_last_run_until_it_is_brought_back() {
    let world = World::start();
    let (first, second) = (world.run(), world.run());
    let last = |world: &World| world.get("/units/job")["last_run"]["id"].clone();
    assert_eq!(last(&world), json!(second));
    let body = |action: &str, ids: &[&String]| json!({"action": action, "ids": ids}).to_string();
    let done = world.post("/runs/bulk", &body("delete", &[&second]));
    assert_eq!(done["affected"], 1, "{done}");
    assert_eq!(last(&world), json!(first));
    world.post("/runs/bulk", &body("delete", &[&first]));
    assert_eq!(last(&world), Value::Null);
    assert_eq!(world.get("/runs?unit=job")["runs"], json!([]));
    let pid = world.daemon.status().daemon_pid();
    kill(pid, Signal::SIGKILL);
    world.daemon.wait_daemon_after(pid);
    let mut world = world;
    world.moved();
    assert_eq!(last(&world), Value::Null);
    let back = world.post("/runs/bulk", &body("restore", &[&first, &second]));
    assert_eq!(back["affected"], 2, "{back}");
    assert_eq!(last(&world), json!(second));
}

#[test]
fn streams_go_on_after_the_last_event_that_was_seen() {
    let world = World::start();
    let mut events = world.stream("/events", None);
    let id = world.run();
    let of_run = |events: &mut Stream| loop {
        let (seq, _, told) = events.next().unwrap();
        if told["run"] == json!(id) {
            return (seq, told["state"].as_str().unwrap().to_owned());
        }
    };
    let (seq, begun) = of_run(&mut events);
    assert_ne!(begun, "ended");
    // Another reader that has seen this one misses nothing that came since.
    let mut later = world.stream("/events", Some(&seq));
    let (next, _) = of_run(&mut later);
    assert!(next.parse::<u64>().unwrap() > seq.parse::<u64>().unwrap());
    let path = format!("/runs/{id}/log/stream");
    let mut lines = world.stream(&path, None);
    let mut seen = Vec::new();
    while let Some((id, event, told)) = lines.next() {
        seen.push((id, event, told));
    }
    let words: Vec<&str> = seen.iter().map(|(_, event, _)| event.as_str()).collect();
    assert_eq!(words, ["line", "line", "line", "line", "line", "end"]);
    // The run has ended meanwhile: from any line on, the rest and the end; from the last line, the end alone.
    for (n, (id, ..)) in seen.iter().enumerate().take(5) {
        let mut rest = world.stream(&path, Some(id));
        for expected in &seen[n + 1..] {
            let (_, event, told) = rest.next().unwrap();
            assert_eq!((&event, &told["text"]), (&expected.1, &expected.2["text"]));
        }
        assert!(rest.next().is_none());
    }
    let bad = world.ask("GET", &path, &["last-event-id: nonsense"], "");
    assert_eq!(bad.code(), "request.invalid");
}

#[test]
fn what_makes_no_sense_or_is_too_large_has_a_clear_answer() {
    let world = World::start();
    for (method, path, status, code) in [
        ("GET", "/units/a%2Fb", 404, "unit.unknown"),
        ("POST", "/units/web%2Fstart", 405, "route.method"),
        (
            "GET",
            "/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV",
            404,
            "run.unknown",
        ),
        ("GET", "/plugins/nobody%2F..", 404, "plugin.unknown"),
        ("GET", "/runs?limt=1", 400, "request.invalid"),
        ("GET", "/ticks?sinse=1", 400, "request.invalid"),
        ("POST", "/units/web/start?wiat=true", 400, "request.invalid"),
        ("GET", "/deliveries?before=x", 400, "request.invalid"),
        ("GET", "/notifications?before=x", 400, "request.invalid"),
        ("GET", "/calendar?until=2999-01-01", 400, "request.invalid"),
    ] {
        let told = world.ask(method, path, &[], "");
        assert_eq!(
            (told.status, told.code().as_str()),
            (status, code),
            "{path}"
        );
    }
    let large = |length: &str| {
        let mut stream = world.web.connect();
        let (address, header) = (world.web.address, &world.header);
        let request = format!(
            "POST /api/v1/tasks/job/run HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{header}\r\n{length}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    let answer = |stream: &mut TcpStream| {
        let mut start = [0; 64];
        let n = stream.read(&mut start).unwrap();
        String::from_utf8_lossy(&start[..n]).into_owned()
    };
    // A gigabyte that is only announced, and one that is sent piece by piece as far as anybody takes it.
    let mut announced = large("content-length: 1073741824");
    assert!(answer(&mut announced).starts_with("HTTP/1.1 413"));
    let mut chunked = large("transfer-encoding: chunked");
    let piece = format!("10000\r\n{}\r\n", "x".repeat(65_536));
    let mut sent = 0;
    while sent < 16_384 && chunked.write_all(piece.as_bytes()).is_ok() {
        sent += 1;
    }
    assert!(sent < 16_384, "all of a gigabyte was taken");
    assert!(world.daemon.status().daemon_pid() > 0);
}

#[test]
fn two_operators_at_once_both_get_an_answer() {
    let world = World::start();
    thread::scope(|scope| {
        for action in ["restart", "stop", "start"] {
            let world = &world;
            scope.spawn(move || {
                for _ in 0..5 {
                    let told = world.ask("POST", &format!("/units/web/{action}"), &[], "");
                    assert_eq!(told.status, 200, "{action}: {told:?}");
                }
            });
        }
    });
    let up = world.post("/units/web/start?wait=true", "");
    assert_eq!(up["unit"]["instances"][0]["state"], "running", "{up}");
}

#[test]
fn ticks_days_plugins_and_a_reload_by_signal_are_told() {
    let world = World::start();
    world.daemon.wait_ended("often", 2);
    let page = world.get("/ticks?unit=often&limit=1");
    let tick = &page["ticks"][0];
    assert_eq!(
        (&tick["unit"], &tick["ran"]),
        (&json!("often"), &json!(true))
    );
    let next = world.get(&format!(
        "/ticks?unit=often&cursor={}",
        page["next"].as_str().unwrap()
    ));
    assert_ne!(next["ticks"][0]["at"], tick["at"]);
    let days = world.get("/calendar?unit=often");
    assert_eq!(days["days"].as_array().unwrap().len(), 7);
    let told = &days["days"][6]["units"][0];
    assert_eq!((&told["due"], &told["ticks"]), (&json!(86_400), &json!([])));
    let listed = world.daemon.cli(&["plugin", "list", "--json"]).ok().json();
    let plugins = world.get("/plugins");
    let of = |list: &Value, key: &str| -> Vec<Value> {
        let rows = list["plugins"].as_array().unwrap();
        rows.iter().map(|row| row[key].clone()).collect()
    };
    for key in ["name", "kind", "version", "sha256", "grants", "summary"] {
        assert_eq!(of(&listed, key), of(&plugins, key), "{key}");
    }
    let slack = world.get("/plugins/slack");
    assert_eq!(
        (&slack["calls"], &slack["settings_schema"]["type"]),
        (&json!(0), &json!("object"))
    );
    let page = world.web.ask("GET", "/api", &[], "");
    assert!(page.body.contains("id=\"unit.unknown\""), "{}", page.status);
    world.daemon.signal(Signal::SIGHUP);
    world.daemon.wait("the reload in the audit log", |_| {
        let rows = world.get("/audit?action=reload");
        (rows["entries"][0]["actor"]["name"] == "SIGHUP").then_some(())
    });
    fs::write(world.daemon.place().config(), "[tasks.x]\nrnu = 1\n").unwrap();
    world.daemon.signal(Signal::SIGHUP);
    world.daemon.wait("the refusal in the audit log", |_| {
        let rows = world.get("/audit?action=reload");
        (rows["entries"][0]["result"] == "config.invalid").then_some(())
    });
}
