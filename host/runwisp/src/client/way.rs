//! The ways to a daemon: its Unix socket, or an address over TCP and TLS with a token.
//!
//! Invariant: a token goes in clear text to this machine only, unless that was asked for by name.
//! Tests: `client/tests.rs`.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::fingerprint::Fingerprint;
use super::trust::{self, Untrusted};
use crate::wire::Problem;

/// How long a connection and its TLS greeting may take. What answers at all does so in a fraction of it.
const GREETING: Duration = Duration::from_secs(10);

/// A connection that has been silent for so long is asked whether its other end still lives, seconds.
const SILENCE: u32 = 15;
/// Between two such questions, and how often they are asked in vain.
const ASKED_EVERY: u32 = 5;
const ASKED: u32 = 3;

/// Bytes to and fro.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}
pub(super) type Connection = Pin<Box<dyn Stream>>;

/// How to reach a remote daemon.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// `https://host:port`
    pub url: String,
    /// What says who is asking.
    pub token: Option<String>,
    /// The fingerprint of the one certificate that is believed.
    pub fingerprint: Option<String>,
    /// Whether the token may go over a network in clear text.
    pub insecure: bool,
}

/// A way.
#[derive(Clone)]
pub(super) enum Way {
    Socket(PathBuf),
    Remote(Arc<Remote>),
}

/// A daemon elsewhere.
pub(super) struct Remote {
    pub(super) address: Address,
    pub(super) token: Option<String>,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

impl Remote {
    pub(super) fn new(wish: Wish) -> Result<Remote, Problem> {
        let address = Address::parse(&wish.url).map_err(|why| {
            Problem::invalid(format!("could not use {:?} as an address: {why}", wish.url))
        })?;
        if !address.tls && wish.token.is_some() && !address.is_loopback() && !wish.insecure {
            return Err(Problem::new(
                "tls.required",
                format!("the token would travel to {address} in clear text"),
            )
            .help("Use https://, or a tunnel such as `ssh -L`; --allow-insecure sends it all the same."));
        }
        let pinned = wish
            .fingerprint
            .as_deref()
            .map(Fingerprint::parse)
            .transpose()
            .map_err(|why| Problem::invalid(format!("could not read the fingerprint: {why}")))?;
        let tls = if address.tls {
            let name = ServerName::try_from(address.host.clone()).map_err(|_| {
                Problem::invalid(format!("{:?} is no name of a host", address.host))
            })?;
            let config = trust::config(pinned).map_err(|why| {
                Problem::new("io.failed", format!("could not prepare TLS: {why}"))
            })?;
            Some((config, name))
        } else {
            None
        };
        Ok(Remote {
            address,
            token: wish.token,
            tls,
        })
    }

    async fn connect(&self) -> Result<Connection, Problem> {
        let stream = TcpStream::connect((self.address.host.as_str(), self.address.port))
            .await
            .map_err(|e| self.unreachable(&in_words(&e)))?;
        // A laptop that slept, or a cable that was pulled, must not look like a daemon with nothing to say.
        watch(&stream);
        let Some((config, name)) = &self.tls else {
            return Ok(Box::pin(stream));
        };
        let stream = TlsConnector::from(Arc::clone(config))
            .connect(name.clone(), stream)
            .await
            .map_err(|e| self.no_tls(&e))?;
        Ok(Box::pin(stream))
    }

    fn unreachable(&self, why: &str) -> Problem {
        Problem::new(
            "daemon.unreachable",
            format!("could not reach a daemon at {}: {why}", self.address),
        )
        .help("It has to run there, with a `[daemon] listen` that this machine can reach.")
    }

    fn no_tls(&self, error: &io::Error) -> Problem {
        let inner = error.get_ref().and_then(|e| e.downcast_ref());
        if let Some(untrusted) = inner.and_then(untrusted) {
            let problem = Problem::new(
                "tls.untrusted",
                format!(
                    "could not trust the certificate of {}: {untrusted}",
                    self.address
                ),
            );
            return match untrusted.why {
                Some(_) => problem.help(format!(
                    "If the other machine shows the same fingerprint, pin it: --fingerprint {}",
                    untrusted.found
                )),
                None => problem.help(
                    "It was renewed, or somebody stands between; ask the other machine for its fingerprint.",
                ),
            };
        }
        let hung_up = error.kind() == io::ErrorKind::UnexpectedEof;
        if hung_up || matches!(inner, Some(rustls::Error::InvalidMessage(_))) {
            return self.unreachable("what listens there does not speak TLS").help(
                "Where TLS ends at a proxy, or the daemon listens without, the address begins with http://.",
            );
        }
        self.unreachable(&error.to_string())
    }
}

fn untrusted(error: &rustls::Error) -> Option<&Untrusted> {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => {
            other.0.downcast_ref()
        }
        _ => None,
    }
}

fn watch(stream: &TcpStream) {
    // A system that can't do that loses the notice, not the connection.
    let _ = stream.set_nodelay(true);
    let _ = setsockopt(stream, sockopt::KeepAlive, &true);
    let _ = setsockopt(stream, sockopt::TcpKeepIdle, &SILENCE);
    let _ = setsockopt(stream, sockopt::TcpKeepInterval, &ASKED_EVERY);
    let _ = setsockopt(stream, sockopt::TcpKeepCount, &ASKED);
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens there".to_owned(),
        io::ErrorKind::TimedOut => "it does not answer".to_owned(),
        _ => error.to_string(),
    }
}

impl Way {
    pub(super) async fn connect(&self, help: &str) -> Result<Connection, Problem> {
        match self {
            Way::Socket(path) => match UnixStream::connect(path).await {
                Ok(stream) => Ok(Box::pin(stream)),
                Err(error) => Err(no_socket(path, &error).help(help)),
            },
            Way::Remote(remote) => tokio::time::timeout(GREETING, remote.connect())
                .await
                .unwrap_or_else(|_| Err(remote.unreachable("it does not answer"))),
        }
    }
}

fn no_socket(path: &Path, error: &io::Error) -> Problem {
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
        format!("could not reach a daemon at {}: {why}", path.display()),
    )
}
