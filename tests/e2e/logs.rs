//! Kept output is read from either end, from a time on, as it comes, and across runs.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use runwisp_tests::{Place, fifo, poke};

fn with_hundred_lines() -> runwisp_tests::Daemon {
    let daemon = Place::new("[tasks.count]\nrun = \"seq 1 100\"\n").start();
    daemon.cli(&["run", "count"]).ok();
    daemon.wait_ended("count", 1);
    daemon
}

#[test]
fn from_either_end() {
    let daemon = with_hundred_lines();
    let lines = |n: &str| -> Vec<String> {
        let documents = daemon
            .cli(&["logs", "count", "-n", n, "--json"])
            .ok()
            .json_lines();
        let lines = documents
            .iter()
            .filter(|document| document["type"] == "line");
        lines
            .map(|line| format!("{}:{}", line["n"], line["text"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(lines("3"), ["98:98", "99:99", "100:100"]);
    assert_eq!(lines("+2"), ["1:1", "2:2"]);
    assert_eq!(lines("all").len(), 100);
    assert_eq!(lines("1000").len(), 100);
}

#[test]
fn from_a_time_on() {
    let daemon = with_hundred_lines();
    let count = |n: &str, since: &str| {
        let documents = daemon
            .cli(&["logs", "count", "-n", n, "--since", since, "--json"])
            .ok()
            .json_lines();
        documents
            .iter()
            .filter(|document| document["type"] == "line")
            .count()
    };
    for (n, since, expected) in [
        ("all", "1h", 100),
        ("7", "1h", 7),
        ("+7", "1h", 7),
        ("all", "2100-01-01T00:00:00Z", 0),
        ("7", "2100-01-01T00:00:00Z", 0),
        ("+7", "2100-01-01T00:00:00Z", 0),
    ] {
        assert_eq!(count(n, since), expected, "-n {n} --since {since}");
    }
}

#[test]
fn one_run_out_of_many_by_its_id() {
    let daemon = Place::new("[tasks.who]\nrun = \"echo $RUNWISP_RUN_ID\"\n").start();
    for _ in 0..3 {
        daemon.cli(&["run", "who"]).ok();
    }
    for row in daemon.wait_ended("who", 3) {
        let id = row["id"].as_str().unwrap();
        assert_eq!(daemon.texts(id), [id]);
    }
}

#[test]
fn as_it_comes_until_the_run_ends() {
    let place =
        Place::new("[tasks.slow]\nrun = \"echo first; read line < {dir}/fifo; echo second\"\n");
    fifo(&place.path("fifo"));
    let daemon = place.start();
    daemon.trigger("slow");
    let run = daemon
        .wait_state("slow", 0, "running")
        .run_id("slow", 0)
        .unwrap();
    let mut command = place.command();
    command
        .args(["logs", &run, "-f", "--json", "--data"])
        .arg(place.data())
        .stdout(Stdio::piped());
    let mut follower = command.spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(lines.next().unwrap().contains("\"first\""));
    poke(&place.path("fifo"));
    assert!(lines.next().unwrap().contains("\"second\""));
    let end = lines.next().unwrap();
    assert!(
        end.contains("\"end\"") && end.contains("\"succeeded\""),
        "{end}"
    );
    assert_eq!(
        lines.next(),
        None,
        "a run that has ended has no more to say"
    );
    assert!(follower.wait().unwrap().success());
}

#[test]
fn searched_across_runs_and_units() {
    let daemon = Place::new(
        r#"
        [tasks.one]
        run = "echo connection refused; echo fine"
        [tasks.two]
        run = "echo Connection reset >&2"
        "#,
    )
    .start();
    for unit in ["one", "two", "one"] {
        daemon.cli(&["run", unit]).ok();
    }
    let hits = |words: &[&str]| {
        let answer = daemon.cli(&[&["search", "--json"], words].concat());
        answer.stdout.matches("onnection re").count()
    };
    assert_eq!(hits(&["connection (refused|reset)"]), 2);
    assert_eq!(hits(&["-i", "connection (refused|reset)"]), 3);
    assert_eq!(hits(&["-i", "connection", "--unit", "two"]), 1);
    daemon.cli(&["search", "nowhere to be found"]).code(1);
    daemon.cli(&["search", "(unclosed"]).code(2);
}

#[test]
fn gone_with_the_runs_that_are_no_longer_kept() {
    let place = Place::new("[tasks.many]\nrun = \"echo $RUNWISP_RUN_ID\"\nkeep_runs = 2\n");
    let daemon = place.start();
    for n in 1..=5 {
        daemon.trigger("many");
        daemon.wait_ended("many", n);
    }
    // The sweep runs half a minute after the start: the one thing here that only time brings.
    let until = runwisp_tests::boot_clock() + std::time::Duration::from_secs(60);
    loop {
        let rows = daemon.runs(&["--unit", "many"]);
        if rows.len() == 2 {
            for row in rows {
                let id = row["id"].as_str().unwrap();
                assert_eq!(
                    daemon.texts(id),
                    [id],
                    "compressed by now, and read as before"
                );
            }
            return;
        }
        assert!(
            runwisp_tests::boot_clock() < until,
            "{} runs are kept",
            rows.len()
        );
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
}

#[test]
fn a_follower_stays_while_daemons_come_and_go_and_leaves_with_the_last() {
    let place = Place::new(
        r#"
        [services.count]
        run = ["{bad_child}", "count", "100"]
        [tasks.other]
        run = "echo other"
        "#,
    );
    let daemon = place.start();
    daemon.wait_state("count", 0, "running");
    let mut command = place.command();
    command
        .args([
            "logs", "count", "other", "-f", "-n", "all", "--json", "--data",
        ])
        .arg(place.data())
        .stdout(Stdio::piped());
    let mut follower = command.spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    let (mut last, mut others) = (0, 0);
    let mut read_on = |until: &dyn Fn(u64, u64) -> bool| {
        for item in lines.by_ref() {
            match (item["type"].as_str(), item["unit"].as_str()) {
                (Some("line"), Some("count")) => {
                    let n = item["n"].as_u64().unwrap();
                    assert_eq!(n, last + 1, "each line once and in order");
                    last = n;
                }
                (Some("line"), _) => others += 1,
                _ => {}
            }
            if until(last, others) {
                return true;
            }
        }
        false
    };
    assert!(read_on(&|last, _| last > 10));
    for restart in [true, false] {
        let old = daemon.status().daemon_pid();
        if restart {
            daemon.cli(&["restart"]).ok();
        } else {
            runwisp_tests::kill(old, nix::sys::signal::Signal::SIGKILL);
        }
        daemon.wait_daemon_after(old);
        daemon.trigger("other");
        let seen = 1 + u64::from(!restart);
        assert!(
            read_on(&|_, others| others == seen),
            "it hears of the new daemon's runs"
        );
    }
    daemon.stop();
    assert!(!read_on(&|_, others| others > 2), "nothing comes twice");
    assert!(follower.wait().unwrap().success());
}
