//! A secret is seen by the plugin and by the far side, and by nobody else.

use runwisp_plugin_host::Terms;
use runwisp_tests::servers::HttpServer;
use serde_json::json;

use crate::support::{granted, world};

const SECRET: &str = "xoxb-s3cret/+\"value";

fn terms() -> Terms {
    Terms {
        secrets: vec![SECRET.into()],
        ..granted(&["http:$url"])
    }
}

#[test]
fn neither_log_nor_exchange_nor_output_nor_error_shows_it() {
    let server = HttpServer::new();
    let world = world("evil");
    let url = server.url("/bot%20xoxb-s3cret%2F%2B%22value/send");
    let calls = [
        json!({"do": "log", "text": SECRET}),
        json!({"do": "request", "url": url, "text": SECRET}),
        json!({"do": "print", "text": SECRET}),
        json!({"do": "request", "url": format!("nothing:{SECRET}"), "text": ""}),
        json!({"do": "fail", "text": SECRET}),
    ];
    for settings in calls {
        let call = world.deliver(terms(), settings.clone());
        let exchange = serde_json::to_string(&call.exchange).unwrap();
        // A reference is for the plugin itself.
        let answer = match call.answer {
            Ok(Ok(_)) => String::new(),
            Ok(Err(failure)) => format!("{failure:?}"),
            Err(error) => error.to_string(),
        };
        for shown in [&exchange, &answer] {
            assert!(!shown.contains("s3cret"), "{settings}: {shown}");
        }
        let shown = format!("{exchange}{answer}");
        assert!(shown.contains("***"), "{settings}: {shown}");
    }
    assert_eq!(server.requests()[0].text(), SECRET);
}
