//! A stream of JSON documents, one per line, read as it comes.

use std::collections::VecDeque;
use std::marker::PhantomData;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use crate::wire::Problem;

/// Documents to come.
pub struct Lines<T> {
    body: Incoming,
    buffer: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
    limit: usize,
    kind: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Lines<T> {
    pub(super) fn new(body: Incoming, limit: usize) -> Self {
        Lines {
            body,
            buffer: Vec::new(),
            ready: VecDeque::new(),
            limit,
            kind: PhantomData,
        }
    }

    /// The next document; none when the daemon has said everything. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Option<T>, Problem> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return serde_json::from_slice(&line).map(Some).map_err(|e| {
                    Problem::new(
                        "answer.unreadable",
                        format!("could not understand a line of the daemon's answer: {e}"),
                    )
                });
            }
            let Some(frame) = self.body.frame().await else {
                return Ok(None);
            };
            let frame = frame.map_err(super::broke_off)?;
            if let Some(piece) = frame.data_ref() {
                self.take(piece)?;
            }
        }
    }

    /// Whether another document is here already, so that printing can go on before it is flushed.
    pub fn has_more(&self) -> bool {
        !self.ready.is_empty()
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), Problem> {
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.buffer.extend_from_slice(&rest[..end]);
            self.ready.push_back(std::mem::take(&mut self.buffer));
            rest = &rest[end + 1..];
        }
        self.buffer.extend_from_slice(rest);
        if self.buffer.len() > self.limit {
            return Err(Problem::new(
                "answer.unreadable",
                "a line of the daemon's answer is too long",
            ));
        }
        Ok(())
    }
}
