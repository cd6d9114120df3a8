//! Tasks run when they are due and when they are asked to, and every one of their runs has a row that says what came of it.

use std::fs;

use runwisp_tests::{Place, fifo, poke};
use serde_json::Value;

const FAILING: &str = "[tasks.fails]\nrun = \"echo out; echo err >&2; exit 3\"\n";

fn texts<'a>(rows: &'a [Value], key: &str) -> Vec<&'a str> {
    rows.iter()
        .map(|row| row[key].as_str().unwrap_or("null"))
        .collect()
}

#[test]
fn run_streams_a_task_and_exits_with_its_code() {
    let place = Place::new(FAILING);
    let daemon = place.start();
    let answer = daemon.cli(&["run", "fails"]).code(3);
    assert!(
        answer.stdout.contains("out") && !answer.stdout.contains("err"),
        "{answer}"
    );
    assert!(answer.stderr.contains("err"), "{answer}");
    let rows = daemon.wait_ended("fails", 1);
    assert_eq!(texts(&rows, "outcome"), ["failed"]);
    assert_eq!(texts(&rows, "trigger"), ["manual"]);
    assert_eq!(rows[0]["exit_code"], 3);
    let lines = daemon.lines("fails");
    let mut found: Vec<_> = lines
        .iter()
        .map(|line| (line.stream.as_str(), line.text.as_str()))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("stderr", "err"), ("stdout", "out")]);
}

#[test]
fn run_needs_no_daemon_and_leaves_its_row_all_the_same() {
    let place = Place::new(FAILING);
    place.cli(&["run", "fails"]).code(3);
    let daemon = place.start();
    let rows = daemon.wait_ended("fails", 1);
    assert_eq!(
        (texts(&rows, "outcome"), rows[0]["exit_code"].as_i64()),
        (vec!["failed"], Some(3))
    );
    assert_eq!(daemon.lines("fails").len(), 2);
}

#[test]
fn run_without_a_daemon_starts_nothing_else_and_touches_no_schedule() {
    let place = Place::new(
        r#"
        [tasks.hand]
        run = "exit 3"
        retry_attempts = 3
        on_failure = ["after"]
        [tasks.after]
        run = "touch {dir}/after"
        [tasks.first]
        run = "touch {dir}/first"
        run_on_start = true
        [tasks.tick]
        run = "true"
        cron = "* * * * * *"
        catch_up = 2
        [services.web]
        run = "touch {dir}/web; exec sleep 600"
        "#,
    );
    let daemon = place.start();
    daemon.wait_state("web", 0, "running");
    daemon.wait_ended("first", 1);
    daemon.wait_ended("tick", 1);
    assert!(daemon.stop().success());
    for name in ["web", "first"] {
        fs::remove_file(place.path(name)).unwrap();
    }
    let remembered = || {
        let history = rusqlite::Connection::open(place.data().join("runwisp.db")).unwrap();
        let mut all = history
            .prepare("SELECT unit || memory FROM memories ORDER BY unit")
            .unwrap();
        let all = all.query_map([], |row| row.get(0)).unwrap();
        all.collect::<Result<Vec<String>, _>>().unwrap()
    };
    let before = remembered();
    place.cli(&["run", "hand"]).code(3);
    assert_eq!(remembered(), before);
    for name in ["web", "first", "after"] {
        assert!(!place.path(name).exists(), "{name} was started");
    }
    let daemon = place.start();
    let rows = daemon.wait_ended("hand", 1);
    assert_eq!(texts(&rows, "outcome"), ["failed"]);
    daemon.wait_state("web", 0, "running");
}

#[test]
fn a_failed_run_is_tried_again_as_often_as_it_says_under_one_execution_id() {
    let place = Place::new(
        r#"
        [tasks.flaky]
        run = "echo attempt $RUNWISP_ATTEMPT; [ $RUNWISP_ATTEMPT = 3 ]"
        retry_attempts = 5
        retry_delay = "1ms"
        "#,
    );
    let daemon = place.start();
    daemon.trigger("flaky");
    let rows = daemon.wait_ended("flaky", 3);
    assert_eq!(texts(&rows, "outcome"), ["failed", "failed", "succeeded"]);
    assert_eq!(texts(&rows, "trigger"), ["manual", "retry", "retry"]);
    let attempts: Vec<_> = rows.iter().map(|row| row["attempt"].as_i64()).collect();
    assert_eq!(attempts, [Some(1), Some(2), Some(3)]);
    assert!(
        rows.iter().all(|row| row["execution_id"] == rows[0]["id"]),
        "{rows:#?}"
    );
    assert_eq!(daemon.texts(rows[1]["id"].as_str().unwrap()), ["attempt 2"]);
}

