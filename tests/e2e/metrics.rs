//! Figures: what units, the daemon and the machine use, still known after a restart; and what is counted, exactly.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use runwisp_tests::servers::{HttpServer, Reply};
use runwisp_tests::{Daemon, Exposition, Place, promtool, python, skip, until};
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

fn exposed(place: &Place) -> Exposition {
    let (status, text) = ask(place, "/metrics", "");
    assert_eq!(status, 200, "{text}");
    Exposition::parse(&text).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

/// The value of a sample of a unit; none where there is none.
fn of(figures: &Exposition, name: &str, unit: &str, label: Option<(&str, &str)>) -> Option<f64> {
    let labels: Vec<_> = [("unit", unit)].into_iter().chain(label).collect();
    figures.value(&format!("runwisp_{name}"), &labels)
}

/// Waits until a sample of a unit has this value. What is printed and what is counted is told by nobody.
#[track_caller]
fn wait_value(place: &Place, name: &str, unit: &str, label: Option<(&str, &str)>, value: f64) {
    until(&format!("{name} of {unit} to be {value}"), || {
        of(&exposed(place), name, unit, label) == Some(value)
    });
}

const COUNTED: &str = r#"
[tasks.good]
run = "echo 12345"
[tasks.bad]
run = "exit 3"
[tasks.slow]
run = "sleep 600"
timeout = "100ms"
[tasks.full]
run = "head -c 200000 /dev/zero"
log_max_size = "64kb"
log_on_full = "drop_new"
[tasks.busy]
run = "exec sleep 600"
max_queued = 2
[services.crash]
run = "exit 1"
restart_delay = "1ms"
start_retries = 2
[services.api]
run = "printf 'abc\\n'; exec sleep 600"
instances = 2
"#;

#[test]
fn what_ran_is_counted_exactly() {
    let daemon = Place::new(COUNTED).start();
    daemon.wait_state("crash", 0, "fatal");
    for task in ["good", "good", "good", "bad", "bad", "slow"] {
        daemon.trigger(task);
    }
    for (task, count) in [("good", 3), ("bad", 2), ("slow", 1)] {
        daemon.wait_ended(task, count);
    }
    for _ in 0..4 {
        daemon.trigger("busy");
    }
    daemon.wait_ended("busy", 1);
    // Two instances have printed four bytes each, and still run.
    wait_value(&daemon, "log_bytes_total", "api", None, 8.0);
    let figures = exposed(&daemon);
    let outcome = |unit, outcome| of(&figures, "runs_total", unit, Some(("outcome", outcome)));
    let begun = |unit, why| of(&figures, "runs_begun_total", unit, Some(("trigger", why)));
    let instances =
        |unit, state| of(&figures, "service_instances", unit, Some(("state", state))).unwrap();
    assert_eq!(outcome("good", "succeeded"), Some(3.0));
    assert_eq!(outcome("good", "failed"), Some(0.0));
    assert_eq!(outcome("bad", "failed"), Some(2.0));
    assert_eq!(outcome("slow", "timeout"), Some(1.0));
    assert_eq!(outcome("busy", "queue_full"), Some(1.0));
    assert_eq!(outcome("crash", "failed"), Some(3.0));
    assert_eq!(begun("good", "manual"), Some(3.0));
    assert_eq!(
        (begun("crash", "start"), begun("crash", "restart")),
        (Some(1.0), Some(2.0))
    );
    assert_eq!(
        (begun("api", "start"), begun("api", "restart")),
        (Some(2.0), None)
    );
    let one = |name, unit| of(&figures, name, unit, None);
    assert_eq!(one("service_restarts_total", "crash"), Some(2.0));
    assert_eq!(one("service_restarts_total", "api"), Some(0.0));
    assert_eq!(
        (instances("crash", "fatal"), instances("crash", "running")),
        (1.0, 0.0)
    );
    assert_eq!(
        (instances("api", "fatal"), instances("api", "running")),
        (0.0, 2.0)
    );
    assert_eq!(one("task_active_runs", "busy"), Some(1.0));
    assert_eq!(one("task_queue_depth", "busy"), Some(2.0));
    assert_eq!(one("run_duration_seconds_count", "good"), Some(3.0));
    assert!(one("run_duration_seconds_sum", "slow").unwrap() >= 0.1);
    assert_eq!(one("unit_last_run_successful", "good"), Some(1.0));
    assert_eq!(one("unit_last_run_successful", "bad"), Some(0.0));
    assert_eq!(one("log_bytes_total", "good"), Some(18.0));
    let alone = |name| figures.value(name, &[]).unwrap();
    assert_eq!(alone("runwisp_config_last_reload_successful"), 1.0);
    assert!(alone("runwisp_store_commit_duration_seconds_count") > 0.0);
    assert!(alone("runwisp_loop_turn_duration_seconds_count") > 0.0);
}

#[test]
fn output_that_was_not_kept_is_counted_too() {
    let daemon = Place::new(COUNTED).start();
    daemon.trigger("full");
    let run = daemon.wait_ended("full", 1).remove(0);
    let figures = exposed(&daemon);
    let one = |name| of(&figures, name, "full", None).unwrap();
    let (kept, dropped) = (one("log_bytes_total"), one("log_dropped_bytes_total"));
    assert_eq!(run["log_bytes"].as_f64(), Some(kept));
    assert_eq!(run["log_dropped_bytes"].as_f64(), Some(dropped));
    assert!(
        kept + dropped == 200_000.0 && dropped > 0.0,
        "{kept} {dropped}"
    );
}

#[test]
fn a_run_that_outlives_the_daemon_is_counted_by_the_one_that_sees_its_end() {
    let daemon = Place::new(COUNTED).start();
    daemon.wait_state("api", 1, "running");
    let old = daemon.status().daemon_pid();
    daemon.cli(&["restart"]).ok();
    daemon.wait_daemon_after(old);
    daemon.wait_state("api", 1, "running");
    let begun = of(
        &exposed(&daemon),
        "runs_begun_total",
        "api",
        Some(("trigger", "start")),
    );
    assert_eq!(begun, None, "the daemon before has counted it");
    daemon.cli(&["stop", "api"]).ok();
    wait_value(
        &daemon,
        "runs_total",
        "api",
        Some(("outcome", "stopped")),
        2.0,
    );
    wait_value(&daemon, "log_bytes_total", "api", None, 8.0);
}

#[test]
fn ticks_are_counted_and_how_late_they_started() {
    let place = Place::new(
        "[tasks.tick]\nrun = \"true\"\ncron = \"* * * * * *\"\n\
         [tasks.skips]\nrun = \"exec sleep 600\"\ncron = \"* * * * * *\"\non_overlap = \"skip\"\n",
    );
    let daemon = place.start();
    daemon.wait_ended("tick", 2);
    daemon.wait_ended("skips", 1);
    let figures = exposed(&daemon);
    let ticks = |unit, result| {
        of(
            &figures,
            "schedule_ticks_total",
            unit,
            Some(("result", result)),
        )
    };
    let lags = of(&figures, "schedule_lag_seconds_count", "tick", None).unwrap();
    assert!(lags >= 2.0 && ticks("tick", "started") == Some(lags));
    assert_eq!(ticks("skips", "started"), Some(1.0));
    assert!(ticks("skips", "skipped") >= Some(1.0));
    let next = of(&figures, "unit_next_run_timestamp_seconds", "tick", None);
    assert!(next > figures.value("process_start_time_seconds", &[]));
}

#[test]
fn messages_are_counted_by_notifier_and_plugin() {
    let server = HttpServer::new();
    server.next(Reply::new(500));
    let config = super::notifications::config(&server, "");
    let daemon = Place::new(&config).start();
    daemon.trigger("bad");
    super::notifications::wait_deliveries(&daemon, "delivered", 1);
    let figures = exposed(&daemon);
    let hook = |name: &str, label, value| {
        let name = format!("runwisp_{name}");
        figures.value(&name, &[("notifier", "hook"), (label, value)])
    };
    assert_eq!(hook("deliveries_total", "state", "delivered"), Some(1.0));
    assert_eq!(hook("deliveries_total", "state", "rejected"), Some(0.0));
    assert_eq!(
        hook("delivery_attempts_total", "result", "failed"),
        Some(1.0)
    );
    assert_eq!(
        hook("delivery_attempts_total", "result", "delivered"),
        Some(1.0)
    );
    let waiting = figures.value("runwisp_deliveries_waiting", &[("notifier", "hook")]);
    assert_eq!(waiting, Some(0.0));
    let call = |name: &str, label: Option<(&str, &str)>| {
        let labels: Vec<_> = [("plugin", "webhook")].into_iter().chain(label).collect();
        figures.value(&format!("runwisp_{name}"), &labels)
    };
    assert_eq!(
        call("plugin_calls_total", Some(("result", "not_now"))),
        Some(1.0)
    );
    assert_eq!(
        call("plugin_calls_total", Some(("result", "delivered"))),
        Some(1.0)
    );
    assert_eq!(call("plugin_call_duration_seconds_count", None), Some(2.0));
}

#[test]
fn a_configuration_that_was_refused_is_told() {
    let place = Place::new(COUNTED);
    let daemon = place.start();
    place.write_config("[tasks.good]\nrun = 7\n");
    daemon.cli(&["reload"]).code(78);
    let figures = exposed(&daemon);
    let one = |name| figures.value(name, &[]).unwrap();
    assert_eq!(one("runwisp_config_last_reload_successful"), 0.0);
    assert_eq!(one("runwisp_config_stale"), 1.0);
    place.write_config("[tasks.other]\nrun = \"true\"\n");
    daemon.cli(&["reload"]).ok();
    let after = exposed(&daemon);
    let one = |name| after.value(name, &[]).unwrap();
    assert_eq!(one("runwisp_config_last_reload_successful"), 1.0);
    let time = "runwisp_config_last_reload_success_timestamp_seconds";
    assert!(one(time) > figures.value(time, &[]).unwrap());
    // Units that left the plan are told of no more.
    assert_eq!(of(&after, "log_bytes_total", "good", None), None);
    assert_eq!(of(&after, "log_bytes_total", "other", None), Some(0.0));
}

/// Feeds a program and gives what it said and whether it liked it.
fn judged(mut command: Command, text: &str) -> (bool, String) {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn readers_of_others_understand_both_texts() {
    let daemon = Place::new(COUNTED).start();
    daemon.cli(&["run", "good"]).ok();
    daemon.wait_state("crash", 0, "fatal");
    // The machine has been looked at, so that every figure is there.
    get(&daemon, "/host");
    let (_, text) = ask(
        &daemon,
        "/metrics",
        "Accept: application/openmetrics-text\r\n",
    );
    let mut reference = Command::new(python());
    reference.args([
        "-c",
        "import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
         print(sum(len(family.samples) for family in read(sys.stdin.read())))",
    ]);
    let (liked, said) = judged(reference, &text);
    let samples = text.lines().filter(|line| !line.starts_with('#')).count();
    assert!(
        liked && said.trim() == samples.to_string(),
        "{said}\n{text}"
    );
    let Some(promtool) = promtool() else {
        return skip("needs promtool (`cargo xtask setup` gets it on Debian)");
    };
    let (_, text) = ask(&daemon, "/metrics", "Accept: text/plain\r\n");
    let mut command = Command::new(promtool);
    command.args(["check", "metrics"]);
    let (liked, said) = judged(command, &text);
    assert!(liked && said.is_empty(), "{said}\n{text}");
}

/// The rules of the manual's page are rules, and ask for what there is.
#[test]
fn the_rules_of_the_manual_ask_for_what_there_is() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks: Vec<&str> = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    let rules = blocks
        .iter()
        .find(|block| block.starts_with("groups:"))
        .unwrap();
    let place = Place::new(COUNTED);
    let daemon = place.start();
    let known = exposed(&daemon);
    let series = |word: &&str| word.starts_with("runwisp_") || word.starts_with("process_");
    let words = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    for word in words.filter(series) {
        let ends = ["_total", "_info", "_bucket", "_count", "_sum", ""];
        let family = ends.iter().find_map(|end| {
            known
                .types()
                .get(word.strip_suffix(end)?)
                .map(String::as_str)
        });
        assert!(family.is_some(), "{word} is asked for, but not told");
    }
    let Some(promtool) = promtool() else {
        return skip("needs promtool (`cargo xtask setup` gets it on Debian)");
    };
    std::fs::write(place.path("rules.yml"), rules).unwrap();
    let output = Command::new(promtool)
        .args(["check", "rules"])
        .arg(place.path("rules.yml"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said.contains("5 rules found"),
        "{said}{output:?}"
    );
}

/// The status of an answer over TCP, without a session or a token.
fn ask_tcp(port: u16, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// A port that nobody has at the moment.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn metrics_have_an_address_of_their_own_where_nothing_else_is() {
    let port = free_port();
    let config = |metrics: &str| format!("[daemon]\nmetrics = \"{metrics}\"\n{COUNTED}");
    let place = Place::new(&config("off"));
    let daemon = place.start();
    let status = |path: &str| ask_tcp(port, path).map(|(status, _)| status);
    // Somebody else listens there at first.
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    place.write_config(&config(&format!("127.0.0.1:{port}")));
    daemon.cli(&["reload"]).ok();
    daemon.wait("metrics to be a trouble", |status| {
        let warnings = status.0["daemon"]["warnings"].to_string();
        warnings.contains("metrics are not served").then_some(())
    });
    drop(taken);
    until("metrics to be served", || status("/metrics") == Some(200));
    let (_, text) = ask_tcp(port, "/metrics").unwrap();
    Exposition::parse(&text).unwrap();
    assert_eq!(status("/api/v1/status"), Some(404));
    assert_eq!(status("/"), Some(404));
    daemon.wait("metrics to be fine", |status| {
        let warnings = status.0["daemon"]["warnings"].to_string();
        (!warnings.contains("metrics")).then_some(())
    });
    place.write_config(&config("off"));
    daemon.cli(&["reload"]).ok();
    until("metrics to be gone", || status("/metrics").is_none());
}
