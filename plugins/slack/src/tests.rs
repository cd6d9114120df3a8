//! Against a Slack made of closures, which answers as its documentation says.

use super::*;
use proptest::prelude::*;
use runwisp_plugin::http::{Error, Response};
use runwisp_plugin::testing::{
    Host, answer, answer_json, description_faults, documented_settings, golden_schema, sample,
};
use serde_json::json;

const WEBHOOK: &str = r#"{"webhook_url": "https://hooks.slack.com/services/T0/B0/S3CRET"}"#;
const BOT: &str = r##"{"token": "xoxb-S3CRET", "channel": "#ops"}"##;

fn posted(host: &Host, place: usize) -> Value {
    let request = &host.requests()[place];
    serde_json::from_slice(request.body.as_ref().unwrap()).unwrap()
}

fn context(target: Option<&str>, text: Option<&str>, answers: Option<&str>) -> Context {
    Context {
        target: target.map(String::from),
        text: text.map(String::from),
        answers: answers.map(String::from),
        ..Context::default()
    }
}

fn posts_ok() -> Host {
    Host::new().on_http(|_| answer_json(200, &json!({"ok": true, "channel": "C1", "ts": "17.5"})))
}

#[test]
fn it_describes_itself_soundly() {
    assert_eq!(description_faults(&Slack::describe()), Vec::<String>::new());
}

#[test]
fn its_page_lists_its_settings() {
    let page = "../../docs/notifiers/slack.md";
    documented_settings(
        &Slack::describe(),
        format!("{}/{page}", env!("CARGO_MANIFEST_DIR")),
    );
}

#[test]
fn golden_schema_is_that_of_the_settings() {
    golden_schema::<Settings>(concat!(env!("CARGO_MANIFEST_DIR"), "/settings.schema.json"));
}

#[test]
fn a_webhook_gets_header_sentence_output_context_and_button() {
    let host = Host::new().answering(200, "ok");
    let receipt = host
        .deliver::<Slack>(WEBHOOK, &sample("run.failed"))
        .unwrap();
    assert_eq!(receipt, Receipt::default());
    let request = &host.requests()[0];
    assert_eq!(request.method, "POST");
    assert_eq!(
        posted(&host, 0)["blocks"],
        json!([
            {"type": "header", "text": {"type": "plain_text", "text": "🔴 backup failed", "emoji": true}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "The task backup failed after 1m3s: exited 2. It has failed 3 times in a row."}},
            {"type": "section", "text": {"type": "mrkdwn", "text":
                "```\ndumping database site\nzstd: /backup/site.zst: No space left on device &lt;disk full &amp; \"done\"&gt;\n```"}},
            {"type": "context", "elements": [{"type": "mrkdwn", "verbatim": true, "text":
                "started by: schedule\nweb-1 · 2026-11-24 13:32:22 CET"}]},
            {"type": "actions", "elements": [{"type": "button", "action_id": "open",
                "text": {"type": "plain_text", "text": "Open"}, "url": "https://ops.example.com/runs/01JRUN"}]},
        ])
    );
    assert!(
        posted(&host, 0)["text"]
            .as_str()
            .unwrap()
            .starts_with("🔴 backup failed\n")
    );
    assert!(posted(&host, 0).get("channel").is_none());
}

#[test]
fn a_bot_posts_to_its_channel_or_to_the_target_and_remembers_where() {
    let host = posts_ok();
    let receipt = host.deliver::<Slack>(BOT, &sample("run.failed")).unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("C1/17.5"));
    let request = &host.requests()[0];
    assert_eq!(request.url, "https://slack.com/api/chat.postMessage");
    assert!(
        request
            .headers
            .contains(&("authorization".into(), "Bearer xoxb-S3CRET".into()))
    );
    assert_eq!(posted(&host, 0)["channel"], "#ops");
    assert_eq!(posted(&host, 0)["unfurl_links"], false);
    host.deliver_with::<Slack>(
        BOT,
        &sample("notify.test"),
        &context(Some("C9"), None, None),
    )
    .unwrap();
    assert_eq!(posted(&host, 1)["channel"], "C9");
}

#[test]
fn a_recovery_answers_in_the_thread_of_the_failure() {
    let host = posts_ok();
    let settings = r##"{"token": "x", "channel": "#ops", "broadcast": true}"##;
    let recovered = sample("run.recovered");
    host.deliver_with::<Slack>(settings, &recovered, &context(None, None, Some("C1/16.2")))
        .unwrap();
    let sent = posted(&host, 0);
    assert_eq!(
        (&sent["channel"], &sent["thread_ts"]),
        (&json!("C1"), &json!("16.2"))
    );
    assert_eq!(sent["reply_broadcast"], true);
    let settings = r##"{"token": "x", "channel": "#ops", "thread": false}"##;
    host.deliver_with::<Slack>(settings, &recovered, &context(None, None, Some("C1/16.2")))
        .unwrap();
    assert!(posted(&host, 1).get("thread_ts").is_none());
}