#[test]
fn what_takes_too_long_is_ended_and_called_a_timeout() {
    let place = Place::new("[tasks.long]\nrun = \"exec sleep 600\"\ntimeout = \"50ms\"\n");
    let daemon = place.start();
    daemon.trigger("long");
    let rows = daemon.wait_ended("long", 1);
    assert_eq!(
        (texts(&rows, "outcome"), rows[0]["signal"].as_i64()),
        (vec!["timeout"], Some(15))
    );
}

#[test]
fn overlap_queues_up_to_its_bound_and_then_says_that_the_queue_is_full() {
    let place = Place::new(
        r#"
        [tasks.slow]
        run = "read line < {dir}/fifo"
        max_queued = 1
        "#,
    );
    fifo(&place.path("fifo"));
    let daemon = place.start();
    daemon.trigger("slow");
    daemon.wait_state("slow", 0, "running");
    daemon.trigger("slow");
    daemon.cli(&["start", "slow", "--no-wait"]);
    let full = daemon.wait_runs("slow", "one that found the queue full", |runs| {
        runs.iter()
            .find(|run| run["outcome"] == "queue_full")
            .cloned()
    });
    assert_eq!(full["pid"], Value::Null);
    poke(&place.path("fifo"));
    daemon.wait_ended("slow", 2);
    poke(&place.path("fifo"));
    let rows = daemon.wait_ended("slow", 3);
    let mut outcomes = texts(&rows, "outcome");
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["queue_full", "succeeded", "succeeded"]);
}

#[test]
fn overlap_kill_ends_the_older_run() {
    let place = Place::new("[tasks.slow]\nrun = \"exec sleep 600\"\non_overlap = \"kill\"\n");
    let daemon = place.start();
    daemon.trigger("slow");
    daemon.wait_state("slow", 0, "running");
    daemon.trigger("slow");
    let rows = daemon.wait_ended("slow", 1);
    assert_eq!(rows[0]["outcome"], "stopped", "the older run");
    daemon.wait_runs("slow", "the newer one running", |runs| {
        (runs[0]["state"] == "running").then_some(())
    });
}

#[test]
fn ticks_that_find_the_task_busy_are_skipped_and_recorded() {
    let place = Place::new(
        r#"
        [tasks.tick]
        run = "exec sleep 600"
        cron = "* * * * * *"
        on_overlap = "skip"
        "#,
    );
    let daemon = place.start();
    let rows = daemon.wait_ended("tick", 2);
    let (first, others) = rows.split_first().unwrap();
    assert_eq!(first["state"], "running");
    let skipped: Vec<_> = others
        .iter()
        .filter(|row| row["outcome"] == "skipped")
        .collect();
    assert!(skipped.len() >= 2, "{others:#?}");
    let mut ticks: Vec<_> = skipped
        .iter()
        .map(|row| row["scheduled_at"].as_str().unwrap())
        .collect();
    ticks.dedup();
    assert_eq!(ticks.len(), skipped.len(), "every tick has exactly one row");
}

#[test]
fn a_due_tick_runs_once_and_says_which_tick_it_was() {
    let place =
        Place::new("[tasks.tick]\nrun = \"echo $RUNWISP_SCHEDULED_AT\"\ncron = \"* * * * * *\"\n");
    let daemon = place.start();
    let rows = daemon.wait_ended("tick", 3);
    let mut ticks = texts(&rows, "scheduled_at");
    assert!(ticks.iter().all(|tick| *tick != "null"), "{rows:#?}");
    let count = ticks.len();
    ticks.sort_unstable();
    ticks.dedup();
    assert_eq!(ticks.len(), count, "a tick ran twice: {rows:#?}");
    assert_eq!(texts(&rows[..3], "trigger"), ["schedule"; 3]);
    assert_eq!(daemon.texts(rows[0]["id"].as_str().unwrap()).len(), 1);
}

