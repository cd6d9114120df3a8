//! The bundled notifiers `slack` and `telegram` as the components they are, against stand-ins that refuse what the vendors
//! refuse. Each message must be taken at the first try: a fallback to plain text would hide what is wrong with it.
#![expect(
    clippy::unwrap_used,
    reason = "what a test's own function does not get, fails the test"
)]

use runwisp_plugin_host::{Context, Event, Fact, Failure, Receipt, Terms};
use runwisp_tests::servers::{Reply, Slack, Telegram};
use serde_json::{Value, json};

use crate::support::{World, context, event, granted, world};

/// More than either takes, and everything that has to be escaped.
fn large() -> Event {
    let line = "<b>&amp; \"disk\" > 'full' *_~`</b> \u{1f9e8} \u{e9}".to_owned();
    Event {
        title: format!("backup <failed> & {}", "very ".repeat(100)),
        sentence: format!("it <said> & {}", line.repeat(200)),
        tail: vec![line; 2_000],
        link: Some("https://ops.example.com/runs/1?a=b&c=<d>".into()),
        facts: vec![Fact {
            name: "free_<space>".into(),
            value: "1 & 2".repeat(500),
        }],
        ..event()
    }
}

fn deliver(
    world: &World,
    terms: Terms,
    settings: &Value,
    event: Event,
    context: Context,
) -> Result<Receipt, Failure> {
    let call = world.plugin.deliver(terms, settings, event, context);
    world.plugins.wait(call).answer.unwrap()
}

fn answering(receipt: &Receipt) -> Context {
    Context {
        delivery_id: "delivery-2".into(),
        answers: receipt.reference.clone(),
        ..context()
    }
}

fn slack() -> Terms {
    granted(&["http:$webhook_url", "http:$api_url", "template"])
}

#[test]
fn slack_takes_whatever_an_event_says_through_a_webhook() {
    let server = Slack::new();
    let world = world("slack");
    let settings = json!({"webhook_url": server.webhook_url(), "mention": ["@here"]});
    for event in [event(), large()] {
        deliver(&world, slack(), &settings, event, context()).unwrap();
    }
    assert_eq!((server.requests().len(), server.posts().len()), (2, 2));
    assert_eq!(server.mishaps(), Vec::<String>::new());
}

#[test]
fn a_bot_answers_a_failure_in_its_thread() {
    let server = Slack::new();
    let world = world("slack");
    let settings =
        json!({"token": server.token(), "channel": "#alerts", "api_url": server.url("/api")});
    let receipt = deliver(&world, slack(), &settings, large(), context()).unwrap();
    let mut recovered = event();
    recovered.kind = "run.recovered".into();
    deliver(&world, slack(), &settings, recovered, answering(&receipt)).unwrap();
    let posts = server.posts();
    assert_eq!((server.requests().len(), posts.len()), (2, 2));
    assert_eq!(posts[1].thread_ts.as_ref(), Some(&posts[0].ts));
    assert_eq!(posts[1].channel.as_deref(), Some("C0000000001"));
    assert_eq!(server.mishaps(), Vec::<String>::new());
    let elsewhere =
        json!({"token": server.token(), "channel": "#other", "api_url": server.url("/api")});
    let outcome = deliver(&world, slack(), &elsewhere, event(), context());
    assert!(matches!(outcome, Err(Failure::Config(_))), "{outcome:?}");
    server.next(Reply::new(429).header("retry-after", 30));
    let outcome = deliver(&world, slack(), &settings, event(), context());
    let Err(Failure::Retry(later)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(later.after_seconds, Some(30));
}

fn telegram() -> Terms {
    granted(&["http:$api_url", "template"])
}

#[test]
fn telegram_takes_whatever_an_event_says_and_answers_a_failure_with_its_end() {
    let server = Telegram::new();
    let world = world("telegram");
    let api = server.url("");
    let settings = json!({"bot_token": server.token(), "chat_id": -1_001_234_567_890_i64, "topic": 7, "api_url": api});
    let receipt = deliver(&world, telegram(), &settings, large(), context()).unwrap();
    let mut recovered = event();
    recovered.kind = "run.recovered".into();
    deliver(
        &world,
        telegram(),
        &settings,
        recovered,
        answering(&receipt),
    )
    .unwrap();
    let sent = server.sent();
    assert_eq!((server.requests().len(), sent.len()), (2, 2));
    assert_eq!(sent[0].topic, Some(7));
    assert!(
        sent[0].text.contains("backup <failed> &"),
        "{}",
        sent[0].text
    );
    assert_eq!(sent[1].answers, Some(sent[0].message_id));
}

#[test]
fn telegram_says_when_to_come_back_where_a_group_went_and_who_it_does_not_know() {
    let server = Telegram::new();
    let world = world("telegram");
    let settings = |chat: i64, token: &str| json!({"bot_token": token, "chat_id": chat, "api_url": server.url("")});
    let outcome = |settings: Value| deliver(&world, telegram(), &settings, event(), context());
    server.next(Telegram::too_many(17));
    let Err(Failure::Retry(later)) = outcome(settings(42, server.token())) else {
        panic!("429 is not for good");
    };
    assert_eq!(later.after_seconds, Some(17));
    outcome(settings(-99, server.token())).unwrap();
    assert_eq!(server.sent().last().unwrap().chat, -1_001_234_567_890);
    for wrong in [
        settings(1, server.token()),
        settings(13, server.token()),
        settings(42, "1:wrong"),
    ] {
        let failure = outcome(wrong).unwrap_err();
        assert!(!matches!(failure, Failure::Retry(_)), "{failure:?}");
        assert!(!format!("{failure:?}").contains("1:wrong"), "{failure:?}");
    }
}
