//! Whose certificate is believed: the one that is pinned, or else one that the machine's roots vouch for.
//!
//! A certificate that is not believed is told with its fingerprint, so that people can compare it with what the other
//! machine shows, and pin it.
//!
//! Invariant: with a pin, nothing else is believed, not even a certificate that the roots vouch for.
//! Tests: `client/tests.rs`.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};

use super::fingerprint::Fingerprint;

/// A certificate that is not believed.
#[derive(Debug)]
pub(super) struct Untrusted {
    /// Its own.
    pub(super) found: Fingerprint,
    /// Why the roots do not vouch for it; none when it is not the one that is pinned.
    pub(super) why: Option<String>,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Some(why) => write!(f, "{why}; its fingerprint is {}", self.found),
            None => write!(f, "it is not the one that is pinned, it has {}", self.found),
        }
    }
}

impl std::error::Error for Untrusted {}

/// TLS as a client of one daemon.
pub(super) fn config(pinned: Option<Fingerprint>) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let belief = match pinned {
        Some(fingerprint) => Belief::Pin(fingerprint),
        None => Belief::Roots(
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots()), Arc::clone(&provider))
                .build()
                .map_err(|e| e.to_string())?,
        ),
    };
    let verifier = Verifier {
        belief,
        provider: Arc::clone(&provider),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The machine's roots, or Mozilla's where it has none, as in a bare container.
fn roots() -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() {
        store.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    }
    store
}

#[derive(Debug)]
enum Belief {
    Pin(Fingerprint),
    Roots(Arc<WebPkiServerVerifier>),
}

#[derive(Debug)]
struct Verifier {
    belief: Belief,
    provider: Arc<CryptoProvider>,
}

fn untrusted(found: Fingerprint, why: Option<String>) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(Untrusted {
        found,
        why,
    }))))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = Fingerprint::of(end_entity);
        match &self.belief {
            // Name and time do not matter to a pin: it names this very certificate.
            Belief::Pin(pinned) if *pinned == found => Ok(ServerCertVerified::assertion()),
            Belief::Pin(_) => Err(untrusted(found, None)),
            Belief::Roots(roots) => roots
                .verify_server_cert(end_entity, intermediates, server_name, ocsp, now)
                .map_err(|error| match error {
                    Error::InvalidCertificate(why) => untrusted(found, Some(in_words(&why))),
                    other => other,
                }),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn in_words(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => "no root of this machine vouches for it".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; the clocks may differ".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        other => other.to_string(),
    }
}
