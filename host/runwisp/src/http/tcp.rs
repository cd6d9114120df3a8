//! HTTP over TCP: accepts connections within limits, gives each its place, and lets go of those that are too slow.
//!
//! | limit | at the limit |
//! | --- | --- |
//! | connections at once, [`Room`] | hung up on |
//! | of one address, [`OF_ONE`]; not for loopback and trusted proxies, who speak for many | hung up on |
//! | the head of a request: [`HEAD`] bytes, [`HEADERS`] lines, [`PATIENCE`] from the first moment | 431, or hung up on |
//! | an idle connection: [`PATIENCE`] | hung up on |
//! | a reader that takes nothing: [`STALLED`] | hung up on |
//!
//! Invariant: a stranger holds a connection, a few kilobytes and no more, and only for so long.
//! Tests: below for the count, `tests/e2e/access.rs` for the rest.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep, timeout};

use super::access::address::Network;
use super::access::guard::Peer;
use super::tls::{self, Pair};
use crate::access::attempts::network;

/// How many connections one address may have.
pub const OF_ONE: usize = 128;

/// The largest head of a request, bytes.
const HEAD: usize = 32 * 1024;

/// The most lines in it.
const HEADERS: usize = 100;

/// How long a caller may take for the head of a request, for the handshake of TLS, or for thinking of another request.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a reader may take nothing of what waits for it.
const STALLED: Duration = Duration::from_secs(60);

/// How long answers may go on after the address they came by is no longer listened on.
const FAREWELL: Duration = Duration::from_secs(5);

/// Who is connected.
#[derive(Debug)]
pub struct Room {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

impl Room {
    /// Room for so many.
    pub fn new(most: usize) -> Arc<Room> {
        Arc::new(Room {
            most,
            taken: Mutex::default(),
        })
    }

    /// A place for a connection from there, if there is one. `many`: the address speaks for many.
    fn enter(self: &Arc<Self>, from: IpAddr, many: bool) -> Option<Place> {
        let from = network(from);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = taken.by.get(&from).copied().unwrap_or(0);
        if taken.all >= self.most || !many && of_one >= OF_ONE {
            return None;
        }
        taken.all += 1;
        *taken.by.entry(from).or_default() += 1;
        Some(Place {
            room: Arc::clone(self),
            from,
        })
    }
}

/// One connection's place.
struct Place {
    room: Arc<Room>,
    from: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self
            .room
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(of_one) = taken.by.get_mut(&self.from) {
            *of_one -= 1;
            if *of_one == 0 {
                taken.by.remove(&self.from);
            }
        }
    }
}

/// What is served.
#[derive(Clone)]
pub struct Served {
    /// The guarded router.
    pub router: Router,
    /// Who is connected, over all listeners.
    pub room: Arc<Room>,
    /// Whose connections are those of many.
    pub proxies: Arc<Vec<Network>>,
    /// The certificate in force; none is plain HTTP.
    pub tls: Option<watch::Receiver<Arc<Pair>>>,
}

/// Serves until `stop` changes or its sender is gone. Connections then finish the answer they are at.
pub async fn serve(listener: TcpListener, served: Served, mut stop: watch::Receiver<()>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        match accepted {
            Ok((stream, remote)) => {
                let from = remote.ip().to_canonical();
                let many = from.is_loopback() || served.proxies.iter().any(|p| p.holds(from));
                // Dropped, it is hung up on.
                if let Some(place) = served.room.enter(from, many) {
                    tokio::spawn(connection(stream, served.clone(), place, stop.clone()));
                }
            }
            Err(error) => {
                // Out of descriptors, most likely: they come back as connections end.
                tracing::warn!(%error, "could not accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, served: Served, place: Place, stop: watch::Receiver<()>) {
    let _place = place;
    let (Ok(remote), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else {
        return;
    };
    let _ = stream.set_nodelay(true);
    let peer = |tls| Peer::Tcp { remote, local, tls };
    let Some(pair) = served.tls.as_ref().map(|tls| Arc::clone(&tls.borrow())) else {
        return http(stream, served.router, peer(false), stop).await;
    };
    let mut first = [0];
    match timeout(PATIENCE, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first[0] == tls::HANDSHAKE => {
            if let Ok(Ok(stream)) = timeout(PATIENCE, pair.accept(stream)).await {
                http(stream, served.router, peer(true), stop).await;
            }
        }
        Ok(Ok(1)) => http(stream, tls::elsewhere(), peer(false), stop).await,
        _ => {}
    }
}

async fn http<I>(stream: I, router: Router, peer: Peer, mut stop: watch::Receiver<()>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let answer = router.call(request);
        async move { answer.await as Result<Response<_>, _> }
    });
    let stream = TokioIo::new(Patient {
        stream,
        longest: STALLED,
        stalled: None,
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(HEADERS)
        .max_buf_size(HEAD)
        .serve_connection(stream, service);
    let mut connection = pin!(connection);
    // How a connection ended is no news: callers come and go as they like.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(FAREWELL, connection).await;
        }
    }
}

/// A stream whose reader has to take something now and then.
struct Patient<I> {
    stream: I,
    longest: Duration,
    /// Runs while something waits for the reader.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<I> Patient<I> {
    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let longest = self.longest;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(longest)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Patient<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Patient<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(context, shut)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.judge(context, written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_has_its_share_and_the_room_its_end() {
        let room = Room::new(OF_ONE + 2);
        let mut places: Vec<Place> = (0..OF_ONE)
            .map(|_| room.enter(ip("192.0.2.1"), false).unwrap())
            .collect();
        assert!(room.enter(ip("192.0.2.1"), false).is_none());
        places.push(room.enter(ip("192.0.2.1"), true).unwrap());
        places.push(room.enter(ip("192.0.2.2"), false).unwrap());
        assert!(room.enter(ip("192.0.2.3"), true).is_none());
        drop(places);
        assert!(room.enter(ip("192.0.2.3"), false).is_some());
        assert!(room.taken.lock().unwrap().by.is_empty());
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_let_go() {
        let (mut near, _far) = tokio::io::duplex(16);
        let mut patient = Patient {
            stream: &mut near,
            longest: Duration::from_millis(1),
            stalled: None,
        };
        let written = tokio::io::AsyncWriteExt::write_all(&mut patient, &[0; 64]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
