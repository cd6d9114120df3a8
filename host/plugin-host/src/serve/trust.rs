//! Whom TLS trusts: the machine's own roots, or Mozilla's where the machine has none, as in a bare container.
//!
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// TLS as a client, and the roots it was made with.
type Made = (Arc<ClientConfig>, Vec<CertificateDer<'static>>);

/// The roots, read when first needed.
pub(super) struct Trust {
    file: Option<PathBuf>,
    made: OnceLock<Result<Made, String>>,
}

impl Trust {
    pub(super) fn new(file: Option<PathBuf>) -> Trust {
        Trust {
            file,
            made: OnceLock::new(),
        }
    }

    /// TLS as a client.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, String> {
        self.made().map(|(config, _)| Arc::clone(config))
    }

    /// The roots that can be used, for those who make their own TLS.
    pub(super) fn roots(&self) -> Result<&[CertificateDer<'static>], String> {
        self.made().map(|(_, roots)| &**roots)
    }

    fn made(&self) -> Result<&Made, String> {
        let made = self.made.get_or_init(|| {
            let mut store = RootCertStore::empty();
            let mut roots = self.read()?;
            // One root of a hundred that is not proper must not cost the others.
            roots.retain(|root| store.add(root.clone()).is_ok());
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|e| e.to_string())?
                .with_root_certificates(store)
                .with_no_client_auth();
            Ok((Arc::new(config), roots))
        });
        made.as_ref().map_err(Clone::clone)
    }

    fn read(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        if let Some(file) = &self.file {
            let unreadable = |e: rustls::pki_types::pem::Error| {
                format!("no certificates in {}: {e}", file.display())
            };
            return CertificateDer::pem_file_iter(file)
                .and_then(Iterator::collect)
                .map_err(unreadable);
        }
        let system = rustls_native_certs::load_native_certs().certs;
        if system.is_empty() {
            tracing::debug!("this machine has no trusted certificates; Mozilla's are used");
            return Ok(webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec());
        }
        Ok(system)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_told_and_not_taken_for_no_trust_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Trust::new(Some(dir.path().join("missing.pem")));
        assert!(missing.config().unwrap_err().contains("missing.pem"));
    }

    #[test]
    fn the_built_in_roots_can_be_used() {
        let mut store = RootCertStore::empty();
        let (good, bad) = store
            .add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
        assert!(good > 50 && bad == 0);
    }
}
