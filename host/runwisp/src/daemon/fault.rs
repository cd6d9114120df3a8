//! Death on order, for tests of the real program: `RUNWISP_DIE_AT=notify-sent:/path` kills this daemon with SIGKILL the
//! first time it comes to that point. The file at the path says that it has; the next daemon lives on.
//!
//! Compiled always, so that tests run the very program that ships; without the variable a point is one load and a
//! branch.

use std::path::PathBuf;
use std::sync::OnceLock;

use nix::sys::signal::{Signal, kill};
use nix::unistd::getpid;

static ORDERED: OnceLock<Option<(String, PathBuf)>> = OnceLock::new();

/// Dies here, if that was ordered and has not happened yet.
pub(crate) fn point(name: &str) {
    let ordered = ORDERED.get_or_init(|| {
        let text = std::env::var("RUNWISP_DIE_AT").ok()?;
        let (point, path) = text.split_once(':')?;
        Some((point.to_owned(), path.into()))
    });
    if let Some((point, path)) = ordered
        && point == name
        && std::fs::File::create_new(path).is_ok()
    {
        let _ = kill(getpid(), Signal::SIGKILL);
    }
}
