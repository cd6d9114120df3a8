//! What both ends of the Unix socket must know about its path.

use std::path::Path;

/// The longest path that fits `sockaddr_un`, bytes.
pub const MAX_PATH: usize = 107;

/// The path does not fit. The text completes "could not …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "use {path:?} as a socket: it has {length} bytes, Unix sockets take {MAX_PATH}; choose a shorter path with --socket"
)]
pub struct TooLong {
    /// The path.
    pub path: String,
    /// Its length.
    pub length: usize,
}

/// Whether the path fits a Unix socket.
pub fn check_path(path: &Path) -> Result<(), TooLong> {
    let length = path.as_os_str().len();
    if length > MAX_PATH {
        return Err(TooLong {
            path: path.to_string_lossy().into_owned(),
            length,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_limit_is_the_limit() {
        assert!(check_path(Path::new(&"x".repeat(MAX_PATH))).is_ok());
        let error = check_path(Path::new(&"x".repeat(MAX_PATH + 1))).unwrap_err();
        assert!(error.to_string().contains("--socket"), "{error}");
    }
}
