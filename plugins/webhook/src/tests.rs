//! Against a far side made of closures.

use super::*;
use proptest::prelude::*;
use runwisp_plugin::http::Error;
use runwisp_plugin::message::event_json;
use runwisp_plugin::serde_json::{self, Value, json};
use runwisp_plugin::testing::{
    Host, NOW, answer, description_faults, documented, documented_settings, golden_schema, sample,
    samples,
};

const PLAIN: &str = r#"{"url": "https://ops.example.com/in/S3CRET-PATH"}"#;

fn with(more: Value) -> String {
    let mut settings: Value = serde_json::from_str(PLAIN).unwrap();
    settings
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    settings.to_string()
}

fn header(host: &Host, name: &str) -> Vec<String> {
    let requests = host.requests();
    let headers = requests[0].headers.iter();
    let named = headers.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.clone()).collect()
}

fn body(host: &Host) -> String {
    String::from_utf8(host.requests()[0].body.clone().unwrap()).unwrap()
}

fn found(settings: &str) -> Vec<(String, String)> {
    let findings = Host::new().check::<Webhook>(settings);
    assert!(
        findings.iter().all(|finding| finding.help.is_some()),
        "{findings:?}"
    );
    findings
        .into_iter()
        .map(|finding| (finding.pointer, finding.message))
        .collect()
}

#[test]
fn it_describes_itself_soundly() {
    assert_eq!(
        description_faults(&Webhook::describe()),
        Vec::<String>::new()
    );
}

#[test]
fn golden_schema_is_that_of_the_settings() {
    golden_schema::<Settings>(concat!(env!("CARGO_MANIFEST_DIR"), "/settings.schema.json"));
}

const PAGE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/notifiers/webhook.md"
);

#[test]
fn the_manual_lists_every_setting() {
    documented_settings(&Webhook::describe(), PAGE);
}

/// The examples of the page are good settings.
#[test]
fn the_manual_shows_what_works() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut shown = 0;
    for example in page.split("```toml\n").skip(1) {
        let example = example.split("```").next().unwrap();
        let example: toml::Table = example.parse().unwrap();
        for (_, notifier) in example["notifiers"].as_table().unwrap() {
            let mut settings = serde_json::to_value(notifier).unwrap();
            let kind = settings.as_object_mut().unwrap().remove("type");
            assert_eq!(kind.unwrap(), "webhook");
            // What a variable holds is not known here; an address is where it stands for one.
            let settings = settings
                .to_string()
                .replace("${MATTERMOST_WEBHOOK}", "https://x.test");
            assert_eq!(Host::new().check::<Webhook>(&settings), [], "{settings}");
            shown += 1;
        }
    }
    assert!(shown > 1);
}

#[test]
fn the_manual_lists_every_key_of_the_document() {
    let document = event_json(&sample("run.failed"), &Context::default());
    let mut keys = Vec::new();
    for (key, value) in document.as_object().unwrap() {
        match value.as_object().filter(|_| key != "facts") {
            None => keys.push(key.clone()),
            Some(table) => keys.extend(table.keys().map(|inner| format!("{key}.{inner}"))),
        }
    }
    documented(keys, PAGE, "The document");
}

#[test]
fn an_event_goes_out_as_our_document() {
    let host = Host::new().answering(202, "");
    for event in samples() {
        let host = Host::new().answering(200, "ok");
        host.deliver::<Webhook>(PLAIN, &event).unwrap();
        let sent: Value = serde_json::from_str(&body(&host)).unwrap();
        let context = Context {
            delivery_id: "01JDELIVERY000000000000000".into(),
            ..Context::default()
        };
        assert_eq!(sent, event_json(&event, &context));
    }
    let receipt = host
        .deliver::<Webhook>(PLAIN, &sample("run.failed"))
        .unwrap();
    assert_eq!(
        receipt.reference.as_deref(),
        Some("01JDELIVERY000000000000000")
    );
    assert_eq!(receipt.note.as_deref(), Some("the server answered 202"));
    assert_eq!(host.requests()[0].method, "POST");
    assert_eq!(header(&host, "content-type"), ["application/json"]);
    assert_eq!(header(&host, "webhook-id"), ["01JDELIVERY000000000000000"]);
    assert_eq!(
        header(&host, "webhook-timestamp"),
        [(NOW / 1000).to_string()]
    );
    assert!(header(&host, "webhook-signature").is_empty());
}

#[test]
fn a_secret_signs_what_is_sent() {
    let settings =
        with(json!({"secret": "whsec_MDEyMzQ1Njc4OQ==", "body": "{\"é\": {{ title|tojson }}}"}));
    let host = Host::new().answering(200, "");
    host.deliver::<Webhook>(&settings, &sample("run.failed"))
        .unwrap();
    assert_eq!(body(&host), "{\"é\": \"backup failed\"}");
    let key = signature::Key::read("0123456789").ok().unwrap();
    let content = host.requests()[0].body.clone().unwrap();
    let signed = key.sign("01JDELIVERY000000000000000", NOW / 1000, &content);
    assert_eq!(header(&host, "webhook-signature"), [signed]);
    // The same delivery has another signature later, and the same id.
    let later = Host::new().answering(200, "").at(NOW + 60_000);
    later
        .deliver::<Webhook>(&settings, &sample("run.failed"))
        .unwrap();
    assert_ne!(
        header(&later, "webhook-signature"),
        header(&host, "webhook-signature")
    );
    assert_eq!(header(&later, "webhook-id"), header(&host, "webhook-id"));
}

