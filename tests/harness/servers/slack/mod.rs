//! Slack, as its documentation describes incoming webhooks and `chat.postMessage`.
//!
//! A message that Slack would refuse is refused in Slack's words. One that Slack would take but show otherwise than it
//! was meant, such as with a bare `<` in it, is taken and told by [`Slack::mishaps`].
//!
//! Sources: docs.slack.dev, "Sending messages using incoming webhooks", "chat.postMessage", "Blocks", "Formatting
//! message text". Left out: attachments, files, users as recipients.
//!
//! Invariant: what is not in the documentation is not demanded. Tests: `tests` below.

mod blocks;
mod mrkdwn;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use super::{HttpServer, Reply, Request};

const WEBHOOK: &str = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";
const TOKEN: &str = "xoxb-000000000000-000000000000-XXXXXXXXXXXXXXXXXXXXXXXX";
/// The longest text there is; 4,000 characters are what Slack recommends.
const TEXT: usize = 40_000;

/// A workspace with the channels `C0000000001` and `#alerts`.
pub struct Slack {
    server: HttpServer,
    board: Arc<Board>,
}

/// A message that stands in a channel.
#[derive(Clone, Debug)]
pub struct Post {
    /// The channel; none for an incoming webhook, which has its own.
    pub channel: Option<String>,
    /// What names the message.
    pub ts: String,
    /// The message it answers.
    pub thread_ts: Option<String>,
    /// All that was sent.
    pub body: Value,
}

#[derive(Default)]
struct Board(Mutex<(Vec<Post>, Vec<String>)>);

impl Deref for Slack {
    type Target = HttpServer;
    fn deref(&self) -> &HttpServer {
        &self.server
    }
}

impl Slack {
    /// A new workspace.
    pub fn new() -> Slack {
        let board = Arc::new(Board::default());
        let answering = Arc::clone(&board);
        let server = HttpServer::with(move |request| answering.answer(request));
        Slack { server, board }
    }

    /// The address of an incoming webhook.
    pub fn webhook_url(&self) -> String {
        self.server.url(WEBHOOK)
    }

    /// A bot's token.
    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// The messages that were taken, oldest first.
    pub fn posts(&self) -> Vec<Post> {
        self.board.open().0.clone()
    }

    /// What Slack would show otherwise than it was meant.
    pub fn mishaps(&self) -> Vec<String> {
        self.board.open().1.clone()
    }
}

impl Default for Slack {
    fn default() -> Slack {
        Slack::new()
    }
}

impl Board {
    fn open(&self) -> MutexGuard<'_, (Vec<Post>, Vec<String>)> {
        self.0.lock().expect("no thread panics with the lock")
    }

    fn answer(&self, request: &Request) -> Reply {
        if request.path == "/api/chat.postMessage" {
            // The API answers 200 whatever it thinks of a request.
            let answer = self
                .post_message(request)
                .unwrap_or_else(|refusal| refusal.document());
            return Reply::new(200).json(&answer);
        }
        match self.webhook(request) {
            Ok(()) => Reply::new(200).text("ok"),
            Err((status, word)) => Reply::new(status).text(word),
        }
    }

    fn webhook(&self, request: &Request) -> Result<(), (u16, &'static str)> {
        if request.path != WEBHOOK {
            return Err((404, "no_service"));
        }
        let body = document(request).ok_or((400, "invalid_payload"))?;
        self.take(None, body)
            .map(drop)
            .map_err(|refusal| (400, refusal.word))
    }

    fn post_message(&self, request: &Request) -> Result<Value, Refusal> {
        match request.header("authorization") {
            None => return Err(Refusal::new("not_authed")),
            Some(said) if said != format!("Bearer {TOKEN}") => {
                return Err(Refusal::new("invalid_auth"));
            }
            Some(_) => {}
        }
        let body = document(request).ok_or(Refusal::new("invalid_json"))?;
        let channel = match body["channel"].as_str() {
            Some("C0000000001" | "#alerts" | "alerts") => "C0000000001",
            Some("C0000000002") => return Err(Refusal::new("not_in_channel")),
            Some("C0000000003") => return Err(Refusal::new("is_archived")),
            _ => return Err(Refusal::new("channel_not_found")),
        };
        let post = self.take(Some(channel), body)?;
        let (ts, text) = (post.ts, &post.body["text"]);
        Ok(json!({"ok": true, "channel": channel, "ts": ts, "message": {"text": text, "ts": ts}}))
    }

    /// Checks what both ways have in common, and puts the message up.
    fn take(&self, channel: Option<&str>, body: Value) -> Result<Post, Refusal> {
        let text = body["text"].as_str().unwrap_or_default();
        let blocks = &body["blocks"];
        if text.is_empty() && !blocks.is_array() {
            return Err(Refusal::new("no_text"));
        }
        if text.chars().count() > TEXT {
            return Err(Refusal::new("msg_too_long"));
        }
        let faults = blocks::faults(blocks);
        if !faults.is_empty() {
            return Err(Refusal {
                word: "invalid_blocks",
                faults,
            });
        }
        let (posts, mishaps) = &mut *self.open();
        let thread_ts = body["thread_ts"].as_str().map(str::to_owned);
        if let Some(parent) = &thread_ts {
            let stands = |post: &Post| post.ts == *parent && post.channel.as_deref() == channel;
            if channel.is_some() && !posts.iter().any(stands) {
                return Err(Refusal::new("cannot_reply_to_message"));
            }
        }
        mishaps.extend(mrkdwn::mishaps(&body));
        let post = Post {
            channel: channel.map(str::to_owned),
            ts: format!("1700000000.{:06}", posts.len() + 1),
            thread_ts,
            body,
        };
        posts.push(post.clone());
        Ok(post)
    }
}

/// Why a message is not taken.
struct Refusal {
    word: &'static str,
    /// What is wrong with its blocks.
    faults: Vec<String>,
}

impl Refusal {
    fn new(word: &'static str) -> Refusal {
        Refusal {
            word,
            faults: Vec::new(),
        }
    }

    fn document(&self) -> Value {
        if self.faults.is_empty() {
            return json!({"ok": false, "error": self.word});
        }
        let told = |fault: &String| format!("[ERROR] {fault}");
        let messages: Vec<String> = self.faults.iter().map(told).collect();
        json!({"ok": false, "error": self.word, "errors": self.faults, "response_metadata": {"messages": messages}})
    }
}

/// The body, where it is the JSON object that both ways want.
fn document(request: &Request) -> Option<Value> {
    let json = request
        .header("content-type")?
        .starts_with("application/json");
    let value: Value = serde_json::from_slice(&request.body).ok()?;
    (request.method == "POST" && json && value.is_object()).then_some(value)
}
