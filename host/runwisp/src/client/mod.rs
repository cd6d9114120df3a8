//! Talks to a running daemon over its Unix socket: a question and an answer, or a stream of lines.
//!
//! Every call opens a connection of its own: a local one costs microseconds, and no state can go stale.
//!
//! Invariant: what comes back is a document of [`crate::wire`] or a [`Problem`] that says what to do next.
//! Tests: with the router on a real socket, `wire/tests`.

mod lines;
mod uri;

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

pub use lines::Lines;
pub use uri::Uri;

use crate::wire::socket::check_path;
use crate::wire::{Doc, Problem};

/// The largest document taken from a daemon, bytes. Streams have no such limit.
const MAX_ANSWER: usize = 256 * 1024 * 1024;

/// The longest line taken from a stream, bytes.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// A way to one daemon.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
    help: String,
}

impl Client {
    /// A way to the daemon on this socket. `help` is what to do when nobody answers there.
    pub fn new(socket: &Path, help: impl Into<String>) -> Result<Self, Problem> {
        check_path(socket)
            .map_err(|e| Problem::new("request.invalid", format!("could not {e}")))?;
        Ok(Client {
            socket: socket.to_owned(),
            help: help.into(),
        })
    }

    /// The socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Asks and reads the whole answer.
    pub async fn get<T: DeserializeOwned>(&self, uri: &Uri) -> Result<T, Problem> {
        let response = self.send(Method::GET, uri, Bytes::new()).await?;
        read(response).await
    }

    /// Asks for something to be done and reads the whole answer.
    pub async fn post<T: DeserializeOwned>(
        &self,
        uri: &Uri,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        let body = serde_json::to_vec(body).map_err(|e| {
            Problem::new(
                "request.invalid",
                format!("could not say this in JSON: {e}"),
            )
        })?;
        let response = self.send(Method::POST, uri, body.into()).await?;
        read(response).await
    }

    /// Asks for a stream of documents, one per line.
    pub async fn lines<T: DeserializeOwned>(&self, uri: &Uri) -> Result<Lines<T>, Problem> {
        let response = self.send(Method::GET, uri, Bytes::new()).await?;
        Ok(Lines::new(accepted(response).await?, MAX_LINE))
    }

    /// Asks for bytes and hands each piece to `take` until it says no.
    pub async fn bytes(
        &self,
        uri: &Uri,
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), Problem> {
        let response = self.send(Method::GET, uri, Bytes::new()).await?;
        let mut body = accepted(response).await?;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(broke_off)?;
            if let Some(piece) = frame.data_ref()
                && !take(piece)
            {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        uri: &Uri,
        body: Bytes,
    ) -> Result<Response<Incoming>, Problem> {
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|e| self.unreachable(&e))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broke_off)?;
        // Ends with the answer's body, or when that is dropped.
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(uri.as_str())
            .header("host", "runwisp")
            .header("content-type", "application/json")
            .body(Full::new(body))
            .map_err(|e| Problem::new("request.invalid", format!("could not ask that: {e}")))?;
        sender.send_request(request).await.map_err(broke_off)
    }

    fn unreachable(&self, error: &io::Error) -> Problem {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such socket".to_owned(),
            io::ErrorKind::ConnectionRefused => {
                "nobody listens there, the daemon that made it is gone".to_owned()
            }
            io::ErrorKind::PermissionDenied => "it belongs to another user".to_owned(),
            _ => error.to_string(),
        };
        Problem::new(
            "daemon.unreachable",
            format!(
                "could not reach a daemon at {}: {why}",
                self.socket.display()
            ),
        )
        .help(self.help.clone())
    }
}

fn broke_off(error: hyper::Error) -> Problem {
    Problem::new("daemon.leaving", format!("the daemon hung up: {error}"))
        .help("It may have been stopped or replaced; try again.")
}

/// The body of a good answer, or the problem that the answer is.
async fn accepted(response: Response<Incoming>) -> Result<Incoming, Problem> {
    let status = response.status();
    let body = response.into_body();
    if status.is_success() {
        return Ok(body);
    }
    let bytes = whole(body).await?;
    Err(serde_json::from_slice::<Doc<Problem>>(&bytes).map_or_else(
        |_| {
            Problem::new(
                "answer.unreadable",
                format!("the daemon answered with status {status}"),
            )
        },
        |document| document.body,
    ))
}

async fn whole(body: Incoming) -> Result<Bytes, Problem> {
    Limited::new(body, MAX_ANSWER)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|e| Problem::new("daemon.leaving", format!("the answer broke off: {e}")))
}

async fn read<T: DeserializeOwned>(response: Response<Incoming>) -> Result<T, Problem> {
    let bytes = whole(accepted(response).await?).await?;
    serde_json::from_slice::<Doc<T>>(&bytes)
        .map(|document| document.body)
        .map_err(|e| {
            Problem::new(
                "answer.unreadable",
                format!("could not understand the daemon's answer: {e}"),
            )
            .help("Daemon and command may be of different versions: `runwisp restart` puts the new one in charge.")
        })
}
