//! Server-sent events (the `EventSource` of browsers; WHATWG HTML, section 9.2).
//!
//! Every frame has a name. Those with an id are places to resume at: the browser gives the last one back as
//! `Last-Event-ID`. Tests: below, and `wire/tests`.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

use super::stream::{self, Feed};

/// From one ping to the next, so that both ends notice when the other is gone.
pub const PING: Duration = Duration::from_secs(15);

/// How many frames may wait for the reader.
pub const AHEAD: usize = 32;

/// One event.
pub fn frame(id: Option<&str>, event: &str, data: &impl Serialize) -> Bytes {
    let mut text = Vec::with_capacity(256);
    if let Some(id) = id {
        text.extend_from_slice(b"id: ");
        text.extend_from_slice(id.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(b"event: ");
    text.extend_from_slice(event.as_bytes());
    text.extend_from_slice(b"\ndata: ");
    // JSON on one line: it holds no line end.
    text.extend_from_slice(&serde_json::to_vec(data).unwrap_or_default());
    text.extend_from_slice(b"\n\n");
    text.into()
}

/// Says that the daemon is still there.
pub fn ping(id: Option<&str>) -> Bytes {
    frame(id, "ping", &serde_json::json!({}))
}

/// A feed, and the answer that it feeds.
pub fn events() -> (Feed, Response) {
    let (feed, mut response) = stream::answer_ahead("text/event-stream", AHEAD);
    // Proxies would otherwise keep events until a buffer is full.
    let unbuffered = HeaderValue::from_static("no");
    response
        .headers_mut()
        .insert("x-accel-buffering", unbuffered);
    (feed, response)
}

/// Whether the caller wants events rather than lines.
pub fn wanted(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/event-stream"))
}

/// Where a reader that comes back wants to go on.
pub fn last_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get("last-event-id")?.to_str().ok()?;
    Some(id).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_event_whatever_is_in_it() {
        let data = serde_json::json!({"text": "a\nb\r\nevent: c"});
        let frame = frame(Some("7"), "line", &data);
        let text = std::str::from_utf8(&frame).unwrap();
        assert_eq!(
            text,
            "id: 7\nevent: line\ndata: {\"text\":\"a\\nb\\r\\nevent: c\"}\n\n"
        );
    }
}
