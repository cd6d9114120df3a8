//! A certificate authority of a test, made by the `openssl` command.
//!
//! Invariant: its keys live in a temporary directory and are gone with it. Tests: those of [`HttpServer`] and
//! [`MailServer`].
//!
//! [`HttpServer`]: super::HttpServer
//! [`MailServer`]: super::MailServer

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An authority, and one server certificate of it, for `localhost` and 127.0.0.1.
pub struct Authority {
    dir: TempDir,
}

const CURVE: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

const LEAF: &str = "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n\
                    subjectAltName=DNS:localhost,IP:127.0.0.1\n";

impl Authority {
    /// A new one, whom nobody trusts yet.
    pub fn new() -> Authority {
        let dir = TempDir::with_prefix("ca").expect("a temporary directory can be made");
        fs::write(dir.path().join("leaf"), LEAF).expect("a file can be written");
        let authority = Authority { dir };
        let root = [
            "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
        ];
        let subject = ["-subj", "/CN=a test's authority"];
        let usage = ["-addext", "keyUsage=critical,keyCertSign"];
        authority.openssl(&[&["req", "-x509"][..], &CURVE, &root, &subject, &usage].concat());
        let asked = ["-nodes", "-keyout", "server.key", "-out", "server.csr"];
        let subject = ["-subj", "/CN=localhost"];
        authority.openssl(&[&["req"][..], &CURVE, &asked, &subject].concat());
        let signed = "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
                      -extfile leaf -out server.pem";
        authority.openssl(&signed.split_whitespace().collect::<Vec<_>>());
        authority
    }

    /// The authority's own certificate: what `SSL_CERT_FILE` has to name.
    pub fn bundle(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// The server's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.path("server.pem")
    }

    /// The server's key.
    pub fn key(&self) -> PathBuf {
        self.path("server.key")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn openssl(&self, words: &[&str]) {
        let answer = Command::new("openssl")
            .args(words)
            .current_dir(self.dir.path() as &Path)
            .output()
            .expect("the openssl command is installed");
        let said = String::from_utf8_lossy(&answer.stderr);
        assert!(answer.status.success(), "openssl {words:?}: {said}");
    }
}

impl Default for Authority {
    fn default() -> Authority {
        Authority::new()
    }
}
