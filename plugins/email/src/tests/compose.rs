//! The message itself, read again by mail-parser.

use super::{context, only, settings, takes_all};
use crate::Email;
use mail_parser::{Message, MessageParser, MimeHeaders};
use proptest::prelude::*;
use runwisp_plugin::serde_json::{Value, json};
use runwisp_plugin::testing::{sample, samples};
use runwisp_plugin::{Context, Event, Fact, Message as Words};

/// A failure of which every word is known here.
fn failed() -> Event {
    let mut event = sample("run.failed");
    event.title = "backup failed".into();
    event.sentence = "backup failed on web-1: exited with code 2".into();
    event.host = "web-1".into();
    event.tail = vec![
        "dumping".into(),
        "No space left <disk full & \"done\">".into(),
    ];
    event.link = Some("https://ops.example.com/runs/1?a&b".into());
    event.facts = vec![Fact {
        name: "free_space".into(),
        value: "<1 GB>".into(),
    }];
    event
}

fn written(more: Value, event: &Event, context: &Context) -> Vec<u8> {
    let host = takes_all();
    host.deliver_with::<Email>(&settings(more), event, context)
        .unwrap();
    only(&host).message
}

fn read(bytes: &[u8]) -> Message<'_> {
    MessageParser::default()
        .parse(bytes)
        .expect("this is a mail")
}

fn header<'a>(mail: &'a Message, name: &'a str) -> Option<&'a str> {
    mail.header(name).and_then(|value| value.as_text())
}

/// RFC 5322, 2.1.1 and 2.3: lines of at most 998 bytes that end with CRLF, no stray CR or LF, no NUL, all of it ASCII.
fn is_sound(bytes: &[u8]) {
    assert!(bytes.iter().all(|byte| byte.is_ascii() && *byte != 0));
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.ends_with("\r\n"), "{text}");
    for line in text.split("\r\n") {
        assert!(!line.contains(['\r', '\n']), "{line:?}");
        assert!(line.len() <= 998, "{line:?}");
    }
}

