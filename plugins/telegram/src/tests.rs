//! Against a Telegram made of closures, which answers as its documentation says.

use super::*;
use proptest::prelude::*;
use runwisp_plugin::http::{Error, Response};
use runwisp_plugin::testing::{
    Host, answer, answer_json, description_faults, documented_settings, golden_schema, sample,
};

const SETTINGS: &str = r#"{"bot_token": "123:S3CRET", "chat_id": -1001234}"#;

fn posted(host: &Host, place: usize) -> Value {
    serde_json::from_slice(host.requests()[place].body.as_ref().unwrap()).unwrap()
}

fn takes() -> Result<Response, Error> {
    answer_json(
        200,
        &json!({"ok": true, "result": {"message_id": 42, "chat": {"id": -1001234}}}),
    )
}

fn refuses(code: u16, description: &str) -> Result<Response, Error> {
    answer_json(
        code,
        &json!({"ok": false, "error_code": code, "description": description}),
    )
}

fn context(target: Option<&str>, answers: Option<&str>) -> Context {
    Context {
        target: target.map(String::from),
        answers: answers.map(String::from),
        ..Context::default()
    }
}

#[test]
fn it_describes_itself_soundly() {
    assert_eq!(
        description_faults(&Telegram::describe()),
        Vec::<String>::new()
    );
}

#[test]
fn its_page_lists_its_settings() {
    let page = "../../docs/notifiers/telegram.md";
    documented_settings(
        &Telegram::describe(),
        format!("{}/{page}", env!("CARGO_MANIFEST_DIR")),
    );
}

#[test]
fn golden_schema_is_that_of_the_settings() {
    golden_schema::<Settings>(concat!(env!("CARGO_MANIFEST_DIR"), "/settings.schema.json"));
}

#[test]
fn a_failure_is_sent_as_html_with_everything_escaped() {
    let host = Host::new().on_http(|_| takes());
    let receipt = host
        .deliver::<Telegram>(SETTINGS, &sample("run.failed"))
        .unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("-1001234/42"));
    assert_eq!(
        host.requests()[0].url,
        "https://api.telegram.org/bot123:S3CRET/sendMessage"
    );
    assert_eq!(
        posted(&host, 0),
        json!({
            "chat_id": "-1001234",
            "parse_mode": "HTML",
            "disable_notification": false,
            "link_preview_options": {"is_disabled": true},
            "text": "<b>🔴 backup failed</b>\n\
                The task backup failed after 1m3s: exited 2. It has failed 3 times in a row.\n\
                started by: schedule\n\n\
                <pre>dumping database site\n\
                zstd: /backup/site.zst: No space left on device &lt;disk full &amp; &quot;done&quot;&gt;</pre>\n\n\
                <a href=\"https://ops.example.com/runs/01JRUN\">Open</a>\n\
                <i>web-1 · 2026-11-24 13:32:22 CET</i>",
        })
    );
}

#[test]
fn a_recovery_answers_the_failure_where_it_was_sent_and_makes_no_sound() {
    let host = Host::new().on_http(|_| takes());
    let recovered = sample("run.recovered");
    host.deliver_with::<Telegram>(SETTINGS, &recovered, &context(None, Some("-1001234/41")))
        .unwrap();
    let sent = posted(&host, 0);
    assert_eq!(
        sent["reply_parameters"],
        json!({"message_id": 41, "allow_sending_without_reply": true})
    );
    assert_eq!(sent["disable_notification"], true);
    host.deliver_with::<Telegram>(SETTINGS, &recovered, &context(None, Some("-9/41")))
        .unwrap();
    assert!(posted(&host, 1).get("reply_parameters").is_none());
}

