//! Reading a small text file, whatever stands at its path.
//!
//! Invariant: never blocks on a pipe or device: the file is opened without waiting and has to be a regular one.
//!
//! Tests: `super::tests`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc;
use runwisp_core::words::diagnostic::{Diagnostic, Severity, Span};

/// The most a file may hold, bytes.
pub(super) const LARGEST: u64 = 8 * 1024 * 1024;

/// Why a file could not be had. The text completes the sentence "could not read …:".
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{}", plain(.0))]
    Io(#[from] io::Error),
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it is larger than 8 MiB")]
    TooLarge,
    #[error("it is not UTF-8; byte {0} is the first that is not")]
    Encoding(usize),
}

/// An error's own words, without the number the standard library adds.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_lowercase().chain(chars).collect())
        .unwrap_or_default()
}

impl Fault {
    /// The finding, at the place that named the file.
    pub(super) fn diagnostic(&self, span: Option<Span>, path: &Path) -> Diagnostic {
        let missing = matches!(self, Fault::Io(error) if error.kind() == io::ErrorKind::NotFound);
        let (code, help) = match self {
            Fault::Io(_) if missing => (
                "config.no-file",
                "Name the file with `-c FILE`, or make one; `runwisp man` shows an example.",
            ),
            Fault::Io(_) => (
                "config.unreadable-file",
                "Make it readable for the user runwisp runs as.",
            ),
            Fault::NotAFile => (
                "config.not-a-file",
                "A configuration is a regular file, or a link to one.",
            ),
            Fault::TooLarge => (
                "config.too-large",
                "Split it; `include` in `[daemon]` puts the parts together.",
            ),
            Fault::Encoding(_) => ("config.encoding", "Save it as UTF-8."),
        };
        Diagnostic {
            code,
            severity: Severity::Error,
            message: format!("could not read {}: {self}", path.display()),
            help: Some(help.to_owned()),
            span,
            key: None,
            related: Vec::new(),
        }
    }
}

/// Opens a regular file for reading.
fn open(path: &Path) -> Result<File, Fault> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Fault::NotAFile);
    }
    Ok(file)
}

/// The content of a file as text.
pub(super) fn read(path: &Path) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Fault::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| Fault::Encoding(error.utf8_error().valid_up_to()))
}

/// A text, unless it is larger than a file may be.
pub(super) fn fits(text: String) -> Result<String, Fault> {
    if text.len() as u64 > LARGEST {
        return Err(Fault::TooLarge);
    }
    Ok(text)
}
