//! What users write in `[notifiers.ID]` with `type = "telegram"`.

use std::fmt;

use runwisp_plugin::schemars::{self, JsonSchema};
use runwisp_plugin::{Finding, Severity, http};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// The settings of the notifier `telegram`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The token that @BotFather gave for the bot.
    #[schemars(extend("writeOnly" = true))]
    pub bot_token: String,
    /// The chat: its number, or `@name` of a public channel. A target, as in `telegram:-1001234/7`, goes before it.
    #[schemars(with = "String", extend("type" = ["string", "integer"]))]
    pub chat_id: Chat,
    /// The topic of a group with topics, by its number.
    pub topic: Option<i64>,
    /// Up to which severity a message arrives without a sound.
    #[serde(default)]
    pub silent: Silent,
    /// A template for the whole message, in Telegram's HTML.
    pub text: Option<String>,
    /// Where the Bot API is, for a server of one's own.
    #[serde(default = "api_url")]
    pub api_url: String,
}

/// Up to which severity a message arrives without a sound.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Silent {
    /// Each is heard.
    None,
    /// What is only worth knowing is not heard.
    #[default]
    Info,
    /// Only failures are heard.
    Warning,
    /// None is heard.
    All,
}

/// A chat, as Telegram is told it.
#[derive(Clone, Debug, PartialEq)]
pub struct Chat(pub String);

fn api_url() -> String {
    "https://api.telegram.org".into()
}

impl<'de> Deserialize<'de> for Chat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Chat, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Chat;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("the number of a chat, or `@name`")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Chat, E> {
                Ok(Chat(number.to_string()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Chat, E> {
                Ok(Chat(number.to_string()))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Chat, E> {
                Ok(Chat(text.into()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Chat {
    fn is_sound(&self) -> bool {
        let name = |name: &str| {
            name.len() >= 4
                && name
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        };
        self.0.parse::<i64>().is_ok_and(|number| number != 0)
            || self.0.strip_prefix('@').is_some_and(name)
    }
}

impl Settings {
    /// What can't work.
    pub(crate) fn faults(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        // The token becomes part of an address, so nothing may stand in it that would lead elsewhere.
        let plain = |letter: char| letter.is_ascii_alphanumeric() || ":_-".contains(letter);
        if self.bot_token.is_empty() || !self.bot_token.chars().all(plain) {
            findings.push(
                Finding::error("/bot_token", "this is not the token of a bot")
                    .help("@BotFather gives a token such as `123456789:AAE…`."),
            );
        }
        if !self.chat_id.is_sound() {
            findings.push(
                Finding::error(
                    "/chat_id",
                    "this is neither the number of a chat nor `@name`",
                )
                .help("The bot gets to know it from `getUpdates` once somebody has written to it."),
            );
        }
        findings.extend(http::check_url("/api_url", &self.api_url));
        findings
    }

    pub(crate) fn is_silent(&self, severity: Severity) -> bool {
        match self.silent {
            Silent::None => false,
            Silent::Info => severity == Severity::Info,
            Silent::Warning => severity != Severity::Error,
            Silent::All => true,
        }
    }
}

/// What a target means: `CHAT` or `CHAT/TOPIC`.
pub(crate) fn place(target: &str) -> Result<(Chat, Option<i64>), String> {
    let (chat, topic) = match target.split_once('/') {
        Some((chat, topic)) => (chat, Some(topic.parse::<i64>())),
        None => (target, None),
    };
    let chat = Chat(chat.into());
    match topic.transpose() {
        Ok(topic) if chat.is_sound() => Ok((chat, topic)),
        Ok(_) => Err("this is neither the number of a chat nor `@name`".into()),
        Err(_) => Err("the topic behind the `/` is not a number".into()),
    }
}
