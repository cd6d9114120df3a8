//! What a plugin prints: the last 8 KiB are kept; writing never waits and never fails.
//!
//! wasmtime's own pipe in memory fails a write once it is full, and that would trap the guest.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::call::masks::Masks;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Bytes kept.
const KEEP: usize = 8 << 10;
/// Bytes taken at once.
const AT_ONCE: usize = 64 << 10;

/// The ring, shared between standard output and standard error.
#[derive(Clone, Default)]
pub(crate) struct Output(Arc<Mutex<VecDeque<u8>>>);

impl Output {
    /// What is kept, as text, without secrets.
    pub(crate) fn text(&self, masks: &Masks) -> String {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = ring.len() == KEEP;
        let text = String::from_utf8_lossy(ring.make_contiguous());
        if lost {
            masks.hide_rest(&text)
        } else {
            masks.hide(&text)
        }
    }

    fn push(&self, bytes: &[u8]) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.extend(&bytes[bytes.len().saturating_sub(KEEP)..]);
        let over = ring.len().saturating_sub(KEEP);
        ring.drain(..over);
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(AT_ONCE)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl tokio::io::AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept() {
        let output = Output::default();
        output.push(&[b'a'; KEEP]);
        output.push(b"the end");
        let text = output.text(&Masks::default());
        assert_eq!(text.len(), KEEP);
        assert!(text.ends_with("athe end"));
        output.push(&[b'b'; 3 * KEEP]);
        assert_eq!(output.text(&Masks::default()), "b".repeat(KEEP));
    }
}
