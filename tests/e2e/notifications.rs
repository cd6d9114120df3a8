//! Messages: a real daemon, real plugins, and servers that stand for the far sides.

use std::sync::Arc;

use runwisp_tests::servers::{Gate, HttpServer, MailServer, Reply, Request, Slack};
use runwisp_tests::{Daemon, Place};
use serde_json::Value;

/// A webhook at this address hears of all trouble; `bad` fails, `flip` fails until the file `fine` is there.
pub(crate) fn config(server: &HttpServer, notify: &str) -> String {
    format!(
        r#"
        [daemon]
        timezone = "UTC"
        external_url = "https://jobs.example.com"
        [notifiers.hook]
        type = "webhook"
        url = "{}"
        [notify]
        global_notifiers = ["inapp", "hook"]
        {notify}
        [tasks.bad]
        run = "echo to no avail; exit 3"
        [tasks.flip]
        run = "test -e fine"
        "#,
        server.url("/hook")
    )
}

/// What `deliveries` shows, newest first, with these further words.
pub(crate) fn deliveries(place: &Place, words: &[&str]) -> Vec<Value> {
    let words = [&["deliveries", "--json", "-n", "1000"], words].concat();
    let answer = place.cli(&words).ok().json();
    answer["deliveries"].as_array().unwrap().clone()
}

/// Waits until this many deliveries are in this state, and gives them, newest first.
#[track_caller]
pub(crate) fn wait_deliveries(daemon: &Daemon, state: &str, least: usize) -> Vec<Value> {
    daemon.wait(&format!("{least} deliveries to be {state}"), |_| {
        let found = deliveries(daemon, &["--state", state]);
        (found.len() >= least).then_some(found)
    })
}

pub(crate) fn outcomes(delivery: &Value) -> Vec<&str> {
    let attempts = delivery["attempts"].as_array().unwrap();
    attempts
        .iter()
        .map(|a| a["outcome"].as_str().unwrap())
        .collect()
}

/// The name by which a far side can tell a repeat.
pub(crate) fn id(request: &Request) -> String {
    request.header("webhook-id").unwrap().to_owned()
}

fn start(config: &str) -> (Arc<Place>, Daemon) {
    let place = Place::new(config);
    let daemon = place.start();
    (place, daemon)
}