#[test]
fn a_target_names_another_chat_and_its_topic() {
    let host = Host::new().on_http(|_| takes());
    let settings =
        r#"{"bot_token": "1:x", "chat_id": "@some_channel", "topic": 3, "silent": "none"}"#;
    host.deliver::<Telegram>(settings, &sample("notify.test"))
        .unwrap();
    let sent = posted(&host, 0);
    assert_eq!(
        (&sent["chat_id"], &sent["message_thread_id"]),
        (&json!("@some_channel"), &json!(3))
    );
    assert_eq!(sent["disable_notification"], false);
    host.deliver_with::<Telegram>(
        settings,
        &sample("notify.test"),
        &context(Some("-55/7"), None),
    )
    .unwrap();
    let sent = posted(&host, 1);
    assert_eq!(
        (&sent["chat_id"], &sent["message_thread_id"]),
        (&json!("-55"), &json!(7))
    );
    host.deliver_with::<Telegram>(
        settings,
        &sample("notify.test"),
        &context(Some("-55"), None),
    )
    .unwrap();
    assert!(posted(&host, 2).get("message_thread_id").is_none());
    assert!(host.check_target::<Telegram>(settings, "-55/7").is_ok());
    for bad in ["", "0", "joe", "@a b", "-55/x", "-55/7/8"] {
        assert!(
            host.check_target::<Telegram>(settings, bad).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn a_template_is_html_and_what_telegram_can_not_read_is_sent_plain() {
    let settings = r#"{"bot_token": "1:x", "chat_id": 5, "text": "<b>{{ unit.name }}</b> <i>{{ tail | last }}"}"#;
    let host = Host::new().on_http(|request| {
        let sent: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
        match sent.get("parse_mode") {
            Some(_) => refuses(400, "Bad Request: can't parse entities: Can't find end tag"),
            None => takes(),
        }
    });
    host.deliver::<Telegram>(settings, &sample("run.failed"))
        .unwrap();
    assert!(
        posted(&host, 0)["text"]
            .as_str()
            .unwrap()
            .ends_with("&lt;disk full &amp; &quot;done&quot;&gt;")
    );
    assert_eq!(
        posted(&host, 1)["text"],
        "backup zstd: /backup/site.zst: No space left on device <disk full & \"done\">"
    );
    assert_eq!(host.logged().len(), 1);
}

#[test]
fn a_group_that_became_a_supergroup_is_followed() {
    let host = Host::new().on_http(|request| {
        let sent: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
        match sent["chat_id"].as_i64() {
            Some(-100_999) => takes(),
            _ => answer_json(
                400,
                &json!({
                    "ok": false,
                    "description": "Bad Request: group chat was upgraded to a supergroup chat",
                    "parameters": {"migrate_to_chat_id": -100_999},
                }),
            ),
        }
    });
    let receipt = host
        .deliver::<Telegram>(SETTINGS, &sample("notify.test"))
        .unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("-100999/42"));
    assert_eq!(
        receipt.note.as_deref(),
        Some("the chat's id is now -100999")
    );
}

#[test]
fn each_answer_means_what_telegram_says() {
    for (response, kind) in [
        (refuses(401, "Unauthorized"), 'c'),
        (refuses(404, "Not Found"), 'c'),
        (refuses(403, "Forbidden: bot was blocked by the user"), 'c'),
        (refuses(400, "Bad Request: chat not found"), 'c'),
        (refuses(400, "Bad Request: message thread not found"), 'c'),
        (refuses(400, "Bad Request: TOPIC_CLOSED"), 'c'),
        (
            refuses(
                400,
                "Bad Request: not enough rights to send text messages to the chat",
            ),
            'c',
        ),
        (refuses(400, "Bad Request: message is too long"), 'r'),
        (refuses(502, "Bad Gateway"), 'l'),
        (answer(500, "<html>"), 'l'),
        (answer(200, "<html>log in to this network</html>"), 'l'),
        (answer(302, ""), 'c'),
        (
            Err(Error::Connect(
                "can't reach https://api.telegram.org/bot123:S3CRET/sendMessage".into(),
            )),
            'l',
        ),
        (Err(Error::Denied("not granted: bot123:S3CRET".into())), 'c'),
    ] {
        let told = format!("{response:?}");
        let host = Host::new().on_http(move |_| response.clone());
        let failure = host
            .deliver::<Telegram>(SETTINGS, &sample("notify.test"))
            .unwrap_err();
        assert!(!failure.message().contains("S3CRET"), "{failure:?}");
        let found = match failure {
            Failure::Config(_) => 'c',
            Failure::Rejected(_) => 'r',
            Failure::Retry(_) => 'l',
        };
        assert_eq!(found, kind, "{told}");
    }
    let host = Host::new().on_http(|_| {
        answer_json(
            429,
            &json!({
                "ok": false,
                "description": "Too Many Requests: retry after 35",
                "parameters": {"retry_after": 35},
            }),
        )
    });
    let failure = host
        .deliver::<Telegram>(SETTINGS, &sample("notify.test"))
        .unwrap_err();
    assert_eq!(
        failure,
        Failure::retry(
            "Telegram says `Too Many Requests: retry after 35`: too many messages",
            Some(35)
        )
    );
}

#[test]
fn settings_that_can_not_work_are_told_at_their_place() {
    let host = Host::new();
    for (settings, pointers) in [
        (SETTINGS, vec![]),
        ("{}", vec![""]),
        (
            r#"{"bot_token": "1/../x", "chat_id": "joe", "text": "{{ titel }}"}"#,
            vec!["/bot_token", "/chat_id", "/text"],
        ),
        (r#"{"bot_token": "1:x", "chat_id": 1.5}"#, vec!["/chat_id"]),
        (
            r#"{"bot_token": "1:x", "chat_id": 1, "silent": "inf", "api_url": "x", "topik": 1}"#,
            vec!["/silent", "/topik"],
        ),
        (
            r#"{"bot_token": "1:x", "chat_id": 1, "api_url": "x"}"#,
            vec!["/api_url"],
        ),
    ] {
        let found = host.check::<Telegram>(settings);
        let found: Vec<&str> = found
            .iter()
            .map(|finding| finding.pointer.as_str())
            .collect();
        assert_eq!(found, pointers, "{settings}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_left_of_the_html_fits_and_holds_no_tag_of_a_value(
        words in "[a-z&<>é🟢\n ]{0,5000}",
        lines in proptest::collection::vec("[a-z&<>🟢\" ]{0,900}", 0..12),
        own in proptest::option::of("[a-z&<>🟢]{0,5000}"),
        template in proptest::option::of(Just("<b>{{ sentence }}</b> {{ output }}")),
    ) {
        let mut settings: Value = serde_json::from_str(SETTINGS).unwrap();
        if let Some(template) = template {
            settings["text"] = template.into();
        }
        let host = Host::new().on_http(|_| takes());
        let mut event = sample("run.failed");
        event.title = words.clone();
        event.sentence = words;
        event.tail = lines;
        let context = Context { text: own, ..Context::default() };
        host.deliver_with::<Telegram>(&settings.to_string(), &event, &context).unwrap();
        let html = posted(&host, 0)["text"].as_str().unwrap().to_string();
        prop_assert!(message::without_tags(&html).encode_utf16().count() <= 4096);
        let mut bare = html;
        for tag in ["<b>", "</b>", "<pre>", "</pre>", "<i>", "</i>", "</a>", "<a href=\"https://ops.example.com/runs/01JRUN\">"] {
            bare = bare.replace(tag, "");
        }
        prop_assert!(!bare.contains('<') && !bare.contains('>'), "{}", bare);
    }
}
