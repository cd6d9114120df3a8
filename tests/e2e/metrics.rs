//! Figures: what units, the daemon and the machine use, and that it is still known after a restart.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use runwisp_tests::{Daemon, Place, until};
use serde_json::Value;

const TWO: &str = r#"
[services.busy]
run = "sh -c 'while :; do :; done'; :"
[services.idle]
run = "exec sleep 600"
"#;

/// The status and the body of an answer on the socket.
fn ask(daemon: &Place, path: &str, headers: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(daemon.socket()).unwrap();
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn get(daemon: &Place, path: &str) -> Value {
    let (status, body) = ask(daemon, &format!("/api/v1{path}"), "");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn samples(daemon: &Place, of: &str) -> Vec<Value> {
    let document = get(daemon, &format!("/samples?{of}"));
    document["samples"].as_array().unwrap().clone()
}

/// Waits until the busy service has been seen to compute.
fn wait_busy(daemon: &Daemon) {
    daemon.wait("busy to use processor time", |status| {
        // Whoever asks for figures has them read more often.
        get(daemon, "/host");
        let used = |unit| &status.instance(unit, 0)["usage"];
        let percent = used("busy")["cpu_percent"].as_f64()?;
        let (busy, idle) = (used("busy"), used("idle"));
        (percent > 0.0 && idle["cpu_percent"] == 0.0).then(|| {
            let memory = |used: &Value| used["memory_bytes"].as_u64().unwrap();
            // A shell with a shell below it, against one process.
            assert!(
                memory(busy) > memory(idle) && memory(idle) > 0,
                "{:#}",
                status.0
            );
        })
    });
}

#[test]
fn what_units_the_daemon_and_the_machine_use_is_shown() {
    let daemon = Place::new(TWO).start();
    wait_busy(&daemon);
    let host = get(&daemon, "/host");
    let number = |path: &str| host.pointer(path).and_then(Value::as_f64).unwrap();
    for path in [
        "/cores",
        "/uptime_ms",
        "/memory/used_bytes",
        "/disk/total_bytes",
        "/daemon/memory_bytes",
        "/daemon/open_fds",
        "/daemon/threads",
        "/daemon/uptime_ms",
        "/keeper/memory_bytes",
    ] {
        assert!(number(path) > 0.0, "{path} of {host:#}");
    }
    assert!(number("/memory/used_bytes") < number("/memory/total_bytes"));
    assert!(number("/disk/free_bytes") <= number("/disk/total_bytes"));
    assert!((0.0..=100.0).contains(&number("/cpu_percent")));
    let name = nix::unistd::gethostname().unwrap();
    assert_eq!(host["hostname"], name.to_str().unwrap());
    // A machine on which a shell spins is not idle.
    until("the machine to be busy", || {
        get(&daemon, "/host")["cpu_percent"].as_f64().unwrap() > 0.0
    });
    let (status, problem) = ask(&daemon, "/api/v1/samples?unit=nobody", "");
    assert_eq!(status, 404, "{problem}");
    let (status, problem) = ask(&daemon, "/api/v1/samples?of=host&points=501", "");
    assert_eq!(status, 400, "{problem}");
}

#[test]
fn curves_go_on_where_the_daemon_before_left_them() {
    let daemon = Place::new(TWO).start();
    wait_busy(&daemon);
    let before = samples(&daemon, "unit=busy");
    assert!(!before.is_empty());
    let old = daemon.status().daemon_pid();
    daemon.cli(&["restart"]).ok();
    daemon.wait_daemon_after(old);
    // This one has not measured anything yet, or has for a second.
    for of in ["unit=busy", "of=daemon", "unit=host"] {
        let after = samples(&daemon, of);
        let first = |samples: &[Value]| samples[0]["at"].as_str().unwrap().to_owned();
        assert!(
            first(&after) <= first(&before),
            "{of}: {after:?}, {before:?}"
        );
    }
    let memory = samples(&daemon, "unit=busy")[0]["memory_bytes"].as_u64();
    assert!(memory.unwrap() > 0);
}
