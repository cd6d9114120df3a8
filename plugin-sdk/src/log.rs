//! Words for the operator. At most 1,000 lines of a call are kept; values that the host knows to be secret are masked.

pub use crate::wit::notifier::runwisp::plugin::log::Level;

/// Writes one line.
pub fn write(level: Level, message: &str) {
    #[cfg(target_family = "wasm")]
    crate::wit::notifier::runwisp::plugin::log::write(level, message);
    #[cfg(not(target_family = "wasm"))]
    if let Some(host) = crate::host::current() {
        host.log(level, message);
    }
}

/// For the plugin's author.
pub fn debug(message: impl AsRef<str>) {
    write(Level::Debug, message.as_ref());
}

/// Worth knowing.
pub fn info(message: impl AsRef<str>) {
    write(Level::Info, message.as_ref());
}

/// Not as it should be.
pub fn warning(message: impl AsRef<str>) {
    write(Level::Warning, message.as_ref());
}

/// Something failed.
pub fn error(message: impl AsRef<str>) {
    write(Level::Error, message.as_ref());
}
