//! Tells a Slack channel: through an incoming webhook, or as a bot with `chat.postMessage`, which can also choose the
//! channel and answer a failure in its thread.
//!
//! Sources: docs.slack.dev, "Incoming webhooks", "chat.postMessage", "Block Kit", "Rate limits".
//!
//! Invariant: token and webhook address stand in no text that leaves this crate. Tests: `tests.rs`.

mod answer;
mod message;
mod settings;

use runwisp_plugin::message::{Message, check_template};
use runwisp_plugin::{Context, Descriptor, Event, Failure, Finding, Notifier, Receipt, http};
use serde_json::Value;

pub use settings::Settings;

/// The plugin.
pub struct Slack;

impl Notifier for Slack {
    type Settings = Settings;

    fn describe() -> Descriptor {
        Descriptor::new(
            "slack",
            env!("CARGO_PKG_VERSION"),
            "Tells a Slack channel, and answers a failure in its thread when it is over",
        )
        .homepage("https://docs.slack.dev/messaging/")
        .settings_schema(include_str!("../settings.schema.json"))
        .needs_http("$webhook_url")
        .needs_http("$api_url")
        .needs_http("slack.com")
        .needs_template()
    }

    fn check(settings: &Settings) -> Vec<Finding> {
        let mut findings = settings.contradictions();
        findings.extend(check_template("/title", settings.title.as_deref()));
        findings.extend(check_template("/text", settings.text.as_deref()));
        findings
    }

    fn check_target(settings: &Settings, target: &str) -> Result<(), String> {
        if settings.token.is_none() {
            return Err(
                "a webhook posts to its own channel; set `token` to choose among channels".into(),
            );
        }
        settings::channel_fault(target).map_or(Ok(()), Err)
    }

    fn deliver(settings: &Settings, event: &Event, context: &Context) -> Result<Receipt, Failure> {
        if let Some(wrong) = settings.contradictions().into_iter().next() {
            return Err(Failure::Config(wrong.message));
        }
        let message = Message::new(event, context);
        let payload = message::payload(settings, &message);
        let outcome = match (&settings.token, &settings.webhook_url) {
            (Some(token), _) => post_message(settings, token, context, payload),
            (None, Some(url)) => post_webhook(url, payload),
            // Told as a contradiction above.
            (None, None) => Err(Failure::Config("`webhook_url` is missing".into())),
        };
        outcome.map_err(|failure| settings.masked(failure))
    }
}

/// One message through the webhook. When Slack does not like the blocks, the plain text is sent instead.
fn post_webhook(url: &str, payload: Value) -> Result<Receipt, Failure> {
    let response = http::Request::post(url).json(&payload).send()?;
    let response = match answer::dislikes_blocks(&response) {
        true => http::Request::post(url)
            .json(&message::without_blocks(payload))
            .send()?,
        false => response,
    };
    answer::of_webhook(&response)
}

/// One message as a bot. A thread that is gone, or blocks that Slack does not like, cost the thread or the blocks but not
/// the message.
fn post_message(
    settings: &Settings,
    token: &str,
    context: &Context,
    mut payload: Value,
) -> Result<Receipt, Failure> {
    let channel = context.target.as_ref().or(settings.channel.as_ref());
    payload["channel"] = channel.cloned().into();
    payload["unfurl_links"] = false.into();
    payload["unfurl_media"] = false.into();
    let answers = context.answers.as_deref().filter(|_| settings.thread);
    if let Some((channel, timestamp)) = answers.and_then(|answers| answers.split_once('/')) {
        payload["channel"] = channel.into();
        payload["thread_ts"] = timestamp.into();
        payload["reply_broadcast"] = settings.broadcast.into();
    }
    let send = |payload: &Value| {
        http::Request::post(settings.api("chat.postMessage"))
            .header("authorization", format!("Bearer {token}"))
            .json(payload)
            .send()
    };
    let mut response = send(&payload)?;
    if payload.get("thread_ts").is_some() && answer::lost_thread(&response) {
        payload = message::without_thread(payload);
        response = send(&payload)?;
    }
    if answer::dislikes_blocks(&response) {
        response = send(&message::without_blocks(payload))?;
    }
    answer::of_api(&response)
}

runwisp_plugin::notifier!(Slack);

#[cfg(test)]
mod tests;