#[test]
fn method_headers_and_content_type_are_the_users() {
    let settings = with(json!({
        "method": "PUT",
        "headers": {"Authorization": "Bearer S3CRET", "Content-Type": "text/plain; charset=utf-8"},
        "body": "{{ title }} on {{ host }}"
    }));
    let host = Host::new().answering(200, "");
    host.deliver::<Webhook>(&settings, &sample("run.failed"))
        .unwrap();
    assert_eq!(host.requests()[0].method, "PUT");
    assert_eq!(header(&host, "authorization"), ["Bearer S3CRET"]);
    assert_eq!(header(&host, "content-type"), ["text/plain; charset=utf-8"]);
    assert_eq!(body(&host), "backup failed on web-1");
    let ping = Host::new().answering(200, "");
    let settings = with(json!({"method": "GET", "secret": "0123456789"}));
    ping.deliver::<Webhook>(&settings, &sample("run.failed"))
        .unwrap();
    assert_eq!(ping.requests()[0].body, None);
    assert!(header(&ping, "content-type").is_empty());
    assert_eq!(header(&ping, "webhook-signature").len(), 1);
}

#[test]
fn answers_say_whether_to_try_again() {
    let outcome = |settings: &str, status: u16, name: &str, value: &str| {
        let (name, value) = (name.to_owned(), value.to_owned());
        let host =
            Host::new().on_http(move |_| Ok(answer(status, "no")?.with_header(&name, &value)));
        host.deliver::<Webhook>(settings, &sample("run.failed"))
    };
    for status in [200, 201, 204, 299] {
        assert!(outcome(PLAIN, status, "x", "").is_ok(), "{status}");
    }
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let after = |value| outcome(PLAIN, status, "retry-after", value).unwrap_err();
        let told = format!("the server answered {status}: no");
        assert_eq!(after("7"), Failure::retry(&told, Some(7)));
        assert_eq!(
            after("Tue, 24 Nov 2026 12:33:30 GMT"),
            Failure::retry(&told, Some(60))
        );
        assert_eq!(after("soon"), Failure::retry(&told, None));
    }
    for status in [301, 302, 307, 308, 401, 403, 404, 405, 407, 410] {
        assert!(
            matches!(outcome(PLAIN, status, "x", ""), Err(Failure::Config(_))),
            "{status}"
        );
    }
    for status in [400, 409, 413, 415, 422] {
        assert!(
            matches!(outcome(PLAIN, status, "x", ""), Err(Failure::Rejected(_))),
            "{status}"
        );
    }
    let picky = with(json!({"success": [202, 409]}));
    assert!(outcome(&picky, 409, "x", "").is_ok());
    assert!(outcome(&picky, 202, "x", "").is_ok());
    assert!(matches!(
        outcome(&picky, 200, "x", ""),
        Err(Failure::Rejected(_))
    ));
}

#[test]
fn no_answer_is_tried_again_but_for_one_that_is_too_large() {
    let outcome = |error: Error| {
        let host = Host::new().on_http(move |_| Err(error.clone()));
        host.deliver::<Webhook>(PLAIN, &sample("run.failed"))
            .unwrap_err()
    };
    for error in [
        Error::Timeout("t".into()),
        Error::Connect("c".into()),
        Error::Tls("t".into()),
    ] {
        assert!(matches!(outcome(error), Failure::Retry(_)));
    }
    assert!(matches!(
        outcome(Error::TooLarge(1 << 20)),
        Failure::Rejected(_)
    ));
    assert!(matches!(
        outcome(Error::Denied("d".into())),
        Failure::Config(_)
    ));
}

#[test]
fn nothing_of_the_settings_stands_in_a_failure() {
    let settings = with(json!({
        "secret": "S3CRET-KEY",
        "headers": {"authorization": "Bearer S3CRET-TOKEN", "x-key": "S3CRET-VALUE"}
    }));
    let echo = "S3CRET-KEY Bearer S3CRET-TOKEN S3CRET-TOKEN S3CRET-VALUE https://ops.example.com/in/S3CRET-PATH /in/S3CRET-PATH";
    for status in [400, 404, 500] {
        let host = Host::new().answering(status, echo);
        let failure = host
            .deliver::<Webhook>(&settings, &sample("run.failed"))
            .unwrap_err();
        assert!(!failure.message().contains("S3CRET"), "{failure:?}");
    }
    let host = Host::new().on_http(move |_| Err(Error::Connect(echo.into())));
    let failure = host
        .deliver::<Webhook>(&settings, &sample("run.failed"))
        .unwrap_err();
    assert!(!failure.message().contains("S3CRET"), "{failure:?}");
}

