//! An HTTP/1.1 server with a thread for each connection.
//!
//! What it answers is decided for each request: by the replies that the test has queued, or else by the function it was
//! started with.
//!
//! Invariant: a request is recorded before it is answered. Tests: `tests` below.

mod reply;
mod request;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub use reply::{Gate, Reply};
pub use request::Request;

use crate::PATIENCE;
use crate::servers::Authority;

/// A server that is answering until it is dropped.
pub struct HttpServer {
    scheme: &'static str,
    port: u16,
    shared: Arc<Shared>,
}

type Application = dyn Fn(&Request) -> Reply + Send + Sync;

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    application: Box<Application>,
    tls: Option<Arc<ServerConfig>>,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    queued: VecDeque<Reply>,
    open: Vec<TcpStream>,
    ended: bool,
}

impl HttpServer {
    /// A server that takes everything with 200, unless it is told something else.
    pub fn new() -> HttpServer {
        HttpServer::with(|_| Reply::new(200).text("ok"))
    }

    /// A server that answers by a function of the request.
    pub fn with(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> HttpServer {
        HttpServer::start(Box::new(answer), None)
    }

    /// A server like [`HttpServer::new`] behind TLS, with the authority's certificate for `localhost`.
    pub fn tls(authority: &Authority) -> HttpServer {
        let chain = CertificateDer::pem_file_iter(authority.certificate())
            .and_then(Iterator::collect)
            .expect("openssl writes certificates");
        let key = PrivateKeyDer::from_pem_file(authority.key()).expect("openssl writes keys");
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .expect("ring knows the usual versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("the key is the certificate's");
        let answer = |_: &Request| Reply::new(200).text("ok");
        HttpServer::start(Box::new(answer), Some(Arc::new(tls)))
    }

    fn start(application: Box<Application>, tls: Option<Arc<ServerConfig>>) -> HttpServer {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            application,
            tls,
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener));
        HttpServer {
            scheme,
            port,
            shared,
        }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// An address at it, for a path that begins with `/`.
    pub fn url(&self, path: &str) -> String {
        // A certificate is for the name.
        let host = if self.scheme == "https" {
            "localhost"
        } else {
            "127.0.0.1"
        };
        format!("{}://{host}:{}{path}", self.scheme, self.port)
    }

    /// Answers the next request so, or the one after those that have their answers already.
    pub fn next(&self, reply: Reply) {
        self.next_times(1, reply);
    }

    /// Answers so many of the next requests so.
    pub fn next_times(&self, times: usize, reply: Reply) {
        let mut state = self.shared.state();
        state.queued.extend(std::iter::repeat_n(reply, times));
    }

    /// Everything that was asked, in the order in which it came in.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// Waits until so many requests have come in, and gives them all.
    #[track_caller]
    pub fn wait_requests(&self, least: usize) -> Vec<Request> {
        let until = Instant::now() + PATIENCE;
        let mut state = self.shared.state();
        while state.requests.len() < least {
            let left = until.saturating_duration_since(Instant::now());
            let came = state.requests.len();
            assert!(!left.is_zero(), "waited for {least} requests, got {came}");
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.expect("no thread panics with the lock").0;
        }
        state.requests.clone()
    }
}

impl Default for HttpServer {
    fn default() -> HttpServer {
        HttpServer::new()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.ended = true;
        for stream in state.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(state);
        // Wakes the thread that accepts, which then lets go of the port.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics with the lock")
    }

    fn accept(self: &Arc<Shared>, listener: &TcpListener) {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            let mut state = self.state();
            if state.ended {
                return;
            }
            state.open.extend(stream.try_clone());
            drop(state);
            let shared = Arc::clone(self);
            thread::spawn(move || shared.converse(stream));
        }
    }

    fn converse(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let end = stream.try_clone();
        match &self.tls {
            None => self.serve(stream),
            Some(tls) => {
                if let Ok(connection) = ServerConnection::new(Arc::clone(tls)) {
                    self.serve(StreamOwned::new(connection, stream));
                }
            }
        }
        if let Ok(stream) = end {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// One request after the other, until one side has enough.
    fn serve(&self, stream: impl Read + Write) {
        let mut stream = BufReader::new(stream);
        while let Ok(Some(request)) = Request::read(&mut stream) {
            let last = request.is_last();
            let mut state = self.state();
            state.requests.push(request.clone());
            let queued = state.queued.pop_front();
            drop(state);
            self.changed.notify_all();
            let reply = queued.unwrap_or_else(|| (self.application)(&request));
            let written = reply.write(stream.get_mut(), &request.method);
            if written.is_err() || reply.ends_connection() || last {
                return;
            }
        }
    }
}
