//! A caller over TCP that can say anything, also what no browser would.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};
use serde_json::Value;

use crate::{PATIENCE, Status};

/// Where a daemon serves HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Web {
    /// The address.
    pub address: SocketAddr,
}

/// An answer.
#[derive(Debug)]
pub struct Told {
    /// The status; 0 when the far side hung up without one.
    pub status: u16,
    /// The head, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Told {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The code of the problem that it is; empty when it is none.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The value of a header; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        let lines = self.head.lines();
        let mut found = lines.filter_map(|line| line.split_once(": "));
        found
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    }

    fn of(bytes: &[u8]) -> Told {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
        Told {
            status: status.unwrap_or(0),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }
}

impl Web {
    /// Where the daemon of this status serves HTTP.
    #[track_caller]
    pub fn of(status: &Status) -> Web {
        let listen = status.0["daemon"]["listen"].as_str();
        let listen = listen.unwrap_or_else(|| panic!("HTTP is not served: {:#}", status.0));
        Web {
            address: listen.parse().expect("it is an address"),
        }
    }

    /// Connects.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("somebody listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket has a timeout");
        stream
    }

    /// Asks; `headers` are lines, and say `host` unless it is the address.
    pub fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Told {
        let mut stream = self.connect();
        let request = self.request(method, path, headers, body);
        stream
            .write_all(request.as_bytes())
            .expect("a request can be sent");
        Told::of(&all(&mut stream))
    }

    /// Asks over TLS, whatever the certificate is.
    pub fn ask_tls(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Told {
        let mut stream = self.connect();
        let mut tls = handshake(&mut stream);
        let mut tls = rustls::Stream::new(&mut tls, &mut stream);
        let request = self.request(method, path, headers, body);
        tls.write_all(request.as_bytes())
            .expect("a request can be sent");
        Told::of(&all(&mut tls))
    }

    fn request(&self, method: &str, path: &str, headers: &[&str], body: &str) -> String {
        let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|line| line.starts_with("host:")) {
            text.push_str(&format!("host: {}\r\n", self.address));
        }
        for line in headers {
            text.push_str(line);
            text.push_str("\r\n");
        }
        let length = body.len();
        format!("{text}content-length: {length}\r\n\r\n{body}")
    }
}

/// Everything until the far side hangs up, politely or not.
fn all(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return bytes,
            Ok(n) => bytes.extend_from_slice(&piece[..n]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                panic!("the far side neither answers nor hangs up")
            }
            Err(_) => return bytes,
        }
    }
}

/// The certificate that is served there, as bytes.
pub fn fingerprint(web: &Web) -> Vec<u8> {
    let mut stream = web.connect();
    let tls = handshake(&mut stream);
    let chain = tls.peer_certificates().unwrap_or_default();
    chain
        .first()
        .map(|first| first.to_vec())
        .unwrap_or_default()
}

fn handshake(stream: &mut TcpStream) -> ClientConnection {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("it is a name");
    let mut tls = ClientConnection::new(Arc::new(config), name).expect("the config is sound");
    while tls.is_handshaking() {
        tls.complete_io(stream).expect("hands can be shaken");
    }
    tls
}

/// Believes any certificate: tests look at it themselves.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
