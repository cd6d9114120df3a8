//! Server-sent events, and pages of output, as a browser asks for them.

use runwisp_core::words::run::{Outcome, RunState};
use serde_json::json;

use super::world::{World, run};

const SSE: &str = "accept: text/event-stream\r\n";

#[tokio::test]
async fn a_run_s_output_is_resumed_after_the_last_line_that_was_seen() {
    let world = World::start().await;
    let row = run(7, "backup", RunState::Ended);
    let path = format!("/api/v1/runs/{}/log/stream", row.id);
    world.keep(row, &["one", "two", "three"]);
    let heard = world.hear(&path, SSE, "event: end").await;
    assert!(heard.contains("content-type: text/event-stream"), "{heard}");
    let ids: Vec<&str> = heard
        .lines()
        .filter_map(|l| l.strip_prefix("id: "))
        .collect();
    assert_eq!(ids.len(), 3);
    let resume = format!("{SSE}last-event-id: {}\r\n", ids[1]);
    let heard = world.hear(&path, &resume, "event: end").await;
    assert!(!heard.contains("two") && heard.contains("three"), "{heard}");
    let heard = world
        .hear(&format!("{path}?tail=1"), SSE, "event: end")
        .await;
    assert!(!heard.contains("two") && heard.contains("three"), "{heard}");
}

#[tokio::test]
async fn a_line_is_told_when_it_is_printed() {
    let world = World::start().await;
    let row = run(7, "backup", RunState::Running);
    let (id, path) = (row.id, format!("/api/v1/runs/{}/log/stream", row.id));
    world.keep(row, &["one"]);
    let first = world.hear(&path, SSE, "one");
    let both = async {
        let heard = world.hear(&path, SSE, "event: end").await;
        assert!(heard.contains("later"), "{heard}");
    };
    let goes_on = async {
        first.await;
        world.print(id, "later");
        world.end(id, Outcome::Succeeded);
    };
    tokio::join!(both, goes_on);
}

#[tokio::test]
async fn events_have_names_and_ids_and_are_resumed() {
    let world = World::start().await;
    for seq in 1..=3 {
        world.remember_event(seq);
    }
    let resume = format!("{SSE}last-event-id: 1\r\n");
    let heard = world.hear("/api/v1/events", &resume, "\"seq\":3").await;
    assert!(
        heard.contains("id: 2\nevent: daemon_stopping\ndata: {"),
        "{heard}"
    );
    assert!(!heard.contains("gap"), "{heard}");
    // Who comes for the first time is told where to come back to.
    let heard = world.hear("/api/v1/events", SSE, "event: ping").await;
    assert!(heard.contains("id: 3\nevent: ping"), "{heard}");
}

#[tokio::test]
async fn a_reader_whose_place_is_no_longer_kept_is_told_of_the_gap() {
    let world = World::start().await;
    world.remember_event(8);
    world.remember_event(9);
    let heard = world.hear("/api/v1/events?after=3", SSE, "id: 9").await;
    let (gap, event) = (heard.find("event: gap"), heard.find("id: 8"));
    assert!(gap.is_some() && gap < event, "{heard}");
    assert!(heard.contains("\"missed\":4"), "{heard}");
    // Another history, whose numbers began anew.
    let heard = world
        .hear("/api/v1/events?after=700", SSE, "event: gap")
        .await;
    assert!(!heard.contains("id: 9"), "{heard}");
    let (status, answer) = world.raw("GET", "/api/v1/events?after=x", "").await;
    assert_eq!((status, &answer["code"]), (400, &json!("request.invalid")));
}

#[tokio::test]
async fn a_page_begins_at_any_line_and_says_how_many_there_are() {
    let world = World::start().await;
    let row = run(7, "backup", RunState::Ended);
    let path = format!("/api/v1/runs/{}/log", row.id);
    world.keep(row, &["one", "two", "two more", "four"]);
    let (_, page) = world
        .raw("GET", &format!("{path}?from=2&limit=2"), "")
        .await;
    assert_eq!(page["lines"][0]["text"], "two");
    assert_eq!(page["total_lines"], json!(null));
    let next = page["next"].as_str().unwrap();
    let (_, page) = world.raw("GET", &format!("{path}?at={next}"), "").await;
    assert_eq!(page["lines"][0]["text"], "four");
    assert_eq!(page["total_lines"], 4);
    let (_, found) = world
        .raw("GET", &format!("{path}/search?q=two&limit=1"), "")
        .await;
    assert_eq!(
        (&found["hits"][0]["n"], &found["next"]),
        (&json!(2), &json!(2))
    );
    let (_, found) = world
        .raw("GET", &format!("{path}/search?q=two&after=2"), "")
        .await;
    assert_eq!(
        (&found["hits"][0]["n"], &found["next"]),
        (&json!(3), &json!(null))
    );
    let (status, _) = world.raw("GET", &format!("{path}?from=2&tail=2"), "").await;
    assert_eq!(status, 400);
}