#[test]
fn a_thread_that_is_gone_costs_the_thread_and_disliked_blocks_the_blocks() {
    let host = Host::new().on_http(|request| {
        let sent: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
        let error = match (sent.get("thread_ts"), sent.get("blocks")) {
            (Some(_), _) => "thread_not_found",
            (None, Some(_)) => "invalid_blocks",
            (None, None) => {
                return answer_json(200, &json!({"ok": true, "channel": "C1", "ts": "1"}));
            }
        };
        answer_json(200, &json!({"ok": false, "error": error}))
    });
    let outcome = host.deliver_with::<Slack>(
        BOT,
        &sample("run.recovered"),
        &context(None, None, Some("C1/16.2")),
    );
    assert!(outcome.is_ok());
    assert_eq!(host.requests().len(), 3);
    let host = Host::new().on_http(|request| {
        let body = String::from_utf8_lossy(request.body.as_ref().unwrap()).into_owned();
        match body.contains("\"blocks\"") {
            true => answer(400, "invalid_blocks"),
            false => answer(200, "ok"),
        }
    });
    assert!(
        host.deliver::<Slack>(WEBHOOK, &sample("run.failed"))
            .is_ok()
    );
}

#[test]
fn everybody_who_should_be_is_called_when_something_failed_and_only_then() {
    let settings =
        r##"{"token": "x", "channel": "C1", "mention": ["@here", "U012AB3CD", "S0614TZR7"]}"##;
    let host = posts_ok();
    host.deliver::<Slack>(settings, &sample("run.failed"))
        .unwrap();
    let section = posted(&host, 0)["blocks"][1]["text"]["text"].clone();
    assert!(
        section
            .as_str()
            .unwrap()
            .starts_with("<!here> <@U012AB3CD> <!subteam^S0614TZR7> The task backup failed")
    );
    host.deliver::<Slack>(settings, &sample("run.recovered"))
        .unwrap();
    assert!(!posted(&host, 1).to_string().contains("<!here>"));
}

#[test]
fn the_text_of_a_route_calls_nobody_and_stands_alone() {
    let host = posts_ok();
    let text = "look <!channel>\nnow";
    host.deliver_with::<Slack>(BOT, &sample("run.failed"), &context(None, Some(text), None))
        .unwrap();
    let sent = posted(&host, 0);
    assert_eq!(
        sent["blocks"][0]["text"]["text"],
        "🔴 look &lt;!channel&gt;\nnow"
    );
    assert_eq!(sent["blocks"].as_array().unwrap().len(), 3);
}

#[test]
fn templates_are_markup_and_their_values_are_not() {
    let settings = json!({
        "token": "x", "channel": "C1",
        "title": "{{ unit.name }} & co",
        "text": "*{{ cause }}* `{{ tail | last }}` <https://x.test|more>",
    });
    let host = posts_ok();
    host.deliver::<Slack>(&settings.to_string(), &sample("run.failed"))
        .unwrap();
    let blocks = posted(&host, 0)["blocks"].clone();
    assert_eq!(blocks[0]["text"]["text"], "backup & co");
    assert_eq!(
        blocks[1]["text"]["text"],
        "*exited 2* `zstd: /backup/site.zst: No space left on device &lt;disk full &amp; \"done\"&gt;` <https://x.test|more>"
    );
    assert_eq!(blocks[2]["type"], "context");
}

/// What the failure is, by its first letter, and its text.
fn outcome(settings: &str, response: Result<Response, Error>) -> (char, String, Option<u32>) {
    let host = Host::new().on_http(move |_| response.clone());
    let failure = host
        .deliver::<Slack>(settings, &sample("run.failed"))
        .unwrap_err();
    let message = failure.message().to_string();
    assert!(!message.contains("S3CRET"), "{message}");
    match failure {
        Failure::Config(_) => ('c', message, None),
        Failure::Rejected(_) => ('r', message, None),
        Failure::Retry(later) => ('l', message, later.after_seconds),
    }
}

#[test]
fn each_answer_of_a_webhook_means_what_slack_says() {
    for (status, word, kind) in [
        (400, "invalid_payload", 'r'),
        (400, "user_not_found", 'c'),
        (403, "action_prohibited", 'c'),
        (403, "invalid_token", 'c'),
        (404, "no_service", 'c'),
        (404, "channel_not_found", 'c'),
        (410, "channel_is_archived", 'c'),
        (500, "rollup_error", 'l'),
        (503, "", 'l'),
        (302, "", 'c'),
    ] {
        assert_eq!(
            outcome(WEBHOOK, answer(status, word)).0,
            kind,
            "{status} {word}"
        );
    }
    let limited = answer(429, "rate_limited").map(|answer| answer.with_header("Retry-After", "30"));
    let (kind, message, after) = outcome(WEBHOOK, limited);
    assert_eq!((kind, after), ('l', Some(30)));
    assert_eq!(message, "the server answered 429: rate_limited");
}

