//! What is asked about many runs, and done with them; parameters and keys of requests.

use runwisp_core::words::run::{Outcome, RunState};
use serde_json::json;

use super::world::{World, run};

fn ended(n: u64, unit: &str, outcome: Outcome) -> runwisp_core::words::run::RunRecord {
    let mut row = run(n, unit, RunState::Ended);
    row.outcome = Some(outcome);
    row
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused_by_name() {
    let world = World::start().await;
    for query in [
        "kind=thing",
        "state=ended,gone",
        "outcome=great",
        "trigger=moon",
        "exit_code=300",
        "exit_code=a-b",
        "execution_id=xyz",
        "cursor=xyz",
        "sort=colour",
        "instance=-1",
        "retries=maybe",
        "until=tomorrow",
    ] {
        let path = format!("/api/v1/runs?{query}");
        let (status, answer) = world.raw("GET", &path, "").await;
        assert_eq!((status, &answer["code"]), (400, &json!("request.invalid")));
        let name = query.split('=').next().unwrap();
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains(name), "{query}: {message}");
    }
    let long = format!("/api/v1/runs?q={}", "x".repeat(300));
    assert_eq!(world.raw("GET", &long, "").await.0, 400);
}

#[tokio::test]
async fn runs_are_deleted_and_brought_back() {
    let world = World::start().await;
    let (first, second) = (
        ended(1, "backup", Outcome::Succeeded),
        ended(2, "backup", Outcome::Failed),
    );
    let active = run(3, "web", RunState::Running);
    let ids = [first.id, second.id, active.id].map(|id| id.to_string());
    for row in [first, second, active] {
        world.keep(row, &[]);
    }
    let bulk = |body: serde_json::Value| {
        let world = &world;
        async move {
            let (status, answer) = world
                .raw("POST", "/api/v1/runs/bulk", &body.to_string())
                .await;
            assert_eq!(status, 200, "{answer}");
            answer
        }
    };
    let answer = bulk(json!({"action": "delete", "filter": {}, "except": [ids[0]]})).await;
    assert_eq!(answer["affected"], 1);
    assert_eq!(answer["skipped"][0]["id"], ids[2]);
    let (_, list) = world.raw("GET", "/api/v1/runs?count=true", "").await;
    assert_eq!(
        (list["runs"].as_array().unwrap().len(), &list["total"]),
        (2, &json!(2))
    );
    let answer = bulk(json!({"action": "restore", "ids": [ids[1], ids[0]]})).await;
    assert_eq!(
        (&answer["affected"], &answer["skipped"][0]["id"]),
        (&json!(1), &json!(ids[0]))
    );
    let (status, _) = world
        .raw("DELETE", &format!("/api/v1/runs/{}", ids[1]), "")
        .await;
    assert_eq!(status, 200);
    let (_, answer) = world
        .raw("DELETE", &format!("/api/v1/runs/{}", ids[2]), "")
        .await;
    assert_eq!(answer["code"], "run.active");
    let answer = bulk(json!({"action": "rerun", "ids": [ids[0]]})).await;
    assert_eq!(
        (
            &answer["affected"],
            answer["runs"].as_array().unwrap().len()
        ),
        (&json!(1), 1)
    );
    for body in [
        json!({"action": "restore", "filter": {}}),
        json!({"action": "delete"}),
        json!({"action": "delete", "ids": [], "filter": {}}),
        json!({"action": "delete", "filter": {"limit": 3}}),
        json!({"action": "delete", "filter": {"unti": "x"}}),
        json!({"action": "explode", "ids": []}),
    ] {
        let (status, _) = world
            .raw("POST", "/api/v1/runs/bulk", &body.to_string())
            .await;
        assert_eq!(status, 400, "{body}");
    }
}

#[tokio::test]
async fn a_summary_says_how_runs_ended() {
    let world = World::start().await;
    world.keep(ended(1, "backup", Outcome::Succeeded), &[]);
    world.keep(ended(2, "backup", Outcome::OomKilled), &[]);
    world.keep(ended(3, "backup", Outcome::Stopped), &[]);
    world.keep(run(4, "web", RunState::Running), &[]);
    let (_, answer) = world.raw("GET", "/api/v1/runs/summary", "").await;
    let numbers = ["succeeded", "failed", "other", "running"].map(|key| answer[key].clone());
    assert_eq!(numbers, [json!(1), json!(1), json!(1), json!(1)]);
    assert_eq!(answer["by_outcome"]["oom_killed"], 1);
    assert_eq!(answer["last_failure"]["outcome"], "oom_killed");
}

#[tokio::test]
async fn parameters_are_those_that_the_task_declares() {
    let world = World::start().await;
    let ask = |params: serde_json::Value| {
        let world = &world;
        async move {
            let body = json!({ "params": params }).to_string();
            world.raw("POST", "/api/v1/tasks/typed/run", &body).await.1
        }
    };
    let answer = ask(json!({"TARGET": "none", "N": "x", "OTHER": "1"})).await;
    assert_eq!(
        (&answer["code"], &answer["status"]),
        (&json!("request.params"), &json!(400))
    );
    let message = answer["message"].as_str().unwrap();
    for part in [
        "OTHER is not declared",
        "TARGET has to be one of all, some",
        "N has to be a number",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let large = "x".repeat(20_000);
    assert_eq!(
        ask(json!({"TARGET": large})).await["code"],
        "request.params"
    );
    // Who can't give any does not get past what is required.
    for verb in ["start", "restart"] {
        let path = format!("/api/v1/units/typed/{verb}");
        let (_, answer) = world.raw("POST", &path, "").await;
        assert_eq!(answer["code"], "request.params", "{answer}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains("TARGET is required"), "{message}");
    }
    assert_eq!(ask(json!({"TARGET": "all"})).await["changed"], true);
    assert!(
        world
            .commands()
            .join("\n")
            .contains(r#"[("TARGET", "all")]"#)
    );
}

#[tokio::test]
async fn a_key_is_good_for_one_request() {
    let world = World::start().await;
    let ask = |key: &str, body: &str| {
        let head = format!(
            "POST /api/v1/tasks/backup/run HTTP/1.1\r\nhost: x\r\nidempotency-key: {key}\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let world = &world;
        async move { world.send(&head).await }
    };
    let body = r#"{"params":{"a":"1"}}"#;
    let (status, first) = ask("k1", body).await;
    assert_eq!((status, &first["changed"]), (200, &json!(true)));
    let (_, again) = ask("k1", body).await;
    assert_eq!(
        (&again["runs"], &again["changed"]),
        (&first["runs"], &json!(false))
    );
    let (status, other) = ask("k1", r#"{"params":{"a":"2"}}"#).await;
    assert_eq!(
        (status, &other["code"]),
        (409, &json!("request.idempotency"))
    );
    let (status, _) = ask(&"k".repeat(300), body).await;
    assert_eq!(status, 400);
    let runs = world
        .commands()
        .iter()
        .filter(|c| c.starts_with("Run"))
        .count();
    assert_eq!(runs, 1);
}
