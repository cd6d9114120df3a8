//! TLS: a certificate with its key, from files or of our own making, and what plain HTTP hears on its port.
//!
//! Tests: below, and `tests/e2e/access.rs`.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::access::host::host_of;
use crate::access::secret::{hex, sha256};
use crate::replace;
use crate::wire::Problem;

/// The first byte of a connection that speaks TLS.
pub const HANDSHAKE: u8 = 0x16;

/// Where a certificate of our own is kept in the data directory.
const OWN: [&str; 2] = ["tls/cert.pem", "tls/key.pem"];

/// A file this large is no certificate, bytes.
const LARGEST: u64 = 1024 * 1024;

/// A certificate with its key, ready to be served.
pub struct Pair {
    config: Arc<ServerConfig>,
    /// The SHA-256 of the certificate, as browsers show it: pairs of hexadecimal digits with colons.
    pub fingerprint: String,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pair({})", self.fingerprint)
    }
}

impl Pair {
    /// Reads both files. The text of an error completes "could not …". Blocks on the disk.
    pub fn read(cert: &Path, key: &Path) -> Result<Pair, String> {
        let text = |path: &Path| {
            let read = fs::metadata(path).and_then(|meta| match meta.len() {
                0..=LARGEST => fs::read(path),
                _ => Err(io::Error::other("it is too large for a certificate")),
            });
            read.map_err(|error| {
                let owner = match error.kind() {
                    io::ErrorKind::PermissionDenied => {
                        "; with `[daemon] user`, that user has to be able to read it"
                    }
                    _ => "",
                };
                format!("read {}: {error}{owner}", path.display())
            })
        };
        let (chain, secret) = (text(cert)?, text(key)?);
        let no_chain = |why: &str| format!("use {} as a certificate: {why}", cert.display());
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&chain)
            .collect::<Result<_, _>>()
            .map_err(|error| no_chain(&error.to_string()))?;
        let first = chain
            .first()
            .ok_or_else(|| no_chain("there is none in it"))?;
        let fingerprint = fingerprint(first);
        let secret = PrivateKeyDer::from_pem_slice(&secret)
            .map_err(|error| format!("use {} as a key: {error}", key.display()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(|error| {
                let (cert, key) = (cert.display(), key.display());
                format!("use {cert} with {key}: {error}")
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Pair {
            config: Arc::new(config),
            fingerprint,
        })
    }

    /// The certificate of our own, made at the first use. It is good for `names` and never expires, so that whoever has
    /// looked at its fingerprint once can go on trusting it. Blocks on the disk.
    pub fn own(data: &Path, names: &[String]) -> Result<Pair, String> {
        let [cert, key] = OWN.map(|name| data.join(name));
        if !(cert.exists() && key.exists()) {
            make(&cert, &key, names)?;
        }
        Pair::read(&cert, &key)
    }

    /// Shakes hands.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(Arc::clone(&self.config))
            .accept(stream)
            .await
    }
}

fn make(cert: &Path, key: &Path, names: &[String]) -> Result<(), String> {
    let failed = |error: rcgen::Error| format!("make a certificate: {error}");
    let secret = rcgen::KeyPair::generate().map_err(failed)?;
    let mut params = rcgen::CertificateParams::new(names).map_err(failed)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "runwisp");
    let made = params.self_signed(&secret).map_err(failed)?;
    let folder = cert.parent().unwrap_or(cert);
    let written = fs::create_dir_all(folder)
        .and_then(|()| replace::private(key, &pem("PRIVATE KEY", &secret.serialize_der())))
        .and_then(|()| replace::private(cert, &pem("CERTIFICATE", made.der())));
    written.map_err(|error| format!("keep a certificate in {}: {error}", folder.display()))
}

fn pem(what: &str, der: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {what}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str(&format!("-----END {what}-----\n"));
    out.into_bytes()
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = hex(&sha256(certificate)).to_uppercase();
    let pairs = digest.as_bytes().chunks(2);
    pairs
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect::<Vec<_>>()
        .join(":")
}

/// What plain HTTP hears on a port that speaks TLS: where to go, for who only wants to see something; and that nothing was
/// done, for everybody else.
pub(super) fn elsewhere() -> Router {
    Router::new().fallback(|request: Request| async move { answer(&request) })
}

fn answer(request: &Request) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let place = host
        .filter(|host| host_of(host).is_some())
        .and_then(|host| {
            let path = request
                .uri()
                .path_and_query()
                .map_or("/", |path| path.as_str());
            HeaderValue::try_from(format!("https://{host}{path}")).ok()
        });
    match place {
        Some(place) if matches!(*request.method(), Method::GET | Method::HEAD) => {
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response()
        }
        _ => Problem::new(
            "request.plain",
            "this port speaks TLS, and nothing was done",
        )
        .help("Use https:// instead of http://.")
        .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_certificate_of_our_own_is_made_once_and_is_nobody_else_s() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = Pair::own(dir.path(), &names).unwrap();
        let again = Pair::own(dir.path(), &names).unwrap();
        assert_eq!(made.fingerprint, again.fingerprint);
        assert_eq!(made.fingerprint.len(), 32 * 3 - 1);
        let key = fs::metadata(dir.path().join("tls/key.pem")).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_can_not_be_served_is_said_with_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["localhost".to_owned()];
        Pair::own(dir.path(), &names).unwrap();
        let other = tempfile::tempdir().unwrap();
        Pair::own(other.path(), &names).unwrap();
        let [cert, key] = OWN.map(|name| dir.path().join(name));
        let foreign = other.path().join("tls/key.pem");
        let empty = dir.path().join("empty");
        fs::write(&empty, "").unwrap();
        for (cert, key, part) in [
            (&cert, &foreign, "use "),
            (&empty, &key, "there is none in it"),
            (&cert, &empty, "as a key"),
            (&dir.path().join("nowhere"), &key, "nowhere"),
        ] {
            let error = Pair::read(cert, key).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
