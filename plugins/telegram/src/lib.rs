//! Tells a Telegram chat as a bot, also in a topic, and answers a failure when it is over.
//!
//! Source: core.telegram.org/bots/api, "sendMessage", "HTML style", "ResponseParameters".
//!
//! Invariant: the token, which is part of the address, stands in no text that leaves this crate. Tests: `tests.rs`.

mod answer;
mod message;
mod settings;

use answer::Answer;
use runwisp_plugin::http::{self, Request};
use runwisp_plugin::message::{Message, check_template};
use runwisp_plugin::{Context, Descriptor, Event, Failure, Finding, Notifier, Receipt, log};
use serde_json::{Value, json};

pub use settings::{Chat, Settings};

/// The plugin.
pub struct Telegram;

impl Notifier for Telegram {
    type Settings = Settings;

    fn describe() -> Descriptor {
        Descriptor::new(
            "telegram",
            env!("CARGO_PKG_VERSION"),
            "Tells a Telegram chat or a topic of a group, as a bot",
        )
        .homepage("https://core.telegram.org/bots")
        .settings_schema(include_str!("../settings.schema.json"))
        .needs_http("api.telegram.org")
        .needs_http("$api_url")
        .needs_template()
    }

    fn check(settings: &Settings) -> Vec<Finding> {
        let mut findings = settings.faults();
        findings.extend(check_template("/text", settings.text.as_deref()));
        findings
    }

    fn check_target(_settings: &Settings, target: &str) -> Result<(), String> {
        settings::place(target).map(|_| ())
    }

    fn deliver(settings: &Settings, event: &Event, context: &Context) -> Result<Receipt, Failure> {
        send(settings, event, context).map_err(|failure| failure.masked(&settings.bot_token))
    }
}

fn send(settings: &Settings, event: &Event, context: &Context) -> Result<Receipt, Failure> {
    if let Some(fault) = settings.faults().into_iter().next() {
        return Err(Failure::Config(fault.message));
    }
    let (chat, topic) = match &context.target {
        Some(target) => settings::place(target).map_err(Failure::Config)?,
        None => (settings.chat_id.clone(), settings.topic),
    };
    let message = Message::new(event, context);
    let text = message::text(settings.text.as_deref(), &message);
    let mut payload = json!({
        "chat_id": chat.0,
        "text": text.html,
        "parse_mode": "HTML",
        "disable_notification": settings.is_silent(event.severity),
        "link_preview_options": {"is_disabled": true},
    });
    if let Some(topic) = topic {
        payload["message_thread_id"] = topic.into();
    }
    if let Some(answered) = answered(context, &chat) {
        payload["reply_parameters"] =
            json!({"message_id": answered, "allow_sending_without_reply": true});
    }
    let mut answer = post(settings, &payload)?;
    if answer.can_not_parse() {
        log::warning("Telegram can't read the text as HTML; it was sent as plain text");
        payload["text"] = text.plain.into();
        if let Some(table) = payload.as_object_mut() {
            table.retain(|key, _| key != "parse_mode");
        }
        answer = post(settings, &payload)?;
    }
    let moved = answer.moved_to();
    if let Some(chat) = moved {
        log::warning(format!(
            "the group has become a supergroup; write chat_id = {chat}"
        ));
        payload["chat_id"] = chat.into();
        answer = post(settings, &payload)?;
    }
    let chat = moved.map_or(chat.0, |chat| chat.to_string());
    let receipt = answer.receipt(&chat)?;
    Ok(match moved {
        Some(chat) => receipt.note(format!("the chat's id is now {chat}")),
        None => receipt,
    })
}

/// The message that is answered, if it was in the same chat.
fn answered(context: &Context, chat: &Chat) -> Option<i64> {
    let (place, message) = context.answers.as_deref()?.rsplit_once('/')?;
    (place == chat.0).then(|| message.parse().ok()).flatten()
}

fn post(settings: &Settings, payload: &Value) -> Result<Answer, http::Error> {
    let api = settings.api_url.trim_end_matches('/');
    let url = format!("{api}/bot{}/sendMessage", settings.bot_token);
    Request::post(url).json(payload).send().map(Answer::of)
}

runwisp_plugin::notifier!(Telegram);

#[cfg(test)]
mod tests;
