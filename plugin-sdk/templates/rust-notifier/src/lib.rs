//! Posts a message to an address, as JSON with a title and a text.

use runwisp_plugin::schemars::{self, JsonSchema};
use runwisp_plugin::{
    Context, Descriptor, Event, Failure, Finding, Message, Notifier, Receipt, http,
};
use serde::Deserialize;
use serde_json::json;

/// What users write in `[notifiers.ID]` with `type = "plugin-name"`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where messages are posted.
    url: String,
    /// Sent as a bearer token, where the far side wants one.
    #[schemars(extend("writeOnly" = true))]
    token: Option<String>,
}

struct Plugin;

impl Notifier for Plugin {
    type Settings = Settings;

    fn describe() -> Descriptor {
        Descriptor::new(
            "plugin-name",
            env!("CARGO_PKG_VERSION"),
            "Posts messages to an address",
        )
        .settings::<Settings>()
        .needs_http("$url")
    }

    fn check(settings: &Settings) -> Vec<Finding> {
        http::check_url("/url", &settings.url).into_iter().collect()
    }

    fn deliver(
        settings: &Settings,
        event: &Event,
        context: &Context,
    ) -> Result<Receipt, Failure> {
        let message = Message::new(event, context);
        let mut request = http::Request::post(&settings.url).json(&json!({
            "title": message.heading(),
            "text": message.body_within(4000, |_| 1),
        }));
        if let Some(token) = &settings.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request.send()?.accepted()?;
        Ok(Receipt::default())
    }
}

runwisp_plugin::notifier!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;
    use runwisp_plugin::testing::{Host, description_faults, sample, samples};
    use serde_json::Value;

    const SETTINGS: &str = r#"{"url": "https://example.com/hook", "token": "t"}"#;

    #[test]
    fn the_host_has_nothing_to_complain_about() {
        assert_eq!(
            description_faults(&Plugin::describe()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_failure_is_posted() {
        let host = Host::new().answering(200, "ok");
        host.deliver::<Plugin>(SETTINGS, &sample("run.failed"))
            .unwrap();
        let request = &host.requests()[0];
        let sent: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
        assert_eq!(sent["title"], "🔴 backup failed");
    }

    #[test]
    fn every_kind_of_event_is_taken() {
        let host = Host::new().answering(200, "ok");
        for event in samples() {
            host.deliver::<Plugin>(SETTINGS, &event).unwrap();
        }
    }

    #[test]
    fn a_server_that_is_down_is_asked_again() {
        let host = Host::new().answering(503, "");
        let failure = host
            .deliver::<Plugin>(SETTINGS, &sample("run.failed"))
            .unwrap_err();
        assert!(matches!(failure, Failure::Retry(_)));
    }

    #[test]
    fn a_bad_address_is_told_at_its_place() {
        let found = Host::new().check::<Plugin>(r#"{"url": "example.com"}"#);
        assert_eq!(found[0].pointer, "/url");
    }
}
