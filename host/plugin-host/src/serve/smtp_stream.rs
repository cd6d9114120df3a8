//! A connection to a mail server that takes no more than a mail server has to say.
//!
//! The SMTP client reads lines of any length; this is what bounds them.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// All that a server may say in one session.
const MAX_SAID: usize = 256 << 10;

/// The stream, and what may still be read from it.
#[derive(Debug)]
pub(super) struct SmtpStream<S> {
    inner: S,
    peer: SocketAddr,
    left: usize,
}

impl<S> SmtpStream<S> {
    pub(super) fn new(inner: S, peer: SocketAddr) -> SmtpStream<S> {
        SmtpStream {
            inner,
            peer,
            left: MAX_SAID,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SmtpStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let read = buf.filled().len() - before;
        match self.left.checked_sub(read) {
            Some(left) => {
                self.left = left;
                polled
            }
            None => {
                buf.set_filled(before);
                Poll::Ready(Err(io::Error::other(format!(
                    "the server said more than {MAX_SAID} bytes"
                ))))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SmtpStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S> AsyncTokioStream for SmtpStream<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_server_that_never_stops_talking_is_cut_off() {
        let endless = tokio::io::repeat(b'2');
        let mut stream = SmtpStream::new(endless, "127.0.0.1:25".parse().unwrap());
        let mut all = Vec::new();
        assert!(stream.read_to_end(&mut all).await.is_err());
        assert!(all.len() <= MAX_SAID);
    }
}