#[test]
fn a_failure_reaches_people_with_all_that_is_known_and_its_end_answers_it() {
    let server = HttpServer::new();
    let (place, daemon) = start(&config(&server, ""));
    place.trigger("flip");
    let request = server.wait_requests(1).remove(0);
    let text = request.text();
    for part in [
        "run.failed",
        "flip failed",
        "exited 1",
        "https://jobs.example.com/runs/",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let told = wait_deliveries(&daemon, "delivered", 1).remove(0);
    assert_eq!(told["id"], id(&request));
    assert!(text.contains(told["event_id"].as_str().unwrap()), "{text}");
    assert_eq!(
        (&told["notifier"], &told["unit"], &told["kind"]),
        (&"hook".into(), &"flip".into(), &"run.failed".into())
    );
    assert_eq!(outcomes(&told), ["delivered"]);

    std::fs::write(place.path("fine"), "").unwrap();
    place.trigger("flip");
    let recovery = server.wait_requests(2).remove(1);
    assert!(
        recovery.text().contains("flip is well again"),
        "{}",
        recovery.text()
    );
    let recovered = wait_deliveries(&daemon, "delivered", 2).remove(0);
    assert_eq!(
        (&recovered["kind"], &recovered["answers"]),
        (&"run.recovered".into(), &told["id"])
    );

    let bell = place.cli(&["notifications", "--json"]).ok().json();
    assert_eq!(bell["unread"], 2);
    assert_eq!(bell["notifications"][1]["title"], "flip failed");
    let read = place
        .cli(&["notifications", "--read", "all", "--json"])
        .ok()
        .json();
    assert_eq!(read["unread"], 0);
}

#[test]
fn the_last_lines_of_output_are_in_the_message() {
    let server = HttpServer::new();
    let (place, _daemon) = start(&config(&server, ""));
    place.trigger("bad");
    let text = server.wait_requests(1).remove(0).text().to_owned();
    assert!(
        text.contains("to no avail") && text.contains("exited 3"),
        "{text}"
    );
}

#[test]
fn what_may_work_later_is_tried_again_by_the_same_id() {
    let server = HttpServer::new();
    server.next(Reply::new(429).header("retry-after", 1));
    server.next(Reply::hang_up());
    server.next(Reply::new(500).text("out of order"));
    let (place, daemon) = start(&config(&server, ""));
    place.trigger("bad");
    let requests = server.wait_requests(4);
    let ids: Vec<String> = requests.iter().map(id).collect();
    assert!(ids.iter().all(|other| *other == ids[0]), "{ids:?}");
    let told = wait_deliveries(&daemon, "delivered", 1).remove(0);
    assert_eq!(outcomes(&told), ["failed", "failed", "failed", "delivered"]);
    assert_eq!(daemon.runs(&["--unit", "bad"]).len(), 1);
}

#[test]
fn a_lasting_no_and_the_end_of_the_budget_are_told_by_the_bell() {
    let server = HttpServer::new();
    server.next(Reply::new(404).text("nobody here"));
    server.next(Reply::new(500));
    let (place, daemon) = start(&config(&server, "retry_budget = \"0s\""));
    place.trigger("bad");
    let rejected = wait_deliveries(&daemon, "rejected", 1).remove(0);
    assert_eq!(outcomes(&rejected), ["rejected"]);
    place.trigger("flip");
    let expired = wait_deliveries(&daemon, "expired", 1).remove(0);
    assert_eq!(outcomes(&expired), ["failed"]);
    let warnings = daemon.status().0["daemon"]["warnings"].to_string();
    assert!(
        warnings.contains("the notifier hook does not deliver"),
        "{warnings}"
    );
    let bell = place.cli(&["notifications", "--json"]).ok().json();
    let failed = bell["notifications"].as_array().unwrap().iter();
    let failed: Vec<_> = failed
        .filter(|n| n["kind"] == "notify.delivery_failed")
        .collect();
    assert_eq!((failed.len(), &failed[0]["count"]), (1, &2.into()));
}

#[test]
fn what_was_rejected_is_sent_once_more_by_hand() {
    let server = HttpServer::new();
    server.next(Reply::new(404).text("nobody here"));
    let (place, daemon) = start(&config(&server, ""));
    place.trigger("bad");
    let rejected = wait_deliveries(&daemon, "rejected", 1).remove(0);
    let name = rejected["id"].as_str().unwrap();
    let answer = place.cli(&["deliveries", "retry", name, "--json"]).ok();
    assert_eq!(answer.json()["id"], name);
    let requests = server.wait_requests(2);
    assert_eq!(id(&requests[0]), id(&requests[1]));
    let told = wait_deliveries(&daemon, "delivered", 1).remove(0);
    assert_eq!(told["id"], name);
    assert_eq!(outcomes(&told), ["rejected", "delivered"]);
    let again = place.cli(&["deliveries", "retry", name]).code(5);
    assert!(again.stderr.contains("has arrived"), "{}", again.stderr);
    place.cli(&["deliveries", "retry", "nothing"]).code(4);
    let audit = place.cli(&["audit", "--json"]).ok().json().to_string();
    assert!(audit.contains("delivery.retry"), "{audit}");
}

#[test]
fn repeats_are_folded_and_a_reload_lets_them_go() {
    let server = HttpServer::new();
    let (place, daemon) = start(&config(&server, "coalesce_limit = 4"));
    for count in 1..=11 {
        place.trigger("bad");
        daemon.wait_ended("bad", count);
    }
    // The first, then every fourth repeat.
    let told = wait_deliveries(&daemon, "delivered", 3);
    let folded: Vec<_> = told.iter().map(|d| d["folded"].as_u64().unwrap()).collect();
    assert_eq!(folded, [3, 3, 0]);
    place.write_config(&config(&server, "coalesce_limit = 5"));
    place.cli(&["reload"]).ok();
    let told = wait_deliveries(&daemon, "delivered", 4);
    assert_eq!(told[0]["folded"], 1);
    let bell = place.cli(&["notifications", "--json"]).ok().json();
    assert_eq!(bell["notifications"][0]["count"], 11);
}

#[test]
fn in_quiet_hours_messages_wait_and_then_go_out_folded() {
    let server = HttpServer::new();
    // All day but for one minute that has just passed, so that no test meets it.
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let minute = now.as_secs() / 60 % 1440;
    let time = |minute: u64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let quiet = format!(
        "coalesce_window = \"0s\"\nquiet_hours = [\"{}-{}\"]",
        time((minute + 1430) % 1440),
        time((minute + 1429) % 1440)
    );
    let (place, daemon) = start(&config(&server, &quiet));
    for count in 1..=3 {
        place.trigger("bad");
        daemon.wait_ended("bad", count);
    }
    let held = wait_deliveries(&daemon, "held", 1);
    assert_eq!((held.len(), &held[0]["folded"]), (1, &2.into()));
    assert_eq!(server.requests().len(), 0);
    place.write_config(&config(&server, "coalesce_window = \"0s\""));
    place.cli(&["reload"]).ok();
    wait_deliveries(&daemon, "delivered", 1);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_far_side_that_never_answers_holds_up_nobody() {
    let (server, slow, gate) = (HttpServer::new(), HttpServer::new(), Gate::new());
    slow.next_times(100, Reply::new(200).after(&gate));
    let mut text = config(&server, "coalesce_window = \"0s\"");
    text += &format!(
        "[notifiers.slow]\ntype = \"webhook\"\nurl = \"{}\"\n",
        slow.url("/")
    );
    text += "[[route]]\nnotifiers = [\"slow\"]\n";
    text += "[services.web]\nrun = \"exec sleep 600\"\nrestart_delay = \"10ms\"\nhealthy_after = \"10ms\"\n";
    let (place, daemon) = start(&text);
    daemon.wait_state("web", 0, "running");
    place.trigger("bad");
    slow.wait_requests(1);
    // The slow one has not answered, and will not: a service that dies is back, and others are told.
    let pid = daemon.status().pid("web", 0).unwrap();
    runwisp_tests::kill(pid, nix::sys::signal::Signal::SIGKILL);
    daemon.wait("web to be back", |status| {
        status.pid("web", 0).filter(|other| *other != pid)
    });
    let heard = server.wait_requests(2);
    assert!(
        heard
            .iter()
            .any(|request| request.text().contains("web failed"))
    );
    assert_eq!(
        deliveries(&daemon, &["--notifier", "slow", "--state", "delivered"]).len(),
        0
    );
    gate.open();
}

#[test]
fn a_recovery_stands_in_the_thread_of_the_failure() {
    let slack = Slack::new();
    let text = format!(
        "[notifiers.slack]\ntype = \"slack\"\ntoken = \"{}\"\nchannel = \"#alerts\"\napi_url = \"{}\"\n\
         [tasks.flip]\nrun = \"test -e fine\"\nnotify_on_failure = [\"slack\"]\n",
        slack.token(),
        slack.url("/api")
    );
    let (place, daemon) = start(&text);
    place.trigger("flip");
    wait_deliveries(&daemon, "delivered", 1);
    std::fs::write(place.path("fine"), "").unwrap();
    place.trigger("flip");
    let told = wait_deliveries(&daemon, "delivered", 2);
    let posts = slack.posts();
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[1].thread_ts.as_ref(), Some(&posts[0].ts));
    assert!(told[1]["receipt"].as_str().unwrap().contains(&posts[0].ts));
    assert_eq!(slack.mishaps(), Vec::<String>::new());
}

#[test]
fn mail_arrives() {
    let server = MailServer::plain();
    let text = format!(
        "[notifiers.mail]\ntype = \"email\"\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n\
         from = \"runwisp@example.com\"\nto = \"ops@example.com\"\n\
         [tasks.bad]\nrun = \"exit 3\"\nnotify_on_failure = [\"mail:dba@example.com\"]\n",
        server.port()
    );
    let (place, daemon) = start(&text);
    place.trigger("bad");
    let mail = server.wait_mail(1).remove(0);
    assert_eq!(mail.recipients, ["dba@example.com"]);
    let header = |name: &str| mail.header(name).unwrap();
    assert_eq!(header("x-runwisp-kind"), "run.failed");
    assert_eq!(header("x-runwisp-unit"), "bad");
    let told = wait_deliveries(&daemon, "delivered", 1).remove(0);
    assert_eq!(told["target"], "dba@example.com");
}

#[test]
fn a_route_has_its_own_words() {
    let server = HttpServer::new();
    let text = config(&server, "").replace("[\"inapp\", \"hook\"]", "[]")
        + "[[route]]\nevents = [\"run.started\"]\nunits = [\"b*\"]\nnotifiers = [\"hook\"]\n\
           template = \"{{ unit.name }} began by {{ run.trigger }}\"\n";
    let (place, daemon) = start(&text);
    place.trigger("flip");
    place.trigger("bad");
    let request = server.wait_requests(1).remove(0);
    assert!(
        request.text().contains("bad began by manual"),
        "{}",
        request.text()
    );
    daemon.wait_ended("bad", 1);
    daemon.wait_ended("flip", 1);
    assert_eq!(deliveries(&daemon, &[]).len(), 1);
}

#[test]
fn a_sample_shows_the_exchange_with_or_without_a_daemon() {
    let server = HttpServer::new();
    let text = config(&server, "").replace(
        "[notify]",
        "headers = { authorization = \"Bearer s3cr3t-t0ken\" }\n[notify]",
    );
    let (place, daemon) = start(&text);
    let by_daemon = place.cli(&["notify", "test", "hook", "--json"]).ok().json();
    assert_eq!(by_daemon["delivered"], true);
    let shown = by_daemon["exchange"].to_string();
    assert!(
        shown.contains("POST") && !shown.contains("s3cr3t"),
        "{shown}"
    );
    assert_eq!(deliveries(&place, &["--kind", "notify.test"]).len(), 1);
    server.next(Reply::new(410).text("gone, Bearer s3cr3t-t0ken"));
    let failed = place
        .cli(&["notify", "test", "hook", "--kind", "run.failed"])
        .code(1);
    assert!(!failed.stdout.contains("s3cr3t"), "{failed}");
    assert!(
        !place
            .cli(&["deliveries", "--json"])
            .stdout
            .contains("s3cr3t")
    );
    assert!(!daemon.log().contains("s3cr3t"));
    place.cli(&["notify", "test", "hok"]).code(4);
    assert!(daemon.stop().success());
    let alone = place.cli(&["notify", "test", "hook"]).ok();
    assert!(alone.stdout.contains("delivered"), "{alone}");
    place.cli(&["notify", "test", "hok"]).code(4);
    assert_eq!(server.requests().len(), 3);
}
