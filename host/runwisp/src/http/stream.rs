//! Answers that go on: lines of JSON, one document per line, for as long as both ends want.
//!
//! Invariant: at most [`AHEAD`] lines wait for a slow reader; the producer waits, and it is told when the reader leaves.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::body::Frame;
use serde::Serialize;
use tokio::sync::mpsc;

use super::sse;
use crate::wire::LogItem;

/// How many pieces may wait for the reader.
pub const AHEAD: usize = 256;

/// The reader has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left;

/// The producer's end.
#[derive(Clone)]
pub struct Feed {
    pieces: mpsc::Sender<Bytes>,
    /// Whether output is told as server-sent events, and not as lines of JSON.
    events: bool,
}

impl Feed {
    /// Sends one document as a line.
    pub async fn send<T: Serialize>(&self, document: &T) -> Result<(), Left> {
        self.bytes(json_line(document)).await
    }

    /// Sends one piece of output in the form that the reader asked for.
    pub async fn tell(&self, item: &LogItem) -> Result<(), Left> {
        if !self.events {
            return self.send(item).await;
        }
        self.bytes(match item {
            LogItem::Line(line) => sse::frame(Some(&line.after), "line", item),
            LogItem::End(_) => sse::frame(None, "end", item),
            LogItem::Lagged { .. } => sse::frame(None, "lagged", item),
            LogItem::Broken(_) => sse::frame(None, "broken", item),
        })
        .await
    }

    /// Sends bytes as they are.
    pub async fn bytes(&self, bytes: Bytes) -> Result<(), Left> {
        self.pieces.send(bytes).await.map_err(|_| Left)
    }

    /// The same from a thread that may block.
    pub fn send_blocking<T: Serialize>(&self, document: &T) -> Result<(), Left> {
        self.bytes_blocking(json_line(document))
    }

    /// Sends bytes as they are, from a thread that may block.
    pub fn bytes_blocking(&self, bytes: Bytes) -> Result<(), Left> {
        self.pieces.blocking_send(bytes).map_err(|_| Left)
    }

    /// Waits until the reader has gone.
    pub async fn left(&self) {
        self.pieces.closed().await;
    }
}

/// A document as a line.
pub fn json_line<T: Serialize>(document: &T) -> Bytes {
    let mut line = serde_json::to_vec(document).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

struct Pieces(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(context)
            .map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// A feed, and the answer that it feeds. The answer ends when the last clone of the feed is dropped.
pub fn answer(content_type: &'static str) -> (Feed, Response) {
    answer_ahead(content_type, AHEAD)
}

/// The same with so many pieces that may wait for the reader.
pub fn answer_ahead(content_type: &'static str, ahead: usize) -> (Feed, Response) {
    let (feed, pieces) = mpsc::channel(ahead);
    let response = (
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-store"),
        ],
        Body::new(Pieces(pieces)),
    )
        .into_response();
    let feed = Feed {
        pieces: feed,
        events: content_type == "text/event-stream",
    };
    (feed, response)
}

/// A feed of lines of JSON.
pub fn lines() -> (Feed, Response) {
    answer("application/x-ndjson")
}
