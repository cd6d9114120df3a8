//! Randomness of the system, for names and seeds.

use runwisp_core::words::ids::RunId;

/// 128 random bits. Falls back on the clock where the system has none to give, which no supported kernel does.
pub(crate) fn random() -> u128 {
    let mut bytes = [0u8; 16];
    // SAFETY: a buffer and its length; no flags.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    match usize::try_from(got) {
        Ok(got) if got == bytes.len() => u128::from_le_bytes(bytes),
        _ => u128::from(super::clock::now().mono.0) << 64 | u128::from(std::process::id()),
    }
}

/// An id for a run that is nobody's history, such as a health check.
pub(crate) fn run_id() -> RunId {
    let ms = u64::try_from(super::clock::now().wall.as_millisecond()).unwrap_or(0);
    RunId::from_parts(ms, random())
}
