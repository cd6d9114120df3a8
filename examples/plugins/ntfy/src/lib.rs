//! Publishes to a topic of ntfy, on ntfy.sh or a server of one's own.

use runwisp_plugin::message::Tone;
use runwisp_plugin::schemars::{self, JsonSchema};
use runwisp_plugin::{
    Context, Descriptor, Event, Failure, Finding, Message, Notifier, Receipt, http,
};
use serde::Deserialize;
use serde_json::json;

/// The longest message, in bytes; ntfy makes a file of what is longer.
const LONGEST: usize = 4000;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The topic. A target, as in `ntfy:other-topic`, goes before it.
    topic: String,
    /// The server.
    #[serde(default = "ntfy_sh")]
    url: String,
    /// An access token, for topics that not everybody may write to.
    #[schemars(extend("writeOnly" = true))]
    token: Option<String>,
}

fn ntfy_sh() -> String {
    "https://ntfy.sh".into()
}

fn is_topic(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    (1..=64).contains(&name.len()) && name.chars().all(plain)
}

struct Ntfy;

impl Notifier for Ntfy {
    type Settings = Settings;

    fn describe() -> Descriptor {
        Descriptor::new(
            "ntfy",
            env!("CARGO_PKG_VERSION"),
            "Publishes to a topic of ntfy",
        )
        .homepage("https://ntfy.sh")
        .settings::<Settings>()
        .needs_http("ntfy.sh")
        .needs_http("$url")
    }

    fn check(settings: &Settings) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            http::check_url("/url", &settings.url).into_iter().collect();
        if !is_topic(&settings.topic) {
            findings.push(
                Finding::error("/topic", "this is not the name of a topic")
                    .help("A name has up to 64 letters, digits, `_` and `-`."),
            );
        }
        findings
    }

    fn check_target(_settings: &Settings, target: &str) -> Result<(), String> {
        match is_topic(target) {
            true => Ok(()),
            false => Err("this is not the name of a topic".into()),
        }
    }

    fn deliver(settings: &Settings, event: &Event, context: &Context) -> Result<Receipt, Failure> {
        let message = Message::new(event, context);
        let mut request = http::Request::post(&settings.url).json(&json!({
            "topic": context.target.as_ref().unwrap_or(&settings.topic),
            "title": message.heading(),
            "message": message.body_within(LONGEST, char::len_utf8),
            "click": message.link().unwrap_or_default(),
            "priority": match message.tone() {
                Tone::Bad => 4,
                Tone::Warning => 3,
                Tone::Good | Tone::Plain => 2,
            },
        }));
        if let Some(token) = &settings.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request.send()?.accepted()?;
        Ok(Receipt::default())
    }
}

runwisp_plugin::notifier!(Ntfy);

#[cfg(test)]
mod tests {
    use super::*;
    use runwisp_plugin::testing::{Host, answer, description_faults, sample};
    use serde_json::Value;

    const SETTINGS: &str = r#"{"topic": "ops", "token": "tk_1"}"#;

    #[test]
    fn the_host_has_nothing_to_complain_about() {
        assert_eq!(description_faults(&Ntfy::describe()), Vec::<String>::new());
    }

    #[test]
    fn a_failure_is_published_with_its_output() {
        let host = Host::new().answering(200, "{}");
        host.deliver::<Ntfy>(SETTINGS, &sample("run.failed"))
            .unwrap();
        let request = &host.requests()[0];
        let sent: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
        assert_eq!(sent["topic"], "ops");
        assert_eq!(sent["title"], "🔴 backup failed");
        assert_eq!(sent["priority"], 4);
        assert!(
            sent["message"]
                .as_str()
                .unwrap()
                .contains("No space left on device")
        );
        assert!(
            request
                .headers
                .contains(&("authorization".into(), "Bearer tk_1".into()))
        );
    }

    #[test]
    fn who_publishes_too_much_is_told_to_wait() {
        let host = Host::new().on_http(|_| {
            answer(429, "limit reached").map(|answer| answer.with_header("Retry-After", "9"))
        });
        let failure = host
            .deliver::<Ntfy>(SETTINGS, &sample("run.failed"))
            .unwrap_err();
        assert_eq!(
            failure,
            Failure::retry("the server answered 429: limit reached", Some(9))
        );
    }

    #[test]
    fn a_bad_topic_is_told_at_its_place() {
        let host = Host::new();
        let found = host.check::<Ntfy>(r#"{"topic": "a b"}"#);
        assert_eq!(found[0].pointer, "/topic");
        assert!(host.check_target::<Ntfy>(SETTINGS, "a/b").is_err());
    }
}