#[test]
fn a_failure_is_a_mail_with_text_and_html() {
    let event = failed();
    let bytes = written(json!({"reply_to": "d@x.test"}), &event, &context());
    is_sound(&bytes);
    let mail = read(&bytes);
    assert_eq!(mail.subject(), Some("🔴 backup failed · web-1"));
    let from = mail.from().unwrap().first().unwrap();
    assert_eq!(
        (from.name(), from.address()),
        (Some("runwisp"), Some("runwisp@example.com"))
    );
    assert_eq!(
        mail.to().unwrap().first().unwrap().address(),
        Some("ops@example.com")
    );
    assert_eq!(
        mail.reply_to().unwrap().first().unwrap().address(),
        Some("d@x.test")
    );
    assert_eq!(
        mail.message_id(),
        Some("runwisp.01JDELIVERY000000000000000@example.com")
    );
    // The moment of the event, which does not change when it is sent again.
    assert_eq!(mail.date().unwrap().to_rfc3339(), "2026-11-24T12:32:22Z");
    assert_eq!(header(&mail, "Auto-Submitted"), Some("auto-generated"));
    assert_eq!(header(&mail, "X-Runwisp-Kind"), Some("run.failed"));
    assert_eq!(header(&mail, "X-Runwisp-Unit"), Some("backup"));
    assert!(mail.in_reply_to().as_text().is_none());
    let kind = mail.content_type().unwrap();
    assert_eq!(
        (kind.ctype(), kind.subtype()),
        ("multipart", Some("alternative"))
    );
    assert_eq!((mail.text_body.len(), mail.html_body.len()), (1, 1));
    let text = mail.body_text(0).unwrap().replace("\r\n", "\n");
    let wanted = Words::new(&event, &context()).plain(60_000);
    assert_eq!(text.trim_end(), wanted);
    assert!(wanted.contains("<disk full & \"done\">"), "{wanted}");
    let html = mail.body_html(0).unwrap();
    for part in [
        "&lt;disk full &amp; &quot;done&quot;&gt;",
        "<a href=\"https://ops.example.com/runs/1?a&amp;b\"",
        ">free space</td>",
        ">&lt;1 GB&gt;</td>",
        "backup failed on web-1: exited with code 2",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(
        !html.contains("<style") && !html.contains(" class="),
        "{html}"
    );
}

#[test]
fn the_same_delivery_is_the_same_mail_and_another_one_is_not() {
    let event = sample("run.failed");
    let again = Context {
        attempt: 4,
        ..context()
    };
    let other = Context {
        delivery_id: "01JDELIVERY000000000000001".into(),
        ..context()
    };
    let first = written(json!({}), &event, &context());
    assert_eq!(first, written(json!({}), &event, &again));
    let other = written(json!({}), &event, &other);
    assert_ne!(read(&first).message_id(), read(&other).message_id());
}

#[test]
fn a_recovery_answers_its_failure() {
    let answers = |reference: &str| {
        let context = Context {
            answers: Some(reference.into()),
            ..context()
        };
        let bytes = written(json!({}), &sample("run.recovered"), &context);
        is_sound(&bytes);
        let mail = read(&bytes);
        let texts = [mail.in_reply_to().as_text(), mail.references().as_text()];
        texts.map(|text| text.map(str::to_owned))
    };
    let id = Some("runwisp.01JA@example.com".to_owned());
    assert_eq!(answers("<runwisp.01JA@example.com>"), [id.clone(), id]);
    // What is no id of a mail, such as one that another notifier has left, is not answered.
    for foreign in [
        "C1/17.5",
        "",
        "<>",
        "<a b@x>",
        "<a@x>\r\nBcc: <b@x>",
        "<a@x\r\nBcc: b@x>",
    ] {
        assert_eq!(answers(foreign), [None, None], "{foreign}");
    }
}

#[test]
fn accents_and_signs_arrive_everywhere() {
    let mut event = sample("run.failed");
    event.title = "Sicherung „größte“ 失敗 🧨".into();
    event.sentence = "éèê & <ü>".into();
    event.tail = vec!["→ ñ".into(), ".".into(), "From here".into(), "--=_x".into()];
    event.host = "höst".into();
    let more = json!({"from": "Ünïcode, \"Team\" <r@x.test>", "to": ["Jörg Müller <a@x.test>", "山田 <b@x.test>"]});
    let bytes = written(more, &event, &context());
    is_sound(&bytes);
    let mail = read(&bytes);
    assert_eq!(mail.subject(), Some("🔴 Sicherung „größte“ 失敗 🧨 · höst"));
    assert_eq!(
        mail.from().unwrap().first().unwrap().name(),
        Some("Ünïcode, \"Team\"")
    );
    let names: Vec<_> = mail
        .to()
        .unwrap()
        .iter()
        .map(|address| address.name().unwrap())
        .collect();
    assert_eq!(names, ["Jörg Müller", "山田"]);
    let text = mail.body_text(0).unwrap().replace("\r\n", "\n");
    assert!(
        text.contains("éèê & <ü>") && text.contains("→ ñ\n.\nFrom here\n--=_x\n"),
        "{text}"
    );
    assert!(mail.body_html(0).unwrap().contains("éèê &amp; &lt;ü&gt;"));
}

#[test]
fn templates_make_subject_text_and_html() {
    let event = failed();
    let all = json!({"subject": "[{{ host }}]\r\nBcc: x@x.test {{ unit.name }}", "text": "T {{ sentence }}\n.", "html": "<i>{{ facts.free_space }}</i>"});
    let bytes = written(all, &event, &context());
    let mail = read(&bytes);
    assert_eq!(mail.subject(), Some("[web-1] Bcc: x@x.test backup"));
    assert!(mail.bcc().is_none());
    assert!(
        mail.body_text(0)
            .unwrap()
            .contains("T backup failed on web-1: exited with code 2\r\n.")
    );
    assert!(mail.body_html(0).unwrap().contains("<i>&lt;1 GB&gt;</i>"));
    // Text alone is text alone; HTML has our text beside it.
    let bytes = written(json!({"text": "T"}), &event, &context());
    let mail = read(&bytes);
    let kind = mail.content_type().unwrap();
    assert_eq!((kind.ctype(), kind.subtype()), ("text", Some("plain")));
    assert_eq!(mail.body_text(0).unwrap().trim_end(), "T");
    let bytes = written(json!({"html": "<i>H</i>"}), &event, &context());
    let mail = read(&bytes);
    assert!(
        mail.body_text(0)
            .unwrap()
            .contains("backup failed on web-1")
    );
    assert_eq!(mail.body_html(0).unwrap().trim_end(), "<i>H</i>");
    // A template that fails costs its beauty and nothing else.
    let bytes = written(json!({"subject": "{{ a.b.c }}"}), &event, &context());
    assert_eq!(read(&bytes).subject(), Some("🔴 backup failed · web-1"));
}

#[test]
fn a_routes_own_text_stands_for_sentence_and_output() {
    let context = Context {
        text: Some("Call <Ann>\nnow".into()),
        ..context()
    };
    let bytes = written(json!({}), &failed(), &context);
    let mail = read(&bytes);
    assert_eq!(mail.subject(), Some("🔴 Call <Ann> · web-1"));
    let html = mail.body_html(0).unwrap();
    assert!(
        html.contains("Call &lt;Ann&gt;") && !html.contains("disk full"),
        "{html}"
    );
}

#[test]
fn every_event_makes_a_sound_mail() {
    for event in samples().into_iter().chain([sample("something.new")]) {
        let bytes = written(json!({}), &event, &context());
        is_sound(&bytes);
        assert!(
            read(&bytes).subject().unwrap().contains(&event.title),
            "{}",
            event.kind
        );
    }
    let mut event = failed();
    event.host.clear();
    event.link = Some("javascript:alert(1)".into());
    event.tail = vec!["x".repeat(200_000)];
    let bytes = written(json!({}), &event, &Context::default());
    is_sound(&bytes);
    assert!(bytes.len() < 300_000, "{}", bytes.len());
    let mail = read(&bytes);
    assert_eq!(mail.subject(), Some("🔴 backup failed"));
    assert_eq!(
        mail.message_id(),
        Some("runwisp.01JEVENT000000000000000000@example.com")
    );
    assert!(!mail.body_html(0).unwrap().contains("javascript:"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn nothing_that_an_event_says_becomes_a_header(
        title in any::<String>(),
        host in "\\PC{0,40}|[\\r\\n a-z:]{0,40}",
        unit in any::<String>(),
        line in any::<String>(),
        id in any::<String>(),
    ) {
        let mut event = sample("run.failed");
        event.title = format!("{title}\r\nBcc: evil@x.test\n\n<b>");
        event.host = host;
        event.kind = format!("{unit}\r\nX-Evil: 1");
        event.unit.as_mut().unwrap().name = unit;
        event.tail = vec![line.clone()];
        let context = Context { delivery_id: id, ..Context::default() };
        let bytes = written(json!({}), &event, &context);
        is_sound(&bytes);
        let mail = read(&bytes);
        prop_assert!(mail.bcc().is_none());
        prop_assert!(mail.header("X-Evil").is_none());
        prop_assert_eq!(mail.parts.len(), 3);
        prop_assert!(mail.subject().unwrap().contains("Bcc: evil@x.test <b>"));
        let kept: String = line.chars().filter(|letter| !letter.is_control()).collect();
        prop_assert!(mail.body_text(0).unwrap().contains(kept.trim()));
    }
}
