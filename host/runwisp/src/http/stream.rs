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

/// How many pieces may wait for the reader.
pub const AHEAD: usize = 256;

/// The reader has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left;

/// The producer's end.
#[derive(Clone)]
pub struct Feed(mpsc::Sender<Bytes>);

impl Feed {
    /// Sends one document as a line.
    pub async fn send<T: Serialize>(&self, document: &T) -> Result<(), Left> {
        self.0.send(json_line(document)).await.map_err(|_| Left)
    }

    /// The same from a thread that may block.
    pub fn send_blocking<T: Serialize>(&self, document: &T) -> Result<(), Left> {
        self.bytes_blocking(json_line(document))
    }

    /// Sends bytes as they are, from a thread that may block.
    pub fn bytes_blocking(&self, bytes: Bytes) -> Result<(), Left> {
        self.0.blocking_send(bytes).map_err(|_| Left)
    }

    /// Waits until the reader has gone.
    pub async fn left(&self) {
        self.0.closed().await;
    }
}

fn json_line<T: Serialize>(document: &T) -> Bytes {
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
    let (feed, pieces) = mpsc::channel(AHEAD);
    let response = (
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-store"),
        ],
        Body::new(Pieces(pieces)),
    )
        .into_response();
    (Feed(feed), response)
}

/// A feed of lines of JSON.
pub fn lines() -> (Feed, Response) {
    answer("application/x-ndjson")
}
