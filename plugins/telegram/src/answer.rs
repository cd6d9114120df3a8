//! What Telegram's answers mean for a delivery: `ok` with a `result`, or `error_code`, `description` and `parameters`.

use runwisp_plugin::http::Response;
use runwisp_plugin::{Failure, Receipt};
use serde::Deserialize;

/// An answer, whichever it is.
pub(crate) struct Answer {
    response: Response,
    body: Option<Body>,
}

#[derive(Deserialize)]
struct Body {
    ok: bool,
    #[serde(default)]
    description: String,
    parameters: Option<Parameters>,
    result: Option<Sent>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u32>,
    migrate_to_chat_id: Option<i64>,
}

#[derive(Deserialize)]
struct Sent {
    message_id: i64,
}

impl Answer {
    pub(crate) fn of(response: Response) -> Answer {
        let body = response.json().ok();
        Answer { response, body }
    }

    fn description(&self) -> &str {
        self.body
            .as_ref()
            .map_or("", |body| body.description.as_str())
    }

    fn says(&self, words: &str) -> bool {
        self.description()
            .to_ascii_lowercase()
            .contains(&words.to_ascii_lowercase())
    }

    /// Whether plain text would be taken.
    pub(crate) fn can_not_parse(&self) -> bool {
        self.response.status == 400 && self.says("can't parse entities")
    }

    /// Where the chat is now, when a group became a supergroup.
    pub(crate) fn moved_to(&self) -> Option<i64> {
        self.body.as_ref()?.parameters.as_ref()?.migrate_to_chat_id
    }

    /// The receipt, with the message's place so that a later one can answer it.
    pub(crate) fn receipt(&self, chat: &str) -> Result<Receipt, Failure> {
        match &self.body {
            Some(Body {
                ok: true, result, ..
            }) => Ok(match result {
                Some(sent) => Receipt::with_reference(format!("{chat}/{}", sent.message_id)),
                None => Receipt::default(),
            }),
            // A proxy or a captive page said yes; Telegram did not.
            None if self.response.is_success() => Err(Failure::retry(
                "the answer is not one of Telegram's Bot API",
                None,
            )),
            _ => Err(self.failure()),
        }
    }

    fn failure(&self) -> Failure {
        let after = self
            .body
            .as_ref()
            .and_then(|body| body.parameters.as_ref()?.retry_after)
            .or_else(|| self.response.retry_after());
        let said = self.description();
        let told = |meaning: &str| match said {
            "" => format!("the server answered {}: {meaning}", self.response.status),
            said => format!("Telegram says `{said}`: {meaning}"),
        };
        match self.response.status {
            401 | 404 => Failure::Config(told("the token is not that of a bot")),
            403 => Failure::Config(told("the bot may not write to this chat")),
            420 | 429 => Failure::retry(told("too many messages"), after),
            500.. => Failure::retry(told("try later"), after),
            400 if self.says("chat not found") => {
                Failure::Config(told("there is no such chat, or the bot is not in it"))
            }
            400 if self.says("thread not found") || self.says("TOPIC_") => {
                Failure::Config(told("there is no such topic, or it is closed"))
            }
            400 if self.says("not enough rights")
                || self.says("CHAT_WRITE_FORBIDDEN")
                || self.says("have no rights")
                || self.says("group chat was upgraded") =>
            {
                Failure::Config(told("the bot may not write to this chat"))
            }
            400 => Failure::Rejected(told("it does not take the message")),
            _ => self.response.failure(said),
        }
    }
}
