//! Talks to a running daemon over its Unix socket, or over TCP and TLS: a question and an answer, or a stream of lines.
//!
//! Every call opens a connection of its own: a local one costs microseconds, and no state can go stale.
//!
//! Invariant: what comes back is a document of [`crate::wire`] or a [`Problem`] that says what to do next.
//! Tests: with the router on a real socket, `wire/tests`; with servers over TCP and TLS, `tests.rs`.

mod address;
mod fingerprint;
mod lines;
#[cfg(test)]
mod tests;
mod trust;
mod uri;
mod way;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use address::Address;
pub use fingerprint::Fingerprint;
pub use lines::Lines;
pub use uri::Uri;
pub use way::Wish;

use way::{Remote, Way};

use crate::wire::socket::check_path;
use crate::wire::{Doc, Problem};

/// The largest document taken from a daemon, bytes. Streams have no such limit.
const MAX_ANSWER: usize = 256 * 1024 * 1024;

/// The longest line taken from a stream, bytes.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// A way to one daemon.
#[derive(Clone)]
pub struct Client {
    way: Way,
    help: String,
}

impl Client {
    /// A way to the daemon on this socket. `help` is what to do when nobody answers there.
    pub fn new(socket: &Path, help: impl Into<String>) -> Result<Self, Problem> {
        check_path(socket)
            .map_err(|e| Problem::new("request.invalid", format!("could not {e}")))?;
        Ok(Client {
            way: Way::Socket(socket.to_owned()),
            help: help.into(),
        })
    }

    /// A way to a daemon elsewhere.
    pub fn remote(wish: Wish) -> Result<Self, Problem> {
        Ok(Client {
            way: Way::Remote(Arc::new(Remote::new(wish)?)),
            help: String::new(),
        })
    }

    /// Whether the daemon may be on another machine: its pids and paths mean nothing here.
    pub fn is_remote(&self) -> bool {
        matches!(self.way, Way::Remote(_))
    }

    /// Where the daemon is, for people.
    pub fn place(&self) -> String {
        match &self.way {
            Way::Socket(path) => path.display().to_string(),
            Way::Remote(remote) => remote.address.to_string(),
        }
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
        let response = self.send(Method::POST, uri, said(body)?).await?;
        read(response).await
    }

    /// Asks for something to be replaced and reads the whole answer.
    pub async fn put<T: DeserializeOwned>(
        &self,
        uri: &Uri,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        let response = self.send(Method::PUT, uri, said(body)?).await?;
        read(response).await
    }

    /// Asks for something to end and reads the whole answer.
    pub async fn delete<T: DeserializeOwned>(&self, uri: &Uri) -> Result<T, Problem> {
        let response = self.send(Method::DELETE, uri, Bytes::new()).await?;
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
        let stream = self.way.connect(&self.help).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broke_off)?;
        // Ends with the answer's body, or when that is dropped.
        tokio::spawn(connection);
        let request = self
            .request(method, uri)
            .body(Full::new(body))
            .map_err(|e| Problem::new("request.invalid", format!("could not ask that: {e}")))?;
        sender.send_request(request).await.map_err(broke_off)
    }

    fn request(&self, method: Method, uri: &Uri) -> hyper::http::request::Builder {
        let request = Request::builder()
            .method(method)
            .header("content-type", "application/json");
        match &self.way {
            Way::Socket(_) => request.uri(uri.as_str()).header("host", "runwisp"),
            Way::Remote(remote) => {
                let request = request
                    .uri(format!("{}{}", remote.address.base, uri.as_str()))
                    .header("host", remote.address.authority());
                match &remote.token {
                    Some(token) => request.header("authorization", format!("Bearer {token}")),
                    None => request,
                }
            }
        }
    }
}

fn said(body: &impl Serialize) -> Result<Bytes, Problem> {
    let body = serde_json::to_vec(body);
    body.map(Bytes::from).map_err(|e| {
        Problem::new(
            "request.invalid",
            format!("could not say this in JSON: {e}"),
        )
    })
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
    let problem = serde_json::from_slice::<Doc<Problem>>(&bytes).map_or_else(
        |_| {
            Problem::new(
                "answer.unreadable",
                format!("what answered is no runwisp daemon: status {status}"),
            )
        },
        |document| document.body,
    );
    Err(match status {
        StatusCode::UNAUTHORIZED => problem.help(
            "`runwisp token create` on that machine makes a token; give it with --token-file or RUNWISP_TOKEN.",
        ),
        _ => problem,
    })
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