#[test]
fn each_error_of_the_method_means_what_slack_says() {
    for (error, kind) in [
        ("invalid_auth", 'c'),
        ("token_revoked", 'c'),
        ("missing_scope", 'c'),
        ("channel_not_found", 'c'),
        ("not_in_channel", 'c'),
        ("is_archived", 'c'),
        ("restricted_action_read_only_channel", 'c'),
        ("ratelimited", 'l'),
        ("internal_error", 'l'),
        ("msg_too_long", 'r'),
        ("something_new", 'r'),
    ] {
        let told = outcome(BOT, answer_json(200, &json!({"ok": false, "error": error})));
        assert_eq!(told.0, kind, "{error}");
        assert!(told.1.contains(error), "{}", told.1);
    }
    let limited = answer(429, r#"{"ok":false,"error":"ratelimited"}"#)
        .map(|answer| answer.with_header("Retry-After", "7"));
    assert_eq!(outcome(BOT, limited).2, Some(7));
    assert_eq!(outcome(BOT, answer(200, "<html>")).0, 'l');
}

#[test]
fn no_secret_stands_in_an_error_whoever_put_it_there() {
    for settings in [WEBHOOK, BOT] {
        for error in [
            Error::Connect(
                "no way to https://hooks.slack.com/services/T0/B0/S3CRET or xoxb-S3CRET".into(),
            ),
            Error::Denied("xoxb-S3CRET https://hooks.slack.com/services/T0/B0/S3CRET".into()),
        ] {
            let host = Host::new().on_http(move |_| Err(error.clone()));
            let failure = host
                .deliver::<Slack>(settings, &sample("notify.test"))
                .unwrap_err();
            let own = if settings == BOT {
                "xoxb-S3CRET"
            } else {
                "services/T0/B0/S3CRET"
            };
            assert!(!failure.message().contains(own), "{failure:?}");
        }
        let text = answer(
            400,
            "xoxb-S3CRET https://hooks.slack.com/services/T0/B0/S3CRET",
        );
        let host = Host::new().on_http(move |_| text.clone());
        let failure = host
            .deliver::<Slack>(settings, &sample("notify.test"))
            .unwrap_err();
        let own = if settings == BOT {
            "xoxb-S3CRET"
        } else {
            "services/T0/B0/S3CRET"
        };
        assert!(!failure.message().contains(own), "{failure:?}");
    }
}

#[test]
fn settings_that_can_not_work_are_told_at_their_place() {
    let host = Host::new();
    for (settings, pointers) in [
        (WEBHOOK, vec![]),
        (BOT, vec![]),
        ("{}", vec![""]),
        (r#"{"token": "x"}"#, vec![""]),
        (r##"{"token": "x", "channel": "@joe"}"##, vec!["/channel"]),
        (
            r#"{"webhook_url": "hooks.slack.com/x"}"#,
            vec!["/webhook_url"],
        ),
        (
            r##"{"webhook_url": "https://a.b/c", "channel": "#a"}"##,
            vec!["/channel"],
        ),
        (
            r##"{"webhook_url": "https://a.b/c", "token": "x"}"##,
            vec!["/webhook_url"],
        ),
        (
            r##"{"token": "x", "channel": "C1", "mention": ["@here", "@joe"]}"##,
            vec!["/mention/1"],
        ),
        (
            r##"{"token": "x", "channel": "C1", "text": "{{ titel }}", "title": "{% if %}"}"##,
            vec!["/title", "/text"],
        ),
        (r##"{"token": "x", "chanel": "C1"}"##, vec!["/chanel"]),
    ] {
        let found = host.check::<Slack>(settings);
        let found: Vec<&str> = found
            .iter()
            .map(|finding| finding.pointer.as_str())
            .collect();
        assert_eq!(found, pointers, "{settings}");
    }
    assert_eq!(host.check_target::<Slack>(BOT, "#ops"), Ok(()));
    assert!(host.check_target::<Slack>(BOT, "@joe").is_err());
    assert!(host.check_target::<Slack>(WEBHOOK, "#ops").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_text_keeps_slacks_limits(
        words in "[a-z&<>`é🟢\n ]{0,5000}",
        lines in proptest::collection::vec("[a-z&<>`é ]{0,900}", 0..12),
        own in proptest::option::of("[a-z&<>`]{0,5000}"),
    ) {
        let host = posts_ok();
        for kind in ["run.failed", "run.recovered"] {
            let mut event = sample(kind);
            event.title = words.clone();
            event.sentence = words.clone();
            event.tail = lines.clone();
            host.deliver_with::<Slack>(BOT, &event, &context(None, own.as_deref(), None)).unwrap();
            let sent = posted(&host, host.requests().len() - 1);
            let length = |value: &Value| value.as_str().unwrap().chars().count();
            for block in sent["blocks"].as_array().unwrap() {
                match block["type"].as_str().unwrap() {
                    "header" => prop_assert!((1..=150).contains(&length(&block["text"]["text"]))),
                    "section" => {
                        let text = block["text"]["text"].as_str().unwrap();
                        prop_assert!((1..=3000).contains(&text.chars().count()));
                        prop_assert!(!text.contains('<') && !text.contains('>'));
                        prop_assert!(text.matches("```").count() == 2 || !text.starts_with("```\n"));
                    }
                    "context" => prop_assert!(length(&block["elements"][0]["text"]) <= 2000),
                    _ => {}
                }
            }
        }
    }
}
