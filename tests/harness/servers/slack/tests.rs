//! The stand-in refuses what Slack refuses.

use serde_json::{Value, json};

use super::{Board, Request, TOKEN, WEBHOOK, blocks, mrkdwn};

fn ask(board: &Board, path: &str, body: &Value) -> super::Reply {
    let headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("authorization", &format!("Bearer {TOKEN}")),
    ];
    board.answer(&Request {
        method: "POST".into(),
        path: path.into(),
        headers: headers
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
        body: body.to_string().into_bytes(),
    })
}

fn refusal(board: &Board, body: &Value) -> &'static str {
    let request = Request {
        method: "POST".into(),
        path: String::new(),
        headers: vec![
            ("authorization".into(), format!("Bearer {TOKEN}")),
            ("content-type".into(), "application/json".into()),
        ],
        body: body.to_string().into_bytes(),
    };
    board
        .post_message(&request)
        .map_or_else(|refusal| refusal.word, |_| "")
}

#[test]
fn a_webhook_takes_text_or_blocks_at_its_own_address() {
    let board = Board::default();
    let status = |path: &str, body: &Value| ask(&board, path, body).status();
    assert_eq!(status(WEBHOOK, &json!({"text": "hello"})), 200);
    assert_eq!(
        status(WEBHOOK, &json!({"blocks": [{"type": "divider"}]})),
        200
    );
    assert_eq!(status(WEBHOOK, &json!({})), 400);
    assert_eq!(status(WEBHOOK, &json!("hello")), 400);
    assert_eq!(
        status(WEBHOOK, &json!({"blocks": [{"type": "nonsense"}]})),
        400
    );
    assert_eq!(status("/services/T/B/X", &json!({"text": "hello"})), 404);
    assert_eq!(board.open().0.len(), 2);
}

#[test]
fn a_bot_posts_into_channels_it_is_in_and_answers_what_stands_there() {
    let board = Board::default();
    let post = |channel: &str, thread: Option<&str>| {
        refusal(
            &board,
            &json!({"channel": channel, "text": "x", "thread_ts": thread}),
        )
    };
    assert_eq!(post("C0000000001", None), "");
    assert_eq!(post("#alerts", Some("1700000000.000001")), "");
    assert_eq!(
        post("#alerts", Some("1700000000.000009")),
        "cannot_reply_to_message"
    );
    assert_eq!(post("C0000000002", None), "not_in_channel");
    assert_eq!(post("C0000000003", None), "is_archived");
    assert_eq!(post("#other", None), "channel_not_found");
    assert_eq!(refusal(&board, &json!({"channel": "#alerts"})), "no_text");
    let long = "x".repeat(40_001);
    assert_eq!(
        refusal(&board, &json!({"channel": "#alerts", "text": long})),
        "msg_too_long"
    );
    let nobody = Request {
        method: "POST".into(),
        path: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    assert_eq!(
        board.post_message(&nobody).err().unwrap().word,
        "not_authed"
    );
}

#[test]
fn each_limit_of_blocks_is_told_with_its_place() {
    let words = |length: usize| "x".repeat(length);
    let text = |kind: &str, length: usize| json!({"type": kind, "text": words(length)});
    let button = |length: usize| json!({"type": "button", "text": text("plain_text", length), "url": "https://x"});
    for (block, wanted) in [
        (
            json!({"type": "header", "text": text("plain_text", 150)}),
            "",
        ),
        (
            json!({"type": "header", "text": text("plain_text", 151)}),
            "/blocks/0/text/text",
        ),
        (
            json!({"type": "header", "text": text("mrkdwn", 1)}),
            "/blocks/0/text",
        ),
        (json!({"type": "section", "text": text("mrkdwn", 3000)}), ""),
        (
            json!({"type": "section", "text": text("mrkdwn", 3001)}),
            "/blocks/0/text/text",
        ),
        (
            json!({"type": "section", "text": text("mrkdwn", 0)}),
            "/blocks/0/text/text",
        ),
        (json!({"type": "section"}), "/blocks/0"),
        (
            json!({"type": "section", "fields": vec![text("mrkdwn", 2000); 10]}),
            "",
        ),
        (
            json!({"type": "section", "fields": vec![text("mrkdwn", 1); 11]}),
            "/blocks/0/fields",
        ),
        (
            json!({"type": "context", "elements": vec![text("mrkdwn", 1); 11]}),
            "/blocks/0/elements",
        ),
        (
            json!({"type": "context", "elements": []}),
            "/blocks/0/elements",
        ),
        (json!({"type": "actions", "elements": [button(75)]}), ""),
        (
            json!({"type": "actions", "elements": [button(76)]}),
            "/blocks/0/elements/0/text/text",
        ),
        (json!({"type": "divider", "text": "x"}), "/blocks/0"),
        (
            json!({"type": "image", "image_url": "https://x"}),
            "/blocks/0",
        ),
        (
            json!({"type": "divider", "block_id": words(256)}),
            "/blocks/0/block_id",
        ),
    ] {
        let found = blocks::faults(&json!([block])).join("\n");
        let place = format!("[json-pointer:{wanted}]");
        assert!(
            if wanted.is_empty() {
                found.is_empty()
            } else {
                found.contains(&place)
            },
            "{block}: {found}"
        );
    }
    assert!(blocks::faults(&json!(vec![json!({"type": "divider"}); 50])).is_empty());
    assert!(!blocks::faults(&json!(vec![json!({"type": "divider"}); 51])).is_empty());
    assert!(
        !blocks::faults(&json!(vec![json!({"type": "divider", "block_id": "a"}); 2])).is_empty()
    );
}

#[test]
fn what_is_not_escaped_is_a_mishap() {
    let mishaps = |text: &str| mrkdwn::mishaps(&json!({"text": text})).len();
    for good in [
        "a &lt; b &amp; c",
        "<https://x.test/?a=b&amp;c|see>",
        "<!here> <@U1>",
        "> quoted\n> more",
    ] {
        assert_eq!(mishaps(good), 0, "{good}");
    }
    for bad in [
        "a & b",
        "a <b> c",
        "a < b",
        "a > b",
        "<https://x.test|a",
        "&quot;",
    ] {
        assert_eq!(mishaps(bad), 1, "{bad}");
    }
    let nested =
        json!({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<b>"}}]});
    assert_eq!(mrkdwn::mishaps(&nested).len(), 1);
}
