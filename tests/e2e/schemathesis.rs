//! The description of the API is true: a program that knows nothing but it asks everything that it says may be asked, and
//! much that it says may not, and is never surprised by an answer.

use std::fs;
use std::path::Path;
use std::process::Command;

use runwisp_tests::{Place, Web, python};
use serde_json::Value;

const CONFIG: &str = r#"
[daemon]
listen = "127.0.0.1:0"
[services.web]
run = "exec sleep 600"
[services.pair]
run = "exec sleep 600"
instances = 2
[tasks.job]
run = "echo done"
cron = "0 3 * * *"
hook_tokens = ["0123456789abcdef0123456789abcdef"]
[tasks.report]
run = "echo $DAY $FORMAT"
params = [{ env = "DAY", required = true }, { env = "FORMAT", default = "csv" }]
"#;

/// Who asks to wait for a millisecond is told by 504 that this was not enough; no other fault of the server's will do.
/// Names of tasks are in no answer by that name, so that one is given where nothing else can be asked.
const RULES: &str = r#"
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 504]
[[operations]]
include-operation-id = "run_task"
parameters = { name = "job" }
[[operations]]
include-operation-id = "explain_task"
parameters = { task = "job" }
"#;

/// What is not asked, each for its reason.
const LEFT_OUT: [&str; 7] = [
    // They end the daemon that is asked.
    "stop_daemon",
    "restart_daemon",
    "upgrade_daemon",
    // Their answers are streams, which end with the client.
    "follow_events",
    "follow_logs",
    "stream_log",
    // It finds the token that asks in the list of tokens, and revokes it; asked last, with a token of its own.
    REVOKE,
];
const REVOKE: &str = "revoke_token";

/// The check that is left out: rules between fields, such as that `from` and `tail` exclude each other, and the form of
/// what only this API gives out, such as a `cursor`, are beyond a schema, so what fits the schema may be refused.
const UNCHECKED: &str = "positive_data_acceptance";

/// Asks with these further arguments. Panics with all that was found if that is anything; gives the report.
#[track_caller]
fn ask(place: &Place, web: &Web, report: &str, words: &[String]) -> Value {
    let secret = place.cli(&["token", "create", report, "--scope", "admin"]);
    let secret = secret.ok().stdout.trim().to_owned();
    let folder = place.path(report);
    fs::create_dir(&folder).unwrap();
    let rules = folder.join("rules.toml");
    fs::write(&rules, RULES).unwrap();
    let report = folder.join("report.json");
    let base = format!("http://{}", web.address);
    let mut command = Command::new(python().with_file_name("schemathesis"));
    command
        .current_dir(&folder)
        .arg("--config-file")
        .arg(&rules)
        .args(["run", "--no-color", "--checks", "all"])
        .args(["--exclude-checks", UNCHECKED])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", "10", "--seed", "1", "--no-shrink"])
        .args(["--generation-database", "none", "--continue-on-failure"])
        .args(["--request-timeout", "30", "--url", &base])
        .args(["--header", &format!("Authorization: Bearer {secret}")])
        .arg("--report-json-path")
        .arg(&report)
        .args(words)
        .arg(format!("{base}/openapi.json"));
    let out = command.output().unwrap();
    assert!(
        out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    read(&report)
}

fn read(report: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap()
}

#[test]
fn what_the_description_says_is_true_of_every_answer() {
    let daemon = Place::new(CONFIG).start_serving();
    let status = daemon.status();
    let (web, pid) = (Web::of(&status), status.daemon_pid());
    let kept = daemon.cli(&["token", "create", "kept", "--scope", "read"]);
    let kept = format!("authorization: Bearer {}", kept.ok().stdout.trim());
    // Something to be found.
    daemon.cli(&["run", "job"]).ok();

    let but = LEFT_OUT.map(|id| format!("--exclude-operation-id={id}"));
    let report = ask(&daemon, &web, "most", &but);
    let number = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap();
    let all = number("/operations/total");
    assert_eq!(
        number("/operations/tested"),
        all - LEFT_OUT.len() as u64,
        "{report:#}"
    );
    // Whoever asks was let in to the end.
    let tokens = daemon.cli(&["token", "list", "--json"]).ok().json();
    let tokens = tokens["tokens"].as_array().unwrap();
    assert!(tokens.iter().any(|token| token["name"] == "most"));
    let told = web.ask("GET", "/api/v1/session", &[&kept], "");
    assert_eq!(told.status, 200, "{told:?}");

    let rest = ask(
        &daemon,
        &web,
        "rest",
        &[format!("--include-operation-id={REVOKE}")],
    );
    assert_eq!(rest["operations"]["tested"], 1, "{rest:#}");
    assert_eq!(daemon.status().daemon_pid(), pid);
}
