//! Compiling: what the child does, and why it is a child.
//!
//! A compiler leaves 10 to 16 MB with the process that it ran in, and it is the part of the program that a hostile
//! component could hurt most. So it runs in a process of its own, without environment, with a limit of processor
//! time, and what it leaves is a file.
//!
//! Invariant: a file appears whole or not at all.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::sys::resource::{Resource, setrlimit};

/// Processor time for one component, in seconds. Python's 18 MB take 10.
pub(crate) const COMPILE_SECONDS: u64 = 120;

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CompileError(String);

/// The whole of the hidden verb that a [`Compiler`](crate::Compiler) names: compiles the component at `from` for this
/// machine into `to`. Limits the processor time of the process that calls it, and its core dumps. The verb prints the
/// error, nothing else, to standard error and ends with a code that is not 0.
pub fn compile_file(from: &Path, to: &Path) -> Result<(), CompileError> {
    let failed = CompileError;
    let io = |error: std::io::Error| failed(error.to_string());
    setrlimit(Resource::RLIMIT_CPU, COMPILE_SECONDS, COMPILE_SECONDS)
        .map_err(|e| failed(e.to_string()))?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(|e| failed(e.to_string()))?;
    let bytes = std::fs::read(from).map_err(io)?;
    let engine = crate::engine::engine().map_err(|e| failed(format!("{e:#}")))?;
    let compiled = engine
        .precompile_component(&bytes)
        .map_err(|e| failed(format!("{e:#}")))?;
    write_new(to, &compiled).map_err(io)
}

/// Writes beside the place and moves it there.
pub(crate) fn write_new(to: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = to.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = Path::new(&beside);
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(beside, to)
    };
    // One left behind by a killed process of the same number is nobody's.
    let _ = std::fs::remove_file(beside);
    write().inspect_err(|_| {
        let _ = std::fs::remove_file(beside);
    })
}