/// Ticks are missed by time passing, and only what is more than a minute old was missed. So what is remembered of the
/// task is made older, and its rows since then go.
fn away_for_ten_minutes(place: &Place) {
    let history = rusqlite::Connection::open(place.data().join("runwisp.db")).unwrap();
    let changed = history.execute(
        "UPDATE memories SET memory = json_set(memory,
            '$.ticked_until', strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-10 minutes'),
            '$.known_since', strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-20 minutes'))",
        [],
    );
    assert_eq!(changed, Ok(1));
    history.execute("DELETE FROM runs", []).unwrap();
}

#[test]
fn missed_ticks_are_made_up_for_as_often_as_allowed_and_the_rest_is_one_row() {
    let place = Place::new("[tasks.tick]\nrun = \"true\"\ncron = \"* * * * * *\"\ncatch_up = 2\n");
    let daemon = place.start();
    daemon.wait_ended("tick", 1);
    assert!(daemon.stop().success());
    away_for_ten_minutes(&place);
    let daemon = place.start();
    let rows = daemon.wait_runs("tick", "two made up for and one missed", |runs| {
        let made_up = runs
            .iter()
            .filter(|run| run["trigger"] == "catch_up" && run["state"] == "ended");
        let missed = runs.iter().any(|run| run["outcome"] == "missed");
        (made_up.count() == 2 && missed).then(|| runs.to_vec())
    });
    let missed: Vec<_> = rows
        .iter()
        .filter(|row| row["outcome"] == "missed")
        .collect();
    assert_eq!(missed.len(), 1, "{rows:#?}");
    let words = missed[0]["message"].as_str().unwrap_or_default();
    assert!(
        words.chars().any(|c| c.is_ascii_digit()),
        "it says how many: {words:?}"
    );
}

#[test]
fn a_task_triggers_those_that_follow_it() {
    let place = Place::new(
        r#"
        [tasks.good]
        run = "true"
        on_success = ["after-good"]
        on_failure = ["never"]
        [tasks.bad]
        run = "false"
        on_failure = ["after-bad"]
        [tasks.after-good]
        run = "true"
        [tasks.after-bad]
        run = "true"
        [tasks.never]
        run = "true"
        "#,
    );
    let daemon = place.start();
    daemon.trigger("good");
    daemon.trigger("bad");
    for unit in ["after-good", "after-bad"] {
        assert_eq!(
            texts(&daemon.wait_ended(unit, 1), "trigger"),
            ["chain"],
            "{unit}"
        );
    }
    assert_eq!(daemon.runs(&["--unit", "never"]).len(), 0);
}

#[test]
fn run_on_start_boot_runs_once_per_boot_and_true_once_per_start() {
    let place = Place::new(
        r#"
        [tasks.boot]
        run = "true"
        run_on_start = "boot"
        [tasks.start]
        run = "true"
        run_on_start = true
        "#,
    );
    for starts in 1..=3 {
        let daemon = place.start();
        assert_eq!(daemon.wait_ended("start", starts).len(), starts);
        assert_eq!(daemon.wait_ended("boot", 1).len(), 1);
        assert!(daemon.stop().success());
    }
}

#[test]
fn a_line_that_must_not_be_printed_fails_the_run() {
    let place = Place::new(
        "[tasks.backup]\nrun = \"echo 'ERROR: half done'\"\nfail_on_output = [\"^ERROR\"]\n",
    );
    let daemon = place.start();
    daemon.trigger("backup");
    let rows = daemon.wait_ended("backup", 1);
    assert_eq!(
        (texts(&rows, "outcome"), rows[0]["exit_code"].as_i64()),
        (vec!["failed"], Some(0))
    );
    assert!(
        rows[0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("ERROR")),
        "{:#}",
        rows[0]
    );
}

#[test]
fn secrets_never_reach_the_log_nor_any_file() {
    let place = Place::new(
        r#"
        [tasks.leaky]
        run = "echo token $TOKEN end; echo $TOKEN >&2"
        secrets = { TOKEN = "s3cr3t-f0r-nobody" }
        "#,
    );
    let daemon = place.start();
    daemon.trigger("leaky");
    let rows = daemon.wait_ended("leaky", 1);
    assert_eq!(texts(&rows, "outcome"), ["succeeded"]);
    let lines = daemon.texts("leaky");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("token ") && line.ends_with(" end")),
        "{lines:?}"
    );
    let log = fs::read(place.log_file(rows[0]["id"].as_str().unwrap())).unwrap();
    assert!(
        !String::from_utf8_lossy(&log).contains("s3cr3t"),
        "the log holds the secret"
    );
    assert!(!daemon.cli(&["status", "--json"]).stdout.contains("s3cr3t"));
}
