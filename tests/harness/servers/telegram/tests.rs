//! The stand-in refuses what Telegram refuses.

use serde_json::{Value, json};

use super::{Board, GROUP, Request, TOKEN};

fn send(board: &Board, token: &str, body: &Value) -> Result<super::Sent, super::Refusal> {
    board.send_message(&Request {
        method: "POST".into(),
        path: format!("/bot{token}/sendMessage"),
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
    })
}

#[test]
fn a_message_stands_in_its_chat_topic_and_thread() {
    let board = Board::default();
    let first = json!({"chat_id": "@alerts", "text": "<b>x</b>", "parse_mode": "HTML", "message_thread_id": 7});
    let sent = send(&board, TOKEN, &first).unwrap();
    assert_eq!(
        (sent.chat, sent.topic, sent.text.as_str()),
        (GROUP, Some(7), "x")
    );
    let answer =
        json!({"chat_id": GROUP, "text": "y", "reply_parameters": {"message_id": sent.message_id}});
    assert_eq!(
        send(&board, TOKEN, &answer).unwrap().answers,
        Some(sent.message_id)
    );
    let lenient = json!({"chat_id": 42, "text": "y", "reply_parameters": {"message_id": 9, "allow_sending_without_reply": true}});
    assert_eq!(send(&board, TOKEN, &lenient).unwrap().answers, None);
}

#[test]
fn each_refusal_has_its_words() {
    let long = "x".repeat(4097);
    let wide = "🦀".repeat(2049);
    for (body, wanted) in [
        (json!({"text": "x"}), "Bad Request: chat_id is empty"),
        (
            json!({"chat_id": 1, "text": "x"}),
            "Bad Request: chat not found",
        ),
        (
            json!({"chat_id": "13", "text": "x"}),
            "Forbidden: bot was blocked by the user",
        ),
        (
            json!({"chat_id": 42, "text": " \n"}),
            "Bad Request: message text is empty",
        ),
        (
            json!({"chat_id": 42, "text": long}),
            "Bad Request: message is too long",
        ),
        (
            json!({"chat_id": 42, "text": wide}),
            "Bad Request: message is too long",
        ),
        (
            json!({"chat_id": 42, "text": "<x>", "parse_mode": "HTML"}),
            "Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 0",
        ),
        (
            json!({"chat_id": 42, "text": "x", "message_thread_id": 7}),
            "Bad Request: message thread not found",
        ),
        (
            json!({"chat_id": 42, "text": "x", "reply_parameters": {"message_id": 9}}),
            "Bad Request: message to be replied not found",
        ),
    ] {
        let refusal = send(&Board::default(), TOKEN, &body).unwrap_err();
        assert_eq!(refusal.1, wanted, "{body}");
    }
    let moved = send(
        &Board::default(),
        TOKEN,
        &json!({"chat_id": -99, "text": "x"}),
    )
    .unwrap_err();
    assert_eq!(moved.2["migrate_to_chat_id"], GROUP);
    let stranger = send(
        &Board::default(),
        "1:x",
        &json!({"chat_id": 42, "text": "x"}),
    )
    .unwrap_err();
    assert_eq!(stranger.0, 401);
}
