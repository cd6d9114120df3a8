//! Files, read-only, and only below what the user named or granted.

pub use crate::wit::importer::runwisp::plugin::files::{Content, Error};

/// Reads a file. A relative path is taken from the folder of `base`, the path of another file.
pub fn read(base: Option<&str>, path: &str) -> Result<Content, Error> {
    #[cfg(target_family = "wasm")]
    return crate::wit::importer::runwisp::plugin::files::read(base, path);
    #[cfg(not(target_family = "wasm"))]
    match crate::host::current() {
        Some(host) => host.read(base, path),
        None => Err(Error::Denied(crate::host::NOBODY.into())),
    }
}

/// The paths that match a pattern with `*`, `?` and `[…]`, sorted. A relative pattern is taken as in [`read`].
pub fn glob(base: Option<&str>, pattern: &str) -> Result<Vec<String>, Error> {
    #[cfg(target_family = "wasm")]
    return crate::wit::importer::runwisp::plugin::files::glob(base, pattern);
    #[cfg(not(target_family = "wasm"))]
    match crate::host::current() {
        Some(host) => host.glob(base, pattern),
        None => Err(Error::Denied(crate::host::NOBODY.into())),
    }
}
