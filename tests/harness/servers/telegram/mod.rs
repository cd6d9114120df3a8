//! Telegram's Bot API, as its documentation describes `sendMessage`.
//!
//! It knows the chats 42 (a person) and -1001234567890 (a group with topics, also `@alerts`); the topics 1 and 7; chat
//! 13, whose person has blocked the bot; and -99, a group that has become -1001234567890.
//!
//! Sources: core.telegram.org/bots/api, "Making requests", "sendMessage", "Formatting options", "ResponseParameters".
//! Left out: MarkdownV2 and Markdown, which are answered as unsupported; entities; keyboards.
//!
//! Invariant: a message is refused in the words of the real service. Tests: `tests` below and in `html.rs`.

mod html;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use super::{HttpServer, Reply, Request};

const TOKEN: &str = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";
const GROUP: i64 = -1_001_234_567_890;
/// The longest text there is, after its entities were parsed. The documentation does not say in which unit; UTF-16 is
/// the one in which its entities count, and the strictest.
const TEXT: usize = 4096;

/// A bot's place.
pub struct Telegram {
    server: HttpServer,
    board: Arc<Board>,
}

/// A message that stands in a chat.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The chat.
    pub chat: i64,
    /// The topic in it.
    pub topic: Option<i64>,
    /// What names the message in the chat.
    pub message_id: i64,
    /// The message it answers.
    pub answers: Option<i64>,
    /// What people read.
    pub text: String,
    /// All that was sent.
    pub body: Value,
}

#[derive(Default)]
struct Board(Mutex<Vec<Sent>>);

/// A status, and what is said with it.
type Refusal = (u16, String, Value);

impl Deref for Telegram {
    type Target = HttpServer;
    fn deref(&self) -> &HttpServer {
        &self.server
    }
}

impl Telegram {
    /// A new one.
    pub fn new() -> Telegram {
        let board = Arc::new(Board::default());
        let answering = Arc::clone(&board);
        let server = HttpServer::with(move |request| answering.answer(request));
        Telegram { server, board }
    }

    /// The bot's token.
    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// The messages that were taken, oldest first.
    pub fn sent(&self) -> Vec<Sent> {
        self.board.open().clone()
    }

    /// What it says when it was asked too often.
    pub fn too_many(retry_after: u32) -> Reply {
        let said = format!("Too Many Requests: retry after {retry_after}");
        refuse(&(429, said, json!({"retry_after": retry_after}))).header("retry-after", retry_after)
    }
}

impl Default for Telegram {
    fn default() -> Telegram {
        Telegram::new()
    }
}

fn refuse((status, description, parameters): &Refusal) -> Reply {
    let mut answer = json!({"ok": false, "error_code": status, "description": description});
    if !parameters.is_null() {
        answer["parameters"] = parameters.clone();
    }
    Reply::new(*status).json(&answer)
}

fn bad(what: impl AsRef<str>) -> Refusal {
    (400, format!("Bad Request: {}", what.as_ref()), Value::Null)
}

impl Board {
    fn open(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.0.lock().expect("no thread panics with the lock")
    }

    fn answer(&self, request: &Request) -> Reply {
        match self.send_message(request) {
            Ok(sent) => {
                let chat = json!({"id": sent.chat, "type": if sent.chat < 0 { "supergroup" } else { "private" }});
                let result = json!({"message_id": sent.message_id, "date": 1_700_000_000, "chat": chat, "text": sent.text});
                Reply::new(200).json(&json!({"ok": true, "result": result}))
            }
            Err(refusal) => refuse(&refusal),
        }
    }

    fn send_message(&self, request: &Request) -> Result<Sent, Refusal> {
        let (token, method) = request
            .path
            .strip_prefix("/bot")
            .and_then(|rest| rest.split_once('/'))
            .ok_or((404, "Not Found".to_owned(), Value::Null))?;
        if token != TOKEN {
            return Err((401, "Unauthorized".into(), Value::Null));
        }
        if !method.eq_ignore_ascii_case("sendMessage") {
            return Err((404, "Not Found".into(), Value::Null));
        }
        let json = request
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/json"));
        let body: Value = match serde_json::from_slice(&request.body) {
            Ok(body) if json => body,
            _ => return Err(bad("message text is empty")),
        };
        let chat = chat(&body["chat_id"])?;
        let topic = topic(chat, &body["message_thread_id"])?;
        let text = text(&body)?;
        let mut board = self.open();
        let answers = answered(chat, &body, &board)?;
        let message_id = 100 + i64::try_from(board.len()).expect("a test sends few messages");
        let sent = Sent {
            chat,
            topic,
            message_id,
            answers,
            text,
            body,
        };
        board.push(sent.clone());
        Ok(sent)
    }
}

fn chat(id: &Value) -> Result<i64, Refusal> {
    let number = match id {
        Value::Null => return Err(bad("chat_id is empty")),
        Value::String(name) if name == "@alerts" => Some(GROUP),
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    match number {
        Some(id @ (42 | GROUP)) => Ok(id),
        Some(13) => Err((
            403,
            "Forbidden: bot was blocked by the user".into(),
            Value::Null,
        )),
        Some(-99) => {
            let (status, said, _) = bad("group chat was upgraded to a supergroup chat");
            Err((status, said, json!({"migrate_to_chat_id": GROUP})))
        }
        _ => Err(bad("chat not found")),
    }
}

fn topic(chat: i64, id: &Value) -> Result<Option<i64>, Refusal> {
    match id.as_i64() {
        None if id.is_null() => Ok(None),
        Some(topic @ (1 | 7)) if chat == GROUP => Ok(Some(topic)),
        _ => Err(bad("message thread not found")),
    }
}

/// What people would read.
fn text(body: &Value) -> Result<String, Refusal> {
    let raw = body["text"].as_str().unwrap_or_default();
    let text = match body["parse_mode"].as_str() {
        None => raw.to_owned(),
        Some("HTML") => {
            html::plain(raw).map_err(|why| bad(format!("can't parse entities: {why}")))?
        }
        Some(_) => return Err(bad("unsupported parse_mode")),
    };
    if text.trim().is_empty() {
        return Err(bad("message text is empty"));
    }
    if text.encode_utf16().count() > TEXT {
        return Err(bad("message is too long"));
    }
    Ok(text)
}

/// The message that is answered, which has to be there unless the sender says that it need not.
fn answered(chat: i64, body: &Value, board: &[Sent]) -> Result<Option<i64>, Refusal> {
    let parameters = &body["reply_parameters"];
    let (id, lenient) = if parameters.is_object() {
        (
            &parameters["message_id"],
            &parameters["allow_sending_without_reply"],
        )
    } else {
        (
            &body["reply_to_message_id"],
            &body["allow_sending_without_reply"],
        )
    };
    let Some(id) = id.as_i64() else {
        return Ok(None);
    };
    if board
        .iter()
        .any(|sent| (sent.chat, sent.message_id) == (chat, id))
    {
        return Ok(Some(id));
    }
    if lenient == true {
        Ok(None)
    } else {
        Err(bad("message to be replied not found"))
    }
}
