//! The time of day.
//!
//! Invariant: in a test it is the time that the test says, so that what depends on it can be compared.

/// Now, in milliseconds since the Unix epoch, UTC.
pub fn now() -> u64 {
    #[cfg(not(target_family = "wasm"))]
    if let Some(host) = crate::host::current() {
        return host.now();
    }
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}
