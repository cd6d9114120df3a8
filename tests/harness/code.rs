//! Compiled code of plugins, shared by the tests: a component takes half a second to compile, and what comes of it is the
//! same in every place.
//!
//! A new place gets what is known already into the cache of its data directory, and what it has compiled is kept when it
//! goes. The program notices nothing of it: its cache holds files that it would have made itself.
//!
//! Invariant: a file appears whole, and is never written to again; a place without shared code only takes longer.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What no test has used for this long is of plugins that are no more.
const UNUSED: Duration = Duration::from_secs(86_400);

/// Gives a place the code there is.
pub(crate) fn give(data: &Path) {
    let _ = give_all(data);
}

/// Keeps what the programs of a place have compiled.
pub(crate) fn keep(data: &Path) {
    let _ = exchange(&cache(data), &shared());
}

fn give_all(data: &Path) -> io::Result<()> {
    fs::create_dir_all(shared())?;
    for file in fs::read_dir(shared())?.flatten() {
        let unused = file.metadata()?.modified()?.elapsed().unwrap_or_default() > UNUSED;
        if unused {
            let _ = fs::remove_file(file.path());
        }
    }
    let own = cache(data);
    DirBuilder::new()
        .recursive(true)
        .create(own.parent().unwrap_or(data))?;
    DirBuilder::new().mode(0o700).create(&own)?;
    exchange(&shared(), &own)
}

/// Every file of code that stands in one folder stands in the other as well.
fn exchange(from: &Path, to: &Path) -> io::Result<()> {
    for file in fs::read_dir(from)?.flatten() {
        let there = to.join(file.file_name());
        let code = file.path().extension().is_some_and(|end| end == "cwasm");
        if !code || there.exists() {
            continue;
        }
        if fs::hard_link(file.path(), &there).is_err() {
            // Another file system. Beside its place first, since others read there.
            let beside = there.with_extension(format!("{}.new", std::process::id()));
            fs::copy(file.path(), &beside)?;
            fs::rename(&beside, &there)?;
        }
    }
    Ok(())
}

/// Where the program looks for it, see `host/runwisp/src/plugins/place.rs`.
fn cache(data: &Path) -> PathBuf {
    data.join(format!("plugins/cache-{}", nix::unistd::geteuid()))
}

fn shared() -> PathBuf {
    let me = std::env::current_exe().expect("a test knows where it is");
    // target/PROFILE/deps/e2e-HASH
    let target = me.ancestors().nth(3);
    let target = target.expect("a test is three folders below target");
    target.join("tmp/plugin-code")
}