#[test]
fn a_template_that_fails_or_makes_no_json_sends_nothing() {
    let outcome = |body: &str| {
        let host = Host::new().answering(200, "");
        let settings = with(json!({"body": body}));
        let mut event = sample("run.failed");
        event.sentence = "it said \"no\"".into();
        let outcome = host.deliver::<Webhook>(&settings, &event);
        assert!(host.requests().is_empty());
        outcome.unwrap_err()
    };
    assert!(matches!(
        outcome("{{ nothing.at.all }}"),
        Failure::Config(_)
    ));
    assert!(matches!(
        outcome("{\"text\": \"{{ sentence }}\"}"),
        Failure::Rejected(_)
    ));
}

#[test]
fn there_are_no_targets() {
    let context = Context {
        target: Some("x".into()),
        ..Context::default()
    };
    let outcome = Host::new().deliver_with::<Webhook>(PLAIN, &sample("test"), &context);
    assert!(matches!(outcome, Err(Failure::Config(_))));
    assert!(Host::new().check_target::<Webhook>(PLAIN, "x").is_err());
}

#[test]
fn check_finds_each_fault_at_its_place() {
    for good in [
        json!({}),
        json!({"method": "PATCH", "success": [200, 409], "secret": "whsec_MDEyMzQ1Njc4OQ=="}),
        json!({"body": "{\"text\": {{ tail|tojson }}, \"unit\": {{ unit.name|tojson }}}"}),
        json!({"body": "{{ title }}", "content_type": "text/plain"}),
        json!({"headers": {"x-a_b": "", "Authorization": "Basic YTpi"}}),
    ] {
        assert_eq!(found(&with(good)), [], "");
    }
    for (bad, pointer) in [
        (json!({"url": "ops.example.com"}), "/url"),
        (json!({"method": "post"}), "/method"),
        (json!({"method": "PO ST"}), "/method"),
        (json!({"method": "CONNECT"}), "/method"),
        (json!({"headers": {"a b": "x"}}), "/headers/a b"),
        (json!({"headers": {"a/b~": "x"}}), "/headers/a~1b~0"),
        (json!({"headers": {"Host": "x"}}), "/headers/Host"),
        (
            json!({"headers": {"Webhook-Id": "x"}}),
            "/headers/Webhook-Id",
        ),
        (json!({"headers": {"a": "x\r\nb: y"}}), "/headers/a"),
        (json!({"headers": {"a": "é"}}), "/headers/a"),
        (json!({"headers": {"A": "x", "a": "y"}}), "/headers/a"),
        (json!({"content_type": "json"}), "/content_type"),
        (
            json!({"content_type": "text/plain", "headers": {"content-type": "text/plain"}}),
            "/content_type",
        ),
        (
            json!({"method": "GET", "body": "x", "content_type": "text/plain"}),
            "/body",
        ),
        (json!({"body": "{{ title"}), "/body"),
        (json!({"body": "{\"text\": \"{{ tail }}\"}"}), "/body"),
        (json!({"body": "{\"n\": {{ run.exit_code }}}"}), "/body"),
        (json!({"secret": ""}), "/secret"),
        (json!({"secret": "whsec_!"}), "/secret"),
        (json!({"success": []}), "/success"),
        (json!({"success": [200, 99]}), "/success/1"),
        (json!({"urls": "x"}), "/urls"),
    ] {
        let findings = found(&with(bad.clone()));
        assert_eq!(findings.len(), 1, "{bad}: {findings:?}");
        assert_eq!(findings[0].0, pointer, "{bad}");
    }
}

#[test]
fn what_check_finds_deliver_refuses() {
    for bad in [
        json!({"method": "post"}),
        json!({"headers": {"a": "x\r\nb: y"}}),
        json!({"secret": "whsec_!"}),
    ] {
        let host = Host::new().answering(200, "");
        let outcome = host.deliver::<Webhook>(&with(bad), &sample("run.failed"));
        assert!(matches!(outcome, Err(Failure::Config(_))));
        assert!(host.requests().is_empty());
    }
}

proptest! {
    #[test]
    fn a_json_template_holds_whatever_an_event_says(title in any::<String>(), line in any::<String>()) {
        let mut event = sample("run.failed");
        event.title.clone_from(&title);
        event.sentence.clone_from(&line);
        let settings = with(json!({"body": "{\"a\": {{ title|tojson }}, \"b\": {{ sentence|tojson }}}"}));
        let host = Host::new().answering(200, "");
        host.deliver::<Webhook>(&settings, &event).unwrap();
        let sent: Value = serde_json::from_str(&body(&host)).unwrap();
        prop_assert_eq!(&sent["a"], &Value::from(title));
        prop_assert_eq!(&sent["b"], &Value::from(line));
    }

    #[test]
    fn a_header_that_passes_is_one_line(name in any::<String>(), value in any::<String>()) {
        let settings = with(json!({"headers": {name.clone(): value.clone()}}));
        if found(&settings).is_empty() {
            prop_assert!(!name.contains([':', '\r', '\n', ' ']));
            prop_assert!(!value.contains(['\r', '\n', '\0']));
        }
    }
}
